/* SQL of looking through the request log. Any thread with a connection. A statement walks an index
 * and looks at a bounded number of rows on the way; names are joined after the page is cut, each
 * once.
 */
#include "control/store/request_page_store.h"

#include "control/store/request_sql.h"
#include "control/store/sql.h"

/* clang-format off */
#define SQL_UTC_DAY(t) "((" t ") at time zone 'UTC')::date"
#define SQL_FITS \
    "($10::uuid is null or w.project_id = $10) and ($11::uuid is null or w.api_key_id = $11) " \
    "and ($12::text is null or w.model_id = " SQL_ID_OF("model_id", "model_names", "$12", "$1") ") " \
    "and ($13::text is null " \
    "  or w.provider_id = " SQL_ID_OF("provider_id", "provider_names", "$13", "$1") ") " \
    "and case $14 when 'ok' then w.outcome = 0 when 'error' then w.outcome <> 0 " \
    "  when '2xx' then w.status / 100 = 2 when '4xx' then w.status / 100 = 4 " \
    "  when '5xx' then w.status / 100 = 5 else true end " \
    "and ($15::integer is null or w.outcome = $15) " \
    "and ($16::boolean is null or w.streamed = $16) " \
    "and ($17::bigint is null or w.cost >= $17::numeric / 1000000000000) " \
    "and ($18::bigint is null or w.duration_us >= $18) " \
    "and ($19::text is null or w.end_user_id = " SQL_END_USER ")"
#define SQL_END_USER "(select label_id from labels where organisation_id = $1 and kind = 2 and value = $19)"

/* The bounds of ids are those of the times, and of a search for an id's beginning. */
#define SQL_WITHIN(order) \
    "r.created_at >= $2 and r.created_at < $3 and r.request_id between $4 and $5 " \
    "and ($7::uuid is null or " order ") "
#define SQL_BY_ID "($6::timestamptz is null or r.request_id < $7)"
#define SQL_BY_TIME "(r.created_at, r.request_id) < ($6::timestamptz, $7)"
#define SQL_DAYS \
    "r.day between " SQL_UTC_DAY("$2::timestamptz") " and " SQL_UTC_DAY("$3::timestamptz - interval '1 microsecond'") " "

/* A class and a day are one partition, whose primary key is in the order of ids: the classes' rows
 * are merged as they come. The classes are those of migrations/0001. */
#define SQL_CLASS(class) \
    "(select r.* from requests r where r.organisation_id = $1 and r.retention_days = " class \
    " and r.day = " SQL_UTC_DAY("$2::timestamptz") " and " SQL_WITHIN(SQL_BY_ID) \
    "order by r.request_id desc limit $8)"
#define SQL_ALL \
    "(" SQL_CLASS("7") " union all " SQL_CLASS("30") " union all " SQL_CLASS("90") " union all " SQL_CLASS("365") \
    " order by request_id desc limit $8)"
#define SQL_WHERE(condition) \
    "(select r.* from requests r where r.organisation_id = $1 and " condition " and " SQL_DAYS "and " \
    SQL_WITHIN(SQL_BY_ID) "order by r.request_id desc limit $8)"
#define SQL_OF_PROJECT \
    "(select r.* from requests r where r.organisation_id = $1 and r.project_id = $10 and " SQL_DAYS "and " \
    SQL_WITHIN(SQL_BY_TIME) "order by r.created_at desc, r.request_id desc limit $8)"
/* The limit keeps the planner from joining with all partitions at once: it does not count on their pruning. */
#define SQL_FOUND \
    "(select r.* from jsonb_to_recordset($20::jsonb) as i(id uuid, class smallint, day date) cross join lateral " \
    "  (select q.* from requests q where q.organisation_id = $1 and q.retention_days = i.class and q.day = i.day " \
    "    and q.request_id = i.id limit 1) r where " SQL_WITHIN(SQL_BY_ID) "order by r.request_id desc limit $8)"

#define SQL_ID_ORDER(of) of "request_id desc"
#define SQL_TIME_ORDER(of) of "created_at desc, " of "request_id desc"
/* The last row that the walk looks at comes whether it fits or not: it is where to go on. */
#define SQL_PAGE(rows, order) \
    "with r as materialized (select x.* from (select w.*, row_number() over (order by " order("w.") ") as n, (" SQL_FITS \
    ") as fits from " rows " w) x where x.fits or x.n = $8 order by " order("x.") " limit $9), " \
    SQL_NAMES
#define SQL_LISTED(rows, order) \
    SQL_PAGE(rows, order) "select coalesce(r.fits, false), r.n = $8, " SQL_US("r.created_at") ", r.request_id, json_build_object(" \
    SQL_ITEM ")::text from r " SQL_NAMED "order by " order("r.")
#define SQL_EXPORTED(rows, order) \
    SQL_PAGE(rows, order) ", o as materialized (select project_id, name from projects where organisation_id = $1 " \
    "  and project_id = any(array(select distinct project_id from r))), " \
    "u as materialized (select label_id, value from labels where organisation_id = $1 " \
    "  and label_id = any(array(select distinct end_user_id from r))) " \
    "select coalesce(r.fits, false), r.n = $8, " SQL_US("r.created_at") ", r.request_id, r.request_id, " SQL_TIME("r.created_at") \
    ", o.name, coalesce(k.name, ''), l.value, m.slug, p.slug, " SQL_ENDPOINT \
    ", r.status, " SQL_OUTCOMES ", " SQL_FINISH \
    ", r.streamed::text, r.estimated::text, r.attempts, r.input_tokens, r.cached_tokens, " \
    "r.output_tokens, r.reasoning_tokens, " SQL_MONEY("r.cost") ", " SQL_MS("r.duration_us") ", " SQL_MS("r.ttft_us") \
    ", r.overhead_us, r.error, u.value from r " SQL_NAMED \
    "left join o on o.project_id = r.project_id left join u on u.label_id = r.end_user_id order by " order("r.")

static const struct {
    struct pg_stmt list, export;
} stmts[] = {
    [ROUTE_ALL] = {{"request_page.list", SQL_LISTED(SQL_ALL, SQL_ID_ORDER)},
                   {"request_page.export", SQL_EXPORTED(SQL_ALL, SQL_ID_ORDER)}},
    [ROUTE_KEY] = {{"request_page.list_key", SQL_LISTED(SQL_WHERE("r.api_key_id = $11"), SQL_ID_ORDER)},
                   {"request_page.export_key", SQL_EXPORTED(SQL_WHERE("r.api_key_id = $11"), SQL_ID_ORDER)}},
    [ROUTE_NOT_OK] = {{"request_page.list_not_ok", SQL_LISTED(SQL_WHERE("r.outcome <> 0"), SQL_ID_ORDER)},
                      {"request_page.export_not_ok", SQL_EXPORTED(SQL_WHERE("r.outcome <> 0"), SQL_ID_ORDER)}},
    [ROUTE_END_USER] = {{"request_page.list_end_user",
                         SQL_LISTED(SQL_WHERE("r.end_user_id = " SQL_END_USER), SQL_ID_ORDER)},
                        {"request_page.export_end_user",
                         SQL_EXPORTED(SQL_WHERE("r.end_user_id = " SQL_END_USER), SQL_ID_ORDER)}},
    [ROUTE_PROJECT] = {{"request_page.list_project", SQL_LISTED(SQL_OF_PROJECT, SQL_TIME_ORDER)},
                       {"request_page.export_project", SQL_EXPORTED(SQL_OF_PROJECT, SQL_TIME_ORDER)}},
    [ROUTE_FOUND] = {{"request_page.list_found", SQL_LISTED(SQL_FOUND, SQL_ID_ORDER)},
                     {"request_page.export_found", SQL_EXPORTED(SQL_FOUND, SQL_ID_ORDER)}},
};

/* A sum of several requests says of each only so much: it costs at most the sum, and took at most
 * what the histogram's last bucket holds (half-octaves, one of tolerance; 63 has all that is more). */
static const struct pg_stmt guide_stmt = {
    "request_page.guide",
    "select distinct " SQL_US("w.grain") " from rollup_usage w where w.organisation_id = $1 "
    "and w.grain >= $2 and w.grain < $3 and ($4::uuid is null or w.project_id = $4) "
    "and ($5::uuid is null or w.api_key_id = $5) "
    "and ($6::text is null or w.model_id = " SQL_ID_OF("model_id", "model_names", "$6", "$1") ") "
    "and ($7::text is null or w.provider_id = " SQL_ID_OF("provider_id", "provider_names", "$7", "$1") ") "
    "and case when $8::boolean then w.streamed > 0 when not $8 then w.requests > w.streamed else true end "
    "and ($9::bigint is null or w.cost >= $9::numeric / 1000000000000) "
    "and ($10::bigint is null or cardinality(w.duration_hist) >= least(63, floor(2 * log(2, $10::numeric)))) "
    "and (not $11::boolean or w.requests > w.ok) order by 1 desc"};
static const struct pg_stmt before_stmt = {
    "request_page.newest_before", "select " SQL_US("grain") " from rollup_usage where organisation_id = $1 "
    "and grain < $2 order by grain desc limit 1"};
/* clang-format on */

static const char *const status_words[] = {"ok", "error", "2xx", "4xx", "5xx", "any"};
static_assert(ARRAY_LEN(status_words) == STATUS_ANY + 1, "one word per status");

/* An answer with a status of 400 or more is not ok. */
static bool is_not_ok(const struct request_filter *f)
{
    return f->outcome > 0 || f->status == STATUS_ERROR || f->status == STATUS_4XX ||
           f->status == STATUS_5XX;
}

enum request_route request_page_route(const struct request_filter *f)
{
    return f->found.p      ? ROUTE_FOUND
           : f->end_user.p ? ROUTE_END_USER
           : is_not_ok(f)  ? ROUTE_NOT_OK
           : f->by_api_key ? ROUTE_KEY
           : f->by_project ? ROUTE_PROJECT
                           : ROUTE_ALL;
}

bool request_page_guided(const struct request_filter *f)
{
    return !f->found.p && (f->model.p || f->provider.p || f->streamed >= 0 ||
                           f->min_cost_pico > 0 || f->min_us > 0);
}

static bool is_before(struct uuid a, struct uuid b)
{
    return memcmp(a.b, b.b, sizeof a.b) < 0;
}

/* What comes after a place is not looked for before it: of its millisecond there may be more. */
void request_page_bounds(const struct request_filter *f, int64_t from_us, int64_t *to_us,
                         struct uuid *low, struct uuid *high)
{
    int64_t place_us = f->after.us / 1000 * 1000 + 1000;
    if (f->after.given && place_us < *to_us)
        *to_us = place_us;
    *low = request_least_id(from_us);
    *high = request_greatest_id(*to_us - 1);
    if (f->by_id && is_before(*low, f->id_low))
        *low = f->id_low;
    if (f->by_id && is_before(f->id_high, *high))
        *high = f->id_high;
    if (f->after.given && request_page_route(f) != ROUTE_PROJECT && is_before(f->after.id, *high))
        *high = f->after.id;
}

static enum pg_err run_page(struct pg *pg, const struct pg_stmt *st, const struct request_filter *f,
                            const struct request_stretch *s, struct pg_result **out)
{
    struct uuid low, high;
    int64_t to_us = s->to_us;
    request_page_bounds(f, s->from_us, &to_us, &low, &high);
    const struct pg_param p[] = {
        pgp_uuid(f->organisation),
        pgp_time_us(s->from_us),
        pgp_time_us(to_us),
        pgp_uuid(low),
        pgp_uuid(high),
        PLACE_PARAMS(f->after),
        pgp_i64(s->looked),
        pgp_i64(s->limit),
        f->by_project ? pgp_uuid(f->project) : pgp_null(),
        f->by_api_key ? pgp_uuid(f->api_key) : pgp_null(),
        f->model.p ? pgp_text(f->model) : pgp_null(),
        f->provider.p ? pgp_text(f->provider) : pgp_null(),
        pgp_cstr(status_words[f->status]),
        f->outcome >= 0 ? pgp_i64(f->outcome) : pgp_null(),
        f->streamed >= 0 ? pgp_bool(f->streamed) : pgp_null(),
        f->min_cost_pico ? pgp_i64(f->min_cost_pico) : pgp_null(),
        f->min_us ? pgp_i64(f->min_us) : pgp_null(),
        f->end_user.p ? pgp_text(f->end_user) : pgp_null(),
        f->found.p ? pgp_text(f->found) : pgp_null(),
    };
    size_t n = ARRAY_LEN(p) - (f->found.p ? 0 : 1);
    return pg_run(pg, st, p, n, out);
}

enum pg_err request_page_list(struct pg *pg, const struct request_filter *f,
                              const struct request_stretch *s, struct pg_result **out)
{
    return run_page(pg, &stmts[request_page_route(f)].list, f, s, out);
}

enum pg_err request_page_export(struct pg *pg, const struct request_filter *f,
                                const struct request_stretch *s, struct pg_result **out)
{
    return run_page(pg, &stmts[request_page_route(f)].export, f, s, out);
}

enum pg_err request_page_guide(struct pg *pg, const struct request_filter *f, int64_t from_us,
                               int64_t to_us, struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(f->organisation),
        pgp_time_us(from_us),
        pgp_time_us(to_us),
        f->by_project ? pgp_uuid(f->project) : pgp_null(),
        f->by_api_key ? pgp_uuid(f->api_key) : pgp_null(),
        f->model.p ? pgp_text(f->model) : pgp_null(),
        f->provider.p ? pgp_text(f->provider) : pgp_null(),
        f->streamed >= 0 ? pgp_bool(f->streamed) : pgp_null(),
        f->min_cost_pico ? pgp_i64(f->min_cost_pico) : pgp_null(),
        f->min_us ? pgp_i64(f->min_us) : pgp_null(),
        pgp_bool(is_not_ok(f)),
    };
    return pg_run(pg, &guide_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err request_page_newest_before(struct pg *pg, struct uuid organisation, int64_t before_us,
                                       int64_t *grain_us)
{
    struct pg_result *r = NULL;
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_time_us(before_us)};
    enum pg_err e = pg_run(pg, &before_stmt, p, ARRAY_LEN(p), &r);
    if (e == PG_OK)
        *grain_us = pg_rows(r) ? pg_i64(r, 0, 0) : -1;
    pg_result_free(r);
    return e;
}
