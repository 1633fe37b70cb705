/* SQL of files given to the catalogue, and what each would do or did. */
#ifndef DOTEB_CONTROL_CATALOGUE_VERSION_STORE_H
#define DOTEB_CONTROL_CATALOGUE_VERSION_STORE_H

#include "common/pg.h"
#include "control/store/place.h"

struct catalogue_version_new {
    struct uuid id;
    const char *source; /* "upload" or "feed" */
    struct str name, content, sha256, changes;
    bool prune;
    const struct uuid *by; /* NULL: nobody */
};

MUST_USE enum pg_err catalogue_version_store_add(struct pg *pg,
                                                 const struct catalogue_version_new *v);
/* Forgets all but the newest 30 of a source and what was applied last. */
MUST_USE enum pg_err catalogue_version_store_trim(struct pg *pg);
/* Newest first, without what they do in detail. Columns: the item's JSON, created_at in us, id. */
MUST_USE enum pg_err catalogue_version_store_list(struct pg *pg, const struct place *after,
                                                  int64_t limit, struct pg_result **out);
/* The item with all it does. An item_fn; the organisation is not looked at. */
MUST_USE enum pg_err catalogue_version_store_get(struct pg *pg, struct uuid organisation,
                                                 struct uuid id, struct pg_result **out);
/* The item without it, for the audit log. */
MUST_USE enum pg_err catalogue_version_store_brief(struct pg *pg, struct uuid organisation,
                                                   struct uuid id, struct pg_result **out);
/* Columns: content, prune. */
MUST_USE enum pg_err catalogue_version_store_content(struct pg *pg, struct uuid id,
                                                     struct pg_result **out);
MUST_USE enum pg_err catalogue_version_store_looked(struct pg *pg, struct uuid id,
                                                    struct str changes, bool prune);
/* Notes that it was applied, if that did what `changes` says; else `*same` is false. */
MUST_USE enum pg_err catalogue_version_store_applied(struct pg *pg, struct uuid id,
                                                     struct str changes, const struct uuid *by,
                                                     bool *same);

#endif
