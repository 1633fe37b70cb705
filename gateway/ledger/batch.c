/* Filling a batch: records are decoded here, once. Runs on the ledger's writer thread. */
#include "gateway/ledger/batch.h"

#include "common/mem.h"
#include "gateway/ledger/source.h"

enum { ARENA_BYTES = 256 * 1024 };

void batch_init(struct batch *b, size_t rows)
{
    ASSERT(rows > 0);
    *b = (struct batch){.cap = rows};
    b->arena = arena_new(ARENA_BYTES);
    b->row = xcalloc(rows, sizeof *b->row);
}

void batch_fini(struct batch *b)
{
    batch_reset(b);
    arena_free(b->arena);
    xfree(b->row);
    xfree(b->mark);
}

void batch_reset(struct batch *b)
{
    arena_reset(b->arena);
    b->n = b->n_marks = 0;
}

static void free_bytes(void *p)
{
    xfree(p);
}

void batch_add(struct batch *b, const struct pending_open *o, struct str close_bytes,
               const struct ledger_close *close)
{
    ASSERT(b->n < b->cap);
    struct batch_row *r = &b->row[b->n++];
    struct ledger_open open;
    struct ledger_close interrupted;
    r->open_bytes = o->bytes;
    r->close_bytes = close_bytes;
    r->segment = o->segment;
    r->inserted = false;
    if (o->owned)
        arena_defer(b->arena, free_bytes, (void *)(uintptr_t)o->bytes.p);
    r->bad = !record_decode_open(o->bytes, &open);
    if (r->bad)
        return;
    if (!close) {
        row_interrupted(&interrupted, &open);
        close = &interrupted;
    }
    r->bad = !row_make(&r->row, &open, close, b->arena);
    r->requested_model = open.requested_model;
    r->source = source_name(&open, b->arena);
    r->end_user = open.end_user;
}

void batch_mark(struct batch *b, struct watermark mark)
{
    if (b->n_marks == b->cap_marks) {
        b->cap_marks = b->cap_marks > 0 ? b->cap_marks * 2 : 64;
        b->mark = xrealloc(b->mark, b->cap_marks * sizeof *b->mark);
    }
    b->mark[b->n_marks++] = mark;
}
