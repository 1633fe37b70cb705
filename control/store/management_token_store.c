/* SQL of management tokens. Any thread with a connection. */
#include "control/store/management_token_store.h"

#include <stdio.h>

#include "control/scope.h"
#include "control/store/sql.h"

/* clang-format off */
#define TOKEN_ITEM \
    "select json_build_object('id', t.management_token_id, 'name', t.name, 'last4', t.last4, " \
    "'role', t.role, 'scopes', to_json(t.scopes), 'created_by', json_build_object('id', " \
    "u.user_id, 'name', u.name, 'email', u.email), 'maker_role', m.role, 'created_at', " \
    SQL_TIME("t.created_at") ", 'expires_at', " SQL_TIME("t.expires_at") ", 'last_used_at', " \
    SQL_TIME("t.last_used_at") ", 'revoked_at', " SQL_TIME("t.revoked_at") ")::text, " \
    SQL_US("t.created_at") ", t.management_token_id from management_tokens t " \
    "join users u on u.user_id = t.created_by left join members m on m.user_id = t.created_by " \
    "and m.organisation_id = t.organisation_id "
/* clang-format on */

static const struct pg_stmt find_stmt = {
    "management_token.find",
    "select t.organisation_id, t.management_token_id, t.created_by, t.role, m.role, "
    "array_to_string(t.scopes, ','), t.name, "
    "coalesce(t.last_used_at < now() - interval '1 minute', true) from management_tokens t "
    "join members m on m.organisation_id = t.organisation_id and m.user_id = t.created_by "
    "join users u on u.user_id = t.created_by "
    "join organisations o on o.organisation_id = t.organisation_id where t.token_hash = $1 "
    "and t.revoked_at is null and (t.expires_at is null or t.expires_at > now()) "
    "and u.disabled_at is null and o.archived_at is null"};
static const struct pg_stmt used_stmt = {"management_token.used",
                                         "update management_tokens set last_used_at = now() "
                                         "where organisation_id = $1 and management_token_id = $2"};
/* Two at once may make one more: the bound is against growth, not a promise. */
static const struct pg_stmt add_stmt = {
    "management_token.add",
    "insert into management_tokens (organisation_id, management_token_id, created_by, name, "
    "token_hash, last4, role, scopes, expires_at) select $1, $2, $3, $4, $5, $6, $7, "
    "string_to_array($8, ','), $9::timestamptz where (select count(*) from management_tokens "
    "where organisation_id = $1 and revoked_at is null) < $10 returning 1"};
static const struct pg_stmt list_stmt = {
    "management_token.list",
    TOKEN_ITEM "where t.organisation_id = $1 and t.revoked_at is null "
               "and ($2::timestamptz is null or (t.created_at, t.management_token_id) "
               "< ($2, $3::uuid)) "
               "order by t.created_at desc, t.management_token_id desc limit $4"};
static const struct pg_stmt get_stmt = {
    "management_token.get",
    TOKEN_ITEM "where t.organisation_id = $1 and t.management_token_id = $2"};
static const struct pg_stmt revoke_stmt = {
    "management_token.revoke",
    "update management_tokens set revoked_at = now() where organisation_id = $1 "
    "and management_token_id = $2 and revoked_at is null"};

static void take(struct management_token *t, const struct pg_result *r)
{
    enum role own = role_parse(pg_str(r, 0, 3)), makers = role_parse(pg_str(r, 0, 4));
    *t = (struct management_token){
        .organisation = pg_uuid(r, 0, 0),
        .id = pg_uuid(r, 0, 1),
        .user = pg_uuid(r, 0, 2),
        .role = own < makers ? own : makers,
        .scopes = scope_bits(pg_str(r, 0, 5)),
    };
    (void)snprintf(t->name, sizeof t->name, STR_FMT, STR_ARG(pg_str(r, 0, 6)));
}

enum pg_err management_token_store_find(struct pg *pg, const struct apikey_hash *hash,
                                        struct management_token *t, bool *found)
{
    const struct pg_param p[] = {pgp_bytes(hash->b, sizeof hash->b)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &find_stmt, p, ARRAY_LEN(p), &r);
    bool stale = false;
    *found = e == PG_OK && pg_rows(r) > 0;
    if (*found) {
        take(t, r);
        stale = pg_bool(r, 0, 7);
    }
    pg_result_free(r);
    if (!stale)
        return e;
    const struct pg_param used[] = {pgp_uuid(t->organisation), pgp_uuid(t->id)};
    return pg_run(pg, &used_stmt, used, ARRAY_LEN(used), NULL);
}

enum pg_err management_token_store_add(struct pg *pg, const struct management_token_new *n,
                                       bool *added)
{
    const struct pg_param p[] = {
        pgp_uuid(n->organisation),
        pgp_uuid(n->id),
        pgp_uuid(n->created_by),
        pgp_text(n->name),
        pgp_bytes(n->hash.b, sizeof n->hash.b),
        pgp_cstr(n->last4),
        pgp_cstr(role_name(n->role)),
        pgp_text(n->scopes),
        n->expires_us ? pgp_time_us(n->expires_us) : pgp_null(),
        pgp_i64(MANAGEMENT_TOKENS_MAX),
    };
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &add_stmt, p, ARRAY_LEN(p), &r);
    *added = e == PG_OK && pg_rows(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err management_token_store_list(struct pg *pg, const struct management_token_filter *f,
                                        struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(f->organisation),
        PLACE_PARAMS(f->after),
        pgp_i64(f->limit),
    };
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err management_token_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                       struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err management_token_store_revoke(struct pg *pg, struct uuid organisation, struct uuid id,
                                          bool *changed)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &revoke_stmt, p, ARRAY_LEN(p), &r);
    *changed = e == PG_OK && pg_affected(r) > 0;
    pg_result_free(r);
    return e;
}
