/* A worker's HTTP server: connections, bodies, suspension and streams over libmicrohttpd in its
 * external epoll mode. The worker's thread. Steps never see it: the engine reaches it through
 * listener_host. Never blocks; never resumes a connection that it did not suspend. */
#include "gateway/listener.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/metrics.h"
#include "gateway/listener_priv.h"

enum {
    DISCARD_MIN_BYTES = 1024 * 1024, /* of a refused body we read on, so that the client sees why:
                                        so much, or as much as a body may have */
    LOW_WATER_BYTES = 64 * 1024,
    SWEEP_US = 500 * 1000,
    LAST_ACCEPTS = 100,
    LAST_SWEEP_US = 50 * 1000,    /* while the gateway shuts down */
    LAST_SILENCE_US = 300 * 1000, /* then a connection so long without a request is closed */
    WATCH_AFTER_US = 20 * 1000,   /* shorter waits are not worth two system calls */
};

struct listener {
    uint32_t magic;
    struct engine *engine;
    struct MHD_Daemon *daemon;
    struct source source; /* the server's own epoll */
    struct timer sweep, watch;
    struct conn *conns;
    struct conn *waiting, **waiting_tail; /* suspended, oldest first, not watched yet */
    bool pending, quiesced;
    int64_t quiesced_us;
    unsigned n_conns;
};

/* ------------------------------------------------------------------ suspension */

static void forget_waiting(struct conn *c)
{
    struct listener *l = c->listener;
    *c->waiting_link = c->next_waiting;
    if (c->next_waiting)
        c->next_waiting->waiting_link = c->waiting_link;
    else
        l->waiting_tail = c->waiting_link;
    c->waiting_since_us = 0;
}

static void resume(struct conn *c)
{
    struct listener *l = c->listener;
    ASSERT(c->suspended);
    c->suspended = false;
    if (c->waiting_since_us)
        forget_waiting(c);
    loop_remove(l->engine->loop, &c->watch);
    MHD_resume_connection(c->mhd);
    l->pending = true;
}

/* The server does not see a client leave while its connection is suspended: we look, by and by. */
static void suspend(struct conn *c)
{
    struct listener *l = c->listener;
    ASSERT(!c->suspended);
    MHD_suspend_connection(c->mhd);
    c->suspended = true;
    c->waiting_since_us = clock_mono_us();
    c->next_waiting = NULL;
    c->waiting_link = l->waiting_tail;
    *l->waiting_tail = c;
    l->waiting_tail = &c->next_waiting;
    if (!l->watch.slot)
        timer_set(&l->engine->timers, &l->watch, c->waiting_since_us + WATCH_AFTER_US);
}

static void on_watch_timer(struct timer *t)
{
    struct listener *l = container_of(t, struct listener, watch);
    CHECK(l, LISTENER_MAGIC);
    int64_t now = clock_mono_us();
    while (l->waiting && l->waiting->waiting_since_us + WATCH_AFTER_US <= now) {
        struct conn *c = l->waiting;
        forget_waiting(c);
        loop_arm(l->engine->loop, &c->watch, EPOLLRDHUP);
    }
    if (l->waiting)
        timer_set(&l->engine->timers, t, l->waiting->waiting_since_us + WATCH_AFTER_US);
}

/* A client that half-closes is taken as gone. */
static void on_client_event(struct source *src, uint32_t events)
{
    struct conn *c = container_of(src, struct conn, watch);
    CHECK(c, CONN_MAGIC);
    (void)events;
    if (c->req)
        req_client_gone(c->req);
    if (c->suspended)
        resume(c);
}

/* ------------------------------------------------------------------ the engine's host */

static void host_answer(struct req *r)
{
    struct conn *c = r->in.connection;
    if (c && c->suspended)
        resume(c);
}

const struct req_host listener_host = {.answer = host_answer, .output = host_answer};

ssize_t listener_read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
    struct conn *c = cls;
    CHECK(c, CONN_MAGIC);
    (void)pos;
    struct req *r = c->req;
    CHECK(r, REQ_MAGIC);
    size_t n = r->out.buf.len - r->out.sent;
    n = n < max ? n : max;
    if (n) {
        memcpy(buf, r->out.buf.p + r->out.sent, n);
        r->out.sent += n;
        /* What was sent is dropped by and by: a slow reader must not make the buffer grow. */
        if (r->out.sent == r->out.buf.len || r->out.sent >= LOW_WATER_BYTES) {
            buf_drop(&r->out.buf, r->out.sent);
            r->out.sent = 0;
        }
        if (r->out.paused && r->out.buf.len - r->out.sent <= LOW_WATER_BYTES)
            req_wake(r);
        return (ssize_t)n;
    }
    if (r->in.client_gone || (r->out.finished && r->out.abort))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (r->out.finished)
        return MHD_CONTENT_READER_END_OF_STREAM;
    suspend(c);
    return 0;
}

/* ------------------------------------------------------------------ requests */

static enum MHD_Result queue(struct conn *c, struct req *r)
{
    bool close = r->engine->leaving || r->in.refused == E_BAD_HTTP;
    c->queued = true;
    return listener_reply(c, r, close);
}

static void take_body(struct conn *c, struct req *r, const char *p, size_t len)
{
    if (r->run.step == STEP_done) {
        c->discarded += (int64_t)len;
        return;
    }
    bool over = len > (size_t)r->engine->conf->body_max - r->in.body.len;
    if (over) {
        r->in.refused = E_BODY_TOO_LARGE;
        r->in.refusal = "The request body is larger than this gateway takes.";
    } else if (!listener_charge(r, len)) {
        r->in.refused = E_OVERLOADED;
        r->in.refusal = "Too many large requests are in memory at the moment.";
    } else {
        listener_make_room(r, len);
        buf_add(&r->in.body, p, len);
        if (r->in.body_hash)
            sigv4_hash_add(r->in.body_hash, str_make(p, len));
        return;
    }
    req_run(r);
}

/* The body's end: on to the steps that need it. */
static enum MHD_Result end_of_request(struct conn *c, struct req *r)
{
    if (!r->in.body_done && r->run.step != STEP_done) {
        r->in.body_done = true;
        r->in.body_done_us = r->run.step_began_us = clock_mono_us();
        req_run(r);
    }
    if (r->in.client_gone)
        return MHD_NO;
    if (r->out.begun)
        return queue(c, r);
    suspend(c);
    return MHD_YES;
}

static int64_t discard_max(const struct conn *c)
{
    int64_t body_max = c->listener->engine->conf->body_max;
    return body_max > DISCARD_MIN_BYTES ? body_max : DISCARD_MIN_BYTES;
}

static bool awaits_continue(const struct conn *c)
{
    return MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, "expect") != NULL;
}

static enum MHD_Result first_call(struct conn *c, struct req *r, const char *method)
{
    c->head_seen = true;
    enum MHD_Result queued = MHD_NO;
    listener_read_head(c, r, method);
    if (listener_preflight(c, r, method, &queued)) {
        c->queued = true;
        return queued;
    }
    req_run(r);
    if (r->run.step != STEP_done || !listener_expects_body(r))
        return MHD_YES;
    int64_t length = 0;
    if (r->in.header[HEADER_CONTENT_LENGTH].p &&
        !str_to_i64(r->in.header[HEADER_CONTENT_LENGTH], &length))
        length = INT64_MAX;
    /* Refused already. A body on its way is read and dropped, lest the close break the answer. */
    bool now = length > discard_max(c) || r->in.refused == E_BAD_HTTP || awaits_continue(c);
    return now ? queue(c, r) : MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_size, void **con_cls)
{
    (void)cls;
    (void)mhd;
    (void)url;
    (void)version;
    struct req *r = *con_cls;
    CHECK(r, REQ_MAGIC);
    struct conn *c = r->in.connection;
    CHECK(c, CONN_MAGIC);
    if (!c->head_seen)
        return first_call(c, r, method);
    if (*data_size == 0)
        return c->queued ? MHD_YES : end_of_request(c, r);
    take_body(c, r, data, *data_size);
    *data_size = 0;
    return c->discarded > discard_max(c) ? MHD_NO : MHD_YES;
}

static void *on_request_line(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    struct listener *l = cls;
    CHECK(l, LISTENER_MAGIC);
    struct conn *c =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    CHECK(c, CONN_MAGIC);
    struct req *r = req_new(l->engine);
    r->in.connection = c;
    listener_read_target(r, uri);
    c->req = r;
    c->head_seen = c->queued = false;
    c->discarded = 0;
    return r;
}

static void end_request(struct conn *c)
{
    CHECK(c, CONN_MAGIC);
    c->req->in.connection = NULL;
    req_free(c->req);
    c->req = NULL;
    c->served = true;
    c->idle_since_us = clock_mono_us();
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **con_cls,
                         enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)mhd;
    (void)code;
    struct req *r = *con_cls;
    if (!r)
        return;
    CHECK(r, REQ_MAGIC);
    end_request(r->in.connection);
    *con_cls = NULL;
}

/* ------------------------------------------------------------------ connections */

static void conn_open(struct listener *l, struct MHD_Connection *mhd, void **socket_context)
{
    struct conn *c = xcalloc(1, sizeof *c);
    int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    *c = (struct conn){.magic = CONN_MAGIC, .listener = l, .mhd = mhd, .next = l->conns};
    c->watch = (struct source){.fn = on_client_event, .fd = fd};
    c->idle_since_us = clock_mono_us();
    address_of_socket(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
                      c->client_ip);
    if (l->conns)
        l->conns->prev = c;
    l->conns = c;
    l->n_conns++;
    *socket_context = c;
}

static void conn_close(struct conn *c)
{
    struct listener *l = c->listener;
    ASSERT(!c->suspended);
    if (c->req) /* the server has no room for its query's arguments, and does not say that it ends
                 */
        end_request(c);
    loop_remove(l->engine->loop, &c->watch);
    l->n_conns--;
    if (c->prev)
        c->prev->next = c->next;
    else
        l->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    c->magic = 0;
    xfree(c);
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct listener *l = cls;
    CHECK(l, LISTENER_MAGIC);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        conn_open(l, mhd, socket_context);
        return;
    }
    struct conn *c = *socket_context;
    CHECK(c, CONN_MAGIC);
    conn_close(c);
    *socket_context = NULL;
}

/* Nobody speaks on this connection any more, and nothing that was said waits to be read. */
static bool silent(const struct conn *c, int64_t now)
{
    const struct listener *l = c->listener;
    int unread = 0;
    int64_t since = c->idle_since_us > l->quiesced_us ? c->idle_since_us : l->quiesced_us;
    if (!l->quiesced || c->req || now - since < LAST_SILENCE_US)
        return false;
    return ioctl(c->watch.fd, FIONREAD, &unread) != 0 || unread == 0;
}

/* Has this connection's time for what it is doing run out? Heads and bodies have deadlines of their
 * own, since the server's timeout knows inactivity only. */
static bool overdue(const struct conn *c, int64_t now)
{
    const struct options *o = c->listener->engine->conf;
    if (!c->req || !c->head_seen) {
        int64_t allowed = c->served ? o->keepalive_ms : o->head_timeout_ms;
        return silent(c, now) || now - c->idle_since_us > allowed * 1000;
    }
    bool receiving = !c->req->in.body_done && !c->queued && !c->suspended;
    return receiving && now - c->req->in.start_us > o->body_timeout_ms * 1000;
}

static void on_sweep(struct timer *t)
{
    struct listener *l = container_of(t, struct listener, sweep);
    CHECK(l, LISTENER_MAGIC);
    int64_t now = clock_mono_us();
    for (struct conn *c = l->conns; c; c = c->next) {
        if (c->suspended || !overdue(c, now))
            continue;
        if (c->req && c->head_seen)
            req_fail(c->req, E_REQUEST_TIMEOUT, STR_NULL, NULL);
        shutdown(c->watch.fd, SHUT_RDWR); /* the server sees it and ends the connection */
    }
    timer_set(&l->engine->timers, t, now + (l->quiesced ? LAST_SWEEP_US : SWEEP_US));
}

/* ------------------------------------------------------------------ the server */

static void on_server_event(struct source *src, uint32_t events)
{
    (void)events;
    container_of(src, struct listener, source)->pending = true;
}

PRINTF_LIKE(2, 0)
static void on_server_log(void *cls, const char *fmt, va_list ap)
{
    char text[256];
    (void)cls;
    (void)vsnprintf(text, sizeof text, fmt, ap);
    log_event(LOG_DEBUG, "http_server", LOG_STR("text", str_trim(str_of(text))));
}

struct listener *listener_new(struct engine *e, int listen_fd, char err[128])
{
    struct listener *l = xcalloc(1, sizeof *l);
    *l = (struct listener){.magic = LISTENER_MAGIC, .engine = e};
    l->waiting_tail = &l->waiting;
    l->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, l,
        MHD_OPTION_EXTERNAL_LOGGER, on_server_log, NULL, MHD_OPTION_LISTEN_SOCKET, listen_fd,
        MHD_OPTION_URI_LOG_CALLBACK, on_request_line, l, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        l, MHD_OPTION_NOTIFY_CONNECTION, on_connection, l, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)e->conf->connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)((e->conf->keepalive_ms + 999) / 1000), MHD_OPTION_END);
    if (!l->daemon) {
        (void)snprintf(err, 128, "the HTTP server did not start: %s", strerror(errno));
        xfree(l);
        return NULL;
    }
    l->source = (struct source){.fn = on_server_event};
    l->source.fd = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    loop_arm(e->loop, &l->source, EPOLLIN);
    l->sweep.fn = on_sweep;
    l->watch.fn = on_watch_timer;
    timer_set(&e->timers, &l->sweep, clock_mono_us() + SWEEP_US);
    e->host = &listener_host;
    return l;
}

void listener_run(struct listener *l, bool idle)
{
    MHD_UNSIGNED_LONG_LONG ms;
    if (!l->pending && !idle && !(MHD_get_timeout(l->daemon, &ms) == MHD_YES && ms == 0))
        return;
    l->pending = false;
    MHD_run(l->daemon);
}

bool listener_pending(const struct listener *l)
{
    return l->pending;
}

unsigned listener_connections(const struct listener *l)
{
    return l->n_conns;
}

int64_t listener_timeout_us(const struct listener *l)
{
    MHD_UNSIGNED_LONG_LONG ms;
    if (l->pending)
        return 0;
    if (MHD_get_timeout(l->daemon, &ms) != MHD_YES)
        return INT64_MAX;
    return ms > 3600000 ? INT64_C(3600000000) : (int64_t)ms * 1000;
}

/* Who has connected already gets an answer. */
static void accept_waiting(struct listener *l)
{
    struct pollfd p = {.events = POLLIN};
    p.fd = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_LISTEN_FD)->listen_fd;
    for (int i = 0; i < LAST_ACCEPTS && poll(&p, 1, 0) > 0; i++)
        MHD_run(l->daemon);
}

void listener_quiesce(struct listener *l)
{
    if (l->quiesced)
        return;
    l->quiesced = true;
    l->quiesced_us = clock_mono_us();
    accept_waiting(l);
    int fd = MHD_quiesce_daemon(l->daemon);
    if (fd >= 0)
        close(fd);
    timer_set(&l->engine->timers, &l->sweep, l->quiesced_us + LAST_SWEEP_US);
}

void listener_free(struct listener *l)
{
    if (!l)
        return;
    CHECK(l, LISTENER_MAGIC);
    for (struct conn *c = l->conns; c; c = c->next) {
        if (c->req && c->req->run.step != STEP_done) {
            req_fail(c->req, E_DRAINING, STR_NULL, NULL); /* we leave, not the client */
            req_client_gone(c->req);
        }
        if (c->suspended)
            resume(c);
    }
    MHD_run(l->daemon);
    loop_remove(l->engine->loop, &l->source);
    MHD_stop_daemon(l->daemon);
    timer_cancel(&l->engine->timers, &l->sweep);
    timer_cancel(&l->engine->timers, &l->watch);
    ASSERT(!l->conns);
    l->magic = 0;
    xfree(l);
}
