/* SQL of a provider key's secret and its exchange. Any thread with a connection. */
#include "control/store/provider_key_rotation_store.h"

static const struct pg_stmt sealed_stmt = {
    "provider_key_rotation.sealed",
    "select p.slug, k.sealed, k.options::text, k.base_url from provider_keys k "
    "join provider_names p using (provider_id) where k.organisation_id = $1 and k.provider_key_id = $2"};
static const struct pg_stmt checked_stmt = {
    "provider_key_rotation.checked",
    "insert into provider_key_checks (organisation_id, provider_key_id, last_check) "
    "values ($1, $2, $3::jsonb) on conflict (organisation_id, provider_key_id) "
    "do update set last_check = excluded.last_check"};
static const struct pg_stmt now_stmt = {
    "provider_key_rotation.now", "select switched_at is not null from provider_key_rotations "
                                 "where organisation_id = $1 and provider_key_id = $2 for update"};
static const struct pg_stmt start_stmt = {
    "provider_key_rotation.start",
    "insert into provider_key_rotations (organisation_id, provider_key_id, other_sealed, "
    "other_last4, new_check) values ($1, $2, $3, $4, $5::jsonb)"};
/* All parts see the rows as they were. */
static const struct pg_stmt swap_stmt = {
    "provider_key_rotation.swap",
    "with r as (select * from provider_key_rotations where organisation_id = $1 "
    "    and provider_key_id = $2), "
    "k as (select sealed, last4 from provider_keys where organisation_id = $1 "
    "    and provider_key_id = $2), "
    "c as (select last_check from provider_key_checks where organisation_id = $1 "
    "    and provider_key_id = $2), "
    "used as (update provider_keys set sealed = r.other_sealed, last4 = r.other_last4 from r "
    "    where provider_keys.organisation_id = $1 and provider_keys.provider_key_id = $2), "
    "forgotten as (delete from provider_key_checks where organisation_id = $1 "
    "    and provider_key_id = $2 and not $3 and (select old_check from r) is null), "
    "checked as (insert into provider_key_checks (organisation_id, provider_key_id, last_check) "
    "    select $1, $2, case when $3 then new_check else old_check end from r "
    "    where $3 or old_check is not null on conflict (organisation_id, provider_key_id) "
    "    do update set last_check = excluded.last_check) "
    "update provider_key_rotations set other_sealed = k.sealed, other_last4 = k.last4, "
    "switched_at = case when $3 then now() end, "
    "old_check = case when $3 then (select last_check from c) end "
    "from k where organisation_id = $1 and provider_key_id = $2"};
static const struct pg_stmt end_stmt = {
    "provider_key_rotation.end",
    "delete from provider_key_rotations where organisation_id = $1 and provider_key_id = $2"};

enum pg_err provider_key_rotation_store_sealed(struct pg *pg, struct arena *arena,
                                               struct uuid organisation, struct uuid id,
                                               struct provider_key_sealed *out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    struct pg_result *r = NULL;
    *out = (struct provider_key_sealed){0};
    enum pg_err e = pg_run(pg, &sealed_stmt, p, ARRAY_LEN(p), &r);
    if (e == PG_OK && pg_rows(r) > 0) {
        size_t max = pg_str(r, 0, 1).len; /* as text: more than its bytes */
        uint8_t *bytes = arena_alloc(arena, max + 1);
        ptrdiff_t len = pg_bytes(r, 0, 1, bytes, max);
        out->found = true;
        out->slug = arena_str(arena, pg_str(r, 0, 0));
        out->options = arena_str(arena, pg_str(r, 0, 2));
        out->base_url = pg_is_null(r, 0, 3) ? STR_NULL : arena_str(arena, pg_str(r, 0, 3));
        if (len < 0)
            e = PG_INVALID;
        else
            out->sealed = str_make((const char *)bytes, (size_t)len);
    }
    pg_result_free(r);
    return e;
}

enum pg_err provider_key_rotation_store_checked(struct pg *pg, struct uuid organisation,
                                                struct uuid id, struct str check)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id), pgp_text(check)};
    return pg_run(pg, &checked_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err provider_key_rotation_store_now(struct pg *pg, struct uuid organisation, struct uuid id,
                                            enum rotation_now *now)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &now_stmt, p, ARRAY_LEN(p), &r);
    *now = ROTATION_NONE;
    if (e == PG_OK && pg_rows(r) > 0)
        *now = pg_bool(r, 0, 0) ? ROTATION_SWITCHED : ROTATION_STARTED;
    pg_result_free(r);
    return e;
}

enum pg_err provider_key_rotation_store_start(struct pg *pg, struct uuid organisation,
                                              struct uuid id, struct str sealed, const char *last4,
                                              struct str check)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id),
                                 pgp_bytes(sealed.p, sealed.len), pgp_cstr(last4), pgp_text(check)};
    return pg_run(pg, &start_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err provider_key_rotation_store_swap(struct pg *pg, struct uuid organisation,
                                             struct uuid id, bool forth)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id), pgp_bool(forth)};
    return pg_run(pg, &swap_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err provider_key_rotation_store_end(struct pg *pg, struct uuid organisation, struct uuid id)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &end_stmt, p, ARRAY_LEN(p), NULL);
}
