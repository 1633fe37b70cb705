/* listener: a gateway's worker without its thread serves what the input says, over a connection of
 * its own: byte 0 says how it is cut into writes and how the connection ends, the rest is sent. The
 * provider that its models lead to refuses connections, stored answers have no database. Whatever
 * comes, each answer begins as one, the connection ends, and nothing of the request is left.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/metrics.h"
#include "gateway/failpoint.h"
#include "gateway/listener.h"
#include "gateway/request_archive.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/snapshot_rows.h"

enum { SEGMENT_BYTES = 16 << 20, PATIENCE_US = 20 * 1000 * 1000 };

static struct world {
    struct options conf;
    struct engine engine;
    struct pool_port port;
    struct spool *spool;
    struct listener *listener;
    struct sockaddr_in address;
    atomic_llong body_bytes;
    struct address_nets proxies;
    struct guard guard;
    bool made;
} world;

static struct snapshot *make_snapshot(void)
{
    struct config_rows r = rows_new();
    struct provider_row p = provider_row(1, "openai");
    p.base_url = STR("http://127.0.0.1:1/v1");
    ROWS(&r, providers, p);
    ROWS(&r, models, model_row(1, "gpt-4", "gpt"));
    ROWS(&r, offers, offer_row(1, 1, 1, "gpt-4-0613"));
    ROWS(&r, provider_keys, provider_key(&r, 1, 1, 1, "sk-provider"));
    ROWS(&r, signing_keys, signing_key(&r, 1, 1, "DOTEBAAAAAAAAAAAAAAA", "sk-fuzz", "secret"));
    struct key_rows none = {0};
    struct key_table *keys = key_table_new(&none);
    struct key_entry e = {.id = id_of(KEY, 1),
                          .organisation_id = id_of(ORGANISATION, 1),
                          .project_id = id_of(PROJECT, 1),
                          .expires_at_us = INT64_MAX};
    struct apikey_hash hash = hash_of(STR("sk-fuzz"));
    memcpy(e.tag, hash.b, sizeof e.tag);
    bool put = key_table_put(keys, &e) == KEY_PUT;
    ASSERT(put);
    char err[128] = "";
    struct image_context context = {.master = master, .now_us = NOW_US};
    struct image *img = image_build(&r, &context, err);
    ASSERT(img);
    struct snapshot *s = snapshot_new(1, img, keys);
    image_unref(img);
    key_table_unref(keys);
    return s;
}

static int make_socket(struct sockaddr_in *address)
{
    socklen_t len = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && bind(fd, (struct sockaddr *)address, len) == 0 && listen(fd, 16) == 0 &&
              getsockname(fd, (struct sockaddr *)address, &len) == 0;
    ASSERT(ok);
    return fd;
}

static void load_options(struct options *o)
{
    char err[512] = "";
    setenv("DOTEB_DATABASE_URL", "postgresql://127.0.0.1:1/none", 1);
    setenv("DOTEB_MASTER_KEY", MASTER_KEY, 1);
    setenv("DOTEB_WORKERS", "1", 1);
    setenv("DOTEB_BODY_MAX", "1MB", 1);
    setenv("DOTEB_BODIES_MAX", "4MB", 1);
    setenv("DOTEB_ACCESS_LOG", "false", 1);
    setenv("DOTEB_CORS_ORIGINS", "https://example.com", 1);
    bool ok = options_load(o, err);
    ASSERT(ok);
}

static void make_spool(struct world *w)
{
    static char dir[] = "/tmp/doteb-fuzz-spool.XXXXXX";
    char err[256];
    char *made = mkdtemp(dir);
    ASSERT(made);
    const struct spool_options so = {
        .dir = dir, .segment_bytes = SEGMENT_BYTES, .sync_ms = 1000, .lanes = 1};
    w->spool = spool_new(&so, err);
    ASSERT(w->spool);
    failpoint_set("spool.fallocate=error"); /* nobody empties it: it must not grow */
}

static void make_world(struct world *w)
{
    char err[128];
    struct engine *e = &w->engine;
    rows_setup();
    bool ok = xfer_global_init();
    ok = ok && log_set_level(STR("error"));
    ASSERT(ok);
    metrics_thread_begin();
    load_options(&w->conf);
    make_spool(w);
    e->magic = ENGINE_MAGIC;
    e->loop = loop_new();
    timers_init(&e->timers);
    e->conf = &w->conf;
    e->memo = key_memo_new();
    e->signers = sigv4_memo_new();
    e->lane = spool_lane(w->spool, 0);
    e->body_bytes = &w->body_bytes;
    e->hop = STR("fuzz-hop");
    e->proxies = &w->proxies;
    e->guard = e->inline_guard = &w->guard;
    e->archive = archive_new(w->conf.database_url, master);
    e->bulk = pool_new(16, NULL, NULL, NULL);
    e->port = &w->port;
    pool_port_init(&w->port, e->loop);
    e->ready_tail = &e->ready;
    const struct xfer_options xo = {
        .loop = e->loop, .timers = &e->timers, .connect_ms = 1000, .multis = 1};
    e->xfers = xfer_pool_new(&xo);
    e->snap = make_snapshot();
    w->listener = listener_new(e, make_socket(&w->address), err);
    ASSERT(w->listener);
    w->made = true;
}

static void turn(struct world *w, int64_t wait_us)
{
    struct engine *e = &w->engine;
    int n = loop_turn(e->loop, e->ready || listener_pending(w->listener) ? 0 : wait_us);
    engine_run_ready(e);
    listener_run(w->listener, n == 0);
    timers_run(&e->timers, clock_mono_us());
    engine_run_ready(e);
    if (listener_pending(w->listener))
        listener_run(w->listener, false);
}

/* Reads what is there; keeps the first bytes. True: the other side has ended. */
static bool drain(int fd, char *first, size_t *n)
{
    char piece[16384];
    for (;;) {
        ssize_t got = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
        if (got <= 0)
            return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
        for (ssize_t i = 0; i < got && *n < 9; i++)
            first[(*n)++] = piece[i];
    }
}

static void send_pieces(struct world *w, int fd, struct str rest, size_t piece, char *first,
                        size_t *n)
{
    while (rest.len > 0) {
        size_t len = rest.len < piece ? rest.len : piece;
        ssize_t sent = send(fd, rest.p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        turn(w, 0);
        if (drain(fd, first, n) || (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK))
            return;
        if (sent > 0)
            rest = str_make(rest.p + sent, rest.len - (size_t)sent);
    }
}

/* Each time from another address of the host's own: ports of connections that this side ended first
 * are taken for a minute, and there are more connections a minute than ports. */
static int connect_to(const struct world *w)
{
    static uint32_t n;
    const int on = 1;
    const struct sockaddr_in from = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK + n++ % 250)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0 &&
              bind(fd, (const struct sockaddr *)&from, sizeof from) == 0 &&
              connect(fd, (const struct sockaddr *)&w->address, sizeof w->address) == 0;
    ASSERT(ok);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world *w = &world;
    if (size < 2)
        return 0;
    if (!w->made)
        make_world(w);
    int fd = connect_to(w);
    static const size_t pieces[] = {SIZE_MAX, 1, 7, 100};
    char first[10] = "";
    size_t n = 0;
    send_pieces(w, fd, str_make((const char *)data + 1, size - 1), pieces[data[0] & 3], first, &n);
    for (int i = 0; i < 4; i++)
        turn(w, 0);
    (void)drain(fd, first, &n);
    ASSERT(memcmp(first, "HTTP/1.1 ", n) == 0 || memcmp(first, "HTTP/1.0 ", n) == 0);
    if (data[0] & 4) { /* its half first: an answer may still come */
        (void)shutdown(fd, SHUT_WR);
        for (int i = 0; i < 4; i++)
            turn(w, 1000);
        (void)drain(fd, first, &n);
    }
    const struct linger reset = {.l_onoff = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
    int64_t until = clock_mono_us() + PATIENCE_US;
    while (w->engine.active > 0 || listener_connections(w->listener) > 0) {
        turn(w, 1000);
        ASSERT(clock_mono_us() < until);
    }
    ASSERT(atomic_load(&w->body_bytes) == 0);
    return 0;
}
