/* Which part of a period spans can answer. Job threads. */
#include "control/api/span_cut.h"

#include "common/clock.h"
#include "control/input.h"

bool span_cut_times(struct call *c, int64_t from_us, int64_t to_us, enum analytics_step step,
                    struct str tz, int64_t **times, size_t *n)
{
    struct pg_result *r = NULL;
    enum pg_err e = analytics_store_bounds(c->pg, from_us, to_us, step, tz, &r);
    if (e == PG_INVALID)
        return input_refuse(c, "tz", "there is no such time zone.");
    if (e != PG_OK)
        return call_failed(c, e);
    *n = pg_rows(r);
    *times = arena_calloc(c->arena, *n + 1, sizeof **times);
    for (size_t i = 0; i < *n; i++)
        (*times)[i] = pg_i64(r, i, 0);
    pg_result_free(r);
    ASSERT(*n >= 2);
    return true;
}

struct span_set span_cut_set(struct uuid organisation, struct str tz, enum analytics_step step)
{
    return (struct span_set){
        .organisation = organisation, .zone = tz, .step = step == ASTEP_1D ? "1d" : "3h"};
}

/* Without spans all is read from the half-hours. */
static void cut_raw(struct span_cut *cut)
{
    cut->t.span_from_us = cut->t.span_to_us = cut->t.raw_from_us = cut->t.times[0];
    cut->t.raw_to_us = cut->t.times[cut->t.n - 1];
}

/* A day near its end is half of what a month of days would read. */
static enum pg_err make_tail(struct call *c, int64_t closed_us, const struct span_set *set,
                             struct span_cut *cut)
{
    struct pg_result *r = NULL;
    int64_t begin_us = cut->t.times[cut->last];
    enum pg_err e = analytics_store_bounds(c->pg, begin_us, closed_us, ASTEP_3H, set->zone, &r);
    if (e != PG_OK)
        return e;
    int64_t *tail = arena_calloc(c->arena, pg_rows(r) + 1, sizeof *tail);
    size_t n = 0;
    while (n < pg_rows(r) && pg_i64(r, n, 0) <= closed_us) {
        tail[n] = pg_i64(r, n, 0);
        n++;
    }
    pg_result_free(r);
    if (n < 2 || tail[0] != begin_us)
        return PG_OK;
    cut->tail = tail;
    cut->tails = n;
    cut->tail_set = *set;
    cut->tail_set.step = "3h";
    return span_store_make(c->pg, &cut->tail_set, tail, n);
}

enum pg_err span_cut_make(struct call *c, enum analytics_step step, struct span_cut *cut,
                          struct span_set *set)
{
    int64_t closed_us = clock_wall_us() - SPAN_CLOSED_US;
    cut_raw(cut);
    if (step < ASTEP_3H)
        return PG_OK;
    while (cut->last > cut->first && cut->t.times[cut->last] > closed_us)
        cut->last--;
    if (cut->last == cut->first)
        return PG_OK;
    enum pg_err e = span_store_make(c->pg, set, cut->t.times + cut->first,
                                    cut->last - cut->first + 1);
    if (e == PG_OK && step == ASTEP_1D && cut->first == 0 && cut->last + 1 < cut->t.n)
        e = make_tail(c, closed_us, set, cut);
    return e;
}

static enum pg_err use_tail(struct call *c, struct span_cut *cut)
{
    bool whole = false;
    if (cut->tails == 0)
        return PG_OK;
    enum pg_err e = span_store_whole(c->pg, &cut->tail_set, cut->tail, cut->tails, &whole);
    if (e != PG_OK || !whole)
        return e;
    cut->t.tail_set = cut->tail_set.id;
    cut->t.raw_from_us = cut->tail[cut->tails - 1];
    return PG_OK;
}

enum pg_err span_cut_use(struct call *c, enum analytics_step step, struct span_cut *cut,
                         const struct span_set *set)
{
    bool whole = false;
    if (step < ASTEP_3H || cut->last == cut->first)
        return PG_OK;
    enum pg_err e = span_store_whole(c->pg, set, cut->t.times + cut->first,
                                     cut->last - cut->first + 1, &whole);
    if (e != PG_OK || !whole)
        return e;
    cut->t.set = set->id;
    cut->t.span_from_us = cut->t.times[cut->first];
    cut->t.span_to_us = cut->t.times[cut->last];
    if (cut->first > 0) {
        cut->t.raw_to_us = cut->t.span_from_us;
        return PG_OK;
    }
    cut->t.raw_from_us = cut->t.span_to_us;
    return use_tail(c, cut);
}
