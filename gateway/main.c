/* doteb-gateway: boot order, signals, drain. The main thread waits for signals; it serves nothing.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crypto.h"
#include "common/guard_self.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/metrics.h"
#include "gateway/admin.h"
#include "gateway/bind.h"
#include "gateway/ledger/writer.h"
#include "gateway/options.h"
#include "gateway/request_archive.h"
#include "gateway/worker.h"

enum { WRITER_EXIT_MS = 5000 };

struct gateway {
    struct options conf;
    struct master_keys *keys;
    struct worker_shared shared;
    struct writer *writer;
    struct admin *admin;
    struct worker **workers;
    unsigned n_workers;
    pthread_mutex_t publish; /* guards `started` */
    bool started;            /* `workers` may be posted to */
    atomic_bool draining;
    int port, admin_port, admin_fd;
};

static void usage(FILE *to)
{
    fputs("doteb-gateway: the data plane of doteb\n\n"
          "  doteb-gateway                     serve\n"
          "  doteb-gateway drain DIR           write a stopped one's spool to PostgreSQL\n"
          "  doteb-gateway --print-config      the settings in force, secrets hidden\n"
          "  doteb-gateway --print-config-doc  the table of settings, as Markdown\n"
          "  doteb-gateway --version | --help\n\n"
          "Settings come from the environment or from the file DOTEB_CONFIG names; see\n"
          "docs/configuration.md.\n",
          to);
}

static void on_published(void *arg)
{
    struct gateway *g = arg;
    pthread_mutex_lock(&g->publish);
    for (unsigned i = 0; g->started && i < g->n_workers; i++)
        worker_post(g->workers[i], MAIL_SNAPSHOT);
    pthread_mutex_unlock(&g->publish);
}

static bool say(const char *what, const char *why)
{
    fprintf(stderr, "doteb-gateway: %s: %s\n", what, why);
    return false;
}

static bool start_storage(struct gateway *g)
{
    char err[256];
    const struct spool_options so = {
        .dir = g->conf.spool_dir,
        .segment_bytes = g->conf.spool_segment,
        .sync_ms = g->conf.spool_sync_ms,
        .lanes = (unsigned)g->conf.workers,
    };
    g->shared.spool = spool_new(&so, err);
    if (!g->shared.spool)
        return say("the ledger's spool cannot be opened (DOTEB_SPOOL_DIR)", err);
    uuid_format(spool_gateway_id(g->shared.spool), g->shared.hop);
    const struct writer_options wo = {
        .database_url = g->conf.database_url,
        .flush_ms = g->conf.ledger_flush_ms,
        .spool_max_bytes = g->conf.spool_max,
    };
    g->writer = writer_new(g->shared.spool, &wo);
    const struct loader_options lo = {
        .database_url = g->conf.database_url,
        .master_keys = g->keys,
        .published = on_published,
        .arg = g,
    };
    g->shared.loader = loader_new(&lo);
    g->shared.archive = archive_new(g->conf.database_url, g->keys);
    const struct tokens_options to = {
        .url = g->conf.gcp_token_url,
        .ca_file = g->conf.ca_file,
        .connect_ms = g->conf.connect_timeout_ms,
    };
    g->shared.tokens = tokens_new(&to);
    return true;
}

static void set_started(struct gateway *g, bool started)
{
    pthread_mutex_lock(&g->publish);
    g->started = started;
    pthread_mutex_unlock(&g->publish);
}

/* Before the workers: they read the guards. */
static bool guard_own(struct gateway *g, int fd)
{
    return (guard_add_listener(&g->shared.guard, fd) &&
            guard_add_listener(&g->shared.inline_guard, fd)) ||
           say("the guard of addresses", "this machine's own cannot be listed");
}

/* Shared with nobody: a second gateway with the settings of the first ends here, instead of taking
 * a part of its requests and answering for its health. */
static bool bind_admin(struct gateway *g)
{
    char err[256];
    g->admin_fd = bind_listen(g->conf.admin_listen, false, &g->admin_port, err);
    if (g->admin_fd < 0)
        return say("DOTEB_ADMIN_LISTEN", err);
    return guard_own(g, g->admin_fd);
}

static bool start_workers(struct gateway *g)
{
    char err[256];
    g->workers = xcalloc((size_t)g->conf.workers, sizeof(struct worker *));
    for (unsigned i = 0; i < (unsigned)g->conf.workers; i++) {
        int fd = bind_listen(g->conf.listen, true, &g->port, err);
        if (fd < 0)
            return say("DOTEB_GATEWAY_LISTEN", err);
        if (i == 0 && !guard_own(g, fd))
            return false;
        g->workers[i] = worker_new(&g->shared, i, fd, err);
        if (!g->workers[i])
            return say("a worker cannot start", err);
        g->n_workers++;
    }
    set_started(g, true);
    on_published(g); /* whatever was published while they started */
    return true;
}

static bool start_admin(struct gateway *g)
{
    const struct admin_options ao = {
        .listen_fd = g->admin_fd,
        .loader = g->shared.loader,
        .spool = g->shared.spool,
        .writer = g->writer,
        .draining = &g->draining,
    };
    g->admin = admin_new(&ao);
    return g->admin || say("the admin server cannot start", g->conf.admin_listen);
}

static unsigned requests_alive(const struct gateway *g)
{
    unsigned n = 0;
    for (unsigned i = 0; i < g->n_workers; i++)
        n += worker_active(g->workers[i]);
    return n;
}

static bool all_drained(const struct gateway *g)
{
    for (unsigned i = 0; i < g->n_workers; i++)
        if (!worker_drained(g->workers[i]))
            return false;
    return true;
}

/* Readiness is off, and all is served: balancers notice. Another signal ends it. */
static void give_notice(struct gateway *g, const sigset_t *signals)
{
    const struct timespec notice = {.tv_sec = g->conf.notice_ms / 1000,
                                    .tv_nsec = g->conf.notice_ms % 1000 * 1000000};
    log_event(LOG_INFO, "leaving", LOG_I("notice_ms", g->conf.notice_ms));
    for (unsigned i = 0; i < g->n_workers; i++)
        worker_post(g->workers[i], MAIL_LEAVE);
    (void)sigtimedwait(signals, NULL, &notice);
}

/* Readiness goes off, requests finish up to the deadline. */
static void drain(struct gateway *g, const sigset_t *signals)
{
    const struct timespec tick = {.tv_nsec = 20 * 1000 * 1000};
    atomic_store(&g->draining, true);
    if (g->conf.notice_ms > 0)
        give_notice(g, signals);
    int64_t deadline = clock_mono_us() + g->conf.shutdown_ms * 1000;
    log_event(LOG_INFO, "draining", LOG_I("active", requests_alive(g)));
    for (unsigned i = 0; i < g->n_workers; i++)
        worker_post(g->workers[i], MAIL_DRAIN);
    while (!all_drained(g) && clock_mono_us() < deadline)
        nanosleep(&tick, NULL);
}

static void stop(struct gateway *g)
{
    set_started(g, false); /* from here on the loader posts to nobody */
    for (unsigned i = 0; i < g->n_workers; i++)
        worker_post(g->workers[i], MAIL_STOP);
    if (g->shared.tokens)
        tokens_stop(g->shared.tokens);
    for (unsigned i = 0; i < g->n_workers; i++)
        worker_free(g->workers[i]);
    xfree(g->workers);
    admin_free(g->admin);
    archive_free(g->shared.archive);
    tokens_free(g->shared.tokens);
    loader_free(g->shared.loader);
    writer_free(g->writer, WRITER_EXIT_MS);
    spool_free(g->shared.spool);
}

static int serve(struct gateway *g, const sigset_t *signals)
{
    bool up = start_storage(g) && bind_admin(g) && start_workers(g) && start_admin(g);
    if (up) {
        int sig = 0;
        log_event(LOG_INFO, "listening", LOG_S("address", g->conf.listen), LOG_I("port", g->port),
                  LOG_I("admin_port", g->admin_port), LOG_I("workers", g->conf.workers),
                  LOG_S("gateway_id", g->shared.hop), LOG_S("version", DOTEB_VERSION));
        while (sigwait(signals, &sig) != 0 || (sig != SIGTERM && sig != SIGINT))
            continue;
        drain(g, signals);
    }
    stop(g);
    log_event(LOG_INFO, "stopped");
    return up ? 0 : 1;
}

static int drain_dir(const struct options *o, const char *dir)
{
    char err[256];
    if (writer_drain_dir(dir, o->database_url, err) == 0)
        return 0;
    fprintf(stderr, "doteb-gateway: drain %s: %s\n", dir, err);
    return 1;
}

/* Connections are descriptors, and the soft limit is often 1,024. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_event(LOG_WARN, "descriptor_limit", LOG_I("limit", limit.rlim_cur));
}

static int run(struct gateway *g, const char *drain_path)
{
    char err[512];
    sigset_t signals;
    if (!log_set_level(str_of(g->conf.log_level)))
        return say("DOTEB_LOG_LEVEL", "must be debug, info, warn or error"), 2;
    if (drain_path)
        return drain_dir(&g->conf, drain_path);
    if (!guard_parse(&g->shared.guard, str_of(g->conf.upstream_allow)))
        return say("DOTEB_UPSTREAM_ALLOW", "must be networks such as 10.0.0.0/8, or private"), 2;
    if (!guard_parse(&g->shared.inline_guard, str_of(g->conf.inline_allow)))
        return say("DOTEB_INLINE_ALLOW", "must be networks such as 10.0.0.0/8, or private"), 2;
    if (!address_nets_parse(&g->shared.proxies, str_of(g->conf.trusted_proxies)))
        return say("DOTEB_TRUSTED_PROXIES", "must be networks such as 10.0.0.0/8"), 2;
    g->keys = master_keys_parse(str_of(g->conf.master_key), err);
    if (!g->keys)
        return say("DOTEB_MASTER_KEY", err), 2;
    g->shared.conf = &g->conf;
    atomic_init(&g->shared.body_bytes, 0);
    /* All threads inherit the mask: signals reach sigwait alone. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is a full disk, and no reason to end */
    raise_descriptor_limit();
    int rc = serve(g, &signals);
    master_keys_free(g->keys);
    return rc;
}

int main(int argc, char **argv)
{
    char err[512];
    struct gateway g = {.publish = PTHREAD_MUTEX_INITIALIZER};
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        return usage(stdout), 0;
    if (strcmp(word, "--version") == 0)
        return puts("doteb-gateway " DOTEB_VERSION), 0;
    if (strcmp(word, "--print-config-doc") == 0)
        return options_print_doc(), 0;
    bool drains = strcmp(word, "drain") == 0 && argc == 3;
    bool prints = strcmp(word, "--print-config") == 0;
    if (argc > 1 && !drains && !prints)
        return say(word, argc == 2 && strcmp(word, "drain") != 0
                             ? "there is no such word; expected:"
                             : "wrong words; expected:"),
               usage(stderr), 2;
    log_set_program("gateway");
    if (!crypto_init() || !xfer_global_init())
        return say("start-up", "a library cannot be initialised"), 1;
    if (!options_load(&g.conf, err))
        return say("configuration", err), 2;
    int rc = 0;
    if (prints)
        options_print(&g.conf);
    else
        rc = run(&g, drains ? argv[2] : NULL);
    options_free(&g.conf);
    xfer_global_fini();
    return rc;
}
