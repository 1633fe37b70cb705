/* Recovery: runs on the ledger's writer thread before it reads this run's lanes (or in `drain`).
 *
 * All segments are read from their beginning, in the order of their numbers, so that each close
 * meets its open; watermarks only say which rows are there already. Only when the interrupted ones
 * are in as well are the segments marked as finished, all in one transaction, and then deleted:
 * whatever breaks before is simply done again, and rows that exist are skipped.
 */
#include "gateway/ledger/recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "gateway/failpoint.h"

enum { FILE_MAX_BYTES = 1 << 30 };

/* A file of the folder, as it is read. */
struct old_segment {
    uint64_t seq;
    struct uuid run_id; /* zero: its head is damaged */
    int64_t position;   /* its watermark */
    int64_t bytes;
    bool keep; /* leave the file alone */
};

struct work {
    struct recovery *r;
    struct pg_result *watermarks;
    struct pending pending;
    struct old_segment *segment; /* one a file */
    size_t n;
};

static int64_t watermark_of(const struct pg_result *marks, struct uuid run_id, uint64_t seq)
{
    for (size_t i = 0; i < pg_rows(marks); i++)
        if (pg_i64(marks, i, 1) == (int64_t)seq && uuid_eq(pg_uuid(marks, i, 0), run_id))
            return pg_i64(marks, i, 2);
    return 0;
}

/* Returns the file's bytes, owned; p NULL: it cannot be read. */
static struct str read_file(int dir_fd, const char *name)
{
    struct stat st;
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size > FILE_MAX_BYTES) {
        if (fd >= 0)
            close(fd);
        return STR_NULL;
    }
    char *p = xmalloc((size_t)st.st_size);
    size_t n = 0;
    ssize_t got = 0;
    while (n < (size_t)st.st_size && (got = read(fd, p + n, (size_t)st.st_size - n)) > 0)
        n += (size_t)got;
    close(fd);
    if (got < 0) {
        xfree(p);
        return STR_NULL;
    }
    return str_make(p, n);
}

static bool commit(struct work *w)
{
    bool ok = committer_commit(w->r->committer, w->r->batch);
    batch_reset(w->r->batch);
    return ok;
}

/* Commits what the batch holds, with how far the segment was read. */
static bool commit_up_to(struct work *w, const struct old_segment *s, size_t position)
{
    if (w->r->batch->n == 0)
        return true;
    batch_mark(w->r->batch, (struct watermark){.run_id = s->run_id,
                                               .segment = (int64_t)s->seq,
                                               .position = (int64_t)position});
    return commit(w);
}

static bool take_open(struct work *w, struct str bytes)
{
    struct ledger_open o;
    if (!record_decode_open(bytes, &o))
        return committer_refuse(w->r->committer, bytes, "an open that cannot be read");
    if (!pending_add(&w->pending, o.request_id, bytes, NULL))
        log_event(LOG_ERROR, "spool_open_twice", LOG_ID("request", o.request_id));
    return true;
}

static bool take_close(struct work *w, struct str bytes, bool is_new)
{
    struct ledger_close c;
    struct pending_open o;
    bool ok = record_decode_close(bytes, &c);
    if (ok && pending_take(&w->pending, c.request_id, &o)) {
        if (is_new)
            batch_add(w->r->batch, &o, bytes, &c);
        else
            xfree((void *)(uintptr_t)o.bytes.p);
        return true;
    }
    if (!is_new)
        return true;
    return committer_refuse(w->r->committer, bytes,
                            ok ? "a close without an open" : "a close that cannot be read");
}

static bool scan(struct work *w, const struct old_segment *s, struct str file)
{
    size_t at = file.len < SEGMENT_HEAD_BYTES ? file.len : SEGMENT_HEAD_BYTES;
    size_t len;
    size_t torn = 0;
    size_t torn_between = 0; /* records; a torn end is what a kill leaves of a last write */
    enum record_kind kind;
    while ((kind = segment_next(file, &at, &len, &torn)) != RECORD_NONE) {
        torn_between = torn;
        struct str bytes = str_make(file.p + at, len);
        bool is_new = (int64_t)at >= s->position;
        if (kind == RECORD_OPEN ? !take_open(w, bytes) : !take_close(w, bytes, is_new))
            return false;
        at += len;
        if (w->r->batch->n == w->r->batch->cap && !commit_up_to(w, s, at))
            return false;
    }
    if (torn_between > 0)
        log_event(LOG_ERROR, "spool_records_damaged", LOG_I("segment", s->seq),
                  LOG_I("stretches", torn_between));
    if (torn > torn_between)
        log_event(LOG_WARN, "spool_end_torn", LOG_I("segment", s->seq));
    return commit_up_to(w, s, at);
}

/* Reads one file. False: stopped. */
static bool recover_file(struct work *w, struct old_segment *s)
{
    char name[SEGMENT_NAME_BYTES];
    struct segment_id id;
    segment_name(s->seq, name);
    struct str file = read_file(w->r->folder->fd, name);
    if (!file.p) {
        log_event(LOG_ERROR, "spool_segment_unreadable", LOG_S("file", name),
                  LOG_S("reason", strerror(errno)));
        s->keep = true;
        return true;
    }
    s->bytes = (int64_t)file.len;
    bool whole = segment_parse_head(file, &id);
    if (whole && !uuid_eq(id.gateway_id, w->r->folder->gateway_id)) {
        log_event(LOG_ERROR, "spool_segment_foreign", LOG_S("file", name),
                  LOG_ID("gateway", id.gateway_id));
        s->keep = true;
        xfree((void *)(uintptr_t)file.p);
        return true;
    }
    if (whole) {
        s->run_id = id.run_id;
        s->position = watermark_of(w->watermarks, id.run_id, s->seq);
    }
    bool ok = s->position == INT64_MAX || scan(w, s, file);
    xfree((void *)(uintptr_t)file.p);
    return ok;
}

/* The opens that are left, then the marks of all segments. */
static bool close_pending(struct work *w)
{
    struct batch *b = w->r->batch;
    pending_for_each(&w->pending, o)
    {
        if (b->n == b->cap && !commit(w))
            return false;
        struct pending_open lent = *o;
        lent.owned = false; /* the map keeps it until the end */
        batch_add(b, &lent, STR(""), NULL);
        w->r->interrupted++;
    }
    for (size_t i = 0; i < w->n; i++)
        if (!w->segment[i].keep)
            batch_mark(b, (struct watermark){.run_id = w->segment[i].run_id,
                                             .segment = (int64_t)w->segment[i].seq,
                                             .position = INT64_MAX});
    return b->n_marks == 0 || commit(w);
}

static void delete_files(struct work *w)
{
    for (size_t i = 0; i < w->n; i++) {
        char name[SEGMENT_NAME_BYTES];
        if (w->segment[i].keep)
            continue;
        segment_name(w->segment[i].seq, name);
        if (unlinkat(w->r->folder->fd, name, 0) == 0 && w->r->disk_bytes)
            atomic_fetch_sub(w->r->disk_bytes, w->segment[i].bytes);
        (void)failpoint_hit("ledger.recovery_deleted");
    }
}

static bool recover(struct work *w)
{
    for (size_t i = 0; i < w->n; i++) {
        w->segment[i].seq = w->r->folder->old[i];
        if (committer_expired(w->r->committer) || !recover_file(w, &w->segment[i]))
            return false;
        w->r->kept += w->segment[i].keep;
        if (w->r->progress)
            w->r->progress(i + 1, w->n);
    }
    (void)failpoint_hit("ledger.recovery_read");
    return close_pending(w);
}

bool recovery_run(struct recovery *r)
{
    struct work w = {.r = r, .n = r->folder->n_old};
    if (!committer_watermarks(r->committer, &w.watermarks))
        return false;
    pending_init(&w.pending);
    w.segment = xcalloc(w.n > 0 ? w.n : 1, sizeof *w.segment);
    bool ok = recover(&w);
    if (ok) {
        delete_files(&w);
        if (r->kept == 0)
            (void)committer_forget_runs(r->committer);
        if (w.n > 0)
            log_event(LOG_INFO, "spool_recovered", LOG_I("segments", w.n),
                      LOG_I("rows", committer_rows(r->committer)),
                      LOG_I("interrupted", r->interrupted), LOG_I("kept", r->kept));
    }
    batch_reset(r->batch);
    pending_fini(&w.pending);
    pg_result_free(w.watermarks);
    xfree(w.segment);
    return ok;
}
