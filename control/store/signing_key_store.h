/* SQL of signing keys. Every function takes the organisation it acts for; none reads a sealed
 * secret back.
 */
#ifndef DOTEB_CONTROL_SIGNING_KEY_STORE_H
#define DOTEB_CONTROL_SIGNING_KEY_STORE_H

#include "common/pg.h"
#include "control/store/place.h"

struct signing_key_new {
    struct uuid organisation, id, api_key, created_by;
    const char *access_key_id;
    struct str sealed;
};

/* `*added` false: the API key is revoked or has the most it may have (5). */
MUST_USE enum pg_err signing_key_store_add(struct pg *pg, const struct signing_key_new *k,
                                           bool *added);

struct signing_key_filter {
    struct uuid organisation, project;
    const struct uuid *api_key; /* NULL: any */
    struct place after;
    int64_t limit;
};

/* Those that work, newest first. Columns: the item's JSON, created_at in us, id. */
MUST_USE enum pg_err signing_key_store_list(struct pg *pg, const struct signing_key_filter *f,
                                            struct pg_result **out);
/* One, in the same columns; no row if there is none. */
MUST_USE enum pg_err signing_key_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                           struct pg_result **out);
/* Whose API key is it of? `*found` false: no such signing key in the project. */
MUST_USE enum pg_err signing_key_store_owner(struct pg *pg, struct uuid organisation,
                                             struct uuid project, struct uuid id,
                                             struct uuid *owner, bool *found);
/* `*changed` false: it was revoked before, and stays as it is. */
MUST_USE enum pg_err signing_key_store_revoke(struct pg *pg, struct uuid organisation,
                                              struct uuid id, bool *changed);

#endif
