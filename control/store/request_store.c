/* SQL of the request log: one in full, the newest, and who is who. Any thread with a connection. */
#include "control/store/request_store.h"

#include "control/store/request_sql.h"

const char *const request_columns[REQUEST_COLUMNS] = {"id",
                                                      "time",
                                                      "project",
                                                      "api_key",
                                                      "requested_model",
                                                      "model",
                                                      "provider",
                                                      "endpoint",
                                                      "status",
                                                      "outcome",
                                                      "finish_reason",
                                                      "streamed",
                                                      "estimated",
                                                      "attempts",
                                                      "input_tokens",
                                                      "cached_tokens",
                                                      "output_tokens",
                                                      "reasoning_tokens",
                                                      "cost_usd",
                                                      "duration_ms",
                                                      "ttft_ms",
                                                      "overhead_us",
                                                      "error",
                                                      "end_user"};

/* clang-format off */
/* A class and a day are one partition, whose primary key is in the order of ids: that of time. The
 * classes are those of migrations/0001. */
static const struct pg_stmt newest_stmt = {
    "request.newest",
    "with r as materialized (select x.* from generate_series(($2::timestamptz at time zone 'UTC')::date, "
    "    (now() at time zone 'UTC')::date + 1, interval '1 day') d "
    "  cross join (values (7), (30), (90), (365)) as c(class) "
    "  cross join lateral (select r.* from requests r where r.organisation_id = $1 "
    "    and r.retention_days = c.class and r.day = d::date and r.request_id >= $5 and r.created_at >= $2 "
    "    order by r.request_id desc limit $3) x "
    "  order by x.request_id desc limit $3), " SQL_NAMES
    "select json_build_object(" SQL_ITEM ")::text, r.request_id, r.project_id, r.api_key_id, m.slug, "
    "p.slug, r.status, r.outcome, (r.cost * 1000000000000)::bigint, r.duration_us, r.streamed from r " SQL_NAMED
    "where r.request_id <> all($4::uuid[]) order by r.created_at, r.request_id"};

/* Of days in between, so that not every partition is looked into at once. */
static const struct pg_stmt by_client_id_stmt = {
    "request.by_client_id",
    "select d.request_id, d.retention_days, d.day from request_details d "
    "where d.organisation_id = $1 and d.client_request_id = $2 "
    "and d.day between ($3::timestamptz at time zone 'UTC')::date and ($4::timestamptz at time zone 'UTC')::date "
    "order by d.request_id desc limit $5"};
/* clang-format on */

/* Cost lines with their units, prices as stored. */
/* clang-format off */
#define SQL_COST_LINES \
    "coalesce((select json_agg(json_build_object('kind', c ->> 'kind',   'quantity', (c ->> " \
    "'quantity')::bigint, 'unit', case c ->> 'kind'     when 'image_input' then 'image' when " \
    "'web_search' then 'call'     when 'request' then 'request' when 'per_character' then 'character' " \
    "when 'per_image' then 'image' when 'per_audio_hour' then 'millisecond' else 'token' end,   " \
    "'price', " SQL_MONEY("round((c ->> 'price')::numeric / coalesce((c ->> 'per')::bigint, 1), " \
    "18)") ",   'multiplier', " \
    SQL_MONEY("coalesce((c ->> 'multiplier')::numeric, 1)") ",   'amount', " \
    SQL_MONEY("(c ->> 'amount')::numeric") ") order by n)   from " \
    "jsonb_array_elements(d.cost_lines) with ordinality as e(c, n)), '[]'::json)"
#define SQL_ATTEMPTS \
    "coalesce((select json_agg(json_build_object(  'provider', (select n.slug from provider_names n " \
    "where n.provider_id = (a ->> 'provider_id')::int and " SQL_SEEN("n", "$1") "),   'model', " \
    "(select n.provider_model from offer_names n where n.offer_id = (a ->> 'offer_id')::int and " \
    SQL_SEEN("n", "$1") "),   'platform_key', coalesce((a ->> 'lent')::boolean, false), 'status', nullif((a ->> " \
    "'status')::int, 0), 'error', nullif(a ->> 'error', ''),   'start_ms', " \
    SQL_MS("(a ->> 'start_us')::bigint") ",   'first_byte_ms', case when (a ->> " \
    "'first_byte_us')::bigint >= 0     then " SQL_MS("(a ->> 'first_byte_us')::bigint") " end, " \
    "  'duration_ms', " SQL_MS("(a ->> 'duration_us')::bigint") ") order by n)   from " \
    "jsonb_array_elements(d.attempts) with ordinality as e(a, n)), '[]'::json)"
/* clang-format on */
/* Microseconds in the order of the gateway's steps; their names are held against gateway/steps.def
 * by tests/blackbox/test_control_contract.py. */
#define SQL_STEPS                                                                                  \
    "coalesce((select json_agg(json_build_object('name', coalesce((array['auth', 'receive', "      \
    "  'resolve', 'route', 'translate', 'upstream', 'stream', 'account'])[n], 'step ' || n), "     \
    "  'us', (s #>> '{}')::bigint) order by n) "                                                   \
    "  from jsonb_array_elements(case jsonb_typeof(d.steps) when 'array' then d.steps "            \
    "    else '[]' end) with ordinality as e(s, n) where jsonb_typeof(s) = 'number'), '[]'::json)"

static const struct pg_stmt get_stmt = {
    "request.get",
    /* By the whole primary key: the classes are those of migrations/0001. One row, then its
     * details: the planner would weigh joins of all partitions, for long. */
    "with r as materialized (select x.* from requests x where x.organisation_id = $1 and x.request_id = $2 "
    "  and x.retention_days in (7, 30, 90, 365) "
    "  and x.day = ($3::timestamptz at time zone 'UTC')::date limit 1) "
    "select (json_build_object(" SQL_ITEM ")::jsonb || json_build_object("
    "'cache_write_tokens', r.cache_write_tokens, 'upstream_model', d.upstream_model, "
    "'upstream_request_id', d.upstream_request_id, 'client_request_id', d.client_request_id, "
    "'session', d.session, 'source', s.value, 'end_user', u.value, 'title', d.title, "
    "'referer', d.referer, 'user_agent', d.user_agent, 'client_ip', host(d.client_ip), "
    "'error_detail', d.error_detail, 'tags', coalesce(d.tags, '{}'), 'metadata', d.metadata, "
    "'params', d.params, 'cost_lines', " SQL_COST_LINES ", 'attempts_detail', " SQL_ATTEMPTS ", "
    "'steps', " SQL_STEPS ")::jsonb)::text from r "
    "left join lateral (select x.* from request_details x where x.organisation_id = $1 "
    "  and x.retention_days = r.retention_days and x.day = r.day and x.request_id = r.request_id limit 1) d on true "
    "left join labels s on s.organisation_id = r.organisation_id and s.label_id = r.source_id "
    "left join labels u on u.organisation_id = r.organisation_id "
    "  and u.label_id = r.end_user_id "
    "left join api_keys k on k.organisation_id = r.organisation_id "
    "  and k.api_key_id = r.api_key_id "
    "left join labels l on l.organisation_id = r.organisation_id "
    "  and l.label_id = r.requested_model_id " SQL_CALLED};

static struct uuid id_of(int64_t us, int rest)
{
    struct uuid id;
    int64_t ms = us / 1000;
    memset(id.b, rest, sizeof id.b);
    for (int i = 5; i >= 0; i--, ms >>= 8)
        id.b[i] = (uint8_t)(ms & 0xff);
    return id;
}

struct uuid request_least_id(int64_t us)
{
    return id_of(us, 0);
}

struct uuid request_greatest_id(int64_t us)
{
    return id_of(us, 0xff);
}

enum pg_err request_store_newest(struct pg *pg, struct uuid organisation, int64_t from_us,
                                 struct str known, int64_t limit, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_time_us(from_us), pgp_i64(limit),
                                 pgp_text(known), pgp_uuid(request_least_id(from_us))};
    return pg_run(pg, &newest_stmt, p, ARRAY_LEN(p), out);
}

struct request_facts request_store_facts(const struct pg_result *r, size_t row)
{
    return (struct request_facts){
        .id = pg_uuid(r, row, 1),
        .project = pg_uuid(r, row, 2),
        .api_key = pg_uuid(r, row, 3),
        .model = pg_str(r, row, 4),
        .provider = pg_str(r, row, 5),
        .status = pg_i64(r, row, 6),
        .outcome = pg_i64(r, row, 7),
        .cost_pico = pg_i64(r, row, 8),
        .duration_us = pg_i64(r, row, 9),
        .streamed = pg_bool(r, row, 10),
    };
}

static bool status_fits(enum request_status want, const struct request_facts *row)
{
    switch (want) {
    case STATUS_OK:
        return row->outcome == 0;
    case STATUS_ERROR:
        return row->outcome != 0;
    case STATUS_2XX:
        return row->status / 100 == 2;
    case STATUS_4XX:
        return row->status / 100 == 4;
    case STATUS_5XX:
        return row->status / 100 == 5;
    case STATUS_ANY:
        return true;
    }
    return false;
}

bool request_filter_fits(const struct request_filter *f, const struct request_facts *row)
{
    return (!f->by_project || uuid_eq(f->project, row->project)) &&
           (!f->by_api_key || uuid_eq(f->api_key, row->api_key)) &&
           (!f->model.p || str_eq(f->model, row->model)) &&
           (!f->provider.p || str_eq(f->provider, row->provider)) && status_fits(f->status, row) &&
           (f->outcome < 0 || f->outcome == row->outcome) &&
           (f->streamed < 0 || f->streamed == row->streamed) &&
           row->cost_pico >= f->min_cost_pico && row->duration_us >= f->min_us;
}

enum pg_err request_store_by_client_id(struct pg *pg, struct uuid organisation,
                                       struct str client_id, int64_t from_us, int64_t to_us,
                                       int64_t limit, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_text(client_id), pgp_time_us(from_us),
                                 pgp_time_us(to_us), pgp_i64(limit)};
    return pg_run(pg, &by_client_id_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err request_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                              struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id),
                                 pgp_time_us(uuid_v7_ms(id) * 1000)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}
