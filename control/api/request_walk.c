/* A walk through the request log. Job threads. */
#include "control/api/request_walk.h"

#define GRAIN_US (INT64_C(1800) * 1000000)
#define DAY_US   (INT64_C(86400) * 1000000)

/* Rows that a statement looks at. By the primary key they lie side by side, some 25 to a page of
 * 8 KB; of one key or project each may be on a page of its own. */
enum { LOOKED_ALL = 3000, LOOKED_FEW = 300 };
/* Days at once where an index holds the rows of several: each is four partitions. */
enum { DAYS_AT_ONCE = 8 };
/* After so many without a row it is asked where there are any; if that was no help, so many later.
 */
enum { EMPTY_DAYS = 2, EMPTY_DAYS_LATER = 16 };

struct walk {
    struct pg *pg;
    struct request_walk *w;
    struct request_filter f; /* with the place reached */
    enum request_route route;
    bool guided;
};

static bool is_full(const struct walk *k)
{
    return k->w->taken >= k->w->limit;
}

static bool is_over(const struct walk *k)
{
    return is_full(k) || k->w->steps <= 0;
}

/* All rows of [from, to). */
static enum pg_err walk_stretch(struct walk *k, int64_t from_us, int64_t to_us)
{
    bool more = true;
    while (more && !is_over(k)) {
        struct pg_result *r = NULL;
        const struct request_stretch s = {from_us, to_us,
                                          k->route == ROUTE_ALL ? LOOKED_ALL : LOOKED_FEW,
                                          k->w->limit - k->w->taken};
        enum pg_err e = k->w->read(k->pg, &k->f, &s, &r);
        k->w->steps--;
        if (e != PG_OK)
            return e;
        size_t n = pg_rows(r);
        for (size_t i = 0; i < n && !is_full(k); i++) {
            if (!pg_bool(r, i, PAGE_FITS))
                continue;
            k->w->take(k->w->arg, r, i);
            k->w->taken++;
        }
        more = n > 0 && pg_bool(r, n - 1, PAGE_LAST);
        if (n > 0)
            k->f.after = (struct place){true, pg_i64(r, n - 1, PAGE_AT),
                                        pg_uuid(r, n - 1, PAGE_ID)};
        if (more && is_over(k))
            k->w->next = k->f.after;
        pg_result_free(r);
    }
    return PG_OK;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t less(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void stop_at(struct walk *k, int64_t us)
{
    if (!k->w->next.given)
        k->w->next = (struct place){true, us, request_least_id(us)};
}

/* The half-hours of [from, to) that the rollups name; those side by side as one. */
static enum pg_err walk_guided(struct walk *k, int64_t from_us, int64_t to_us)
{
    struct pg_result *r = NULL;
    enum pg_err e = request_page_guide(k->pg, &k->f, from_us / GRAIN_US * GRAIN_US, to_us, &r);
    k->w->steps--;
    size_t n = e == PG_OK ? pg_rows(r) : 0;
    for (size_t i = 0; i < n && e == PG_OK && !is_full(k);) {
        int64_t start_us = pg_i64(r, i, 0), end_us = start_us + GRAIN_US;
        while (++i < n && pg_i64(r, i, 0) == start_us - GRAIN_US)
            start_us -= GRAIN_US;
        if (k->w->steps <= 0)
            stop_at(k, less(end_us, to_us));
        else
            e = walk_stretch(k, greater(start_us, from_us), less(end_us, to_us));
    }
    pg_result_free(r);
    return e;
}

/* Where the next stretch begins that ends at `to_us`. */
static int64_t start_before(const struct walk *k, int64_t to_us)
{
    int64_t day_us = (to_us - 1) / DAY_US * DAY_US;
    if (k->route == ROUTE_FOUND)
        return k->f.from_us;
    if (k->route != ROUTE_ALL && !k->guided)
        day_us -= (DAYS_AT_ONCE - 1) * DAY_US;
    return greater(day_us, k->f.from_us);
}

/* Moves over days without any request. */
static enum pg_err jump(struct walk *k, int64_t *to_us, int *patience)
{
    int64_t grain_us = -1;
    enum pg_err e = request_page_newest_before(k->pg, k->f.organisation, *to_us, &grain_us);
    k->w->steps--;
    if (e != PG_OK)
        return e;
    *patience = grain_us + DAY_US < *to_us ? EMPTY_DAYS : EMPTY_DAYS_LATER;
    *to_us = less(*to_us, grain_us + GRAIN_US);
    return PG_OK;
}

enum pg_err request_walk(struct pg *pg, struct request_walk *w)
{
    struct walk k = {.pg = pg,
                     .w = w,
                     .f = *w->filter,
                     .route = request_page_route(w->filter),
                     .guided = request_page_guided(w->filter)};
    enum pg_err e = PG_OK;
    int empty = 0, patience = EMPTY_DAYS;
    w->next.given = false;
    w->taken = 0;
    int64_t to_us = k.f.to_us;
    while (e == PG_OK && to_us > k.f.from_us && !is_over(&k)) {
        int64_t from_us = start_before(&k, to_us), before = w->taken;
        e = k.guided ? walk_guided(&k, from_us, to_us) : walk_stretch(&k, from_us, to_us);
        to_us = from_us;
        empty = w->taken == before ? empty + 1 : 0;
        if (e == PG_OK && empty >= patience && !is_over(&k)) {
            e = jump(&k, &to_us, &patience);
            empty = 0;
        }
    }
    if (e == PG_OK && !is_full(&k) && to_us > k.f.from_us)
        stop_at(&k, to_us);
    return e;
}
