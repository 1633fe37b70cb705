/* SQL of saved views. */
#ifndef DOTEB_CONTROL_VIEW_STORE_H
#define DOTEB_CONTROL_VIEW_STORE_H

#include "common/pg.h"
#include "common/uuid.h"
#include "control/store/place.h"

enum { VIEWS_MAX = 100 }; /* of a person in an organisation */

extern const char *const view_pages[]; /* ends with NULL */

struct view_new {
    struct uuid organisation, id, owner;
    struct str name, query;
    int page; /* of view_pages */
    bool shared;
};

struct view_patch {
    struct str name, query; /* NULL p: as it is */
    bool set_shared, shared;
};

struct view_filter {
    struct uuid organisation, viewer;
    struct place after;
    int64_t limit;
};

/* `*added` is false when the owner has too many. PG_CONFLICT: they have one of that name. */
MUST_USE enum pg_err view_store_add(struct pg *pg, const struct view_new *v, bool *added);
/* The viewer's own and those that are shared, oldest first: the object, then the sort keys. */
MUST_USE enum pg_err view_store_list(struct pg *pg, const struct view_filter *f,
                                     struct pg_result **out);
/* Column 0: the object, whoever owns it. */
MUST_USE enum pg_err view_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                    struct pg_result **out);
/* Whose is it? `*found` is false for what the viewer does not see. */
MUST_USE enum pg_err view_store_owner(struct pg *pg, struct uuid organisation, struct uuid viewer,
                                      struct uuid id, struct uuid *owner, bool *found);
MUST_USE enum pg_err view_store_patch(struct pg *pg, struct uuid organisation, struct uuid id,
                                      const struct view_patch *patch);
MUST_USE enum pg_err view_store_delete(struct pg *pg, struct uuid organisation, struct uuid id);

#endif
