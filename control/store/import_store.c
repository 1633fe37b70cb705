/* SQL of catalogue imports. Set by set, so that the change feed sees one change a table however
 * many rows an import has. Prices are only ever added (offer_prices). The command line's
 * connection.
 */
#include "control/store/import_store.h"

static const char stage_sql[] =
    "select pg_advisory_xact_lock(hashtext('doteb.catalogue_import'));"
    "create temp table stage_providers (slug text, name text, base_url text, dialect text, "
    "  framing text, signer text, chat_path text, max_temperature numeric, website text, "
    "  status_page text, headquarters text, data_policy jsonb, quirks jsonb, merge boolean) "
    "  on commit drop;"
    "create temp table stage_models (slug text, name text, family text, released_at date, "
    "  output text[], merge boolean) on commit drop;"
    "create temp table stage_aliases (alias text, model text) on commit drop;"
    "create temp table stage_offers (provider text, model text, their_id text, region text, "
    "  provider_model text, context bigint, max_output bigint, capabilities text[], "
    "  reasoning_efforts text[], supported_parameters text[], stability text, "
    "  deprecated_at timestamptz, ends_at timestamptz, extra jsonb, price jsonb, merge boolean, "
    "  known boolean not null default false, offer_id integer, is_new boolean not null default "
    "false, current jsonb) on commit drop;";

static const struct pg_stmt stage_providers_stmt = {
    "import.stage_providers",
    "insert into stage_providers select * from jsonb_to_recordset($1::jsonb) as x(slug text, "
    "name text, base_url text, dialect text, framing text, signer text, chat_path text, "
    "max_temperature numeric, website text, status_page text, headquarters text, "
    "data_policy jsonb, quirks jsonb, merge boolean)"};
static const struct pg_stmt stage_models_stmt = {
    "import.stage_models",
    "insert into stage_models select * from jsonb_to_recordset($1::jsonb) as x(slug text, "
    "name text, family text, released_at date, output text[], merge boolean)"};
static const struct pg_stmt stage_aliases_stmt = {
    "import.stage_aliases",
    "insert into stage_aliases select * from jsonb_to_recordset($1::jsonb) as x(alias text, "
    "model text)"};
static const struct pg_stmt stage_offers_stmt = {
    "import.stage_offers",
    "insert into stage_offers select x.* from jsonb_to_recordset($1::jsonb) as x(provider text, "
    "model text, their_id text, region text, provider_model text, context bigint, "
    "max_output bigint, capabilities text[], reasoning_efforts text[], "
    "supported_parameters text[], stability text, deprecated_at timestamptz, ends_at timestamptz, "
    "extra jsonb, price jsonb, merge boolean)"};

/* A merged offer's model: that of the offer with the provider's own name for it; else a model or
 * alias of its whole id or of the id's last part; else a new one, whose slug is there already. */
static const char resolve_sql[] =
    "analyze stage_offers; analyze stage_models; analyze stage_providers; analyze stage_aliases;"
    "update stage_offers s set model = k.slug, known = true from (select distinct on (x.ctid) "
    "    x.ctid as id, m.slug from stage_offers x join providers p on p.slug = x.provider "
    "    join offers f on f.provider_id = p.provider_id and f.provider_model = x.provider_model "
    "      and f.region = '' join models m using (model_id) where x.merge "
    "    order by x.ctid, (m.slug = x.model) desc, m.slug) k where s.ctid = k.id;"
    "update stage_offers s set model = m.slug from model_aliases a join models m using (model_id) "
    "  where s.merge and not s.known and a.alias = s.model "
    "  and not exists (select 1 from models x where x.slug = s.model);"
    "update stage_offers s set model = m.slug from models m where s.merge and not s.known "
    "  and m.slug = lower(s.their_id);"
    /* Models that no offer needs are not made; of several rows for one slug the first stays. */
    "delete from stage_models m where m.merge and not exists "
    "  (select 1 from stage_offers s where s.model = m.slug);"
    "delete from stage_models a using stage_models b where a.merge and a.slug = b.slug "
    "  and a.ctid > b.ctid;";

static const struct pg_stmt refuse_stmt = {
    "import.refuse",
    "with twice as (delete from stage_providers a using stage_providers b where a.slug = b.slug "
    "    and a.ctid > b.ctid returning a.slug), "
    "models_twice as (delete from stage_models a using stage_models b where a.slug = b.slug "
    "    and a.ctid > b.ctid returning a.slug), "
    "no_provider as (delete from stage_offers s where not exists (select 1 from providers p "
    "    where p.slug = s.provider) and not exists (select 1 from stage_providers p "
    "    where p.slug = s.provider) returning s.model, s.provider), "
    "offers_twice as (delete from stage_offers s using (select ctid, row_number() over "
    "    (partition by provider, model, region order by known desc, (provider_model = model) desc, "
    "    provider_model, ctid) as n "
    "    from stage_offers) d where s.ctid = d.ctid and d.n > 1 "
    "    returning s.model, s.provider, s.provider_model), "
    "bad_alias as (delete from stage_aliases a where exists (select 1 from models m "
    "    where m.slug = a.alias) or exists (select 1 from stage_models m where m.slug = a.alias) "
    "    or exists (select 1 from model_aliases o join models m using (model_id) "
    "      where o.alias = a.alias and m.slug <> a.model) "
    "    or exists (select 1 from stage_aliases b where b.alias = a.alias and b.ctid < a.ctid) "
    "    returning a.alias, a.model) "
    "select 'provider ' || slug, 'it is in the file twice' from twice union all "
    "select 'model ' || slug, 'it is in the file twice' from models_twice union all "
    "select 'model ' || model || ' at ' || provider, 'there is no such provider' from no_provider "
    "union all select 'model ' || model || ' at ' || provider, 'another row of this provider is "
    "that model too (this one: ' || provider_model || ')' from offers_twice union all "
    "select 'alias ' || alias, 'it names another model already' from bad_alias"};

static const struct pg_stmt providers_stmt = {
    "import.providers",
    "with put as (insert into providers as p (slug, name, base_url, dialect, framing, signer, "
    "  chat_path, max_temperature, website, status_page, headquarters, data_policy, quirks) "
    "select slug, name, base_url, dialect, coalesce(framing, 'sse'), signer, chat_path, "
    "  max_temperature, coalesce(website, ''), coalesce(status_page, ''), "
    "  coalesce(headquarters, ''), coalesce(data_policy, '{}'), coalesce(quirks, '{}') "
    "from stage_providers s where not coalesce(s.merge, false) "
    "  or not exists (select 1 from providers x where x.slug = s.slug) "
    "on conflict (slug) do update set name = excluded.name, base_url = excluded.base_url, "
    "  dialect = excluded.dialect, framing = excluded.framing, signer = excluded.signer, "
    "  chat_path = excluded.chat_path, max_temperature = excluded.max_temperature, "
    "  website = excluded.website, status_page = excluded.status_page, "
    "  headquarters = excluded.headquarters, data_policy = excluded.data_policy, "
    "  quirks = excluded.quirks, updated_at = now() "
    "where (p.name, p.base_url, p.dialect, p.framing, p.signer, p.chat_path, p.max_temperature, "
    "  p.website, p.status_page, p.headquarters, p.data_policy, p.quirks) is distinct from "
    "  (excluded.name, excluded.base_url, excluded.dialect, excluded.framing, excluded.signer, "
    "  excluded.chat_path, excluded.max_temperature, excluded.website, excluded.status_page, "
    "  excluded.headquarters, excluded.data_policy, excluded.quirks) returning xmax = 0 as added) "
    "select count(*) filter (where added), count(*) filter (where not added), "
    "(select count(*) from stage_providers) - count(*) from put"};
static const struct pg_stmt models_stmt = {
    "import.models",
    "with put as (insert into models as m (slug, name, family, released_at, output) "
    "select slug, name, coalesce(family, ''), released_at, coalesce(output, '{text}') "
    "from stage_models s where not coalesce(s.merge, false) "
    "  or not exists (select 1 from models x where x.slug = s.slug) "
    "on conflict (slug) do update set name = excluded.name, family = excluded.family, "
    "  released_at = excluded.released_at, output = excluded.output, updated_at = now() "
    "where (m.name, m.family, m.released_at, m.output) is distinct from "
    "  (excluded.name, excluded.family, excluded.released_at, excluded.output) "
    "returning xmax = 0 as added) "
    "select count(*) filter (where added), count(*) filter (where not added), "
    "(select count(*) from stage_models) - count(*) from put"};
static const struct pg_stmt aliases_stmt = {
    "import.aliases",
    "with put as (insert into model_aliases (alias, model_id) select a.alias, m.model_id "
    "from stage_aliases a join models m on m.slug = a.model on conflict do nothing returning 1) "
    "select count(*), 0, (select count(*) from stage_aliases) - count(*) from put"};

/* A merged price speaks for every offer of the provider under its name, and for regions that cost
 * what the offer costs. */
static const char regions_sql[] =
    "update stage_offers s set offer_id = f.offer_id from offers f join providers p "
    "  using (provider_id) join models m using (model_id) where p.slug = s.provider "
    "  and m.slug = s.model and f.region = s.region;"
    "insert into stage_offers (provider, model, region, provider_model, context, max_output, "
    "  price, merge, offer_id) select s.provider, m.slug, '', s.provider_model, s.context, "
    "  s.max_output, s.price, true, g.offer_id from stage_offers s join offers f using (offer_id) "
    "join offers g on g.provider_id = f.provider_id and g.provider_model = s.provider_model "
    "  and g.region = '' and g.offer_id <> f.offer_id join models m on m.model_id = g.model_id "
    "where s.merge and s.region = '' "
    "  and not exists (select 1 from stage_offers x where x.offer_id = g.offer_id);"
    "insert into stage_offers (provider, model, region, provider_model, price, merge, offer_id) "
    "select s.provider, s.model, g.region, g.provider_model, s.price, true, g.offer_id "
    "from stage_offers s join offers f using (offer_id) join offers g on "
    "  g.provider_id = f.provider_id and g.model_id = f.model_id and g.region <> '' "
    "cross join lateral (select prices from offer_prices x where x.offer_id = f.offer_id "
    "  and x.effective_from <= now() order by effective_from desc limit 1) fp "
    "cross join lateral (select prices from offer_prices x where x.offer_id = g.offer_id "
    "  and x.effective_from <= now() order by effective_from desc limit 1) gp "
    "where s.merge and s.region = '' and fp.prices = gp.prices;";

static const struct pg_stmt offers_add_stmt = {
    "import.offers_add",
    "insert into offers (provider_id, model_id, region, provider_model, context, max_output, "
    "capabilities, reasoning_efforts, supported_parameters, stability, deprecated_at, ends_at, "
    "extra) select p.provider_id, m.model_id, s.region, s.provider_model, s.context, s.max_output, "
    "coalesce(s.capabilities, '{}'), coalesce(s.reasoning_efforts, '{}'), s.supported_parameters, "
    "coalesce(s.stability, ''), s.deprecated_at, s.ends_at, coalesce(s.extra, '{}') "
    "from stage_offers s join providers p on p.slug = s.provider join models m on m.slug = s.model "
    "where s.offer_id is null"};
static const struct pg_stmt offers_link_stmt = {
    "import.offers_link",
    "update stage_offers s set offer_id = f.offer_id, is_new = true from offers f "
    "join providers p using (provider_id) join models m using (model_id) "
    "where s.offer_id is null and p.slug = s.provider and m.slug = s.model and f.region = "
    "s.region"};
static const struct pg_stmt offers_change_stmt = {
    "import.offers_change",
    "update offers f set provider_model = n.provider_model, context = n.context, "
    "max_output = n.max_output, capabilities = n.capabilities, "
    "reasoning_efforts = n.reasoning_efforts, supported_parameters = n.supported_parameters, "
    "stability = n.stability, deprecated_at = n.deprecated_at, ends_at = n.ends_at, "
    "extra = n.extra, enabled = f.enabled or f.extra ? 'pruned', updated_at = now() "
    "from (select s.offer_id, s.provider_model, s.context, s.max_output, "
    "    coalesce(s.capabilities, '{}') as capabilities, "
    "    coalesce(s.reasoning_efforts, '{}') as reasoning_efforts, s.supported_parameters, "
    "    coalesce(s.stability, '') as stability, s.deprecated_at, s.ends_at, "
    "    coalesce(s.extra, '{}') as extra "
    "  from stage_offers s where not s.is_new and not coalesce(s.merge, false) "
    "  union all select s.offer_id, o.provider_model, coalesce(s.context, o.context), "
    "    coalesce(s.max_output, o.max_output), o.capabilities, o.reasoning_efforts, "
    "    o.supported_parameters, o.stability, o.deprecated_at, o.ends_at, o.extra - 'pruned' "
    "  from stage_offers s join offers o using (offer_id) where not s.is_new and s.merge) n "
    "where f.offer_id = n.offer_id and (f.provider_model, f.context, f.max_output, "
    "  f.capabilities, f.reasoning_efforts, f.supported_parameters, f.stability, "
    "  f.deprecated_at, f.ends_at, f.extra) is distinct from (n.provider_model, n.context, "
    "  n.max_output, n.capabilities, n.reasoning_efforts, n.supported_parameters, n.stability, "
    "  n.deprecated_at, n.ends_at, n.extra)"};

/* What is in force at the time the new prices begin. Taken by the clock, not by now(): that is the
 * transaction's start, which may lie before another import that this one waited for. */
static const struct pg_stmt current_stmt = {
    "import.current",
    "with at as (select coalesce($1::timestamptz, clock_timestamp()) as t) "
    "update stage_offers s set current = x.prices from at, lateral (select o.offer_id, w.prices "
    "  from offers o join lateral (select prices from offer_prices p where p.offer_id = o.offer_id "
    "    and p.effective_from <= at.t order by p.effective_from desc limit 1) w on true) x "
    "where x.offer_id = s.offer_id"};
/* Of a merged price only the kinds that it names change. Its tiers replace those there; without
 * any, the first of those there follows the base. */
static const char merge_sql[] =
    "update stage_offers set price = case when price ? 'tiers' or not current ? 'tiers' "
    "  then current || price "
    "  else jsonb_set(current || price, '{tiers,0}', (current #> '{tiers,0}') || price) end "
    "where merge and current is not null and price is not null;";
static const struct pg_stmt prices_stmt = {
    "import.prices", "with put as (insert into offer_prices (offer_id, effective_from, prices) "
                     "select offer_id, case when $1::timestamptz is not null then $1::timestamptz "
                     "  when is_new then 'epoch' else clock_timestamp() end, price "
                     "from stage_offers where price is not null and price <> '{}' "
                     "  and price is distinct from current on conflict do nothing returning 1) "
                     "select count(*) from put"};

static const struct pg_stmt offers_count_stmt = {
    "import.offers_count", "select count(*) filter (where is_new), count(*) from stage_offers"};
static const struct pg_stmt prune_stmt = {
    "import.prune",
    "update offers f set enabled = false, extra = f.extra || '{\"pruned\": true}', "
    "updated_at = now() from providers p where p.provider_id = f.provider_id and f.enabled "
    "and (p.slug in (select slug from stage_providers) "
    "  or p.slug in (select provider from stage_offers)) "
    "and not exists (select 1 from stage_offers s where s.offer_id = f.offer_id)"};
static const struct pg_stmt digest_stmt = {
    "import.digest", "select digest from catalogue_imports where source = $1"};
static const struct pg_stmt set_digest_stmt = {
    "import.set_digest",
    "insert into catalogue_imports (source, digest) values ($1, $2) "
    "on conflict (source) do update set digest = excluded.digest, imported_at = now()"};

enum pg_err import_store_begin(struct pg *pg)
{
    return pg_exec(pg, stage_sql, NULL);
}

enum pg_err import_store_stage(struct pg *pg, struct str providers, struct str models,
                               struct str aliases, struct str offers)
{
    const struct {
        const struct pg_stmt *stmt;
        struct str rows;
    } sets[] = {{&stage_providers_stmt, providers},
                {&stage_models_stmt, models},
                {&stage_aliases_stmt, aliases},
                {&stage_offers_stmt, offers}};
    enum pg_err e = PG_OK;
    for (size_t i = 0; i < ARRAY_LEN(sets) && e == PG_OK; i++) {
        const struct pg_param p[] = {pgp_text(sets[i].rows)};
        e = pg_run(pg, sets[i].stmt, p, ARRAY_LEN(p), NULL);
    }
    return e;
}

enum pg_err import_store_resolve(struct pg *pg, struct pg_result **refused)
{
    enum pg_err e = pg_exec(pg, resolve_sql, NULL);
    return e == PG_OK ? pg_run(pg, &refuse_stmt, NULL, 0, refused) : e;
}

/* Runs a statement that answers added, changed, unchanged. */
static enum pg_err counted(struct pg *pg, const struct pg_stmt *st, struct import_count *out)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, st, NULL, 0, &r);
    if (e == PG_OK)
        *out = (struct import_count){pg_i64(r, 0, 0), pg_i64(r, 0, 1), pg_i64(r, 0, 2), 0};
    pg_result_free(r);
    return e;
}

/* Runs a command; how many rows it touched into `*n`. */
static enum pg_err touched(struct pg *pg, const struct pg_stmt *st, int64_t *n)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, st, NULL, 0, &r);
    if (e == PG_OK)
        *n = pg_affected(r);
    pg_result_free(r);
    return e;
}

static enum pg_err apply_offers(struct pg *pg, struct import_count *out)
{
    int64_t ignored;
    struct pg_result *r = NULL;
    enum pg_err e = pg_exec(pg, regions_sql, NULL);
    if (e == PG_OK)
        e = touched(pg, &offers_add_stmt, &ignored);
    if (e == PG_OK)
        e = touched(pg, &offers_link_stmt, &ignored);
    if (e == PG_OK)
        e = touched(pg, &offers_change_stmt, &out->changed);
    if (e == PG_OK)
        e = pg_run(pg, &offers_count_stmt, NULL, 0, &r);
    if (e == PG_OK) {
        out->added = pg_i64(r, 0, 0);
        out->unchanged = pg_i64(r, 0, 1) - out->added - out->changed;
    }
    pg_result_free(r);
    return e;
}

static enum pg_err apply_prices(struct pg *pg, int64_t effective_us, int64_t *added)
{
    struct pg_result *r = NULL;
    const struct pg_param p[] = {effective_us ? pgp_time_us(effective_us) : pgp_null()};
    enum pg_err e = pg_run(pg, &current_stmt, p, ARRAY_LEN(p), NULL);
    if (e == PG_OK)
        e = pg_exec(pg, merge_sql, NULL);
    if (e == PG_OK)
        e = pg_run(pg, &prices_stmt, p, ARRAY_LEN(p), &r);
    if (e == PG_OK)
        *added = pg_i64(r, 0, 0);
    pg_result_free(r);
    return e;
}

enum pg_err import_store_apply(struct pg *pg, int64_t effective_us, bool prune,
                               struct import_counts *counts)
{
    *counts = (struct import_counts){0};
    enum pg_err e = counted(pg, &providers_stmt, &counts->providers);
    if (e == PG_OK)
        e = counted(pg, &models_stmt, &counts->models);
    if (e == PG_OK)
        e = counted(pg, &aliases_stmt, &counts->aliases);
    if (e == PG_OK)
        e = apply_offers(pg, &counts->offers);
    if (e == PG_OK)
        e = apply_prices(pg, effective_us, &counts->prices);
    if (e == PG_OK && prune)
        e = touched(pg, &prune_stmt, &counts->offers.disabled);
    return e;
}

enum pg_err import_store_digest(struct pg *pg, struct str source, uint8_t *out, size_t max,
                                size_t *len)
{
    const struct pg_param p[] = {pgp_text(source)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &digest_stmt, p, ARRAY_LEN(p), &r);
    *len = 0;
    if (e == PG_OK && pg_rows(r) > 0) {
        ptrdiff_t n = pg_bytes(r, 0, 0, out, max);
        *len = n < 0 ? 0 : (size_t)n;
    }
    pg_result_free(r);
    return e;
}

enum pg_err import_store_set_digest(struct pg *pg, struct str source, struct str digest)
{
    const struct pg_param p[] = {pgp_text(source), pgp_bytes(digest.p, digest.len)};
    return pg_run(pg, &set_digest_stmt, p, ARRAY_LEN(p), NULL);
}
