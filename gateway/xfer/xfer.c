/* Upstream transfers over libcurl: easy handles kept ready, constants set once. One worker's
 * thread. Never blocks, never follows redirects, never uses a proxy from the environment. */
#include "gateway/xfer/xfer.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mem.h"
#include "gateway/xfer/easy.h"
#include "gateway/xfer/multi.h"

enum { XFER_MAGIC = 0x78666572, POOL_MAGIC = 0x706f6f6c, IDLE_MAX = 256 };

static_assert(sizeof(struct xfer_header) == sizeof(struct curl_slist) &&
                  offsetof(struct xfer_header, line) == offsetof(struct curl_slist, data) &&
                  offsetof(struct xfer_header, next) == offsetof(struct curl_slist, next),
              "xfer_header is a curl_slist");

struct lane {
    struct multi *multi;
    struct xfer *idle; /* handles ready for reuse */
    unsigned n_idle;
};

struct xfer {
    uint32_t magic;
    struct xfer_pool *pool;
    struct lane *lane;
    CURL *easy;
    struct xfer *next; /* in lane->idle */
    struct xfer_callbacks cb;
    void *arg;
    char *url; /* the one set on the handle */
    CURLU *parsed;
    bool guarded, refused, in_head, got_bytes, paused;
    int status;
};

struct xfer_pool {
    uint32_t magic;
    struct xfer_options o;
    CURLSH *share;
    unsigned n;         /* lanes of each kind */
    struct lane *lanes; /* n open ones, then n guarded ones */
    unsigned active;
};

bool xfer_global_init(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

void xfer_global_fini(void)
{
    curl_global_cleanup();
}

static void end_head(struct xfer *x)
{
    x->in_head = false;
    /* 1xx answers precede the real one. */
    if (x->status >= 200)
        x->cb.head(x->arg, x->status);
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    struct xfer *x = arg;
    CHECK(x, XFER_MAGIC);
    struct str line = str_trim(str_make(p, size * n));
    x->got_bytes = true;
    if (line.len == 0 && x->in_head) {
        end_head(x);
    } else if (str_starts(line, STR("HTTP/"))) {
        long status = 0;
        curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
        x->status = (int)status;
        x->in_head = true;
    } else if (x->in_head && x->status >= 200) {
        struct str value = line;
        struct str name = str_cut(&value, ':');
        if (value.p)
            x->cb.header(x->arg, name, str_trim(value));
    }
    return size * n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct xfer *x = arg;
    CHECK(x, XFER_MAGIC);
    x->cb.body(x->arg, str_make(p, size * n));
    return size * n;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct xfer *x = arg;
    CHECK(x, XFER_MAGIC);
    (void)purpose;
    if (x->guarded && !guard_permits(x->pool->o.guard, &a->addr)) {
        x->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->protocol);
}

static struct xfer *xfer_new(struct xfer_pool *p, struct lane *lane)
{
    struct xfer *x = xcalloc(1, sizeof *x);
    *x = (struct xfer){.magic = XFER_MAGIC,
                       .pool = p,
                       .lane = lane,
                       .easy = easy_new(p->o.ca_file, p->o.connect_ms)};
    CURL *e = x->easy;
    curl_easy_setopt(e, CURLOPT_SHARE, p->share);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(e, CURLOPT_PRIVATE, x);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, x);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, multi_close_socket);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, lane->multi);
    return x;
}

static void xfer_free(struct xfer *x)
{
    curl_easy_cleanup(x->easy);
    curl_url_cleanup(x->parsed);
    xfree(x->url);
    x->magic = 0;
    xfree(x);
}

static void free_later(void *owner)
{
    xfer_free(owner);
}

/* The handle is free again. Headers and body belong to the caller: curl must not keep pointers. */
static void put_back(struct xfer *x)
{
    struct lane *lane = x->lane;
    x->pool->active--;
    if (lane->n_idle >= IDLE_MAX) {
        loop_bury(x->pool->o.loop, free_later, x);
        return;
    }
    x->next = lane->idle;
    lane->idle = x;
    lane->n_idle++;
}

static void on_done(CURL *easy, CURLcode code)
{
    struct xfer *x;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&x);
    CHECK(x, XFER_MAGIC);
    long sent = 0;
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
    struct xfer_result result = {
        .err = easy_judge(code, !x->got_bytes, x->refused),
        .detail = code == CURLE_OK ? "" : curl_easy_strerror(code),
        .connected = sent > 0,
    };
    struct xfer_callbacks cb = x->cb;
    void *arg = x->arg;
    put_back(x);
    cb.done(arg, &result);
}

struct xfer_pool *xfer_pool_new(const struct xfer_options *o)
{
    ASSERT(o->multis >= 1 && o->guard);
    struct xfer_pool *p = xcalloc(1, sizeof *p);
    *p = (struct xfer_pool){.magic = POOL_MAGIC, .o = *o, .n = o->multis};
    p->share = curl_share_init();
    ASSERT(p->share != NULL);
    curl_share_setopt(p->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(p->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    p->lanes = xcalloc(2 * p->n, sizeof *p->lanes);
    for (unsigned i = 0; i < 2 * p->n; i++)
        p->lanes[i].multi = multi_new(o->loop, o->timers, on_done);
    return p;
}

void xfer_pool_free(struct xfer_pool *p)
{
    if (!p)
        return;
    ASSERT(p->active == 0);
    for (unsigned i = 0; i < 2 * p->n; i++) {
        for (struct xfer *x = p->lanes[i].idle, *next; x; x = next) {
            next = x->next;
            xfer_free(x);
        }
        multi_free(p->lanes[i].multi);
    }
    curl_share_cleanup(p->share);
    xfree(p->lanes);
    xfree(p);
}

unsigned xfer_pool_active(const struct xfer_pool *p)
{
    return p->active;
}

/* The least busy of a kind's lanes. */
static struct lane *pick_lane(struct xfer_pool *p, bool guarded)
{
    struct lane *best = &p->lanes[guarded ? p->n : 0];
    for (unsigned i = 1; i < p->n; i++) {
        struct lane *l = &p->lanes[(guarded ? p->n : 0) + i];
        if (multi_active(l->multi) < multi_active(best->multi))
            best = l;
    }
    return best;
}

static struct xfer *get(struct xfer_pool *p, bool guarded)
{
    struct lane *lane = pick_lane(p, guarded);
    struct xfer *x = lane->idle;
    if (!x)
        return xfer_new(p, lane);
    lane->idle = x->next;
    lane->n_idle--;
    return x;
}

/* A handle keeps its URL in parts: given as text, curl would take it apart and put it together
 * again at each transfer. What cannot be taken apart goes as text, for the transfer to say so. */
static void set_url(struct xfer *x, const char *url)
{
    if (x->url && str_eq(str_of(x->url), str_of(url)))
        return;
    xfree(x->url);
    x->url = xstrdup(url);
    curl_url_cleanup(x->parsed);
    x->parsed = curl_url();
    ASSERT(x->parsed != NULL);
    bool apart = curl_url_set(x->parsed, CURLUPART_URL, url,
                              CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
    curl_easy_setopt(x->easy, CURLOPT_CURLU, apart ? x->parsed : NULL);
    curl_easy_setopt(x->easy, CURLOPT_URL, apart ? NULL : url);
}

struct xfer *xfer_start(struct xfer_pool *p, const struct xfer_request *q,
                        const struct xfer_callbacks *cb, void *arg)
{
    CHECK(p, POOL_MAGIC);
    struct xfer *x = get(p, q->guarded);
    x->cb = *cb;
    x->arg = arg;
    x->guarded = q->guarded;
    x->refused = x->in_head = x->got_bytes = x->paused = false;
    x->status = 0;
    set_url(x, q->url);
    curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER,
                     (const struct curl_slist *)(const void *)q->headers);
    curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
    curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, q->body.p);
    p->active++;
    multi_add(x->lane->multi, x->easy);
    return x;
}

void xfer_pause(struct xfer *x)
{
    CHECK(x, XFER_MAGIC);
    if (x->paused)
        return;
    x->paused = true;
    curl_easy_pause(x->easy, CURLPAUSE_RECV);
}

void xfer_resume(struct xfer *x)
{
    CHECK(x, XFER_MAGIC);
    if (!x->paused)
        return;
    x->paused = false;
    curl_easy_pause(x->easy, CURLPAUSE_CONT);
    multi_kick(x->lane->multi);
}

void xfer_cancel(struct xfer *x)
{
    CHECK(x, XFER_MAGIC);
    multi_remove(x->lane->multi, x->easy);
    put_back(x);
}
