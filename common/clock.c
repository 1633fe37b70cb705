/* Reading the clocks and writing a wall time as text. Any thread. Never looks at time zones: all
 * text is UTC.
 */
#include "common/clock.h"

#include <time.h>

/* The last microsecond of the year 9999: later times would not fit the text form. */
#define LAST_US INT64_C(253402300799999999)

static int64_t now_us(clockid_t clock)
{
    struct timespec ts;
    ASSERT(clock_gettime(clock, &ts) == 0);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
    return now_us(CLOCK_REALTIME);
}

static char *put_digits(char *p, int value, int digits, char after)
{
    for (int i = digits - 1; i >= 0; i--) {
        p[i] = (char)('0' + value % 10);
        value /= 10;
    }
    p[digits] = after;
    return p + digits + 1;
}

void clock_format_iso(int64_t wall_us, char out[25])
{
    if (wall_us < 0)
        wall_us = 0;
    if (wall_us > LAST_US)
        wall_us = LAST_US;
    time_t s = (time_t)(wall_us / 1000000);
    struct tm tm;
    ASSERT(gmtime_r(&s, &tm) != NULL);
    char *p = put_digits(out, tm.tm_year + 1900, 4, '-');
    p = put_digits(p, tm.tm_mon + 1, 2, '-');
    p = put_digits(p, tm.tm_mday, 2, 'T');
    p = put_digits(p, tm.tm_hour, 2, ':');
    p = put_digits(p, tm.tm_min, 2, ':');
    p = put_digits(p, tm.tm_sec, 2, '.');
    p = put_digits(p, (int)(wall_us / 1000 % 1000), 3, 'Z');
    *p = '\0';
}
