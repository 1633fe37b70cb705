/* SQL of provider keys. Any thread with a connection. */
#include "control/store/provider_key_store.h"

#include "control/store/sql.h"

#define SQL_MODELS                                                                                 \
    "(select coalesce(json_agg(m.slug order by m.slug collate \"C\"), '[]') from "                 \
    "model_names m "                                                                               \
    "where m.model_id = any(k.models))"
#define SQL_ROTATION                                                                               \
    "(select json_build_object('state', case when r.switched_at is not null then 'switched' "      \
    "when r.new_check->>'outcome' = 'ok' then 'verified' else 'unverified' end, "                  \
    "'started_at', " SQL_TIME("r.started_at") ", 'switched_at', " SQL_TIME(                        \
        "r.switched_at") ", 'check', r.new_check) from provider_key_rotations r "                  \
                         "where r.organisation_id = k.organisation_id "                            \
                         "and r.provider_key_id = k.provider_key_id)"
#define SQL_LAST_CHECK                                                                             \
    "(select c.last_check from provider_key_checks c where "                                       \
    "c.organisation_id = k.organisation_id and c.provider_key_id = k.provider_key_id)"
/* Fields that edits change; what requests do to a key follows in USE_FIELDS. */
#define KEY_FIELDS                                                                                 \
    "json_build_object('id', k.provider_key_id, 'provider', p.slug, 'label', k.label, "            \
    "'last4', k.last4, 'base_url', k.base_url, 'options', k.options, 'models', " SQL_MODELS        \
    ", 'position', k.position, "                                                                   \
    "'created_at', " SQL_TIME("k.created_at") ", 'disabled_at', " SQL_TIME(                        \
        "k.disabled_at") ", 'last_check', " SQL_LAST_CHECK ", 'rotation', " SQL_ROTATION
#define KEY_ITEM                                                                                   \
    "select " KEY_FIELDS ")::text from provider_keys k join provider_names p using (provider_id) " \
    "where k.organisation_id = $1 "
/* Of the last week: the sums of each key (u), what the newest answer that says something of the key
 * says (word), and when there was another kind of answer (other_at). */
#define WITH_USE                                                                                   \
    "with r as materialized (select * from rollup_provider_keys where organisation_id = $1 "       \
    "    and grain >= now() - interval '7 days'), "                                                \
    "t as (select provider_key_id, max(provider_id) as provider_id, "                              \
    "    coalesce(sum(attempts) filter (where grain >= "                                           \
    "        date_bin('30 minutes', now() - interval '24 hours', 'epoch')), 0) as attempts, "      \
    "    coalesce(sum(cost) filter (where grain >= "                                               \
    "        date_bin('30 minutes', now() - interval '24 hours', 'epoch')), 0) as cost, "          \
    "    max(last_ok_at) as ok_at, max(last_refused_at) as refused_at, "                           \
    "    max(last_limited_at) as limited_at, "                                                     \
    "    (array_agg(last_refused_status order by last_refused_at desc nulls last))[1] "            \
    "        as refused_status from r group by provider_key_id), "                                 \
    "u as (select *, sum(attempts) over (partition by provider_id) as of_provider, case "          \
    "    when coalesce(ok_at, refused_at, limited_at) is null then 'unused' "                      \
    "    when ok_at = greatest(ok_at, refused_at, limited_at) then 'ok' "                          \
    "    when refused_at = greatest(refused_at, limited_at) then 'refused' "                       \
    "    else 'rate_limited' end as word from t) "
#define SQL_SINCE                                                                                  \
    "(select greatest(o.at, (select min(grain) from r "                                            \
    "    where r.provider_key_id = k.provider_key_id "                                             \
    "    and (o.at is null or grain + interval '30 minutes' > o.at) and case u.word "              \
    "    when 'ok' then ok when 'refused' then refused else rate_limited end > 0)) "               \
    "from (select case u.word when 'ok' then greatest(u.refused_at, u.limited_at) "                \
    "    when 'refused' then greatest(u.ok_at, u.limited_at) "                                     \
    "    when 'rate_limited' then greatest(u.ok_at, u.refused_at) end as at) o "                   \
    "where u.word <> 'unused')"
#define USE_FIELDS                                                                                                        \
    ", 'state', case when k.disabled_at is not null then json_build_object('word', 'disabled', "                          \
    "'since', " SQL_TIME(                                                                                                 \
        "k.disabled_at") ", 'status', null) else json_build_object("                                                      \
                         "'word', coalesce(u.word, 'unused'), 'since', " SQL_TIME(                                        \
                             SQL_SINCE) ", 'status', "                                                                    \
                                        "case u.word when 'ok' then 200 when 'refused' then u.refused_status "            \
                                        "when 'rate_limited' then 429 end) end, "                                         \
                                        "'traffic', json_build_object('requests', coalesce(u.attempts, 0)::bigint, "      \
                                        "'share', coalesce(round(u.attempts / nullif(u.of_provider, 0), 4), 0)::float8, " \
                                        "'cost', " SQL_MONEY("coalesce(u.cost, 0)") ")"
#define KEY_SHOWN                                                                                  \
    WITH_USE "select " KEY_FIELDS USE_FIELDS                                                       \
             ")::text, p.slug, k.position || '/' || k.provider_key_id "                            \
             "from provider_keys k join provider_names p using (provider_id) "                     \
             "left join u on u.provider_key_id = k.provider_key_id where k.organisation_id = $1 "

static const struct pg_stmt add_stmt = {
    "provider_key.add",
    "insert into provider_keys (organisation_id, provider_key_id, provider_id, label, sealed, "
    "last4, base_url, options, created_by, models, position) "
    "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($10::integer[], '{}'), "
    "(select coalesce(max(position) + 1, 0) from provider_keys "
    " where organisation_id = $1 and provider_id = $3))"};
static const struct pg_stmt list_stmt = {
    "provider_key.list",
    KEY_SHOWN "and ($2::text is null or (p.slug collate \"C\", k.position, k.provider_key_id) > "
              "($2, $3::integer, $4::uuid)) "
              "order by p.slug collate \"C\", k.position, k.provider_key_id limit $5"};
static const struct pg_stmt get_stmt = {"provider_key.get", KEY_ITEM "and k.provider_key_id = $2"};
static const struct pg_stmt show_stmt = {"provider_key.show",
                                         KEY_SHOWN "and k.provider_key_id = $2"};
static const struct pg_stmt patch_stmt = {
    "provider_key.patch",
    "update provider_keys set label = coalesce($3, label), position = coalesce($4, position), "
    "disabled_at = case $5::boolean when true then coalesce(disabled_at, now()) "
    "when false then null else disabled_at end, "
    "options = coalesce($6::jsonb, options), models = coalesce($7::integer[], models) "
    "where organisation_id = $1 and provider_key_id = $2"};
static const struct pg_stmt delete_stmt = {
    "provider_key.delete",
    "delete from provider_keys where organisation_id = $1 and provider_key_id = $2"};
/* Nothing, unless exactly the provider's keys are named. */
static const struct pg_stmt order_stmt = {
    "provider_key.order",
    "with o as (select id::uuid, n from jsonb_array_elements_text($3::jsonb) "
    "    with ordinality o(id, n)), "
    "k as (select provider_key_id from provider_keys where organisation_id = $1 "
    "    and provider_id = $2 for update) "
    "update provider_keys set position = o.n - 1 from o where organisation_id = $1 "
    "and provider_id = $2 and provider_key_id = o.id "
    "and (select count(*) from k) = (select count(*) from o) "
    "and (select count(*) from k) = (select count(distinct id) from o) "
    "and not exists (select 1 from o q where q.id not in (select provider_key_id from k))"};
static const struct pg_stmt ids_stmt = {
    "provider_key.ids",
    "select coalesce(json_agg(provider_key_id order by position, provider_key_id), '[]')::text "
    "from provider_keys where organisation_id = $1 and provider_id = $2"};
/* Ids of the models, and the first name that the provider does not offer. */
static const struct pg_stmt models_stmt = {
    "provider_key.models",
    "with n as (select slug from jsonb_array_elements_text($2::jsonb) slug), "
    "f as (select distinct m.slug, m.model_id from n join models m using (slug) "
    "    join offers o using (model_id) join offer_switches s using (offer_id) "
    "    where o.provider_id = $1 and s.enabled and m.enabled "
    "  union select m.slug, m.model_id from n join custom_models m using (slug) "
    "    where m.provider_id = $1 and m.deleted_at is null) "
    "select (select coalesce(array_agg(model_id order by model_id), '{}') from f)::text, "
    "(select min(slug) from n where slug not in (select slug from f))"};
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
        k->models.p ? pgp_text(k->models) : pgp_null(),
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

enum pg_err provider_key_store_show(struct pg *pg, struct uuid organisation, struct uuid id,
                                    struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &show_stmt, p, ARRAY_LEN(p), out);
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
        patch->options.p ? pgp_text(patch->options) : pgp_null(),
        patch->models.p ? pgp_text(patch->models) : pgp_null(),
    };
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &patch_stmt, p, ARRAY_LEN(p), &r);
    *found = e == PG_OK && pg_affected(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err provider_key_store_delete(struct pg *pg, struct uuid organisation, struct uuid id)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &delete_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err provider_key_store_ids(struct pg *pg, struct uuid organisation, int64_t provider_id,
                                   struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_i64(provider_id)};
    return pg_run(pg, &ids_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err provider_key_store_order(struct pg *pg, struct uuid organisation, int64_t provider_id,
                                     struct str ids, bool *done)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_i64(provider_id), pgp_text(ids)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &order_stmt, p, ARRAY_LEN(p), &r);
    *done = e == PG_OK && pg_affected(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err provider_key_store_models(struct pg *pg, int64_t provider_id, struct str slugs,
                                      struct pg_result **out)
{
    const struct pg_param p[] = {pgp_i64(provider_id), pgp_text(slugs)};
    return pg_run(pg, &models_stmt, p, ARRAY_LEN(p), out);
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
