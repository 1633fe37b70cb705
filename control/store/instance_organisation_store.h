/* SQL of the organisations of an instance, as its operator sees them. What is in them stays theirs.
 */
#ifndef DOTEB_CONTROL_INSTANCE_ORGANISATION_STORE_H
#define DOTEB_CONTROL_INSTANCE_ORGANISATION_STORE_H

#include "common/pg.h"
#include "control/store/place.h"

struct instance_organisation_filter {
    struct str q;      /* part of the name; NULL p: any */
    const char *state; /* active, suspended, archived or all */
    struct place after;
    int64_t limit;
};

/* Newest first. Columns: the item's JSON, created_at in us, id. */
MUST_USE enum pg_err instance_organisation_store_list(struct pg *pg,
                                                      const struct instance_organisation_filter *f,
                                                      struct pg_result **out);
/* Columns: the item's JSON, is_operator, archived, what of it concerns the organisation as JSON.
 * Not of `organisation`: of any, by `id`. */
MUST_USE enum pg_err instance_organisation_store_get(struct pg *pg, struct uuid organisation,
                                                     struct uuid id, struct pg_result **out);
/* `reason` NULL p: it goes on. */
MUST_USE enum pg_err instance_organisation_store_suspend(struct pg *pg, struct uuid id,
                                                         struct str reason);
/* May it use the platform's keys? */
MUST_USE enum pg_err instance_organisation_store_lend(struct pg *pg, struct uuid id, bool lend);

#endif
