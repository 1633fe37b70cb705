/* SQL of the links in account mail. Any thread with a connection. */
#include "control/store/token_store.h"

#include <stdio.h>

static const struct pg_stmt add_stmt = {
    "token.add", "insert into account_tokens (token_hash, purpose, user_id, email, expires_at) "
                 "values ($1, $2, $3, $4, now() + $5::int * interval '1 minute')"};
static const struct pg_stmt take_stmt = {
    "token.take",
    "delete from account_tokens t where token_hash = $1 and purpose = $2 "
    "and expires_at > now() and (t.user_id is null or exists (select 1 from users u "
    "where u.user_id = t.user_id and u.disabled_at is null)) returning user_id, email"};
static const struct pg_stmt drop_stmt = {"token.drop",
                                         "delete from account_tokens where user_id = $1"};

enum pg_err token_store_add(struct pg *pg, const struct token_new *t)
{
    const struct pg_param p[] = {pgp_bytes(t->hash, 32), pgp_cstr(t->purpose),
                                 t->user ? pgp_uuid(*t->user) : pgp_null(), pgp_text(t->email),
                                 pgp_i64(t->minutes)};
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err token_store_take(struct pg *pg, const uint8_t hash[32], const char *purpose,
                             struct token_taken *out)
{
    const struct pg_param p[] = {pgp_bytes(hash, 32), pgp_cstr(purpose)};
    struct pg_result *r = NULL;
    *out = (struct token_taken){0};
    enum pg_err e = pg_run(pg, &take_stmt, p, ARRAY_LEN(p), &r);
    out->found = e == PG_OK && pg_rows(r) > 0;
    if (out->found) {
        if (!pg_is_null(r, 0, 0))
            out->user = pg_uuid(r, 0, 0);
        (void)snprintf(out->email, sizeof out->email, STR_FMT, STR_ARG(pg_str(r, 0, 1)));
    }
    pg_result_free(r);
    return e;
}

enum pg_err token_store_drop(struct pg *pg, struct uuid user)
{
    const struct pg_param p[] = {pgp_uuid(user)};
    return pg_run(pg, &drop_stmt, p, ARRAY_LEN(p), NULL);
}
