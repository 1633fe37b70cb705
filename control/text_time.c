/* Parses RFC 3339. Length-bounded, no locale, no libc calendar. */
#include "control/text_time.h"

struct cursor {
    const char *p, *end;
    bool bad;
};

static int64_t digits(struct cursor *c, int n)
{
    int64_t v = 0;
    for (int i = 0; i < n; i++) {
        if (c->p == c->end || *c->p < '0' || *c->p > '9') {
            c->bad = true;
            return 0;
        }
        v = v * 10 + (*c->p++ - '0');
    }
    return v;
}

/* One of `either`, which is consumed. */
static char one_of(struct cursor *c, const char *either)
{
    if (c->p == c->end || *c->p == '\0' || !strchr(either, *c->p)) {
        c->bad = true;
        return '\0';
    }
    return *c->p++;
}

static int64_t fraction_us(struct cursor *c)
{
    int64_t us = 0, unit = 100000;
    if (c->p == c->end || *c->p != '.')
        return 0;
    c->p++;
    us = digits(c, 1) * unit;
    while (!c->bad && c->p < c->end && *c->p >= '0' && *c->p <= '9')
        us += (*c->p++ - '0') * (unit /= 10);
    return us;
}

static int64_t offset_minutes(struct cursor *c)
{
    char sign = one_of(c, "Zz+-");
    if (sign == 'Z' || sign == 'z' || c->bad)
        return 0;
    int64_t hours = digits(c, 2);
    (void)one_of(c, ":");
    int64_t minutes = digits(c, 2);
    c->bad = c->bad || hours > 23 || minutes > 59;
    return (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
}

static int64_t month_days(int64_t year, int64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    int64_t before = year - 1;
    int64_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;
    for (int64_t m = 1; m < month; m++)
        days += month_days(year, m);
    return days + day - 1;
}

bool text_time_parse(struct str s, int64_t *wall_us)
{
    struct cursor c = {.p = s.p, .end = s.p + s.len};
    if (s.len > 40)
        return false;
    int64_t year = digits(&c, 4);
    (void)one_of(&c, "-");
    int64_t month = digits(&c, 2);
    (void)one_of(&c, "-");
    int64_t day = digits(&c, 2);
    (void)one_of(&c, "Tt ");
    int64_t hour = digits(&c, 2);
    (void)one_of(&c, ":");
    int64_t minute = digits(&c, 2);
    (void)one_of(&c, ":");
    int64_t second = digits(&c, 2);
    int64_t us = fraction_us(&c);
    int64_t offset = offset_minutes(&c);
    if (c.bad || c.p != c.end || year < 1970 || month < 1 || month > 12 || day < 1 ||
        day > month_days(year, month) || hour > 23 || minute > 59 || second > 60)
        return false;
    second -= second == 60;
    int64_t seconds = days_since_1970(year, month, day) * 86400 + hour * 3600 +
                      (minute - offset) * 60 + second;
    *wall_us = seconds * 1000000 + us;
    return *wall_us >= 0;
}
