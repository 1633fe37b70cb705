/* /organisations/{org}/projects/{project}/api-keys/{id}/impact: what revoking a key would break. */
#include "control/api/api.h"
#include "control/input.h"
#include "control/store/api_key_impact_store.h"

enum { RECENT_MAX = 200 };

void api_keys_impact(struct call *c)
{
    struct pg_result *r = NULL;
    if (!input_query(c, NULL, 0))
        return;
    enum pg_err e = api_key_impact_store_get(c->pg, c->org, c->project, c->id, RECENT_MAX, &r);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (pg_rows(r) == 0)
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such API key.");
    else
        (void)buf_add_str(call_json(c, 200), pg_str(r, 0, 0));
    pg_result_free(r);
}
