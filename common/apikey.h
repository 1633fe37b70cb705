/* API keys (ARCHITECTURE A9.3): `sk-doteb-` + base62 of 32 random bytes (43 characters) + 6
 * characters of CRC-32 in base62. Stored as HMAC-SHA-256(pepper, SHA-256(key)); shown once.
 */
#ifndef DOTEB_COMMON_APIKEY_H
#define DOTEB_COMMON_APIKEY_H

#include <sodium.h>

#include "common/crypto.h"
#include "common/defs.h"
#include "common/str.h"

enum { APIKEY_TEXT_LEN = 9 + 43 + 6, APIKEY_MAX_LEN = 512 };

struct apikey_hash {
    uint8_t b[CRYPTO_HASH_BYTES];
};

/* New random key, NUL-terminated. The caller wipes it. */
void apikey_generate(char out[APIKEY_TEXT_LEN + 1]);
/* False only for text with our prefix whose length, alphabet or checksum is wrong: refuse without a
 * look-up. Keys without our prefix pass (imported ones). Empty or over APIKEY_MAX_LEN: false; so
 * are management tokens, which share the prefix. */
MUST_USE bool apikey_plausible(struct str key);
/* Is it a management token (`sk-doteb-mgmt-`...), which opens the control API and no gateway? */
bool apikey_is_management(struct str key);
/* HMAC-SHA-256(pepper, SHA-256(key)). */
struct apikey_hash apikey_hash(const struct secret *pepper, struct str key);
/* The same with the pepper worked in once, which halves the work: for whoever hashes what strangers
 * send. Holds the secret until it is wiped. */
struct apikey_hasher {
    crypto_auth_hmacsha256_state state;
};
void apikey_hasher_init(struct apikey_hasher *h, const struct secret *pepper);
void apikey_hasher_wipe(struct apikey_hasher *h);
struct apikey_hash apikey_hasher_hash(const struct apikey_hasher *h, struct str key);
/* The last 4 characters, as shown; "????" for keys under 8; "?" for what is not printable ASCII. */
void apikey_last4(struct str key, char out[5]);

#endif
