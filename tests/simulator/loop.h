/* One thread's event loop: an epoll set, a listening socket, a heap of deadlines and the
 * connections it accepted. Threads share nothing but struct sim.
 */
#ifndef DOTEB_SIM_LOOP_H
#define DOTEB_SIM_LOOP_H

#include "common/defs.h"
#include "tests/simulator/sim.h"

struct conn;

struct loop {
    struct sim *sim;
    int epoll_fd, listen_fd, stop_fd;
    struct conn *conns;      /* all of them, doubly linked */
    struct conn **deadlines; /* binary heap, soonest first */
    size_t n_deadlines, cap_deadlines;
};

/* Takes `listen_fd`; borrows `stop_fd`, whose readability ends the loop. False: errno tells. */
MUST_USE bool loop_init(struct loop *l, struct sim *sim, int listen_fd, int stop_fd);
void loop_fini(struct loop *l);
/* Runs until stop_fd is readable. */
void loop_run(struct loop *l);

/* For conn.c: microseconds of the monotonic clock. */
uint64_t loop_now_us(void);
/* Sets or moves the connection's only deadline. */
void loop_set_deadline(struct loop *l, struct conn *c, uint64_t due_us);
void loop_clear_deadline(struct loop *l, struct conn *c);

#endif
