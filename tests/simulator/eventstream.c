/* eventstream.h; pure. */
#include "tests/simulator/eventstream.h"

enum { PRELUDE = 12, TYPE_STRING = 7 };

/* Four tables of the CRC, for four bytes at a time. An entry is the sum of those of its bits, so
 * that eight constants make a table. */
#define BIT(n, i, v) ((n) >> (i)&1 ? (v) : 0U)
#define ENTRY(n, a, b, c, d, e, f, g, h)                                                           \
    (BIT(n, 0, a) ^ BIT(n, 1, b) ^ BIT(n, 2, c) ^ BIT(n, 3, d) ^ BIT(n, 4, e) ^ BIT(n, 5, f) ^     \
     BIT(n, 6, g) ^ BIT(n, 7, h))
#define FOUR(n, ...)                                                                               \
    ENTRY(n, __VA_ARGS__), ENTRY((n) + 1, __VA_ARGS__), ENTRY((n) + 2, __VA_ARGS__),               \
        ENTRY((n) + 3, __VA_ARGS__)
#define SIXTEEN(n, ...)                                                                            \
    FOUR(n, __VA_ARGS__), FOUR((n) + 4, __VA_ARGS__), FOUR((n) + 8, __VA_ARGS__),                  \
        FOUR((n) + 12, __VA_ARGS__)
#define SIXTY_FOUR(n, ...)                                                                         \
    SIXTEEN(n, __VA_ARGS__), SIXTEEN((n) + 16, __VA_ARGS__), SIXTEEN((n) + 32, __VA_ARGS__),       \
        SIXTEEN((n) + 48, __VA_ARGS__)
#define TABLE(...)                                                                                 \
    {                                                                                              \
        SIXTY_FOUR(0, __VA_ARGS__), SIXTY_FOUR(64, __VA_ARGS__), SIXTY_FOUR(128, __VA_ARGS__),     \
            SIXTY_FOUR(192, __VA_ARGS__)                                                           \
    }

static const uint32_t TABLES[4][256] = {
    TABLE(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8, 0x76dc4190,
          0xedb88320),
    TABLE(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2, 0xf0794f05,
          0x3b83984b),
    TABLE(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0, 0x709a8dc0,
          0xe1351b80),
    TABLE(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e, 0x9b14583d,
          0xed59b63b),
};

uint32_t eventstream_crc(uint32_t crc, struct str bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    const unsigned char *end = p + bytes.len;
    crc = ~crc;
    for (; end - p >= 4; p += 4) {
        crc ^= p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        crc = TABLES[3][crc & 255] ^ TABLES[2][crc >> 8 & 255] ^ TABLES[1][crc >> 16 & 255] ^
              TABLES[0][crc >> 24];
    }
    for (; p < end; p++) {
        crc = crc >> 8 ^ TABLES[0][(crc ^ *p) & 255];
    }
    return ~crc;
}

static void put_u32(char *to, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        to[i] = (char)(unsigned char)(v >> (24 - 8 * i) & 255);
    }
}

static void header(struct buf *b, struct str name, struct str value)
{
    buf_add_char(b, (char)name.len);
    buf_add_str(b, name);
    buf_add_char(b, TYPE_STRING);
    buf_add_char(b, (char)(value.len >> 8));
    buf_add_char(b, (char)(value.len & 255));
    buf_add_str(b, value);
}

size_t eventstream_open(struct buf *b, bool exception, struct str kind)
{
    size_t at = b->len;
    buf_add(b, "\0\0\0\0\0\0\0\0\0\0\0\0", PRELUDE);
    header(b, exception ? STR(":exception-type") : STR(":event-type"), kind);
    header(b, STR(":content-type"), STR("application/json"));
    header(b, STR(":message-type"), exception ? STR("exception") : STR("event"));
    if (!b->failed) {
        put_u32(b->p + at + 4, (uint32_t)(b->len - at - PRELUDE));
    }
    return at;
}

void eventstream_close(struct buf *b, size_t at)
{
    char crc[4];
    if (b->failed) {
        return;
    }
    put_u32(b->p + at, (uint32_t)(b->len - at + 4));
    put_u32(b->p + at + 8, eventstream_crc(0, str_make(b->p + at, 8)));
    put_u32(crc, eventstream_crc(0, str_make(b->p + at, b->len - at)));
    buf_add(b, crc, sizeof(crc));
}
