/* Secrets at rest and keyed hashes (ARCHITECTURE A9.2). libsodium underneath.
 *
 * master key (file or environment, never stored, has an id)
 *   seals each organisation's data key, the instance's pepper, people's second factors and
 *   mail that waits
 *     a data key seals that organisation's provider credentials, signing keys, stored answers and
 *     answers kept for repeated calls,
 *     AAD = purpose, organisation and row
 * A sealed blob is: version 1 | master key id 8 bytes or zero | nonce 24 | XChaCha20-Poly1305 text.
 * Authenticated with it: its first 9 bytes, then the caller's AAD (at most 256 bytes).
 */
#ifndef DOTEB_COMMON_CRYPTO_H
#define DOTEB_COMMON_CRYPTO_H

#include "common/defs.h"
#include "common/str.h"
#include "common/uuid.h"

enum {
    CRYPTO_KEY_BYTES = 32,
    CRYPTO_HASH_BYTES = 32,
    CRYPTO_SEAL_OVERHEAD = 1 + 8 + 24 + 16,
};

/* Bytes that must not be printed: guarded memory (sodium_malloc; the heap for what is beyond 8,192
 * secrets, since mappings are scarce), wiped when freed. Read by any thread, freed by one. */
struct secret;
/* Returns owned; copies `len` bytes (<= 64 KiB) and makes the copy read-only. */
struct secret *secret_new(const void *p, size_t len);
/* Accepts NULL; wipes. */
void secret_free(struct secret *s);
/* Borrowed view, for handing to a crypto call or a signer; never log it. */
struct str secret_view(const struct secret *s);

/* sodium_init and core dumps off (setrlimit, prctl; sanitizer builds stay traceable for the leak
 * checker). False if the library cannot start. */
MUST_USE bool crypto_init(void);

/* Master keys: 64 hexadecimal digits, or up to 8 such keys with commas between them: the first
 * seals, all open. Blanks and line ends around a key do not count. The id is the first 8 bytes of
 * BLAKE2b-256 over the key. */
struct master_keys;
/* Returns owned or NULL (malformed text: `err` says what, not the value). */
struct master_keys *master_keys_parse(struct str text, char err[128]);
void master_keys_free(struct master_keys *m);

enum { CRYPTO_MASTER_ID_BYTES = 8 };
/* The id of the first key: what it seals carries it after its first byte. */
void master_keys_id(const struct master_keys *m, uint8_t out[CRYPTO_MASTER_ID_BYTES]);

/* Seals `plain` with the first master key. `out` holds len + CRYPTO_SEAL_OVERHEAD bytes. */
void master_seal(const struct master_keys *m, struct str plain, struct str aad, uint8_t *out);
/* Opens what any of the keys sealed: an owned secret, or NULL (unknown key, altered bytes, AAD). */
struct secret *master_open(const struct master_keys *m, struct str sealed, struct str aad);
/* The same under a 32-byte data key. */
void data_seal(const struct secret *key, struct str plain, struct str aad, uint8_t *out);
struct secret *data_open(const struct secret *key, struct str sealed, struct str aad);
/* Contents of any size rather than a secret: `out` holds sealed.len - CRYPTO_SEAL_OVERHEAD bytes.
 * False: altered, or sealed otherwise. */
MUST_USE bool data_open_into(const struct secret *key, struct str sealed, struct str aad,
                             uint8_t *out);

/* AADs, one place for both daemons. */
struct crypto_aad {
    char p[64];
    size_t len;
};
struct crypto_aad aad_pepper(void);
struct crypto_aad aad_data_key(struct uuid organisation);
struct crypto_aad aad_provider_key(struct uuid organisation, struct uuid row);
struct crypto_aad aad_signing_key(struct uuid organisation, struct uuid row);
struct crypto_aad aad_second_factor(struct uuid user);
struct crypto_aad aad_mail(struct uuid mail);
/* An answer that control keeps for a repeated request; `hash`: of its key, 32 bytes. */
struct crypto_aad aad_answer(struct uuid caller, const uint8_t hash[32]);
/* `hash`: of the response's id, 16 bytes. */
struct crypto_aad aad_response(struct uuid organisation, const uint8_t hash[16]);

#endif
