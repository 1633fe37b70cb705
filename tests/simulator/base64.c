/* base64.h; pure. */
#include "tests/simulator/base64.h"

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_write(char *to, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16;
        v |= i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0;
        v |= i + 2 < n ? (uint32_t)p[i + 2] : 0;
        *to++ = DIGITS[v >> 18];
        *to++ = DIGITS[v >> 12 & 63];
        *to++ = i + 1 < n ? DIGITS[v >> 6 & 63] : '=';
        *to++ = i + 2 < n ? DIGITS[v & 63] : '=';
    }
    return to;
}

void base64_add(struct buf *b, struct str bytes)
{
    size_t len = (bytes.len + 2) / 3 * 4;
    char *to = len > 0 ? buf_room(b, len) : NULL;
    if (to) {
        base64_write(to, (const unsigned char *)bytes.p, bytes.len);
        buf_grew(b, len);
    }
}

static int digit(char c)
{
    const char *at = c ? strchr(DIGITS, c == '-' ? '+' : c == '_' ? '/' : c) : NULL;
    return at ? (int)(at - DIGITS) : -1;
}

bool base64_read(unsigned char *to, size_t n, struct str s)
{
    size_t digits = (n * 4 + 2) / 3;
    if (s.len != digits && s.len != (n + 2) / 3 * 4) {
        return false;
    }
    uint32_t v = 0;
    size_t at = 0;
    for (size_t i = 0; i < s.len; i++) {
        int d = digit(s.p[i]);
        if (i >= digits ? s.p[i] != '=' : d < 0) {
            return false;
        }
        v = v << 6 | (uint32_t)(d & 63);
        if (i % 4 != 0 && at < n) {
            to[at++] = (unsigned char)(v >> (6 - i % 4 * 2) & 255);
        }
    }
    return at == n;
}
