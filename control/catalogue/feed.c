/* Fetching the catalogue's feed, and judging it before anybody reads it. Any thread. */
#include "control/catalogue/feed.h"

#include <sodium.h>
#include <stdio.h>

#include "control/guarded_fetch.h"

static_assert(FEED_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "Ed25519");
static_assert(FEED_KEY_BYTES == crypto_hash_sha256_BYTES, "SHA-256");
static_assert(FEED_SIGNATURE_BYTES == crypto_sign_BYTES, "Ed25519");

/* What an Ed25519 public key begins with as SubjectPublicKeyInfo (RFC 8410). */
static const uint8_t spki[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                               0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

enum { ERR_BYTES = 256, URL_MAX = 1100 };

static bool base64(struct str text, uint8_t *out, size_t max, size_t *len)
{
    text = str_trim(text);
    return text.len > 0 && sodium_base642bin(out, max, text.p, text.len, " \r\n", len, NULL,
                                             sodium_base64_VARIANT_ORIGINAL) == 0;
}

bool feed_parse_key(struct str text, uint8_t out[FEED_KEY_BYTES])
{
    uint8_t raw[sizeof spki + FEED_KEY_BYTES];
    size_t len = 0;
    if (!base64(text, raw, sizeof raw, &len))
        return false;
    bool wrapped = len == sizeof raw && memcmp(raw, spki, sizeof spki) == 0;
    if (!wrapped && len != FEED_KEY_BYTES)
        return false;
    memcpy(out, raw + (wrapped ? sizeof spki : 0), FEED_KEY_BYTES);
    return true;
}

bool feed_parse_pin(struct str text, uint8_t out[FEED_KEY_BYTES])
{
    size_t len = 0;
    text = str_trim(text);
    return text.len == 2 * (size_t)FEED_KEY_BYTES &&
           sodium_hex2bin(out, FEED_KEY_BYTES, text.p, text.len, NULL, &len, NULL) == 0 &&
           len == FEED_KEY_BYTES;
}

bool feed_verify(const uint8_t key[FEED_KEY_BYTES], struct str content, struct str signature)
{
    uint8_t raw[FEED_SIGNATURE_BYTES];
    size_t len = 0;
    if (signature.len == FEED_SIGNATURE_BYTES)
        memcpy(raw, signature.p, sizeof raw);
    else if (!base64(signature, raw, sizeof raw, &len) || len != sizeof raw)
        return false;
    return crypto_sign_verify_detached(raw, (const uint8_t *)content.p, content.len, key) == 0;
}

static bool fail(char *err, const char *what, const char *why)
{
    (void)snprintf(err, ERR_BYTES, "%s: %s", what, why);
    return false;
}

static bool get(const char *what, const char *url, const struct guard *guard, struct buf *out,
                char *err)
{
    const struct fetch_request q = {.url = url, .guard = guard, .total_ms = FEED_TOTAL_MS};
    struct fetch_answer a = guarded_fetch(&q, out);
    char why[64];
    if (a.err != FETCH_OK)
        return fail(err, what, fetch_error_words(a.err));
    if (a.status != 200) {
        (void)snprintf(why, sizeof why, "the server answers %d%s", a.status,
                       a.status >= 300 && a.status < 400 ? "; redirects are not followed" : "");
        return fail(err, what, why);
    }
    return !a.cut || fail(err, what, "it is too large");
}

static bool check_pin(const uint8_t want[FEED_KEY_BYTES], struct str content, char *err)
{
    uint8_t have[crypto_hash_sha256_BYTES];
    char hex[2 * crypto_hash_sha256_BYTES + 1];
    (void)crypto_hash_sha256(have, (const uint8_t *)content.p, content.len);
    if (memcmp(have, want, sizeof have) == 0)
        return true;
    (void)sodium_bin2hex(hex, sizeof hex, have, sizeof have);
    return fail(err, "it is not the pinned file; its SHA-256 is", hex);
}

static bool check_signature(const char *url, const uint8_t key[FEED_KEY_BYTES],
                            const struct guard *guard, struct str content, char *err)
{
    struct buf signature;
    char at[URL_MAX + 8];
    buf_init(&signature, FEED_SIGNATURE_MAX_BYTES);
    (void)snprintf(at, sizeof at, "%s.sig", url);
    bool ok = get("its signature", at, guard, &signature, err);
    if (ok && !feed_verify(key, content, buf_str(&signature)))
        ok = fail(err, "its signature", "it is not one of the public key over this file");
    buf_fini(&signature);
    return ok;
}

bool feed_fetch(const char *url, const struct feed_trust *trust, const struct guard *guard,
                struct buf *content, char err[256])
{
    if (!get("the file", url, guard, content, err))
        return false;
    if (content->len == 0)
        return fail(err, "the file", "it is empty");
    return trust->pinned ? check_pin(trust->key, buf_str(content), err)
                         : check_signature(url, trust->key, guard, buf_str(content), err);
}
