/* What Signature Version 4 signs: a request in its canonical form, of which only the SHA-256 is
 * kept. For signer and verifier; only for this folder.
 */
#ifndef DOTEB_SIGN_SIGV4_CANONICAL_H
#define DOTEB_SIGN_SIGV4_CANONICAL_H

#include "gateway/sign/sigv4.h"

/* SHA-256, and HMAC-SHA-256, of either. */
enum { SIGV4_HASH_BYTES = 32 };

/* Hashes the canonical form of `q`. `signed_names` are the signed headers, lower-case, separated by
 * semicolons, in order and without repetition; each of them must be in q->headers, else false. Also
 * false: too many parameters or headers. */
MUST_USE bool sigv4_canonical_hash(const struct sigv4_request *q, struct str signed_names,
                                   uint8_t out[SIGV4_HASH_BYTES]);

/* The key that signs a day's (20150830) requests to one region and service. The caller wipes it. */
void sigv4_derive(struct str secret, struct str day, const struct sigv4_scope *scope,
                  uint8_t key[SIGV4_HASH_BYTES]);

/* The signature by a derived key, in the same form as below. */
void sigv4_signature_by(const uint8_t key[SIGV4_HASH_BYTES],
                        const uint8_t canonical[SIGV4_HASH_BYTES], struct str stamp,
                        const struct sigv4_scope *scope, char out[SIGV4_HEX_BYTES]);

/* The signature itself, as 64 lower-case digits and a NUL. `stamp` is 20150830T123600Z. */
void sigv4_signature(const uint8_t canonical[SIGV4_HASH_BYTES], struct str stamp,
                     const struct sigv4_scope *scope, struct str secret, char out[SIGV4_HEX_BYTES]);

#endif
