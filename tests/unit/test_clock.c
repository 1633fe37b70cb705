/* clock: the calendar, day by day beside the C library's. */
#include "common/clock.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <time.h>

#define US_PER_DAY INT64_C(86400000000)

/* Every day from 1970 to 2169 and then some of every month to 9999, at changing times of day. */
START_TEST(calendar_is_the_librarys)
{
    const int64_t days = INT64_C(2932897); /* 1970-01-01 to 9999-12-31 */
    for (int64_t day = 0; day < days; day += day < 73000 ? 1 : 17) {
        int64_t us = day * US_PER_DAY + day * INT64_C(7919000007) % US_PER_DAY;
        time_t s = (time_t)(us / 1000000);
        struct tm tm;
        char got[25], want[64];
        gmtime_r(&s, &tm);
        size_t n = strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S", &tm);
        (void)snprintf(want + n, sizeof want - n, ".%03dZ", (int)(us / 1000 % 1000));
        clock_format_iso(us, got);
        ck_assert_str_eq(got, want);
        ck_assert_int_eq(clock_day_of_month(us), tm.tm_mday);
    }
}
END_TEST

START_TEST(times_outside_are_cut)
{
    char text[25];
    clock_format_iso(-1, text);
    ck_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
    clock_format_iso(INT64_MAX, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
}
END_TEST

UNIT_MAIN("clock", calendar_is_the_librarys, times_outside_are_cut)
