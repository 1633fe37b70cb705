/* SQL of invitations. Any thread with a connection. Never sees a token, only its hash. */
#include "control/store/invitation_store.h"

#include "control/store/sql.h"

/* clang-format off */
#define INVITATION_ITEM \
    "select json_build_object('id', i.invitation_id, 'email', i.email, 'role', i.role, " \
    "'invited_by', json_build_object('id', u.user_id, 'name', u.name, 'email', u.email), " \
    "'created_at', " SQL_TIME("i.created_at") ", 'expires_at', " SQL_TIME("i.expires_at") \
    ")::text, " SQL_US("i.created_at") ", i.invitation_id, i.role, i.email from invitations i " \
    "join users u on u.user_id = i.invited_by where i.organisation_id = $1 " \
    "and i.accepted_at is null and i.revoked_at is null "
#define RANK(role) "array_position(array['viewer', 'developer', 'admin', 'owner'], " role ")"
/* clang-format on */

static const struct pg_stmt end_others_stmt = {
    "invitation.end_others",
    "update invitations set revoked_at = now() where organisation_id = $1 "
    "and lower(email) = lower($2) and accepted_at is null and revoked_at is null"};
/* Two at once may make one too many: the bound is against floods of mail, not a promise. */
static const struct pg_stmt add_stmt = {
    "invitation.add",
    "insert into invitations (organisation_id, invitation_id, email, role, token_hash, invited_by, "
    "expires_at) select $1, $2, $3, $4, $5, $6, $7 where (select count(*) from invitations where "
    "organisation_id = $1 and accepted_at is null and revoked_at is null) < $8::bigint"};
static const struct pg_stmt list_stmt = {
    "invitation.list", INVITATION_ITEM
    "and ($2::timestamptz is null or (i.created_at, i.invitation_id) < ($2, $3::uuid)) "
    "order by i.created_at desc, i.invitation_id desc limit $4"};
static const struct pg_stmt get_stmt = {"invitation.get",
                                        INVITATION_ITEM "and i.invitation_id = $2"};
static const struct pg_stmt letter_stmt = {
    "invitation.letter",
    "select i.email, o.name, coalesce(nullif(u.name, ''), u.email), i.role from invitations i "
    "join organisations o using (organisation_id) join users u on u.user_id = i.invited_by "
    "where i.organisation_id = $1 and i.invitation_id = $2"};
static const struct pg_stmt renew_stmt = {
    "invitation.renew", "update invitations set token_hash = $3, expires_at = $4, invited_by = $5 "
                        "where organisation_id = $1 and invitation_id = $2"};
static const struct pg_stmt revoke_stmt = {
    "invitation.revoke", "update invitations set revoked_at = now() where organisation_id = $1 "
                         "and invitation_id = $2 and accepted_at is null and revoked_at is null"};
static const struct pg_stmt open_stmt = {
    "invitation.open",
    "select json_build_object('organisation', o.name, 'email', i.email, 'role', i.role, "
    "'invited_by', coalesce(nullif(u.name, ''), u.email), 'expires_at', " SQL_TIME(
        "i.expires_at") ")::text, i.organisation_id, i.invitation_id, i.role, i.email "
                        "from invitations i join organisations o using (organisation_id) "
                        "join users u on u.user_id = i.invited_by "
                        "join members m on m.organisation_id = i.organisation_id "
                        "and m.user_id = i.invited_by "
                        "where i.token_hash = $1 and i.accepted_at is null "
                        "and i.revoked_at is null and i.expires_at > now() "
                        "and o.archived_at is null and m.role in ('admin', 'owner') "
                        "and " RANK("m.role") " >= " RANK("i.role")};
static const struct pg_stmt accept_stmt = {
    "invitation.accept", "update invitations set accepted_at = now() where organisation_id = $1 "
                         "and invitation_id = $2 and accepted_at is null and revoked_at is null"};
static const struct pg_stmt invited_stmt = {
    "invitation.invited",
    "select 1 from invitations i join organisations o using (organisation_id) "
    "where lower(i.email) = lower($1) and i.accepted_at is null and i.revoked_at is null "
    "and i.expires_at > now() and o.archived_at is null limit 1"};
static const struct pg_stmt is_for_stmt = {
    "invitation.is_for", "select 1 from invitations i join users u on lower(u.email) = "
                         "lower(i.email) where i.organisation_id = $1 and i.invitation_id = $2 "
                         "and u.user_id = $3"};

static enum pg_err touched(struct pg *pg, const struct pg_stmt *st, const struct pg_param *p,
                           size_t n, bool *any)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, st, p, n, &r);
    *any = e == PG_OK && pg_affected(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err invitation_store_add(struct pg *pg, const struct invitation_new *n, bool *added)
{
    const struct pg_param others[] = {pgp_uuid(n->organisation), pgp_text(n->email)};
    const struct pg_param p[] = {
        pgp_uuid(n->organisation),
        pgp_uuid(n->id),
        pgp_text(n->email),
        pgp_cstr(role_name(n->role)),
        pgp_bytes(n->token_hash, sizeof n->token_hash),
        pgp_uuid(n->invited_by),
        pgp_time_us(n->expires_us),
        pgp_i64(INVITATIONS_MAX),
    };
    *added = false;
    enum pg_err e = pg_run(pg, &end_others_stmt, others, ARRAY_LEN(others), NULL);
    return e == PG_OK ? touched(pg, &add_stmt, p, ARRAY_LEN(p), added) : e;
}

enum pg_err invitation_store_list(struct pg *pg, const struct invitation_filter *f,
                                  struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(f->organisation),
        PLACE_PARAMS(f->after),
        pgp_i64(f->limit),
    };
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err invitation_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                 struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err invitation_store_letter(struct pg *pg, struct uuid organisation, struct uuid id,
                                    struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &letter_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err invitation_store_renew(struct pg *pg, const struct invitation_new *n)
{
    const struct pg_param p[] = {
        pgp_uuid(n->organisation),
        pgp_uuid(n->id),
        pgp_bytes(n->token_hash, sizeof n->token_hash),
        pgp_time_us(n->expires_us),
        pgp_uuid(n->invited_by),
    };
    return pg_run(pg, &renew_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err invitation_store_revoke(struct pg *pg, struct uuid organisation, struct uuid id)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &revoke_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err invitation_store_open(struct pg *pg, const uint8_t hash[TOKEN_HASH_BYTES],
                                  struct pg_result **out)
{
    const struct pg_param p[] = {pgp_bytes(hash, TOKEN_HASH_BYTES)};
    return pg_run(pg, &open_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err invitation_store_accept(struct pg *pg, struct uuid organisation, struct uuid id,
                                    bool *won)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return touched(pg, &accept_stmt, p, ARRAY_LEN(p), won);
}

enum pg_err invitation_store_is_for(struct pg *pg, struct uuid organisation, struct uuid id,
                                    struct uuid user, bool *yes)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id), pgp_uuid(user)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &is_for_stmt, p, ARRAY_LEN(p), &r);
    *yes = e == PG_OK && pg_rows(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err invitation_store_invited(struct pg *pg, struct str email, bool *yes)
{
    const struct pg_param p[] = {pgp_text(email)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &invited_stmt, p, ARRAY_LEN(p), &r);
    *yes = e == PG_OK && pg_rows(r) > 0;
    pg_result_free(r);
    return e;
}
