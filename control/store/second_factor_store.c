/* SQL of second factors and recovery codes. Any thread with a connection. */
#include "control/store/second_factor_store.h"

static const struct pg_stmt get_stmt = {
    "second_factor.get",
    "select secret_sealed, confirmed_at is not null from second_factors where user_id = $1"};
static const struct pg_stmt begin_stmt = {
    "second_factor.begin",
    "insert into second_factors (user_id, secret_sealed) values ($1, $2) on conflict (user_id) "
    "do update set secret_sealed = excluded.secret_sealed, last_step = 0 "
    "where second_factors.confirmed_at is null"};
static const struct pg_stmt confirm_stmt = {
    "second_factor.confirm", "update second_factors set confirmed_at = now() where user_id = $1"};
static const struct pg_stmt remove_stmt = {
    "second_factor.remove", "with codes as (delete from recovery_codes where user_id = $1) "
                            "delete from second_factors where user_id = $1"};
static const struct pg_stmt step_stmt = {
    "second_factor.step",
    "update second_factors set last_step = $2 where user_id = $1 and last_step < $2"};
static const struct pg_stmt take_stmt = {
    "recovery.take", "update recovery_codes set used_at = now() where user_id = $1 "
                     "and code_hash = $2 and used_at is null"};
static const struct pg_stmt clear_stmt = {"recovery.clear",
                                          "delete from recovery_codes where user_id = $1"};
static const struct pg_stmt add_stmt = {
    "recovery.add", "insert into recovery_codes (user_id, code_hash) values ($1, $2)"};

static enum pg_err touched(struct pg *pg, const struct pg_stmt *st, const struct pg_param *p,
                           size_t n, bool *any)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, st, p, n, &r);
    *any = e == PG_OK && pg_affected(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err second_factor_store_get(struct pg *pg, struct uuid user, struct second_factor_row *out)
{
    const struct pg_param p[] = {pgp_uuid(user)};
    struct pg_result *r = NULL;
    *out = (struct second_factor_row){0};
    enum pg_err e = pg_run(pg, &get_stmt, p, ARRAY_LEN(p), &r);
    if (e == PG_OK && pg_rows(r) > 0) {
        ptrdiff_t len = pg_bytes(r, 0, 0, out->sealed, sizeof out->sealed);
        e = len < 0 ? PG_INVALID : PG_OK;
        out->found = len >= 0;
        out->len = len < 0 ? 0 : (size_t)len;
        out->confirmed = pg_bool(r, 0, 1);
    }
    pg_result_free(r);
    return e;
}

enum pg_err second_factor_store_begin(struct pg *pg, struct uuid user, struct str sealed,
                                      bool *done)
{
    const struct pg_param p[] = {pgp_uuid(user), pgp_bytes(sealed.p, sealed.len)};
    return touched(pg, &begin_stmt, p, ARRAY_LEN(p), done);
}

enum pg_err second_factor_store_confirm(struct pg *pg, struct uuid user)
{
    const struct pg_param p[] = {pgp_uuid(user)};
    return pg_run(pg, &confirm_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err second_factor_store_remove(struct pg *pg, struct uuid user)
{
    const struct pg_param p[] = {pgp_uuid(user)};
    return pg_run(pg, &remove_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err second_factor_store_step(struct pg *pg, struct uuid user, int64_t step, bool *fresh)
{
    const struct pg_param p[] = {pgp_uuid(user), pgp_i64(step)};
    return touched(pg, &step_stmt, p, ARRAY_LEN(p), fresh);
}

enum pg_err recovery_store_take(struct pg *pg, struct uuid user, const uint8_t hash[32],
                                bool *right)
{
    const struct pg_param p[] = {pgp_uuid(user), pgp_bytes(hash, 32)};
    return touched(pg, &take_stmt, p, ARRAY_LEN(p), right);
}

enum pg_err recovery_store_clear(struct pg *pg, struct uuid user)
{
    const struct pg_param p[] = {pgp_uuid(user)};
    return pg_run(pg, &clear_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err recovery_store_add(struct pg *pg, struct uuid user, const uint8_t hash[32])
{
    const struct pg_param p[] = {pgp_uuid(user), pgp_bytes(hash, 32)};
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}
