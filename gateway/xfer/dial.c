/* Connecting with CURLOPT_CONNECT_ONLY. One worker's thread; never blocks.
 *
 * A handle whose connection is TLS stays in its multi as long as the connection: curl finds the
 * session through it, walking the multi's connections, so they are spread over several multis. The
 * first receive ties both together; before that, curl would take the connection for an idle one and
 * end it as soon as bytes arrive.
 */
#include "gateway/xfer/dial.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include "common/mem.h"
#include "gateway/xfer/easy.h"
#include "gateway/xfer/multi.h"

enum { DIAL_MAGIC = 0x6469616c, IDLE_MAX = 64 };

struct dial {
    uint32_t magic;
    struct dialer *dialer;
    struct multi *multi;
    CURL *easy;
    struct dial *next; /* in dialer->idle */
    dial_fn *fn;
    void *arg;
    int kept;                  /* the socket that curl must not close, or -1 */
    const struct guard *guard; /* NULL: any address will do */
    bool refused;
};

struct dialer {
    struct xfer_options o;
    CURLSH *share;
    struct multi **multis;
    struct dial *idle; /* handles ready for reuse */
    unsigned n_idle;
};

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct dial *d = arg;
    CHECK(d, DIAL_MAGIC);
    (void)purpose;
    if (d->guard && !guard_permits(d->guard, &a->addr)) {
        d->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->protocol);
}

static int close_socket(void *arg, curl_socket_t fd)
{
    struct dial *d = arg;
    CHECK(d, DIAL_MAGIC);
    if (fd == d->kept)
        return 0;
    return multi_close_socket(d->multi, fd);
}

static struct dial *dial_new(struct dialer *dialer)
{
    struct dial *d = xcalloc(1, sizeof *d);
    *d = (struct dial){.magic = DIAL_MAGIC,
                       .dialer = dialer,
                       .easy = easy_new(dialer->o.ca_file, dialer->o.connect_ms)};
    CURL *e = d->easy;
    curl_easy_setopt(e, CURLOPT_SHARE, dialer->share);
    curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(e, CURLOPT_PRIVATE, d);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, d);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, d);
    return d;
}

static void dial_free(void *owner)
{
    struct dial *d = owner;
    curl_easy_cleanup(d->easy);
    d->magic = 0;
    xfree(d);
}

static void put_back(struct dial *d)
{
    struct dialer *dialer = d->dialer;
    if (dialer->n_idle >= IDLE_MAX) {
        loop_bury(dialer->o.loop, dial_free, d);
        return;
    }
    d->next = dialer->idle;
    dialer->idle = d;
    dialer->n_idle++;
}

/* The connection stands: the socket leaves the multi's watch. */
static struct dialled take_over(struct dial *d)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    const char *scheme = NULL;
    size_t got;
    char byte;
    struct dialled out = {.err = E_UPSTREAM_CONNECT, .detail = "", .fd = -1};
    curl_easy_getinfo(d->easy, CURLINFO_ACTIVESOCKET, &fd);
    curl_easy_getinfo(d->easy, CURLINFO_SCHEME, &scheme);
    bool tls = scheme && curl_strequal(scheme, "https");
    if (fd == CURL_SOCKET_BAD || (tls && curl_easy_recv(d->easy, &byte, 1, &got) != CURLE_AGAIN)) {
        out.detail = curl_easy_strerror(CURLE_RECV_ERROR);
        multi_remove(d->multi, d->easy);
        put_back(d);
        return out;
    }
    multi_forget_socket(d->multi, fd);
    out = (struct dialled){.detail = "", .fd = fd, .tls = tls ? d : NULL};
    if (!tls) {
        d->kept = fd;
        multi_remove(d->multi, d->easy);
        d->kept = -1;
        put_back(d);
    }
    return out;
}

static void on_done(CURL *easy, CURLcode code)
{
    struct dial *d;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&d);
    CHECK(d, DIAL_MAGIC);
    dial_fn *fn = d->fn;
    void *arg = d->arg;
    struct dialled out = {.fd = -1};
    if (code == CURLE_OK) {
        out = take_over(d);
    } else {
        out.err = easy_judge(code, true, d->refused);
        out.detail = curl_easy_strerror(code);
        multi_remove(d->multi, d->easy);
        put_back(d);
    }
    fn(arg, &out);
}

struct dialer *dialer_new(const struct xfer_options *o)
{
    struct dialer *d = xcalloc(1, sizeof *d);
    *d = (struct dialer){.o = *o, .share = curl_share_init()};
    ASSERT(d->share != NULL);
    curl_share_setopt(d->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(d->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    d->multis = xcalloc(o->multis, sizeof(struct multi *));
    for (unsigned i = 0; i < o->multis; i++)
        d->multis[i] = multi_new(o->loop, o->timers, on_done);
    return d;
}

void dialer_free(struct dialer *d)
{
    if (!d)
        return;
    for (struct dial *i = d->idle, *next; i; i = next) {
        next = i->next;
        dial_free(i);
    }
    for (unsigned i = 0; i < d->o.multis; i++)
        multi_free(d->multis[i]);
    curl_share_cleanup(d->share);
    xfree(d->multis);
    xfree(d);
}

struct dial *dial_start(struct dialer *dialer, const char *origin, const struct xfer_request *q,
                        dial_fn *fn, void *arg)
{
    struct dial *d = dialer->idle;
    if (d) {
        dialer->idle = d->next;
        dialer->n_idle--;
    } else {
        d = dial_new(dialer);
    }
    d->fn = fn;
    d->arg = arg;
    d->guard = q->guard;
    d->refused = false;
    d->kept = -1;
    d->multi = dialer->multis[0];
    for (unsigned i = 1; i < dialer->o.multis; i++)
        if (multi_active(dialer->multis[i]) < multi_active(d->multi))
            d->multi = dialer->multis[i];
    curl_easy_setopt(d->easy, CURLOPT_SSL_SESSIONID_CACHE, q->once ? 0L : 1L);
    curl_easy_setopt(d->easy, CURLOPT_URL, origin);
    multi_add(d->multi, d->easy);
    return d;
}

void dial_cancel(struct dial *d)
{
    CHECK(d, DIAL_MAGIC);
    multi_remove(d->multi, d->easy);
    put_back(d);
}

ptrdiff_t dial_send(struct dial *d, struct str bytes)
{
    CHECK(d, DIAL_MAGIC);
    size_t n = 0;
    CURLcode code = curl_easy_send(d->easy, bytes.p, bytes.len, &n);
    return code == CURLE_OK ? (ptrdiff_t)n : code == CURLE_AGAIN ? 0 : -1;
}

ptrdiff_t dial_receive(struct dial *d, char *out, size_t max)
{
    CHECK(d, DIAL_MAGIC);
    size_t n = 0;
    CURLcode code = curl_easy_recv(d->easy, out, max, &n);
    return code == CURLE_OK ? (ptrdiff_t)n : code == CURLE_AGAIN ? -1 : -2;
}

void dial_hang_up(struct dial *d)
{
    dial_cancel(d);
}
