/* Binary heap of deadlines. One thread. Never allocates per timer beyond the heap's array. */
#include "gateway/timer.h"

#include "common/mem.h"

void timers_init(struct timers *ts)
{
    *ts = (struct timers){0};
}

void timers_fini(struct timers *ts)
{
    ASSERT(ts->n == 0);
    xfree(ts->heap);
    timers_init(ts);
}

static void place(struct timers *ts, size_t i, struct timer *t)
{
    ts->heap[i] = t;
    t->slot = i + 1;
}

static void sift_up(struct timers *ts, size_t i)
{
    struct timer *t = ts->heap[i];
    for (; i > 0 && ts->heap[(i - 1) / 2]->at_us > t->at_us; i = (i - 1) / 2)
        place(ts, i, ts->heap[(i - 1) / 2]);
    place(ts, i, t);
}

static void sift_down(struct timers *ts, size_t i)
{
    struct timer *t = ts->heap[i];
    for (;;) {
        size_t kid = 2 * i + 1;
        if (kid >= ts->n)
            break;
        if (kid + 1 < ts->n && ts->heap[kid + 1]->at_us < ts->heap[kid]->at_us)
            kid++;
        if (ts->heap[kid]->at_us >= t->at_us)
            break;
        place(ts, i, ts->heap[kid]);
        i = kid;
    }
    place(ts, i, t);
}

void timer_set(struct timers *ts, struct timer *t, int64_t at_us)
{
    ASSERT(t->fn != NULL);
    t->at_us = at_us;
    if (!t->slot) {
        if (ts->n == ts->cap) {
            ts->cap = ts->cap ? ts->cap * 2 : 64;
            ts->heap = xrealloc(ts->heap, ts->cap * sizeof *ts->heap);
        }
        place(ts, ts->n++, t);
    }
    sift_up(ts, t->slot - 1);
    sift_down(ts, t->slot - 1);
}

void timer_cancel(struct timers *ts, struct timer *t)
{
    if (!t->slot)
        return;
    size_t i = t->slot - 1;
    ASSERT(i < ts->n && ts->heap[i] == t);
    struct timer *last = ts->heap[--ts->n];
    t->slot = 0;
    if (last == t)
        return;
    place(ts, i, last);
    sift_up(ts, i);
    sift_down(ts, last->slot - 1);
}

void timers_run(struct timers *ts, int64_t now_us)
{
    while (ts->n && ts->heap[0]->at_us <= now_us) {
        struct timer *t = ts->heap[0];
        timer_cancel(ts, t);
        t->fn(t);
    }
}

int64_t timers_next_us(const struct timers *ts)
{
    return ts->n ? ts->heap[0]->at_us : INT64_MAX;
}
