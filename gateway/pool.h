/* Jobs that must not run on a worker: a queue, a thread that runs them one by one, and the way
 * back.
 *
 * A worker posts a job and goes on; the thread runs it; the worker's loop then calls its `done`. No
 * lock is held by a worker at any time: both ways are lists that are pushed and taken atomically. A
 * job belongs to the pool from post to done.
 */
#ifndef DOTEB_GATEWAY_POOL_H
#define DOTEB_GATEWAY_POOL_H

#include <stdatomic.h>

#include "common/defs.h"
#include "gateway/loop.h"

struct pool;

/* A worker's end. */
struct pool_port {
    struct source source;
    unsigned out;        /* posted and not come back yet; the worker's own */
    atomic_uint in_hand; /* jobs whose thread may still touch this port */
    _Atomic(struct pool_job *) finished;
};

struct pool_job {
    struct pool_job *next;
    struct pool_port *port;
    void (*run)(struct pool_job *j, void *arg); /* on the pool's thread; `arg` as in pool_new */
    void (*done)(struct pool_job *j);           /* on the worker; may free the job */
};

/* Returns owned; starts the thread. At most `max` jobs wait or run at a time. `begin` and `end`
 * (may be NULL) run on the thread at its start and end. */
struct pool *pool_new(unsigned max, void (*begin)(void *arg), void (*end)(void *arg), void *arg);
/* Runs what was posted, then stops. All ports must be gone. Accepts NULL. */
void pool_free(struct pool *p);
/* False: the queue is full, and the job is still the caller's. Any thread. */
MUST_USE bool pool_post(struct pool *p, struct pool_port *port, struct pool_job *j);

void pool_port_init(struct pool_port *port, struct loop *l);
/* Waits for what is still out and calls its `done`. */
void pool_port_settle(struct pool_port *port);
/* At the worker's end, before the pool's: waits for what is still out and calls its `done`. */
void pool_port_fini(struct pool_port *port, struct loop *l);

#endif
