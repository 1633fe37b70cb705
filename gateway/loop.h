/* A worker's epoll: sources with callbacks, and a graveyard for those that die while their event is
 * already in the batch at hand.
 *
 * One thread owns a loop. A source is embedded in its owner; after loop_remove it gets no more
 * callbacks, but its memory must live until the batch is over: give it to loop_bury to be freed
 * then, or keep it in an object that outlives the turn.
 */
#ifndef DOTEB_GATEWAY_LOOP_H
#define DOTEB_GATEWAY_LOOP_H

#include <sys/epoll.h>

#include "common/defs.h"

struct loop;
struct source;
typedef void source_fn(struct source *src, uint32_t events);
typedef void bury_fn(void *owner);

struct source {
    source_fn *fn;
    int fd;
    uint32_t armed; /* events that the kernel watches, 0: not in the epoll */
};

/* Returns owned; aborts when the process is out of file descriptors (start-up only). */
struct loop *loop_new(void);
void loop_free(struct loop *l);
/* Watches `src->fd` for `events`, 0 stops watching. No system call if nothing changes. */
void loop_arm(struct loop *l, struct source *src, uint32_t events);
/* Stops watching; safe for a source that never was armed. No callback arrives afterwards. */
void loop_remove(struct loop *l, struct source *src);
/* The fd was closed by somebody else: forget it without a system call. */
void loop_forget(struct loop *l, struct source *src);
/* Calls free_owner(owner) when the batch at hand is over. */
void loop_bury(struct loop *l, bury_fn *free_owner, void *owner);
/* Waits at most `timeout_us` (0: not at all) and runs callbacks. Returns how many events came. */
int loop_turn(struct loop *l, int64_t timeout_us);
/* When the last turn's wait ended; clock_mono_us. */
int64_t loop_woke_us(const struct loop *l);

#endif
