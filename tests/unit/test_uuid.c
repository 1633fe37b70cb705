/* uuid and clock: bits, text, order. */
#include "common/clock.h"
#include "common/uuid.h"
#include "tests/unit/unit.h"

START_TEST(version_7_carries_time)
{
    const int64_t us = INT64_C(1779000000123) * 1000 + 456;
    struct uuid u = uuid_v7(us);
    ck_assert_int_eq(uuid_v7_ms(u), 1779000000123);
    ck_assert_uint_eq(u.b[6] >> 4, 7);
    ck_assert_uint_eq(u.b[8] >> 6, 2);
    ck_assert_uint_eq((u.b[6] & 15u) << 8 | u.b[7], 456 * 4096 / 1000);
    ck_assert_int_eq(uuid_v7_ms(uuid_v7(0)), 0);
    struct uuid before = uuid_v7(us);
    for (int64_t i = 1; i < 3000; i++) { /* microseconds order ids, over milliseconds too */
        struct uuid next = uuid_v7(us + i);
        ck_assert_int_lt(memcmp(before.b, next.b, 8), 0);
        before = next;
    }
}
END_TEST

START_TEST(random_bits_differ)
{
    enum { N = 2000 }; /* several refills of the thread's block */
    static struct uuid seen[N];
    uint8_t ones[16] = {0}, zeros[16] = {0};
    for (size_t i = 0; i < N; i++) {
        seen[i] = i % 2 ? uuid_v4() : uuid_v7(1);
        for (size_t j = 0; j < i; j++)
            if (uuid_eq(seen[i], seen[j]))
                ck_abort_msg("%zu and %zu are equal", i, j);
        for (size_t j = 9; j < 16; j++) {
            ones[j] |= seen[i].b[j];
            zeros[j] |= (uint8_t)~seen[i].b[j];
        }
    }
    for (size_t j = 9; j < 16; j++)
        ck_assert(ones[j] == 0xFF && zeros[j] == 0xFF);
    ck_assert_uint_eq(uuid_v4().b[6] >> 4, 4);
    ck_assert_uint_eq(uuid_v4().b[8] >> 6, 2);
}
END_TEST

START_TEST(text_form)
{
    static const char *const bad[] = {"",
                                      "01234567-89ab-cdef-0123-456789abcde",
                                      "01234567-89ab-cdef-0123-456789abcdef0",
                                      "0123456789ab-cdef-0123-456789abcdef--",
                                      "01234567-89ab-cdef-0123-456789abcdeg",
                                      "01234567089ab-cdef-0123-456789abcde",
                                      "01234567_89ab_cdef_0123_456789abcdef",
                                      "{1234567-89ab-cdef-0123-456789abcde}",
                                      "01234567-89ab-cdef-0123-456789abcd\301f"};
    char text[UUID_TEXT_LEN + 1];
    struct uuid u, kept = {{1}};
    ck_assert(uuid_parse(STR("01234567-89AB-cdef-0123-456789abcDEF"), &u));
    uuid_format(u, text);
    ck_assert_str_eq(text, "01234567-89ab-cdef-0123-456789abcdef");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct uuid v = kept;
        ck_assert_msg(!uuid_parse(str_of(bad[i]), &v), "%s", bad[i]);
        ck_assert(uuid_eq(v, kept));
    }
    for (int i = 0; i < 1000; i++) {
        struct uuid back, v = uuid_v4();
        uuid_format(v, text);
        ck_assert(uuid_parse(str_of(text), &back) && uuid_eq(v, back));
    }
    ck_assert(uuid_is_zero((struct uuid){{0}}) && !uuid_is_zero(kept));
}
END_TEST

START_TEST(clock_text)
{
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1970-01-01T00:00:00.000Z"},
        {INT64_C(951782399999999), "2000-02-28T23:59:59.999Z"},
        {INT64_C(951782400000000), "2000-02-29T00:00:00.000Z"},
        {INT64_C(1795395723456789), "2026-11-23T01:02:03.456Z"},
        {INT64_C(4107542400000000), "2100-03-01T00:00:00.000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
    };
    char text[25];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        clock_format_iso(rows[i].us, text);
        ck_assert_str_eq(text, rows[i].text);
    }
    int64_t a = clock_mono_us(), b = clock_mono_us();
    ck_assert_int_ge(b, a);
    ck_assert_int_gt(clock_wall_us(), INT64_C(1700000000000000));
}
END_TEST

UNIT_MAIN("uuid", version_7_carries_time, random_bits_differ, text_form, clock_text)
