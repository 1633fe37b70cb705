/* SQL of usage. Any thread with a connection. Grains are 30 minutes of UTC; hours and days of other
 * time zones are sums of them, by each grain's start (zones that are off by a quarter of an hour
 * get the nearest). Spans, which are such sums, are taken for the step that they lie in.
 */
#include "control/store/usage_store.h"

#include <stdio.h>

#include "control/store/sql.h"

/* Hours begin where the zone's do, as near as grains allow. */
#define SQL_ORIGIN                                                                                 \
    "date_bin('30 minutes', date_trunc('day', b.f at time zone b.z) at time zone b.z, 'epoch')"
#define SQL_BIN(t) "date_bin(b.s, " t ", " SQL_ORIGIN ")"
#define SQL_DAY(t) "(date_trunc('day', " t " at time zone b.z) at time zone b.z)"
#define SQL_NEXT_DAY(t)                                                                            \
    "((date_trunc('day', " t " at time zone b.z) + interval '1 day') at time zone b.z)"
#define SQL_LAST "(b.t - interval '1 microsecond')"

/* The formatter would tear the text apart at every macro. */
/* clang-format off */
static const struct pg_stmt bounds_stmt = {
    "usage.bounds",
    "select " SQL_US("x.f") ", " SQL_US("x.t") ", case when x.s = interval '1 day' "
    "then (x.t at time zone x.z)::date - (x.f at time zone x.z)::date "
    "else extract(epoch from x.t - x.f) / extract(epoch from x.s) end::bigint "
    "from (select b.s, b.z, "
    "case when b.s = interval '1 day' then " SQL_DAY("b.f") " else " SQL_BIN("b.f") " end as f, "
    "case when b.s = interval '1 day' then " SQL_NEXT_DAY(SQL_LAST)
    " else " SQL_BIN(SQL_LAST) " + b.s end as t "
    "from (select $1::timestamptz as f, $2::timestamptz as t, $3::interval as s, $4::text as z) b) x"};
/* clang-format on */

/* $2 are the times of a span_cut, which steps of three hours are: clocks change within days. */
#define SQL_TIMES                                                                                  \
    "(select array_agg(timestamptz 'epoch' + x * interval '1 microsecond' order by x) "            \
    "from unnest($2::bigint[]) x)"

#define SQL_SUMS                                                                                   \
    "sum(requests)::bigint as requests, sum(ok)::bigint as ok, "                                   \
    "sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens, "     \
    "sum(cached_tokens)::bigint as cached_tokens, sum(cost) as cost "
#define SQL_COLUMNS                                                                                \
    "project_id, api_key_id, model_id, provider_id, requests, ok, input_tokens, output_tokens, "   \
    "cached_tokens, cost, duration_hist, ttft_hist"
#define SQL_SPANS(nth, from, to)                                                                   \
    "select starts_at, hist_bucket, " SQL_COLUMNS " from rollup_spans "                            \
    "where organisation_id = $1 and set_id = ($3::bigint[])" nth " and starts_at >= " from         \
    " and starts_at < " to " and ($8::uuid is null or project_id = $8) "
/* $1 to $8 are those of analytics_common. */
#define SQL_ROWS                                                                                   \
    "from (select grain as at, null::smallint[] as hist_bucket, " SQL_COLUMNS                      \
    " from rollup_usage "                                                                          \
    "where organisation_id = $1 and grain >= $6 and grain < $7 "                                   \
    "and ($8::uuid is null or project_id = $8) "                                                   \
    "union all " SQL_SPANS("[1]", "$4", "$5") "union all " SQL_SPANS("[2]", "$5", "$6") ") u "
#define SQL_COUNTS(v)                                                                              \
    "'requests', coalesce(" v ".requests, 0), 'ok', coalesce(" v ".ok, 0), "                       \
    "'errors', coalesce(" v ".requests - " v ".ok, 0), "                                           \
    "'input_tokens', coalesce(" v ".input_tokens, 0), "                                            \
    "'output_tokens', coalesce(" v ".output_tokens, 0), "                                          \
    "'cached_tokens', coalesce(" v ".cached_tokens, 0), "                                          \
    "'cost', " SQL_MONEY("coalesce(" v ".cost, 0)")

/* clang-format off */
#define SQL_IDS(group) "select case when $13 = '" group "' and k not in ('all', 'other') then k end::uuid from keys"
static const struct pg_stmt series_stmt = {
    "usage.series",
    "with points as (select t from generate_series($9::timestamptz, "
    "    $10::timestamptz - interval '1 microsecond', $11::interval) t "
    "    where $11::interval < interval '3 hours' union all "
    "  select d at time zone $12 from generate_series($9::timestamptz at time zone $12, "
    "    ($10::timestamptz at time zone $12) - interval '1 day', interval '1 day') d "
    "    where $11::interval = interval '1 day' union all "
    "  select t from unnest(" SQL_TIMES ") t where $11::interval = interval '3 hours' and t < $10), "
    "sums as (select case $13 when 'model' then model_id::text when 'provider' then "
    "    provider_id::text when 'api_key' then api_key_id::text "
    "    when 'project' then project_id::text else 'all' end as k, "
    "  case $11::interval when interval '1 day' "
    "    then date_trunc('day', at at time zone $12) at time zone $12 "
    "    when interval '3 hours' then (" SQL_TIMES ")[width_bucket(at, " SQL_TIMES ")] "
    "    else date_bin($11::interval, at, $9::timestamptz) end as t, " SQL_SUMS SQL_ROWS
    "  group by 1, 2), "
    "ranked as (select k, row_number() over (order by sum(cost) desc, sum(requests) desc, k) as n "
    "  from sums group by k), "
    "cut as (select case when n <= $14 then k else 'other' end as k, least(n, $14 + 1) as n, t, "
    "  requests, ok, input_tokens, output_tokens, cached_tokens, cost "
    "  from sums join ranked using (k)), "
    "grouped as (select k, n, t, " SQL_SUMS "from cut group by k, n, t), "
    "keys as (select distinct k, n from grouped union select 'all', 1 where $13 = 'none'), "
    /* Of models and providers, which are few: read whole, once. */
    "names as materialized (select t.model_id::text as k, t.slug, t.name from model_names t "
    "  where $13 = 'model' and " SQL_SEEN("t", "$1") " union all select t.provider_id::text, t.slug, t.name "
    "  from provider_names t where $13 = 'provider' and " SQL_SEEN("t", "$1")
    "  union all select '0', 'none', 'None' where $13 in ('model', 'provider') "
    "  union all select x, x, initcap(x) from unnest(array['all', 'other']) x "
    "  union all select api_key_id::text, api_key_id::text, name from api_keys where $13 = 'api_key' "
    "  and organisation_id = $1 and api_key_id = any(array(" SQL_IDS("api_key") ")) "
    "  union all select project_id::text, project_id::text, name from projects where $13 = 'project' "
    "  and organisation_id = $1 and project_id = any(array(" SQL_IDS("project") "))), "
    "named as materialized (select k, n, coalesce(t.slug, k) as key, coalesce(t.name, k) as label "
    "  from keys left join names t using (k)) "
    "select json_build_object('key', min(a.key), 'label', min(a.label), 'points', "
    "  json_agg(json_build_object('t', " SQL_TIME("p.t") ", " SQL_COUNTS("g") ") order by p.t))::text "
    "from named a cross join points p left join grouped g on g.k = a.k and g.t = p.t "
    "group by a.k, a.n order by a.n"};

/* $2 for its type. */
static const struct pg_stmt totals_stmt = {
    "usage.totals", "select trim(both '{}' from json_build_object(" SQL_COUNTS("s") ")::text) "
    "from (select " SQL_SUMS SQL_ROWS "where $2::bigint[] is not null) s"};
/* A span's histograms leave out empty buckets. */
static const struct pg_stmt histograms_stmt = {
    "usage.histograms",
    "select coalesce(u.hist_bucket[h.n::integer]::integer, h.n::integer), sum(h.d)::bigint, sum(h.t)::bigint " SQL_ROWS
    "cross join lateral unnest(duration_hist, ttft_hist) with ordinality as h(d, t, n) "
    "where $2::bigint[] is not null and (h.d > 0 or h.t > 0) group by 1"};
/* clang-format on */

static const char *const step_words[] = {"30 minutes", "1 hour", "3 hours", "1 day"};
static_assert(ARRAY_LEN(step_words) == STEP_1D + 1, "one word per step");
static const char *const group_words[] = {"none", "model", "provider", "api_key", "project"};
static_assert(ARRAY_LEN(group_words) == GROUP_PROJECT + 1, "one word per group");

enum pg_err usage_store_bounds(struct pg *pg, const struct usage_query *q, struct usage_bounds *out)
{
    const struct pg_param p[] = {pgp_time_us(q->from_us), pgp_time_us(q->to_us),
                                 pgp_cstr(step_words[q->step]), pgp_text(q->tz)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &bounds_stmt, p, ARRAY_LEN(p), &r);
    if (e == PG_OK)
        *out = (struct usage_bounds){pg_i64(r, 0, 0), pg_i64(r, 0, 1), pg_i64(r, 0, 2)};
    pg_result_free(r);
    return e;
}

enum { SERIES_PARAMS = 6 };

/* Of the query's series, $9 on, after what analytics_common fills. */
static enum pg_err run(struct pg *pg, const struct pg_stmt *st, const struct usage_query *q,
                       const struct analytics_period *t, size_t series, struct pg_result **out)
{
    struct buf times;
    struct pg_param p[ANALYTICS_COMMON + SERIES_PARAMS];
    const struct analytics_filter f = {
        .organisation = q->organisation, .by_project = q->by_project, .project = q->project};
    const struct pg_param of_series[SERIES_PARAMS] = {
        pgp_time_us(q->from_us), pgp_time_us(q->to_us),           pgp_cstr(step_words[q->step]),
        pgp_text(q->tz),         pgp_cstr(group_words[q->group]), pgp_i64(q->limit),
    };
    buf_init(&times, ANALYTICS_TIMES_MAX);
    analytics_common(&f, t, &times, p);
    memcpy(p + ANALYTICS_COMMON, of_series, sizeof of_series);
    enum pg_err e = pg_run(pg, st, p, ANALYTICS_COMMON + series, out);
    buf_fini(&times);
    return e;
}

enum pg_err usage_store_series(struct pg *pg, const struct usage_query *q,
                               const struct analytics_period *t, struct pg_result **out)
{
    return run(pg, &series_stmt, q, t, SERIES_PARAMS, out);
}

static void read_histograms(const struct pg_result *r, struct usage_totals *out)
{
    for (size_t i = 0; i < pg_rows(r); i++) {
        int64_t bucket = pg_i64(r, i, 0) - 1;
        if (bucket < 0 || bucket >= HISTOGRAM_BUCKETS)
            continue;
        out->duration[bucket] = pg_i64(r, i, 1);
        out->ttft[bucket] = pg_i64(r, i, 2);
    }
}

enum pg_err usage_store_totals(struct pg *pg, const struct usage_query *q,
                               const struct analytics_period *t, struct usage_totals *out)
{
    struct pg_result *counts = NULL, *histograms = NULL;
    *out = (struct usage_totals){0};
    enum pg_err e = run(pg, &totals_stmt, q, t, 0, &counts);
    if (e == PG_OK)
        e = run(pg, &histograms_stmt, q, t, 0, &histograms);
    if (e == PG_OK) {
        (void)snprintf(out->counts, sizeof out->counts, STR_FMT, STR_ARG(pg_str(counts, 0, 0)));
        read_histograms(histograms, out);
    }
    pg_result_free(counts);
    pg_result_free(histograms);
    return e;
}
