/* The labels' SQL. Labels are made before the transaction that uses them, so that a transaction
 * that fails leaves no id behind that exists nowhere; one that nobody uses does no harm.
 */
#include "gateway/store/label_store.h"

#include "gateway/store/copy_text.h"

enum { STAGE_MAX_BYTES = 64 << 20 };

static const char stage_sql[] =
    "create temp table if not exists label_stage (n integer, organisation_id uuid, kind smallint,"
    " value text) on commit delete rows";

static const struct pg_stmt make_stmt = {
    "label_make",
    "insert into labels (organisation_id, kind, value)"
    " select distinct s.organisation_id, s.kind, s.value from label_stage s"
    " where exists (select from organisations o where o.organisation_id = s.organisation_id)"
    " and not exists (select from labels l where l.organisation_id = s.organisation_id"
    "  and l.kind = s.kind and l.value = s.value)"
    " order by 1, 2, 3 on conflict do nothing"};

/* A subquery, not a join: always the unique index, whatever the planner thinks of the stage. */
static const struct pg_stmt find_stmt = {
    "label_find",
    "select s.n, (select l.label_id from labels l where l.organisation_id = s.organisation_id"
    " and l.kind = s.kind and l.value = s.value) from label_stage s"};

enum pg_err label_store_prepare(struct pg *pg)
{
    return pg_exec(pg, stage_sql, NULL);
}

static enum pg_err stage(struct pg *pg, const struct label_want *wants, size_t n)
{
    struct buf b;
    buf_init(&b, STAGE_MAX_BYTES);
    for (size_t i = 0; i < n; i++) {
        copy_i64(&b, (int64_t)i);
        copy_uuid(&b, wants[i].organisation_id);
        copy_i64(&b, wants[i].kind);
        copy_text(&b, wants[i].value);
        copy_end_row(&b);
    }
    enum pg_err err = copy_send(pg, "copy label_stage from stdin", &b);
    buf_fini(&b);
    return err;
}

enum pg_err label_store_resolve(struct pg *pg, struct label_want *wants, size_t n)
{
    struct pg_result *r = NULL;
    if (n == 0)
        return PG_OK;
    enum pg_err err = pg_begin(pg);
    if (err == PG_OK)
        err = stage(pg, wants, n);
    if (err == PG_OK)
        err = pg_run(pg, &make_stmt, NULL, 0, NULL);
    if (err == PG_OK)
        err = pg_run(pg, &find_stmt, NULL, 0, &r);
    if (err == PG_OK)
        err = pg_commit(pg);
    if (err != PG_OK)
        pg_rollback(pg);
    for (size_t i = 0; err == PG_OK && i < pg_rows(r); i++) {
        int64_t at = pg_i64(r, i, 0);
        ASSERT(at >= 0 && (size_t)at < n);
        wants[at].label_id = pg_is_null(r, i, 1) ? 0 : pg_i64(r, i, 1);
    }
    pg_result_free(r);
    return err;
}
