/* Sockets, or TLS sessions over them, kept between requests. One worker's thread. The last one that
 * became idle is the first to serve again, so that the others grow old and are closed.
 */
#include "gateway/xfer/conn.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"

enum {
    CONN_MAGIC = 0x636f6e32,
    BUCKETS = 256,
    IDLE_PER_ORIGIN_MAX = 1024,
    IDLE_MAX_US = 110 * 1000000, /* libcurl's CURLOPT_MAXAGE_CONN is 118 s */
    SWEEP_US = 10 * 1000000,
};

/* Where connections lead: scheme, host and port, those of each guard and tenant apart. */
struct origin {
    struct origin *next; /* in its bucket */
    char *text;
    size_t len;
    const struct guard *guard;
    struct uuid tenant;
    unsigned n_conns, n_idle;
    struct conn *idle; /* the latest first */
};

struct conn {
    uint32_t magic;
    struct conns *all;
    struct origin *origin;
    struct source source;
    struct dial *tls;         /* NULL: plain */
    void *owner;              /* NULL: idle */
    struct conn *prev, *next; /* while idle, in its origin's list */
    int64_t idle_since_us;
};

struct conns {
    struct loop *loop;
    struct timers *timers;
    struct timer sweep;
    conn_fn *fn;
    unsigned n;
    struct origin *buckets[BUCKETS];
};

static struct origin **bucket_of(struct conns *cs, struct str origin)
{
    uint32_t h = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < origin.len; i++)
        h = (h ^ (unsigned char)origin.p[i]) * 16777619U;
    return &cs->buckets[(h ^ h >> 16) % BUCKETS];
}

static struct origin *find(struct conns *cs, const struct conn_key *key)
{
    for (struct origin *o = *bucket_of(cs, key->origin); o; o = o->next)
        if (o->guard == key->guard && uuid_eq(o->tenant, key->tenant) &&
            str_eq(str_make(o->text, o->len), key->origin))
            return o;
    return NULL;
}

static struct origin *find_or_make(struct conns *cs, const struct conn_key *key)
{
    struct str text = key->origin;
    struct origin *o = find(cs, key), **bucket = bucket_of(cs, text);
    if (o)
        return o;
    o = xcalloc(1, sizeof *o);
    *o = (struct origin){
        .next = *bucket, .len = text.len, .guard = key->guard, .tenant = key->tenant};
    o->text = xmalloc(text.len);
    memcpy(o->text, text.p, text.len);
    *bucket = o;
    return o;
}

/* One connection less; the last one takes the origin with it. */
static void leave(struct conns *cs, struct origin *o)
{
    struct origin **at = bucket_of(cs, str_make(o->text, o->len));
    if (--o->n_conns > 0)
        return;
    while (*at != o)
        at = &(*at)->next;
    *at = o->next;
    xfree(o->text);
    xfree(o);
}

static void unlink_idle(struct conn *c)
{
    struct origin *o = c->origin;
    if (c->prev)
        c->prev->next = c->next;
    else
        o->idle = c->next;
    if (c->next)
        c->next->prev = c->prev;
    c->prev = c->next = NULL;
    o->n_idle--;
}

void conn_close(struct conn *c)
{
    CHECK(c, CONN_MAGIC);
    struct conns *cs = c->all;
    if (!c->owner)
        unlink_idle(c);
    loop_remove(cs->loop, &c->source);
    if (c->tls)
        dial_hang_up(c->tls);
    else
        (void)close(c->source.fd);
    leave(cs, c->origin);
    if (--cs->n == 0)
        timer_cancel(cs->timers, &cs->sweep);
    c->magic = 0;
    loop_bury(cs->loop, xfree, c);
}

/* Nobody asked: the end, or bytes that belong to no answer. TLS has words of its own, too. */
static bool still_fine(struct conn *c)
{
    char byte;
    return c->tls && dial_receive(c->tls, &byte, 1) == CONN_NOTHING;
}

static void on_event(struct source *src, uint32_t events)
{
    struct conn *c = container_of(src, struct conn, source);
    CHECK(c, CONN_MAGIC);
    if (c->owner)
        c->all->fn(c, events);
    else if (!still_fine(c))
        conn_close(c);
}

static void on_sweep(struct timer *t)
{
    struct conns *cs = container_of(t, struct conns, sweep);
    int64_t now_us = clock_mono_us();
    timer_set(cs->timers, t, now_us + SWEEP_US);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct origin *o = cs->buckets[i], *next_origin; o; o = next_origin) {
            next_origin = o->next; /* the last close takes the origin away */
            for (struct conn *c = o->idle, *next; c; c = next) {
                next = c->next;
                if (now_us - c->idle_since_us > IDLE_MAX_US)
                    conn_close(c);
            }
        }
}

struct conns *conns_new(struct loop *loop, struct timers *timers, conn_fn *fn)
{
    struct conns *cs = xcalloc(1, sizeof *cs);
    *cs = (struct conns){.loop = loop, .timers = timers, .fn = fn};
    cs->sweep.fn = on_sweep;
    return cs;
}

void conns_free(struct conns *cs)
{
    if (!cs)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (cs->buckets[i]) {
            ASSERT(cs->buckets[i]->idle);
            conn_close(cs->buckets[i]->idle);
        }
    ASSERT(cs->n == 0);
    xfree(cs);
}

struct conn *conn_take(struct conns *cs, const struct conn_key *key, void *owner)
{
    struct origin *o = find(cs, key);
    struct conn *c = o ? o->idle : NULL;
    if (!c)
        return NULL;
    CHECK(c, CONN_MAGIC);
    unlink_idle(c);
    c->owner = owner;
    return c;
}

struct conn *conn_new(struct conns *cs, const struct conn_key *key, const struct dialled *d,
                      void *owner)
{
    struct conn *c = xcalloc(1, sizeof *c);
    *c = (struct conn){.magic = CONN_MAGIC,
                       .all = cs,
                       .origin = find_or_make(cs, key),
                       .source = {.fn = on_event, .fd = d->fd},
                       .tls = d->tls,
                       .owner = owner};
    c->origin->n_conns++;
    if (cs->n++ == 0)
        timer_set(cs->timers, &cs->sweep, clock_mono_us() + SWEEP_US);
    return c;
}

void conn_park(struct conn *c)
{
    CHECK(c, CONN_MAGIC);
    struct origin *o = c->origin;
    c->owner = NULL;
    c->idle_since_us = clock_mono_us();
    c->next = o->idle;
    if (c->next)
        c->next->prev = c;
    o->idle = c;
    if (++o->n_idle > IDLE_PER_ORIGIN_MAX)
        conn_close(c);
    else
        loop_arm(c->all->loop, &c->source, EPOLLIN);
}

void *conn_owner(const struct conn *c)
{
    return c->owner;
}

bool conn_is_tls(const struct conn *c)
{
    return c->tls != NULL;
}

void conn_watch(struct conn *c, uint32_t events)
{
    loop_arm(c->all->loop, &c->source, events);
}

ptrdiff_t conn_send(struct conn *c, struct str bytes, bool more)
{
    if (c->tls)
        return dial_send(c->tls, bytes);
    ssize_t n = send(c->source.fd, bytes.p, bytes.len, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    return n > 0 ? n : n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

ptrdiff_t conn_receive(struct conn *c, char *out, size_t max)
{
    if (c->tls)
        return dial_receive(c->tls, out, max);
    ssize_t n = recv(c->source.fd, out, max, 0);
    return n >= 0 ? n : errno == EAGAIN || errno == EINTR ? CONN_NOTHING : CONN_BROKEN;
}
