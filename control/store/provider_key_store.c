/* SQL of provider keys. Any thread with a connection. */
#include "control/store/provider_key_store.h"

#include "control/store/sql.h"

#define KEY_ITEM                                                                                   \
    "select json_build_object('id', k.provider_key_id, 'provider', p.slug, 'label', k.label, "     \
    "'last4', k.last4, 'base_url', k.base_url, 'options', k.options, 'position', k.position, "     \
    "'created_at', " SQL_TIME("k.created_at") ", 'disabled_at', " SQL_TIME(                        \
        "k.disabled_at") ")::text, p.slug, k.position || '/' || k.provider_key_id "                \
                         "from provider_keys k join providers p using (provider_id) where "        \
                         "k.organisation_id = $1 "

static const struct pg_stmt add_stmt = {
    "provider_key.add",
    "insert into provider_keys (organisation_id, provider_key_id, provider_id, label, sealed, "
    "last4, base_url, options, created_by, position) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
    "(select coalesce(max(position) + 1, 0) from provider_keys "
    " where organisation_id = $1 and provider_id = $3))"};
static const struct pg_stmt list_stmt = {
    "provider_key.list",
    KEY_ITEM "and ($2::text is null or (p.slug collate \"C\", k.position, k.provider_key_id) > "
             "($2, $3::integer, $4::uuid)) "
             "order by p.slug collate \"C\", k.position, k.provider_key_id limit $5"};
static const struct pg_stmt get_stmt = {"provider_key.get", KEY_ITEM "and k.provider_key_id = $2"};
static const struct pg_stmt patch_stmt = {
    "provider_key.patch",
    "update provider_keys set label = coalesce($3, label), position = coalesce($4, position), "
    "disabled_at = case $5::boolean when true then coalesce(disabled_at, now()) "
    "when false then null else disabled_at end "
    "where organisation_id = $1 and provider_key_id = $2"};
static const struct pg_stmt exists_stmt = {
    "provider_key.exists",
    "select 1 from provider_keys where organisation_id = $1 and provider_id = $2 and label = $3 "
    "and disabled_at is null"};

enum pg_err provider_key_store_add(struct pg *pg, const struct provider_key_row *k)
{
    const struct pg_param p[] = {
        pgp_uuid(k->organisation),
        pgp_uuid(k->id),
        pgp_i64(k->provider_id),
        pgp_text(k->label),
        pgp_bytes(k->sealed.p, k->sealed.len),
        pgp_cstr(k->last4),
        k->base_url.p ? pgp_text(k->base_url) : pgp_null(),
        pgp_text(k->options),
        k->created_by ? pgp_uuid(*k->created_by) : pgp_null(),
    };
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err provider_key_store_list(struct pg *pg, const struct provider_key_filter *f,
                                    struct pg_result **out)
{
    bool after = f->after_provider.p != NULL;
    const struct pg_param p[] = {
        pgp_uuid(f->organisation),
        after ? pgp_text(f->after_provider) : pgp_null(),
        after ? pgp_i64(f->after_position) : pgp_null(),
        after ? pgp_uuid(f->after_id) : pgp_null(),
        pgp_i64(f->limit),
    };
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err provider_key_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                   struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err provider_key_store_patch(struct pg *pg, struct uuid organisation, struct uuid id,
                                     const struct provider_key_patch *patch, bool *found)
{
    const struct pg_param p[] = {
        pgp_uuid(organisation),
        pgp_uuid(id),
        patch->label.p ? pgp_text(patch->label) : pgp_null(),
        patch->position >= 0 ? pgp_i64(patch->position) : pgp_null(),
        patch->set_disabled ? pgp_bool(patch->disabled) : pgp_null(),
    };
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &patch_stmt, p, ARRAY_LEN(p), &r);
    *found = e == PG_OK && pg_affected(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err provider_key_store_exists(struct pg *pg, struct uuid organisation, int64_t provider_id,
                                      struct str label, bool *found)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_i64(provider_id), pgp_text(label)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &exists_stmt, p, ARRAY_LEN(p), &r);
    *found = e == PG_OK && pg_rows(r) > 0;
    pg_result_free(r);
    return e;
}
