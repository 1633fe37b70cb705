/* Sends queued mail, one at a time, on a thread and a connection of its own: told by PostgreSQL of
 * new ones, and looking every few seconds for what is to be tried again. A mail that was sent in
 * the instant before a crash may be sent twice; none is lost. No text is logged, unless
 * DOTEB_MAIL_LOG asks for it.
 */
#include "control/jobs/mailer.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "control/mail.h"
#include "control/smtp.h"
#include "control/store/mail_store.h"

enum {
    LOOK_MS = 5 * 1000,
    AGAIN_MS = 3 * 1000, /* after the database was lost */
    STATEMENT_MS = 10 * 1000,
    HOLD_S = 60, /* longer than smtp_send can take */
    RETRY_S = 5, /* after the first failure */
    HTML_MAX = MAIL_TEXT_MAX * 16,
};

struct mailer {
    const struct app *app;
    pthread_t thread;
    int stop_fd;
    atomic_bool stop;
};

/* Being told is enough. */
static void on_notification(void *arg, struct str channel, struct str payload)
{
    (void)arg, (void)channel, (void)payload;
}

static bool stopping(void *arg)
{
    struct mailer *m = arg;
    return atomic_load(&m->stop);
}

/* How the mail in row 0 of `r` went. */
static enum smtp_result deliver(struct mailer *m, const struct pg_result *r, struct str text,
                                struct smtp_report *report)
{
    const struct app *app = m->app;
    char id[UUID_TEXT_LEN + 1];
    if (!*app->opt.smtp_url) {
        log_event(LOG_WARN, "mail_not_sent_but_logged", LOG_STR("to", pg_str(r, 0, MAIL_RECIPIENT)),
                  LOG_STR("subject", pg_str(r, 0, MAIL_SUBJECT)), LOG_STR("text", text));
        return SMTP_SENT;
    }
    const struct smtp_server server = mail_server(app);
    const struct smtp_ear ear = {.stop = stopping, .arg = m};
    struct str to = pg_str(r, 0, MAIL_RECIPIENT);
    struct buf html;
    buf_init(&html, HTML_MAX);
    mail_html(app, text, &html);
    uuid_format(pg_uuid(r, 0, MAIL_ID), id);
    char *recipient = xstrndup(to.p, to.len);
    const struct smtp_mail mail = {
        .id = id,
        .to = recipient,
        .subject = pg_str(r, 0, MAIL_SUBJECT),
        .text = text,
        .html = buf_str(&html),
    };
    enum smtp_result result = smtp_send(&server, &mail, &ear, report);
    xfree(recipient);
    buf_fini(&html);
    return result;
}

/* An answer names the recipient at times, as the row does; the log has no addresses. */
static void report_failure(const struct pg_result *r, bool last, const struct smtp_report *report)
{
    struct str answer = str_of(report->answer), to = pg_str(r, 0, MAIL_RECIPIENT);
    bool named = str_find_str(answer, to) >= 0;
    log_event(
        LOG_WARN, last ? "mail_given_up" : "mail_failed", LOG_ID("mail", pg_uuid(r, 0, MAIL_ID)),
        LOG_I("attempts", pg_i64(r, 0, MAIL_ATTEMPTS)), LOG_S("error", report->error),
        LOG_STR("answer", named ? str_make(answer.p, 3) : answer), LOG_S("advice", report->advice));
}

static enum pg_err settle(struct pg *pg, const struct pg_result *r, enum smtp_result result,
                          const struct smtp_report *report)
{
    struct uuid id = pg_uuid(r, 0, MAIL_ID);
    int64_t attempts = pg_i64(r, 0, MAIL_ATTEMPTS);
    if (result == SMTP_SENT) {
        log_event(LOG_INFO, "mail_sent", LOG_ID("mail", id), LOG_I("attempts", attempts));
        return mail_store_remove(pg, id);
    }
    bool last = result == SMTP_REFUSED || pg_bool(r, 0, MAIL_EXPIRED);
    report_failure(r, last, report);
    char why[2 * SMTP_ERROR_BYTES + 2];
    (void)snprintf(why, sizeof why, "%s%s%s", report->error, *report->answer ? ": " : "",
                   report->answer);
    return last ? mail_store_remove(pg, id) : mail_store_failed(pg, id, RETRY_S, why);
}

/* False: nothing is due, or the database failed. */
static bool send_next(struct mailer *m, struct pg *pg, enum pg_err *e)
{
    uint8_t sealed[MAIL_TEXT_MAX + CRYPTO_SEAL_OVERHEAD];
    struct smtp_report report = {.error = "the master key does not open it", .advice = ""};
    struct pg_result *r = NULL;
    *e = mail_store_take(pg, HOLD_S, &r);
    bool found = *e == PG_OK && pg_rows(r) > 0;
    if (found) {
        struct crypto_aad aad = aad_mail(pg_uuid(r, 0, MAIL_ID));
        ptrdiff_t len = pg_bytes(r, 0, MAIL_TEXT, sealed, sizeof sealed);
        struct secret *text = len < 0 ? NULL
                                      : master_open(m->app->master,
                                                    str_make((const char *)sealed, (size_t)len),
                                                    str_make(aad.p, aad.len));
        enum smtp_result result = text ? deliver(m, r, secret_view(text), &report) : SMTP_LATER;
        secret_free(text);
        *e = settle(pg, r, result, &report);
    }
    pg_result_free(r);
    return found && *e == PG_OK;
}

/* Until the connection or the daemon ends. */
static void work(struct mailer *m, struct pg *pg)
{
    enum pg_err e = mail_store_listen(pg);
    while (e == PG_OK && !stopping(m)) {
        struct pollfd fds[] = {{.fd = m->stop_fd, .events = POLLIN},
                               {.fd = pg_fd(pg), .events = POLLIN}};
        if (send_next(m, pg, &e) || e != PG_OK)
            continue;
        (void)poll(fds, ARRAY_LEN(fds), LOOK_MS);
        e = pg_notifications(pg, on_notification, NULL);
    }
    if (e != PG_OK)
        log_event(LOG_WARN, "mailer_lost_the_database", LOG_S("error", pg_error(pg)));
}

static void *thread_main(void *arg)
{
    struct mailer *m = arg;
    char err[256];
    struct pollfd stop = {.fd = m->stop_fd, .events = POLLIN};
    while (!stopping(m)) {
        struct pg *pg = pg_connect(m->app->opt.database_url, "doteb-control mail", STATEMENT_MS,
                                   err);
        if (pg)
            work(m, pg);
        else
            log_event(LOG_WARN, "mailer_lost_the_database", LOG_S("error", err));
        pg_close(pg);
        (void)poll(&stop, 1, AGAIN_MS);
    }
    return NULL;
}

struct mailer *mailer_start(const struct app *app)
{
    if (!mail_possible(app))
        return NULL;
    struct mailer *m = xcalloc(1, sizeof *m);
    m->app = app;
    m->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ASSERT(m->stop_fd >= 0);
    smtp_init();
    ASSERT(pthread_create(&m->thread, NULL, thread_main, m) == 0);
    return m;
}

void mailer_stop(struct mailer *m)
{
    uint64_t one = 1;
    if (!m)
        return;
    atomic_store(&m->stop, true);
    ASSERT(write(m->stop_fd, &one, sizeof one) == (ssize_t)sizeof one);
    (void)pthread_join(m->thread, NULL);
    (void)close(m->stop_fd);
    xfree(m);
}
