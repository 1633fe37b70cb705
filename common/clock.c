/* Reading the clocks and writing a wall time as text. Any thread. Never looks at time zones: all
 * text is UTC.
 */
#include "common/clock.h"

#include <time.h>

/* The last microsecond of the year 9999: later times would not fit the text form. */
#define LAST_US    INT64_C(253402300799999999)
#define US_PER_DAY INT64_C(86400000000)

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

struct date {
    int year, month, day; /* month and day from 1 */
};

/* The Gregorian calendar by arithmetic: gmtime_r takes a lock that all threads share. Years begin
 * in March here, so that a leap day is a year's last; an era is 400 years. */
static struct date date_of(int64_t days_since_1970)
{
    int64_t days = days_since_1970 + 719468; /* since 0000-03-01 */
    int64_t era = days / 146097;
    int64_t day = days % 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    return (struct date){
        .year = (int)(year + era * 400 + (month >= 10)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
    };
}

int clock_day_of_month(int64_t wall_us)
{
    return date_of(wall_us / US_PER_DAY).day;
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
    struct date d = date_of(wall_us / US_PER_DAY);
    int s = (int)(wall_us % US_PER_DAY / 1000000);
    char *p = put_digits(out, d.year, 4, '-');
    p = put_digits(p, d.month, 2, '-');
    p = put_digits(p, d.day, 2, 'T');
    p = put_digits(p, s / 3600, 2, ':');
    p = put_digits(p, s / 60 % 60, 2, ':');
    p = put_digits(p, s % 60, 2, '.');
    p = put_digits(p, (int)(wall_us / 1000 % 1000), 3, 'Z');
    *p = '\0';
}
