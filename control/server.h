/* The HTTP server: one loop on the calling thread that owns every MHD call; API calls are suspended
 * there, run on the pool's job threads and are resumed with their reply. The loop itself answers
 * only what is in memory: the dashboard's files and /healthz.
 */
#ifndef DOTEB_CONTROL_SERVER_H
#define DOTEB_CONTROL_SERVER_H

#include "control/app.h"

/* Serves until SIGTERM or SIGINT, then lets calls in flight finish. SIGHUP reads the dashboard's
 * files again. Those signals must be blocked in all threads. False after a log line if it cannot
 * start. Takes the listening socket. */
MUST_USE bool server_run(const struct app *app, int listen_fd, int port);

#endif
