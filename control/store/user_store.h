/* SQL of people and their sessions. */
#ifndef DOTEB_CONTROL_USER_STORE_H
#define DOTEB_CONTROL_USER_STORE_H

#include "common/pg.h"
#include "control/password.h"

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
    struct uuid id;
    char hash[PASSWORD_HASH_BYTES];
};

MUST_USE enum pg_err user_store_login(struct pg *pg, struct str email, struct user_login *out);

#endif
