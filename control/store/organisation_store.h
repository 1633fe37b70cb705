/* SQL of organisations, their members and projects. */
#ifndef DOTEB_CONTROL_ORGANISATION_STORE_H
#define DOTEB_CONTROL_ORGANISATION_STORE_H

#include "common/pg.h"
#include "control/role.h"

struct organisation_new {
    struct uuid id;
    struct str name;
    bool is_operator;
    struct str data_key_sealed;
};

MUST_USE enum pg_err organisation_store_add(struct pg *pg, const struct organisation_new *o);
/* The operator's organisation; `*found` false if there is none. */
MUST_USE enum pg_err organisation_store_operator(struct pg *pg, struct uuid *id, bool *found);
/* By name, in any case, NULL name: the operator's. `*found` counts them: 0, 1, or more. */
MUST_USE enum pg_err organisation_store_by_name(struct pg *pg, const char *name, struct uuid *id,
                                                size_t *found);
/* The sealed data key into `out`; `*len` 0: no such organisation. PG_INVALID if it is over `max`.
 */
MUST_USE enum pg_err organisation_store_data_key(struct pg *pg, struct uuid organisation,
                                                 uint8_t *out, size_t max, size_t *len);
MUST_USE enum pg_err member_store_add(struct pg *pg, struct uuid organisation, struct uuid user,
                                      enum role role);
/* ROLE_NONE: no member, or no such organisation (or it is archived). */
MUST_USE enum pg_err member_store_role(struct pg *pg, struct uuid organisation, struct uuid user,
                                       enum role *role);
/* Who has been an owner longest; `*found` false: nobody. */
MUST_USE enum pg_err member_store_first_owner(struct pg *pg, struct uuid organisation,
                                              struct uuid *user, bool *found);
MUST_USE enum pg_err project_store_add(struct pg *pg, struct uuid organisation, struct uuid project,
                                       struct str name);
MUST_USE enum pg_err project_store_by_name(struct pg *pg, struct uuid organisation,
                                           const char *name, struct uuid *project, bool *found);
/* Archived projects count: their keys and requests can still be looked at. */
MUST_USE enum pg_err project_store_exists(struct pg *pg, struct uuid organisation,
                                          struct uuid project, bool *found);

#endif
