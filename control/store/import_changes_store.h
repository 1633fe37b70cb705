/* SQL of what an import changes: the catalogue before it and after it. In the import's transaction.
 */
#ifndef DOTEB_CONTROL_IMPORT_CHANGES_STORE_H
#define DOTEB_CONTROL_IMPORT_CHANGES_STORE_H

#include "common/pg.h"

/* Waits for other imports to end, and remembers what the catalogue is. */
MUST_USE enum pg_err import_changes_store_before(struct pg *pg);
/* Column 0 of the one row: {"added","changed","removed","items"} since then, at most `max` items.
 */
MUST_USE enum pg_err import_changes_store_after(struct pg *pg, int64_t max, struct pg_result **out);
/* A place in the transaction, and back to it. */
MUST_USE enum pg_err import_changes_store_mark(struct pg *pg);
MUST_USE enum pg_err import_changes_store_undo(struct pg *pg);

#endif
