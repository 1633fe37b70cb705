/* http1: the same fields, body, verdict and rest, however the bytes are cut; no head or line beyond
 * its cap is held. The first byte chooses the cut.
 */
#include "common/mem.h"
#include "gateway/wire/http1.h"
#include "tests/fuzz/fuzz.h"

static void note(struct buf *out, char kind, struct str s)
{
    uint32_t len = (uint32_t)s.len;
    ASSERT(buf_add_char(out, kind) && buf_add(out, &len, sizeof len) && buf_add_str(out, s));
}

struct seen {
    struct buf fields, body;
    bool head;
};

static void on_field(void *arg, struct str name, struct str value)
{
    struct seen *seen = arg;
    ASSERT(!seen->head && name.len > 0 && !memchr(value.p, '\n', value.len));
    note(&seen->fields, 'n', name);
    note(&seen->fields, 'v', value);
}

static void on_head(void *arg, int status)
{
    struct seen *seen = arg;
    ASSERT(!seen->head && status >= 200 && status <= 999);
    seen->head = true;
    ASSERT(buf_printf(&seen->fields, "%d", status));
}

static void on_body(void *arg, struct str bytes)
{
    struct seen *seen = arg;
    ASSERT(seen->head && bytes.len > 0);
    ASSERT(buf_add_str(&seen->body, bytes));
}

static const struct http1_sink sink = {.field = on_field, .head = on_head, .body = on_body};

static void run(struct str text, size_t first, size_t step, struct seen *seen)
{
    struct http1 h;
    size_t total = 0;
    enum http1_rc rc = HTTP1_MORE;
    buf_init(&seen->fields, 64 << 20);
    buf_init(&seen->body, 64 << 20);
    seen->head = false;
    http1_init(&h);
    for (size_t at = 0, n = first; at < text.len && rc == HTTP1_MORE; at += n, n = step) {
        size_t used;
        n = n > text.len - at ? text.len - at : n;
        char *copy = xmalloc(n); /* exactly as long: a read beyond is seen */
        memcpy(copy, text.p + at, n);
        rc = http1_feed(&h, str_make(copy, n), &sink, seen, &used);
        xfree(copy);
        ASSERT(used <= n && (rc != HTTP1_MORE || used == n));
        total += used;
        ASSERT(h.held.len <= HTTP1_HEAD_MAX_BYTES);
    }
    /* Where a broken answer broke depends on the cut; what came before does not matter then. */
    if (rc == HTTP1_BAD)
        buf_reset(&seen->fields);
    if (rc == HTTP1_BAD)
        buf_reset(&seen->body);
    ASSERT(buf_printf(&seen->fields, "%d %d %d %zu", (int)rc, (int)h.keep, (int)http1_ended(&h),
                      rc == HTTP1_BAD ? 0 : total));
    http1_fini(&h);
}

static void compare(const struct seen *whole, struct str text, size_t first, size_t step)
{
    struct seen cut;
    run(text, first, step, &cut);
    ASSERT(str_eq(buf_str(&whole->fields), buf_str(&cut.fields)));
    ASSERT(str_eq(buf_str(&whole->body), buf_str(&cut.body)));
    buf_fini(&cut.fields);
    buf_fini(&cut.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct seen whole;
    struct str text = str_make((const char *)data + 1, size - 1);
    run(text, text.len, 1, &whole);
    compare(&whole, text, 1, 1);
    compare(&whole, text, data[0] + 1u, text.len);
    compare(&whole, text, data[0] + 1u, 3);
    buf_fini(&whole.fields);
    buf_fini(&whole.body);
    return 0;
}
