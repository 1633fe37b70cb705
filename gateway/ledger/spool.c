/* The spool of a process: folder, lanes and the list of its segments. spool_new and spool_free run
 * on the main thread while no other uses the spool; see spool_priv.h for the rest.
 */
#include "gateway/ledger/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "gateway/ledger/spool_priv.h"

enum { LANES_MAX = 256, SEGMENT_LEAST = 64 * 1024, SEGMENT_MOST = 1024 * 1024 * 1024 };

struct segment *spool_make_segment(struct spool *s, unsigned i, int *error)
{
    struct segment_id id = {
        .gateway_id = s->folder.gateway_id, .run_id = s->run_id, .seq = s->next_seq, .lane = i};
    struct segment *g = segment_make(s->folder.fd, &id, s->segment_bytes, error);
    if (!g)
        return NULL;
    s->next_seq++;
    g->keeper_next = s->segments;
    s->segments = g;
    atomic_fetch_add(&s->disk_bytes, (int64_t)s->segment_bytes);
    return g;
}

void spool_reap(struct spool *s)
{
    for (struct segment **link = &s->segments; *link;) {
        struct segment *g = *link;
        if (!atomic_load_explicit(&g->done, memory_order_acquire)) {
            link = &g->keeper_next;
            continue;
        }
        *link = g->keeper_next;
        pthread_mutex_lock(&s->lock);
        s->deleted = xrealloc(s->deleted, (s->n_deleted + 1) * sizeof *s->deleted);
        s->deleted[s->n_deleted++] = g->id.seq;
        pthread_mutex_unlock(&s->lock);
        segment_free(g, s->folder.fd, true);
        atomic_fetch_sub(&s->disk_bytes, (int64_t)s->segment_bytes);
    }
}

uint64_t *spool_take_deleted(struct spool *s, size_t *n)
{
    pthread_mutex_lock(&s->lock);
    uint64_t *list = s->deleted;
    *n = s->n_deleted;
    s->deleted = NULL;
    s->n_deleted = 0;
    pthread_mutex_unlock(&s->lock);
    return list;
}

/* A current segment and a spare for each lane. */
static bool fill_lanes(struct spool *s, const char *dir, char err[256])
{
    for (unsigned i = 0; i < s->n_lanes; i++) {
        int error;
        struct segment *first = spool_make_segment(s, i, &error);
        if (first)
            lane_init(&s->lane[i], first, &s->bell);
        struct segment *spare = first ? spool_make_segment(s, i, &error) : NULL;
        if (!spare) {
            snprintf(err, 256,
                     "spool folder %s: cannot make a segment of %zu bytes: %s: make room there or "
                     "choose another folder",
                     dir, s->segment_bytes, strerror(error));
            return false;
        }
        lane_push_spare(&s->lane[i], spare);
    }
    return true;
}

static size_t clamp_segment_bytes(int64_t bytes)
{
    if (bytes < SEGMENT_LEAST)
        bytes = SEGMENT_LEAST;
    if (bytes > SEGMENT_MOST)
        bytes = SEGMENT_MOST;
    return (size_t)bytes / 4096 * 4096;
}

struct spool *spool_new(const struct spool_options *o, char err[256])
{
    ASSERT(o->lanes >= 1 && o->lanes <= LANES_MAX);
    struct spool *s = xcalloc(1, sizeof *s);
    s->bell.fd = -1;
    pthread_mutex_init(&s->lock, NULL);
    s->folder = (struct folder){.fd = -1, .lock_fd = -1};
    s->dir = xstrdup(o->dir);
    s->segment_bytes = clamp_segment_bytes(o->segment_bytes > 0 ? o->segment_bytes : 4 << 20);
    s->sync_ms = o->sync_ms > 0 ? o->sync_ms : 50;
    s->run_id = uuid_v7(clock_wall_us());
    s->n_lanes = o->lanes;
    s->lane = xcalloc(o->lanes, sizeof *s->lane);
    if (!folder_open(&s->folder, o->dir, true, err))
        goto out;
    s->next_seq = s->folder.n_old > 0 ? s->folder.old[s->folder.n_old - 1] + 1 : 1;
    atomic_init(&s->disk_bytes, s->folder.old_bytes);
    s->bell.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->bell.fd < 0) {
        snprintf(err, 256, "cannot make an eventfd: %s", strerror(errno));
        goto out;
    }
    if (fill_lanes(s, o->dir, err))
        return s;
out:
    spool_free(s);
    return NULL;
}

void spool_free(struct spool *s)
{
    if (!s)
        return;
    while (s->segments) {
        struct segment *g = s->segments;
        s->segments = g->keeper_next;
        bool saved = atomic_load(&g->saved) == atomic_load(&g->committed) && g->unclosed == 0;
        segment_free(g, s->folder.fd, saved);
    }
    if (s->bell.fd >= 0)
        close(s->bell.fd);
    folder_close(&s->folder);
    pthread_mutex_destroy(&s->lock);
    xfree(s->deleted);
    xfree(s->lane);
    xfree(s->dir);
    xfree(s);
}

struct uuid spool_gateway_id(const struct spool *s)
{
    return s->folder.gateway_id;
}

struct spool_lane *spool_lane(struct spool *s, unsigned i)
{
    ASSERT(i < s->n_lanes);
    return &s->lane[i];
}

bool spool_writable(struct spool *s)
{
    for (unsigned i = 0; i < s->n_lanes; i++)
        if (!lane_writable(&s->lane[i]))
            return false;
    return true;
}
