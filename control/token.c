/* Tokens of links. Any thread. */
#include "control/token.h"

#include <sodium.h>

enum { TOKEN_BYTES = 32 };

static_assert(TOKEN_HASH_BYTES == crypto_hash_sha256_BYTES, "SHA-256");

void token_make(char out[TOKEN_TEXT_LEN + 1])
{
    uint8_t bytes[TOKEN_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    (void)sodium_bin2base64(out, TOKEN_TEXT_LEN + 1, bytes, sizeof bytes,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

void token_hash(struct str token, uint8_t out[TOKEN_HASH_BYTES])
{
    (void)crypto_hash_sha256(out, (const uint8_t *)token.p, token.len);
}
