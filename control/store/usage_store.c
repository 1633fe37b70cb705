/* SQL of usage. Any thread with a connection. Grains are 30 minutes of UTC; hours and days of other
 * time zones are sums of them, by each grain's start (zones that are off by a quarter of an hour
 * get the nearest).
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

#define SQL_SUMS                                                                                   \
    "sum(requests)::bigint as requests, sum(ok)::bigint as ok, "                                   \
    "sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens, "     \
    "sum(cached_tokens)::bigint as cached_tokens, sum(cost) as cost "
#define SQL_ROWS                                                                                   \
    "from rollup_usage u where u.organisation_id = $1 and u.grain >= $2 and u.grain < $3 "         \
    "and ($4::uuid is null or u.project_id = $4) "
#define SQL_COUNTS(v)                                                                              \
    "'requests', coalesce(" v ".requests, 0), 'ok', coalesce(" v ".ok, 0), "                       \
    "'errors', coalesce(" v ".requests - " v ".ok, 0), "                                           \
    "'input_tokens', coalesce(" v ".input_tokens, 0), "                                            \
    "'output_tokens', coalesce(" v ".output_tokens, 0), "                                          \
    "'cached_tokens', coalesce(" v ".cached_tokens, 0), "                                          \
    "'cost', " SQL_MONEY("coalesce(" v ".cost, 0)")

static const struct pg_stmt series_stmt = {
    "usage.series",
    "with points as (select t from generate_series($2::timestamptz, "
    "    $3::timestamptz - interval '1 microsecond', $5::interval) t "
    "    where $5::interval <> interval '1 day' union all "
    "  select d at time zone $6 from generate_series($2::timestamptz at time zone $6, "
    "    ($3::timestamptz at time zone $6) - interval '1 day', interval '1 day') d "
    "    where $5::interval = interval '1 day'), "
    "sums as (select case $7 when 'model' then model_id::text when 'provider' then "
    "    provider_id::text when 'api_key' then api_key_id::text "
    "    when 'project' then project_id::text else 'all' end as k, "
    "  case when $5::interval = interval '1 day' "
    "    then date_trunc('day', grain at time zone $6) at time zone $6 "
    "    else date_bin($5::interval, grain, $2::timestamptz) end as t, " SQL_SUMS SQL_ROWS
    "  group by 1, 2), "
    "ranked as (select k, row_number() over (order by sum(cost) desc, sum(requests) desc, k) as n "
    "  from sums group by k), "
    "cut as (select case when n <= $8 then k else 'other' end as k, least(n, $8 + 1) as n, t, "
    "  requests, ok, input_tokens, output_tokens, cached_tokens, cost "
    "  from sums join ranked using (k)), "
    "grouped as (select k, n, t, " SQL_SUMS "from cut group by k, n, t), "
    "keys as (select distinct k, n from grouped union select 'all', 1 where $7 = 'none'), "
    "named as materialized (select k, n, case when k in ('all', 'other') then k when $7 in ('model', "
    "    'provider') and k = '0' then 'none' when $7 = 'model' then "
    "    coalesce((select n.slug from model_names n where n.model_id = k::integer and " SQL_SEEN(
        "n",
        "$1") "), k) "
              "    when $7 = 'provider' then "
              "    coalesce((select n.slug from provider_names n where n.provider_id = k::integer and " SQL_SEEN(
                  "n",
                  "$1") "), k) else k end as "
                        "key, "
                        "  case when k = 'all' then 'All' when k = 'other' then 'Other' "
                        "    when $7 in ('model', 'provider') and k = '0' then 'None' when $7 = 'model' then "
                        "    coalesce((select n.name from model_names n where n.model_id = k::integer and " SQL_SEEN(
                            "n",
                            "$1") "), k) "
                                  "    when $7 = 'provider' then "
                                  "    coalesce((select n.name from provider_names n where n.provider_id = k::integer and " SQL_SEEN(
                                      "n",
                                      "$1") "), k) "
                                            "    when $7 = 'api_key' then coalesce((select name from api_keys "
                                            "      where organisation_id = $1 and api_key_id = k::uuid), k) "
                                            "    else coalesce((select name from projects "
                                            "      where organisation_id = $1 and project_id = k::uuid), k) end as label from keys) "
                                            "select json_build_object('key', min(a.key), 'label', min(a.label), 'points', "
                                            "  json_agg(json_build_object('t', " SQL_TIME("p.t") ", " SQL_COUNTS(
                                                "g") ") order by p.t))"
                                                     "::text from named a cross join points p left join grouped g on g.k = a.k and g.t = "
                                                     "p.t "
                                                     "group by a.k, a.n order by a.n"};

static const struct pg_stmt totals_stmt = {
    "usage.totals", "select trim(both '{}' from json_build_object(" SQL_COUNTS(
                        "s") ")::text) "
                             "from (select " SQL_SUMS SQL_ROWS ") s"};
static const struct pg_stmt histograms_stmt = {
    "usage.histograms",
    "select 0, h.i, sum(h.v)::bigint from (select u.duration_hist " SQL_ROWS
    ") r, unnest(r.duration_hist) with ordinality as h(v, i) group by h.i union all "
    "select 1, h.i, sum(h.v)::bigint from (select u.ttft_hist " SQL_ROWS
    ") r, unnest(r.ttft_hist) with ordinality as h(v, i) group by h.i"};

static const char *const step_words[] = {"30 minutes", "1 hour", "1 day"};
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

enum pg_err usage_store_series(struct pg *pg, const struct usage_query *q, struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(q->organisation),       pgp_time_us(q->from_us),
        pgp_time_us(q->to_us),           q->by_project ? pgp_uuid(q->project) : pgp_null(),
        pgp_cstr(step_words[q->step]),   pgp_text(q->tz),
        pgp_cstr(group_words[q->group]), pgp_i64(q->limit),
    };
    return pg_run(pg, &series_stmt, p, ARRAY_LEN(p), out);
}

static void read_histograms(const struct pg_result *r, struct usage_totals *out)
{
    for (size_t i = 0; i < pg_rows(r); i++) {
        int64_t *counts = pg_i64(r, i, 0) == 0 ? out->duration : out->ttft;
        int64_t bucket = pg_i64(r, i, 1) - 1;
        if (bucket >= 0 && bucket < HISTOGRAM_BUCKETS)
            counts[bucket] = pg_i64(r, i, 2);
    }
}

enum pg_err usage_store_totals(struct pg *pg, const struct usage_query *q, struct usage_totals *out)
{
    const struct pg_param p[] = {pgp_uuid(q->organisation), pgp_time_us(q->from_us),
                                 pgp_time_us(q->to_us),
                                 q->by_project ? pgp_uuid(q->project) : pgp_null()};
    struct pg_result *counts = NULL, *histograms = NULL;
    *out = (struct usage_totals){0};
    enum pg_err e = pg_run(pg, &totals_stmt, p, ARRAY_LEN(p), &counts);
    if (e == PG_OK)
        e = pg_run(pg, &histograms_stmt, p, ARRAY_LEN(p), &histograms);
    if (e == PG_OK) {
        (void)snprintf(out->counts, sizeof out->counts, STR_FMT, STR_ARG(pg_str(counts, 0, 0)));
        read_histograms(histograms, out);
    }
    pg_result_free(counts);
    pg_result_free(histograms);
    return e;
}
