/* SQL of invitations, found by the SHA-256 of their link's token. */
#ifndef DOTEB_CONTROL_INVITATION_STORE_H
#define DOTEB_CONTROL_INVITATION_STORE_H

#include "common/pg.h"
#include "control/role.h"
#include "control/store/place.h"
#include "control/token.h"

struct invitation_new {
    struct uuid organisation, id, invited_by;
    struct str email;
    enum role role;
    uint8_t token_hash[TOKEN_HASH_BYTES];
    int64_t expires_us;
};

enum { INVITATIONS_MAX = 100 }; /* open ones of an organisation */

/* Ends an open invitation of the same address. `*added` false: there are INVITATIONS_MAX. */
MUST_USE enum pg_err invitation_store_add(struct pg *pg, const struct invitation_new *n,
                                          bool *added);

struct invitation_filter {
    struct uuid organisation;
    struct place after;
    int64_t limit;
};

/* Open ones, expired ones included, newest first. Columns: the item's JSON, created_at in us, id.
 */
MUST_USE enum pg_err invitation_store_list(struct pg *pg, const struct invitation_filter *f,
                                           struct pg_result **out);
/* One open one, in the same columns, its role and its address; no row if there is none. */
MUST_USE enum pg_err invitation_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                          struct pg_result **out);
/* What a mail to the invited says. Columns: address, organisation's name, who invites, role. */
MUST_USE enum pg_err invitation_store_letter(struct pg *pg, struct uuid organisation,
                                             struct uuid id, struct pg_result **out);
/* A new token and term: the link before ends. By whom is who is asked whether it still holds. */
MUST_USE enum pg_err invitation_store_renew(struct pg *pg, const struct invitation_new *n);
MUST_USE enum pg_err invitation_store_revoke(struct pg *pg, struct uuid organisation,
                                             struct uuid id);
/* The invitation that a token opens now: not used, revoked or expired, of an organisation that is
 * there, from somebody who may still give that role. Columns: the API's view, organisation, id,
 * role, address. No row: there is none. */
MUST_USE enum pg_err invitation_store_open(struct pg *pg, const uint8_t hash[TOKEN_HASH_BYTES],
                                           struct pg_result **out);
/* Marks it used. `*won` false: somebody else was quicker. */
MUST_USE enum pg_err invitation_store_accept(struct pg *pg, struct uuid organisation,
                                             struct uuid id, bool *won);
/* Is that the person's address (in any case)? */
MUST_USE enum pg_err invitation_store_is_for(struct pg *pg, struct uuid organisation,
                                             struct uuid id, struct uuid user, bool *yes);
/* Is there an open invitation to the address (in any case)? */
MUST_USE enum pg_err invitation_store_invited(struct pg *pg, struct str email, bool *yes);

#endif
