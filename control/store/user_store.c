/* SQL of people. Any thread with a connection. */
#include "control/store/user_store.h"

static const struct pg_stmt add_stmt = {
    "user.add", "insert into users (user_id, email, name, password_hash, is_operator) "
                "values ($1, $2, $3, $4, $5)"};
static const struct pg_stmt login_stmt = {"user.login",
                                          "select user_id, password_hash from users "
                                          "where lower(email) = lower($1) and disabled_at is null"};

enum pg_err user_store_add(struct pg *pg, const struct user_new *u)
{
    const struct pg_param p[] = {pgp_uuid(u->id), pgp_text(u->email), pgp_text(u->name),
                                 pgp_cstr(u->password_hash), pgp_bool(u->is_operator)};
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err user_store_login(struct pg *pg, struct str email, struct user_login *out)
{
    const struct pg_param p[] = {pgp_text(email)};
    struct pg_result *r = NULL;
    *out = (struct user_login){0};
    enum pg_err e = pg_run(pg, &login_stmt, p, ARRAY_LEN(p), &r);
    struct str hash = e == PG_OK && pg_rows(r) > 0 ? pg_str(r, 0, 1) : STR_NULL;
    if (hash.p && hash.len < sizeof out->hash) {
        out->found = true;
        out->id = pg_uuid(r, 0, 0);
        memcpy(out->hash, hash.p, hash.len);
    }
    pg_result_free(r);
    return e;
}
