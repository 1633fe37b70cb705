/* SQL of members: who belongs to an organisation, and in which role. */
#ifndef DOTEB_CONTROL_MEMBER_STORE_H
#define DOTEB_CONTROL_MEMBER_STORE_H

#include "common/pg.h"
#include "control/role.h"
#include "control/store/place.h"

/* Who is a member already stays as they are. */
MUST_USE enum pg_err member_store_add(struct pg *pg, struct uuid organisation, struct uuid user,
                                      enum role role);
/* ROLE_NONE: no member, or no such organisation (or it is archived). */
MUST_USE enum pg_err member_store_role(struct pg *pg, struct uuid organisation, struct uuid user,
                                       enum role *role);
/* Who has been an owner longest; `*found` false: nobody. */
MUST_USE enum pg_err member_store_first_owner(struct pg *pg, struct uuid organisation,
                                              struct uuid *user, bool *found);
/* Is somebody of that e-mail address a member? */
MUST_USE enum pg_err member_store_has_email(struct pg *pg, struct uuid organisation,
                                            struct str email, bool *has);

struct member_filter {
    struct uuid organisation;
    struct place after;
    int64_t limit;
};

/* Who came first, first. Columns: the item's JSON, created_at in us, user id. */
MUST_USE enum pg_err member_store_list(struct pg *pg, const struct member_filter *f,
                                       struct pg_result **out);
/* One, in the same columns; no row if there is none. */
MUST_USE enum pg_err member_store_get(struct pg *pg, struct uuid organisation, struct uuid user,
                                      struct pg_result **out);
MUST_USE enum pg_err member_store_owners(struct pg *pg, struct uuid organisation, int64_t *n);
MUST_USE enum pg_err member_store_set_role(struct pg *pg, struct uuid organisation,
                                           struct uuid user, enum role role);
MUST_USE enum pg_err member_store_remove(struct pg *pg, struct uuid organisation, struct uuid user);
/* Revokes all API keys that the person owns in the organisation. */
MUST_USE enum pg_err member_store_revoke_keys(struct pg *pg, struct uuid organisation,
                                              struct uuid user);

#endif
