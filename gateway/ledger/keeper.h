/* The keeper thread: spares for the lanes, group syncs, deletion of segments that are done. Apart
 * from the writer thread, so that a slow PostgreSQL holds up neither.
 */
#ifndef DOTEB_LEDGER_KEEPER_H
#define DOTEB_LEDGER_KEEPER_H

#include "common/defs.h"
#include "gateway/ledger/spool.h"

struct keeper;

/* Starts the thread. Borrows `spool` until keeper_free. Returns owned. */
struct keeper *keeper_new(struct spool *spool, int64_t spool_max_bytes);
/* Syncs once more, stops the thread. Accepts NULL. */
void keeper_free(struct keeper *k);

#endif
