/* The rows of a transaction, and how far it reads. Made once, filled and emptied again and again.
 * One thread.
 */
#ifndef DOTEB_LEDGER_BATCH_H
#define DOTEB_LEDGER_BATCH_H

#include "common/arena.h"
#include "common/defs.h"
#include "gateway/ledger/pending.h"
#include "gateway/ledger/row.h"
#include "gateway/store/gateway_store.h"

struct batch_row {
    struct request_row row;
    struct str open_bytes, close_bytes; /* the records; close_bytes "" for an interrupted one */
    struct segment *segment;            /* of the open, NULL in recovery */
    struct str requested_model, source, end_user; /* become labels */
    int64_t tag_label[REQUEST_TAGS_MAX];
    bool bad; /* no row could be made of it */
    bool inserted;
};

struct batch {
    struct arena *arena; /* strings of the rows */
    struct batch_row *row;
    size_t n, cap;
    struct watermark *mark; /* owned */
    size_t n_marks, cap_marks;
};

void batch_init(struct batch *b, size_t rows);
void batch_fini(struct batch *b);
/* Forgets rows and marks; frees copies of opens that the rows took. */
void batch_reset(struct batch *b);
/* One more row (n < cap): of an open taken from pending (takes its bytes if they were owned) and
 * its close as record_decode_close read it from bytes that must stay until the reset. Without one
 * ("", NULL): interrupted. */
void batch_add(struct batch *b, const struct pending_open *o, struct str close_bytes,
               const struct ledger_close *close);
void batch_mark(struct batch *b, struct watermark mark);

#endif
