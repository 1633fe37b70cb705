/* Upstream transfers: one request and its answer over a connection that is kept or made. One
 * worker's thread. Never blocks, never follows redirects, never uses a proxy from the environment.
 *
 * libcurl connects (dial.c); the exchange is ours: the request leaves in one write, the answer goes
 * through wire/http1. A kept connection that ends before the first byte of an answer is not the
 * provider's fault: the request is sent again once, over a fresh one. */
#include "gateway/xfer/xfer.h"

#include <curl/curl.h>

#include "common/clock.h"
#include "common/mem.h"
#include "gateway/wire/http1.h"
#include "gateway/xfer/conn.h"
#include "gateway/xfer/easy.h"
#include "gateway/xfer/target.h"

enum {
    XFER_MAGIC = 0x78666572,
    POOL_MAGIC = 0x706f6f6c,
    SPARE_MAX = 256,
    HEAD_MAX_BYTES = 256 * 1024,
    JOINED_MAX_BYTES = 16 * 1024, /* pieces up to this are copied behind the head: one write */
    RECEIVE_BYTES = 64 * 1024,
    READS_MAX = 2,               /* a turn: others wait, too, and what is read has to be held */
    SEND_MAX_BYTES = 512 * 1024, /* a turn */
};

struct xfer {
    uint32_t magic;
    struct xfer_pool *pool;
    struct xfer *next;                /* in pool->spare */
    struct xfer *prev_due, *next_due; /* in pool->due */
    struct xfer_request q;
    struct url target;
    struct xfer_callbacks cb;
    void *arg;
    struct conn *conn; /* one of these two, or neither once it failed */
    struct dial *dial;
    struct http1 answer;
    struct buf unsent; /* of what was written as one */
    size_t unsent_at;  /* how much of it is gone */
    size_t piece;      /* of the body: those before it are gone, or in `unsent` */
    size_t piece_at;   /* how much of it is gone */
    enum err failed;   /* due: what to say */
    bool due, sent_any, sent_all, send_broke, reused, retried, got_bytes, paused;
};

struct xfer_pool {
    uint32_t magic;
    struct xfer_options o;
    struct dialer *dialer;
    struct conns *conns;
    struct xfer *spare;
    unsigned n_spare, active;
    struct buf out; /* a request on its way */
    char *in;       /* RECEIVE_BYTES */
    struct xfer *due;
    struct timer due_timer;
};

bool xfer_global_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

void xfer_global_fini(void)
{
    curl_global_cleanup();
}

/* ------------------------------------------------------------------ the end */

static void forget_due(struct xfer *x)
{
    if (!x->due)
        return;
    x->due = false;
    if (x->prev_due)
        x->prev_due->next_due = x->next_due;
    else
        x->pool->due = x->next_due;
    if (x->next_due)
        x->next_due->prev_due = x->prev_due;
}

/* Looked at again soon, outside of what runs now. */
static void make_due(struct xfer *x)
{
    struct xfer_pool *p = x->pool;
    if (x->due)
        return;
    x->due = true;
    x->prev_due = NULL;
    x->next_due = p->due;
    if (p->due)
        p->due->prev_due = x;
    p->due = x;
    timer_set(p->o.timers, &p->due_timer, 0);
}

static void put_back(struct xfer *x)
{
    struct xfer_pool *p = x->pool;
    forget_due(x);
    http1_fini(&x->answer);
    buf_fini(&x->unsent);
    p->active--;
    if (p->n_spare >= SPARE_MAX) {
        x->magic = 0;
        loop_bury(p->o.loop, xfree, x);
        return;
    }
    x->next = p->spare;
    p->spare = x;
    p->n_spare++;
}

static void finish(struct xfer *x, enum err err, const char *detail, bool keep)
{
    struct xfer_result result = {.err = err, .detail = detail, .connected = x->sent_any};
    struct xfer_callbacks cb = x->cb;
    void *arg = x->arg;
    if (x->conn && keep && !x->q.once)
        conn_park(x->conn);
    else if (x->conn)
        conn_close(x->conn);
    x->conn = NULL;
    put_back(x);
    cb.done(arg, &result);
}

static void on_dialled(void *arg, const struct dialled *d);

static void dial(struct xfer *x)
{
    struct xfer_pool *p = x->pool;
    char origin[URL_ORIGIN_MAX + 1];
    memcpy(origin, x->target.origin.p, x->target.origin.len);
    origin[x->target.origin.len] = '\0';
    x->dial = dial_start(p->dialer, origin, &x->q, on_dialled, x);
}

/* The connection is of no use any more and the answer not complete. */
static void broke(struct xfer *x, CURLcode why)
{
    if (x->reused && !x->got_bytes && !x->retried) {
        conn_close(x->conn);
        x->conn = NULL;
        x->retried = true;
        dial(x);
        return;
    }
    finish(x, easy_judge(why, !x->got_bytes, false), curl_easy_strerror(why), false);
}

/* ------------------------------------------------------------------ the request */

static uint32_t wanted(const struct xfer *x)
{
    bool writing = !x->sent_all && !x->send_broke;
    return (x->paused ? 0 : (uint32_t)EPOLLIN) | (writing ? (uint32_t)EPOLLOUT : 0);
}

/* Sends `all` from `*at`: false if some of it must wait or the connection broke. A large body has
 * its turns: the socket tells again that it has room. */
static bool send_some(struct xfer *x, struct str all, size_t *at, bool more)
{
    size_t most = *at + SEND_MAX_BYTES;
    while (*at < all.len) {
        if (*at >= most)
            return false;
        size_t left = all.len - *at;
        size_t len = left < SEND_MAX_BYTES ? left : SEND_MAX_BYTES;
        ptrdiff_t n = conn_send(x->conn, str_make(all.p + *at, len), more || len < left);
        if (n <= 0) {
            x->send_broke = n < 0; /* an answer may lie there all the same */
            return false;
        }
        x->sent_any = true;
        *at += (size_t)n;
    }
    return true;
}

static void send_rest(struct xfer *x)
{
    if (!send_some(x, buf_str(&x->unsent), &x->unsent_at, x->piece < x->q.n_body))
        return;
    if (x->unsent.len) {
        buf_fini(&x->unsent);
        x->unsent_at = 0;
    }
    for (; x->piece < x->q.n_body; x->piece++, x->piece_at = 0)
        if (!send_some(x, x->q.body[x->piece], &x->piece_at, x->piece + 1 < x->q.n_body))
            return;
    x->sent_all = true;
}

/* Pieces that are short go with the head. */
static void join(struct xfer *x, struct buf *out)
{
    size_t room = JOINED_MAX_BYTES;
    for (; x->piece < x->q.n_body && x->q.body[x->piece].len <= room; x->piece++) {
        if (!buf_add_str(out, x->q.body[x->piece]))
            return;
        room -= x->q.body[x->piece].len;
    }
}

static void send_request(struct xfer *x)
{
    struct buf *out = &x->pool->out;
    size_t at = 0;
    buf_reset(out);
    x->sent_all = x->send_broke = false;
    x->piece = x->piece_at = x->unsent_at = 0;
    http1_init(&x->answer);
    if (!target_write_head(&x->target, &x->q, out)) {
        x->failed = E_INTERNAL;
        make_due(x);
        return;
    }
    join(x, out);
    if (send_some(x, buf_str(out), &at, x->piece < x->q.n_body))
        send_rest(x);
    else if (!x->send_broke)
        (void)buf_add(&x->unsent, out->p + at, out->len - at);
    conn_watch(x->conn, wanted(x));
    if (x->send_broke)
        make_due(x);
}

/* Each request dials and is kept with what it is for. */
static struct conn_key conn_key(const struct xfer *x)
{
    return (struct conn_key){
        .origin = x->target.origin, .guard = x->q.guard, .tenant = x->q.tenant};
}

static void on_dialled(void *arg, const struct dialled *d)
{
    struct xfer *x = arg;
    CHECK(x, XFER_MAGIC);
    x->dial = NULL;
    x->reused = false;
    if (d->err) {
        finish(x, d->err, d->detail, false);
        return;
    }
    const struct conn_key key = conn_key(x);
    x->conn = conn_new(x->pool->conns, &key, d, x);
    send_request(x);
}

/* ------------------------------------------------------------------ the answer */

static void on_field(void *arg, struct str name, struct str value)
{
    const struct xfer *x = arg;
    x->cb.header(x->arg, name, value);
}

static void on_head(void *arg, int status)
{
    const struct xfer *x = arg;
    x->cb.head(x->arg, status);
}

static void on_bytes(void *arg, struct str bytes)
{
    const struct xfer *x = arg;
    x->cb.body(x->arg, bytes);
}

static const struct http1_sink sink = {.field = on_field, .head = on_head, .body = on_bytes};

/* False: the transfer is over. */
static bool take(struct xfer *x, struct str bytes)
{
    size_t used;
    x->got_bytes = true;
    enum http1_rc rc = http1_feed(&x->answer, bytes, &sink, x, &used);
    if (rc == HTTP1_MORE)
        return true;
    if (rc == HTTP1_DONE)
        finish(x, E_OK, "", x->answer.keep && x->sent_all && used == bytes.len);
    else
        finish(x, x->answer.status ? E_UPSTREAM_CUT : E_UPSTREAM_BAD_ANSWER,
               curl_easy_strerror(CURLE_WEIRD_SERVER_REPLY), false);
    return false;
}

static void ended(struct xfer *x)
{
    if (x->got_bytes && http1_ended(&x->answer))
        finish(x, E_OK, "", false);
    else
        broke(x, !x->got_bytes      ? CURLE_GOT_NOTHING
                 : x->answer.status ? CURLE_PARTIAL_FILE
                                    : CURLE_RECV_ERROR);
}

static void receive(struct xfer *x)
{
    struct xfer_pool *p = x->pool;
    for (int i = 0; !x->paused; i++) {
        if (i == READS_MAX) {
            make_due(x);
            return;
        }
        bool tls = conn_is_tls(x->conn);
        ptrdiff_t n = conn_receive(x->conn, p->in, RECEIVE_BYTES);
        if (n == CONN_NOTHING && x->send_broke) {
            broke(x, CURLE_SEND_ERROR);
            return;
        }
        if (n == CONN_NOTHING)
            return;
        if (n == 0) {
            ended(x);
            return;
        }
        if (n < 0) {
            broke(x, CURLE_RECV_ERROR);
            return;
        }
        /* A plain socket that gave less than there was room for is empty. */
        if (!take(x, str_make(p->in, (size_t)n)) || (!tls && n < RECEIVE_BYTES))
            return;
    }
}

static void on_event(struct conn *c, uint32_t events)
{
    struct xfer *x = conn_owner(c);
    CHECK(x, XFER_MAGIC);
    if (events & EPOLLOUT && !x->sent_all && !x->send_broke) {
        send_rest(x);
        conn_watch(c, wanted(x));
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        receive(x);
}

static void on_due(struct timer *t)
{
    struct xfer_pool *p = container_of(t, struct xfer_pool, due_timer);
    struct xfer *x = p->due;
    CHECK(p, POOL_MAGIC);
    if (!x)
        return;
    if (x->next_due) /* the others have their turn after what this one sets off */
        timer_set(p->o.timers, t, 0);
    forget_due(x);
    if (x->failed)
        finish(x, x->failed, "The URL or a header cannot be sent", false);
    else if (x->conn)
        receive(x);
}

/* ------------------------------------------------------------------ the pool */

struct xfer_pool *xfer_pool_new(const struct xfer_options *o)
{
    ASSERT(o->multis >= 1);
    struct xfer_pool *p = xcalloc(1, sizeof *p);
    *p = (struct xfer_pool){.magic = POOL_MAGIC, .o = *o};
    p->dialer = dialer_new(o);
    p->conns = conns_new(o->loop, o->timers, on_event);
    p->due_timer.fn = on_due;
    buf_init(&p->out, HEAD_MAX_BYTES + JOINED_MAX_BYTES);
    p->in = xmalloc(RECEIVE_BYTES);
    return p;
}

void xfer_pool_free(struct xfer_pool *p)
{
    if (!p)
        return;
    ASSERT(p->active == 0);
    for (struct xfer *x = p->spare, *next; x; x = next) {
        next = x->next;
        xfree(x);
    }
    timer_cancel(p->o.timers, &p->due_timer);
    conns_free(p->conns);
    dialer_free(p->dialer);
    buf_fini(&p->out);
    xfree(p->in);
    p->magic = 0;
    xfree(p);
}

unsigned xfer_pool_active(const struct xfer_pool *p)
{
    return p->active;
}

static struct xfer *get(struct xfer_pool *p)
{
    struct xfer *x = p->spare;
    p->active++;
    if (!x)
        return xcalloc(1, sizeof *x);
    p->spare = x->next;
    p->n_spare--;
    return x;
}

struct xfer *xfer_start(struct xfer_pool *p, const struct xfer_request *q,
                        const struct xfer_callbacks *cb, void *arg)
{
    CHECK(p, POOL_MAGIC);
    struct xfer *x = get(p);
    *x = (struct xfer){.magic = XFER_MAGIC, .pool = p, .q = *q, .cb = *cb, .arg = arg};
    buf_init(&x->unsent, HEAD_MAX_BYTES + JOINED_MAX_BYTES);
    http1_init(&x->answer);
    if (!url_parse(str_of(q->url), &x->target)) {
        x->failed = E_INTERNAL;
        make_due(x);
        return x;
    }
    ASSERT(!q->get || q->n_body == 0);
    const struct conn_key key = conn_key(x);
    if (!q->once)
        x->conn = conn_take(p->conns, &key, x);
    x->reused = x->conn != NULL;
    if (!x->conn)
        dial(x);
    else
        send_request(x);
    return x;
}

void xfer_pause(struct xfer *x)
{
    CHECK(x, XFER_MAGIC);
    x->paused = true;
    if (x->conn)
        conn_watch(x->conn, wanted(x));
}

void xfer_resume(struct xfer *x)
{
    CHECK(x, XFER_MAGIC);
    if (!x->paused)
        return;
    x->paused = false;
    if (!x->conn)
        return;
    conn_watch(x->conn, wanted(x));
    make_due(x); /* TLS may hold bytes that no event tells of */
}

void xfer_cancel(struct xfer *x)
{
    CHECK(x, XFER_MAGIC);
    if (x->dial)
        dial_cancel(x->dial);
    if (x->conn)
        conn_close(x->conn);
    x->dial = NULL;
    x->conn = NULL;
    put_back(x);
}
