/* Reads what the lanes have published into batches, and lets go of segments that are done. One
 * thread.
 */
#ifndef DOTEB_LEDGER_READER_H
#define DOTEB_LEDGER_READER_H

#include "common/defs.h"
#include "gateway/ledger/batch.h"
#include "gateway/ledger/committer.h"
#include "gateway/ledger/pending.h"
#include "gateway/ledger/spool_priv.h"

struct reader {
    struct spool *spool;
    struct committer *committer;
    struct pending pending;
    unsigned first_lane;      /* where the next round begins */
    struct segment **touched; /* read or to be counted down in this batch */
    size_t n_touched, cap_touched;
};

void reader_init(struct reader *r, struct spool *spool, struct committer *committer);
void reader_fini(struct reader *r);
/* Fills the batch with rows as far as there are closes; sets its marks. False: stopped. */
MUST_USE bool reader_gather(struct reader *r, struct batch *b);
/* The batch is in the database. */
void reader_committed(struct reader *r, struct batch *b);

#endif
