/* money: reading, writing and multiplying, against exact arithmetic in __int128. */
#include "common/money.h"
#include "tests/unit/unit.h"

START_TEST(reads_prices)
{
    static const struct {
        const char *text;
        int64_t femto; /* -1: refused */
    } rows[] = {
        {"0", 0},
        {"0.000", 0},
        {"0e99", 0},
        {"-0", 0},
        {"1.75e-6", 1750000000},
        {"30.0e-6", 30000000000},
        {"0.0378e-6", 37800000},
        {"0.003", INT64_C(3000000000000)},
        {"1E-15", 1},
        {"1e-16", -1},
        {"0.0000000000000010", 1},
        {"0.0000000000000015", -1},
        {"10e-16", 1},
        {"18446744073709551617e-15", -1}, /* 2^64 + 1 */
        {"9000", 9000 * FEMTO_PER_USD},
        {"9e+3", 9000 * FEMTO_PER_USD},
        {"9000.000000000000001", -1},
        {"9001", -1},
        {"1e9999", -1},
        {"1e-9999", -1},
        {"1e99999", -1},
        {"-1e-6", -1},
        {"", -1},
        {"-", -1},
        {".5", -1},
        {"5.", -1},
        {"1e", -1},
        {"1e+", -1},
        {"1e-6 ", -1},
        {" 1", -1},
        {"+1", -1},
        {"1,5", -1},
        {"0x1", -1},
        {"nan", -1},
        {"inf", -1},
        {"1e-6e-6", -1},
        {"1..2", -1},
        {"12345678901234567890123456789012345678901234567890123456789012345", -1}, /* 65 bytes */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct price p = {-1};
        bool ok = price_parse(str_of(rows[i].text), &p);
        ck_assert_msg(ok == (rows[i].femto >= 0) && p.femto == rows[i].femto, "%s: %d %lld",
                      rows[i].text, ok, (long long)p.femto);
    }
}
END_TEST

START_TEST(reads_amounts)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t pico;
    } rows[] = {
        {"0", true, 0},
        {"-1.5", true, -1500000000000},
        {"0.0000425", true, 42500000},
        {"12.340000000000", true, 12340000000000},
        {"12.340000000000000000000", true, 12340000000000}, /* as PostgreSQL prints numeric */
        {"0.000000000001", true, 1},
        {"0.0000000000001", false, 0},
        {"9223372.036854775807", true, INT64_MAX},
        {"9223372.036854775808", false, 0},
        {"-9223372.036854775807", true, -INT64_MAX},
        {"1e7", false, 0},
        {"USD 1", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t v = 0;
        ck_assert_msg(money_parse(str_of(rows[i].text), &v) == rows[i].ok && v == rows[i].pico,
                      "%s: %lld", rows[i].text, (long long)v);
    }
}
END_TEST

static const char *shown(struct buf *b, int64_t pico)
{
    buf_reset(b);
    money_format(pico, b);
    ck_assert(buf_add_char(b, '\0'));
    return b->p;
}

START_TEST(writes_shortest)
{
    struct buf b;
    buf_init(&b, 64);
    ck_assert_str_eq(shown(&b, 0), "0");
    ck_assert_str_eq(shown(&b, 42500000), "0.0000425");
    ck_assert_str_eq(shown(&b, -1500000000000), "-1.5");
    ck_assert_str_eq(shown(&b, 100 * PICO_PER_USD), "100");
    ck_assert_str_eq(shown(&b, 1), "0.000000000001");
    ck_assert_str_eq(shown(&b, INT64_MAX), "9223372.036854775807");
    ck_assert_str_eq(shown(&b, INT64_MIN), "-9223372.036854775808");
    buf_reset(&b);
    price_format((struct price){1750000000}, &b);
    ck_assert_text(buf_str(&b), "0.00000175");
    buf_reset(&b);
    price_format((struct price){INT64_MAX}, &b);
    ck_assert_text(buf_str(&b), "9223.372036854775807");
    buf_fini(&b);
}
END_TEST

/* A fixed sequence (xorshift), so that a failure can be repeated. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Numbers of all sizes below INT64_MAX. */
static int64_t any(uint64_t *state)
{
    uint64_t bits = next(state) % 63 + 1;
    return (int64_t)(next(state) >> (64 - bits));
}

START_TEST(reads_back_what_it_writes)
{
    uint64_t state = 42;
    struct buf b;
    buf_init(&b, 64);
    for (int i = 0; i < 200000; i++) {
        int64_t v = any(&state), back = -1;
        struct price p = {v % (PRICE_MAX_FEMTO + 1)}, q = {-1};
        v = i % 2 ? v : -v;
        buf_reset(&b);
        money_format(v, &b);
        if (!money_parse(buf_str(&b), &back) || back != v)
            ck_abort_msg("%lld: " STR_FMT, (long long)v, STR_ARG(buf_str(&b)));
        buf_reset(&b);
        price_format(p, &b);
        if (!price_parse(buf_str(&b), &q) || q.femto != p.femto)
            ck_abort_msg("%lld: " STR_FMT, (long long)p.femto, STR_ARG(buf_str(&b)));
    }
    buf_fini(&b);
}
END_TEST

/* floor(a * b * c / 10^6 + 1/2) by long multiplication in 32-bit limbs, saturating. */
static int64_t reference_line(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t limb[8] = {(uint32_t)a, a >> 32};
    const uint64_t factors[2] = {b, c};
    for (int f = 0; f < 2; f++) {
        uint64_t product[8] = {0};
        const uint64_t half[2] = {(uint32_t)factors[f], factors[f] >> 32};
        for (int h = 0; h < 2; h++) {
            unsigned __int128 carry = 0;
            for (int i = 0; i + h < 8; i++) {
                carry += (unsigned __int128)limb[i] * half[h] + product[i + h];
                product[i + h] = (uint32_t)carry;
                carry >>= 32;
            }
        }
        memcpy(limb, product, sizeof limb);
    }
    uint64_t carry = 500000;
    for (int i = 0; i < 8; i++) {
        limb[i] += carry;
        carry = limb[i] >> 32;
        limb[i] = (uint32_t)limb[i];
    }
    uint64_t rest = 0;
    for (int i = 7; i >= 0; i--) {
        uint64_t v = rest << 32 | limb[i];
        limb[i] = v / 1000000;
        rest = v % 1000000;
    }
    for (int i = 2; i < 8; i++)
        if (limb[i])
            return INT64_MAX;
    uint64_t v = limb[1] << 32 | limb[0];
    return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

START_TEST(multiplies_exactly)
{
    static const int64_t edges[] = {0,
                                    1,
                                    2,
                                    499,
                                    500,
                                    501,
                                    999,
                                    1000,
                                    1001,
                                    499999,
                                    500000,
                                    1000000,
                                    1 << 30,
                                    INT64_C(1) << 62,
                                    INT64_MAX - 1,
                                    INT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(edges); i++)
        for (size_t j = 0; j < ARRAY_LEN(edges); j++)
            for (size_t k = 0; k < ARRAY_LEN(edges); k++) {
                int64_t got = money_line_pico(edges[i], (struct price){edges[j]}, edges[k]);
                ck_assert_int_eq(got, reference_line((uint64_t)edges[i], (uint64_t)edges[j],
                                                     (uint64_t)edges[k]));
            }
    uint64_t state = 7;
    for (int i = 0; i < 200000; i++) {
        int64_t q = any(&state), p = any(&state), m = any(&state);
        if (i % 2) { /* realistic sizes: the exact, not saturated, results */
            q %= 2000000;
            p %= FEMTO_PER_USD / 1000;
            m %= 5000;
        }
        int64_t got = money_line_pico(q, (struct price){p}, m);
        int64_t want = reference_line((uint64_t)q, (uint64_t)p, (uint64_t)m);
        if (got != want)
            ck_abort_msg("%lld * %lld * %lld: %lld, expected %lld", (long long)q, (long long)p,
                         (long long)m, (long long)got, (long long)want);
    }
}
END_TEST

START_TEST(rounds_half_up_once)
{
    /* 1 token at 0.5 pico: 1 pico; 3 tokens at 0.5: 1.5, so 2, not 3. */
    ck_assert_int_eq(money_line_pico(1, (struct price){500}, 1000), 1);
    ck_assert_int_eq(money_line_pico(1, (struct price){499}, 1000), 0);
    ck_assert_int_eq(money_line_pico(3, (struct price){500}, 1000), 2);
    /* the multiplier comes before rounding: 0.4 * 2 = 0.8 */
    ck_assert_int_eq(money_line_pico(1, (struct price){400}, 2000), 1);
    ck_assert_int_eq(money_line_pico(-5, (struct price){1000}, 1000), 0);
    /* 1,000,000 tokens at 1.75e-6 and half price */
    ck_assert_int_eq(money_line_pico(1000000, (struct price){1750000000}, 500),
                     PICO_PER_USD * 875 / 1000);
}
END_TEST

START_TEST(adds_with_limits)
{
    ck_assert_int_eq(money_add(2, -3), -1);
    ck_assert_int_eq(money_add(INT64_MAX, 1), INT64_MAX);
    ck_assert_int_eq(money_add(1, INT64_MAX), INT64_MAX);
    ck_assert_int_eq(money_add(INT64_MIN, -1), INT64_MIN);
    ck_assert_int_eq(money_add(INT64_MAX, INT64_MIN), -1);
}
END_TEST

UNIT_MAIN("money", reads_prices, reads_amounts, writes_shortest, reads_back_what_it_writes,
          multiplies_exactly, rounds_half_up_once, adds_with_limits)
