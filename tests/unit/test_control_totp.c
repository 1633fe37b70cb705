/* Codes of RFC 6238's appendix B (the last six of its eight digits), Base32 of RFC 4648. */
#include "control/totp.h"
#include "tests/unit/unit.h"

#define SECRET STR("12345678901234567890")

START_TEST(codes_of_the_rfc)
{
    static const struct {
        int64_t time;
        const char *code;
    } rows[] = {
        {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
        {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char code[TOTP_DIGITS + 1];
        totp_code(SECRET, rows[i].time / TOTP_STEP_S, code);
        ck_assert_str_eq(code, rows[i].code);
        ck_assert_int_eq(totp_find(SECRET, str_of(code), rows[i].time * 1000000),
                         rows[i].time / TOTP_STEP_S);
    }
}
END_TEST

START_TEST(a_code_lives_three_steps)
{
    int64_t at = INT64_C(1234567890) * 1000000, step = INT64_C(30) * 1000000;
    ck_assert_int_eq(totp_find(SECRET, STR("005924"), at - 2 * step), -1);
    ck_assert_int_eq(totp_find(SECRET, STR("005924"), at - step), 41152263);
    ck_assert_int_eq(totp_find(SECRET, STR("005924"), at + step), 41152263);
    ck_assert_int_eq(totp_find(SECRET, STR("005924"), at + 2 * step), -1);
    ck_assert_int_eq(totp_find(SECRET, STR("00592"), at), -1);
    ck_assert_int_eq(totp_find(SECRET, STR("0059240"), at), -1);
    ck_assert_int_eq(totp_find(SECRET, STR(""), at), -1);
}
END_TEST

START_TEST(base32)
{
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "MY"},
                                          {"fo", "MZXQ"},
                                          {"foo", "MZXW6"},
                                          {"foob", "MZXW6YQ"},
                                          {"fooba", "MZXW6YTB"},
                                          {"foobar", "MZXW6YTBOI"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out;
        buf_init(&out, 64);
        totp_base32(str_of(rows[i][0]), &out);
        ck_assert_text(buf_str(&out), rows[i][1]);
        buf_fini(&out);
    }
}
END_TEST

START_TEST(an_account_is_escaped_in_the_uri)
{
    struct buf out;
    buf_init(&out, 512);
    totp_uri(STR("foobar"), STR("a+b&c@d.\xc3\xa9"), &out);
    ck_assert_text(buf_str(&out), "otpauth://totp/doteb:a%2Bb%26c@d.%C3%A9?secret=MZXW6YTBOI"
                                  "&issuer=doteb&algorithm=SHA1&digits=6&period=30");
    buf_fini(&out);
}
END_TEST

UNIT_MAIN("totp", codes_of_the_rfc, a_code_lives_three_steps, base32,
          an_account_is_escaped_in_the_uri)
