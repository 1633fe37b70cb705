/* SQL of passkeys and of what they are asked to sign. */
#ifndef DOTEB_CONTROL_PASSKEY_STORE_H
#define DOTEB_CONTROL_PASSKEY_STORE_H

#include "common/pg.h"
#include "control/webauthn.h"

enum { PASSKEYS_MAX = 20 /* of a person */ };

struct passkey_new {
    struct uuid id, user;
    struct str name;
    const struct webauthn_credential *credential;
};

/* `*added` is false if the person has PASSKEYS_MAX. PG_CONFLICT: it is somebody's already. */
MUST_USE enum pg_err passkey_store_add(struct pg *pg, const struct passkey_new *n, bool *added);
/* All of a person's: the API's objects in column 0. */
MUST_USE enum pg_err passkey_store_list(struct pg *pg, struct uuid user, struct pg_result **out);
/* The one object in column 0, if it is that person's. */
MUST_USE enum pg_err passkey_store_get(struct pg *pg, struct uuid user, struct uuid id,
                                       struct pg_result **out);
MUST_USE enum pg_err passkey_store_rename(struct pg *pg, struct uuid user, struct uuid id,
                                          struct str name);
MUST_USE enum pg_err passkey_store_remove(struct pg *pg, struct uuid user, struct uuid id);
MUST_USE enum pg_err passkey_store_remove_all(struct pg *pg, struct uuid user);
/* Column 0: the person's credentials as WebAuthn's list of descriptors in JSON; column 1: how many;
 * columns 2 and 3: the person's address and name. */
MUST_USE enum pg_err passkey_store_descriptors(struct pg *pg, struct uuid user,
                                               struct pg_result **out);

struct passkey_found {
    bool found;
    struct uuid id, user; /* somebody who is not disabled */
    char name[512];
    struct webauthn_credential credential;
};

MUST_USE enum pg_err passkey_store_find(struct pg *pg, struct str credential_id,
                                        struct passkey_found *out);
/* Notes that it was used. `*fresh` is false if its counter did not go on: a copy may be about. */
MUST_USE enum pg_err passkey_store_use(struct pg *pg, struct uuid id, uint32_t count, bool *fresh);

#define PASSKEY_ADD         "add"
#define PASSKEY_SIGN_IN     "sign-in"
#define PASSKEY_SECOND_STEP "second-step"

/* Keeps what somebody is asked, for five minutes, and no more than the person's newest few. Forgets
 * those that are over. */
MUST_USE enum pg_err passkey_store_ask(struct pg *pg, const uint8_t hash[32], const char *purpose,
                                       struct uuid user);

struct passkey_asked {
    bool found;
    char purpose[16];
    struct uuid user; /* zero: nobody yet */
};

/* A challenge that nobody kept (challenge.h) is answered: `*fresh` is false if it was before. */
MUST_USE enum pg_err passkey_store_spend(struct pg *pg, const uint8_t hash[32], bool *fresh);
/* Takes what was kept: it is good for nothing more, if the transaction is committed. */
MUST_USE enum pg_err passkey_store_take(struct pg *pg, const uint8_t hash[32],
                                        struct passkey_asked *out);

#endif
