/* `doteb-control serve`: the daemon. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/guard_self.h"
#include "common/log.h"
#include "control/args.h"
#include "control/commands/commands.h"
#include "control/guarded_fetch.h"
#include "control/jobs/feeder.h"
#include "control/jobs/mailer.h"
#include "control/jobs/retention.h"
#include "control/listen.h"
#include "control/server.h"
#include "control/server_metrics.h"
#include "control/store/organisation_store.h"

/* Threads started later inherit the mask: only the server's loop takes these signals. */
static void block_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* Without one nobody can sign in yet, unless everybody may sign up: the log says what to do. */
static bool look_for_operator(struct pg *pg)
{
    struct uuid id;
    bool found;
    if (organisation_store_operator(pg, &id, &found) != PG_OK) {
        (void)fprintf(stderr, "doteb-control: %s\n", pg_error(pg));
        return false;
    }
    if (!found)
        log_event(LOG_WARN, "no_operator",
                  LOG_S("advice", "doteb-control admin create --email you@example.com makes the "
                                  "account that runs this instance"));
    return true;
}

/* What needs the database once; it is not needed to stay up. */
static bool prepare(struct app *app)
{
    struct pg *pg = app_connect_migrated(app);
    bool ok = pg && app_open_pepper(app, pg) && look_for_operator(pg);
    pg_close(pg);
    if (ok && !password_nobody(app->nobody)) {
        (void)fprintf(stderr, "doteb-control: not enough memory to hash passwords\n");
        ok = false;
    }
    return ok;
}

/* Nothing that is fetched for somebody may lead here. Returns the socket, or -1 after a log line.
 */
static int open_listener(struct app *app, const char *option, const char *address, int *port)
{
    char err[256] = "this machine's own addresses cannot be listed";
    int fd = listen_open(address, port, err);
    if (fd >= 0 && guard_add_listener(&app->guard, fd) &&
        guard_add_listener(&app->tenant_guard, fd))
        return fd;
    log_event(LOG_ERROR, "listen_failed", LOG_S(option, address), LOG_S("error", err));
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* The sockets are taken. */
static bool serve(struct app *app, int listen_fd, int port, int metrics_fd)
{
    struct metrics_server *metrics = NULL;
    if (metrics_fd >= 0 && !(metrics = metrics_server_new(metrics_fd))) {
        (void)close(listen_fd);
        return false;
    }
    struct retention *retention = retention_start(app->opt.database_url);
    struct mailer *mailer = mailer_start(app);
    if (!mailer)
        log_event(LOG_WARN, "no_mail_is_sent", LOG_S("DOTEB_SMTP_URL", "not set"),
                  LOG_S("so", "nobody can sign up or choose a new password by mail"));
    struct feeder *feeder = feeder_start(app);
    bool ok = server_run(app, listen_fd, port);
    feeder_stop(feeder);
    mailer_stop(mailer);
    retention_stop(retention);
    metrics_server_free(metrics);
    return ok;
}

int cmd_serve(struct app *app, int argc, char *const *argv)
{
    if (!args_parse(argc, argv, NULL, 0))
        return 2;
    if (!app_open_master(app) || !prepare(app))
        return 1;
    if (!app->https)
        log_event(LOG_WARN, "session_cookie_not_secure", LOG_S("DOTEB_PUBLIC_URL", app->origin));
    block_signals();
    guarded_fetch_init();
    int port = 0, metrics_port = 0, metrics_fd = -1;
    bool scraped = strcmp(app->opt.metrics_listen, "off") != 0;
    if (scraped && (metrics_fd = open_listener(app, "DOTEB_CONTROL_METRICS_LISTEN",
                                               app->opt.metrics_listen, &metrics_port)) < 0)
        return 1;
    int listen_fd = open_listener(app, "DOTEB_CONTROL_LISTEN", app->opt.listen, &port);
    if (listen_fd >= 0)
        return serve(app, listen_fd, port, metrics_fd) ? 0 : 1;
    if (scraped)
        (void)close(metrics_fd);
    return 1;
}
