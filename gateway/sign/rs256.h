/* RSA signatures with SHA-256 (RFC 7518's RS256). Pure; OpenSSL underneath. Only for this folder.
 */
#ifndef DOTEB_SIGN_RS256_H
#define DOTEB_SIGN_RS256_H

#include "common/defs.h"
#include "common/str.h"

/* Keys of 2,048 to 4,096 bits. */
enum { RS256_MIN_BITS = 2048, RS256_MAX_BITS = 4096, RS256_MAX_BYTES = RS256_MAX_BITS / 8 };

/* Signs `text` with an unencrypted PEM key. NULL if fine, else what is wrong with the key (static).
 */
MUST_USE const char *rs256_sign(struct str pem, struct str text, uint8_t out[RS256_MAX_BYTES],
                                size_t *len);

#endif
