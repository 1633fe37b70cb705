/* Times and percentiles of control: RFC 3339 text, histograms. */
#include "control/percentile.h"
#include "control/text_time.h"
#include "tests/unit/unit.h"

START_TEST(reads_times)
{
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T01:00:00+01:00", 0},
        {"2026-11-23T01:02:03.456Z", 1795395723456000},
        {"2026-11-23t01:02:03.456789123z", 1795395723456789},
        {"2026-11-23 01:02:03-05:30", 1795415523000000},
        {"2024-02-29T23:59:59Z", 1709251199000000},
        {"2000-03-01T00:00:00Z", 951868800000000},
        {"2016-12-31T23:59:60Z", 1483228799000000},
        {"9999-12-31T23:59:59Z", 253402300799000000},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t us = -1;
        ck_assert_msg(text_time_parse(str_of(rows[i].text), &us), "%s", rows[i].text);
        ck_assert_msg(us == rows[i].us, "%s: %lld", rows[i].text, (long long)us);
    }
}
END_TEST

START_TEST(refuses_what_is_no_time)
{
    static const char *const rows[] = {
        "",
        "2026-11-23",
        "2026-11-23T01:02:03",
        "2026-11-23T01:02Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.5",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00Zx",
        " 2026-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",
        "+026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.000000000000000000000000000000001Z",
    };
    int64_t us;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(!text_time_parse(str_of(rows[i]), &us), "%s", rows[i]);
}
END_TEST

START_TEST(every_cut_of_a_time_is_no_time)
{
    struct str whole = STR("2026-11-23T01:02:03.4+01:30");
    int64_t us;
    ck_assert(text_time_parse(whole, &us));
    for (size_t n = 0; n < whole.len; n++)
        ck_assert(!text_time_parse(str_make(whole.p, n), &us));
}
END_TEST

START_TEST(percentiles_lie_in_their_bucket)
{
    int64_t counts[HISTOGRAM_BUCKETS] = {0};
    ck_assert(percentile_us(counts, 50) < 0);
    counts[20] = 98; /* [1024, 1448) */
    counts[40] = 2;  /* [1048576, 1482910) */
    double p50 = percentile_us(counts, 50), p95 = percentile_us(counts, 95);
    ck_assert(p50 >= 1024 && p50 < p95 && p95 < 1449);
    double p99 = percentile_us(counts, 99);
    ck_assert(p99 >= 1048576 && p99 < 1482911);
    ck_assert(percentile_us(counts, 98) <= 1449);
}
END_TEST

START_TEST(percentiles_of_one_value_and_the_last_bucket)
{
    int64_t counts[HISTOGRAM_BUCKETS] = {0};
    counts[0] = 1; /* [1, 1.41) */
    ck_assert(percentile_us(counts, 1) >= 1 && percentile_us(counts, 100) < 1.42);
    counts[HISTOGRAM_BUCKETS - 1] = INT64_C(1) << 60;
    ck_assert(percentile_us(counts, 50) > 3.0e9);
}
END_TEST

UNIT_MAIN("control_time", reads_times, refuses_what_is_no_time, every_cut_of_a_time_is_no_time,
          percentiles_lie_in_their_bucket, percentiles_of_one_value_and_the_last_bucket)
