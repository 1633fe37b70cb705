/* SQL of organisations' own providers and their models. Any thread with a connection. */
#include "control/store/custom_provider_store.h"

#include <stdio.h>

#include "control/store/sql.h"

#define SQL_PER_MILLION(name) SQL_MONEY("(m.prices ->> '" name "')::numeric * 1000000")
/* The formatter would tear the texts apart at every macro. */
/* clang-format off */
#define SQL_MODELS                                                                                 \
    "coalesce((select json_agg(json_build_object('id', substr(m.slug, length(c.slug) + 2), "       \
    "'upstream_id', m.provider_model, 'name', m.name, 'context', m.context, 'max_output', "        \
    "m.max_output, 'capabilities', m.capabilities, 'price_per_million', json_build_object("        \
    "'input', " SQL_PER_MILLION("input") ", 'output', " SQL_PER_MILLION("output")                  \
    ", 'cached_input', " SQL_PER_MILLION("cached_input") ")) order by m.position, m.model_id) "    \
    "from custom_models m where m.organisation_id = c.organisation_id "                            \
    "and m.provider_id = c.provider_id and m.deleted_at is null), '[]')"
#define SQL_ITEM                                                                                   \
    "select json_build_object('id', c.custom_provider_id, 'slug', c.slug, 'name', c.name, "        \
    "'protocol', c.protocol, 'base_url', c.base_url, 'provider_keys', (select count(*) from "      \
    "provider_keys k where k.organisation_id = c.organisation_id "                                 \
    "and k.provider_id = c.provider_id), 'models', " SQL_MODELS ", 'created_at', "                 \
    SQL_TIME("c.created_at") ")::text, c.slug from custom_providers c "                            \
    "where c.organisation_id = $1 and c.deleted_at is null "

static const struct pg_stmt hold_stmt = {
    "custom_provider.hold",
    "select 1 from organisations where organisation_id = $1 for no key update"};
static const struct pg_stmt count_stmt = {
    "custom_provider.count",
    "select count(*) from custom_providers where organisation_id = $1 and deleted_at is null"};
static const struct pg_stmt taken_stmt = {
    "custom_provider.slug_taken", "select 1 from providers where slug = $1"};
static const struct pg_stmt protocol_stmt = {
    "custom_provider.protocol", "select signer, models_path, models_headers from custom_protocols where protocol = $1"};
static const struct pg_stmt add_stmt = {
    "custom_provider.add",
    "insert into custom_providers as c (organisation_id, custom_provider_id, slug, name, protocol, "
    "base_url) values ($1, $2, $3, $4, $5, $6) on conflict (organisation_id, slug) do update set "
    "custom_provider_id = excluded.custom_provider_id, name = excluded.name, "
    "protocol = excluded.protocol, base_url = excluded.base_url, created_at = now(), "
    "deleted_at = null where c.deleted_at is not null returning provider_id"};
static const struct pg_stmt lock_stmt = {
    "custom_provider.lock", "select 1 from custom_providers where organisation_id = $1 "
    "and custom_provider_id = $2 for no key update"};
static const struct pg_stmt stays_stmt = {
    "custom_provider.stays", "select 1 from custom_providers where organisation_id = $1 "
    "and provider_id = $2 and base_url = $3 and deleted_at is null for share"};
static const struct pg_stmt list_stmt = {
    "custom_provider.list",
    SQL_ITEM "and ($2::text is null or c.slug collate \"C\" > $2) order by c.slug collate \"C\" "
    "limit $3"};
static const struct pg_stmt get_stmt = {"custom_provider.get", SQL_ITEM "and c.custom_provider_id = $2"};
static const struct pg_stmt patch_stmt = {
    "custom_provider.patch",
    "update custom_providers set name = coalesce($3, name), protocol = coalesce($4, protocol), "
    "base_url = coalesce($5, base_url) where organisation_id = $1 and custom_provider_id = $2 "
    "and deleted_at is null"};
static const struct pg_stmt models_stmt = {
    "custom_provider.models",
    "with c as (select provider_id, slug from custom_providers where organisation_id = $1 "
    "    and custom_provider_id = $2 and deleted_at is null), "
    "n as (select c.provider_id, c.slug || '/' || x.id as slug, x.*, e.place from c, "
    "    jsonb_array_elements($3::jsonb) with ordinality e(model, place) "
    "    cross join lateral jsonb_to_record(e.model) as x(id text, name text, upstream_id text, "
    "    context bigint, max_output bigint, capabilities jsonb, input numeric, output numeric, "
    "    cached_input numeric)), "
    "gone as (update custom_models m set deleted_at = now() from c where m.organisation_id = $1 "
    "    and m.provider_id = c.provider_id and m.deleted_at is null "
    "    and m.slug not in (select slug from n)) "
    "insert into custom_models (organisation_id, provider_id, slug, name, provider_model, context, "
    "max_output, capabilities, prices, position) select $1, provider_id, slug, name, upstream_id, "
    "context, max_output, array(select jsonb_array_elements_text(capabilities)), "
    "jsonb_strip_nulls(jsonb_build_object('input', " SQL_MONEY("input * 0.000001") ", 'output', "
    SQL_MONEY("output * 0.000001") ", 'cached_input', " SQL_MONEY("cached_input * 0.000001") ")), "
    "place from n on conflict (organisation_id, slug) do update set name = excluded.name, "
    "provider_model = excluded.provider_model, context = excluded.context, "
    "max_output = excluded.max_output, capabilities = excluded.capabilities, "
    "prices = excluded.prices, position = excluded.position, deleted_at = null"};
static const struct pg_stmt delete_stmt = {
    "custom_provider.delete",
    "with c as (update custom_providers set deleted_at = now() where organisation_id = $1 "
    "    and custom_provider_id = $2 and deleted_at is null returning provider_id), "
    "k as (delete from provider_keys k using c where k.organisation_id = $1 "
    "    and k.provider_id = c.provider_id) "
    "update custom_models m set deleted_at = now() from c where m.organisation_id = $1 "
    "and m.provider_id = c.provider_id and m.deleted_at is null"};
/* Of whole grains, from the rollup. */
static const struct pg_stmt impact_stmt = {
    "custom_provider.impact",
    "with c as (select provider_id, slug from custom_providers where organisation_id = $1 "
    "    and custom_provider_id = $2 and deleted_at is null), "
    "used as (select u.api_key_id, u.model_id, sum(u.requests) as requests, sum(u.cost) as cost, "
    "    max(u.grain) as last_at from c join rollup_usage u on u.organisation_id = $1 "
    "    and u.grain >= now() - interval '7 days' and u.provider_id = c.provider_id group by 1, 2) "
    "select json_build_object('requests', (select coalesce(sum(requests), 0) from used), "
    "'cost', (select coalesce(" SQL_MONEY("sum(cost)") ", '0') from used), "
    "'by_key', coalesce((select json_agg(json_build_object('id', y.api_key_id, 'name', "
    "  coalesce(k.name, ''), 'last4', coalesce(k.last4, ''), 'requests', y.requests) "
    "  order by y.requests desc, y.api_key_id) from (select api_key_id, sum(requests) as requests "
    "  from used group by 1 order by 2 desc, 1 limit 20) y left join api_keys k "
    "  on k.organisation_id = $1 and k.api_key_id = y.api_key_id), '[]'), "
    "'by_model', coalesce((select json_agg(json_build_object('model', coalesce(m.slug, ''), "
    "  'requests', y.requests) order by y.requests desc, m.slug) from (select model_id, "
    "  sum(requests) as requests from used group by 1 order by 2 desc, 1 limit 20) y "
    "  left join custom_models m on m.organisation_id = $1 and m.model_id = y.model_id), '[]'), "
    "'provider_keys', (select count(*) from provider_keys k where k.organisation_id = $1 "
    "  and k.provider_id = c.provider_id), "
    "'restricted_keys', (select count(*) from api_keys k where k.organisation_id = $1 "
    "  and k.revoked_at is null and (c.slug = any(k.providers) or exists (select 1 from "
    "  unnest(k.models) n where starts_with(n, c.slug || '/')))))::text from c"};
/* clang-format on */

static struct pg_param optional(struct str s)
{
    return s.p ? pgp_text(s) : pgp_null();
}

/* The first row's first column, `none` without a row. */
static enum pg_err one_number(struct pg *pg, const struct pg_stmt *st, const struct pg_param *p,
                              size_t n, int64_t none, int64_t *out)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, st, p, n, &r);
    if (e == PG_OK)
        *out = pg_rows(r) ? pg_i64(r, 0, 0) : none;
    pg_result_free(r);
    return e;
}

enum pg_err custom_provider_store_hold(struct pg *pg, struct uuid organisation, int64_t *count)
{
    const struct pg_param p[] = {pgp_uuid(organisation)};
    enum pg_err e = pg_run(pg, &hold_stmt, p, ARRAY_LEN(p), NULL);
    return e == PG_OK ? one_number(pg, &count_stmt, p, ARRAY_LEN(p), 0, count) : e;
}

enum pg_err custom_provider_store_slug_taken(struct pg *pg, struct str slug, bool *taken)
{
    int64_t found = 0;
    const struct pg_param p[] = {pgp_text(slug)};
    enum pg_err e = one_number(pg, &taken_stmt, p, ARRAY_LEN(p), 0, &found);
    *taken = found != 0;
    return e;
}

enum pg_err custom_provider_store_protocol(struct pg *pg, struct str protocol,
                                           struct custom_protocol *out)
{
    struct pg_result *r = NULL;
    const struct pg_param p[] = {pgp_text(protocol)};
    enum pg_err e = pg_run(pg, &protocol_stmt, p, ARRAY_LEN(p), &r);
    *out = (struct custom_protocol){0};
    if (e == PG_OK && pg_rows(r)) {
        (void)snprintf(out->signer, sizeof out->signer, STR_FMT, STR_ARG(pg_str(r, 0, 0)));
        (void)snprintf(out->models_path, sizeof out->models_path, STR_FMT,
                       STR_ARG(pg_str(r, 0, 1)));
        (void)snprintf(out->models_headers, sizeof out->models_headers, STR_FMT,
                       STR_ARG(pg_str(r, 0, 2)));
    }
    pg_result_free(r);
    return e;
}

enum pg_err custom_provider_store_add(struct pg *pg, const struct custom_provider *c,
                                      int64_t *number)
{
    const struct pg_param p[] = {pgp_uuid(c->organisation), pgp_uuid(c->id),
                                 pgp_text(c->slug),         pgp_text(c->name),
                                 pgp_text(c->protocol),     pgp_text(c->base_url)};
    return one_number(pg, &add_stmt, p, ARRAY_LEN(p), 0, number);
}

enum pg_err custom_provider_store_lock(struct pg *pg, struct uuid organisation, struct uuid id)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &lock_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err custom_provider_store_stays(struct pg *pg, struct uuid organisation, int64_t number,
                                        struct str base_url, bool *stays)
{
    int64_t found = 0;
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_i64(number), pgp_text(base_url)};
    enum pg_err e = one_number(pg, &stays_stmt, p, ARRAY_LEN(p), 0, &found);
    *stays = found != 0;
    return e;
}

enum pg_err custom_provider_store_list(struct pg *pg, struct uuid organisation, struct str after,
                                       int64_t limit, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), optional(after), pgp_i64(limit)};
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err custom_provider_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                      struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err custom_provider_store_patch(struct pg *pg, const struct custom_provider *c)
{
    const struct pg_param p[] = {pgp_uuid(c->organisation), pgp_uuid(c->id), optional(c->name),
                                 optional(c->protocol), optional(c->base_url)};
    return pg_run(pg, &patch_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err custom_provider_store_models(struct pg *pg, struct uuid organisation, struct uuid id,
                                         struct str models)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id), pgp_text(models)};
    return pg_run(pg, &models_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err custom_provider_store_delete(struct pg *pg, struct uuid organisation, struct uuid id)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &delete_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err custom_provider_store_impact(struct pg *pg, struct uuid organisation, struct uuid id,
                                         struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &impact_stmt, p, ARRAY_LEN(p), out);
}
