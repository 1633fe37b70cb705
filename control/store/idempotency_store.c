/* SQL of kept answers and of locks on things. Any thread with a connection. */
#include "control/store/idempotency_store.h"

#include <stdio.h>

static const struct pg_stmt hold_stmt = {
    "idempotency.hold",
    "select pg_try_advisory_xact_lock(hashtextextended($1::uuid || encode($2::bytea, 'hex'), 1))"};
static const struct pg_stmt find_stmt = {
    "idempotency.find",
    "select request_hash, made_in, status, etag, answer_sealed from idempotent_answers "
    "where caller_id = $1 and key_hash = $2 and created_at > now() - interval '24 hours'"};
static const struct pg_stmt keep_stmt = {
    "idempotency.keep",
    "insert into idempotent_answers (caller_id, key_hash, request_hash, made_in, status, etag, "
    "answer_sealed) values ($1, $2, $3, $4, $5, $6, $7) on conflict (caller_id, key_hash) do update "
    "set request_hash = excluded.request_hash, made_in = excluded.made_in, "
    "status = excluded.status, etag = excluded.etag, answer_sealed = excluded.answer_sealed, "
    "created_at = now()"};
static const struct pg_stmt lock_stmt = {
    "change.lock", "select pg_advisory_xact_lock(hashtextextended($1::text, 2))"};

enum pg_err idempotency_store_hold(struct pg *pg, const struct kept_answer *k, bool *free)
{
    const struct pg_param p[] = {pgp_uuid(k->caller), pgp_bytes(k->key_hash, sizeof k->key_hash)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &hold_stmt, p, ARRAY_LEN(p), &r);
    *free = e == PG_OK && pg_bool(r, 0, 0);
    pg_result_free(r);
    return e;
}

static enum pg_err take(struct arena *arena, const struct pg_result *r, struct kept_answer *k)
{
    size_t max = pg_str(r, 0, 4).len; /* as text: more than its bytes */
    uint8_t *sealed = arena_alloc(arena, max + 1);
    ptrdiff_t len = pg_bytes(r, 0, 4, sealed, max);
    if (len < 0 || pg_bytes(r, 0, 0, k->request_hash, sizeof k->request_hash) < 0)
        return PG_INVALID;
    k->made_in = pg_uuid(r, 0, 1);
    k->status = (int)pg_i64(r, 0, 2);
    (void)snprintf(k->etag, sizeof k->etag, STR_FMT, STR_ARG(pg_str(r, 0, 3)));
    k->sealed = str_make((const char *)sealed, (size_t)len);
    return PG_OK;
}

enum pg_err idempotency_store_find(struct pg *pg, struct arena *arena, struct kept_answer *k,
                                   bool *found)
{
    const struct pg_param p[] = {pgp_uuid(k->caller), pgp_bytes(k->key_hash, sizeof k->key_hash)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &find_stmt, p, ARRAY_LEN(p), &r);
    *found = e == PG_OK && pg_rows(r) > 0;
    if (*found)
        e = take(arena, r, k);
    pg_result_free(r);
    return e;
}

enum pg_err idempotency_store_keep(struct pg *pg, const struct kept_answer *k)
{
    const struct pg_param p[] = {
        pgp_uuid(k->caller),
        pgp_bytes(k->key_hash, sizeof k->key_hash),
        pgp_bytes(k->request_hash, sizeof k->request_hash),
        pgp_uuid(k->made_in),
        pgp_i64(k->status),
        pgp_cstr(k->etag),
        pgp_bytes(k->sealed.p, k->sealed.len),
    };
    return pg_run(pg, &keep_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err change_store_lock(struct pg *pg, struct uuid thing)
{
    const struct pg_param p[] = {pgp_uuid(thing)};
    return pg_run(pg, &lock_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err change_store_keep(struct pg *pg)
{
    return pg_exec(pg, "savepoint kept", NULL);
}

enum pg_err change_store_back(struct pg *pg)
{
    return pg_exec(pg, "rollback to savepoint kept", NULL);
}
