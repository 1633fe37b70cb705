/* The SQL of gateways and watermarks. Arrays are written as text; they hold numbers and ids only.
 */
#include "gateway/store/gateway_store.h"

#include <inttypes.h>

#include "common/buf.h"

enum { ARRAY_MAX_BYTES = 16 << 20 };

static const struct pg_stmt seen_stmt = {
    "gateway_seen",
    "insert into gateways (gateway_id, host, version) values ($1, $2, $3)"
    " on conflict (gateway_id) do update set host = excluded.host, version = excluded.version,"
    " last_seen = now()"};

static const struct pg_stmt advance_stmt = {
    "gateway_advance",
    "insert into ledger_watermarks (gateway_id, run_id, segment, position)"
    " select $1, m.run_id, m.segment, m.position"
    " from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as m (run_id, segment, position)"
    " on conflict (gateway_id, run_id, segment) do update set updated_at = now(),"
    " position = greatest(ledger_watermarks.position, excluded.position)"};

static const struct pg_stmt watermarks_stmt = {
    "gateway_watermarks",
    "select run_id, segment, position from ledger_watermarks where gateway_id = $1"};

static const struct pg_stmt forget_stmt = {
    "gateway_forget", "delete from ledger_watermarks where gateway_id = $1 and run_id = $2"
                      " and segment = any($3::bigint[])"};

static const struct pg_stmt forget_runs_stmt = {
    "gateway_forget_runs", "delete from ledger_watermarks where gateway_id = $1 and run_id <> $2"};

enum pg_err gateway_store_seen(struct pg *pg, struct uuid gateway_id, struct str host,
                               struct str version)
{
    const struct pg_param params[] = {pgp_uuid(gateway_id), pgp_text(host), pgp_text(version)};
    return pg_run(pg, &seen_stmt, params, ARRAY_LEN(params), NULL);
}

enum pg_err gateway_store_advance(struct pg *pg, struct uuid gateway_id,
                                  const struct watermark *marks, size_t n)
{
    struct buf runs, segments, positions;
    if (n == 0)
        return PG_OK;
    buf_init(&runs, ARRAY_MAX_BYTES);
    buf_init(&segments, ARRAY_MAX_BYTES);
    buf_init(&positions, ARRAY_MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        char run[UUID_TEXT_LEN + 1];
        char before = i == 0 ? '{' : ',';
        uuid_format(marks[i].run_id, run);
        (void)buf_printf(&runs, "%c%s", before, run);
        (void)buf_printf(&segments, "%c%" PRId64, before, marks[i].segment);
        (void)buf_printf(&positions, "%c%" PRId64, before, marks[i].position);
    }
    (void)buf_add_char(&runs, '}');
    (void)buf_add_char(&segments, '}');
    (void)buf_add_char(&positions, '}');
    ASSERT(!runs.failed && !segments.failed && !positions.failed);
    const struct pg_param params[] = {pgp_uuid(gateway_id), pgp_text(buf_str(&runs)),
                                      pgp_text(buf_str(&segments)), pgp_text(buf_str(&positions))};
    enum pg_err err = pg_run(pg, &advance_stmt, params, ARRAY_LEN(params), NULL);
    buf_fini(&runs);
    buf_fini(&segments);
    buf_fini(&positions);
    return err;
}

enum pg_err gateway_store_watermarks(struct pg *pg, struct uuid gateway_id, struct pg_result **out)
{
    const struct pg_param params[] = {pgp_uuid(gateway_id)};
    return pg_run(pg, &watermarks_stmt, params, ARRAY_LEN(params), out);
}

enum pg_err gateway_store_forget(struct pg *pg, struct uuid gateway_id, struct uuid run_id,
                                 const uint64_t *segments, size_t n)
{
    struct buf list;
    if (n == 0)
        return PG_OK;
    buf_init(&list, ARRAY_MAX_BYTES);
    for (size_t i = 0; i < n; i++)
        (void)buf_printf(&list, "%c%" PRIu64, i == 0 ? '{' : ',', segments[i]);
    (void)buf_add_char(&list, '}');
    ASSERT(!list.failed);
    const struct pg_param params[] = {pgp_uuid(gateway_id), pgp_uuid(run_id),
                                      pgp_text(buf_str(&list))};
    enum pg_err err = pg_run(pg, &forget_stmt, params, ARRAY_LEN(params), NULL);
    buf_fini(&list);
    return err;
}

enum pg_err gateway_store_forget_runs(struct pg *pg, struct uuid gateway_id, struct uuid run_id)
{
    const struct pg_param params[] = {pgp_uuid(gateway_id), pgp_uuid(run_id)};
    return pg_run(pg, &forget_runs_stmt, params, ARRAY_LEN(params), NULL);
}
