/* UUIDs: making, reading and writing them. Any thread: random bits are drawn from libsodium in
 * blocks, one block a thread, so that an id costs no system call. Never used for secrets.
 */
#include "common/uuid.h"

#include <sodium.h>

enum { BLOCK_BYTES = 1024 };

static _Thread_local uint8_t block[BLOCK_BYTES];
static _Thread_local size_t block_left;

static void random_bytes(uint8_t *out, size_t len)
{
    if (block_left < len) {
        randombytes_buf(block, sizeof block);
        block_left = sizeof block;
    }
    memcpy(out, block + sizeof block - block_left, len);
    block_left -= len;
}

static void stamp(struct uuid *u, unsigned version)
{
    u->b[6] = (uint8_t)((u->b[6] & 0x0F) | (version << 4));
    u->b[8] = (uint8_t)((u->b[8] & 0x3F) | 0x80);
}

struct uuid uuid_v7(int64_t unix_us)
{
    ASSERT(unix_us >= 0);
    struct uuid u;
    uint64_t ms = (uint64_t)unix_us / 1000;
    unsigned sub = (unsigned)((uint64_t)unix_us % 1000 * 4096 / 1000);
    for (int i = 0; i < 6; i++)
        u.b[i] = (uint8_t)(ms >> (40 - 8 * i));
    u.b[6] = (uint8_t)(sub >> 8);
    u.b[7] = (uint8_t)sub;
    random_bytes(u.b + 8, 8);
    stamp(&u, 7);
    return u;
}

struct uuid uuid_v4(void)
{
    struct uuid u;
    random_bytes(u.b, sizeof u.b);
    stamp(&u, 4);
    return u;
}

int64_t uuid_v7_ms(struct uuid u)
{
    uint64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | u.b[i];
    return (int64_t)ms;
}

/* Bytes between hyphens. */
static const uint8_t groups[] = {4, 2, 2, 2, 6};

/* A hyphen stands before bytes 4, 6, 8 and 10. */
static bool hyphen_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void uuid_format(struct uuid u, char out[UUID_TEXT_LEN + 1])
{
    static const char hex[] = "0123456789abcdef";
    char *p = out;
    const uint8_t *b = u.b;
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        for (const uint8_t *end = b + groups[g]; b < end; b++) {
            *p++ = hex[*b >> 4];
            *p++ = hex[*b & 15];
        }
        *p++ = '-';
    }
    p[-1] = '\0';
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool uuid_parse(struct str s, struct uuid *out)
{
    struct uuid u;
    if (s.len != UUID_TEXT_LEN)
        return false;
    const char *p = s.p;
    for (size_t i = 0; i < sizeof u.b; i++) {
        if (hyphen_before(i) && *p++ != '-')
            return false;
        int hi = nibble(p[0]), lo = nibble(p[1]);
        if (hi < 0 || lo < 0)
            return false;
        u.b[i] = (uint8_t)(hi << 4 | lo);
        p += 2;
    }
    *out = u;
    return true;
}

bool uuid_eq(struct uuid a, struct uuid b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}

bool uuid_is_zero(struct uuid u)
{
    return uuid_eq(u, (struct uuid){{0}});
}
