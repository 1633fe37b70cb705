/* SQL of members. Any thread with a connection. */
#include "control/store/member_store.h"

#include "control/store/sql.h"

/* When they were last seen is when any of their sessions was: of the kept ones. */
/* clang-format off */
#define MEMBER_ITEM \
    "select json_build_object('user', json_build_object('id', u.user_id, 'name', u.name, 'email', " \
    "u.email), 'role', m.role, 'created_at', " SQL_TIME("m.created_at") ", 'last_seen_at', " \
    "(select " SQL_TIME("max(s.last_seen_at)") " from sessions s where s.user_id = m.user_id), " \
    "'api_keys', (select count(*) from api_keys k where k.organisation_id = m.organisation_id " \
    "and k.owner_id = m.user_id and k.revoked_at is null and (k.expires_at is null " \
    "or k.expires_at > now())))::text, " SQL_US("m.created_at") ", m.user_id from members m " \
    "join users u using (user_id) "
/* clang-format on */

static const struct pg_stmt add_stmt = {
    "member.add", "insert into members (organisation_id, user_id, role) values ($1, $2, $3) "
                  "on conflict do nothing"};
static const struct pg_stmt role_stmt = {
    "member.role", "select m.role from members m join organisations o using (organisation_id) "
                   "where m.organisation_id = $1 and m.user_id = $2 and o.archived_at is null"};
static const struct pg_stmt first_owner_stmt = {
    "member.first_owner", "select user_id from members where organisation_id = $1 "
                          "and role = 'owner' order by created_at, user_id limit 1"};
static const struct pg_stmt has_email_stmt = {
    "member.has_email", "select 1 from members m join users u using (user_id) "
                        "where m.organisation_id = $1 and lower(u.email) = lower($2)"};
static const struct pg_stmt list_stmt = {
    "member.list",
    MEMBER_ITEM "where m.organisation_id = $1 "
                "and ($2::timestamptz is null or (m.created_at, m.user_id) > ($2, $3::uuid)) "
                "order by m.created_at, m.user_id limit $4"};
static const struct pg_stmt get_stmt = {"member.get", MEMBER_ITEM
                                        "where m.organisation_id = $1 and m.user_id = $2"};
static const struct pg_stmt owners_stmt = {
    "member.owners", "select count(*) from members where organisation_id = $1 and role = 'owner'"};
static const struct pg_stmt set_role_stmt = {
    "member.set_role", "update members set role = $3 where organisation_id = $1 and user_id = $2"};
static const struct pg_stmt remove_stmt = {
    "member.remove", "delete from members where organisation_id = $1 and user_id = $2"};
static const struct pg_stmt revoke_keys_stmt = {
    "member.revoke_keys", "update api_keys set revoked_at = now() where organisation_id = $1 "
                          "and owner_id = $2 and revoked_at is null"};

enum pg_err member_store_add(struct pg *pg, struct uuid organisation, struct uuid user,
                             enum role role)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(user), pgp_cstr(role_name(role))};
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err member_store_role(struct pg *pg, struct uuid organisation, struct uuid user,
                              enum role *role)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(user)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &role_stmt, p, ARRAY_LEN(p), &r);
    *role = e == PG_OK && pg_rows(r) > 0 ? role_parse(pg_str(r, 0, 0)) : ROLE_NONE;
    pg_result_free(r);
    return e;
}

enum pg_err member_store_first_owner(struct pg *pg, struct uuid organisation, struct uuid *user,
                                     bool *found)
{
    const struct pg_param p[] = {pgp_uuid(organisation)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &first_owner_stmt, p, ARRAY_LEN(p), &r);
    *found = e == PG_OK && pg_rows(r) > 0;
    if (*found)
        *user = pg_uuid(r, 0, 0);
    pg_result_free(r);
    return e;
}

enum pg_err member_store_has_email(struct pg *pg, struct uuid organisation, struct str email,
                                   bool *has)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_text(email)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &has_email_stmt, p, ARRAY_LEN(p), &r);
    *has = e == PG_OK && pg_rows(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err member_store_list(struct pg *pg, const struct member_filter *f, struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(f->organisation),
        PLACE_PARAMS(f->after),
        pgp_i64(f->limit),
    };
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err member_store_get(struct pg *pg, struct uuid organisation, struct uuid user,
                             struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(user)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err member_store_owners(struct pg *pg, struct uuid organisation, int64_t *n)
{
    const struct pg_param p[] = {pgp_uuid(organisation)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &owners_stmt, p, ARRAY_LEN(p), &r);
    *n = e == PG_OK ? pg_i64(r, 0, 0) : 0;
    pg_result_free(r);
    return e;
}

enum pg_err member_store_set_role(struct pg *pg, struct uuid organisation, struct uuid user,
                                  enum role role)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(user), pgp_cstr(role_name(role))};
    return pg_run(pg, &set_role_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err member_store_remove(struct pg *pg, struct uuid organisation, struct uuid user)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(user)};
    return pg_run(pg, &remove_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err member_store_revoke_keys(struct pg *pg, struct uuid organisation, struct uuid user)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(user)};
    return pg_run(pg, &revoke_keys_stmt, p, ARRAY_LEN(p), NULL);
}
