/* /healthz (the process runs), /readyz (it can serve, dependencies named), /metrics. A thread of
 * its own, so that a scrape never waits for a busy worker. Not for the public: no authentication.
 */
#include "gateway/admin.h"

#include <microhttpd.h>
#include <string.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/metrics.h"

enum { ADMIN_MAGIC = 0x61646d6e, BODY_MAX = 1024 * 1024, LAG_WARN_MS = 10000 };

struct admin {
    uint32_t magic;
    struct admin_options o;
    struct MHD_Daemon *daemon;
};

static void write_state(struct buf *b, const char *name, bool ok, const char *word)
{
    buf_printf(b, ",\"%s\":{\"ok\":%s,\"state\":\"%s\"}", name, ok ? "true" : "false", word);
}

/* Ready is what the request path needs: a snapshot and room in the spool. PostgreSQL away is
 * reported, but known keys keep being served. */
static unsigned readiness(const struct admin *a, struct buf *b)
{
    struct snapshot *snap = loader_current(a->o.loader);
    bool loaded = snap != NULL;
    snapshot_unref(snap);
    bool writable = spool_writable(a->o.spool);
    bool draining = atomic_load(a->o.draining);
    int64_t age = loader_age_ms(a->o.loader);
    bool database = age >= 0 && age < LAG_WARN_MS;
    bool ready = loaded && writable && !draining;
    buf_printf(b, "{\"ready\":%s", ready ? "true" : "false");
    write_state(b, "snapshot", loaded, loaded ? "loaded" : "not loaded yet");
    write_state(b, "spool", writable, writable ? "writable" : "no room: requests get 503");
    write_state(b, "database", database,
                database ? "reachable" : "not reachable: serving known keys, usage is spooled");
    write_state(b, "draining", !draining, draining ? "shutting down" : "no");
    buf_printf(b, ",\"ledger_lag_ms\":%lld}", (long long)writer_lag_ms(a->o.writer));
    return ready ? 200 : 503;
}

static enum MHD_Result reply(struct MHD_Connection *c, unsigned status, const char *type,
                             const struct buf *b)
{
    struct MHD_Response *m = MHD_create_response_from_buffer(b->len, b->p ? b->p : "",
                                                             MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(m, "content-type", type);
    enum MHD_Result rc = MHD_queue_response(c, status, m);
    MHD_destroy_response(m);
    return rc;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_size, void **con_cls)
{
    const struct admin *a = cls;
    CHECK(a, ADMIN_MAGIC);
    (void)version;
    (void)data;
    static int seen;
    if (!*con_cls) {
        *con_cls = &seen;
        return MHD_YES;
    }
    *data_size = 0;
    struct buf b;
    buf_init(&b, BODY_MAX);
    unsigned status = 200;
    const char *type = "application/json";
    if (strcmp(method, "GET") != 0) {
        status = 405;
        buf_add_lit(&b, "{\"error\":\"GET only\"}\n");
    } else if (strcmp(url, "/healthz") == 0) {
        buf_add_lit(&b, "{\"ok\":true}\n");
    } else if (strcmp(url, "/readyz") == 0) {
        status = readiness(a, &b);
        buf_add_char(&b, '\n');
    } else if (strcmp(url, "/metrics") == 0) {
        type = "text/plain; version=0.0.4; charset=utf-8";
        metrics_render(&b);
    } else {
        status = 404;
        buf_add_lit(&b, "{\"error\":\"there are /healthz, /readyz and /metrics\"}\n");
    }
    enum MHD_Result rc = reply(c, status, type, &b);
    buf_fini(&b);
    return rc;
}

struct admin *admin_new(const struct admin_options *o)
{
    struct admin *a = xcalloc(1, sizeof *a);
    *a = (struct admin){.magic = ADMIN_MAGIC, .o = *o};
    a->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
                                 on_request, a, MHD_OPTION_LISTEN_SOCKET, o->listen_fd,
                                 MHD_OPTION_CONNECTION_LIMIT, 64U, MHD_OPTION_CONNECTION_TIMEOUT,
                                 10U, MHD_OPTION_END);
    if (a->daemon)
        return a;
    xfree(a);
    return NULL;
}

void admin_free(struct admin *a)
{
    if (!a)
        return;
    MHD_stop_daemon(a->daemon);
    a->magic = 0;
    xfree(a);
}
