/* Deadlines of one worker: a binary heap of timers embedded in their owners. */
#ifndef DOTEB_GATEWAY_TIMER_H
#define DOTEB_GATEWAY_TIMER_H

#include "common/defs.h"

struct timer;
typedef void timer_fn(struct timer *t);

struct timer {
    timer_fn *fn;
    int64_t at_us; /* clock_mono_us */
    size_t slot;   /* place in the heap + 1; 0: not set */
};

struct timers {
    struct timer **heap;
    size_t n, cap;
};

void timers_init(struct timers *ts);
/* All timers must have been cancelled. */
void timers_fini(struct timers *ts);
/* (Re)sets. `t->fn` must be set. Runs once, at the first timers_run at or after `at_us`. */
void timer_set(struct timers *ts, struct timer *t, int64_t at_us);
/* Safe for a timer that is not set. */
void timer_cancel(struct timers *ts, struct timer *t);
/* Runs all that are due. */
void timers_run(struct timers *ts, int64_t now_us);
/* When the next one is due, INT64_MAX if none. */
int64_t timers_next_us(const struct timers *ts);

#endif
