/* Decimal money: reading, writing, multiplying. Pure; any thread. Never a floating-point number.
 */
#include "common/money.h"

enum {
    MILLI = 1000,
    PICO_DIGITS = 12,
    FEMTO_DIGITS = 15,
    TEXT_MAX = 64, /* longer texts are no prices; bounds the exponent's arithmetic too */
    MANTISSA_DIGITS = 19,
};

/* (-1)^negative * mantissa * 10^exponent */
struct decimal {
    bool negative;
    uint64_t mantissa;
    int exponent;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes digits off the front of `*s`, gathered without leading zeros in `digits`. `*seen` counts
 * all of them. */
static void take_digits(struct str *s, char digits[TEXT_MAX], size_t *n, size_t *seen)
{
    while (s->len && is_digit(s->p[0])) {
        if (*n || s->p[0] != '0')
            digits[(*n)++] = s->p[0];
        (*seen)++;
        s->p++;
        s->len--;
    }
}

/* "e-6" at the front of `s`, to its end. */
static bool take_exponent(struct str s, int *exponent)
{
    *exponent = 0;
    if (s.len == 0)
        return true;
    if ((s.p[0] | 0x20) != 'e')
        return false;
    size_t i = 1;
    bool negative = i < s.len && s.p[i] == '-';
    if (i < s.len && (s.p[i] == '-' || s.p[i] == '+'))
        i++;
    if (i == s.len || s.len - i > 4)
        return false;
    for (; i < s.len; i++) {
        if (!is_digit(s.p[i]))
            return false;
        *exponent = *exponent * 10 + (s.p[i] - '0');
    }
    if (negative)
        *exponent = -*exponent;
    return true;
}

/* -?digits(.digits)?(e[+-]?digits)?  False also for more than 19 significant digits. */
static bool decimal_parse(struct str s, struct decimal *d)
{
    char digits[TEXT_MAX];
    size_t n = 0, whole = 0, fraction = 0;
    *d = (struct decimal){.negative = s.len && s.p[0] == '-'};
    if (s.len > TEXT_MAX)
        return false;
    if (d->negative)
        s = str_make(s.p + 1, s.len - 1);
    take_digits(&s, digits, &n, &whole);
    if (whole && s.len && s.p[0] == '.') {
        s = str_make(s.p + 1, s.len - 1);
        take_digits(&s, digits, &n, &fraction);
        if (fraction == 0)
            return false;
    }
    if (whole == 0 || !take_exponent(s, &d->exponent))
        return false;
    d->exponent -= (int)fraction;
    while (n && digits[n - 1] == '0') {
        n--;
        d->exponent++;
    }
    if (n > MANTISSA_DIGITS)
        return false;
    for (size_t i = 0; i < n; i++)
        d->mantissa = d->mantissa * 10 + (uint64_t)(digits[i] - '0');
    return true;
}

/* In units of 10^-scale; false if it is not a whole number of them or over INT64_MAX. */
static bool decimal_to_i64(const struct decimal *d, int scale, int64_t *out)
{
    uint64_t v = d->mantissa;
    int shift = d->exponent + scale;
    if (v && shift < 0)
        return false; /* the mantissa ends in a digit that is not zero */
    for (; v && shift > 0; shift--)
        if (__builtin_mul_overflow(v, UINT64_C(10), &v))
            return false;
    if (v > INT64_MAX)
        return false;
    *out = d->negative ? -(int64_t)v : (int64_t)v;
    return true;
}

bool price_parse(struct str s, struct price *out)
{
    struct decimal d;
    int64_t femto;
    if (!decimal_parse(s, &d) || !decimal_to_i64(&d, FEMTO_DIGITS, &femto))
        return false;
    if (femto < 0 || femto > PRICE_MAX_FEMTO)
        return false;
    out->femto = femto;
    return true;
}

bool money_parse(struct str s, int64_t *pico)
{
    struct decimal d;
    return decimal_parse(s, &d) && decimal_to_i64(&d, PICO_DIGITS, pico);
}

/* Writes value * 10^-scale. */
static void format(uint64_t value, int scale, bool negative, struct buf *out)
{
    char text[32];
    size_t at = sizeof text;
    while (scale && value % 10 == 0) {
        value /= 10;
        scale--;
    }
    bool point = scale > 0;
    while (value || scale >= 0) {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
        if (--scale == 0 && point)
            text[--at] = '.';
    }
    if (negative)
        text[--at] = '-';
    buf_add(out, text + at, sizeof text - at);
}

void price_format(struct price p, struct buf *out)
{
    ASSERT(p.femto >= 0);
    format((uint64_t)p.femto, FEMTO_DIGITS, false, out);
}

void money_format(int64_t pico, struct buf *out)
{
    uint64_t v = pico < 0 ? 0 - (uint64_t)pico : (uint64_t)pico;
    format(v, PICO_DIGITS, pico < 0, out);
}

int64_t money_line_pico(int64_t quantity, struct price p, int64_t multiplier_milli)
{
    return money_share_pico(quantity, 1, p, multiplier_milli);
}

int64_t money_share_pico(int64_t quantity, int64_t per, struct price p, int64_t multiplier_milli)
{
    const __int128 divisor = (__int128)(FEMTO_PER_USD / PICO_PER_USD * MILLI) * per;
    ASSERT(p.femto >= 0 && multiplier_milli >= 0 && per > 0);
    if (quantity <= 0)
        return 0;
    __int128 v = (__int128)quantity * p.femto; /* < 2^126 */
    if (__builtin_mul_overflow(v, multiplier_milli, &v) ||
        __builtin_add_overflow(v, divisor / 2, &v))
        return INT64_MAX;
    v /= divisor;
    return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

int64_t money_add(int64_t a_pico, int64_t b_pico)
{
    int64_t sum;
    if (__builtin_add_overflow(a_pico, b_pico, &sum))
        return a_pico < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}
