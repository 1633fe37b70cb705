/* /organisations/{org}/usage: series and totals for charts, from the rollups: steps of three hours
 * and of days from spans, as far as they are over. */
#include "common/clock.h"
#include "control/api/api.h"
#include "control/api/span_cut.h"
#include "control/input.h"
#include "control/percentile.h"
#include "control/store/usage_store.h"

#define GRAIN_US (INT64_C(1800) * 1000000)
#define DAY_US   (INT64_C(86400) * 1000000)

enum { POINTS_MAX = 1500, SERIES = 12, SERIES_MAX = 50 };

static const char *const step_words[] = {"30m", "1h", "3h", "1d", NULL};
static const char *const group_words[] = {"none", "model", "provider", "api_key", "project", NULL};

/* "UTC" or "Area/Place": PostgreSQL would take POSIX rules and abbreviations too. */
static bool is_zone(struct str s)
{
    if (str_eq(s, STR("UTC")))
        return true;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && (c == '\0' || !strchr("_+-/", c)))
            return false;
    }
    return str_find(s, '/') > 0;
}

static bool read_query(struct call *c, struct usage_query *q)
{
    int step = -1, group = GROUP_NONE;
    const struct input_row rows[] = {
        {.name = "from", .kind = INPUT_TIME, .to = &q->from_us},
        {.name = "to", .kind = INPUT_TIME, .to = &q->to_us},
        {.name = "step", .kind = INPUT_WORD, .words = step_words, .to = &step},
        {.name = "tz", .kind = INPUT_TEXT, .min = 1, .max = 64, .to = &q->tz},
        {.name = "project", .kind = INPUT_UUID, .to = &q->project, .given = &q->by_project},
        {.name = "group_by", .kind = INPUT_WORD, .words = group_words, .to = &group},
        {.name = "limit", .kind = INPUT_INT, .min = 1, .max = SERIES_MAX, .to = &q->limit},
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)))
        return false;
    if (!is_zone(q->tz))
        return input_refuse(c, "tz", "give an IANA time zone as Europe/Vienna.");
    if (q->to_us == 0)
        q->to_us = clock_wall_us();
    if (q->from_us == 0)
        q->from_us = q->to_us - DAY_US;
    if (q->from_us >= q->to_us || q->from_us < 0)
        return input_refuse(c, "from", "it must be before `to`.");
    int64_t range_us = q->to_us - q->from_us;
    q->step = step >= 0                 ? (enum usage_step)step
              : range_us <= 2 * DAY_US  ? STEP_30M
              : range_us <= 14 * DAY_US ? STEP_1H
                                        : STEP_1D;
    q->group = (enum usage_group)group;
    return true;
}

static bool check_points(struct call *c, int64_t points)
{
    return points <= POINTS_MAX ||
           input_refuse(c, "step", "that would be %lld points, over %d; give a longer step.",
                        (long long)points, POINTS_MAX);
}

/* Moves the query to whole steps. Those of three hours are as the clock says: align_cut has them.
 */
static bool align(struct call *c, struct usage_query *q)
{
    struct usage_bounds b;
    if (q->step == STEP_3H)
        return check_points(c, (q->to_us - q->from_us) / (6 * GRAIN_US));
    enum pg_err e = usage_store_bounds(c->pg, q, &b);
    if (e == PG_INVALID)
        return input_refuse(c, "tz", "there is no such time zone.");
    if (e != PG_OK)
        return call_failed(c, e);
    q->from_us = b.from_us;
    q->to_us = b.to_us;
    return check_points(c, b.points);
}

/* A day begins with the half-hour nearest to the zone's midnight. */
static int64_t nearest_grain(int64_t us)
{
    return (us + GRAIN_US / 2) / GRAIN_US * GRAIN_US;
}

/* The period that the query reads. */
static bool align_cut(struct call *c, struct usage_query *q, struct span_cut *cut)
{
    int64_t *times;
    size_t n = 2;
    if (q->step < STEP_3H) {
        times = arena_calloc(c->arena, n, sizeof *times);
        times[0] = q->from_us;
        times[1] = q->to_us;
    } else if (q->step == STEP_3H) {
        if (!span_cut_times(c, q->from_us, q->to_us, ASTEP_3H, q->tz, &times, &n))
            return false;
        q->from_us = times[0];
        q->to_us = times[n - 1];
    } else if (!span_cut_times(c, nearest_grain(q->from_us), nearest_grain(q->to_us), ASTEP_1D,
                               q->tz, &times, &n)) {
        return false;
    }
    *cut = (struct span_cut){.t = {.times = times, .n = n}, .last = n - 1};
    return true;
}

static void write_percentile(struct buf *out, const char *name, const int64_t *counts, int percent)
{
    double us = percentile_us(counts, percent);
    if (us < 0)
        (void)buf_printf(out, ",\"%s\":null", name);
    else
        (void)buf_printf(out, ",\"%s\":%.3f", name, us / 1000);
}

static void write_answer(struct call *c, const struct usage_query *q,
                         const struct pg_result *series, const struct usage_totals *totals)
{
    struct buf *out = call_json(c, 200);
    (void)buf_add_lit(out, "{\"from\":");
    json_time(out, q->from_us);
    (void)buf_add_lit(out, ",\"to\":");
    json_time(out, q->to_us);
    (void)buf_printf(out, ",\"step\":\"%s\",\"series\":[", step_words[q->step]);
    for (size_t i = 0; i < pg_rows(series); i++) {
        if (i)
            (void)buf_add_char(out, ',');
        (void)buf_add_str(out, pg_str(series, i, 0));
    }
    (void)buf_printf(out, "],\"totals\":{%s", totals->counts);
    write_percentile(out, "p50_ms", totals->duration, 50);
    write_percentile(out, "p95_ms", totals->duration, 95);
    write_percentile(out, "ttft_p50_ms", totals->ttft, 50);
    write_percentile(out, "ttft_p95_ms", totals->ttft, 95);
    (void)buf_add_lit(out, "}}\n");
}

static enum pg_err read_all(struct call *c, const struct usage_query *q, struct span_cut *cut,
                            struct pg_result **series, struct usage_totals *totals)
{
    enum analytics_step step = q->step == STEP_1D   ? ASTEP_1D
                               : q->step == STEP_3H ? ASTEP_3H
                                                    : ASTEP_30M;
    struct span_set set = span_cut_set(c->org, q->tz, step);
    enum pg_err e = span_cut_make(c, step, cut, &set);
    if (e == PG_OK)
        e = span_store_begin(c->pg);
    if (e == PG_OK)
        e = span_cut_use(c, step, cut, &set);
    if (e == PG_OK)
        e = usage_store_series(c->pg, q, &cut->t, series);
    if (e == PG_OK)
        e = usage_store_totals(c->pg, q, &cut->t, totals);
    pg_rollback(c->pg);
    return e;
}

void api_usage_get(struct call *c)
{
    struct pg_result *series = NULL;
    struct usage_totals totals;
    struct span_cut cut;
    struct usage_query q = {.organisation = c->org, .tz = STR("UTC"), .limit = SERIES};
    if (!read_query(c, &q) || !align(c, &q) || !align_cut(c, &q, &cut))
        return;
    enum pg_err e = read_all(c, &q, &cut, &series, &totals);
    if (e == PG_OK)
        write_answer(c, &q, series, &totals);
    else
        (void)call_failed(c, e);
    pg_result_free(series);
}
