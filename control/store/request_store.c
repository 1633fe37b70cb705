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
    "  and l.label_id = r.requested_model_id "                                                     \
    "left join models m on m.model_id = r.model_id "                                               \
    "left join providers p on p.provider_id = r.provider_id "

static const struct pg_stmt list_stmt = {
    "request.list",
    "select json_build_object(" SQL_ITEM ")::text, " SQL_US(
        "r.created_at") ", r.request_id "
                        "from (select x.* from projects j cross join lateral (select r.* from "
                        "requests r "
                        "    where r.organisation_id = $1 and r.project_id = j.project_id "
                        "    and r.day between ($2::timestamptz at time zone 'UTC')::date "
                        "      and ($3::timestamptz at time zone 'UTC')::date "
                        "    and r.created_at >= $2 and r.created_at < $3 "
                        "    and ($5::timestamptz is null or (r.created_at, r.request_id) < ($5, "
                        "$6::uuid)) "
                        "    and ($7::uuid is null or r.api_key_id = $7) "
                        "    and ($8::text is null or r.model_id = (select model_id from models "
                        "where slug = $8)) "
                        "    and ($9::text is null "
                        "      or r.provider_id = (select provider_id from providers where slug = "
                        "$9)) "
                        "    and case $10 when 'ok' then r.outcome = 0 when 'error' then r.outcome "
                        "<> 0 "
                        "      when '2xx' then r.status / 100 = 2 when '4xx' then r.status / 100 = "
                        "4 "
                        "      when '5xx' then r.status / 100 = 5 else true end "
                        "    and ($11::integer is null or r.outcome = $11) "
                        "    and ($12::uuid is null or r.request_id between $12 and $13::uuid) "
                        "    order by r.created_at desc, r.request_id desc limit $14) x "
                        "  where j.organisation_id = $1 and ($4::uuid is null or j.project_id = "
                        "$4) "
                        "  order by x.created_at desc, x.request_id desc limit $14) r " SQL_NAMES
                        "order by r.created_at desc, r.request_id desc"};

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
    "coalesce((select json_agg(json_build_object(  'provider', (select slug from providers " \
    "where provider_id = (a ->> 'provider_id')::int),   'model', (select provider_model from " \
    "offers where offer_id = (a ->> 'offer_id')::int),   'status', nullif((a ->> " \
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

enum pg_err request_store_list(struct pg *pg, const struct request_filter *f,
                               struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(f->organisation),
        pgp_time_us(f->from_us),
        pgp_time_us(f->to_us),
        f->by_project ? pgp_uuid(f->project) : pgp_null(),
        f->after ? pgp_time_us(f->after_us) : pgp_null(),
        f->after ? pgp_uuid(f->after_id) : pgp_null(),
        f->by_api_key ? pgp_uuid(f->api_key) : pgp_null(),
        f->model.p ? pgp_text(f->model) : pgp_null(),
        f->provider.p ? pgp_text(f->provider) : pgp_null(),
        pgp_cstr(status_words[f->status]),
        f->outcome >= 0 ? pgp_i64(f->outcome) : pgp_null(),
        f->by_id ? pgp_uuid(f->id_low) : pgp_null(),
        f->by_id ? pgp_uuid(f->id_high) : pgp_null(),
        pgp_i64(f->limit),
    };
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err request_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                              struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id),
                                 pgp_time_us(uuid_v7_ms(id) * 1000)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}
