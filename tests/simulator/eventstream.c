/* eventstream.h; pure. */
#include "tests/simulator/eventstream.h"

enum { PRELUDE = 12, TYPE_STRING = 7 };

uint32_t eventstream_crc(uint32_t crc, struct str bytes)
{
    static const uint32_t NIBBLES[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                         0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                         0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                         0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    crc = ~crc;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (unsigned char)bytes.p[i];
        crc = crc >> 4 ^ NIBBLES[crc & 15];
        crc = crc >> 4 ^ NIBBLES[crc & 15];
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
