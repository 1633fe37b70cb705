/* SQL of housekeeping. The retention thread and `migrate`. */
#include "control/store/housekeeping_store.h"

static const struct pg_stmt partitions_stmt = {
    "housekeeping.partitions",
    "select ensure_request_partitions((now() at time zone 'UTC')::date - 1, 9), "
    "ensure_response_partitions((now() at time zone 'UTC')::date - 1, 9)"};
static const struct pg_stmt drop_stmt = {
    "housekeeping.drop",
    "select drop_expired_request_partitions() + drop_expired_response_partitions()"};
static const struct pg_stmt purge_changes_stmt = {
    "housekeeping.purge_changes",
    "delete from config_changes where changed_at < now() - interval '1 day'"};
static const struct pg_stmt purge_sessions_stmt = {
    "housekeeping.purge_sessions",
    "delete from sessions where expires_at < now() - interval '1 day' "
    "or revoked_at < now() - interval '1 day'"};

static const struct pg_stmt purge_tokens_stmt = {
    "housekeeping.purge_tokens", "delete from account_tokens where expires_at < now()"};

static const struct pg_stmt purge_challenges_stmt = {
    "housekeeping.purge_challenges", "delete from passkey_challenges where expires_at < now()"};

static const struct pg_stmt purge_answers_stmt = {
    "housekeeping.purge_answers",
    "delete from idempotent_answers where created_at < now() - interval '24 hours'"};

enum pg_err housekeeping_store_partitions(struct pg *pg)
{
    return pg_run(pg, &partitions_stmt, NULL, 0, NULL);
}

enum pg_err housekeeping_store_drop_expired(struct pg *pg, int64_t *dropped)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &drop_stmt, NULL, 0, &r);
    if (e == PG_OK)
        *dropped = pg_i64(r, 0, 0);
    pg_result_free(r);
    return e;
}

enum pg_err housekeeping_store_purge(struct pg *pg)
{
    enum pg_err e = pg_run(pg, &purge_changes_stmt, NULL, 0, NULL);
    if (e == PG_OK)
        e = pg_run(pg, &purge_sessions_stmt, NULL, 0, NULL);
    if (e == PG_OK)
        e = pg_run(pg, &purge_answers_stmt, NULL, 0, NULL);
    if (e == PG_OK)
        e = pg_run(pg, &purge_challenges_stmt, NULL, 0, NULL);
    return e == PG_OK ? pg_run(pg, &purge_tokens_stmt, NULL, 0, NULL) : e;
}
