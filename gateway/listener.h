/* A worker's HTTP server: every libmicrohttpd call of the data plane. */
#ifndef DOTEB_GATEWAY_LISTENER_H
#define DOTEB_GATEWAY_LISTENER_H

#include "common/defs.h"
#include "gateway/request.h"

struct listener;

/* Serves on `listen_fd` (takes it). Returns owned, or NULL with the reason in `err`. The engine's
 * host becomes this listener. */
struct listener *listener_new(struct engine *e, int listen_fd, char err[128]);
/* Ends what is left, stops the server. Accepts NULL. */
void listener_free(struct listener *l);
/* One turn of the server: call at each turn of the loop; cheap when there is nothing to do. */
void listener_run(struct listener *l, bool idle);
/* Has work that must not wait for the loop's next event? */
bool listener_pending(const struct listener *l);
/* How many clients are connected. */
unsigned listener_connections(const struct listener *l);
/* When the server wants its next turn at the latest, in microseconds from now (INT64_MAX: never).
 */
int64_t listener_timeout_us(const struct listener *l);
/* Takes no new connections; answers say Connection: close, and who stays silent is closed. */
void listener_quiesce(struct listener *l);

/* The request that `engine->host` was called for. */
extern const struct req_host listener_host;

#endif
