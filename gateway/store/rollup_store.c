/* The sums' SQL: each batch's sums go by COPY into a temporary table shaped like the real one, and
 * from there are added, ordered by key.
 */
#include "gateway/store/rollup_store.h"

#include "gateway/store/copy_text.h"

enum { STAGE_MAX_BYTES = 256 << 20 };

static const char stage_sql[] =
    "create temp table if not exists usage_stage (like rollup_usage) on commit delete rows;"
    "create temp table if not exists tag_stage (like rollup_tags) on commit delete rows;"
    "create temp table if not exists end_user_stage (like rollup_end_users) on commit delete rows;"
    "create temp table if not exists source_stage (like rollup_sources) on commit delete rows;"
    "create temp table if not exists provider_key_stage (like rollup_provider_keys)"
    " on commit delete rows;"
    "create temp table if not exists spend_stage (like spend_windows) on commit delete rows";

static const char usage_copy[] =
    "copy usage_stage (organisation_id, grain, project_id, api_key_id, user_id, model_id,"
    " provider_id, requests, ok, client_errors, gateway_errors, upstream_errors, client_gone,"
    " interrupted, streamed, input_tokens, cached_tokens, cache_write_tokens, output_tokens,"
    " reasoning_tokens, cost, duration_us, overhead_us, duration_hist, ttft_hist) from stdin";

static const struct pg_stmt usage_stmt = {
    "rollup_add_usage",
    "insert into rollup_usage as t select * from usage_stage order by organisation_id, grain,"
    " project_id, api_key_id, user_id, model_id, provider_id"
    " on conflict (organisation_id, grain, project_id, api_key_id, user_id, model_id, provider_id)"
    " do update set"
    " requests = t.requests + excluded.requests,"
    " ok = t.ok + excluded.ok,"
    " client_errors = t.client_errors + excluded.client_errors,"
    " gateway_errors = t.gateway_errors + excluded.gateway_errors,"
    " upstream_errors = t.upstream_errors + excluded.upstream_errors,"
    " client_gone = t.client_gone + excluded.client_gone,"
    " interrupted = t.interrupted + excluded.interrupted,"
    " streamed = t.streamed + excluded.streamed,"
    " input_tokens = t.input_tokens + excluded.input_tokens,"
    " cached_tokens = t.cached_tokens + excluded.cached_tokens,"
    " cache_write_tokens = t.cache_write_tokens + excluded.cache_write_tokens,"
    " output_tokens = t.output_tokens + excluded.output_tokens,"
    " reasoning_tokens = t.reasoning_tokens + excluded.reasoning_tokens,"
    " cost = t.cost + excluded.cost,"
    " duration_us = t.duration_us + excluded.duration_us,"
    " overhead_us = t.overhead_us + excluded.overhead_us,"
    " duration_hist = histogram_add(t.duration_hist, excluded.duration_hist),"
    " ttft_hist = histogram_add(t.ttft_hist, excluded.ttft_hist)"};

#define LABEL_COLUMNS                                                                              \
    "(organisation_id, grain, project_id, label_id, requests, errors, input_tokens, "              \
    "output_tokens, cost)"
#define LABEL_ADD                                                                                  \
    " order by organisation_id, grain, project_id, label_id"                                       \
    " on conflict (organisation_id, grain, project_id, label_id) do update set"                    \
    " requests = t.requests + excluded.requests, errors = t.errors + excluded.errors,"             \
    " input_tokens = t.input_tokens + excluded.input_tokens,"                                      \
    " output_tokens = t.output_tokens + excluded.output_tokens, cost = t.cost + excluded.cost"

static const struct pg_stmt tags_stmt = {
    "rollup_add_tags", "insert into rollup_tags as t select * from tag_stage" LABEL_ADD};
static const struct pg_stmt end_users_stmt = {
    "rollup_add_end_users",
    "insert into rollup_end_users as t select * from end_user_stage" LABEL_ADD};
static const struct pg_stmt sources_stmt = {
    "rollup_add_sources", "insert into rollup_sources as t select * from source_stage" LABEL_ADD};

static const struct pg_stmt provider_keys_stmt = {
    "rollup_add_provider_keys",
    "insert into rollup_provider_keys as t (organisation_id, provider_key_id, grain, provider_id,"
    " attempts, ok, refused, rate_limited, failed, cost, last_ok_at, last_refused_at,"
    " last_refused_status, last_limited_at)"
    " select coalesce(o.organisation_id, s.organisation_id), s.provider_key_id, s.grain,"
    " max(s.provider_id), sum(s.attempts), sum(s.ok), sum(s.refused), sum(s.rate_limited),"
    " sum(s.failed), sum(s.cost), max(s.last_ok_at), max(s.last_refused_at),"
    " (array_agg(s.last_refused_status order by s.last_refused_at desc nulls last))[1],"
    " max(s.last_limited_at) from provider_key_stage s left join organisations o"
    " on o.is_operator and s.organisation_id = '00000000-0000-0000-0000-000000000000'"
    " group by 1, 2, 3 order by 1, 2, 3"
    " on conflict (organisation_id, provider_key_id, grain) do update set"
    " attempts = t.attempts + excluded.attempts, ok = t.ok + excluded.ok,"
    " refused = t.refused + excluded.refused,"
    " rate_limited = t.rate_limited + excluded.rate_limited,"
    " failed = t.failed + excluded.failed, cost = t.cost + excluded.cost,"
    " last_ok_at = greatest(t.last_ok_at, excluded.last_ok_at),"
    " last_refused_status = case when excluded.last_refused_at >= t.last_refused_at"
    " or t.last_refused_at is null then excluded.last_refused_status"
    " else t.last_refused_status end,"
    " last_refused_at = greatest(t.last_refused_at, excluded.last_refused_at),"
    " last_limited_at = greatest(t.last_limited_at, excluded.last_limited_at)"};

static const struct pg_stmt spend_stmt = {
    "rollup_add_spend",
    "insert into spend_windows as t select * from spend_stage"
    " order by organisation_id, scope, scope_id, window_kind, window_start"
    " on conflict (organisation_id, scope, scope_id, window_kind, window_start) do update set"
    " requests = t.requests + excluded.requests, tokens = t.tokens + excluded.tokens,"
    " cost = t.cost + excluded.cost, last_at = greatest(t.last_at, excluded.last_at)"};

#define LOCK(what)                                                                                 \
    "select pg_advisory_xact_lock(hashtextextended('doteb." what "/' || $1 || '/' || $2, 0))"
#define LABELS_OF_DAY(table)                                                                       \
    "select distinct label_id from " table " where organisation_id = $1 and label_id <> 0"         \
    " and grain >= $2::timestamptz and grain < $2::timestamptz + interval '1 day'"

static const struct {
    struct pg_stmt lock, list;
} capped_stmts[] = {
    [CAPPED_END_USERS] = {{"rollup_lock_end_users", LOCK("end_users")},
                          {"rollup_end_user_labels", LABELS_OF_DAY("rollup_end_users")}},
    [CAPPED_SOURCES] = {{"rollup_lock_sources", LOCK("sources")},
                        {"rollup_source_labels", LABELS_OF_DAY("rollup_sources")}},
};
static_assert(ARRAY_LEN(capped_stmts) == CAPPED, "statements for each");

enum pg_err rollup_store_prepare(struct pg *pg)
{
    return pg_exec(pg, stage_sql, NULL);
}

static enum pg_err send(struct pg *pg, const char *copy, struct buf *b, const struct pg_stmt *add)
{
    enum pg_err err = copy_send(pg, copy, b);
    buf_fini(b);
    return err == PG_OK ? pg_run(pg, add, NULL, 0, NULL) : err;
}

/* Trailing empty buckets are left out. */
static void copy_histogram(struct buf *b, const int64_t *hist)
{
    size_t n = HISTOGRAM_BUCKETS;
    while (n > 0 && hist[n - 1] == 0)
        n--;
    copy_i64s(b, hist, n);
}

enum pg_err rollup_store_add_usage(struct pg *pg, const struct usage_sum *s, size_t n)
{
    struct buf b;
    if (n == 0)
        return PG_OK;
    buf_init(&b, STAGE_MAX_BYTES);
    for (; n > 0; n--, s++) {
        copy_uuid(&b, s->key.organisation_id);
        copy_time(&b, s->key.grain_us);
        copy_uuid(&b, s->key.project_id);
        copy_uuid(&b, s->key.api_key_id);
        copy_uuid(&b, s->key.user_id);
        copy_i64(&b, s->key.model_id);
        copy_i64(&b, s->key.provider_id);
        copy_i64(&b, s->requests);
        for (size_t i = 0; i < OUTCOMES; i++)
            copy_i64(&b, s->by_outcome[i]);
        copy_i64(&b, s->streamed);
        copy_i64(&b, s->input_tokens);
        copy_i64(&b, s->cached_tokens);
        copy_i64(&b, s->cache_write_tokens);
        copy_i64(&b, s->output_tokens);
        copy_i64(&b, s->reasoning_tokens);
        copy_money(&b, s->cost_pico);
        copy_i64(&b, s->duration_us);
        copy_i64(&b, s->overhead_us);
        copy_histogram(&b, s->duration_hist);
        copy_histogram(&b, s->ttft_hist);
        copy_end_row(&b);
    }
    return send(pg, usage_copy, &b, &usage_stmt);
}

static enum pg_err add_labels(struct pg *pg, const struct label_sum *s, size_t n, const char *copy,
                              const struct pg_stmt *add)
{
    struct buf b;
    if (n == 0)
        return PG_OK;
    buf_init(&b, STAGE_MAX_BYTES);
    for (; n > 0; n--, s++) {
        copy_uuid(&b, s->key.organisation_id);
        copy_time(&b, s->key.grain_us);
        copy_uuid(&b, s->key.project_id);
        copy_i64(&b, s->key.label_id);
        copy_i64(&b, s->requests);
        copy_i64(&b, s->errors);
        copy_i64(&b, s->input_tokens);
        copy_i64(&b, s->output_tokens);
        copy_money(&b, s->cost_pico);
        copy_end_row(&b);
    }
    return send(pg, copy, &b, add);
}

enum pg_err rollup_store_add_tags(struct pg *pg, const struct label_sum *s, size_t n)
{
    return add_labels(pg, s, n, "copy tag_stage " LABEL_COLUMNS " from stdin", &tags_stmt);
}

enum pg_err rollup_store_add_end_users(struct pg *pg, const struct label_sum *s, size_t n)
{
    return add_labels(pg, s, n, "copy end_user_stage " LABEL_COLUMNS " from stdin",
                      &end_users_stmt);
}

enum pg_err rollup_store_add_sources(struct pg *pg, const struct label_sum *s, size_t n)
{
    return add_labels(pg, s, n, "copy source_stage " LABEL_COLUMNS " from stdin", &sources_stmt);
}

static void copy_time_or_null(struct buf *b, int64_t us)
{
    if (us)
        copy_time(b, us);
    else
        copy_null(b);
}

enum pg_err rollup_store_add_provider_keys(struct pg *pg, const struct provider_key_sum *s,
                                           size_t n)
{
    struct buf b;
    if (n == 0)
        return PG_OK;
    buf_init(&b, STAGE_MAX_BYTES);
    for (; n > 0; n--, s++) {
        copy_uuid(&b, s->key.organisation_id);
        copy_uuid(&b, s->key.provider_key_id);
        copy_time(&b, s->key.grain_us);
        copy_i64(&b, s->provider_id);
        copy_i64(&b, s->attempts);
        copy_i64(&b, s->ok);
        copy_i64(&b, s->refused);
        copy_i64(&b, s->rate_limited);
        copy_i64(&b, s->failed);
        copy_money(&b, s->cost_pico);
        copy_time_or_null(&b, s->last_ok_us);
        copy_time_or_null(&b, s->last_refused_us);
        if (s->last_refused_status)
            copy_i64(&b, s->last_refused_status);
        else
            copy_null(&b);
        copy_time_or_null(&b, s->last_limited_us);
        copy_end_row(&b);
    }
    return send(pg,
                "copy provider_key_stage (organisation_id, provider_key_id, grain, provider_id,"
                " attempts, ok, refused, rate_limited, failed, cost, last_ok_at, last_refused_at,"
                " last_refused_status, last_limited_at) from stdin",
                &b, &provider_keys_stmt);
}

enum pg_err rollup_store_add_spend(struct pg *pg, const struct spend_sum *s, size_t n)
{
    struct buf b;
    if (n == 0)
        return PG_OK;
    buf_init(&b, STAGE_MAX_BYTES);
    for (; n > 0; n--, s++) {
        copy_uuid(&b, s->key.organisation_id);
        copy_i64(&b, s->key.scope);
        copy_uuid(&b, s->key.scope_id);
        copy_i64(&b, s->key.window);
        copy_time(&b, s->key.start_us);
        copy_i64(&b, s->requests);
        copy_i64(&b, s->tokens);
        copy_money(&b, s->cost_pico);
        copy_time(&b, s->last_us);
        copy_end_row(&b);
    }
    return send(pg,
                "copy spend_stage (organisation_id, scope, scope_id, window_kind, window_start,"
                " requests, tokens, cost, last_at) from stdin",
                &b, &spend_stmt);
}

enum pg_err rollup_store_lock_labels(struct pg *pg, struct uuid organisation_id, int64_t day_us,
                                     enum capped kind, struct pg_result **labels)
{
    char day[32];
    struct buf b;
    *labels = NULL;
    buf_init(&b, sizeof day);
    (void)buf_add_i64(&b, day_us);
    memcpy(day, b.p, b.len);
    const struct pg_param lock[] = {pgp_uuid(organisation_id), pgp_text(str_make(day, b.len))};
    const struct pg_param list[] = {pgp_uuid(organisation_id), pgp_time_us(day_us)};
    enum pg_err err = pg_run(pg, &capped_stmts[kind].lock, lock, ARRAY_LEN(lock), NULL);
    buf_fini(&b);
    return err == PG_OK ? pg_run(pg, &capped_stmts[kind].list, list, ARRAY_LEN(list), labels) : err;
}
