/* The way from the lanes to a batch. Runs on the ledger's writer thread. A segment is let go when
 * the worker has left it, all its records are in the database, and none of its opens waits.
 */
#include "gateway/ledger/reader.h"

#include "common/log.h"
#include "common/mem.h"

void reader_init(struct reader *r, struct spool *spool, struct committer *committer)
{
    *r = (struct reader){.spool = spool, .committer = committer};
    pending_init(&r->pending);
}

void reader_fini(struct reader *r)
{
    pending_fini(&r->pending);
    xfree(r->touched);
}

static void touch(struct reader *r, struct segment *g)
{
    if (g->touched)
        return;
    g->touched = true;
    if (r->n_touched == r->cap_touched) {
        r->cap_touched = r->cap_touched > 0 ? r->cap_touched * 2 : 64;
        r->touched = xrealloc(r->touched, r->cap_touched * sizeof *r->touched);
    }
    r->touched[r->n_touched++] = g;
}

/* A record that no row can be made of. False: stopped. */
static bool refuse(struct reader *r, struct str bytes, const char *why)
{
    return committer_refuse(r->committer, bytes, why);
}

static bool take_open(struct reader *r, struct segment *g, struct str bytes)
{
    struct ledger_open o;
    if (!record_decode_open(bytes, &o) || !pending_add(&r->pending, o.request_id, bytes, g))
        return refuse(r, bytes, "an open that cannot be read, or comes twice");
    g->unclosed++;
    return true;
}

static bool take_close(struct reader *r, struct batch *b, struct str bytes)
{
    struct ledger_close c;
    struct pending_open o;
    if (!record_decode_close(bytes, &c) || !pending_take(&r->pending, c.request_id, &o))
        return refuse(r, bytes, "a close that cannot be read, or has no open");
    batch_add(b, &o, bytes, &c);
    touch(r, o.segment);
    return true;
}

/* Reads `g` up to `end`, or until the batch is full. False: stopped. */
static bool read_segment(struct reader *r, struct batch *b, struct segment *g, size_t end)
{
    while (g->read < end && b->n < b->cap) {
        size_t at = g->read;
        size_t len = 0;
        size_t torn = 0;
        struct str all = str_make((const char *)g->map, end);
        enum record_kind kind = segment_next(all, &at, &len, &torn);
        if (torn > 0)
            log_event(LOG_ERROR, "spool_record_damaged", LOG_I("segment", g->id.seq),
                      LOG_I("offset", g->read));
        struct str bytes = str_make(all.p + at, len);
        if (kind == RECORD_OPEN && !take_open(r, g, bytes))
            return false;
        if (kind == RECORD_CLOSE && !take_close(r, b, bytes))
            return false;
        g->read = kind == RECORD_NONE ? end : at + len;
        touch(r, g);
    }
    return true;
}

/* Reads the lane as far as it goes or the batch holds. False: stopped. */
static bool read_lane(struct reader *r, struct batch *b, struct spool_lane *l)
{
    while (b->n < b->cap) {
        struct segment *g = l->reading;
        bool sealed = atomic_load_explicit(&g->sealed, memory_order_acquire);
        size_t end = atomic_load_explicit(&g->committed, memory_order_acquire);
        if (!read_segment(r, b, g, end))
            return false;
        if (!sealed || g->read < end)
            break;
        g->passed = true;
        touch(r, g);
        l->reading = atomic_load_explicit(&g->next, memory_order_acquire);
    }
    return true;
}

bool reader_gather(struct reader *r, struct batch *b)
{
    for (unsigned i = 0; i < r->spool->n_lanes && b->n < b->cap; i++) {
        unsigned lane = (r->first_lane + i) % r->spool->n_lanes;
        if (!read_lane(r, b, &r->spool->lane[lane]))
            return false;
    }
    r->first_lane = (r->first_lane + 1) % r->spool->n_lanes;
    b->n_marks = 0;
    for (size_t i = 0; i < r->n_touched; i++)
        batch_mark(b, (struct watermark){.run_id = r->touched[i]->id.run_id,
                                         .segment = (int64_t)r->touched[i]->id.seq,
                                         .position = (int64_t)r->touched[i]->read});
    return true;
}

void reader_committed(struct reader *r, struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        b->row[i].segment->unclosed--;
    for (size_t i = 0; i < r->n_touched; i++) {
        struct segment *g = r->touched[i];
        g->touched = false;
        atomic_store_explicit(&g->saved, g->read, memory_order_relaxed);
        if (g->passed && g->unclosed == 0)
            atomic_store_explicit(&g->done, true, memory_order_release);
    }
    r->n_touched = 0;
    batch_reset(b);
}
