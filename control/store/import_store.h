/* SQL of catalogue imports: staging tables, and what is taken from them. All inside the caller's
 * transaction, which holds the import lock.
 */
#ifndef DOTEB_CONTROL_IMPORT_STORE_H
#define DOTEB_CONTROL_IMPORT_STORE_H

#include "common/pg.h"

struct import_count {
    int64_t added, changed, unchanged, disabled;
};

struct import_counts {
    struct import_count providers, models, aliases, offers;
    int64_t prices; /* rows added */
};

/* Waits for other imports to end and makes the staging tables. */
MUST_USE enum pg_err import_store_begin(struct pg *pg);
/* The document's arrays as JSON text. */
MUST_USE enum pg_err import_store_stage(struct pg *pg, struct str providers, struct str models,
                                        struct str aliases, struct str offers);
/* Finds what the staged rows mean in the catalogue; rows that mean nothing are taken out and
 * returned: columns where, why. */
MUST_USE enum pg_err import_store_resolve(struct pg *pg, struct pg_result **refused);
/* Writes providers, models, aliases, offers, prices. `effective_us` 0: now. */
MUST_USE enum pg_err import_store_apply(struct pg *pg, int64_t effective_us, bool prune,
                                        struct import_counts *counts);
/* The digest stored for a source, at most `max` bytes; `*len` 0: none. */
MUST_USE enum pg_err import_store_digest(struct pg *pg, struct str source, uint8_t *out, size_t max,
                                         size_t *len);
MUST_USE enum pg_err import_store_set_digest(struct pg *pg, struct str source, struct str digest);

#endif
