/* The API's routes (routes.def) and the checks that come before a handler: session, origin and CSRF
 * token, membership, role, the path's ids.
 */
#ifndef DOTEB_CONTROL_ROUTE_H
#define DOTEB_CONTROL_ROUTE_H

#include "control/call.h"

enum auth {
    AUTH_NONE,
    AUTH_USER, /* somebody is signed in; with {org} in the path a member of it */
};

enum { ROUTE_BODY = 1, ROUTE_HEAVY = 2 }; /* takes a JSON body; few at a time (Argon2) */

typedef void route_fn(struct call *c);

struct route {
    enum method method;
    const char *path; /* template: {org}, {project}, {id} stand for one segment each */
    route_fn *run;
    enum auth auth;
    enum role role; /* least role in {org} */
    unsigned flags;
};

/* The route of the call's method and path, its parameters kept for route_run. NULL after writing
 * 404 or 405 to the reply. Loop thread. */
const struct route *route_find(struct call *c);
/* Does the path belong to the API (or to health), rather than to the dashboard's files? */
bool route_is_api(struct str path);
/* Makes all checks, then runs the handler; the reply is there afterwards. Job thread. */
void route_run(struct call *c);
/* "METHOD path auth role" lines to stdout. */
void routes_print(void);

#endif
