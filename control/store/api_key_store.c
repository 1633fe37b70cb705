/* SQL of API keys. Any thread with a connection. Never sees a key itself, only its hash. */
#include "control/store/api_key_store.h"

#include "control/store/sql.h"

/* The API's key object, with the spend of its life (scope 4, window 4 of spend_windows). */
/* clang-format off */
#define KEY_ITEM \
    "select json_build_object('id', k.api_key_id, 'name', k.name, 'last4', k.last4, 'owner', " \
    "json_build_object('id', u.user_id, 'name', u.name, 'email', u.email), 'created_at', " \
    SQL_TIME("k.created_at") ", 'expires_at', " SQL_TIME("k.expires_at") ", 'revoked_at', " \
    SQL_TIME("k.revoked_at") ", 'disabled_at', " SQL_TIME("k.disabled_at") \
    ", 'previous_works_until', case when k.previous_expires_at > now() then " \
    SQL_TIME("k.previous_expires_at") " end, 'models', k.models, 'providers', k.providers, " \
    "'ip_ranges', k.ip_ranges, 'last_used_at', " SQL_TIME("s.last_at") ", 'requests', " \
    "coalesce(s.requests, 0), 'cost', coalesce(" SQL_MONEY("s.cost") ", '0'))::text, " \
    SQL_US("k.created_at") ", k.api_key_id from api_keys k join users u on u.user_id = " \
    "k.owner_id left join spend_windows s on s.organisation_id = k.organisation_id and s.scope " \
    "= 4 and s.scope_id = k.api_key_id and s.window_kind = 4 and s.window_start = 'epoch' "
/* clang-format on */

/* What is not given is as the project says. */
static const struct pg_stmt add_stmt = {
    "api_key.add",
    "insert into api_keys (organisation_id, api_key_id, project_id, owner_id, name, "
    "hash, last4, expires_at, models, providers, ip_ranges) select organisation_id, "
    "$2, project_id, $4, $5, $6, $7, case when $8 then $9::timestamptz else now() + "
    "make_interval(days => key_days) end, " SQL_LIST("$10", "key_models") ", " SQL_LIST(
        "$11",
        "key_providers") ", " SQL_LIST("$12",
                                       "key_ip_ranges") " from projects "
                                                        "where organisation_id = $1 and project_id = $3 and archived_at is null"};
static const struct pg_stmt list_stmt = {
    "api_key.list", KEY_ITEM
    "where k.organisation_id = $1 and k.project_id = $2 and case $3 "
    "when 'active' then k.revoked_at is null and (k.expires_at is null or k.expires_at > now()) "
    "when 'revoked' then k.revoked_at is not null or k.expires_at <= now() else true end "
    "and ($4::timestamptz is null or (k.created_at, k.api_key_id) < ($4, $5::uuid)) "
    "order by k.created_at desc, k.api_key_id desc limit $6"};
static const struct pg_stmt get_stmt = {"api_key.get", KEY_ITEM
                                        "where k.organisation_id = $1 and k.api_key_id = $2"};
static const struct pg_stmt owner_stmt = {
    "api_key.owner", "select owner_id from api_keys where organisation_id = $1 and project_id = $2 "
                     "and api_key_id = $3"};
static const struct pg_stmt revoke_stmt = {
    "api_key.revoke", "update api_keys set revoked_at = now() where organisation_id = $1 "
                      "and api_key_id = $2 and revoked_at is null"};

static const struct pg_stmt patch_stmt = {
    "api_key.patch",
    "update api_keys set name = coalesce($3, name), disabled_at = case $4::boolean "
    "when true then coalesce(disabled_at, now()) when false then null "
    "else disabled_at end, expires_at = case when $5 then $6::timestamptz "
    "else expires_at end, models = " SQL_LIST("$7", "models") ", providers = " SQL_LIST(
        "$8",
        "providers") ", ip_ranges = " SQL_LIST("$9",
                                               "ip_ranges") " where organisation_id = $1 and api_key_id = $2 "
                                                            "and revoked_at is null"};
static const struct pg_stmt rotate_stmt = {
    "api_key.rotate",
    "update api_keys set previous_hash = hash, hash = $3, last4 = $4, previous_expires_at = "
    "now() + make_interval(hours => $5::integer) where organisation_id = $1 and api_key_id = $2 "
    "and revoked_at is null and (expires_at is null or expires_at > now())"};
/* Signing keys hold their API key's hash at the gateways: they are read again. */
static const struct pg_stmt touch_signers_stmt = {"api_key.touch_signers",
                                                  "update signing_keys set revoked_at = revoked_at "
                                                  "where organisation_id = $1 and api_key_id = $2"};

static const char *const status_words[] = {"active", "revoked", "all"};
static_assert(ARRAY_LEN(status_words) == API_KEY_ALL + 1, "one word per status");

static struct pg_param list(struct str json)
{
    return json.p ? pgp_text(json) : pgp_null();
}

enum pg_err api_key_store_add(struct pg *pg, const struct api_key_new *k)
{
    const struct pg_param p[] = {
        pgp_uuid(k->organisation),
        pgp_uuid(k->id),
        pgp_uuid(k->project),
        pgp_uuid(k->owner),
        pgp_text(k->name),
        pgp_bytes(k->hash.b, sizeof k->hash.b),
        pgp_cstr(k->last4),
        pgp_bool(k->set_expires),
        k->expires_us ? pgp_time_us(k->expires_us) : pgp_null(),
        list(k->restrictions.models),
        list(k->restrictions.providers),
        list(k->restrictions.ip_ranges),
    };
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &add_stmt, p, ARRAY_LEN(p), &r);
    if (e == PG_OK && pg_affected(r) == 0)
        e = PG_MISSING;
    pg_result_free(r);
    return e;
}

enum pg_err api_key_store_list(struct pg *pg, const struct api_key_filter *f,
                               struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(f->organisation), pgp_uuid(f->project), pgp_cstr(status_words[f->status]),
        PLACE_PARAMS(f->after),    pgp_i64(f->limit),
    };
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err api_key_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                              struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err api_key_store_owner(struct pg *pg, struct uuid organisation, struct uuid project,
                                struct uuid id, struct uuid *owner, bool *found)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(project), pgp_uuid(id)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &owner_stmt, p, ARRAY_LEN(p), &r);
    *found = e == PG_OK && pg_rows(r) > 0;
    if (*found)
        *owner = pg_uuid(r, 0, 0);
    pg_result_free(r);
    return e;
}

static enum pg_err touched(struct pg *pg, const struct pg_stmt *st, const struct pg_param *p,
                           size_t n, bool *any)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, st, p, n, &r);
    *any = e == PG_OK && pg_affected(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err api_key_store_patch(struct pg *pg, struct uuid organisation, struct uuid id,
                                const struct api_key_patch *patch, bool *done)
{
    const struct pg_param p[] = {
        pgp_uuid(organisation),
        pgp_uuid(id),
        patch->name.p ? pgp_text(patch->name) : pgp_null(),
        patch->set_disabled ? pgp_bool(patch->disabled) : pgp_null(),
        pgp_bool(patch->set_expires),
        patch->expires_us ? pgp_time_us(patch->expires_us) : pgp_null(),
        list(patch->restrictions.models),
        list(patch->restrictions.providers),
        list(patch->restrictions.ip_ranges),
    };
    return touched(pg, &patch_stmt, p, ARRAY_LEN(p), done);
}

enum pg_err api_key_store_rotate(struct pg *pg, struct uuid organisation, struct uuid id,
                                 const struct api_key_rotation *n, bool *done)
{
    const struct pg_param p[] = {
        pgp_uuid(organisation),
        pgp_uuid(id),
        pgp_bytes(n->hash.b, sizeof n->hash.b),
        pgp_cstr(n->last4),
        pgp_i64(n->grace_hours),
    };
    enum pg_err e = touched(pg, &rotate_stmt, p, ARRAY_LEN(p), done);
    return e == PG_OK && *done ? pg_run(pg, &touch_signers_stmt, p, 2, NULL) : e;
}

enum pg_err api_key_store_revoke(struct pg *pg, struct uuid organisation, struct uuid id,
                                 bool *changed)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return touched(pg, &revoke_stmt, p, ARRAY_LEN(p), changed);
}
