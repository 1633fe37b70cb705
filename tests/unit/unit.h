/* What every unit test shares: a main that runs its tests under Check, and a few assertions on the
 * types of common. Included by one file an executable.
 *
 *   START_TEST(cuts_at_the_separator) { ... } END_TEST
 *   UNIT_MAIN("str", cuts_at_the_separator, ...)
 */
#ifndef DOTEB_TESTS_UNIT_H
#define DOTEB_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

#include "common/defs.h"
#include "common/str.h"

static inline int unit_run(const char *name, const TTest *const *tests, size_t n)
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, 60);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define UNIT_MAIN(name, ...)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return unit_run((name), tests, ARRAY_LEN(tests));                                          \
    }

/* `got` (struct str) equals the NUL-terminated `want`. */
#define ck_assert_text(got, want)                                                                  \
    do {                                                                                           \
        struct str ck_got = (got);                                                                 \
        ck_assert_msg(str_eq(ck_got, str_of(want)), "got \"" STR_FMT "\", expected \"%s\"",        \
                      STR_ARG(ck_got), (want));                                                    \
    } while (0)

#endif
