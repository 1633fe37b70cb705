/* SQL of people. Any thread with a connection. */
#include "control/store/user_store.h"

#include <stdio.h>

#include "control/store/sql.h"

#define LOGIN_COLUMNS                                                                              \
    "select user_id, password_hash, email, exists (select 1 from second_factors f "                \
    "where f.user_id = u.user_id and f.confirmed_at is not null), exists (select 1 from passkeys " \
    "k where k.user_id = u.user_id) from users u "

static const struct pg_stmt add_stmt = {
    "user.add", "insert into users (user_id, email, name, password_hash, is_operator) "
                "values ($1, $2, $3, $4, $5)"};
static const struct pg_stmt login_stmt = {"user.login", LOGIN_COLUMNS
                                          "where lower(email) = lower($1) and disabled_at is null"};
static const struct pg_stmt by_id_stmt = {"user.by_id", LOGIN_COLUMNS
                                          "where user_id = $1 and disabled_at is null"};
static const struct pg_stmt knows_stmt = {"user.knows",
                                          "select 1 from users where lower(email) = lower($1)"};
static const struct pg_stmt fold_stmt = {"user.fold", "select lower($1)"};
static const struct pg_stmt view_stmt = {
    "user.view",
    "select json_build_object('id', user_id, 'email', email, 'name', name, 'is_operator', "
    "is_operator, 'created_at', " SQL_TIME(
        "created_at") ", 'second_factor', exists (select 1 from second_factors f where "
                      "f.user_id = u.user_id and f.confirmed_at is not null), "
                      "'recovery_codes_left', (select count(*) from recovery_codes r where "
                      "r.user_id = u.user_id and r.used_at is null))::text "
                      "from users u where user_id = $1"};
static const struct pg_stmt set_name_stmt = {"user.set_name",
                                             "update users set name = $2 where user_id = $1"};
static const struct pg_stmt set_password_stmt = {
    "user.set_password", "update users set password_hash = $2 where user_id = $1"};
static const struct pg_stmt set_email_stmt = {"user.set_email",
                                              "update users set email = $2 where user_id = $1"};

enum pg_err user_store_add(struct pg *pg, const struct user_new *u)
{
    const struct pg_param p[] = {pgp_uuid(u->id), pgp_text(u->email), pgp_text(u->name),
                                 pgp_cstr(u->password_hash), pgp_bool(u->is_operator)};
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}

static enum pg_err find(struct pg *pg, const struct pg_stmt *st, struct pg_param key,
                        struct user_login *out)
{
    struct pg_result *r = NULL;
    *out = (struct user_login){0};
    enum pg_err e = pg_run(pg, st, &key, 1, &r);
    struct str hash = e == PG_OK && pg_rows(r) > 0 ? pg_str(r, 0, 1) : STR_NULL;
    if (hash.p && hash.len < sizeof out->hash) {
        out->found = true;
        out->id = pg_uuid(r, 0, 0);
        memcpy(out->hash, hash.p, hash.len);
        (void)snprintf(out->email, sizeof out->email, STR_FMT, STR_ARG(pg_str(r, 0, 2)));
        out->second_factor = pg_bool(r, 0, 3);
        out->passkeys = pg_bool(r, 0, 4);
    }
    pg_result_free(r);
    return e;
}

enum pg_err user_store_login(struct pg *pg, struct str email, struct user_login *out)
{
    return find(pg, &login_stmt, pgp_text(email), out);
}

enum pg_err user_store_by_id(struct pg *pg, struct uuid user, struct user_login *out)
{
    return find(pg, &by_id_stmt, pgp_uuid(user), out);
}

enum pg_err user_store_knows(struct pg *pg, struct str email, bool *known)
{
    const struct pg_param p[] = {pgp_text(email)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &knows_stmt, p, ARRAY_LEN(p), &r);
    *known = e == PG_OK && pg_rows(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err user_store_fold(struct pg *pg, struct arena *arena, struct str email, struct str *out)
{
    const struct pg_param p[] = {pgp_text(email)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &fold_stmt, p, ARRAY_LEN(p), &r);
    *out = e == PG_OK ? arena_str(arena, pg_str(r, 0, 0)) : STR_NULL;
    pg_result_free(r);
    return e;
}

enum pg_err user_store_view(struct pg *pg, struct uuid user, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(user)};
    return pg_run(pg, &view_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err user_store_set_name(struct pg *pg, struct uuid user, struct str name)
{
    const struct pg_param p[] = {pgp_uuid(user), pgp_text(name)};
    return pg_run(pg, &set_name_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err user_store_set_password(struct pg *pg, struct uuid user, const char *hash)
{
    const struct pg_param p[] = {pgp_uuid(user), pgp_cstr(hash)};
    return pg_run(pg, &set_password_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err user_store_set_email(struct pg *pg, struct uuid user, struct str email)
{
    const struct pg_param p[] = {pgp_uuid(user), pgp_text(email)};
    return pg_run(pg, &set_email_stmt, p, ARRAY_LEN(p), NULL);
}
