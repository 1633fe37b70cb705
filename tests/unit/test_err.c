/* err: properties that every row of the table must have. */
#include "common/err.h"
#include "tests/unit/unit.h"

START_TEST(rows_make_sense)
{
    for (int i = 1; i < E_COUNT; i++) {
        enum err e = (enum err)i;
        int status = err_status(e);
        ck_assert_msg(status >= 400 && status <= 599, "%s: status %d", err_name(e), status);
        ck_assert_msg(*err_type(e) && *err_code(e), "%s: empty word", err_name(e));
        struct str text = str_of(err_text(e));
        ck_assert_msg(str_ends(text, STR(".")), "%s: no sentence", err_name(e));
        for (const char *p = err_code(e); *p; p++)
            ck_assert_msg((*p >= 'a' && *p <= 'z') || *p == '_', "%s: code", err_name(e));
        /* 4xx for what a repetition cannot mend; a client that should come back gets a 5xx, 408 or
         * 429 */
        if (err_retry(e) == RETRY_CLIENT)
            ck_assert_msg(status >= 500 || status == 408 || status == 429, "%s", err_name(e));
    }
}
END_TEST

START_TEST(codes_are_unique)
{
    for (int i = 1; i < E_COUNT; i++)
        for (int j = 1; j < i; j++)
            ck_assert_str_ne(err_code((enum err)i), err_code((enum err)j));
}
END_TEST

START_TEST(known_rows)
{
    ck_assert_int_eq(err_status(E_OK), 200);
    ck_assert_int_eq(E_OK, 0);
    ck_assert_int_eq(err_status(E_BAD_KEY), 401);
    ck_assert_str_eq(err_code(E_BAD_KEY), "invalid_api_key");
    ck_assert_str_eq(err_type(E_BAD_KEY), "invalid_request_error");
    ck_assert_str_eq(err_name(E_BAD_KEY), "BAD_KEY");
    ck_assert_int_eq(err_retry(E_UPSTREAM_TIMEOUT), RETRY_GATEWAY);
}
END_TEST

UNIT_MAIN("err", rows_make_sense, codes_are_unique, known_rows)
