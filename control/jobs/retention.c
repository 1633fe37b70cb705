/* Housekeeping on a thread and a connection of its own. A failure is logged and tried again in a
 * minute; nothing else waits for it.
 */
#include "control/jobs/retention.h"

#include <pthread.h>
#include <time.h>

#include "common/log.h"
#include "common/mem.h"
#include "control/store/housekeeping_store.h"

enum { EVERY_S = 3600, AGAIN_S = 60, STATEMENT_MS = 5 * 60 * 1000 };

struct retention {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    bool stop;
    char *database_url;
};

static bool keep_house(const char *database_url)
{
    char err[256];
    int64_t dropped = 0;
    struct pg *pg = pg_connect(database_url, "doteb-control housekeeping", STATEMENT_MS, err);
    if (!pg) {
        log_event(LOG_WARN, "housekeeping_failed", LOG_S("error", err));
        return false;
    }
    bool ok = housekeeping_store_partitions(pg) == PG_OK &&
              housekeeping_store_drop_expired(pg, &dropped) == PG_OK &&
              housekeeping_store_purge(pg) == PG_OK;
    if (!ok)
        log_event(LOG_WARN, "housekeeping_failed", LOG_S("error", pg_error(pg)));
    else
        log_event(LOG_DEBUG, "housekeeping_done", LOG_I("partitions_dropped", dropped));
    pg_close(pg);
    return ok;
}

/* False: stop. */
static bool sleep_s(struct retention *r, int seconds)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    (void)pthread_mutex_lock(&r->lock);
    while (!r->stop && pthread_cond_timedwait(&r->stopped, &r->lock, &until) == 0)
        ;
    bool stop = r->stop;
    (void)pthread_mutex_unlock(&r->lock);
    return !stop;
}

static void *thread_main(void *arg)
{
    struct retention *r = arg;
    while (sleep_s(r, keep_house(r->database_url) ? EVERY_S : AGAIN_S))
        ;
    return NULL;
}

struct retention *retention_start(const char *database_url)
{
    struct retention *r = xcalloc(1, sizeof *r);
    pthread_condattr_t attr;
    r->database_url = xstrdup(database_url);
    ASSERT(pthread_condattr_init(&attr) == 0);
    ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&r->stopped, &attr) == 0 && pthread_mutex_init(&r->lock, NULL) == 0);
    (void)pthread_condattr_destroy(&attr);
    ASSERT(pthread_create(&r->thread, NULL, thread_main, r) == 0);
    return r;
}

void retention_stop(struct retention *r)
{
    if (!r)
        return;
    (void)pthread_mutex_lock(&r->lock);
    r->stop = true;
    (void)pthread_cond_signal(&r->stopped);
    (void)pthread_mutex_unlock(&r->lock);
    (void)pthread_join(r->thread, NULL);
    (void)pthread_cond_destroy(&r->stopped);
    (void)pthread_mutex_destroy(&r->lock);
    xfree(r->database_url);
    xfree(r);
}
