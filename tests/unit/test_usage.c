/* usage: clearing, merging of reports. */
#include "gateway/ir/usage.h"

#include "tests/unit/unit.h"

START_TEST(clears_every_count)
{
    struct usage u;
    memset(&u, 0x55, sizeof u);
    usage_clear(&u);
    const int64_t counts[] = {u.input,        u.cached,       u.cache_write_5m, u.cache_write_1h,
                              u.audio_input,  u.cached_audio, u.image_input,    u.output,
                              u.reasoning,    u.audio_output, u.web_searches,   u.characters,
                              u.image_tokens, u.image_output, u.pictures,       u.audio_ms};
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        ck_assert_int_eq(counts[i], -1);
    ck_assert(!u.estimated && !usage_known(&u));
}
END_TEST

START_TEST(merges_field_by_field)
{
    struct usage a, b;
    usage_clear(&a);
    usage_clear(&b);
    a.input = 10;
    a.cached = 4;
    a.output = 1;
    b.output = 7;
    b.cached = 0;
    b.reasoning = 3;
    usage_merge(&a, &b);
    ck_assert_int_eq(a.input, 10);
    ck_assert_int_eq(a.cached, 0);
    ck_assert_int_eq(a.output, 7);
    ck_assert_int_eq(a.reasoning, 3);
    ck_assert_int_eq(a.audio_input, -1);
    ck_assert(usage_known(&a));
}
END_TEST

START_TEST(each_field_is_merged)
{
    int64_t from[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    struct usage a, b;
    static_assert(offsetof(struct usage, estimated) == sizeof from, "sixteen counts in a row");
    usage_clear(&a);
    usage_clear(&b);
    memcpy(&b, from, sizeof from);
    usage_merge(&a, &b);
    ck_assert_mem_eq(&a, from, sizeof from);
}
END_TEST

START_TEST(an_estimate_gives_way_to_a_report)
{
    struct usage u, report, part;
    usage_clear(&u);
    u.input = u.output = 5;
    u.estimated = true;
    usage_clear(&part);
    part.output = 6;
    usage_merge(&u, &part);
    ck_assert(u.estimated);
    usage_clear(&report);
    report.input = report.output = 7;
    usage_merge(&u, &report);
    ck_assert(!u.estimated);
    report.estimated = true;
    usage_merge(&u, &report);
    ck_assert(u.estimated);
}
END_TEST

/* A stream's begin splits cache writes by lifetime, its end tells their total alone. */
START_TEST(a_total_of_cache_writes_keeps_their_split)
{
    struct usage u, total;
    usage_clear(&u);
    usage_clear(&total);
    u.cache_write_5m = 20;
    u.cache_write_1h = 10;
    total.cache_write_5m = 30;
    for (int i = 0; i < 2; i++) {
        usage_merge(&u, &total);
        ck_assert_int_eq(u.cache_write_5m, 20);
        ck_assert_int_eq(u.cache_write_1h, 10);
    }
    total.cache_write_5m = 35;
    usage_merge(&u, &total);
    ck_assert_int_eq(u.cache_write_5m, 25);
    u.cache_write_1h = 0;
    usage_merge(&u, &total);
    ck_assert_int_eq(u.cache_write_5m, 35);
}
END_TEST

UNIT_MAIN("usage", clears_every_count, merges_field_by_field, each_field_is_merged,
          an_estimate_gives_way_to_a_report, a_total_of_cache_writes_keeps_their_split)
