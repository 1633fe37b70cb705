/* /metrics for scrapers: libmicrohttpd's own thread, so that a scrape never waits for the loop.
 * Never touches what the loop owns.
 */
#include "control/server_metrics.h"

#include <microhttpd.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/metrics.h"

enum { BODY_MAX = 1 << 20, SCRAPERS_MAX = 16, TIMEOUT_S = 10 };

struct metrics_server {
    struct MHD_Daemon *daemon;
};

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **context)
{
    static int seen;
    (void)arg;
    (void)version;
    (void)data;
    if (!*context) {
        *context = &seen;
        return MHD_YES;
    }
    *size = 0;
    bool get = strcmp(method, "GET") == 0, found = strcmp(url, "/metrics") == 0;
    struct buf b;
    buf_init(&b, BODY_MAX);
    if (get && found)
        metrics_render(&b);
    else
        (void)buf_add_lit(&b, "There is GET /metrics.\n");
    struct MHD_Response *m = MHD_create_response_from_buffer(b.len, b.p ? b.p : "",
                                                             MHD_RESPMEM_MUST_COPY);
    (void)MHD_add_response_header(m, "content-type", "text/plain; version=0.0.4; charset=utf-8");
    enum MHD_Result rc = MHD_queue_response(c, !found ? 404 : get ? 200 : 405, m);
    MHD_destroy_response(m);
    buf_fini(&b);
    return rc;
}

struct metrics_server *metrics_server_new(int listen_fd)
{
    struct metrics_server *m = xcalloc(1, sizeof *m);
    m->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, NULL,
        MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SCRAPERS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S, MHD_OPTION_END);
    if (m->daemon)
        return m;
    log_event(LOG_ERROR, "metrics_server_failed");
    (void)close(listen_fd);
    xfree(m);
    return NULL;
}

void metrics_server_free(struct metrics_server *m)
{
    if (!m)
        return;
    MHD_stop_daemon(m->daemon);
    xfree(m);
}
