/* A challenge is the second it was made in, random bytes, and a keyed BLAKE2b over both. Any
 * thread.
 */
#include "control/challenge.h"

#include <sodium.h>
#include <string.h>

enum {
    RANDOM_BYTES = 8,
    MAC_BYTES = 16,
    AHEAD_S = 60,
    BASE64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING
};

static const char purpose[] = "doteb passkey challenge"; /* the pepper has other uses */

struct challenge {
    uint8_t second[8], random[RANDOM_BYTES], mac[MAC_BYTES];
};

static_assert(sizeof(struct challenge) == TOKEN_HASH_BYTES, "as long as a token");

static void mac_of(const struct secret *pepper, const struct challenge *c, uint8_t out[MAC_BYTES])
{
    struct str key = secret_view(pepper);
    crypto_generichash_state st;
    (void)crypto_generichash_init(&st, (const uint8_t *)key.p, key.len, MAC_BYTES);
    (void)crypto_generichash_update(&st, (const uint8_t *)purpose, sizeof purpose);
    (void)crypto_generichash_update(&st, c->second, sizeof c->second);
    (void)crypto_generichash_update(&st, c->random, sizeof c->random);
    (void)crypto_generichash_final(&st, out, MAC_BYTES);
}

void challenge_make(const struct secret *pepper, int64_t now_us, char out[TOKEN_TEXT_LEN + 1])
{
    struct challenge c;
    int64_t second = now_us / 1000000;
    memcpy(c.second, &second, sizeof c.second);
    randombytes_buf(c.random, sizeof c.random);
    mac_of(pepper, &c, c.mac);
    (void)sodium_bin2base64(out, TOKEN_TEXT_LEN + 1, (const uint8_t *)&c, sizeof c, BASE64);
}

bool challenge_holds(const struct secret *pepper, struct str text, int64_t now_us)
{
    struct challenge c;
    uint8_t mac[MAC_BYTES];
    size_t len = 0;
    int64_t second;
    if (!text.p ||
        sodium_base642bin((uint8_t *)&c, sizeof c, text.p, text.len, NULL, &len, NULL, BASE64) !=
            0 ||
        len != sizeof c)
        return false;
    mac_of(pepper, &c, mac);
    if (sodium_memcmp(mac, c.mac, sizeof mac) != 0)
        return false;
    memcpy(&second, c.second, sizeof second);
    int64_t age_s = now_us / 1000000 - second;
    return age_s <= CHALLENGE_S && age_s >= -AHEAD_S;
}
