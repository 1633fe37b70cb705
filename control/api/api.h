/* The handlers of routes.def. Each runs on a job thread with everything checked that the route
 * table promises, and leaves a reply.
 */
#ifndef DOTEB_CONTROL_API_H
#define DOTEB_CONTROL_API_H

#include "control/route.h"

#define ROUTE(method, path, handler, auth, role, others, flags, action) route_fn handler;
#include "control/routes.def"
#undef ROUTE

#endif
