/* SQL of signing keys. Any thread with a connection. */
#include "control/store/signing_key_store.h"

#include "control/store/sql.h"

/* clang-format off */
#define SIGNING_KEY_ITEM \
    "select json_build_object('id', s.signing_key_id, 'api_key_id', s.api_key_id, " \
    "'access_key_id', s.access_key_id, 'created_at', " SQL_TIME("s.created_at") ")::text, " \
    SQL_US("s.created_at") ", s.signing_key_id from signing_keys s " \
    "join api_keys k using (organisation_id, api_key_id) "
/* clang-format on */

/* Two at once may make a sixth: the bound is against growth, not a promise. */
static const struct pg_stmt add_stmt = {
    "signing_key.add",
    "insert into signing_keys (organisation_id, signing_key_id, api_key_id, access_key_id, sealed, "
    "created_by) select k.organisation_id, $2, k.api_key_id, $4, $5, $6 from api_keys k where "
    "k.organisation_id = $1 and k.api_key_id = $3 and k.revoked_at is null and "
    "(select count(*) from signing_keys s where s.organisation_id = $1 and s.api_key_id = $3 "
    "and s.revoked_at is null) < 5 returning 1"};
static const struct pg_stmt list_stmt = {
    "signing_key.list", SIGNING_KEY_ITEM
    "where s.organisation_id = $1 and k.project_id = $2 and s.revoked_at is null "
    "and k.revoked_at is null and ($3::uuid is null or s.api_key_id = $3) "
    "and ($4::timestamptz is null or (s.created_at, s.signing_key_id) < ($4, $5::uuid)) "
    "order by s.created_at desc, s.signing_key_id desc limit $6"};
static const struct pg_stmt get_stmt = {"signing_key.get", SIGNING_KEY_ITEM
                                        "where s.organisation_id = $1 and s.signing_key_id = $2"};
static const struct pg_stmt owner_stmt = {
    "signing_key.owner", "select k.owner_id from signing_keys s join api_keys k "
                         "using (organisation_id, api_key_id) where s.organisation_id = $1 "
                         "and k.project_id = $2 and s.signing_key_id = $3"};
static const struct pg_stmt revoke_stmt = {
    "signing_key.revoke", "update signing_keys set revoked_at = now() where organisation_id = $1 "
                          "and signing_key_id = $2 and revoked_at is null"};

enum pg_err signing_key_store_add(struct pg *pg, const struct signing_key_new *k, bool *added)
{
    const struct pg_param p[] = {
        pgp_uuid(k->organisation),
        pgp_uuid(k->id),
        pgp_uuid(k->api_key),
        pgp_cstr(k->access_key_id),
        pgp_bytes(k->sealed.p, k->sealed.len),
        pgp_uuid(k->created_by),
    };
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &add_stmt, p, ARRAY_LEN(p), &r);
    *added = e == PG_OK && pg_rows(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err signing_key_store_list(struct pg *pg, const struct signing_key_filter *f,
                                   struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(f->organisation),
        pgp_uuid(f->project),
        f->api_key ? pgp_uuid(*f->api_key) : pgp_null(),
        PLACE_PARAMS(f->after),
        pgp_i64(f->limit),
    };
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err signing_key_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                  struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err signing_key_store_owner(struct pg *pg, struct uuid organisation, struct uuid project,
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

enum pg_err signing_key_store_revoke(struct pg *pg, struct uuid organisation, struct uuid id,
                                     bool *changed)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &revoke_stmt, p, ARRAY_LEN(p), &r);
    *changed = e == PG_OK && pg_affected(r) > 0;
    pg_result_free(r);
    return e;
}
