/* price: costs against sums done by hand. Prices are femto-dollars a unit: 1,000 is a pico-dollar.
 */
#include "gateway/ir/price.h"

#include "tests/unit/unit.h"

#define USD_PER_MILLION(n) ((n)*INT64_C(1000000000)) /* in femto-dollars a token */

static void set(struct price_tier *t, enum price_kind k, int64_t femto)
{
    t->price[k].femto = femto;
    t->set |= 1u << k;
}

static struct price_list base(void)
{
    struct price_list l = {.n_tiers = 1};
    l.tier[0].up_to_tokens = INT64_MAX;
    set(&l.tier[0], PRICE_INPUT, USD_PER_MILLION(2));
    set(&l.tier[0], PRICE_OUTPUT, USD_PER_MILLION(8));
    return l;
}

static struct usage tokens(int64_t input, int64_t output)
{
    struct usage u;
    usage_clear(&u);
    u.input = input;
    u.output = output;
    return u;
}

/* quantity and amount of a line, -1 if it is not there */
static int64_t quantity(const struct cost *c, enum price_kind k)
{
    for (unsigned i = 0; i < c->n; i++)
        if (c->line[i].kind == k)
            return c->line[i].quantity;
    return -1;
}

static int64_t amount(const struct cost *c, enum price_kind k)
{
    for (unsigned i = 0; i < c->n; i++)
        if (c->line[i].kind == k)
            return c->line[i].amount_pico;
    return -1;
}

START_TEST(plain)
{
    struct price_list l = base();
    struct usage u = tokens(1000, 500);
    struct cost c;
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert_uint_eq(c.n, 2);
    ck_assert_int_eq(amount(&c, PRICE_INPUT), INT64_C(2000000000)); /* 1000 * 2e-6 = 0.002 */
    ck_assert_int_eq(amount(&c, PRICE_OUTPUT), INT64_C(4000000000));
    ck_assert_int_eq(c.total_pico, INT64_C(6000000000));
    u = tokens(-1, -1);
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert(c.n == 0 && c.total_pico == 0);
}
END_TEST

START_TEST(rounds_half_up_line_by_line)
{
    static const struct {
        int64_t femto, milli, pico; /* of one token */
    } rows[] = {
        {499, 1000, 0}, {500, 1000, 1},  {1499, 1000, 1}, {1500, 1000, 2},
        {333, 1500, 0}, {334, 1500, 1},  {1000, 500, 1},  {999, 500, 0},
        {1, 1000, 0},   {2500, 1000, 3}, {200, 2500, 1},  {199, 2500, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct price_list l = base();
        struct usage u = tokens(1, 1);
        struct cost c;
        set(&l.tier[0], PRICE_INPUT, rows[i].femto);
        set(&l.tier[0], PRICE_OUTPUT, rows[i].femto);
        l.n_service_tiers = 1;
        l.service_tier[0].multiplier_milli = rows[i].milli;
        memcpy(l.service_tier[0].name, "flex", 5);
        cost_compute(&l, &u, STR("flex"), 0, &c);
        ck_assert_int_eq(amount(&c, PRICE_INPUT), rows[i].pico);
        ck_assert_int_eq(c.total_pico, 2 * rows[i].pico); /* each line by itself */
    }
}
END_TEST

START_TEST(parts_at_their_own_price)
{
    struct price_list l = base();
    struct price_tier *t = &l.tier[0];
    struct usage u = tokens(1000, 400);
    struct cost c;
    set(t, PRICE_CACHED_INPUT, USD_PER_MILLION(1) / 5); /* 0.2e-6 */
    set(t, PRICE_CACHE_WRITE_5M, USD_PER_MILLION(3));
    set(t, PRICE_CACHE_WRITE_1H, USD_PER_MILLION(5));
    set(t, PRICE_AUDIO_INPUT, USD_PER_MILLION(40));
    set(t, PRICE_CACHED_AUDIO_INPUT, USD_PER_MILLION(4));
    set(t, PRICE_REASONING, USD_PER_MILLION(9));
    set(t, PRICE_AUDIO_OUTPUT, USD_PER_MILLION(80));
    u.cached = 300;
    u.cached_audio = 50;
    u.cache_write_5m = 100;
    u.cache_write_1h = 20;
    u.audio_input = 90; /* 50 of them cached */
    u.reasoning = 150;
    u.audio_output = 30;
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert_int_eq(quantity(&c, PRICE_CACHED_INPUT), 250);
    ck_assert_int_eq(quantity(&c, PRICE_CACHED_AUDIO_INPUT), 50);
    ck_assert_int_eq(quantity(&c, PRICE_CACHE_WRITE_5M), 100);
    ck_assert_int_eq(quantity(&c, PRICE_CACHE_WRITE_1H), 20);
    ck_assert_int_eq(quantity(&c, PRICE_AUDIO_INPUT), 40);
    ck_assert_int_eq(quantity(&c, PRICE_INPUT), 540);
    ck_assert_int_eq(quantity(&c, PRICE_REASONING), 150);
    ck_assert_int_eq(quantity(&c, PRICE_AUDIO_OUTPUT), 30);
    ck_assert_int_eq(quantity(&c, PRICE_OUTPUT), 220);
    /* in micro-dollars: 540*2 + 250*.2 + 100*3 + 20*5 + 40*40 + 50*4 + 220*8 + 150*9 + 30*80 */
    ck_assert_int_eq(c.total_pico, INT64_C(8840) * 1000000);
}
END_TEST

START_TEST(images_are_not_charged_as_text)
{
    struct price_list l = base();
    struct usage u = tokens(1000, 400);
    struct cost c;
    u.image_tokens = 600;
    u.image_output = 390;
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert_int_eq(quantity(&c, PRICE_OUTPUT), 400);
    ck_assert_int_eq(quantity(&c, PRICE_INPUT), 1000);
    int64_t upper = cost_upper_pico(&l, 1000, 400);
    set(&l.tier[0], PRICE_IMAGE_OUTPUT, USD_PER_MILLION(60));
    set(&l.tier[0], PRICE_IMAGE_TOKENS, USD_PER_MILLION(8));
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert_int_eq(quantity(&c, PRICE_IMAGE_OUTPUT), 390);
    ck_assert_int_eq(quantity(&c, PRICE_OUTPUT), 10);
    ck_assert_int_eq(quantity(&c, PRICE_IMAGE_TOKENS), 600);
    ck_assert_int_eq(quantity(&c, PRICE_INPUT), 400);
    /* in micro-dollars: 400*2 + 600*8 + 10*8 + 390*60 */
    ck_assert_int_eq(c.total_pico, INT64_C(29080) * 1000000);
    ck_assert_int_gt(cost_upper_pico(&l, 1000, 400), upper);
    ck_assert_int_ge(cost_upper_pico(&l, 1000, 400), c.total_pico);
}
END_TEST

START_TEST(characters_have_a_price_and_a_bound)
{
    struct price_list l = base();
    struct usage u = tokens(0, 0);
    struct cost c;
    u.characters = 2000;
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert_int_eq(c.total_pico, 0);
    ck_assert_int_eq(cost_upper_units_pico(&l, &u), 0);
    set(&l.tier[0], PRICE_CHARACTERS, USD_PER_MILLION(15));
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert_int_eq(quantity(&c, PRICE_CHARACTERS), 2000);
    ck_assert_int_eq(c.total_pico, INT64_C(30000) * 1000000);
    ck_assert_int_eq(cost_upper_units_pico(&l, &u), c.total_pico);
}
END_TEST

START_TEST(audio_is_priced_by_the_hour_and_rounded_once)
{
    static const struct {
        int64_t ms, pico;
    } rows[] = {
        {3600000, INT64_C(1020000000000)}, /* 1.02 USD */
        {1000, INT64_C(283333333)},        /* 1.02 / 3600 = 0.000283333333333... */
        {2000, INT64_C(566666667)},
        {8471, INT64_C(2400116667)}, /* 8.471 * 1.02 / 3600 = 0.00240011666... */
        {0, 0},
    };
    struct price_list l = {.n_tiers = 1, .tier[0].up_to_tokens = INT64_MAX};
    set(&l.tier[0], PRICE_AUDIO, INT64_C(1020) * 1000000000000);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct usage u = tokens(0, 0);
        struct cost c;
        u.audio_ms = rows[i].ms;
        cost_compute(&l, &u, STR(""), 0, &c);
        ck_assert_int_eq(c.total_pico, rows[i].pico);
        ck_assert_int_eq(cost_upper_units_pico(&l, &u), rows[i].pico);
        ck_assert_uint_eq(c.n, rows[i].ms > 0);
    }
    ck_assert_int_eq(price_kind_per(PRICE_AUDIO), 3600000);
    ck_assert_int_eq(price_kind_per(PRICE_PICTURES), 1);
}
END_TEST

static const struct price_list by_picture = {
    .n_tiers = 1,
    .tier = {{.up_to_tokens = INT64_MAX}},
    .n_pictures = 3,
    .picture = {{"low/1k", {40000}}, {"medium/2k", {80000}}, {"2K", {70000}}},
};

static const struct {
    const char *quality, *size;
    int64_t pico;
} picture_rows[] = {
    {"", "", 60},   {"low", "1k", 40},  {"LOW", "1K", 40}, {"medium", "2k", 80}, {"low", "2k", 70},
    {"", "2k", 70}, {"high", "4k", 60}, {"low", "", 60},   {"2k", "", 70},
};

START_TEST(pictures_cost_by_what_was_asked_for)
{
    struct price_list l = by_picture;
    set(&l.tier[0], PRICE_PICTURES, 60 * INT64_C(1000));
    for (size_t i = 0; i < ARRAY_LEN(picture_rows); i++) {
        const char *quality = picture_rows[i].quality, *size = picture_rows[i].size;
        struct usage u = tokens(0, 0);
        struct cost c;
        u.pictures = 3;
        u.picture_price = price_list_picture(&l, str_of(quality), str_of(size));
        cost_compute(&l, &u, STR(""), 0, &c);
        ck_assert_int_eq(quantity(&c, PRICE_PICTURES), 3);
        ck_assert_msg(c.total_pico == 3 * picture_rows[i].pico, "%s/%s: %lld", quality, size,
                      (long long)c.total_pico);
        ck_assert_int_eq(cost_upper_units_pico(&l, &u), c.total_pico);
    }
}
END_TEST

START_TEST(stand_ins_for_missing_prices)
{
    struct price_list l = base();
    struct usage u = tokens(1000, 400);
    struct cost c;
    u.cached = 300;
    u.cached_audio = 50;
    u.cache_write_5m = 100;
    u.cache_write_1h = 20;
    u.audio_input = 90;
    u.reasoning = 150;
    u.audio_output = 30;
    u.image_input = 3;
    u.web_searches = 2;
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert_uint_eq(c.n, 2);
    ck_assert_int_eq(quantity(&c, PRICE_INPUT), 1000);
    ck_assert_int_eq(quantity(&c, PRICE_OUTPUT), 400);
    set(&l.tier[0], PRICE_CACHED_INPUT, 7);
    set(&l.tier[0], PRICE_CACHE_WRITE_5M, 9);
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert_int_eq(quantity(&c, PRICE_CACHED_INPUT), 300); /* cached audio with them */
    ck_assert_int_eq(quantity(&c, PRICE_CACHE_WRITE_5M), 120);
    ck_assert_int_eq(quantity(&c, PRICE_INPUT), 580);
}
END_TEST

START_TEST(never_more_parts_than_the_whole)
{
    struct price_list l = base();
    struct usage u = tokens(100, 50);
    struct cost c;
    set(&l.tier[0], PRICE_CACHED_INPUT, 1);
    set(&l.tier[0], PRICE_CACHE_WRITE_5M, 1);
    set(&l.tier[0], PRICE_REASONING, 1);
    u.cached = 80;
    u.cache_write_5m = 70;
    u.reasoning = INT64_MAX;
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert_int_eq(quantity(&c, PRICE_CACHED_INPUT), 80);
    ck_assert_int_eq(quantity(&c, PRICE_CACHE_WRITE_5M), 20);
    ck_assert_int_eq(quantity(&c, PRICE_INPUT), -1);
    ck_assert_int_eq(quantity(&c, PRICE_REASONING), 50);
    ck_assert_int_eq(quantity(&c, PRICE_OUTPUT), -1);
}
END_TEST

START_TEST(tiers_by_prompt_size)
{
    static const struct {
        int64_t input, dollars_per_million;
    } rows[] = {{1, 2},      {200000, 2}, {200001, 4}, {400000, 4},
                {400001, 6}, {500000, 6}, {9000000, 6}};
    struct price_list l = base();
    l.n_tiers = 3;
    l.tier[1] = l.tier[2] = l.tier[0];
    l.tier[0].up_to_tokens = 200000;
    l.tier[1].up_to_tokens = 400000;
    l.tier[2].up_to_tokens = 500000; /* the last one holds beyond its bound */
    set(&l.tier[1], PRICE_INPUT, USD_PER_MILLION(4));
    set(&l.tier[2], PRICE_INPUT, USD_PER_MILLION(6));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct usage u = tokens(rows[i].input, 0);
        struct cost c;
        u.cached = rows[i].input / 2; /* the whole prompt picks, cached or not */
        cost_compute(&l, &u, STR(""), 0, &c);
        ck_assert_int_eq(c.total_pico, rows[i].input * rows[i].dollars_per_million * 1000000);
    }
}
END_TEST

START_TEST(multipliers)
{
    struct price_list l = base();
    struct usage u = tokens(1000, 100);
    struct cost c;
    set(&l.tier[0], PRICE_REQUEST, INT64_C(5000000000000));     /* USD 0.005 */
    set(&l.tier[0], PRICE_WEB_SEARCH, INT64_C(10000000000000)); /* USD 0.01 */
    l.n_service_tiers = 2;
    memcpy(l.service_tier[0].name, "flex", 5);
    l.service_tier[0].multiplier_milli = 500;
    memcpy(l.service_tier[1].name, "priority", 9);
    l.service_tier[1].multiplier_milli = 2500;
    u.web_searches = 3;
    cost_compute(&l, &u, STR("flex"), 0, &c);
    /* (2000 + 800)/2 + 5000 + 30000 micro-dollars */
    ck_assert_int_eq(c.total_pico, INT64_C(36400) * 1000000);
    ck_assert_int_eq(amount(&c, PRICE_REQUEST), INT64_C(5000000000));
    cost_compute(&l, &u, STR("priority"), 0, &c);
    ck_assert_int_eq(c.total_pico, INT64_C(42000) * 1000000);
    cost_compute(&l, &u, STR("standard"), 0, &c);
    ck_assert_int_eq(c.total_pico, INT64_C(37800) * 1000000);
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert_int_eq(c.total_pico, INT64_C(37800) * 1000000);
}
END_TEST

/* Peak from 1 to 4 and from 6 to 10 UTC; Saturday and Sunday in UTC+8 are off-peak. */
START_TEST(peak_hours)
{
    static const struct {
        int64_t unix_s;
        bool peak;
    } rows[] = {
        {1763341199, false}, /* Monday, 17 November 2025, 00:59:59 */
        {1763341200, true},  /* 01:00:00 */
        {1763351999, true},  /* 03:59:59 */
        {1763352000, false}, /* 04:00:00 */
        {1763359200, true},  /* 06:00:00 */
        {1763373600, false}, /* 10:00:00 */
        {1763690400, true},  /* Friday, 21 November, 02:00 */
        {1763776800, false}, /* Saturday, 22 November, 02:00 UTC */
        {1763863200, false}, /* Sunday, 23 November, 02:00 UTC */
        {1763949600, true},  /* Monday, 24 November, 02:00 UTC */
        {-82800, true},      /* Wednesday, 31 December 1969, 01:00 */
        {-86399, false},     /* the same day, 00:00:01 */
    };
    struct price_list l = base();
    l.n_peak_hours = 2;
    l.peak_hours[0].from = 1;
    l.peak_hours[0].to = 4;
    l.peak_hours[1].from = 6;
    l.peak_hours[1].to = 10;
    l.off_peak_days = 1u << 6 | 1u << 0;
    l.off_peak_utc_offset_minutes = 480;
    l.off_peak = l.tier[0];
    set(&l.off_peak, PRICE_INPUT, USD_PER_MILLION(1));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct usage u = tokens(1, 0);
        struct cost c;
        cost_compute(&l, &u, STR(""), rows[i].unix_s * 1000000, &c);
        ck_assert_msg(c.total_pico == (rows[i].peak ? 2000000 : 1000000), "row %zu: %lld", i,
                      (long long)c.total_pico);
    }
    /* Friday, 21 November, 16:00 UTC is Saturday there; with peak all day only the day decides. */
    l.peak_hours[0].from = 0;
    l.peak_hours[0].to = 24;
    struct usage u = tokens(1, 0);
    struct cost c;
    cost_compute(&l, &u, STR(""), INT64_C(1763740799) * 1000000, &c);
    ck_assert_int_eq(c.total_pico, 2000000);
    cost_compute(&l, &u, STR(""), INT64_C(1763740800) * 1000000, &c);
    ck_assert_int_eq(c.total_pico, 1000000);
}
END_TEST

START_TEST(a_free_price_has_a_line_and_a_missing_one_none)
{
    struct price_list l = {.n_tiers = 1};
    struct usage u = tokens(10, 10);
    struct cost c;
    l.tier[0].up_to_tokens = INT64_MAX;
    set(&l.tier[0], PRICE_INPUT, 0);
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert(c.n == 1 && amount(&c, PRICE_INPUT) == 0 && c.total_pico == 0);
    ck_assert_int_eq(cost_upper_pico(&l, 1000, 1000), 0);
}
END_TEST

START_TEST(sums_saturate)
{
    struct price_list l = base();
    struct usage u = tokens(INT64_MAX, INT64_MAX);
    struct cost c;
    cost_compute(&l, &u, STR(""), 0, &c);
    ck_assert_int_eq(c.total_pico, INT64_MAX);
    ck_assert_int_eq(cost_upper_pico(&l, INT64_MAX, INT64_MAX), INT64_MAX);
}
END_TEST

/* Whatever the request turns out to be, it costs no more than the bound said. */
START_TEST(upper_bounds_every_split)
{
    struct price_list l = base();
    unsigned seed = 7;
    l.n_tiers = 2;
    l.tier[1] = l.tier[0];
    l.tier[0].up_to_tokens = 500;
    for (unsigned k = 0; k < PRICE_KINDS; k++) {
        if (k == PRICE_IMAGE_INPUT || k == PRICE_WEB_SEARCH)
            continue;
        set(&l.tier[0], (enum price_kind)k, 1000 + 501 * (int64_t)k);
        set(&l.tier[1], (enum price_kind)k, 3001 - 211 * (int64_t)k);
    }
    l.n_peak_hours = 1;
    l.peak_hours[0].to = 12;
    l.off_peak = l.tier[0];
    set(&l.off_peak, PRICE_AUDIO_INPUT, 9999);
    l.n_service_tiers = 2;
    memcpy(l.service_tier[0].name, "flex", 5);
    l.service_tier[0].multiplier_milli = 333;
    memcpy(l.service_tier[1].name, "priority", 9);
    l.service_tier[1].multiplier_milli = 1777;
    for (int i = 0; i < 20000; i++) {
        int64_t r[8];
        struct cost c;
        for (size_t k = 0; k < ARRAY_LEN(r); k++)
            r[k] = (int64_t)((seed = seed * 1103515245 + 12345) >> 16) % 1000;
        struct usage u = tokens(r[0], r[1]);
        u.cached = r[2] / 2;
        u.cached_audio = r[3] / 4;
        u.cache_write_5m = r[4] / 3;
        u.cache_write_1h = r[5] / 3;
        u.reasoning = r[6];
        u.audio_output = r[7] / 2;
        u.audio_input = r[7] / 3;
        cost_compute(&l, &u, i % 3 ? STR("priority") : STR("flex"), i * INT64_C(997000000), &c);
        ck_assert_int_le(c.total_pico, cost_upper_pico(&l, r[0], r[1]));
    }
}
END_TEST

START_TEST(upper_is_not_far_off)
{
    struct price_list l = base();
    /* 1000 * 2e-6 + 500 * 8e-6 = 0.006, and a few pico-dollars for rounding */
    int64_t upper = cost_upper_pico(&l, 1000, 500);
    ck_assert_int_ge(upper, INT64_C(6000000000));
    ck_assert_int_le(upper, INT64_C(6000000012));
    l.n_tiers = 2;
    l.tier[1] = l.tier[0];
    l.tier[0].up_to_tokens = 1000;
    set(&l.tier[1], PRICE_INPUT, USD_PER_MILLION(100)); /* out of reach for 1000 tokens */
    ck_assert_int_eq(cost_upper_pico(&l, 1000, 500), upper);
    ck_assert_int_gt(cost_upper_pico(&l, 1001, 500), INT64_C(100000000000));
}
END_TEST

START_TEST(names)
{
    ck_assert_str_eq(price_kind_name(PRICE_CACHE_WRITE_1H), "cache_write_1h");
    ck_assert_str_eq(price_kind_unit(PRICE_WEB_SEARCH), "call");
    ck_assert_str_eq(price_kind_unit(PRICE_INPUT), "token");
}
END_TEST

UNIT_MAIN("price", plain, rounds_half_up_line_by_line, parts_at_their_own_price,
          images_are_not_charged_as_text, characters_have_a_price_and_a_bound,
          audio_is_priced_by_the_hour_and_rounded_once, pictures_cost_by_what_was_asked_for,
          stand_ins_for_missing_prices, never_more_parts_than_the_whole, tiers_by_prompt_size,
          multipliers, peak_hours, a_free_price_has_a_line_and_a_missing_one_none, sums_saturate,
          upper_bounds_every_split, upper_is_not_far_off, names)
