/* SQL of the links in account mail, found by the SHA-256 of their token. */
#ifndef DOTEB_CONTROL_TOKEN_STORE_H
#define DOTEB_CONTROL_TOKEN_STORE_H

#include "common/pg.h"
#include "common/uuid.h"

#define TOKEN_SIGN_UP        "sign-up"
#define TOKEN_PASSWORD_RESET "password-reset"
#define TOKEN_EMAIL_CHANGE   "email-change"

struct token_new {
    const uint8_t *hash; /* 32 bytes */
    const char *purpose;
    const struct uuid *user; /* NULL: nobody yet */
    struct str email;
    int minutes; /* 0: it never works; kept so that both cases do the same */
};

struct token_taken {
    bool found;
    struct uuid user; /* zero: nobody yet */
    char email[256];
};

MUST_USE enum pg_err token_store_add(struct pg *pg, const struct token_new *t);
/* Takes a token that still works, of nobody who is disabled: it does not work again, if the
 * transaction is committed. */
MUST_USE enum pg_err token_store_take(struct pg *pg, const uint8_t hash[32], const char *purpose,
                                      struct token_taken *out);
/* All of a person's tokens stop working. */
MUST_USE enum pg_err token_store_drop(struct pg *pg, struct uuid user);

#endif
