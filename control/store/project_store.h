/* SQL of projects. Every function takes the organisation it acts for. */
#ifndef DOTEB_CONTROL_PROJECT_STORE_H
#define DOTEB_CONTROL_PROJECT_STORE_H

#include "common/pg.h"
#include "control/store/api_key_store.h"
#include "control/store/place.h"

/* Whose credentials its requests use; names are those of projects.mode. */
enum project_mode { PROJECT_HYBRID, PROJECT_API_KEYS, PROJECT_CREDITS };
extern const char *const project_modes[]; /* ends with NULL */

/* What its new API keys get, if their maker says nothing. */
struct project_key_defaults {
    bool set_days;
    int64_t days; /* until they expire; 0: they do not */
    struct api_key_restrictions restrictions;
};

struct project_new {
    struct uuid organisation, id;
    struct str name;
    enum project_mode mode;
    struct project_key_defaults keys;
};

/* PG_CONFLICT: the organisation has a project of that name. */
MUST_USE enum pg_err project_store_add(struct pg *pg, const struct project_new *p);
MUST_USE enum pg_err project_store_by_name(struct pg *pg, struct uuid organisation,
                                           const char *name, struct uuid *project, bool *found);
/* Archived projects count: their keys and requests can still be looked at. */
MUST_USE enum pg_err project_store_exists(struct pg *pg, struct uuid organisation,
                                          struct uuid project, bool *found);

enum project_status { PROJECT_ACTIVE, PROJECT_ARCHIVED, PROJECT_ALL };

struct project_filter {
    struct uuid organisation;
    enum project_status status;
    struct place after;
    int64_t limit;
};

/* Oldest first. Columns: the item's JSON, created_at in us, id. */
MUST_USE enum pg_err project_store_list(struct pg *pg, const struct project_filter *f,
                                        struct pg_result **out);
/* One, in the same columns; no row if there is none. */
MUST_USE enum pg_err project_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                       struct pg_result **out);

struct project_patch {
    struct str name; /* NULL p: as it is */
    int mode;        /* -1: as it is */
    bool set_archived, archived;
    struct project_key_defaults keys;
};

/* PG_CONFLICT as above. */
MUST_USE enum pg_err project_store_patch(struct pg *pg, struct uuid organisation, struct uuid id,
                                         const struct project_patch *p);

#endif
