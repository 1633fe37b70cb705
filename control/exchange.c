/* One request on the loop's thread: reads head and body, refuses what HTTP forbids and MHD lets
 * through, sends API calls to the pool, answers the rest. Never blocks.
 */
#include <sodium.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "control/live.h"
#include "control/route.h"
#include "control/server_priv.h"

/* Bodies are read on beyond the limit, so that the client gets to read the 413; to here. */
enum { DRAIN_MAX_BYTES = BODY_LARGE_BYTES + (1 << 20), LARGE_AT_ONCE = 4, HEADERS_MAX = 100 };

static void deadline(struct exchange *x, int64_t seconds)
{
    x->conn->deadline_us = seconds ? clock_mono_us() + seconds * 1000000 : 0;
}

void *exchange_uri(void *server, const char *uri, struct MHD_Connection *mhd)
{
    struct exchange *x = xcalloc(1, sizeof *x);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    x->magic = EXCHANGE_MAGIC;
    x->server = server;
    x->mhd = mhd;
    x->conn = info->socket_context;
    CHECK(x->conn, CONN_MAGIC);
    x->conn->exchange = x;
    x->start_us = clock_mono_us();
    x->call.app = x->server->app;
    x->call.guesses = x->server->guesses;
    x->call.live = x->server->live;
    x->call.arena = arena_new(4096);
    reply_init(&x->call.reply);
    buf_init(&x->call.req.body, BODY_MAX_BYTES);
    struct str query = arena_str(x->call.arena, str_of(uri)); /* the raw target */
    x->call.req.path = str_cut(&query, '?');
    x->call.req.query = query;
    return x;
}

/* Keeps one header; notes what must not be. */
static enum MHD_Result on_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct exchange *x = arg;
    struct http_request *req = &x->call.req;
    (void)kind;
    enum header h = header_find(str_of(name));
    const char *why = NULL;
    if (!http_is_token(str_of(name)))
        why = "A header's name is no token.";
    else if (h == HEADER_X_FORWARDED_FOR && req->header[h].p)
        req->header[h] = str_of(arena_printf(x->call.arena, STR_FMT ",%s", STR_ARG(req->header[h]),
                                             value ? value : ""));
    else if (h < HEADERS && req->header[h].p)
        why = "A header is given twice.";
    else if (h < HEADERS)
        req->header[h] = arena_str(x->call.arena, str_of(value ? value : ""));
    if (why) {
        reply_problem(&x->call.reply, P_BAD_REQUEST, NULL, "%s", why);
        x->call.reply.close = true;
        return MHD_NO;
    }
    return MHD_YES;
}

static void check_framing(struct exchange *x)
{
    int64_t length;
    const struct str *h = x->call.req.header;
    struct reply *reply = &x->call.reply;
    bool both = h[HEADER_CONTENT_LENGTH].p && h[HEADER_TRANSFER_ENCODING].p;
    if (both || !h[HEADER_HOST].p) {
        reply_problem(reply, P_BAD_REQUEST, NULL,
                      both ? "Content-Length and Transfer-Encoding together are ambiguous."
                           : "The header Host is missing.");
        reply->close = true;
    } else if (str_to_i64(h[HEADER_CONTENT_LENGTH], &length) && length > DRAIN_MAX_BYTES) {
        reply_problem(reply, P_TOO_LARGE, NULL, "The body is over 1 MB.");
        reply->close = true;
    }
}

static bool is_json_type(struct str type)
{
    return type.p && str_ieq(str_trim(str_cut(&type, ';')), STR("application/json"));
}

/* A few at a time: each may hold BODY_LARGE_BYTES. */
static void make_room(struct exchange *x)
{
    if (x->server->large == LARGE_AT_ONCE) {
        reply_problem(&x->call.reply, P_UNAVAILABLE, NULL, "Other large bodies are being read.");
        x->call.reply.retry_after_s = 1;
        return;
    }
    x->large = true;
    x->server->large++;
    x->call.req.body.max = BODY_LARGE_BYTES;
}

static void find_route(struct exchange *x)
{
    struct call *c = &x->call;
    if (!route_is_api(c->req.path) || str_eq(c->req.path, STR("/healthz")))
        return;
    c->route = route_find(c);
    if (c->route && (c->route->flags & ROUTE_BODY) &&
        !is_json_type(c->req.header[HEADER_CONTENT_TYPE]))
        reply_problem(&c->reply, P_MEDIA_TYPE, "Content-Type", "Send application/json.");
}

/* Job thread: all that takes time. */
static void run_job(struct job *job, struct pg *pg, const char *why)
{
    struct exchange *x = container_of(job, struct exchange, job);
    CHECK(x, EXCHANGE_MAGIC);
    (void)why; /* the pool logged it; a client need not know the database's address */
    x->call.pg = pg;
    if (pg) {
        (x->admitting ? route_admit : route_run)(&x->call);
    } else {
        reply_problem(&x->call.reply, P_UNAVAILABLE, NULL, "The database cannot be reached.");
        x->call.reply.retry_after_s = 1;
    }
    x->call.pg = NULL;
    server_done(x->server, x);
}

static enum MHD_Result start_job(struct exchange *x)
{
    if (!x->server->pool) { /* the last turns before the end (drain) */
        reply_problem(&x->call.reply, P_UNAVAILABLE, NULL, "The daemon is stopping.");
        x->call.reply.retry_after_s = 1;
        return answer_reply(x);
    }
    deadline(x, 0);
    x->job.run = run_job;
    unsigned flags = x->call.route->flags;
    x->job.kind = flags & ROUTE_HEAVY ? JOB_HEAVY : flags & ROUTE_OUTSIDE ? JOB_OUTSIDE : JOB_PLAIN;
    /* Suspended and marked first: the job may be done before pool_add returns. */
    x->state = EXCHANGE_RUNNING;
    x->server->running++;
    MHD_suspend_connection(x->mhd);
    if (!pool_add(x->server->pool, &x->job))
        exchange_dropped(&x->job);
    return MHD_YES;
}

/* A body that takes room is taken of nobody whose call would be refused anyway. An empty one ends
 * with the head. */
static bool is_knock(const struct exchange *x)
{
    const struct str *h = x->call.req.header;
    return x->call.route && (x->call.route->flags & ROUTE_LARGE) && !x->call.reply.status &&
           (h[HEADER_TRANSFER_ENCODING].p ||
            (h[HEADER_CONTENT_LENGTH].p && !str_eq(h[HEADER_CONTENT_LENGTH], STR("0"))));
}

static enum MHD_Result take_body(struct exchange *x)
{
    x->state = EXCHANGE_BODY;
    deadline(x, BODY_S);
    return MHD_YES;
}

static enum MHD_Result on_admitted(struct exchange *x)
{
    x->admitting = false;
    if (!x->call.reply.status)
        make_room(x);
    if (!x->call.reply.status)
        return take_body(x);
    x->call.reply.close = true; /* the body is not read */
    deadline(x, SEND_S);
    return answer_reply(x);
}

static enum MHD_Result on_head(struct exchange *x, const char *method)
{
    struct call *c = &x->call;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        x->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    address_of_socket(info->client_addr, c->req.client_ip);
    c->req.method = method_parse(method);
    c->req.head = strcmp(method, "HEAD") == 0;
    (void)MHD_get_connection_values(x->mhd, MHD_HEADER_KIND, on_header, x);
    address_forwarded(&c->app->proxies, c->req.header[HEADER_X_FORWARDED_FOR], c->req.client_ip);
    if (!c->reply.status)
        check_framing(x);
    if (c->reply.close)
        return answer_reply(x);
    find_route(x);
    x->admitting = is_knock(x);
    return x->admitting ? start_job(x) : take_body(x);
}

static enum MHD_Result on_body(struct exchange *x, const char *data, size_t *size)
{
    x->received += *size;
    if (x->received > DRAIN_MAX_BYTES)
        return MHD_NO;
    (void)buf_add(&x->call.req.body, data, *size);
    *size = 0;
    return MHD_YES;
}

/* "/v1/...": somebody whose client has the dashboard's address as its base URL. */
static bool is_for_gateway(struct str path)
{
    return str_eq(path, STR("/v1")) || str_starts(path, STR("/v1/")) ||
           str_starts(path, STR("/v1beta/"));
}

static enum MHD_Result answer_dashboard(struct exchange *x)
{
    struct call *c = &x->call;
    const struct static_file *file = static_find(x->server->files, c->req.path);
    if (is_for_gateway(c->req.path)) {
        reply_problem(&c->reply, P_NO_ROUTE, NULL,
                      "This is the dashboard; models are called at %s.", c->app->opt.gateway_url);
    } else if (c->req.method != METHOD_GET) {
        reply_problem(&c->reply, P_METHOD, NULL, "This path takes GET and HEAD.");
        c->reply.allow = "GET, HEAD";
    } else if (str_eq(c->req.path, STR("/healthz"))) {
        (void)buf_add_lit(call_json(c, 200), "{\"status\":\"ok\"}\n");
    } else if (file) {
        return answer_file(x, file);
    } else if (!static_find(x->server->files, STR("/index.html"))) {
        reply_problem(
            &c->reply, P_NOT_FOUND, NULL,
            "The dashboard's files are not in the folder that DOTEB_DASHBOARD_DIR names.");
    } else {
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such file.");
    }
    return answer_reply(x);
}

void exchange_dropped(struct job *job)
{
    struct exchange *x = container_of(job, struct exchange, job);
    CHECK(x, EXCHANGE_MAGIC);
    reply_problem(&x->call.reply, P_UNAVAILABLE, NULL, "There is no room for this call now.");
    x->call.reply.retry_after_s = 1;
    server_done(x->server, x);
}

void exchange_resume(struct exchange *x)
{
    ASSERT(x->state == EXCHANGE_RUNNING && x->server->running > 0);
    x->server->running--;
    x->state = x->admitting ? EXCHANGE_ADMITTED : EXCHANGE_DONE;
    MHD_resume_connection(x->mhd);
}

static enum MHD_Result on_complete(struct exchange *x)
{
    struct call *c = &x->call;
    deadline(x, SEND_S);
    if (c->req.body.failed)
        reply_problem(&c->reply, P_TOO_LARGE, NULL, "The body is over %zu MB.",
                      c->req.body.max >> 20);
    if (c->reply.status)
        return answer_reply(x);
    return c->route ? start_job(x) : answer_dashboard(x);
}

enum MHD_Result exchange_run(void *server, struct MHD_Connection *mhd, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_size, void **exchange)
{
    struct exchange *x = *exchange;
    CHECK(x, EXCHANGE_MAGIC);
    ASSERT(x->server == server && x->mhd == mhd);
    (void)url;
    (void)version;
    if (x->state == EXCHANGE_HEAD)
        return on_head(x, method);
    if (x->state == EXCHANGE_ADMITTED)
        return on_admitted(x);
    if (x->state == EXCHANGE_BODY)
        return *upload_size ? on_body(x, upload, upload_size) : on_complete(x);
    ASSERT(x->state == EXCHANGE_DONE); /* a suspended connection is not called */
    deadline(x, x->call.viewer ? 0 : SEND_S);
    return x->call.viewer ? answer_live(x) : answer_reply(x);
}

void exchange_completed(void *server, struct MHD_Connection *mhd, void **exchange,
                        enum MHD_RequestTerminationCode how)
{
    struct exchange *x = *exchange;
    (void)server;
    (void)mhd;
    if (!x)
        return;
    CHECK(x, EXCHANGE_MAGIC);
    ASSERT(x->state != EXCHANGE_RUNNING);
    deadline(x, IDLE_S);
    x->conn->exchange = NULL;
    if (x->call.route)
        log_event(LOG_INFO, "api_call", LOG_S("method", method_name(x->call.req.method)),
                  LOG_S("route", x->call.route->path), LOG_I("status", x->call.reply.status),
                  LOG_I("us", clock_mono_us() - x->start_us), LOG_ID("user", x->call.session.user),
                  LOG_B("delivered", how == MHD_REQUEST_TERMINATED_COMPLETED_OK));
    live_leave(x->call.viewer);
    x->server->large -= x->large;
    reply_fini(&x->call.reply);
    if (x->call.req.body.p) /* it may hold a password or a provider's secret */
        sodium_memzero(x->call.req.body.p, x->call.req.body.cap);
    buf_fini(&x->call.req.body);
    arena_free(x->call.arena);
    x->magic = 0;
    xfree(x);
    *exchange = NULL;
}
