/* Three bytes are four characters. Pure; any thread. */
#include "gateway/wire/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_len(size_t n)
{
    return (n + 2) / 3 * 4;
}

bool base64_add(struct buf *out, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    char *to = buf_room(out, base64_len(n));
    if (!to)
        return false;
    size_t len = base64_len(n);
    for (; n >= 3; p += 3, n -= 3) {
        uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        *to++ = digits[v >> 6 & 63];
        *to++ = digits[v & 63];
    }
    if (n) {
        uint32_t v = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        *to++ = n == 2 ? digits[v >> 6 & 63] : '=';
        *to++ = '=';
    }
    buf_grew(out, len);
    return true;
}
