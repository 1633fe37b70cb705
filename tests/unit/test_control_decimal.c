/* JSON with exact numbers, and prices made of them. */
#include "control/catalogue/decimal_json.h"
#include "control/catalogue/document.h"
#include "tests/unit/unit.h"

START_TEST(numbers_keep_their_text)
{
    char err[256];
    struct str text = STR(
        "{\"a\": 0.1, \"b\": [1e-30, -5, 12345678901234567890123], \"c\": \"0.1 \\\" 2\"}");
    json_t *root = decimal_json_parse(text, err);
    ck_assert_msg(root, "%s", err);
    json_t *b = json_object_get(root, "b");
    ck_assert_text(decimal_json_number(json_object_get(root, "a")), "0.1");
    ck_assert_text(decimal_json_number(json_array_get(b, 0)), "1e-30");
    ck_assert_text(decimal_json_number(json_array_get(b, 1)), "-5");
    ck_assert_text(decimal_json_number(json_array_get(b, 2)), "12345678901234567890123");
    ck_assert_str_eq(json_string_value(json_object_get(root, "c")), "0.1 \" 2");
    ck_assert_ptr_null(decimal_json_number(json_object_get(root, "c")).p);
    ck_assert_ptr_null(decimal_json_number(NULL).p);
    json_decref(root);
}
END_TEST

START_TEST(refuses_what_is_no_json)
{
    static const char *const rows[] = {
        "",      "{",      "[01]",    "[1.]",  "[.5]",  "[1e]",           "[1e+]",
        "[--1]", "[+1]",   "[1 2]",   "[1x]",  "[1-2]", "[1.2.3]",        "[1e5.5]",
        "[-]",   "\"open", "[\"\\\"", "[NaN]", "[1,]",  "[\"\\u001f1\"]", "{\"a\":1,\"a\":2}",
        "1\"\\",
    };
    char err[256];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_t *root = decimal_json_parse(str_of(rows[i]), err);
        ck_assert_msg(!root, "%s", rows[i]);
    }
}
END_TEST

START_TEST(every_cut_is_handled)
{
    char err[256];
    struct str text = STR("{\"a\\\"b\": [1.5e-6, true, null, \"x\\\\\"], \"c\": {\"d\": -0}}");
    for (size_t n = 0; n <= text.len; n++) {
        json_t *root = decimal_json_parse(str_make(text.p, n), err);
        ck_assert((root != NULL) == (n == text.len));
        json_decref(root);
    }
}
END_TEST

START_TEST(integers)
{
    char err[256];
    int64_t n;
    json_t *root = decimal_json_parse(
        STR("[0, 9007199254740992, 9007199254740993, -1, 1.0, \"5\"]"), err);
    static const bool want[] = {true, true, false, false, false, false};
    for (size_t i = 0; i < ARRAY_LEN(want); i++)
        ck_assert_int_eq(decimal_json_integer(json_array_get(root, i), &n), want[i]);
    json_decref(root);
}
END_TEST

START_TEST(prices)
{
    static const struct {
        const char *text;
        int exponent;
        const char *want; /* NULL: refused */
    } rows[] = {
        {"1.75e-6", 0, "0.00000175"},
        {"30.0e-6", 0, "0.00003"},
        {"0", 0, "0"},
        {"0.15", -6, "0.00000015"},
        {"5e-7", -6, "0.0000000000005"},
        {"1E+1", -6, "0.00001"},
        {"-1", 0, NULL},
        {"1e99", 0, NULL},
        {"", 0, NULL},
        {"abc", 0, NULL},
        {"1e", 0, NULL},
        {"9001", 0, NULL},
        {"0.0000000000000001", 0, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_t *v = price_json(str_of(rows[i].text), rows[i].exponent);
        const char *got = v ? json_string_value(v) : NULL;
        bool same = got && rows[i].want ? strcmp(got, rows[i].want) == 0 : got == rows[i].want;
        ck_assert_msg(same, "%s: %s", rows[i].text, got ? got : "(refused)");
        json_decref(v);
    }
}
END_TEST

START_TEST(slugs)
{
    ck_assert(slug_is_provider(STR("open-ai")) && slug_is_provider(STR("302ai")));
    ck_assert(!slug_is_provider(STR("")) && !slug_is_provider(STR("-a")) &&
              !slug_is_provider(STR("a.b")) && !slug_is_provider(STR("A")) &&
              !slug_is_provider(str_make("a\0b", 3)));
    ck_assert(slug_is_model(STR("gpt-4.1_x")) && !slug_is_model(STR("a/b")) &&
              !slug_is_model(STR("a:b")) && !slug_is_model(STR("a b")));
}
END_TEST

UNIT_MAIN("control_decimal", numbers_keep_their_text, refuses_what_is_no_json, every_cut_is_handled,
          integers, prices, slugs)
