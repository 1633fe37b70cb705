/* The request log's SQL. Rows go by COPY into a temporary table and from there into the log, since
 * COPY itself cannot skip rows that exist.
 */
#include "gateway/store/request_store.h"

#include <arpa/inet.h>

#include "common/clock.h"
#include "gateway/store/copy_text.h"

enum { STAGE_MAX_BYTES = 256 << 20 };

/* Both tables' columns; `create ... as ... with no data` takes the types from them. */
static const char stage_sql[] =
    "create temp table if not exists ledger_stage on commit delete rows as"
    " select r.organisation_id, r.retention_days, r.day, r.request_id, r.created_at, r.project_id,"
    " r.api_key_id, r.user_id, r.provider_key_id, r.provider_id, r.model_id, r.offer_id,"
    " r.requested_model_id, r.source_id, r.end_user_id, r.endpoint, r.status, r.outcome,"
    " r.finish_reason, r.attempts as n_attempts, r.streamed, r.estimated, r.input_tokens,"
    " r.cached_tokens, r.cache_write_tokens, r.output_tokens, r.reasoning_tokens, r.cost,"
    " r.duration_us, r.ttft_us, r.overhead_us, r.error, d.upstream_model, d.upstream_request_id,"
    " d.client_request_id, d.session, d.title, d.referer, d.user_agent, d.client_ip,"
    " d.error_detail, d.tags, d.metadata, d.params, d.cost_lines, d.attempts, d.steps"
    " from requests r cross join request_details d with no data";

static const struct pg_stmt ensure_stmt = {
    "request_ensure_days",
    "select ensure_request_partitions(($1::timestamptz at time zone 'UTC')::date, $2::integer)"};

static const struct pg_stmt insert_stmt = {
    "request_insert",
    "insert into requests (organisation_id, retention_days, day, request_id, created_at, "
    "project_id,"
    " api_key_id, user_id, provider_key_id, provider_id, model_id, offer_id, requested_model_id,"
    " source_id, end_user_id, session_hash, endpoint, status, outcome, finish_reason, attempts,"
    " streamed, estimated, input_tokens, cached_tokens, cache_write_tokens, output_tokens,"
    " reasoning_tokens, cost, duration_us, ttft_us, overhead_us, error)"
    " select organisation_id, retention_days, day, request_id, created_at, project_id,"
    " api_key_id, user_id, provider_key_id, provider_id, model_id, offer_id, requested_model_id,"
    " source_id, end_user_id, session_hash(session), endpoint, status, outcome, finish_reason,"
    " n_attempts, streamed, estimated, input_tokens, cached_tokens, cache_write_tokens,"
    " output_tokens, reasoning_tokens, cost, duration_us, ttft_us, overhead_us, error"
    " from ledger_stage on conflict do nothing returning request_id"};

static const struct pg_stmt details_stmt = {
    "request_insert_details",
    "insert into request_details (organisation_id, retention_days, day, request_id, upstream_model,"
    " upstream_request_id, client_request_id, session, title, referer, user_agent, client_ip,"
    " error_detail, tags, metadata, params, cost_lines, attempts, steps)"
    " select organisation_id, retention_days, day, request_id, upstream_model,"
    " upstream_request_id, client_request_id, session, title, referer, user_agent, client_ip,"
    " error_detail, tags, metadata, params, cost_lines, attempts, steps"
    " from ledger_stage on conflict do nothing"};

enum pg_err request_store_prepare(struct pg *pg)
{
    return pg_exec(pg, stage_sql, NULL);
}

enum pg_err request_store_ensure_days(struct pg *pg, int64_t wall_us, int64_t days)
{
    const struct pg_param params[] = {pgp_time_us(wall_us), pgp_i64(days)};
    return pg_run(pg, &ensure_stmt, params, ARRAY_LEN(params), NULL);
}

static void copy_day(struct buf *b, int64_t wall_us)
{
    char text[25];
    clock_format_iso(wall_us, text);
    copy_text(b, str_make(text, 10));
}

static void copy_some_uuid(struct buf *b, struct uuid u)
{
    if (uuid_is_zero(u))
        copy_null(b);
    else
        copy_uuid(b, u);
}

static void copy_address(struct buf *b, const uint8_t ip[16])
{
    static const uint8_t none[16];
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char text[INET6_ADDRSTRLEN];
    if (memcmp(ip, none, sizeof none) == 0) {
        copy_null(b);
        return;
    }
    if (memcmp(ip, mapped, sizeof mapped) == 0) {
        copy_ipv4(b, ip + 12);
        return;
    }
    inet_ntop(AF_INET6, ip, text, sizeof text);
    copy_text(b, str_of(text));
}

static void copy_log_columns(struct buf *b, const struct request_row *r)
{
    copy_uuid(b, r->organisation_id);
    copy_i64(b, r->retention_days);
    copy_day(b, r->created_us);
    copy_uuid(b, r->request_id);
    copy_time(b, r->created_us);
    copy_uuid(b, r->project_id);
    copy_uuid(b, r->api_key_id);
    copy_uuid(b, r->user_id);
    copy_some_uuid(b, r->provider_key_id);
    copy_id(b, r->provider_id);
    copy_id(b, r->model_id);
    copy_id(b, r->offer_id);
    copy_id(b, r->requested_model_id);
    copy_id(b, r->source_id);
    copy_id(b, r->end_user_id);
    copy_i64(b, r->endpoint);
    copy_i64(b, r->status);
    copy_i64(b, r->outcome);
    copy_i64(b, r->finish_reason);
    copy_i64(b, r->n_attempts);
    copy_bool(b, r->streamed);
    copy_bool(b, r->estimated);
    copy_i64(b, r->input_tokens);
    copy_i64(b, r->cached_tokens);
    copy_i64(b, r->cache_write_tokens);
    copy_i64(b, r->output_tokens);
    copy_i64(b, r->reasoning_tokens);
    copy_money(b, r->cost_pico);
    copy_i64(b, r->duration_us);
    if (r->ttft_us < 0)
        copy_null(b);
    else
        copy_i64(b, r->ttft_us);
    copy_i64(b, r->overhead_us);
    copy_some_text(b, r->error);
}

static void copy_detail_columns(struct buf *b, const struct request_row *r)
{
    copy_some_text(b, r->upstream_model);
    copy_some_text(b, r->upstream_request_id);
    copy_some_text(b, r->client_request_id);
    copy_some_text(b, r->session);
    copy_some_text(b, r->title);
    copy_some_text(b, r->referer);
    copy_some_text(b, r->user_agent);
    copy_address(b, r->client_ip);
    copy_some_text(b, r->error_detail);
    copy_texts(b, r->tag, r->n_tags);
    copy_some_text(b, r->metadata);
    copy_some_text(b, r->params);
    copy_text(b, r->cost_lines);
    copy_text(b, r->attempts);
    copy_text(b, r->steps);
    copy_end_row(b);
}

enum pg_err request_store_insert(struct pg *pg, const struct request_row *const *rows, size_t n,
                                 struct pg_result **inserted)
{
    struct buf b;
    *inserted = NULL;
    buf_init(&b, STAGE_MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        copy_log_columns(&b, rows[i]);
        copy_detail_columns(&b, rows[i]);
    }
    enum pg_err err = copy_send(pg, "copy ledger_stage from stdin", &b);
    buf_fini(&b);
    if (err == PG_OK)
        err = pg_run(pg, &insert_stmt, NULL, 0, inserted);
    if (err == PG_OK)
        err = pg_run(pg, &details_stmt, NULL, 0, NULL);
    if (err != PG_OK) {
        pg_result_free(*inserted);
        *inserted = NULL;
    }
    return err;
}
