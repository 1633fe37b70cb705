/* SQL of the catalogue's views. Any thread with a connection. Read only; imports are in
 * import_store.c.
 */
#include "control/store/catalogue_store.h"

#include <stdio.h>

#include "control/store/catalogue_sql.h"

static const struct pg_stmt providers_stmt = {
    "catalogue.providers",
    "select json_build_object('id', p.slug, 'name', p.name, 'website', p.website, "
    "'dialect', p.dialect, 'usable', " SQL_USABLE ", "
    "'options_needed', array(select o from unnest(array['region', 'project', 'resource', "
    "    'deployment', 'api_version']) o "
    "  where position('{' || o || '}' in p.base_url || p.chat_path) > 0), "
    "'models', (select count(distinct f.model_id) from offers f join models m using (model_id) "
    "  join offer_switches s using (offer_id) "
    "  where f.provider_id = p.provider_id and s.enabled and m.enabled "
    "  and (f.ends_at is null or f.ends_at > now())))::text, p.slug "
    "from providers p where p.enabled and ($1::text is null or p.slug collate \"C\" > $1) "
    "order by p.slug collate \"C\" limit $2"};

/* Offers of model m that people can see, with the filters $2 (provider) and $3 (capability). */
#define SQL_OFFERS                                                                                 \
    "from offers f join providers p using (provider_id) join offer_switches s using (offer_id) "   \
    "where f.model_id = m.model_id "                                                               \
    "and s.enabled and p.enabled and (f.ends_at is null or f.ends_at > now()) "                    \
    "and ($2::text is null or p.slug = $2) and ($3::text is null or $3 = any (f.capabilities)) "

static const struct pg_stmt models_stmt = {
    "catalogue.models",
    "select json_build_object('id', m.slug, 'name', m.name, 'family', m.family, "
    "'released_at', m.released_at, 'offers', (select json_agg(json_build_object("
    "  'provider', o.slug, 'provider_model', o.provider_model, 'region', nullif(o.region, ''), "
    "  'context', o.context, 'max_output', o.max_output, 'capabilities', o.capabilities, "
    "  'price', " SQL_PRICE(
        "w.prices") ", 'usable', o.usable) order by o.slug, o.region) "
                    "  from (select f.*, p.slug, " SQL_USABLE " as usable " SQL_OFFERS ") o "
                    "  left join lateral (select x.prices from prices_in_force x where x.offer_id = o.offer_id "
                    "    and x.effective_from <= now() order by x.effective_from desc limit 1) w on true))::text, "
                    "m.slug "
                    "from (select * from models m where m.enabled and ($1::text is null "
                    "    or position(lower($1) in lower(m.slug)) > 0 or position(lower($1) in lower(m.name)) > 0) "
                    "  and ($4::text is null or m.slug collate \"C\" > $4) and exists (select 1 " SQL_OFFERS
                    ") "
                    "  order by m.slug collate \"C\" limit $5) m "
                    "order by m.slug collate \"C\""};

static const struct pg_stmt provider_stmt = {
    "catalogue.provider",
    "select provider_id, base_url, chat_path, signer, dialect, false from providers where slug = $1 and enabled "
    "and not exists (select 1 from custom_providers c where c.organisation_id = $2 "
    "and c.slug = $1 and c.deleted_at is null) "
    "union all select c.provider_id, c.base_url, l.chat_path, l.signer, l.dialect, true from custom_providers c "
    "join custom_protocols l using (protocol) where c.organisation_id = $2 and c.slug = $1 "
    "and c.deleted_at is null"};

/* NULL p gives null. */
static struct pg_param optional(struct str s)
{
    return s.p ? pgp_text(s) : pgp_null();
}

enum pg_err catalogue_store_providers(struct pg *pg, struct str after, int64_t limit,
                                      struct pg_result **out)
{
    const struct pg_param p[] = {optional(after), pgp_i64(limit)};
    return pg_run(pg, &providers_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err catalogue_store_models(struct pg *pg, const struct model_filter *f,
                                   struct pg_result **out)
{
    const struct pg_param p[] = {optional(f->q), optional(f->provider), optional(f->capability),
                                 optional(f->after), pgp_i64(f->limit)};
    return pg_run(pg, &models_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err catalogue_store_provider(struct pg *pg, struct uuid organisation, struct str slug,
                                     struct provider_row *out)
{
    const struct pg_param p[] = {pgp_text(slug), pgp_uuid(organisation)};
    struct pg_result *r = NULL;
    *out = (struct provider_row){0};
    enum pg_err e = pg_run(pg, &provider_stmt, p, ARRAY_LEN(p), &r);
    if (e == PG_OK && pg_rows(r) > 0) {
        out->found = true;
        out->own = pg_bool(r, 0, 5);
        out->id = pg_i64(r, 0, 0);
        (void)snprintf(out->base_url, sizeof out->base_url, STR_FMT, STR_ARG(pg_str(r, 0, 1)));
        (void)snprintf(out->chat_path, sizeof out->chat_path, STR_FMT, STR_ARG(pg_str(r, 0, 2)));
        (void)snprintf(out->signer, sizeof out->signer, STR_FMT, STR_ARG(pg_str(r, 0, 3)));
        (void)snprintf(out->dialect, sizeof out->dialect, STR_FMT, STR_ARG(pg_str(r, 0, 4)));
    }
    pg_result_free(r);
    return e;
}
