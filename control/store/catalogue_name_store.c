/* SQL of every name that a model or provider goes by. Any thread with a connection. */
#include "control/store/catalogue_name_store.h"

static const struct pg_stmt all_stmt = {
    "catalogue_name.all",
    "select 'provider', slug from providers union select 'model', slug from models "
    "union select 'alias', alias from model_aliases "
    "union select 'offer', p.slug || '/' || n.name from offers o join providers p using "
    "(provider_id) join models m using (model_id) cross join lateral (select m.slug as name "
    "union select o.provider_model union select a.alias from model_aliases a "
    "where a.model_id = m.model_id) n "
    "union select 'provider', slug from custom_providers where organisation_id = $1 "
    "  and deleted_at is null "
    "union select 'model', slug from custom_models where organisation_id = $1 "
    "  and deleted_at is null "
    "union select 'offer', p.slug || '/' || m.provider_model from custom_models m "
    "  join custom_providers p using (organisation_id, provider_id) where m.organisation_id = $1 "
    "  and m.deleted_at is null order by 1, 2"};

enum pg_err catalogue_name_store_all(struct pg *pg, struct uuid organisation,
                                     struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation)};
    return pg_run(pg, &all_stmt, p, ARRAY_LEN(p), out);
}
