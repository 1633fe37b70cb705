/* timer: deadlines run in order, can be moved and cancelled, also from inside a callback. */
#include "gateway/timer.h"
#include "tests/unit/unit.h"

struct probe {
    struct timer timer;
    struct timers *timers;
    struct probe *cancels; /* when run */
    int runs;
    int order;
};

static int order;

static void on_timer(struct timer *t)
{
    struct probe *p = container_of(t, struct probe, timer);
    p->runs++;
    p->order = order++;
    if (p->cancels)
        timer_cancel(p->timers, &p->cancels->timer);
}

START_TEST(runs_in_order)
{
    enum { N = 500 };
    struct timers ts;
    struct probe p[N];
    timers_init(&ts);
    order = 0;
    for (int i = 0; i < N; i++) {
        p[i] = (struct probe){.timer = {.fn = on_timer}, .timers = &ts};
        timer_set(&ts, &p[i].timer, (i * 7919) % N); /* a permutation: N and 7919 are coprime */
    }
    ck_assert_int_eq(timers_next_us(&ts), 0);
    timers_run(&ts, N / 2 - 1);
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(p[i].runs, (i * 7919) % N < N / 2);
    timers_run(&ts, N);
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(p[i].order, (i * 7919) % N);
    ck_assert_int_eq(timers_next_us(&ts), INT64_MAX);
    timers_fini(&ts);
}
END_TEST

START_TEST(moves_and_cancels)
{
    struct timers ts;
    struct probe a = {.timer = {.fn = on_timer}, .timers = &ts};
    struct probe b = a, c = a;
    timers_init(&ts);
    timer_cancel(&ts, &a.timer); /* not set: fine */
    timer_set(&ts, &a.timer, 10);
    timer_set(&ts, &b.timer, 20);
    timer_set(&ts, &c.timer, 30);
    timer_set(&ts, &a.timer, 40); /* later */
    timer_set(&ts, &c.timer, 5);  /* earlier */
    c.cancels = &b;
    timers_run(&ts, 100);
    ck_assert_int_eq(a.runs, 1);
    ck_assert_int_eq(b.runs, 0);
    ck_assert_int_eq(c.runs, 1);
    timers_fini(&ts);
}
END_TEST

UNIT_MAIN("timer", runs_in_order, moves_and_cancels)
