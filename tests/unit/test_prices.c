/* prices: from the JSON of offer_prices.prices to what a request is charged by. */
#include "gateway/snapshot/prices.h"

#include <stdio.h>

#include "tests/unit/unit.h"

static struct price_list parsed(const char *json)
{
    struct price_list l;
    char err[128] = "";
    ck_assert_msg(price_list_parse(str_of(json), &l, err), "%s: %s", json, err);
    return l;
}

static int64_t femto(const struct price_tier *t, enum price_kind k)
{
    return t->set & 1u << k ? t->price[k].femto : -1;
}

START_TEST(reads_every_price_by_its_name)
{
    struct price_list l = parsed(
        "{\"input\":\"1.75e-6\",\"cached_input\":\"0.175e-6\",\"cache_write_5m\":\"2e-6\","
        "\"cache_write_1h\":\"3e-6\",\"audio_input\":\"4e-6\",\"cached_audio_input\":\"5e-6\","
        "\"image_input\":\"0.001\",\"output\":\"14e-6\",\"reasoning\":\"15e-6\","
        "\"audio_output\":\"16e-6\",\"web_search\":\"0.01\",\"request\":\"0.0025\","
        "\"image_output\":\"60e-6\",\"image_token_input\":\"8e-6\",\"per_character\":\"15e-6\","
        "\"per_image\":\"0.04\",\"per_audio_hour\":\"1.02\"}");
    static const int64_t want[PRICE_KINDS] = {
        [PRICE_INPUT] = 1750000000,          [PRICE_CACHED_INPUT] = 175000000,
        [PRICE_CACHE_WRITE_5M] = 2000000000, [PRICE_CACHE_WRITE_1H] = 3000000000,
        [PRICE_AUDIO_INPUT] = 4000000000,    [PRICE_CACHED_AUDIO_INPUT] = 5000000000,
        [PRICE_IMAGE_INPUT] = 1000000000000, [PRICE_OUTPUT] = 14000000000,
        [PRICE_REASONING] = 15000000000,     [PRICE_AUDIO_OUTPUT] = 16000000000,
        [PRICE_WEB_SEARCH] = 10000000000000, [PRICE_REQUEST] = 2500000000000,
        [PRICE_IMAGE_OUTPUT] = 60000000000,  [PRICE_IMAGE_TOKENS] = 8000000000,
        [PRICE_CHARACTERS] = 15000000000,    [PRICE_PICTURES] = 40000000000000,
        [PRICE_AUDIO] = 1020000000000000,
    };
    for (int k = 0; k < PRICE_KINDS; k++)
        ck_assert_int_eq(femto(&l.tier[0], (enum price_kind)k), want[k]);
    ck_assert_uint_eq(l.n_tiers, 1);
    ck_assert_int_eq(l.tier[0].up_to_tokens, INT64_MAX);
    ck_assert_uint_eq(l.n_service_tiers, 0);
    ck_assert_uint_eq(l.n_peak_hours, 0);
}
END_TEST

START_TEST(leaves_unnamed_prices_unset_and_knows_zero)
{
    struct price_list l = parsed("{\"input\":\"0\",\"output\":null,\"cache_read\":\"1e-6\","
                                 "\"per_page\":{\"x\":\"0.04\"}}");
    ck_assert_uint_eq(l.tier[0].set, 1u << PRICE_INPUT);
    ck_assert_int_eq(femto(&l.tier[0], PRICE_INPUT), 0);
}
END_TEST

START_TEST(audio_has_one_price_whatever_its_unit)
{
    static const char *const lists[] = {"{\"per_audio_hour\":\"0.36\"}",
                                        "{\"per_audio_minute\":\"0.006\"}",
                                        "{\"per_audio_second\":\"0.0001\"}"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        ck_assert_int_eq(femto(&parsed(lists[i]).tier[0], PRICE_AUDIO), INT64_C(360000000000000));
}
END_TEST

START_TEST(pictures_have_prices_by_what_they_are)
{
    static const char *const lists[] = {
        "{\"per_image_low/1k\":\"0.04\",\"per_image_2K\":\"0.08\",\"per_image_default\":\"0.06\"}",
        "{\"per_image\":\"0.06\",\"per_image_low/1k\":\"0.04\",\"per_image_2K\":\"0.08\"}"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct price_list l = parsed(lists[i]);
        ck_assert_uint_eq(l.n_pictures, 2);
        ck_assert_int_eq(femto(&l.tier[0], PRICE_PICTURES), INT64_C(60000000000000));
        uint8_t low = price_list_picture(&l, STR("low"), STR("1K"));
        ck_assert_int_eq(l.picture[low - 1].price.femto, INT64_C(40000000000000));
        ck_assert_uint_eq(price_list_picture(&l, STR("high"), STR("1K")), 0);
    }
    /* without a default the dearest stands for the rest */
    struct price_list l = parsed("{\"per_image_1K\":\"0.04\",\"per_image_2K\":\"0.08\"}");
    ck_assert_int_eq(femto(&l.tier[0], PRICE_PICTURES), INT64_C(80000000000000));
}
END_TEST

START_TEST(tiers_take_what_they_lack_from_the_base)
{
    struct price_list l = parsed(
        "{\"input\":\"1e-6\",\"output\":\"2e-6\",\"web_search\":\"0.01\",\"tiers\":["
        "{\"name\":\"small\",\"up_to_tokens\":1000,\"input\":\"3e-6\"},"
        "{\"up_to_tokens\":2000,\"output\":\"5e-6\"},{\"up_to_tokens\":null,\"input\":\"0\"}]}");
    static const struct {
        int64_t up_to, input, output;
    } want[] = {
        {1000, 3000000000, 2000000000}, {2000, 1000000000, 5000000000}, {INT64_MAX, 0, 2000000000}};
    ck_assert_uint_eq(l.n_tiers, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        ck_assert_int_eq(l.tier[i].up_to_tokens, want[i].up_to);
        ck_assert_int_eq(femto(&l.tier[i], PRICE_INPUT), want[i].input);
        ck_assert_int_eq(femto(&l.tier[i], PRICE_OUTPUT), want[i].output);
        ck_assert_int_eq(femto(&l.tier[i], PRICE_WEB_SEARCH), 10000000000000);
    }
    /* A last tier with a bound holds beyond it: no request is free for being long. */
    l = parsed("{\"price_tiers\":[{\"up_to_tokens\":32000,\"input\":\"1e-6\"},"
               "{\"up_to_tokens\":1000000,\"input\":\"2e-6\"}]}");
    ck_assert_uint_eq(l.n_tiers, 2);
    ck_assert_int_eq(l.tier[0].up_to_tokens, 32000);
    ck_assert_int_eq(l.tier[1].up_to_tokens, INT64_MAX);
}
END_TEST

START_TEST(peak_pricing_has_two_sides)
{
    static const char *const spellings[] = {"peak", "peak_pricing"};
    for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
        char json[512];
        (void)snprintf(json, sizeof json,
                       "{\"input\":\"1e-6\",\"output\":\"2e-6\",\"%s\":{"
                       "\"peak\":{\"input\":\"4e-6\"},\"off_peak\":{\"output\":\"1e-6\"},"
                       "\"hours_utc\":[[1,4],[6,24]],\"off_peak_days\":"
                       "{\"days_of_week\":[0,6],\"utc_offset_minutes\":480}}}",
                       spellings[i]);
        struct price_list l = parsed(json);
        ck_assert_int_eq(femto(&l.tier[0], PRICE_INPUT), 4000000000);
        ck_assert_int_eq(femto(&l.tier[0], PRICE_OUTPUT), 2000000000);
        ck_assert_int_eq(femto(&l.off_peak, PRICE_INPUT), 1000000000);
        ck_assert_int_eq(femto(&l.off_peak, PRICE_OUTPUT), 1000000000);
        ck_assert_uint_eq(l.n_peak_hours, 2);
        ck_assert_uint_eq(l.peak_hours[1].from, 6);
        ck_assert_uint_eq(l.peak_hours[1].to, 24);
        ck_assert_uint_eq(l.off_peak_days, 1u << 0 | 1u << 6);
        ck_assert_int_eq(l.off_peak_utc_offset_minutes, 480);
    }
}
END_TEST

START_TEST(service_tiers_are_thousandths)
{
    struct price_list l = parsed("{\"input\":\"1e-6\",\"service_tier_multipliers\":"
                                 "{\"priority\":\"1.5\",\"flex\":0.5,\"fast\":2}}");
    static const struct {
        const char *name;
        int64_t milli;
    } want[] = {{"priority", 1500}, {"flex", 500}, {"fast", 2000}};
    ck_assert_uint_eq(l.n_service_tiers, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        size_t k = 0;
        while (k < l.n_service_tiers && strcmp(l.service_tier[k].name, want[i].name) != 0)
            k++;
        ck_assert_uint_lt(k, l.n_service_tiers);
        ck_assert_int_eq(l.service_tier[k].multiplier_milli, want[i].milli);
    }
}
END_TEST

START_TEST(refuses_what_cannot_be_charged_by)
{
    static const struct {
        const char *json, *err;
    } bad[] = {
        {"", "not JSON"},
        {"[]", "object"},
        {"{\"input\":\"1e-6\",\"input\":\"2e-6\"}", "not JSON"},
        {"{}", "no price"},
        {"{\"per_second\":\"0.1\"}", "no price"},
        {"{\"input\":1}", "input: expected decimal text"},
        {"{\"input\":1.5e-6}", "input: expected decimal text"},
        {"{\"output\":\"-1e-6\"}", "output: not a price"},
        {"{\"output\":\"free\"}", "output: not a price"},
        {"{\"output\":\"1e-16\"}", "output: not a price"},
        {"{\"input\":\"0\",\"tiers\":{}}", "tiers: expected an array"},
        {"{\"input\":\"0\",\"tiers\":[1]}", "tiers: expected objects"},
        {"{\"input\":\"0\",\"tiers\":[{},{\"up_to_tokens\":5}]}", "only the last"},
        {"{\"input\":\"0\",\"tiers\":[{\"up_to_tokens\":0},{}]}", "positive"},
        {"{\"input\":\"0\",\"tiers\":[{\"up_to_tokens\":\"5\"},{}]}", "positive"},
        {"{\"input\":\"0\",\"tiers\":[{\"up_to_tokens\":5},{\"up_to_tokens\":5},{}]}", "rise"},
        {"{\"input\":\"0\",\"tiers\":[{\"input\":\"x\"}]}", "tiers: input: not a price"},
        {"{\"tiers\":[{\"up_to_tokens\":5},{\"input\":\"1\"}]}", "no price"},
        {"{\"input\":\"0\",\"tiers\":[{\"up_to_tokens\":1},{\"up_to_tokens\":2},"
         "{\"up_to_tokens\":3},{\"up_to_tokens\":4},{\"up_to_tokens\":5},{\"up_to_tokens\":6},"
         "{\"up_to_tokens\":7},{\"up_to_tokens\":8},{}]}",
         "at most 8"},
        {"{\"input\":\"0\",\"peak\":[]}", "off_peak prices"},
        {"{\"input\":\"0\",\"peak\":{\"off_peak\":{}}}", "hours_utc"},
        {"{\"input\":\"0\",\"peak\":{\"off_peak\":{},\"hours_utc\":[]}}", "hours_utc"},
        {"{\"input\":\"0\",\"peak\":{\"off_peak\":{},\"hours_utc\":[[4,4]]}}", "[from, to)"},
        {"{\"input\":\"0\",\"peak\":{\"off_peak\":{},\"hours_utc\":[[23,25]]}}", "[from, to)"},
        {"{\"input\":\"0\",\"peak\":{\"off_peak\":{},\"hours_utc\":[[1,2]],"
         "\"off_peak_days\":{\"days_of_week\":[7]}}}",
         "Sunday"},
        {"{\"input\":\"0\",\"peak\":{\"off_peak\":{},\"hours_utc\":[[1,2]],"
         "\"off_peak_days\":{\"days_of_week\":[],\"utc_offset_minutes\":1441}}}",
         "within a day"},
        {"{\"per_image_a_name_of_24_bytes_or_so_\":\"0\"}", "too long"},
        {"{\"per_image\":{\"1K\":0.04}}", "decimal text"},
        {"{\"per_image_1K\":0.04}", "decimal text"},
        {"{\"per_audio_second\":\"9000\"}", "USD per unit"},
        {"{\"input\":\"0\",\"service_tier_multipliers\":[]}", "expected an object"},
        {"{\"input\":\"0\",\"service_tier_multipliers\":{\"flex\":\"0\"}}", "thousandths"},
        {"{\"input\":\"0\",\"service_tier_multipliers\":{\"flex\":\"1.0001\"}}", "thousandths"},
        {"{\"input\":\"0\",\"service_tier_multipliers\":{\"flex\":-1}}", "thousandths"},
        {"{\"input\":\"0\",\"service_tier_multipliers\":{\"flex\":true}}", "thousandths"},
        {"{\"input\":\"0\",\"service_tier_multipliers\":{\"a_name_of_16_byt\":1}}", "too long"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct price_list l;
        char err[128] = "";
        ck_assert_msg(!price_list_parse(str_of(bad[i].json), &l, err), "%s", bad[i].json);
        ck_assert_msg(strstr(err, bad[i].err) != NULL, "%s: %s", bad[i].json, err);
    }
}
END_TEST

START_TEST(a_long_text_is_refused_unread)
{
    static char json[PRICES_JSON_MAX + 1];
    struct price_list l;
    char err[128] = "";
    memset(json, ' ', sizeof json);
    memcpy(json, "{\"input\":\"0\"}", 13);
    ck_assert(price_list_parse(str_make(json, sizeof json - 1), &l, err));
    ck_assert(!price_list_parse(str_make(json, sizeof json), &l, err));
    ck_assert_ptr_nonnull(strstr(err, "bytes"));
}
END_TEST

UNIT_MAIN("prices", reads_every_price_by_its_name, leaves_unnamed_prices_unset_and_knows_zero,
          audio_has_one_price_whatever_its_unit, pictures_have_prices_by_what_they_are,
          tiers_take_what_they_lack_from_the_base, peak_pricing_has_two_sides,
          service_tiers_are_thousandths, refuses_what_cannot_be_charged_by,
          a_long_text_is_refused_unread)
