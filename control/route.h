/* The API's routes (routes.def) and the checks that come before a handler: session, origin and CSRF
 * token, membership, role, the path's ids.
 */
#ifndef DOTEB_CONTROL_ROUTE_H
#define DOTEB_CONTROL_ROUTE_H

#include "control/call.h"

/* The route of the call's method and path, its parameters kept for route_run. NULL after writing
 * 404 or 405 to the reply. Loop thread. */
const struct route *route_find(struct call *c);
/* Does the path belong to the API (or to health), rather than to the dashboard's files? */
bool route_is_api(struct str path);
/* Makes all checks that need no body; whom it refuses has the reply. Job thread. */
void route_admit(struct call *c);
/* Makes all checks, then runs the handler, inside a transaction if the route changes something
 * (audit.h); the reply is there afterwards. Job thread. */
void route_run(struct call *c);
/* "METHOD path auth role role-for-others action" lines to stdout. */
void routes_print(void);
/* Who may what, as a table for docs/roles.md. */
void routes_print_roles(void);

#endif
