/* Makes key pairs for clients that sign. Any thread. Never stores or prints one. */
#include "common/signing_key.h"

#include <sodium.h>
#include <string.h>

#define PREFIX "DOTEB"

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static_assert(sizeof base32 == 32 + 1 && sizeof base62 == 62 + 1, "alphabets");

static void fill(char *out, size_t n, const char *alphabet, uint32_t letters)
{
    for (size_t i = 0; i < n; i++)
        out[i] = alphabet[randombytes_uniform(letters)];
    out[n] = '\0';
}

void signing_key_generate(struct signing_key *out)
{
    const size_t prefix = sizeof PREFIX - 1;
    memcpy(out->id, PREFIX, prefix);
    fill(out->id + prefix, SIGNING_KEY_ID_LEN - prefix, base32, 32);
    fill(out->secret, SIGNING_KEY_SECRET_LEN, base62, 62);
}
