/* SQL of the request log. Any thread with a connection. Names are joined on small tables after the
 * page is cut.
 */
#include "control/store/request_store.h"

#include "control/store/sql.h"

#define SQL_OUTCOMES                                                                               \
    "(array['ok', 'client_error', 'gateway_error', 'upstream_error', 'client_gone', "              \
    "'interrupted'])[r.outcome + 1]"
#define SQL_FINISH                                                                                 \
    "(array['stop', 'length', 'tool_calls', 'content_filter', 'error', 'stop_sequence', "          \
    "'refusal', 'pause', 'context_full'])[r.finish_reason]"
/* Numbers of gateway/dialect/dialect.h, enum dialect_endpoint. */
#define SQL_ENDPOINT                                                                                \
    "coalesce((array['chat.completions', 'completions', 'responses', 'messages', "                  \
    "'generate_content', 'converse', 'embeddings', 'moderations', 'images.generations', 'rerank', " \
    "'audio.speech', 'audio.transcriptions', 'audio.translations', 'images.edits'])[r.endpoint], r.endpoint::text)"

/* Members of the API's request object. */
/* clang-format off */
#define SQL_ITEM \
    "'id', r.request_id, 'created_at', " SQL_TIME("r.created_at") ", 'project_id', " \
    "r.project_id, 'api_key', json_build_object('id', r.api_key_id, 'name', coalesce(k.name, " \
    "''),   'last4', coalesce(k.last4, '')), 'requested_model', l.value, 'model', m.slug, " \
    "'provider', p.slug, 'endpoint', " SQL_ENDPOINT ", 'status', r.status, 'outcome', " \
    SQL_OUTCOMES ", 'finish_reason', " SQL_FINISH ", 'streamed', r.streamed, 'estimated', " \
    "r.estimated, 'attempts', r.attempts, 'input_tokens', r.input_tokens, 'cached_tokens', " \
    "r.cached_tokens, 'output_tokens', r.output_tokens, 'reasoning_tokens', " \
    "r.reasoning_tokens, 'cost', " SQL_MONEY("r.cost") ", 'duration_ms', " \
    SQL_MS("r.duration_us") ", 'ttft_ms', " SQL_MS("r.ttft_us") ", 'overhead_us', " \
    "r.overhead_us, 'error', r.error"
/* clang-format on */

#define SQL_NAMES                                                                                  \
    "left join api_keys k on k.organisation_id = r.organisation_id "                               \
    "  and k.api_key_id = r.api_key_id "                                                           \
    "left join labels l on l.organisation_id = r.organisation_id "                                 \
    "  and l.label_id = r.requested_model_id " SQL_CALLED

/* The page's rows: of each project by its part of the index, then the newest of all. */
/* clang-format off */
#define SQL_PAGE \
    "(select x.* from projects j cross join lateral (select r.* from requests r " \
    "    where r.organisation_id = $1 and r.project_id = j.project_id " \
    "    and r.day between ($2::timestamptz at time zone 'UTC')::date " \
    "      and ($3::timestamptz at time zone 'UTC')::date " \
    "    and r.created_at >= $2 and r.created_at < $3 " \
    "    and ($5::timestamptz is null or (r.created_at, r.request_id) < ($5, $6::uuid)) " \
    "    and ($7::uuid is null or r.api_key_id = $7) " \
    "    and ($8::text is null or r.model_id = " SQL_ID_OF("model_id", "model_names", "$8", "$1") ") " \
    "    and ($9::text is null " \
    "      or r.provider_id = " SQL_ID_OF("provider_id", "provider_names", "$9", "$1") ") " \
    "    and case $10 when 'ok' then r.outcome = 0 when 'error' then r.outcome <> 0 " \
    "      when '2xx' then r.status / 100 = 2 when '4xx' then r.status / 100 = 4 " \
    "      when '5xx' then r.status / 100 = 5 else true end " \
    "    and ($11::integer is null or r.outcome = $11) " \
    "    and ($12::uuid is null or r.request_id between $12 and $13::uuid) " \
    "    and ($15::boolean is null or r.streamed = $15) " \
    "    and ($16::bigint is null or r.cost >= $16::numeric / 1000000000000) " \
    "    and ($17::bigint is null or r.duration_us >= $17) " \
    "    and ($18::text is null or r.end_user_id = (select label_id from labels " \
    "      where organisation_id = $1 and kind = 2 and value = $18)) " \
    "    and ($19::uuid[] is null or r.request_id = any($19)) " \
    "    order by r.created_at desc, r.request_id desc limit $14) x " \
    "  where j.organisation_id = $1 and ($4::uuid is null or j.project_id = $4) " \
    "  order by x.created_at desc, x.request_id desc limit $14) r "
/* clang-format on */

static const struct pg_stmt list_stmt = {
    "request.list",
    "select json_build_object(" SQL_ITEM
    ")::text, " SQL_US("r.created_at") ", r.request_id from " SQL_PAGE SQL_NAMES
                                       "order by r.created_at desc, r.request_id desc"};

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

static const struct pg_stmt export_stmt = {
    "request.export",
    "select r.request_id, " SQL_TIME(
        "r.created_at") ", o.name, coalesce(k.name, ''), l.value, m.slug, p.slug, " SQL_ENDPOINT
                        ", r.status, " SQL_OUTCOMES ", " SQL_FINISH
                        ", r.streamed::text, r.estimated::text, r.attempts, r.input_tokens, r.cached_tokens, "
                        "r.output_tokens, r.reasoning_tokens, " SQL_MONEY("r.cost") ", " SQL_MS("r.duration_us") ", " SQL_MS(
                            "r.ttft_us") ", r.overhead_us, r.error, u.value from " SQL_PAGE
                            SQL_NAMES "left join projects o on o.organisation_id = r.organisation_id "
                                         "  and o.project_id = r.project_id "
                                         "left join labels u on u.organisation_id = r.organisation_id "
                                         "  and u.label_id = r.end_user_id "
                                         "order by r.created_at desc, r.request_id desc"};

static const struct pg_stmt newest_stmt = {
    "request.newest",
    "select json_build_object(" SQL_ITEM
    ")::text, r.request_id, r.project_id, r.api_key_id, m.slug, "
    "p.slug, r.status, r.outcome, (r.cost * 1000000000000)::bigint, r.duration_us, r.streamed from "
    "(select x.* from projects j cross join lateral (select r.* from requests r "
    "    where r.organisation_id = $1 and r.project_id = j.project_id "
    "    and r.day >= ($2::timestamptz at time zone 'UTC')::date "
    "    and r.day <= (now() at time zone 'UTC')::date + 1 and r.created_at >= $2 "
    "    order by r.created_at desc, r.request_id desc limit $3) x "
    "  where j.organisation_id = $1 "
    "  order by x.created_at desc, x.request_id desc limit $3) r " SQL_NAMES
    "where r.request_id <> all($4::uuid[]) order by r.created_at, r.request_id"};

static const struct pg_stmt by_client_id_stmt = {
    "request.by_client_id",
    "select d.request_id, " SQL_US(
        "r.created_at") " from request_details d "
                        "join requests r using (organisation_id, retention_days, day, request_id) "
                        "where d.organisation_id = $1 and d.client_request_id = $2 "
                        "order by d.request_id desc limit 50"};

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
    "select (json_build_object(" SQL_ITEM ")::jsonb || json_build_object("
    "'cache_write_tokens', r.cache_write_tokens, 'upstream_model', d.upstream_model, "
    "'upstream_request_id', d.upstream_request_id, 'client_request_id', d.client_request_id, "
    "'session', d.session, 'source', s.value, 'end_user', u.value, 'title', d.title, "
    "'referer', d.referer, 'user_agent', d.user_agent, 'client_ip', host(d.client_ip), "
    "'error_detail', d.error_detail, 'tags', coalesce(d.tags, '{}'), 'metadata', d.metadata, "
    "'params', d.params, 'cost_lines', " SQL_COST_LINES ", 'attempts_detail', " SQL_ATTEMPTS ", "
    "'steps', " SQL_STEPS ")::jsonb)::text from requests r "
    "left join request_details d using (organisation_id, retention_days, day, request_id) "
    "left join labels s on s.organisation_id = r.organisation_id and s.label_id = r.source_id "
    "left join labels u on u.organisation_id = r.organisation_id "
    "  and u.label_id = r.end_user_id " SQL_NAMES
    "where r.organisation_id = $1 and r.request_id = $2 "
    "and r.day = ($3::timestamptz at time zone 'UTC')::date"};

static const char *const status_words[] = {"ok", "error", "2xx", "4xx", "5xx", "any"};
static_assert(ARRAY_LEN(status_words) == STATUS_ANY + 1, "one word per status");

static enum pg_err run_page(struct pg *pg, const struct pg_stmt *st, const struct request_filter *f,
                            struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(f->organisation),
        pgp_time_us(f->from_us),
        pgp_time_us(f->to_us),
        f->by_project ? pgp_uuid(f->project) : pgp_null(),
        PLACE_PARAMS(f->after),
        f->by_api_key ? pgp_uuid(f->api_key) : pgp_null(),
        f->model.p ? pgp_text(f->model) : pgp_null(),
        f->provider.p ? pgp_text(f->provider) : pgp_null(),
        pgp_cstr(status_words[f->status]),
        f->outcome >= 0 ? pgp_i64(f->outcome) : pgp_null(),
        f->by_id ? pgp_uuid(f->id_low) : pgp_null(),
        f->by_id ? pgp_uuid(f->id_high) : pgp_null(),
        pgp_i64(f->limit),
        f->streamed >= 0 ? pgp_bool(f->streamed) : pgp_null(),
        f->min_cost_pico ? pgp_i64(f->min_cost_pico) : pgp_null(),
        f->min_us ? pgp_i64(f->min_us) : pgp_null(),
        f->end_user.p ? pgp_text(f->end_user) : pgp_null(),
        f->ids.p ? pgp_text(f->ids) : pgp_null(),
    };
    return pg_run(pg, st, p, ARRAY_LEN(p), out);
}

enum pg_err request_store_list(struct pg *pg, const struct request_filter *f,
                               struct pg_result **out)
{
    return run_page(pg, &list_stmt, f, out);
}

enum pg_err request_store_export(struct pg *pg, const struct request_filter *f,
                                 struct pg_result **out)
{
    return run_page(pg, &export_stmt, f, out);
}

enum pg_err request_store_newest(struct pg *pg, struct uuid organisation, int64_t from_us,
                                 struct str known, int64_t limit, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_time_us(from_us), pgp_i64(limit),
                                 pgp_text(known)};
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
                                       struct str client_id, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_text(client_id)};
    return pg_run(pg, &by_client_id_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err request_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                              struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id),
                                 pgp_time_us(uuid_v7_ms(id) * 1000)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}
