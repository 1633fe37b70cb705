/* RFC 6238 over OpenSSL's HMAC; libsodium has no SHA-1. Any thread. */
#include "control/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>

enum { SHA1_BYTES = 20, MODULUS = 1000000 };

void totp_code(struct str secret, int64_t step, char out[TOTP_DIGITS + 1])
{
    uint8_t counter[8], mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    for (size_t i = 0; i < sizeof counter; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    ASSERT(HMAC(EVP_sha1(), secret.p, (int)secret.len, counter, sizeof counter, mac, &len));
    ASSERT(len == SHA1_BYTES);
    size_t at = mac[SHA1_BYTES - 1] & 0xf;
    uint32_t n = (uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
                 (uint32_t)mac[at + 2] << 8 | mac[at + 3];
    (void)snprintf(out, TOTP_DIGITS + 1, "%06u", (unsigned)(n % MODULUS));
}

int64_t totp_find(struct str secret, struct str code, int64_t wall_us)
{
    int64_t now = wall_us / 1000000 / TOTP_STEP_S, found = -1;
    if (code.len != TOTP_DIGITS)
        return -1;
    for (int64_t step = now - 1; step <= now + 1; step++) {
        char want[TOTP_DIGITS + 1];
        totp_code(secret, step, want);
        if (sodium_memcmp(want, code.p, TOTP_DIGITS) == 0)
            found = step;
    }
    return found;
}

void totp_base32(struct str bytes, struct buf *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    int n = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (uint8_t)bytes.p[i];
        for (n += 8; n >= 5; n -= 5)
            (void)buf_add_char(out, letters[bits >> (n - 5) & 31]);
    }
    if (n > 0)
        (void)buf_add_char(out, letters[bits << (5 - n) & 31]);
}

void totp_uri(struct str secret, struct str account, struct buf *out)
{
    (void)buf_add_lit(out, "otpauth://totp/doteb:");
    for (size_t i = 0; i < account.len; i++) {
        char c = account.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '-' || c == '_' || c == '@';
        (void)buf_printf(out, plain ? "%c" : "%%%02X", plain ? c : (unsigned char)c);
    }
    (void)buf_add_lit(out, "?secret=");
    totp_base32(secret, out);
    (void)buf_add_lit(out, "&issuer=doteb&algorithm=SHA1&digits=6&period=30");
}
