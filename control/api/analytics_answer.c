/* Analytics: asks the store for each part of an answer, and sorts it into cells. Job threads. */
#include "control/api/analytics.h"

#include "control/api/span_cut.h"
#include "control/store/label_usage_store.h"

#define GRAIN_US (INT64_C(1800) * 1000000)

static bool wants(const struct analytics_query *q, int first, int n)
{
    return (q->measures >> first & ((1u << n) - 1)) != 0;
}

/* The period before is as long as what is over of this one, in the same steps: its first bucket may
 * be a part of one. */
static bool cut_before(struct call *c, const struct analytics_query *q, int64_t from_us,
                       int64_t to_us, struct span_cut *cut)
{
    int64_t *times;
    size_t n;
    int64_t start_us = (from_us - (to_us - from_us)) / GRAIN_US * GRAIN_US;
    if (start_us < 0)
        start_us = 0;
    if (!span_cut_times(c, start_us, from_us, q->step, q->tz, &times, &n))
        return false;
    bool part = times[0] < start_us;
    times[0] = start_us;
    *cut = (struct span_cut){.t = {.times = times, .n = n}, .first = part, .last = n - 1};
    return true;
}

static size_t cell_of(const struct analytics_cells *cells, const struct pg_result *r, size_t i)
{
    int64_t group = pg_i64(r, i, 0), bucket = pg_i64(r, i, 1);
    size_t row = group < 0 ? cells->rows - 1 : (size_t)group;
    ASSERT(row < cells->rows && bucket >= 0 && (size_t)bucket < cells->columns);
    return row * cells->columns + (size_t)bucket;
}

static uint32_t *index_rows(struct call *c, const struct analytics_cells *cells,
                            const struct pg_result *r)
{
    uint32_t *rows = arena_calloc(c->arena, cells->rows * cells->columns, sizeof *rows);
    for (size_t i = 0; i < pg_rows(r); i++)
        rows[cell_of(cells, r, i)] = (uint32_t)i + 1;
    return rows;
}

struct counts {
    int64_t duration[HISTOGRAM_BUCKETS], ttft[HISTOGRAM_BUCKETS];
};

/* The counts of all cells at once would be megabytes: rows come in any order, so they are sorted
 * into cells by a list through them first. */
static void read_percentiles(struct call *c, struct analytics_cells *cells,
                             const struct pg_result *r)
{
    static const int percents[] = {50, 95, 99};
    size_t n = cells->rows * cells->columns;
    uint32_t *first = arena_calloc(c->arena, n, sizeof *first);
    uint32_t *next = arena_calloc(c->arena, pg_rows(r) + 1, sizeof *next);
    cells->percentiles = arena_calloc(c->arena, n, sizeof *cells->percentiles);
    for (size_t i = 0; i < pg_rows(r); i++) {
        size_t cell = cell_of(cells, r, i);
        next[i] = first[cell];
        first[cell] = (uint32_t)i + 1;
    }
    for (size_t cell = 0; cell < n; cell++) {
        struct counts counts = {0};
        for (uint32_t i = first[cell]; i; i = next[i - 1]) {
            int64_t bucket = pg_i64(r, i - 1, 2) - 1;
            if (bucket < 0 || bucket >= HISTOGRAM_BUCKETS)
                continue;
            counts.duration[bucket] = pg_i64(r, i - 1, 3);
            counts.ttft[bucket] = pg_i64(r, i - 1, 4);
        }
        for (int p = 0; p < PERCENTILES; p++) {
            double us = first[cell]
                            ? percentile_us(p < 3 ? counts.duration : counts.ttft, percents[p % 3])
                            : -1;
            cells->percentiles[cell][p] = us < 0 ? -1 : us / 1000;
        }
    }
}

static enum pg_err read_cells(struct call *c, const struct analytics_query *q,
                              const struct span_cut *cut, const struct analytics_keys *keys,
                              size_t groups, struct analytics_cells *cells)
{
    cells->rows = groups + 2;
    cells->columns = cut->t.n;                        /* buckets and the whole */
    bool labels = label_usage_dim(&q->f) != DIM_NONE; /* those have sums alone */
    enum pg_err e = labels ? label_usage_store_cells(c->pg, &q->f, &cut->t, keys, &cells->sums)
                           : analytics_store_cells(c->pg, &q->f, &cut->t, keys, &cells->sums);
    if (e != PG_OK)
        return e;
    cells->sum_row = index_rows(c, cells, cells->sums);
    bool split = q->f.group[0] == DIM_OUTCOME || q->f.group[1] == DIM_OUTCOME;
    if (wants(q, MEASURE_PERCENTILES, PERCENTILES) && !split) {
        struct pg_result *r = NULL;
        e = analytics_store_histograms(c->pg, &q->f, &cut->t, keys, &r);
        if (e == PG_OK)
            read_percentiles(c, cells, r);
        pg_result_free(r);
    }
    if (e == PG_OK && wants(q, MEASURE_SAVINGS, 1) && !split) {
        e = analytics_store_savings(c->pg, &q->f, &cut->t, keys, &cells->savings);
        if (e == PG_OK)
            cells->saving_row = index_rows(c, cells, cells->savings);
    }
    return e;
}

/* The groups' keys as two arrays' texts, which are ids and words: nothing to escape. */
static struct analytics_keys keys_of(struct call *c, const struct analytics_answer *a)
{
    struct analytics_keys keys = {STR("{}"), STR("{}")};
    struct str *lists[] = {&keys.first, &keys.second};
    for (int k = 0; k < 2 && a->n_groups; k++) {
        struct buf b;
        buf_init(&b, 64 << 10);
        for (size_t i = 0; i < a->n_groups; i++)
            (void)buf_printf(&b, "%c\"" STR_FMT "\"", i ? ',' : '{',
                             STR_ARG(pg_str(a->groups, i, k)));
        (void)buf_add_char(&b, '}');
        *lists[k] = arena_str(c->arena, buf_str(&b));
        buf_fini(&b);
    }
    return keys;
}

/* All within one transaction. */
static enum pg_err read_all(struct call *c, struct analytics_query *q, struct analytics_answer *a,
                            struct span_cut *now, struct span_cut *before,
                            const struct span_set *set)
{
    enum pg_err e = span_cut_use(c, q->step, now, set);
    if (e == PG_OK && q->compare)
        e = span_cut_use(c, q->step, before, set);
    if (e == PG_OK && q->f.group[0] != DIM_NONE) {
        bool labels = label_usage_dim(&q->f) != DIM_NONE;
        e = labels ? label_usage_store_groups(c->pg, &q->f, &now->t, q->sort, q->limit, &a->groups)
                   : analytics_store_groups(c->pg, &q->f, &now->t, q->sort, q->limit, &a->groups);
        a->n_groups = e == PG_OK ? pg_rows(a->groups) : 0;
        a->others = a->n_groups ? pg_i64(a->groups, 0, 6) - (int64_t)a->n_groups : 0;
    }
    if (e != PG_OK)
        return e;
    const struct analytics_keys keys = keys_of(c, a);
    e = read_cells(c, q, now, &keys, a->n_groups, &a->now);
    return e == PG_OK && q->compare ? read_cells(c, q, before, &keys, a->n_groups, &a->before) : e;
}

bool analytics_read(struct call *c, struct analytics_query *q, struct analytics_answer *a)
{
    struct span_cut now = {0}, before = {0};
    size_t n;
    struct span_set set = span_cut_set(c->org, q->tz, q->step);
    if (!span_cut_times(c, q->from_us, q->to_us, q->step, q->tz, &a->times, &n))
        return false;
    now = (struct span_cut){.t = {.times = a->times, .n = n}, .last = n - 1};
    a->buckets = n - 1;
    /* A round end may lie beyond what has happened yet. */
    int64_t over_us = q->to_us < a->times[n - 1] ? q->to_us : a->times[n - 1];
    if (q->compare && !cut_before(c, q, a->times[0], over_us, &before))
        return false;
    if (q->compare) {
        a->before_from_us = before.t.times[0];
        a->before_to_us = before.t.times[before.t.n - 1];
    }
    enum pg_err e = span_cut_make(c, q->step, &now, &set);
    if (e == PG_OK && q->compare)
        e = span_cut_make(c, q->step, &before, &set);
    if (e == PG_OK)
        e = span_store_begin(c->pg);
    if (e == PG_OK)
        e = read_all(c, q, a, &now, &before, &set);
    pg_rollback(c->pg);
    return e == PG_OK || call_failed(c, e);
}

void analytics_answer_free(struct analytics_answer *a)
{
    pg_result_free(a->groups);
    pg_result_free(a->now.sums);
    pg_result_free(a->now.savings);
    pg_result_free(a->before.sums);
    pg_result_free(a->before.savings);
}
