/* SQL of analytics. Any thread with a connection. Grains are 30 minutes of UTC; the hours and days
 * of other time zones are sums of them by each grain's start (zones that are off by a quarter of an
 * hour get the nearest).
 */
#include "control/store/analytics_store.h"

#include "control/store/sql.h"

/* The formatter would tear the texts apart at every macro. */
/* clang-format off */
static const struct pg_stmt bounds_stmt = {
    "analytics.bounds",
    "with b as (select $1::timestamptz as f, $2::timestamptz as t, $3::interval as s, $4::text as z), "
    /* Steps of hours are as long as they say; longer ones begin where the zone's clock says. */
    "edges as (select date_bin('30 minutes', x + interval '15 minutes', 'epoch') as x from ("
    "  select d at time zone b.z as x from b, generate_series(date_trunc('day', b.f at time zone b.z) "
    "    - interval '1 day', (b.t at time zone b.z) + interval '2 days', b.s) d "
    "    where b.s > interval '1 hour' "
    "  union select x from b, generate_series(date_trunc('day', b.f at time zone b.z) at time zone b.z, "
    "    b.t + b.s, b.s) x where b.s <= interval '1 hour') y) "
    "select distinct " SQL_US("x") " from edges, b "
    "where x >= (select max(x) from edges where x <= b.f) "
    "and x <= (select min(x) from edges where x >= b.t) order by 1"};

#define SQL_BOUNDS                                                                                 \
    "(select array_agg(timestamptz 'epoch' + x * interval '1 microsecond' order by x) "            \
    "from unnest($2::bigint[]) x)"
#define SQL_SLUG(p, table, id)                                                                     \
    "(" p "::text is null or " id " = case " p " when 'none' then 0 "                              \
    "else " SQL_ID_OF(id, table, p, "$1") " end) "
#define SQL_FILTERS                                                                                \
    "and ($8::uuid is null or project_id = $8) and ($9::uuid is null or api_key_id = $9) "         \
    "and ($10::uuid is null or user_id = $10) and " SQL_SLUG("$11", "model_names", "model_id")          \
    "and " SQL_SLUG("$12", "provider_names", "provider_id")
#define SQL_COLUMNS                                                                                \
    "project_id, api_key_id, user_id, model_id, provider_id, requests, ok, client_errors, "        \
    "gateway_errors, upstream_errors, client_gone, interrupted, streamed, input_tokens, "          \
    "cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost, duration_us"
#define SQL_SPANS(columns, hist, nth, from, to)                                                    \
    "select width_bucket(starts_at, " SQL_BOUNDS ") as b, " columns " from rollup_spans u " hist   \
    "where organisation_id = $1 and set_id = ($3::bigint[])" nth " and starts_at >= " from         \
    " and starts_at < " to " " SQL_FILTERS
/* Both tables as one, with the bucket's number as b. */
#define SQL_ROWS(columns, raw_hist, span_hist)                                                     \
    "(select width_bucket(grain, " SQL_BOUNDS ") as b, " columns " from rollup_usage u " raw_hist  \
    "where organisation_id = $1 and grain >= $6 and grain < $7 " SQL_FILTERS                       \
    "union all " SQL_SPANS(columns, span_hist, "[1]", "$4", "$5")                                  \
    "union all " SQL_SPANS(columns, span_hist, "[2]", "$5", "$6") ") "
#define SQL_SUM_ROWS SQL_ROWS(SQL_COLUMNS, "", "")

#define SQL_BY_OUTCOME "('outcome' in ($13, $14))"
#define SQL_SPLIT                                                                                  \
    "cross join lateral (select '' as outcome, requests as n where not " SQL_BY_OUTCOME            \
    " union all select w, v from (values ('ok', ok), ('client_error', client_errors), "            \
    "('gateway_error', gateway_errors), ('upstream_error', upstream_errors), "                     \
    "('client_gone', client_gone), ('interrupted', interrupted)) x(w, v) "                         \
    "where " SQL_BY_OUTCOME " and v > 0) o "
#define SQL_KEY(p)                                                                                 \
    "case " p " when 'model' then model_id::text when 'provider' then provider_id::text "          \
    "when 'api_key' then api_key_id::text when 'project' then project_id::text "                   \
    "when 'user' then user_id::text when 'outcome' then outcome else '' end"
/* Of models and providers, which are few: read whole, once. */
#define SQL_NAMES                                                                                  \
    "names as materialized (select 'model' as d, t.model_id::text as k, t.slug, t.name from model_names t "  \
    "where 'model' in ($13, $14) and " SQL_SEEN("t", "$1")                                         \
    " union all select 'provider', t.provider_id::text, t.slug, t.name "                           \
    "from provider_names t where 'provider' in ($13, $14) and " SQL_SEEN("t", "$1") " union all "                                     \
    "select d, '0', 'none', 'None' from unnest(array['model', 'provider']) d) "
#define SQL_LABEL(p, k, t)                                                                         \
    "coalesce(case " p " when 'api_key' then (select name from api_keys where "                    \
    "organisation_id = $1 and api_key_id = " k "::uuid) "                                          \
    "when 'project' then (select name from projects where organisation_id = $1 and "               \
    "project_id = " k "::uuid) "                                                                   \
    "when 'user' then (select coalesce(nullif(s.name, ''), s.email) from members m "               \
    "join users s using (user_id) where m.organisation_id = $1 and m.user_id = " k "::uuid) "      \
    "when 'outcome' then initcap(replace(" k ", '_', ' ')) "                                       \
    "end, " t ".name, " k ")"

static const struct pg_stmt groups_stmt = {
    "analytics.groups",
    "with " SQL_NAMES "select k1, k2, coalesce(a.slug, k1), coalesce(b.slug, k2), "
    SQL_LABEL("$13", "k1", "a") ", " SQL_LABEL("$14", "k2", "b") ", y.n from (select k1, k2, count(*) over () as n, "
    "  row_number() over (order by case $15 when 'requests' then requests "
    "    when 'errors' then errors when 'input_tokens' then input when 'output_tokens' then output "
    "    when 'cached_tokens' then cached else cost end desc, requests desc, k1, k2) as place "
    "  from (select " SQL_KEY("$13") " as k1, " SQL_KEY("$14") " as k2, sum(o.n) as requests, "
    "    sum(requests - ok) as errors, sum(input_tokens) as input, sum(output_tokens) as output, "
    "    sum(cached_tokens) as cached, sum(cost) as cost from " SQL_SUM_ROWS "u " SQL_SPLIT
    "    group by 1, 2) x) y left join names a on a.d = $13 and a.k = k1 "
    "left join names b on b.d = $14 and b.k = k2 where place <= $16 order by place"};

#define SQL_GROUPS                                                                                 \
    SQL_SPLIT "left join unnest($15::text[], $16::text[]) with ordinality as g(k1, k2, n) "        \
    "on g.k1 = " SQL_KEY("$13") " and g.k2 = " SQL_KEY("$14") ") c "
#define SQL_CELL "case grouping(n) when 1 then -1 else n end, case grouping(b) when 1 then 0 else b end"

static const struct pg_stmt cells_stmt = {
    "analytics.cells",
    "select " SQL_CELL ", sum(counted)::bigint, sum(ok)::bigint, sum(requests - ok)::bigint, "
    "sum(client_errors)::bigint, sum(gateway_errors)::bigint, sum(upstream_errors)::bigint, "
    "sum(client_gone)::bigint, sum(interrupted)::bigint, sum(streamed)::bigint, "
    "sum(input_tokens)::bigint, sum(cached_tokens)::bigint, sum(cache_write_tokens)::bigint, "
    "sum(output_tokens)::bigint, sum(reasoning_tokens)::bigint, " SQL_MONEY("sum(cost)") ", "
    "trim_scale(round(sum(output_tokens) * 1000000 / nullif(sum(duration_us), 0), 3)) "
    "from (select coalesce(g.n, 0) as n, o.n as counted, u.* from " SQL_SUM_ROWS "u " SQL_GROUPS
    "group by grouping sets ((n, b), (n), (b), ())"};

#define SQL_HIST_COLUMNS "project_id, api_key_id, user_id, model_id, provider_id, requests, ok, "  \
    "client_errors, gateway_errors, upstream_errors, client_gone, interrupted, h.i::integer as i, h.d, h.t"
static const struct pg_stmt histograms_stmt = {
    "analytics.histograms",
    "select " SQL_CELL ", i, sum(d)::bigint, sum(t)::bigint "
    "from (select coalesce(g.n, 0) as n, u.b, u.i, u.d, u.t from "
    SQL_ROWS(SQL_HIST_COLUMNS,
             "cross join lateral unnest(duration_hist, ttft_hist) with ordinality as h(d, t, i) ",
             "cross join lateral unnest(duration_hist, ttft_hist, hist_bucket) as h(d, t, i) ")
    "u cross join (select '' as outcome) o "
    "left join unnest($15::text[], $16::text[]) with ordinality as g(k1, k2, n) "
    "on g.k1 = " SQL_KEY("$13") " and g.k2 = " SQL_KEY("$14") " where u.d > 0 or u.t > 0) c "
    "group by grouping sets ((n, b, i), (n, i), (b, i), (i))"};

/* A price of an offer's now: of tiers the first. */
#define SQL_PRICE_OF(name) "nullif(substring(w.p ->> '" name "' from "                             \
    "'^[0-9]+[.]?[0-9]*(?:[eE][-+]?[0-9]{1,2})?$'), '')::numeric"
static const struct pg_stmt savings_stmt = {
    "analytics.savings",
    "with sums as materialized (select coalesce(g.n, 0) as n, u.b, model_id, provider_id, "
    "  sum(cached_tokens) as cached, sum(cache_write_tokens) as written "
    "  from " SQL_SUM_ROWS "u cross join (select '' as outcome) o "
    "  left join unnest($15::text[], $16::text[]) with ordinality as g(k1, k2, n) "
    "  on g.k1 = " SQL_KEY("$13") " and g.k2 = " SQL_KEY("$14")
    "  where cached_tokens > 0 or cache_write_tokens > 0 group by 1, 2, 3, 4), "
    /* The catalogue is small: read whole, that is fewer pages than a look for each pair. */
    "offered as materialized (select f.offer_id, f.model_id, f.provider_id, f.region from offers f "
    "  union all select m.model_id, m.model_id, m.provider_id, '' from custom_models m where m.organisation_id = $1), "
    "current as materialized (select distinct on (o.offer_id) o.offer_id, "
    "  o.prices || coalesce(o.prices #> '{tiers,0}', '{}') as p from prices_in_force o "
    "  where o.effective_from <= now() order by o.offer_id, o.effective_from desc), "
    "known as (select * from current union all select m.model_id, m.prices from custom_models m "
    "  where m.organisation_id = $1), "
    "prices as materialized (select distinct on (f.model_id, f.provider_id) f.model_id, f.provider_id, "
    "  " SQL_PRICE_OF("input") " as input, " SQL_PRICE_OF("cached_input") " as cached, "
    "  coalesce(" SQL_PRICE_OF("cache_write_5m") ", " SQL_PRICE_OF("input") ") as written "
    "  from offered f join known w using (offer_id) "
    "  where (f.model_id, f.provider_id) in (select model_id, provider_id from sums) "
    "  order by f.model_id, f.provider_id, f.region) "
    "select " SQL_CELL ", " SQL_MONEY("round(sum(s.cached * (p.input - coalesce(p.cached, p.input)) "
    "- s.written * (p.written - p.input)), 12)") " from sums s join prices p using (model_id, provider_id) "
    "where p.input is not null group by grouping sets ((n, b), (n), (b), ())"};
/* clang-format on */

static const char *const intervals[] = {"30 minutes", "1 hour", "3 hours", "1 day"};
static_assert(ARRAY_LEN(intervals) == ASTEP_1D + 1, "one interval per step");
static const char *const dims[] = {ANALYTICS_DIM_WORDS};
static_assert(ARRAY_LEN(dims) == DIM_SOURCE + 1, "one word per dimension");

enum { PARAMS = 16 };

enum pg_err analytics_store_bounds(struct pg *pg, int64_t from_us, int64_t to_us,
                                   enum analytics_step step, struct str tz, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_time_us(from_us), pgp_time_us(to_us),
                                 pgp_cstr(intervals[step]), pgp_text(tz)};
    return pg_run(pg, &bounds_stmt, p, ARRAY_LEN(p), out);
}

void analytics_common(const struct analytics_filter *f, const struct analytics_period *t,
                      struct buf *times, struct pg_param p[ANALYTICS_COMMON])
{
    const struct pg_param common[] = {
        pgp_uuid(f->organisation),
        pgp_null(), /* the times, once they are written */
        pgp_null(), /* the sets, so too */
        pgp_time_us(t->span_from_us),
        pgp_time_us(t->span_to_us),
        pgp_time_us(t->raw_from_us),
        pgp_time_us(t->raw_to_us),
        f->by_project ? pgp_uuid(f->project) : pgp_null(),
    };
    static_assert(ARRAY_LEN(common) == ANALYTICS_COMMON, "a value for each");
    memcpy(p, common, sizeof common);
    (void)buf_add_char(times, '{');
    for (size_t i = 0; i < t->n; i++)
        (void)buf_printf(times, "%s%lld", i ? "," : "", (long long)t->times[i]);
    (void)buf_add_char(times, '}');
    size_t end = times->len;
    (void)buf_printf(times, "{%lld,%lld}", (long long)t->set, (long long)t->tail_set);
    struct str both = buf_str(times);
    p[1] = pgp_text(str_make(both.p, end));
    p[2] = pgp_text(str_make(both.p + end, both.len - end));
}

/* Fills $1 to $14, runs, with $15 and $16 as given. */
static enum pg_err run(struct pg *pg, const struct pg_stmt *st, const struct analytics_filter *f,
                       const struct analytics_period *t, struct pg_param p15, struct pg_param p16,
                       struct pg_result **out)
{
    struct buf times;
    struct pg_param p[PARAMS];
    const struct pg_param rest[] = {
        f->by_api_key ? pgp_uuid(f->api_key) : pgp_null(),
        f->by_user ? pgp_uuid(f->user) : pgp_null(),
        f->model.p ? pgp_text(f->model) : pgp_null(),
        f->provider.p ? pgp_text(f->provider) : pgp_null(),
        pgp_cstr(dims[f->group[0]]),
        pgp_cstr(dims[f->group[1]]),
        p15,
        p16,
    };
    static_assert(ANALYTICS_COMMON + ARRAY_LEN(rest) == PARAMS, "a value for each");
    buf_init(&times, ANALYTICS_TIMES_MAX);
    analytics_common(f, t, &times, p);
    memcpy(p + ANALYTICS_COMMON, rest, sizeof rest);
    enum pg_err e = pg_run(pg, st, p, PARAMS, out);
    buf_fini(&times);
    return e;
}

enum pg_err analytics_store_groups(struct pg *pg, const struct analytics_filter *f,
                                   const struct analytics_period *t, enum analytics_sum sort,
                                   int64_t limit, struct pg_result **out)
{
    static const char *const words[SUMS] = {
        [SUM_REQUESTS] = "requests",           [SUM_ERRORS] = "errors",
        [SUM_INPUT_TOKENS] = "input_tokens",   [SUM_OUTPUT_TOKENS] = "output_tokens",
        [SUM_CACHED_TOKENS] = "cached_tokens", [SUM_COST] = "cost",
    };
    ASSERT(words[sort]);
    return run(pg, &groups_stmt, f, t, pgp_cstr(words[sort]), pgp_i64(limit), out);
}

enum pg_err analytics_store_cells(struct pg *pg, const struct analytics_filter *f,
                                  const struct analytics_period *t,
                                  const struct analytics_keys *keys, struct pg_result **out)
{
    return run(pg, &cells_stmt, f, t, pgp_text(keys->first), pgp_text(keys->second), out);
}

enum pg_err analytics_store_histograms(struct pg *pg, const struct analytics_filter *f,
                                       const struct analytics_period *t,
                                       const struct analytics_keys *keys, struct pg_result **out)
{
    return run(pg, &histograms_stmt, f, t, pgp_text(keys->first), pgp_text(keys->second), out);
}

enum pg_err analytics_store_savings(struct pg *pg, const struct analytics_filter *f,
                                    const struct analytics_period *t,
                                    const struct analytics_keys *keys, struct pg_result **out)
{
    return run(pg, &savings_stmt, f, t, pgp_text(keys->first), pgp_text(keys->second), out);
}
