/* The loop: MHD's epoll, a wake-up from the job threads, signals, deadlines. Main thread; it owns
 * every MHD call and everything in struct server but the fields under the lock.
 */
#include "control/server.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "control/live.h"
#include "control/server_priv.h"

enum { TICK_MS = 1000, CONN_MEMORY_BYTES = 32 << 10 };

/* Reading the dashboard's files again, on a job thread. */
struct reload {
    struct job job;
    struct server *server;
};

void server_done(struct server *s, struct exchange *x)
{
    uint64_t one = 1;
    (void)pthread_mutex_lock(&s->lock);
    x->next_done = s->done;
    s->done = x;
    (void)pthread_mutex_unlock(&s->lock);
    ASSERT(write(s->wake_fd, &one, sizeof one) == (ssize_t)sizeof one);
}

static void take_done(struct server *s)
{
    uint64_t count;
    if (read(s->wake_fd, &count, sizeof count) < 0)
        return; /* nothing since */
    answer_wake_live(s);
    (void)pthread_mutex_lock(&s->lock);
    struct exchange *x = s->done;
    struct static_set *fresh = s->fresh;
    s->done = NULL;
    s->fresh = NULL;
    (void)pthread_mutex_unlock(&s->lock);
    for (struct exchange *next; x; x = next) {
        next = x->next_done;
        exchange_resume(x);
    }
    if (fresh) {
        static_unref(s->files);
        s->files = fresh;
    }
}

static void wake(void *server)
{
    struct server *s = server;
    uint64_t one = 1;
    ASSERT(write(s->wake_fd, &one, sizeof one) == (ssize_t)sizeof one);
}

static void reload_run(struct job *job, struct pg *pg, const char *why)
{
    struct reload *r = container_of(job, struct reload, job);
    struct server *s = r->server;
    uint64_t one = 1;
    (void)pg;
    (void)why;
    struct static_set *set = static_load(s->app->opt.dashboard_dir), *unused;
    (void)pthread_mutex_lock(&s->lock);
    unused = s->fresh;
    s->fresh = set;
    (void)pthread_mutex_unlock(&s->lock);
    static_unref(unused);
    xfree(r);
    ASSERT(write(s->wake_fd, &one, sizeof one) == (ssize_t)sizeof one);
}

static void reload(struct server *s)
{
    struct reload *r = xcalloc(1, sizeof *r);
    r->server = s;
    r->job.run = reload_run;
    if (!pool_add(s->pool, &r->job))
        xfree(r); /* the queue is full: the next tick or signal asks again */
}

static void job_dropped(struct job *job)
{
    if (job->run == reload_run)
        xfree(container_of(job, struct reload, job));
    else
        exchange_dropped(job);
}

static void on_connection(void *arg, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct server *s = arg;
    struct conn *c = *context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        c = xcalloc(1, sizeof *c);
        c->magic = CONN_MAGIC;
        c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        c->deadline_us = clock_mono_us() + HEAD_S * INT64_C(1000000);
        c->next = s->conns;
        c->at = &s->conns;
        if (c->next)
            c->next->at = &c->next;
        s->conns = c;
        *context = c;
        return;
    }
    CHECK(c, CONN_MAGIC);
    if (c->exchange) { /* MHD has no room for its query's arguments, and does not say that it ends
                        */
        void *x = c->exchange;
        exchange_completed(s, mhd, &x, MHD_REQUEST_TERMINATED_WITH_ERROR);
    }
    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
    c->magic = 0;
    xfree(c);
    *context = NULL;
}

/* MHD's own timeout is for inactivity only: a slow drip would hold a connection for ever. */
static void end_late(struct server *s)
{
    int64_t now_us = clock_mono_us();
    for (struct conn *c = s->conns; c; c = c->next)
        if (c->deadline_us && c->deadline_us < now_us)
            (void)shutdown(c->fd, SHUT_RDWR);
}

static struct MHD_Daemon *start_mhd(struct server *s, int listen_fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, exchange_run, s,
        MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_URI_LOG_CALLBACK, exchange_uri, s,
        MHD_OPTION_NOTIFY_COMPLETED, exchange_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, s, MHD_OPTION_CONNECTION_LIMIT, (unsigned)s->app->opt.connections_max,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONN_MEMORY_BYTES, MHD_OPTION_END);
}

/* The next signal, or 0. */
static int read_signal(int fd)
{
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

static void turn(struct server *s, int signal_fd)
{
    MHD_UNSIGNED_LONG_LONG mhd_ms = TICK_MS;
    int epoll_fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct pollfd fds[] = {{.fd = epoll_fd, .events = POLLIN},
                           {.fd = s->wake_fd, .events = POLLIN},
                           {.fd = signal_fd, .events = POLLIN}};
    bool limited = MHD_get_timeout(s->daemon, &mhd_ms) == MHD_YES;
    int ms = limited && mhd_ms < TICK_MS ? (int)mhd_ms : TICK_MS;
    (void)poll(fds, ARRAY_LEN(fds), ms);
    take_done(s);
    (void)MHD_run(s->daemon);
}

static void serve(struct server *s, int signal_fd)
{
    int64_t tick_us = clock_mono_us();
    int64_t stamp = static_stamp(s->app->opt.dashboard_dir);
    for (;;) {
        turn(s, signal_fd);
        int signal = read_signal(signal_fd);
        if (signal == SIGTERM || signal == SIGINT)
            return;
        if (signal == SIGHUP)
            reload(s);
        if (clock_mono_us() - tick_us < TICK_MS * INT64_C(1000))
            continue;
        tick_us = clock_mono_us();
        end_late(s);
        int64_t now = static_stamp(s->app->opt.dashboard_dir);
        if (now != stamp)
            reload(s);
        stamp = now;
    }
}

/* No new connections; calls in flight get their answers, at most DOTEB_SHUTDOWN_TIMEOUT long. */
static void drain(struct server *s, int signal_fd)
{
    int64_t until_us = clock_mono_us() + s->app->opt.shutdown_ms * 1000;
    MHD_socket fd = MHD_quiesce_daemon(s->daemon);
    if (fd != MHD_INVALID_SOCKET)
        (void)close(fd);
    live_stop(s->live); /* who looks on comes back to the next daemon */
    answer_wake_live(s);
    while (s->running > 0 && clock_mono_us() < until_us)
        turn(s, signal_fd);
    pool_free(s->pool, job_dropped);
    s->pool = NULL;
    take_done(s);
    for (int i = 0; i < 10; i++) /* what was resumed is written now */
        (void)MHD_run(s->daemon);
    ASSERT(s->running == 0);
}

static int block_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void server_fini(struct server *s)
{
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    pool_free(s->pool, job_dropped);
    live_free(s->live);
    static_unref(s->fresh);
    static_unref(s->files);
    guesses_free(s->guesses);
    (void)pthread_mutex_destroy(&s->lock);
    (void)close(s->wake_fd);
}

bool server_run(const struct app *app, int listen_fd, int port)
{
    struct server s = {.app = app, .guesses = guesses_new()};
    int signal_fd = block_signals();
    ASSERT(pthread_mutex_init(&s.lock, NULL) == 0);
    s.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ASSERT(s.wake_fd >= 0 && signal_fd >= 0);
    s.files = static_load(app->opt.dashboard_dir);
    const struct pool_options pool = {app->opt.job_threads, app->opt.job_queue,
                                      app->opt.database_url};
    s.pool = pool_new(&pool);
    const struct live_options live = {app->opt.database_url, app->opt.live_viewers_max, wake, &s};
    s.live = live_start(&live);
    s.daemon = start_mhd(&s, listen_fd);
    bool ok = s.daemon != NULL;
    if (ok) {
        log_event(LOG_INFO, "control_started", LOG_S("listen", app->opt.listen),
                  LOG_I("port", port), LOG_S("version", DOTEB_VERSION));
        serve(&s, signal_fd);
        log_event(LOG_INFO, "control_stopping", LOG_I("calls_in_flight", s.running));
        drain(&s, signal_fd);
    } else {
        log_event(LOG_ERROR, "http_server_failed");
        live_stop(s.live);
    }
    server_fini(&s);
    (void)close(signal_fd);
    return ok;
}
