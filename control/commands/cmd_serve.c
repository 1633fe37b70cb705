/* `doteb-control serve`: the daemon. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "control/args.h"
#include "control/commands/commands.h"
#include "control/guarded_fetch.h"
#include "control/jobs/mailer.h"
#include "control/jobs/retention.h"
#include "control/server.h"
#include "control/server_metrics.h"

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

/* What needs the database once; it is not needed to stay up. */
static bool prepare(struct app *app)
{
    struct pg *pg = app_connect_migrated(app);
    bool ok = pg && app_open_pepper(app, pg);
    pg_close(pg);
    if (ok && !password_nobody(app->nobody)) {
        (void)fprintf(stderr, "doteb-control: not enough memory to hash passwords\n");
        ok = false;
    }
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
    struct metrics_server *metrics = NULL;
    const char *address = app->opt.metrics_listen;
    if (strcmp(address, "off") != 0 && !(metrics = metrics_server_new(address)))
        return 1;
    struct retention *retention = retention_start(app->opt.database_url);
    struct mailer *mailer = mailer_start(app);
    if (!mailer)
        log_event(LOG_WARN, "no_mail_is_sent", LOG_S("DOTEB_SMTP_URL", "not set"));
    bool ok = server_run(app);
    mailer_stop(mailer);
    retention_stop(retention);
    metrics_server_free(metrics);
    return ok ? 0 : 1;
}
