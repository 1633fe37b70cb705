/* SQL of the operator's view of the catalogue. Any thread with a connection. */
#include "control/store/offer_override_store.h"

#include "control/store/catalogue_sql.h"
#include "control/store/sql.h"

/* clang-format off */
#define PLACE "p.slug || '/' || f.region"
#define ITEM \
    "select json_build_object('id', f.uid, 'model', json_build_object('id', m.uid, 'slug', m.slug, " \
    "'name', m.name, 'enabled', m.enabled), 'provider', p.slug, 'provider_name', p.name, " \
    "'provider_model', f.provider_model, 'region', nullif(f.region, ''), 'context', f.context, " \
    "'max_output', f.max_output, 'usable', " SQL_USABLE ", 'ends_at', " SQL_TIME("f.ends_at") ", " \
    "'enabled', coalesce(v.enabled, f.enabled), " \
    "'price', " SQL_PRICE("coalesce(v.prices, w.prices)") ", " \
    "'tiered', coalesce(coalesce(v.prices, w.prices) ? 'tiers', false), " \
    "'catalogue', json_build_object('enabled', f.enabled, 'price', " SQL_PRICE("w.prices") "), " \
    "'override', case when v.offer_id is not null then json_build_object('enabled', v.enabled, " \
    "'price', case when v.prices is not null then " SQL_PRICE("v.prices") " end, 'updated_at', " \
    SQL_TIME("v.updated_at") ") end)::text, m.slug, " PLACE " "
#define FROM \
    "from offers f join providers p using (provider_id) join models m using (model_id) " \
    "left join offer_overrides v using (offer_id) left join lateral (select x.prices from " \
    "offer_prices x where x.offer_id = f.offer_id and x.effective_from <= now() " \
    "order by x.effective_from desc limit 1) w on true "
#define MODEL \
    "select json_build_object('id', m.uid, 'slug', m.slug, 'name', m.name, 'enabled', m.enabled, " \
    "'offers', (select count(*) from offers f where f.model_id = m.model_id))::text, m.slug from models m "
/* clang-format on */

static const struct pg_stmt list_stmt = {
    "offer_override.list", ITEM FROM
    "where ($1::text is null or position(lower($1) in lower(m.slug)) > 0 "
    "  or position(lower($1) in lower(m.name)) > 0 "
    "  or position(lower($1) in lower(f.provider_model)) > 0) "
    "and ($2::text is null or p.slug = $2) "
    "and ($3 = 0 or ($3 = 1 and v.offer_id is not null) "
    "  or ($3 = 2 and not (coalesce(v.enabled, f.enabled) and m.enabled))) "
    "and ($4::text is null or (m.slug collate \"C\", (" PLACE ") collate \"C\") > ($4, $5)) "
    "order by m.slug collate \"C\", (" PLACE ") collate \"C\" limit $6"};
static const struct pg_stmt get_stmt = {"offer_override.get", ITEM FROM "where f.uid = $1"};
static const struct pg_stmt put_stmt = {
    "offer_override.put",
    "insert into offer_overrides as v (offer_id, enabled, prices, prices_from) "
    "select offer_id, case when $2 then $3::boolean end, case when $4 then $5::jsonb end, "
    "  case when $4 and $5::jsonb is not null then clock_timestamp() end from offers where uid = $1 "
    "on conflict (offer_id) do update set "
    "enabled = case when $2 then excluded.enabled else v.enabled end, "
    "prices = case when $4 then excluded.prices else v.prices end, "
    "prices_from = case when not $4 or v.prices = excluded.prices then v.prices_from "
    "  else excluded.prices_from end, updated_at = now()"};
static const struct pg_stmt drop_stmt = {
    "offer_override.drop",
    "delete from offer_overrides v using offers f where f.uid = $1 "
    "and v.offer_id = f.offer_id and v.enabled is null and v.prices is null"};
static const struct pg_stmt models_stmt = {
    "offer_override.models",
    MODEL "where ($1::text is null or position(lower($1) in lower(m.slug)) > 0 "
          "or position(lower($1) in lower(m.name)) > 0) "
          "and ($2::text is null or m.slug collate \"C\" > $2) "
          "order by m.slug collate \"C\" limit $3"};
static const struct pg_stmt model_stmt = {"offer_override.model", MODEL "where m.uid = $1"};
static const struct pg_stmt switch_stmt = {
    "offer_override.switch", "update models set enabled = $2, updated_at = now() where uid = $1"};

static struct pg_param optional(struct str s)
{
    return s.p ? pgp_text(s) : pgp_null();
}

enum pg_err offer_override_store_list(struct pg *pg, const struct offer_filter *f,
                                      struct pg_result **out)
{
    const struct pg_param p[] = {optional(f->q),     optional(f->provider), pgp_i64(f->only),
                                 optional(f->model), optional(f->place),    pgp_i64(f->limit)};
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err offer_override_store_get(struct pg *pg, struct uuid organisation, struct uuid offer,
                                     struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(offer)};
    (void)organisation;
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err offer_override_store_put(struct pg *pg, struct uuid offer,
                                     const struct offer_override *o)
{
    const struct pg_param p[] = {pgp_uuid(offer), pgp_bool(o->set_enabled),
                                 o->enabled ? pgp_bool(*o->enabled) : pgp_null(),
                                 pgp_bool(o->set_prices), optional(o->prices)};
    enum pg_err e = pg_run(pg, &put_stmt, p, ARRAY_LEN(p), NULL);
    return e == PG_OK ? pg_run(pg, &drop_stmt, p, 1, NULL) : e;
}

enum pg_err offer_override_store_models(struct pg *pg, struct str q, struct str after,
                                        int64_t limit, struct pg_result **out)
{
    const struct pg_param p[] = {optional(q), optional(after), pgp_i64(limit)};
    return pg_run(pg, &models_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err offer_override_store_model(struct pg *pg, struct uuid organisation, struct uuid model,
                                       struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(model)};
    (void)organisation;
    return pg_run(pg, &model_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err offer_override_store_switch(struct pg *pg, struct uuid model, bool enabled)
{
    const struct pg_param p[] = {pgp_uuid(model), pgp_bool(enabled)};
    return pg_run(pg, &switch_stmt, p, ARRAY_LEN(p), NULL);
}
