/* json_scan: what the grammar takes and refuses, spans, decoding, numbers, places of errors. */
#include "gateway/wire/json_scan.h"

#include "common/mem.h"
#include "tests/unit/unit.h"

/* Scans a copy of exactly the text's size, so that a read beyond it is seen. */
static enum json_error scan_all(struct str text, bool strict, size_t *pos)
{
    struct json_scan s;
    char *copy = xmalloc(text.len);
    memcpy(copy, text.p, text.len);
    json_scan_init(&s, str_make(copy, text.len), strict);
    while (json_scan_next(&s) > JSON_END)
        ck_assert_uint_le(s.end, text.len);
    enum json_error e = s.error;
    ck_assert_int_eq(s.token, e == JSON_OK ? JSON_END : JSON_ERROR);
    ck_assert_int_eq(json_scan_next(&s), s.token); /* both repeat */
    *pos = s.pos;
    xfree(copy);
    return e;
}

START_TEST(accepts)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "0",
        "-0",
        "12",
        "1.5",
        "-1.5e+10",
        "1E-2",
        "1e5",
        "0.0",
        "true",
        "false",
        "null",
        "\"\"",
        " \t\r\n[ ] \n",
        "[1,2]",
        "[[],[[]],{}]",
        "{\"a\":1,\"a\":2}",
        "{ \"a\" : [ true , null ] , \"\" : { } }",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uFFff\"",
        "\"\\uD800\"",
        "\"\\uDC00\\uD800\"",
        "\"\\ud83d\\ude00\"",
        "\"\x7f\"",
        "\"/\"",
        "123456789012345678901234567890",
        "1e400",
        "0.00000000000000000000000000001",
        "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"",
        "\"\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\"",
        "\"0123456789abcde\"",
        "\"0123456789abcdef\"",
        "\"0123456789abcdef0\"",
        "\"0123456789abcd\\n0123456789abcdef\"",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        size_t pos;
        ck_assert_msg(scan_all(str_of(texts[i]), true, &pos) == JSON_OK, "refuses %s", texts[i]);
        ck_assert_uint_eq(pos, strlen(texts[i]));
    }
}
END_TEST

static const struct {
    struct str text;
    enum json_error error;
    size_t pos;
} refused[] = {
#define ROW(lit, e, p)                                                                             \
    {                                                                                              \
        {lit, sizeof(lit) - 1}, JSON_##e, p                                                        \
    }
    ROW("", CUT, 0),
    ROW("  ", CUT, 2),
    ROW("{", CUT, 1),
    ROW("[1,", CUT, 3),
    ROW("[1", CUT, 2),
    ROW("{\"a\"", CUT, 4),
    ROW("{\"a\":", CUT, 5),
    ROW("\"abc", CUT, 4),
    ROW("\"abc\\", CUT, 5),
    ROW("\"\\u12", CUT, 5),
    ROW("tru", CUT, 3),
    ROW("-", CUT, 1),
    ROW("1.", CUT, 2),
    ROW("1e", CUT, 2),
    ROW("1e+", CUT, 3),
    ROW("]", SYNTAX, 0),
    ROW("}", SYNTAX, 0),
    ROW("[1,]", SYNTAX, 3),
    ROW("[,1]", SYNTAX, 1),
    ROW("[1 2]", SYNTAX, 3),
    ROW("[1}", SYNTAX, 2),
    ROW("{1:2}", SYNTAX, 1),
    ROW("{\"a\" 1}", SYNTAX, 5),
    ROW("{\"a\":1,}", SYNTAX, 7),
    ROW("{,}", SYNTAX, 1),
    ROW("{\"a\":}", SYNTAX, 5),
    ROW("{\"a\":1]", SYNTAX, 6),
    ROW("{a:1}", SYNTAX, 1),
    ROW("{'a':1}", SYNTAX, 1),
    ROW("{\"a\":1}x", SYNTAX, 7),
    ROW("{}{}", SYNTAX, 2),
    ROW("1 2", SYNTAX, 2),
    ROW("01", SYNTAX, 1),
    ROW("-01", SYNTAX, 2),
    ROW("+1", SYNTAX, 0),
    ROW(".5", SYNTAX, 0),
    ROW("1.e1", SYNTAX, 2),
    ROW("-a", SYNTAX, 1),
    ROW("0x1", SYNTAX, 1),
    ROW("1ee1", SYNTAX, 2),
    ROW("NaN", SYNTAX, 0),
    ROW("Infinity", SYNTAX, 0),
    ROW("nul1", SYNTAX, 3),
    ROW("truE", SYNTAX, 3),
    ROW("True", SYNTAX, 0),
    ROW("undefined", SYNTAX, 0),
    ROW("[1]//", SYNTAX, 3),
    ROW("/**/1", SYNTAX, 0),
    ROW("\"\t\"", SYNTAX, 1),
    ROW("\"a\nb\"", SYNTAX, 2),
    ROW("\"\0\"", SYNTAX, 1),
    ROW("\"0123456789abcdef\x1f\"", SYNTAX, 17),
    ROW("\"\\x\"", SYNTAX, 2),
    ROW("\"\\U0041\"", SYNTAX, 2),
    ROW("\"\\u00g0\"", SYNTAX, 5),
    ROW("\0", SYNTAX, 0),
    ROW("[1]\0", SYNTAX, 3),
    ROW("[1\f]", SYNTAX, 2),
    ROW("[1\xC2\xA0]", SYNTAX, 2),
    ROW("\xEF\xBB\xBF{}", SYNTAX, 0),
    ROW("\"\x80\"", BAD_UTF8, 1),
    ROW("\"\xC0\x80\"", BAD_UTF8, 1),
    ROW("\"\xC1\xBF\"", BAD_UTF8, 1),
    ROW("\"a\xC3\"", BAD_UTF8, 2),
    ROW("\"\xE0\x9F\xBF\"", BAD_UTF8, 1),
    ROW("\"\xED\xA0\x80\"", BAD_UTF8, 1),
    ROW("\"\xE2\x82\"", BAD_UTF8, 1),
    ROW("\"\xE2\x28\xA1  \"", BAD_UTF8, 1),
    ROW("\"\xE2\x82\x28  \"", BAD_UTF8, 1),
    ROW("\"\xF0\x8F\xBF\xBF\"", BAD_UTF8, 1),
    ROW("\"\xF4\x90\x80\x80\"", BAD_UTF8, 1),
    ROW("\"\xF5\x80\x80\x80\"", BAD_UTF8, 1),
    ROW("\"\xF0\x9F\x98\"", BAD_UTF8, 1),
    ROW("\"\xFF\"", BAD_UTF8, 1),
    ROW("{\"\xFE\":1}", BAD_UTF8, 2),
    ROW("\"\xC3\xA9\xE2\x82\xAC\x80\"", BAD_UTF8, 6),
#undef ROW
};

START_TEST(refuses)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        size_t pos;
        enum json_error e = scan_all(refused[i].text, true, &pos);
        ck_assert_msg(e == refused[i].error, "row %zu, " STR_FMT ": error %d", i,
                      STR_ARG(refused[i].text), (int)e);
        ck_assert_msg(pos == refused[i].pos, "row %zu, " STR_FMT ": at %zu", i,
                      STR_ARG(refused[i].text), pos);
        if (e == JSON_BAD_UTF8)
            ck_assert_int_eq(scan_all(refused[i].text, false, &pos), JSON_OK);
    }
}
END_TEST

START_TEST(every_sequence_of_utf8)
{
    for (unsigned a = 0x80; a < 0x100; a++)
        for (unsigned b = 0; b < 0x100; b++)
            for (unsigned n = 2; n <= 4; n++) {
                char text[8] = {'"', (char)a, (char)b, '\xBF', '\xBF'};
                size_t pos;
                struct str inner = str_make(text + 1, n);
                text[n + 1] = '"';
                bool plain = b >= 0x20 && b != '"' && b != '\\';
                enum json_error e = scan_all(str_make(text, n + 2), true, &pos);
                ck_assert_msg((e == JSON_OK) == (plain && str_is_utf8(inner)) || !plain,
                              "%02x %02x of %u: %d", a, b, n, (int)e);
            }
}
END_TEST

/* A stray byte at each place of a long string, whatever the stride of the scanner. */
START_TEST(sees_every_byte_of_a_string)
{
    static const struct {
        char c;
        enum json_error error;
    } rows[] = {
        {'\n', JSON_SYNTAX}, {'\x1f', JSON_SYNTAX}, {'\x80', JSON_BAD_UTF8}, {' ', JSON_OK}};
    for (size_t k = 0; k < ARRAY_LEN(rows); k++)
        for (size_t at = 1; at < 69; at++) {
            char text[70];
            size_t pos;
            memset(text, 'x', sizeof text);
            text[0] = text[69] = '"';
            text[at] = rows[k].c;
            ck_assert_int_eq(scan_all(str_make(text, sizeof text), true, &pos), rows[k].error);
            ck_assert_uint_eq(pos, rows[k].error == JSON_OK ? sizeof text : at);
        }
}
END_TEST

START_TEST(caps_the_depth)
{
    char text[2 * JSON_DEPTH_MAX + 2];
    size_t pos;
    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        enum json_error want = depth > JSON_DEPTH_MAX ? JSON_TOO_DEEP : JSON_OK;
        ck_assert_int_eq(scan_all(str_make(text, 2 * depth), true, &pos), want);
        ck_assert_uint_eq(pos, want ? (size_t)JSON_DEPTH_MAX : 2 * depth);
    }
}
END_TEST

START_TEST(keeps_objects_and_arrays_apart_at_each_depth)
{
    char open[8 * JSON_DEPTH_MAX], close[JSON_DEPTH_MAX];
    size_t n = 0, pos;
    for (size_t d = 0; d < JSON_DEPTH_MAX; d++) {
        bool object = d % 3 == 0;
        memcpy(open + n, object ? "{\"a\":" : "[", object ? 5 : 1);
        n += object ? 5 : 1;
        close[JSON_DEPTH_MAX - 1 - d] = object ? '}' : ']';
    }
    open[n++] = '1';
    memcpy(open + n, close, sizeof close);
    ck_assert_int_eq(scan_all(str_make(open, n + sizeof close), true, &pos), JSON_OK);
    for (size_t i = 0; i < sizeof close; i++) {
        open[n + i] ^= '}' ^ ']';
        ck_assert_int_eq(scan_all(str_make(open, n + sizeof close), true, &pos), JSON_SYNTAX);
        ck_assert_uint_eq(pos, n + i);
        open[n + i] ^= '}' ^ ']';
    }
}
END_TEST

START_TEST(gives_spans)
{
    static const char text[] = " {\"a\\u0062\" : [1.50, \"x\\ny\"] , \"k\":{\"z\":[{}]},\"e\":-0 }";
    struct json_scan s;
    json_scan_init(&s, str_of(text), true);
    ck_assert_int_eq(json_scan_next(&s), JSON_OBJECT_BEGIN);
    ck_assert_int_eq(json_scan_next(&s), JSON_KEY);
    ck_assert_text(s.raw, "a\\u0062");
    ck_assert(json_scan_is(&s, STR("ab")) && !json_scan_is(&s, STR("a")) &&
              !json_scan_is(&s, STR("abc")) && !json_scan_is(&s, STR("a\\u0062")));
    ck_assert_uint_eq(s.begin, 2);
    ck_assert_uint_eq(s.end, 11);
    ck_assert_text(json_scan_value(&s, json_scan_next(&s)), "[1.50, \"x\\ny\"]");
    ck_assert_uint_eq(s.depth, 1);
    ck_assert_int_eq(json_scan_next(&s), JSON_KEY);
    ck_assert(json_scan_is(&s, STR("k")));
    ck_assert_text(json_scan_value(&s, json_scan_next(&s)), "{\"z\":[{}]}");
    ck_assert_int_eq(text[s.begin], '{');
    ck_assert_int_eq(text[s.end - 1], '}');
    ck_assert_int_eq(json_scan_next(&s), JSON_KEY);
    ck_assert_text(json_scan_value(&s, json_scan_next(&s)), "-0");
    ck_assert_int_eq(json_scan_next(&s), JSON_OBJECT_END);
    ck_assert_int_eq(json_scan_next(&s), JSON_END);
}
END_TEST

START_TEST(value_of_what_is_broken_is_null)
{
    struct json_scan s;
    json_scan_init(&s, STR("[[1,2"), true);
    ck_assert_ptr_null(json_scan_value(&s, json_scan_next(&s)).p);
    ck_assert_int_eq(s.error, JSON_CUT);
    ck_assert_ptr_null(json_scan_value(&s, JSON_ERROR).p);
}
END_TEST

START_TEST(decodes)
{
    static const struct {
        struct str raw, want;
    } rows[] = {
#define ROW(a, b)                                                                                  \
    {                                                                                              \
        {a, sizeof(a) - 1},                                                                        \
        {                                                                                          \
            b, sizeof(b) - 1                                                                       \
        }                                                                                          \
    }
        ROW("", ""),
        ROW("plain", "plain"),
        ROW("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"),
        ROW("a\\u0000b", "a\0b"),
        ROW("\\u00e9\\u20AC", "\xC3\xA9\xE2\x82\xAC"),
        ROW("\\ud83d\\ude00!", "\xF0\x9F\x98\x80!"),
        ROW("\\uDBFF\\uDFFF", "\xF4\x8F\xBF\xBF"),
        ROW("\\ud83d", "\xEF\xBF\xBD"),
        ROW("\\ude00x", "\xEF\xBF\xBDx"),
        ROW("\\ud83dx", "\xEF\xBF\xBDx"),
        ROW("\\ud83d\\n", "\xEF\xBF\xBD\n"),
        ROW("\\ud83d\\ud83d\\ude00", "\xEF\xBF\xBD\xF0\x9F\x98\x80"),
        ROW("\\ud83d\\u0041", "\xEF\xBF\xBD"
                              "A"),
        ROW("\xFF\\u0041", "\xFF"
                           "A"),
#undef ROW
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf b;
        char into[64];
        buf_init(&b, 64);
        ck_assert(json_decode(rows[i].raw, &b));
        ck_assert_msg(str_eq(buf_str(&b), rows[i].want), "row %zu", i);
        size_t n = json_decode_into(rows[i].raw, into);
        ck_assert_msg(str_eq(str_make(into, n), rows[i].want), "row %zu", i);
        ck_assert_uint_eq(json_decoded_len(rows[i].raw), rows[i].want.len);
        ck_assert(json_text_is(rows[i].raw, rows[i].want));
        ck_assert(!json_text_is(rows[i].raw, STR("another")));
        buf_fini(&b);
    }
    struct buf small;
    buf_init(&small, 3);
    ck_assert(!json_decode(STR("abcd"), &small)); /* the cap */
    buf_reset(&small);
    ck_assert(!json_decode(STR("\\q"), &small) && !json_decode(STR("\\u12"), &small));
    buf_fini(&small);
}
END_TEST

START_TEST(reads_whole_numbers)
{
    static const struct {
        const char *text;
        bool whole;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"-0.0", true, 0},
        {"12", true, 12},
        {"12.0", true, 12},
        {"1.2e1", true, 12},
        {"1200e-2", true, 12},
        {"1.20E+1", true, 12},
        {"-3e0", true, -3},
        {"0e999999999999", true, 0},
        {"1e18", true, INT64_C(1000000000000000000)},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"1e19", false, 0},
        {"1e999999999999999999999", false, 0},
        {"12.5", false, 0},
        {"1e-1", false, 0},
        {"1e-99999999999999999999", false, 0},
        {"", false, 0},
        {"1.", false, 0},
        {"x", false, 0},
        {"12 ", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t v = 0;
        ck_assert_msg(json_whole(str_of(rows[i].text), &v) == rows[i].whole, "%s", rows[i].text);
        if (rows[i].whole)
            ck_assert_int_eq(v, rows[i].value);
    }
    int64_t v;
    ck_assert(json_int(STR("-7"), &v) && v == -7 && !json_int(STR("7.0"), &v));
}
END_TEST

START_TEST(finds_line_and_column)
{
    unsigned line, column;
    json_position(STR("ab\ncd"), 0, &line, &column);
    ck_assert(line == 1 && column == 1);
    json_position(STR("ab\ncd"), 4, &line, &column);
    ck_assert(line == 2 && column == 2);
    json_position(STR("a\r\nb\xC3\xA9"
                      "c"),
                  6, &line, &column); /* characters, not bytes */
    ck_assert(line == 2 && column == 3);
    json_position(STR("ab"), 99, &line, &column);
    ck_assert(line == 1 && column == 3);
}
END_TEST

START_TEST(takes_ten_megabytes)
{
    size_t len = 10 << 20, pos;
    char *text = xmalloc(len);
    memset(text, 'z', len);
    text[0] = text[len - 1] = '"';
    ck_assert_int_eq(scan_all(str_make(text, len), true, &pos), JSON_OK);
    text[len - 1] = 'z';
    ck_assert_int_eq(scan_all(str_make(text, len), true, &pos), JSON_CUT);
    xfree(text);
}
END_TEST

START_TEST(thousandths_are_rounded_up)
{
    static const struct {
        const char *text;
        int64_t milli; /* -1: none */
    } rows[] = {{"0", 0},         {"1", 1000},
                {"8.47", 8470},   {"8.470000267", 8471},
                {"8.4700", 8470}, {"0.0001", 1},
                {"-1", -1},       {"1e3", -1},
                {"x", -1},        {"9223372036854775807", -1}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t got = -1;
        ck_assert_int_eq(json_milli(str_of(rows[i].text), &got), rows[i].milli >= 0);
        ck_assert_msg(rows[i].milli < 0 || got == rows[i].milli, "%s: %lld", rows[i].text,
                      (long long)got);
    }
}
END_TEST

UNIT_MAIN("json_scan", thousandths_are_rounded_up, accepts, refuses, every_sequence_of_utf8,
          sees_every_byte_of_a_string, caps_the_depth, keeps_objects_and_arrays_apart_at_each_depth,
          gives_spans, value_of_what_is_broken_is_null, decodes, reads_whole_numbers,
          finds_line_and_column, takes_ten_megabytes)
