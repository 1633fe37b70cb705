/* awsevent: the same frames, the same failure and the same rest, however the bytes are cut. The
 * first byte chooses the cut, the cap, and whether checksums and lengths are made right before, so
 * that headers are reached.
 */
#include "gateway/wire/awsevent.h"

#include "common/mem.h"
#include "tests/fuzz/fuzz.h"

enum { SMALL_CAP = 64, LARGE_CAP = 1 << 20 };

static uint32_t sum_of(const char *p, size_t len)
{
    uint32_t sum = 0xFFFFFFFF;
    for (size_t i = 0; i < len; i++) {
        sum ^= (unsigned char)p[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (0xEDB88320 & (0 - (sum & 1)));
    }
    return ~sum;
}

static void put_u32(char *at, size_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (char)(v >> (24 - 8 * i) & 0xff);
}

/* Cuts the bytes into frames: the second and sixth byte of each say how long frame and headers
 * are. */
static void mend(char *p, size_t len)
{
    while (len >= AWSEVENT_LEAST_BYTES) {
        size_t total = AWSEVENT_LEAST_BYTES + (unsigned char)p[1];
        total = total > len ? len : total;
        size_t room = total - AWSEVENT_LEAST_BYTES, headers = (unsigned char)p[5];
        put_u32(p, total);
        put_u32(p + 4, headers > room ? room : headers);
        put_u32(p + 8, sum_of(p, 8));
        put_u32(p + total - 4, sum_of(p, total - 4));
        p += total;
        len -= total;
    }
}

/* Length before each string: nothing in the data can look like a border. */
static void note(struct buf *out, struct str s)
{
    uint32_t len = (uint32_t)s.len;
    ASSERT(buf_add(out, &len, sizeof len) && (len == 0 || buf_add_str(out, s)));
}

static void run(struct str text, size_t cap, size_t first, size_t step, struct buf *out)
{
    struct awsevent s;
    struct awsevent_frame f;
    size_t given = 0;
    awsevent_init(&s, cap);
    for (size_t at = 0, n = first; at < text.len; at += n, n = step) {
        n = n > text.len - at ? text.len - at : n;
        char *copy = xmalloc(n); /* exactly as long: a read beyond is seen */
        memcpy(copy, text.p + at, n);
        if (!awsevent_feed(&s, str_make(copy, n)))
            ASSERT(awsevent_failed(&s));
        xfree(copy);
        while (awsevent_next(&s, &f)) {
            ASSERT(f.raw.len <= cap && f.payload.len <= f.raw.len - AWSEVENT_LEAST_BYTES);
            ASSERT(memcmp(f.raw.p, text.p + given, f.raw.len) == 0);
            given += f.raw.len;
            note(out, f.type);
            note(out, f.payload);
            note(out, awsevent_header(f.raw, STR(":error-message")));
            ASSERT(buf_add_char(out, f.exception ? '!' : '.'));
        }
        ASSERT(!awsevent_next(&s, &f));
    }
    ASSERT(buf_add_char(out, awsevent_failed(&s) ? '!' : awsevent_partial(&s) ? '~' : '.'));
    awsevent_fini(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t len = size - 1, cap = data[0] & 1 ? SMALL_CAP : LARGE_CAP;
    char *text = xmalloc(len);
    memcpy(text, data + 1, len);
    if (data[0] & 2)
        mend(text, len);
    struct buf whole, cut;
    buf_init(&whole, 64 << 20);
    buf_init(&cut, 64 << 20);
    run(str_make(text, len), cap, len, 1, &whole);
    run(str_make(text, len), cap, 1, 1, &cut);
    ASSERT(str_eq(buf_str(&whole), buf_str(&cut)));
    buf_reset(&cut);
    run(str_make(text, len), cap, (data[0] >> 2) + 1u, len, &cut);
    ASSERT(str_eq(buf_str(&whole), buf_str(&cut)));
    buf_fini(&whole);
    buf_fini(&cut);
    xfree(text);
    return 0;
}
