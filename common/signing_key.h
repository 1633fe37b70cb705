/* Key pairs of clients that sign their requests: `DOTEB` + 20 characters of base32 (100 random
 * bits) as the public id, 40 characters of base62 (238 bits) as the secret. The alphabets and
 * lengths are those that tools for such pairs take.
 */
#ifndef DOTEB_COMMON_SIGNING_KEY_H
#define DOTEB_COMMON_SIGNING_KEY_H

#include "common/defs.h"

enum { SIGNING_KEY_ID_LEN = 5 + 20, SIGNING_KEY_SECRET_LEN = 40 };

struct signing_key {
    char id[SIGNING_KEY_ID_LEN + 1];
    char secret[SIGNING_KEY_SECRET_LEN + 1];
};

/* A new random pair. The caller wipes it. */
void signing_key_generate(struct signing_key *out);

#endif
