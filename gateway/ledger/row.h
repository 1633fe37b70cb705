/* From an open and its close to the row of the request log. Pure but for the arena. */
#ifndef DOTEB_LEDGER_ROW_H
#define DOTEB_LEDGER_ROW_H

#include "common/arena.h"
#include "common/defs.h"
#include "gateway/ledger/record.h"
#include "gateway/store/request_store.h"

/* Fills `*row`; its strings point into the records' bytes or into `arena`. Counts are brought into
 * ranges that sums can bear, JSON that jsonb would refuse is left out. False: the record's id is no
 * time before the year 10000, so there is no day to file it under. */
MUST_USE bool row_make(struct request_row *row, const struct ledger_open *o,
                       const struct ledger_close *c, struct arena *arena);
/* The close of a request that has none: interrupted, with the open's estimate. */
void row_interrupted(struct ledger_close *c, const struct ledger_open *o);

#endif
