/* The writer thread: recovery first, then batch after batch from the lanes. Started and stopped
 * from the main thread, together with the keeper.
 */
#include "gateway/ledger/writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/metrics.h"
#include "gateway/ledger/keeper.h"
#include "gateway/ledger/reader.h"
#include "gateway/ledger/recovery.h"

enum {
    BATCH_ROWS = 2000,
    FLUSH_MS = 100,
    IDLE_LOOK_MS = 2000,
    BREAK_GRACE_MS = 1000,
    LOOK_AGAIN_MS = 2
};

struct writer {
    struct spool *spool;
    struct keeper *keeper;
    struct committer *committer;
    struct batch batch;
    int64_t flush_ms;
    int64_t next_look_us;
    bool look_failed;
    pthread_t thread;
    _Atomic bool finished;
};

static bool recover(struct writer *w)
{
    struct recovery r = {.folder = &w->spool->folder,
                         .committer = w->committer,
                         .batch = &w->batch,
                         .disk_bytes = &w->spool->disk_bytes};
    return recovery_run(&r);
}

/* For the keeper, who shows it while this thread waits. */
static void tell_oldest(struct writer *w)
{
    const struct request_row *row = &w->batch.row[0].row;
    int64_t oldest_us = 0;
    if (w->batch.n > 0 && !w->batch.row[0].bad)
        oldest_us = row->created_us + row->duration_us;
    atomic_store(&w->spool->oldest_us, oldest_us);
}

static void look(struct writer *w)
{
    int64_t now_us = clock_mono_us();
    if (now_us < w->next_look_us)
        return;
    size_t n;
    uint64_t *deleted = spool_take_deleted(w->spool, &n);
    bool ok = committer_idle(w->committer, deleted, n);
    if (!ok && !w->look_failed)
        log_event(LOG_WARN, "ledger_look_failed", LOG_S("reason", committer_error(w->committer)));
    w->look_failed = !ok;
    w->next_look_us = now_us + IDLE_LOOK_MS * 1000;
}

/* Until it is stopped: and then, until nothing is left or the deadline has passed. */
static void drain_lanes(struct writer *w, struct reader *r)
{
    while (!committer_expired(w->committer)) {
        bool stopping = committer_stopping(w->committer);
        if (!reader_gather(r, &w->batch))
            return;
        tell_oldest(w);
        size_t n = w->batch.n;
        if (n > 0) {
            if (!committer_commit(w->committer, &w->batch))
                return;
            reader_committed(r, &w->batch);
            tell_oldest(w);
        }
        if (!stopping)
            look(w);
        if (n == w->batch.cap)
            continue;
        if (stopping)
            return;
        committer_wait(w->committer, w->flush_ms);
    }
}

static void *writer_main(void *arg)
{
    struct writer *w = arg;
    metrics_thread_begin();
    if (recover(w)) {
        struct reader r;
        reader_init(&r, w->spool, w->committer);
        drain_lanes(w, &r);
        reader_fini(&r);
    }
    metrics_thread_end();
    atomic_store(&w->finished, true);
    return NULL;
}

struct writer *writer_new(struct spool *spool, const struct writer_options *o)
{
    struct writer *w = xcalloc(1, sizeof *w);
    w->spool = spool;
    w->flush_ms = o->flush_ms > 0 ? o->flush_ms : FLUSH_MS;
    batch_init(&w->batch, o->batch_rows > 0 ? (size_t)o->batch_rows : BATCH_ROWS);
    w->committer = committer_new(&(struct committer_options){.database_url = o->database_url,
                                                             .gateway_id = spool->folder.gateway_id,
                                                             .run_id = spool->run_id,
                                                             .dir_fd = spool->folder.fd});
    w->keeper = keeper_new(spool, o->spool_max_bytes);
    int error = pthread_create(&w->thread, NULL, writer_main, w);
    ASSERT(error == 0);
    return w;
}

void writer_free(struct writer *w, int64_t deadline_ms)
{
    if (!w)
        return;
    committer_stop(w->committer, deadline_ms);
    int64_t end_us = clock_mono_us() + (deadline_ms + BREAK_GRACE_MS) * 1000;
    while (!atomic_load(&w->finished)) {
        usleep(LOOK_AGAIN_MS * 1000);
        /* A database that hangs is hung up on: its transaction did not happen, or is found done. */
        if (clock_mono_us() > end_us)
            committer_break(w->committer);
    }
    pthread_join(w->thread, NULL);
    keeper_free(w->keeper);
    committer_free(w->committer);
    batch_fini(&w->batch);
    xfree(w);
}

int64_t writer_lag_ms(const struct writer *w)
{
    return committer_lag_ms(w->committer);
}

/* ---------------------------------------------------------------- a folder that nobody uses */

static void tell_progress(size_t done, size_t all)
{
    fprintf(stderr, "segment %zu of %zu\n", done, all);
}

static int drain_folder(struct folder *f, const char *dir, const char *url, char err[256])
{
    struct batch batch;
    batch_init(&batch, BATCH_ROWS);
    struct committer *c = committer_new(
        &(struct committer_options){.database_url = url,
                                    .gateway_id = f->gateway_id,
                                    .run_id = uuid_v7(clock_wall_us()),
                                    .dir_fd = f->fd,
                                    .failures_most = 5});
    struct recovery r = {.folder = f, .committer = c, .batch = &batch, .progress = tell_progress};
    int status = 1;
    if (!recovery_run(&r))
        snprintf(err, 256, "the database does not take the records of %s: %.150s; run drain again",
                 dir, committer_error(c));
    else if (r.kept > 0)
        snprintf(err, 256, "%zu segments of %s could not be read: see the log", r.kept, dir);
    else
        status = 0;
    fprintf(stderr, "%lld rows written, %lld of them interrupted requests, %lld records refused\n",
            (long long)committer_rows(c), (long long)r.interrupted,
            (long long)committer_refused(c));
    committer_free(c);
    batch_fini(&batch);
    return status;
}

int writer_drain_dir(const char *dir, const char *database_url, char err[256])
{
    struct folder f;
    if (!folder_open(&f, dir, false, err))
        return 1;
    int status = drain_folder(&f, dir, database_url, err);
    folder_close(&f);
    return status;
}
