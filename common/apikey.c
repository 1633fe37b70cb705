/* API keys: making, checking and hashing them. Any thread. Never stores or prints a key. */
#include "common/apikey.h"

#include <sodium.h>
#include <zlib.h>

enum { RANDOM_BYTES = 32, PREFIX_LEN = 9, BODY_LEN = 43, SUM_LEN = 6 };

static_assert(PREFIX_LEN + BODY_LEN + SUM_LEN == APIKEY_TEXT_LEN, "parts of a key");
static_assert(crypto_auth_hmacsha256_BYTES == CRYPTO_HASH_BYTES, "hash size");

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

#define PREFIX STR("sk-doteb-")

/* Divides the big-endian number by 62 in place and returns the remainder. */
static unsigned divide_by_62(uint8_t n[RANDOM_BYTES])
{
    unsigned rest = 0;
    for (int i = 0; i < RANDOM_BYTES; i++) {
        unsigned v = rest << 8 | n[i];
        n[i] = (uint8_t)(v / 62);
        rest = v % 62;
    }
    return rest;
}

static void checksum(const char *key, char out[SUM_LEN])
{
    uLong crc = crc32_z(0, (const unsigned char *)key, PREFIX_LEN + BODY_LEN);
    for (int i = SUM_LEN - 1; i >= 0; i--) {
        out[i] = alphabet[crc % 62];
        crc /= 62;
    }
}

void apikey_generate(char out[APIKEY_TEXT_LEN + 1])
{
    uint8_t n[RANDOM_BYTES];
    randombytes_buf(n, sizeof n);
    memcpy(out, PREFIX.p, PREFIX_LEN);
    for (int i = BODY_LEN - 1; i >= 0; i--)
        out[PREFIX_LEN + i] = alphabet[divide_by_62(n)];
    checksum(out, out + PREFIX_LEN + BODY_LEN);
    out[APIKEY_TEXT_LEN] = '\0';
    sodium_memzero(n, sizeof n);
}

/* A flood of bad keys comes through here: no call a byte. */
static bool in_alphabet(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool apikey_plausible(struct str key)
{
    if (key.len == 0 || key.len > APIKEY_MAX_LEN)
        return false;
    if (!str_starts(key, PREFIX))
        return true;
    if (key.len != APIKEY_TEXT_LEN)
        return false;
    for (size_t i = PREFIX_LEN; i < key.len; i++)
        if (!in_alphabet(key.p[i]))
            return false;
    char sum[SUM_LEN];
    checksum(key.p, sum);
    return memcmp(sum, key.p + PREFIX_LEN + BODY_LEN, SUM_LEN) == 0;
}

bool apikey_is_management(struct str key)
{
    return str_starts(key, STR("sk-doteb-mgmt-"));
}

void apikey_hasher_init(struct apikey_hasher *h, const struct secret *pepper)
{
    struct str pep = secret_view(pepper);
    crypto_auth_hmacsha256_init(&h->state, (const uint8_t *)pep.p, pep.len);
}

void apikey_hasher_wipe(struct apikey_hasher *h)
{
    sodium_memzero(h, sizeof *h);
}

struct apikey_hash apikey_hasher_hash(const struct apikey_hasher *h, struct str key)
{
    uint8_t inner[crypto_hash_sha256_BYTES];
    struct apikey_hash out;
    crypto_auth_hmacsha256_state st = h->state;
    crypto_hash_sha256(inner, (const uint8_t *)key.p, key.len);
    crypto_auth_hmacsha256_update(&st, inner, sizeof inner);
    crypto_auth_hmacsha256_final(&st, out.b);
    sodium_memzero(&st, sizeof st);
    sodium_memzero(inner, sizeof inner);
    return out;
}

struct apikey_hash apikey_hash(const struct secret *pepper, struct str key)
{
    struct apikey_hasher h;
    apikey_hasher_init(&h, pepper);
    struct apikey_hash out = apikey_hasher_hash(&h, key);
    apikey_hasher_wipe(&h);
    return out;
}

void apikey_last4(struct str key, char out[5])
{
    memcpy(out, "????", 5);
    if (key.len < 8)
        return;
    for (size_t i = 0; i < 4; i++) {
        char c = key.p[key.len - 4 + i];
        if (c > ' ' && c < 0x7F)
            out[i] = c;
    }
}
