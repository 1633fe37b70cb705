/* Compressed bodies: what is whole unpacks, what is cut or too large does not. */
#include <zlib.h>
#include <zstd.h>

#include "gateway/wire/unpack.h"
#include "tests/unit/unit.h"

enum { ROOM = 1 << 20 };
static size_t granted, limit;

static bool grant(void *arg, size_t bytes)
{
    (void)arg;
    granted += bytes;
    return granted <= limit;
}

static struct str gzipped(struct str s, char *room)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)s.p,
                  .avail_in = (unsigned)s.len,
                  .next_out = (unsigned char *)room,
                  .avail_out = ROOM};
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = ROOM - z.avail_out;
    deflateEnd(&z);
    return str_make(room, n);
}

static struct str zstd(struct str s, char *room)
{
    return str_make(room, ZSTD_compress(room, ROOM, s.p, s.len, 3));
}

static enum unpack_result unpack(enum unpack_coding c, struct str in, struct buf *out, size_t max)
{
    buf_init(out, max);
    granted = 0;
    limit = max;
    return unpack_all(c, in, out, grant, NULL);
}

START_TEST(whole_and_cut)
{
    static char text[300000], room[ROOM];
    struct str (*const pack[])(struct str,
                               char *) = {[UNPACK_GZIP] = gzipped, [UNPACK_ZSTD] = zstd};
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i * i % 23);
    for (int c = UNPACK_GZIP; c <= UNPACK_ZSTD; c++) {
        struct str packed = pack[c](str_make(text, sizeof text), room);
        struct buf out;
        ck_assert_int_eq(unpack((enum unpack_coding)c, packed, &out, ROOM), UNPACK_OK);
        ck_assert(str_eq(buf_str(&out), str_make(text, sizeof text)));
        buf_fini(&out);
        for (size_t n = 0; n < packed.len; n += packed.len / 50 + 1) {
            ck_assert_int_eq(unpack((enum unpack_coding)c, str_make(packed.p, n), &out, ROOM),
                             UNPACK_BROKEN);
            buf_fini(&out);
        }
        ck_assert_int_ne(unpack((enum unpack_coding)c, packed, &out, 100000), UNPACK_OK);
        buf_fini(&out);
        ck_assert_int_eq(unpack((enum unpack_coding)c, STR("{\"model\":\"m\"}"), &out, ROOM),
                         UNPACK_BROKEN);
        buf_fini(&out);
    }
}
END_TEST

START_TEST(words)
{
    enum unpack_coding c;
    ck_assert(unpack_find(STR(" GZIP "), &c) && c == UNPACK_GZIP);
    ck_assert(unpack_find(STR("zstd"), &c) && c == UNPACK_ZSTD);
    ck_assert(unpack_find(STR(""), &c) && c == UNPACK_NONE);
    ck_assert(!unpack_find(STR("br"), &c) && !unpack_find(STR("gzip, gzip"), &c));
}
END_TEST

UNIT_MAIN("unpack", whole_and_cut, words)
