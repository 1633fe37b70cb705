/* str: comparing, searching, cutting, numbers, edit distance, UTF-8. */
#include "tests/unit/unit.h"

START_TEST(compares)
{
    ck_assert(str_ieq(STR("Content-Type"), STR("content-tYPE")));
    ck_assert(!str_ieq(STR("a"), STR("ab")));
    ck_assert(!str_ieq(STR("@"), STR("`"))); /* 0x20 apart, but no letters */
    ck_assert(str_starts(STR("abc"), STR("ab")) && str_starts(STR("abc"), STR_NULL));
    ck_assert(!str_starts(STR("ab"), STR("abc")));
    ck_assert(str_ends(STR("abc"), STR("bc")) && str_ends(STR_NULL, STR_NULL));
    ck_assert(!str_ends(STR("bc"), STR("abc")));
    ck_assert(str_eq(STR_NULL, STR("")));
}
END_TEST

START_TEST(finds)
{
    ck_assert_int_eq(str_find(STR("a=b=c"), '='), 1);
    ck_assert_int_eq(str_find(STR_NULL, '='), -1);
    ck_assert_int_eq(str_find_str(STR("aabaab"), STR("ab")), 1);
    ck_assert_int_eq(str_find_str(STR("ab"), STR("abc")), -1);
    ck_assert_int_eq(str_find_str(STR("ab"), STR("")), 0);
}
END_TEST

START_TEST(cuts)
{
    struct str s = STR("a,,b");
    ck_assert_text(str_cut(&s, ','), "a");
    ck_assert_text(str_cut(&s, ','), "");
    ck_assert_ptr_nonnull(s.p);
    ck_assert_text(str_cut(&s, ','), "b");
    ck_assert_ptr_null(s.p);
    ck_assert_text(str_trim(STR(" \t\r\n a b \n")), "a b");
    ck_assert_text(str_trim(STR(" \n ")), "");
}
END_TEST

START_TEST(reads_integers)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"92233720368547758070", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t v = -77;
        ck_assert_int_eq(str_to_i64(str_of(rows[i].text), &v), rows[i].ok);
        ck_assert_int_eq(v, rows[i].ok ? rows[i].value : -77);
    }
}
END_TEST

START_TEST(measures_distance)
{
    static const struct {
        const char *a, *b;
        unsigned limit, want;
    } rows[] = {
        {"kitten", "sitting", 5, 3},
        {"kitten", "sitting", 2, 3},
        {"", "abc", 3, 3},
        {"abc", "", 3, 3},
        {"DOTEB_PORT", "doteb_port", 3, 0},
        {"ab", "ba", 3, 2},
        {"abcdef", "abdef", 1, 1},
        {"a", "bcdefgh", 3, 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str a = str_of(rows[i].a), b = str_of(rows[i].b);
        ck_assert_uint_eq(str_distance(a, b, rows[i].limit), rows[i].want);
        ck_assert_uint_eq(str_distance(b, a, rows[i].limit), rows[i].want);
    }
}
END_TEST

/* The code point that a UTF-8 sequence encodes, by arithmetic alone; -1 if it is none. */
static long reference_point(const unsigned char *p, size_t n)
{
    static const long least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const unsigned char head[] = {0, 0, 0xC0, 0xE0, 0xF0}, mask[] = {0, 0, 0xE0, 0xF0, 0xF8};
    if (n == 1)
        return p[0] < 0x80 ? p[0] : -1;
    if ((p[0] & mask[n]) != head[n])
        return -1;
    long v = p[0] & (unsigned char)~mask[n];
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return -1;
        v = v << 6 | (p[i] & 0x3F);
    }
    return v < least[n] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF) ? -1 : v;
}

/* Every 3-byte run, and 4-byte runs with the borders of each byte. */
START_TEST(judges_utf8)
{
    static const unsigned char edge[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F,
                                         0xA0, 0xBF, 0xC0, 0xC2, 0xFF};
    for (unsigned v = 0; v < 1u << 24; v++) {
        unsigned char p[4] = {(unsigned char)(v >> 16), (unsigned char)(v >> 8), (unsigned char)v};
        size_t want = 0;
        for (size_t n = 1; n <= 3; n++)
            if (reference_point(p, n) >= 0)
                want = n;
        size_t got = str_utf8_len(str_make((char *)p, 3));
        if (got != want)
            ck_abort_msg("%02x %02x %02x: %zu, expected %zu", p[0], p[1], p[2], got, want);
    }
    for (unsigned head = 0xF0; head <= 0xFF; head++)
        for (size_t i = 0; i < ARRAY_LEN(edge) * ARRAY_LEN(edge) * ARRAY_LEN(edge); i++) {
            unsigned char p[4] = {(unsigned char)head, edge[i % 11], edge[i / 11 % 11],
                                  edge[i / 121]};
            size_t want = reference_point(p, 4) >= 0 ? 4 : 0;
            ck_assert_uint_eq(str_utf8_len(str_make((char *)p, 4)), want);
            ck_assert_uint_eq(str_utf8_len(str_make((char *)p, 3)), 0);
        }
    ck_assert(str_is_utf8(STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")));
    ck_assert(!str_is_utf8(STR("a\xC3")));
    ck_assert(str_is_utf8(STR_NULL));
}
END_TEST

UNIT_MAIN("str", compares, finds, cuts, reads_integers, measures_distance, judges_utf8)
