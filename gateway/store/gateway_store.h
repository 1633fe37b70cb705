/* SQL of gateways and of how far their spools were read. The ledger's writer thread. */
#ifndef DOTEB_STORE_GATEWAY_STORE_H
#define DOTEB_STORE_GATEWAY_STORE_H

#include "common/pg.h"

/* Records of a segment before `position` are in PostgreSQL. */
struct watermark {
    struct uuid run_id;
    int64_t segment;
    int64_t position; /* bytes; INT64_MAX: finished */
};

/* Tells that the gateway lives. */
MUST_USE enum pg_err gateway_store_seen(struct pg *pg, struct uuid gateway_id, struct str host,
                                        struct str version);
/* Inside the transaction that changed the rows. A watermark never goes back. */
MUST_USE enum pg_err gateway_store_advance(struct pg *pg, struct uuid gateway_id,
                                           const struct watermark *marks, size_t n);
/* Columns: run_id, segment, position. `*out` is owned by the caller. */
MUST_USE enum pg_err gateway_store_watermarks(struct pg *pg, struct uuid gateway_id,
                                              struct pg_result **out);
/* Forgets segments of a run whose files are gone. */
MUST_USE enum pg_err gateway_store_forget(struct pg *pg, struct uuid gateway_id, struct uuid run_id,
                                          const uint64_t *segments, size_t n);
/* Forgets all runs but `run_id`. */
MUST_USE enum pg_err gateway_store_forget_runs(struct pg *pg, struct uuid gateway_id,
                                               struct uuid run_id);

#endif
