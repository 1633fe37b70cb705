/* buf: growth, the cap, and JSON strings for every pair of bytes. */
#include "common/buf.h"
#include "tests/unit/unit.h"

START_TEST(grows_and_drops)
{
    struct buf b;
    buf_init(&b, 10000);
    for (int i = 0; i < 1000; i++)
        ck_assert(buf_printf(&b, "%03d ", i));
    ck_assert_uint_eq(b.len, 4000);
    buf_drop(&b, 3996);
    ck_assert_text(buf_str(&b), "999 ");
    buf_reset(&b);
    ck_assert(buf_add_i64(&b, INT64_MIN) && buf_add_char(&b, '/') && buf_add_i64(&b, 0));
    ck_assert_text(buf_str(&b), "-9223372036854775808/0");
    char *at = buf_room(&b, 3);
    ck_assert_ptr_nonnull(at);
    memcpy(at, "abc", 3);
    buf_grew(&b, 2);
    ck_assert(str_ends(buf_str(&b), STR("/0ab")));
    buf_fini(&b);
    ck_assert(buf_add_lit(&b, "again"));
    buf_fini(&b);
}
END_TEST

START_TEST(stops_at_the_cap)
{
    struct buf b;
    buf_init(&b, 8);
    ck_assert(buf_add_lit(&b, "12345"));
    ck_assert(!buf_add_lit(&b, "6789"));
    ck_assert_text(buf_str(&b), "12345");
    ck_assert_msg(!buf_add_lit(&b, "6"), "a failure sticks");
    buf_reset(&b);
    ck_assert(buf_printf(&b, "%s", "12345678")); /* exactly the cap */
    ck_assert_text(buf_str(&b), "12345678");
    ck_assert(!b.failed && !buf_add_char(&b, '9') && b.failed);
    ck_assert_ptr_null(buf_room(&b, 0));
    buf_fini(&b);
    ck_assert_msg(buf_printf(&b, "%s", "") && buf_room(&b, 0), "nothing fits an empty buffer");
    ck_assert_text(buf_str(&b), "");
    buf_fini(&b);
    buf_init(&b, 0);
    ck_assert(buf_add(&b, NULL, 0) && !buf_add_char(&b, 'x'));
    ck_assert_text(buf_str(&b), "");
    buf_fini(&b);
}
END_TEST

static const struct {
    const char *raw;
    size_t len;
    const char *json;
} strings[] = {
    {"", 0, "\"\""},
    {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
    {"\n\r\t\b\0\x1F\x7F", 7, "\"\\n\\r\\t\\u0008\\u0000\\u001f\x7F\""},
    {"/\xC3\xA9\xF0\x9F\x98\x80", 7, "\"/\xC3\xA9\xF0\x9F\x98\x80\""},
    /* one bad byte does not harm its neighbours */
    {"\xC3\xA9\xFF\xC3\xA9", 5, "\"\xC3\xA9\xEF\xBF\xBD\xC3\xA9\""},
    {"\xE2\x82", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
};

START_TEST(writes_json_strings)
{
    struct buf b;
    buf_init(&b, 256);
    for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
        buf_reset(&b);
        ck_assert(buf_add_json(&b, str_make(strings[i].raw, strings[i].len)));
        ck_assert_text(buf_str(&b), strings[i].json);
    }
    buf_fini(&b);
}
END_TEST

/* The character behind the backslash at `p`, and the length of the escape; -1 if it is none. */
static int read_escape(const char *p, size_t *len)
{
    static const char from[] = "\"\\nrt", to[] = "\"\\\n\r\t";
    const char *at = p[1] ? strchr(from, p[1]) : NULL;
    *len = 2;
    if (at)
        return to[at - from];
    if (p[1] != 'u')
        return -1;
    char hex[5] = {p[2], p[3], p[4], p[5], 0}, *end;
    long v = strtol(hex, &end, 16);
    *len = 6;
    return end == hex + 4 && v < 256 ? (int)v : -1;
}

/* Reads a JSON string back to bytes by the grammar of RFC 8259. False: it is none. */
static bool unescape(struct str json, struct buf *out)
{
    if (json.len < 2 || json.p[0] != '"' || json.p[json.len - 1] != '"' || !str_is_utf8(json))
        return false;
    for (size_t i = 1, len = 1; i < json.len - 1; i += len) {
        int c = (unsigned char)json.p[i];
        if (c == '"' || c < 0x20)
            return false;
        len = 1;
        if (c == '\\')
            c = read_escape(json.p + i, &len);
        if (c < 0)
            return false;
        buf_add_char(out, (char)c);
    }
    return true;
}

/* What the bytes should read back as: bytes of no valid sequence replaced. */
static void sanitise(struct str s, struct buf *out)
{
    while (s.len) {
        size_t n = str_utf8_len(s);
        if (n)
            buf_add(out, s.p, n);
        else
            buf_add_lit(out, "\xEF\xBF\xBD");
        n = n ? n : 1;
        s = str_make(s.p + n, s.len - n);
    }
}

START_TEST(json_of_every_pair_reads_back)
{
    struct buf json, back, want;
    buf_init(&json, 256);
    buf_init(&back, 256);
    buf_init(&want, 256);
    for (unsigned v = 0; v < 65536; v++) {
        char pair[4] = {'<', (char)(v >> 8), (char)v, '>'};
        buf_reset(&json);
        buf_reset(&back);
        buf_reset(&want);
        sanitise(str_make(pair, 4), &want);
        if (!buf_add_json(&json, str_make(pair, 4)) || !unescape(buf_str(&json), &back) ||
            !str_eq(buf_str(&back), buf_str(&want)))
            ck_abort_msg("bytes %02x %02x: " STR_FMT, v >> 8, v & 0xFF, STR_ARG(buf_str(&json)));
    }
    buf_fini(&json);
    buf_fini(&back);
    buf_fini(&want);
}
END_TEST

/* Eight plain bytes are passed over at once: every byte at every place of a longer text. */
START_TEST(json_of_every_byte_anywhere_reads_back)
{
    struct buf json, back;
    buf_init(&json, 256);
    buf_init(&back, 256);
    for (int c = 0; c < 0x80; c++) {
        for (size_t len = 1; len < 27; len++) {
            for (size_t at = 0; at < len; at++) {
                char text[32];
                memset(text, 'x', sizeof text);
                text[at] = (char)c;
                buf_reset(&json);
                buf_reset(&back);
                bool ok = buf_add_json(&json, str_make(text, len)) &&
                          unescape(buf_str(&json), &back) &&
                          str_eq(buf_str(&back), str_make(text, len));
                if (!ok)
                    ck_abort_msg("byte %02x at %zu: " STR_FMT, c, at, STR_ARG(buf_str(&json)));
            }
        }
    }
    buf_fini(&json);
    buf_fini(&back);
}
END_TEST

START_TEST(prints_short_and_long)
{
    struct buf b;
    buf_init(&b, 600);
    for (int len = 0; len < 600; len++) { /* below, at and above what is printed without a detour */
        buf_reset(&b);
        ck_assert(buf_printf(&b, "%*s", len, ""));
        ck_assert_uint_eq(b.len, (size_t)len);
    }
    buf_reset(&b);
    ck_assert(!buf_printf(&b, "%601s", ""));
    buf_fini(&b);
}
END_TEST

UNIT_MAIN("buf", grows_and_drops, stops_at_the_cap, writes_json_strings,
          json_of_every_pair_reads_back, json_of_every_byte_anywhere_reads_back,
          prints_short_and_long)
