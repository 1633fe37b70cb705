/* /readyz: the database answers and has the schema of this program. (/healthz is the loop's.) */
#include "control/api/api.h"
#include "control/migrate.h"

void api_ready(struct call *c)
{
    char why[512];
    if (migrate_check(c->pg, migrations_known, migrations_known_len, why)) {
        (void)buf_add_lit(call_json(c, 200), "{\"status\":\"ok\"}\n");
        return;
    }
    reply_problem(&c->reply, P_UNAVAILABLE, NULL, "%s", why);
    c->reply.retry_after_s = 1;
}
