/* SQL of every name that a model or provider of the catalogue goes by. Any thread with a
 * connection. */
#include "control/store/catalogue_name_store.h"

static const struct pg_stmt all_stmt = {
    "catalogue_name.all",
    "select 'provider', slug from providers union select 'model', slug from models "
    "union select 'alias', alias from model_aliases "
    "union select 'offer', p.slug || '/' || n.name from offers o join providers p using "
    "(provider_id) join models m using (model_id) cross join lateral (select m.slug as name "
    "union select o.provider_model union select a.alias from model_aliases a "
    "where a.model_id = m.model_id) n order by 1, 2"};

enum pg_err catalogue_name_store_all(struct pg *pg, struct pg_result **out)
{
    return pg_run(pg, &all_stmt, NULL, 0, out);
}
