/* SQL of what an import changes. Any thread with a connection. */
#include "control/store/import_changes_store.h"

#include "control/store/catalogue_sql.h"

/* The catalogue itself, not what overrides make of it: they hold before and after. */
#define SQL_OFFERS_NOW                                                                             \
    "select f.offer_id, p.slug as provider, m.slug as model, f.region, f.enabled, "                \
    "to_jsonb(f) - array['offer_id', 'provider_id', 'model_id', 'uid', 'enabled', 'updated_at', "  \
    "'region', 'extra'] || jsonb_build_object('details', f.extra - 'pruned') as fields, "          \
    "w.prices from offers f join providers p using (provider_id) join models m using (model_id) "  \
    "left join lateral (select x.prices from offer_prices x where x.offer_id = f.offer_id "        \
    "and x.effective_from <= clock_timestamp() order by x.effective_from desc limit 1) w on true"
#define SQL_PROVIDERS_NOW                                                                          \
    "select slug, name, to_jsonb(p) - array['provider_id', 'slug', 'updated_at'] as fields "       \
    "from providers p"

static const char before_sql[] =
    "select pg_advisory_xact_lock(hashtext('doteb.catalogue_import'));"
    "create temp table before_offers on commit drop as " SQL_OFFERS_NOW ";"
    "create temp table before_providers on commit drop as " SQL_PROVIDERS_NOW ";";
static const struct pg_stmt after_stmt = {
    "import_changes.after",
    "with now_offers as (" SQL_OFFERS_NOW "), now_providers as (" SQL_PROVIDERS_NOW "), "
    "rows as (select case when b.slug is null then 'added' else 'changed' end as kind, "
    "  0 as rank, 'provider' as what, n.slug as provider, '' as model, '' as region, n.name, "
    "  null::jsonb as old, null::jsonb as new, b.fields as were, n.fields as are, "
    "  false as overridden from now_providers n left join before_providers b using (slug) "
    "  where b.fields is distinct from n.fields "
    "  union all select case when b.offer_id is null or (n.enabled and not b.enabled) then 'added' "
    "    when b.enabled and not n.enabled then 'removed' else 'changed' end, "
    "  case when b.prices is distinct from n.prices and b.offer_id is not null then 1 else 2 end, "
    "  'offer', n.provider, n.model, n.region, n.fields ->> 'provider_model', b.prices, n.prices, "
    "  b.fields, n.fields, exists (select 1 from offer_overrides v where v.offer_id = n.offer_id "
    "    and v.prices is not null) from now_offers n left join before_offers b using (offer_id) "
    "  where (b.fields, b.prices, b.enabled) is distinct from (n.fields, n.prices, n.enabled)), "
    "items as (select json_build_object('kind', kind, 'what', what, 'provider', provider, "
    "  'model', model, 'region', region, 'name', name, 'old', case when old is not null then "
    "  " SQL_PRICE("old") " end, 'new', case when new is not null then " SQL_PRICE(
        "new") " end, "
               "  'fields', case when were is null then '[]'::json else (select coalesce(json_agg(x.key "
               "    order by x.key), '[]') from jsonb_each(are) x where x.value is distinct from "
               "    were -> x.key) end, 'overridden', overridden) as item, "
               "  row_number() over (order by rank, kind, model, provider, region) as n from rows) "
               "select json_build_object('added', (select count(*) from rows where kind = 'added'), "
               "'changed', (select count(*) from rows where kind = 'changed'), "
               "'removed', (select count(*) from rows where kind = 'removed'), "
               "'items', (select coalesce(json_agg(item order by n), '[]') from items where n <= $1))::text"};

enum pg_err import_changes_store_before(struct pg *pg)
{
    return pg_exec(pg, before_sql, NULL);
}

enum pg_err import_changes_store_after(struct pg *pg, int64_t max, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_i64(max)};
    return pg_run(pg, &after_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err import_changes_store_mark(struct pg *pg)
{
    return pg_exec(pg, "savepoint look", NULL);
}

enum pg_err import_changes_store_undo(struct pg *pg)
{
    return pg_exec(pg, "rollback to savepoint look; release savepoint look", NULL);
}
