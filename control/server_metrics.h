/* The control daemon's /metrics, on an address of its own: it is not for the public, and asks for
 * no password.
 */
#ifndef DOTEB_CONTROL_SERVER_METRICS_H
#define DOTEB_CONTROL_SERVER_METRICS_H

#include "common/defs.h"

struct metrics_server;

/* Answers on a listening socket, which it takes, from a thread of its own. Returns owned; NULL
 * after a log line. */
struct metrics_server *metrics_server_new(int listen_fd);
/* Accepts NULL. */
void metrics_server_free(struct metrics_server *m);

#endif
