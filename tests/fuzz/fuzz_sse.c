/* sse: the same events, the same failure and the same rest, however the bytes are cut. The first
 * byte chooses the cut and the cap.
 */
#include "common/mem.h"
#include "gateway/wire/sse.h"
#include "tests/fuzz/fuzz.h"

/* Length before each string: nothing in the data can look like a border. */
static void note(struct buf *out, struct str s)
{
    uint32_t len = (uint32_t)s.len;
    ASSERT(buf_add(out, &len, sizeof len) && buf_add_str(out, s));
}

/* With `late`, events are taken only when all bytes are in. */
static void run(struct str text, size_t cap, size_t first, size_t step, bool late, struct buf *out)
{
    struct sse s;
    struct sse_event e;
    sse_init(&s, cap);
    for (size_t at = 0, n = first; at < text.len; at += n, n = step) {
        n = n > text.len - at ? text.len - at : n;
        char *copy = xmalloc(n); /* exactly as long: a read beyond is seen */
        memcpy(copy, text.p + at, n);
        if (!sse_feed(&s, str_make(copy, n)))
            ASSERT(sse_failed(&s));
        xfree(copy);
        while ((!late || at + n == text.len) && sse_next(&s, &e)) {
            ASSERT(e.data.len <= cap && str_find(e.data, '\r') < 0 && str_find(e.id, '\0') < 0);
            ASSERT(str_find(e.type, '\n') < 0);
            note(out, e.type);
            note(out, e.data);
            note(out, e.id);
        }
        ASSERT(late || !sse_next(&s, &e));
    }
    ASSERT(buf_add_char(out, sse_failed(&s) ? '!' : sse_partial(&s) ? '~' : '.'));
    sse_fini(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct str text = str_make((const char *)data + 1, size - 1);
    size_t cap = data[0] & 1 ? 16 : SSE_EVENT_MAX_BYTES;
    struct buf whole, cut;
    buf_init(&whole, 64 << 20);
    buf_init(&cut, 64 << 20);
    run(text, cap, text.len ? text.len : 1, 1, false, &whole);
    run(text, cap, 1, 1, (data[0] & 2) != 0, &cut);
    ASSERT(str_eq(buf_str(&whole), buf_str(&cut)));
    buf_reset(&cut);
    run(text, cap, (data[0] >> 1) + 1u, text.len ? text.len : 1, (data[0] & 4) != 0, &cut);
    ASSERT(str_eq(buf_str(&whole), buf_str(&cut)));
    buf_fini(&whole);
    buf_fini(&cut);
    return 0;
}
