/* What an import changes, for people to look at before and after: {"added","changed","removed",
 * "refused": counts, "items": [{"kind","what","provider","model","region","name","old","new":
 * prices now, "fields": others that changed,"overridden"}], "refusals": ["where: why"]}, the lists
 * cut at CHANGES_ITEMS_MAX. Any thread with a connection, inside the caller's transaction.
 */
#ifndef DOTEB_CONTROL_CHANGES_H
#define DOTEB_CONTROL_CHANGES_H

#include "common/pg.h"
#include "control/catalogue/document.h"

enum { CHANGES_ITEMS_MAX = 1000, CHANGES_REFUSALS_MAX = 100 };

/* Reads a file of either format into the document. False with the reason in `err`: it is no
 * catalogue, or no row of it can be used. */
MUST_USE bool changes_read(struct document *d, struct str text, char err[512]);
/* Imports the document; what changed is appended to `out`. */
MUST_USE enum pg_err changes_apply(struct pg *pg, struct document *d, bool prune, struct buf *out);
/* The same, and it is undone. */
MUST_USE enum pg_err changes_look(struct pg *pg, struct document *d, bool prune, struct buf *out);

#endif
