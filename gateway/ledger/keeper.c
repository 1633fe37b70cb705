/* The keeper thread's turn: make what spares are wanted, sync what was written, delete what is
 * done. It is the only thread that does file I/O on segments of this run.
 */
#include "gateway/ledger/keeper.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/metrics.h"
#include "gateway/ledger/spool_priv.h"

struct keeper {
    struct spool *spool;
    int64_t max_bytes;
    pthread_t thread;
    _Atomic bool stop;
    bool refusing; /* the last spare could not be made */
    bool sync_failed;
};

static void tell_refused(struct keeper *k, int error)
{
    if (k->refusing)
        return;
    k->refusing = true;
    log_event(LOG_ERROR, "spool_no_segment", LOG_S("dir", k->spool->dir),
              LOG_S("reason", error ? strerror(error) : "DOTEB_SPOOL_MAX is reached"),
              LOG_I("spool_bytes", atomic_load(&k->spool->disk_bytes)));
}

/* False: no more segments at the moment. */
static bool fill_lane(struct keeper *k, unsigned i)
{
    struct spool *s = k->spool;
    struct spool_lane *l = &s->lane[i];
    while (lane_spares(l) < lane_spares_wanted(l)) {
        int error = 0;
        bool allowed = atomic_load(&s->disk_bytes) + (int64_t)s->segment_bytes <= k->max_bytes;
        struct segment *g = allowed ? spool_make_segment(s, i, &error) : NULL;
        if (!g) {
            tell_refused(k, error);
            return false;
        }
        lane_push_spare(l, g);
        if (k->refusing)
            log_event(LOG_INFO, "spool_has_room", LOG_S("dir", s->dir));
        k->refusing = false;
    }
    return true;
}

/* Answers the bell; false: a lane stays short. */
static bool fill_lanes(struct keeper *k)
{
    struct spool *s = k->spool;
    uint64_t rings;
    if (atomic_exchange_explicit(&s->bell.rung, false, memory_order_relaxed)) {
        ssize_t n = read(s->bell.fd, &rings, sizeof rings);
        (void)n; /* a bell that rings again while we look costs one more turn */
    }
    bool ok = true;
    for (unsigned i = 0; i < s->n_lanes; i++)
        ok &= fill_lane(k, i);
    return ok;
}

static void sync_segments(struct keeper *k)
{
    bool ok = true;
    for (struct segment *g = k->spool->segments; g; g = g->keeper_next) {
        ok &= segment_sync(g);
        if (atomic_load_explicit(&k->spool->bell.rung, memory_order_relaxed) && !k->refusing)
            fill_lanes(k);
    }
    if (!ok && !k->sync_failed)
        log_event(LOG_ERROR, "spool_sync_failed", LOG_S("dir", k->spool->dir),
                  LOG_S("reason", strerror(errno)));
    k->sync_failed = !ok;
}

static void show_metrics(struct keeper *k)
{
    int64_t segments = 0;
    int64_t pending = atomic_load(&k->spool->disk_bytes); /* first: those of earlier runs */
    for (struct segment *g = k->spool->segments; g; g = g->keeper_next) {
        segments++;
        pending -= (int64_t)g->bytes;
        pending += (int64_t)(atomic_load(&g->committed) - atomic_load(&g->saved));
    }
    int64_t oldest_us = atomic_load(&k->spool->oldest_us);
    int64_t lag_us = oldest_us > 0 ? clock_wall_us() - oldest_us : 0;
    metrics_set(M_LEDGER_LAG_MS, lag_us > 0 ? lag_us / 1000 : 0);
    metrics_set(M_SPOOL_SEGMENTS, segments);
    metrics_set(M_SPOOL_PENDING, pending);
}

static void *keeper_main(void *arg)
{
    struct keeper *k = arg;
    int64_t next_sync_us = 0;
    metrics_thread_begin();
    while (!atomic_load(&k->stop)) {
        spool_reap(k->spool);
        bool ok = fill_lanes(k);
        int64_t now_us = clock_mono_us();
        if (now_us >= next_sync_us) {
            sync_segments(k);
            show_metrics(k);
            next_sync_us = now_us + k->spool->sync_ms * 1000;
        }
        /* While no segment can be made, the bell would only make us spin. */
        struct pollfd p = {.fd = k->spool->bell.fd, .events = POLLIN};
        int64_t wait_us = next_sync_us - clock_mono_us();
        poll(&p, ok ? 1 : 0, wait_us > 0 ? (int)(wait_us / 1000 + 1) : 0);
    }
    sync_segments(k);
    spool_reap(k->spool);
    metrics_thread_end();
    return NULL;
}

struct keeper *keeper_new(struct spool *spool, int64_t spool_max_bytes)
{
    struct keeper *k = xcalloc(1, sizeof *k);
    k->spool = spool;
    k->max_bytes = spool_max_bytes > 0 ? spool_max_bytes : INT64_C(4) << 30;
    int error = pthread_create(&k->thread, NULL, keeper_main, k);
    ASSERT(error == 0);
    return k;
}

void keeper_free(struct keeper *k)
{
    if (!k)
        return;
    atomic_store(&k->stop, true);
    uint64_t one = 1;
    ssize_t n = write(k->spool->bell.fd, &one, sizeof one);
    (void)n;
    pthread_join(k->thread, NULL);
    xfree(k);
}
