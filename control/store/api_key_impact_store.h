/* SQL of what an API key is used for now: what revoking it would break. */
#ifndef DOTEB_CONTROL_API_KEY_IMPACT_STORE_H
#define DOTEB_CONTROL_API_KEY_IMPACT_STORE_H

#include "common/pg.h"

/* Column 0: the API's object as JSON; no row if there is no such key in the project. Reads one
 * key's running spend, and of the request log at most the key's `recent` newest rows. */
MUST_USE enum pg_err api_key_impact_store_get(struct pg *pg, struct uuid organisation,
                                              struct uuid project, struct uuid id, int64_t recent,
                                              struct pg_result **out);

#endif
