/* Fetches the catalogue's feed on a thread and a connection of its own: told by PostgreSQL that it
 * is due, and looking every few seconds. What is not trusted is not even parsed. What goes wrong
 * stands in the feed's row for the operator, and changes nothing else.
 */
#include "control/jobs/feeder.h"

#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "control/catalogue/changes.h"
#include "control/catalogue/feed.h"
#include "control/store/audit_store.h"
#include "control/store/catalogue_version_store.h"
#include "control/store/feed_store.h"
#include "control/store/organisation_store.h"

enum {
    LOOK_MS = 5 * 1000,
    AGAIN_MS = 3 * 1000, /* after the database was lost */
    STATEMENT_MS = 60 * 1000,
    CHANGES_BYTES = 8 << 20,
    WHY_BYTES = 600,
};

struct feeder {
    const struct app *app;
    pthread_t thread;
    int stop_fd;
    atomic_bool stop;
};

/* One fetch. */
struct fetched {
    struct buf content, changes;
    struct document document;
    struct uuid version;
    const char *outcome;
    char why[WHY_BYTES];
    uint8_t sha256[crypto_hash_sha256_BYTES];
};

/* Being told is enough. */
static void on_notification(void *arg, struct str channel, struct str payload)
{
    (void)arg, (void)channel, (void)payload;
}

/* Fetches and reads. False with the reason in `f->why`. */
static bool fetch(const struct app *app, const struct pg_result *r, struct fetched *f)
{
    struct feed_trust trust = {.pinned = str_eq(pg_str(r, 0, FEED_TRUST), STR("pin"))};
    char url[1100];
    bool known = trust.pinned ? feed_parse_pin(pg_str(r, 0, FEED_PIN), trust.key)
                              : feed_parse_key(pg_str(r, 0, FEED_PUBLIC_KEY), trust.key);
    if (!known) {
        (void)snprintf(f->why, sizeof f->why, "there is no public key and no pin");
        return false;
    }
    (void)snprintf(url, sizeof url, STR_FMT, STR_ARG(pg_str(r, 0, FEED_URL)));
    if (!feed_fetch(url, &trust, &app->guard, &f->content, f->why))
        return false;
    (void)crypto_hash_sha256(f->sha256, (const uint8_t *)f->content.p, f->content.len);
    return changes_read(&f->document, buf_str(&f->content), f->why);
}

static bool is_known(const struct pg_result *r, const struct fetched *f)
{
    char hex[2 * sizeof f->sha256 + 1];
    (void)sodium_bin2hex(hex, sizeof hex, f->sha256, sizeof f->sha256);
    return str_eq(pg_str(r, 0, FEED_SHA256), str_of(hex));
}

/* The catalogue is everybody's: the row goes to the operator's organisation. */
static enum pg_err audit(struct pg *pg, const struct fetched *f)
{
    bool found;
    struct uuid organisation;
    struct pg_result *r = NULL;
    enum pg_err e = organisation_store_operator(pg, &organisation, &found);
    if (e != PG_OK || !found)
        return e;
    e = catalogue_version_store_brief(pg, organisation, f->version, &r);
    if (e == PG_OK) {
        const struct audit_entry entry = {
            .organisation = &organisation,
            .action = "catalogue.import",
            .actor_name = "catalogue feed",
            .target = &f->version,
            .after = pg_str(r, 0, 0),
        };
        e = audit_store_add(pg, &entry);
    }
    pg_result_free(r);
    return e;
}

/* Keeps the new version, and applies it if it need not wait. */
static enum pg_err take(struct pg *pg, const struct pg_result *r, struct fetched *f)
{
    bool prune = pg_bool(r, 0, FEED_PRUNE), automatic = pg_bool(r, 0, FEED_AUTOMATIC), same;
    enum pg_err e = (automatic ? changes_apply : changes_look)(pg, &f->document, prune,
                                                               &f->changes);
    f->version = uuid_v7(clock_wall_us());
    f->outcome = automatic ? "applied" : "waiting";
    const struct catalogue_version_new v = {
        .id = f->version,
        .source = "feed",
        .name = pg_str(r, 0, FEED_URL),
        .content = buf_str(&f->content),
        .sha256 = str_make((const char *)f->sha256, sizeof f->sha256),
        .changes = buf_str(&f->changes),
        .prune = prune,
    };
    if (e == PG_OK)
        e = catalogue_version_store_add(pg, &v);
    if (e == PG_OK && automatic)
        e = catalogue_version_store_applied(pg, f->version, v.changes, NULL, &same);
    if (e == PG_OK && automatic)
        e = audit(pg, f);
    return e == PG_OK ? catalogue_version_store_trim(pg) : e;
}

/* Notes how the fetch went, and what it brought. A file that the database refuses is a failed
 * fetch: PG_INVALID, and the transaction is gone. */
static enum pg_err settle(struct pg *pg, const struct pg_result *r, struct fetched *f, bool fine)
{
    bool same;
    enum pg_err e = feed_store_same(pg, r, &same);
    if (e != PG_OK || !same) /* it was changed meanwhile, and is due again */
        return e;
    bool waits = pg_bool(r, 0, FEED_WAITS), known = fine && is_known(r, f);
    bool fresh = fine && (!known || (waits && pg_bool(r, 0, FEED_AUTOMATIC)));
    f->outcome = !fine ? "failed" : waits ? "waiting" : "unchanged";
    if (fresh)
        e = take(pg, r, f);
    if (e == PG_OK)
        e = feed_store_settle(pg, f->outcome, str_of(f->why), fresh ? &f->version : NULL);
    return e;
}

static void report(const struct fetched *f)
{
    bool failed = strcmp(f->outcome, "failed") == 0;
    log_event(failed ? LOG_WARN : LOG_INFO, "catalogue_feed", LOG_S("outcome", f->outcome),
              LOG_S("why", f->why));
}

/* A failed fetch as well: what the database refuses, and what takes it too long (a lock that
 * somebody holds, more than a statement may take). The transaction is gone, so that nobody would
 * know of it, and it would be fetched again at once, for ever. */
static enum pg_err settle_failed(struct pg *pg, const struct pg_result *r, struct fetched *f,
                                 enum pg_err refusal)
{
    (void)snprintf(f->why, sizeof f->why, "the database %s: %.400s",
                   refusal == PG_RETRY ? "cannot do it now" : "refuses it", pg_error(pg));
    pg_rollback(pg);
    enum pg_err e = pg_begin(pg);
    return e == PG_OK ? settle(pg, r, f, false) : e;
}

/* Fetches the feed if it is due. */
static enum pg_err look(struct feeder *feeder, struct pg *pg)
{
    struct pg_result *r = NULL;
    struct fetched f = {.outcome = ""};
    enum pg_err e = pg_begin(pg);
    if (e == PG_OK)
        e = feed_store_take(pg, &r);
    if (e == PG_OK && pg_rows(r) > 0) {
        buf_init(&f.content, FEED_MAX_BYTES);
        buf_init(&f.changes, CHANGES_BYTES);
        document_init(&f.document);
        bool fine = fetch(feeder->app, r, &f);
        e = settle(pg, r, &f, fine);
        if (e != PG_OK && e != PG_LOST)
            e = settle_failed(pg, r, &f, e);
        document_fini(&f.document);
        buf_fini(&f.changes);
        buf_fini(&f.content);
    }
    pg_result_free(r);
    if (e == PG_OK)
        e = pg_commit(pg);
    if (e != PG_OK)
        pg_rollback(pg);
    else if (*f.outcome)
        report(&f);
    return e;
}

/* Until the connection or the daemon ends. */
static void work(struct feeder *f, struct pg *pg)
{
    enum pg_err e = feed_store_listen(pg);
    while (e == PG_OK && !atomic_load(&f->stop)) {
        struct pollfd fds[] = {{.fd = f->stop_fd, .events = POLLIN},
                               {.fd = pg_fd(pg), .events = POLLIN}};
        if ((e = look(f, pg)) != PG_OK)
            break;
        (void)poll(fds, ARRAY_LEN(fds), LOOK_MS);
        e = pg_notifications(pg, on_notification, NULL);
    }
    if (e != PG_OK)
        log_event(LOG_WARN, "feeder_lost_the_database", LOG_S("error", pg_error(pg)));
}

static void *thread_main(void *arg)
{
    struct feeder *f = arg;
    char err[256];
    struct pollfd stop = {.fd = f->stop_fd, .events = POLLIN};
    while (!atomic_load(&f->stop)) {
        struct pg *pg = pg_connect(f->app->opt.database_url, "doteb-control feed", STATEMENT_MS,
                                   err);
        if (pg)
            work(f, pg);
        else
            log_event(LOG_WARN, "feeder_lost_the_database", LOG_S("error", err));
        pg_close(pg);
        (void)poll(&stop, 1, AGAIN_MS);
    }
    return NULL;
}

struct feeder *feeder_start(const struct app *app)
{
    struct feeder *f = xcalloc(1, sizeof *f);
    f->app = app;
    f->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ASSERT(f->stop_fd >= 0);
    ASSERT(pthread_create(&f->thread, NULL, thread_main, f) == 0);
    return f;
}

void feeder_stop(struct feeder *f)
{
    uint64_t one = 1;
    if (!f)
        return;
    atomic_store(&f->stop, true);
    ASSERT(write(f->stop_fd, &one, sizeof one) == (ssize_t)sizeof one);
    (void)pthread_join(f->thread, NULL);
    (void)close(f->stop_fd);
    xfree(f);
}
