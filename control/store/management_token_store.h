/* SQL of management tokens. */
#ifndef DOTEB_CONTROL_MANAGEMENT_TOKEN_STORE_H
#define DOTEB_CONTROL_MANAGEMENT_TOKEN_STORE_H

#include "common/apikey.h"
#include "common/pg.h"
#include "common/uuid.h"
#include "control/role.h"
#include "control/store/place.h"

struct management_token_new {
    struct uuid organisation, id, created_by;
    struct str name;
    struct apikey_hash hash;
    const char *last4;
    enum role role;
    struct str scopes;  /* words with commas between them */
    int64_t expires_us; /* wall time; 0: never */
};

/* A token that works: it is neither revoked nor expired, and its maker is still a member. */
struct management_token {
    struct uuid organisation, id, user;
    enum role role; /* the lesser of its own and its maker's */
    unsigned scopes;
    char name[401];
};

struct management_token_filter {
    struct uuid organisation;
    struct place after;
    int64_t limit;
};

/* Also notes that it was used, to the minute. */
MUST_USE enum pg_err management_token_store_find(struct pg *pg, const struct apikey_hash *hash,
                                                 struct management_token *t, bool *found);
/* `*added` is false when the organisation has too many that work. */
MUST_USE enum pg_err management_token_store_add(struct pg *pg, const struct management_token_new *n,
                                                bool *added);
/* Those that are not revoked, newest first: the object, then the sort keys. */
MUST_USE enum pg_err management_token_store_list(struct pg *pg,
                                                 const struct management_token_filter *f,
                                                 struct pg_result **out);
/* Column 0: the object; revoked ones too. */
MUST_USE enum pg_err management_token_store_get(struct pg *pg, struct uuid organisation,
                                                struct uuid id, struct pg_result **out);
MUST_USE enum pg_err management_token_store_revoke(struct pg *pg, struct uuid organisation,
                                                   struct uuid id, bool *changed);

enum { MANAGEMENT_TOKENS_MAX = 100 };

#endif
