/* SQL of people. */
#ifndef DOTEB_CONTROL_USER_STORE_H
#define DOTEB_CONTROL_USER_STORE_H

#include "common/arena.h"
#include "common/pg.h"
#include "control/password.h"

enum { USER_EMAIL_BYTES = 1024 };

struct user_new {
    struct uuid id;
    struct str email, name;
    const char *password_hash;
    bool is_operator;
};

/* PG_CONFLICT: the e-mail address is taken (in any case). */
MUST_USE enum pg_err user_store_add(struct pg *pg, const struct user_new *u);

struct user_login {
    bool found; /* a user who is not disabled */
    bool second_factor;
    bool passkeys; /* any */
    struct uuid id;
    char hash[PASSWORD_HASH_BYTES];
    char email[USER_EMAIL_BYTES];
};

MUST_USE enum pg_err user_store_login(struct pg *pg, struct str email, struct user_login *out);
/* The same by id. */
MUST_USE enum pg_err user_store_by_id(struct pg *pg, struct uuid user, struct user_login *out);
/* Has the address an account, if perhaps a disabled one? */
MUST_USE enum pg_err user_store_knows(struct pg *pg, struct str email, bool *known);
/* The address as it is compared with others, in the arena: for the database, the case of letters
 * that are not in ASCII does not matter, either. */
MUST_USE enum pg_err user_store_fold(struct pg *pg, struct arena *arena, struct str email,
                                     struct str *out);
/* The account object of the API as JSON text in column 0. */
MUST_USE enum pg_err user_store_view(struct pg *pg, struct uuid user, struct pg_result **out);
MUST_USE enum pg_err user_store_set_name(struct pg *pg, struct uuid user, struct str name);
MUST_USE enum pg_err user_store_set_password(struct pg *pg, struct uuid user, const char *hash);
/* PG_CONFLICT: the address is taken. */
MUST_USE enum pg_err user_store_set_email(struct pg *pg, struct uuid user, struct str email);

#endif
