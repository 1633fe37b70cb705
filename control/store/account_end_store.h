/* SQL of an account's end. */
#ifndef DOTEB_CONTROL_ACCOUNT_END_STORE_H
#define DOTEB_CONTROL_ACCOUNT_END_STORE_H

#include "common/pg.h"
#include "common/uuid.h"

/* Until the transaction's end nobody else changes who is a member of the person's organisations, or
 * who operates the instance. */
MUST_USE enum pg_err account_end_store_lock(struct pg *pg, struct uuid user);

enum {
    ACCOUNT_END_VIEW,     /* the API's object as JSON */
    ACCOUNT_END_OPERATOR, /* nobody else operates the instance */
    ACCOUNT_END_COUNT,    /* organisations that would have no owner */
    ACCOUNT_END_NAME,     /* the first one's name */
    ACCOUNT_END_ALONE,    /* the person is its only member */
};

/* What stands in the way of the person's end: one row. */
MUST_USE enum pg_err account_end_store_view(struct pg *pg, struct uuid user,
                                            struct pg_result **out);
/* Takes away all that is theirs alone, and from the rest who they were. Their API keys are the
 * organisations': they stay, unless `revoke_keys`. */
MUST_USE enum pg_err account_end_store_end(struct pg *pg, struct uuid user, bool revoke_keys);

#endif
