/* The list of common passwords: in order, so that each of its lines is found, and nothing between.
 */
#include <string.h>

#include "control/password.h"
#include "control/password_common.h"
#include "tests/unit/unit.h"

/* The line that begins at *at; moves *at to the next. */
static struct str next_line(const char **at)
{
    const char *end = memchr(*at, '\n', (size_t)(common_passwords + common_passwords_len - *at));
    ck_assert_ptr_nonnull(end);
    struct str line = str_make(*at, (size_t)(end - *at));
    *at = end + 1;
    return line;
}

START_TEST(every_line_is_found)
{
    int lines = 0;
    for (const char *at = common_passwords; at < common_passwords + common_passwords_len; lines++) {
        struct str line = next_line(&at);
        ck_assert_uint_ge(line.len, PASSWORD_MIN);
        ck_assert_msg(common_password(line), "%.*s", (int)line.len, line.p);
    }
    ck_assert_int_eq(lines, 10000);
}
END_TEST

START_TEST(what_stands_beside_a_line_is_not)
{
    for (const char *at = common_passwords; at < common_passwords + common_passwords_len;) {
        struct str line = next_line(&at);
        char text[64];
        memcpy(text, line.p, line.len);
        for (const char *more = "\x01~"; *more; more++) {
            text[line.len] = *more;
            ck_assert(!common_password(str_make(text, line.len + 1)));
        }
    }
}
END_TEST

START_TEST(faults)
{
    static const struct {
        const char *password, *fault; /* NULL: it can be chosen */
    } rows[] = {
        {"", "at least 8"},
        {"1234567", "at least 8"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff", "at least 8"},
        {"password", "most common"},
        {"PassWord", "most common"},
        {"qwertyuiop", "most common"},
        {"\x01\x01\x01\x01\x01\x01\x01\x01", NULL},
        {"~~~~~~~~~~~~", NULL},
        {"correct horse battery staple", NULL},
        {"password password password password password", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *fault = password_fault(str_of(rows[i].password));
        if (rows[i].fault)
            ck_assert_msg(fault && strstr(fault, rows[i].fault), "%s: %s", rows[i].password, fault);
        else
            ck_assert_ptr_null(fault);
    }
}
END_TEST

UNIT_MAIN("control/passwords", every_line_is_found, what_stands_beside_a_line_is_not, faults)
