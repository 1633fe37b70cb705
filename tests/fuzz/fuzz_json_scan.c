/* json_scan: whatever is accepted has spans that are themselves accepted, in order and within the
 * text; strict texts are accepted without strictness too; skipping a value and walking through it
 * end at the same place; strings decode within the length promised.
 */
#include "common/mem.h"
#include "gateway/wire/json_scan.h"
#include "tests/fuzz/fuzz.h"

static enum json_error scan_all(struct str text, bool strict)
{
    struct json_scan s;
    json_scan_init(&s, text, strict);
    while (json_scan_next(&s) > JSON_END)
        ASSERT(s.begin < s.end && s.end <= s.len && s.depth <= JSON_DEPTH_MAX);
    ASSERT((s.token == JSON_END) == (s.error == JSON_OK) && s.pos <= s.len);
    return s.error;
}

static void check_string(const struct json_scan *s)
{
    struct buf decoded;
    char *into = xmalloc(s->raw.len);
    buf_init(&decoded, s->raw.len + 16);
    ASSERT(json_decode(s->raw, &decoded));
    ASSERT(decoded.len <= s->raw.len && decoded.len == json_decoded_len(s->raw));
    ASSERT(str_eq(buf_str(&decoded), str_make(into, json_decode_into(s->raw, into))));
    ASSERT(json_scan_is(s, buf_str(&decoded)));
    ASSERT(s->escaped == (str_find(s->raw, '\\') >= 0));
    if (s->strict_utf8)
        ASSERT(str_is_utf8(buf_str(&decoded)));
    buf_fini(&decoded);
    xfree(into);
}

static void check_number(struct str raw)
{
    int64_t a, b;
    if (json_int(raw, &a))
        ASSERT(json_whole(raw, &b) ? a == b : a == INT64_MIN);
}

/* Walks the text; every value is also taken whole by a copy of the scanner. */
static void check_spans(struct str text, bool strict)
{
    struct json_scan s;
    enum json_token t;
    size_t before = 0, values = 0;
    json_scan_init(&s, text, strict);
    while ((t = json_scan_next(&s)) > JSON_END) {
        ASSERT(s.begin >= before);
        before = s.end;
        if (t == JSON_KEY || t == JSON_STRING)
            check_string(&s);
        if (t == JSON_NUMBER)
            check_number(s.raw);
        if (t == JSON_KEY || t == JSON_OBJECT_END || t == JSON_ARRAY_END || ++values > 64)
            continue;
        struct json_scan copy = s;
        struct str raw = json_scan_value(&copy, t);
        ASSERT(raw.p == text.p + s.begin && copy.end == s.begin + raw.len);
        ASSERT(copy.begin == s.begin && copy.depth == s.depth - (t < JSON_STRING));
        ASSERT(scan_all(raw, strict) == JSON_OK);
        struct json_scan known;
        json_scan_init_known(&known, raw);
        struct str again = json_scan_value(&known, json_scan_next(&known));
        ASSERT(again.p == raw.p && again.len == raw.len && json_scan_next(&known) == JSON_END);
    }
    ASSERT(t == JSON_END);
}

/* A text that is not what it is said to be: no span beyond it, and an end. */
static void check_known(struct str text)
{
    struct json_scan s;
    json_scan_init_known(&s, text);
    for (enum json_token t; (t = json_scan_next(&s)) > JSON_END;) {
        struct json_scan copy = s;
        struct str raw = json_scan_value(&copy, t);
        ASSERT(!raw.p || (raw.p >= text.p && raw.len <= text.len - (size_t)(raw.p - text.p)));
        ASSERT(copy.pos <= copy.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_make((const char *)data, size);
    enum json_error strict = scan_all(text, true), lax = scan_all(text, false);
    check_known(text);
    if (strict == JSON_OK)
        check_spans(text, true);
    if (lax == JSON_OK)
        check_spans(text, false);
    ASSERT(strict == lax || strict == JSON_BAD_UTF8);
    unsigned line, column;
    json_position(text, size, &line, &column);
    ASSERT(line >= 1 && column >= 1);
    return 0;
}
