/* The ledger's writer against a real PostgreSQL: what a row says, that the sums are the log's sums,
 * what happens to records that PostgreSQL refuses, and while it is away. Crashes: test_recovery.c.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "gateway/failpoint.h"
#include "gateway/ledger/jsonb.h"
#include "gateway/ledger/rollup.h"
#include "tests/unit/ledger_db.h"
#include "tests/unit/ledger_samples.h"
#include "tests/unit/unit.h"

static const char *dir;
static struct spool *spool;
static struct writer *writer;

static void begin(unsigned lanes)
{
    ledger_db_begin();
    dir = ledger_folder();
    spool = ledger_spool(dir, lanes);
    writer = ledger_writer(spool);
}

static void stop(void)
{
    writer_free(writer, 10000);
    spool_free(spool);
}

static void end(void)
{
    ledger_folder_end();
    ledger_db_end();
}

static void put(unsigned lane, const struct ledger_open *o, const struct ledger_close *c)
{
    struct spool_lane *l = spool_lane(spool, lane);
    int tries = 0;
    while (spool_write_open(l, o) != E_OK) {
        ck_assert_int_lt(tries++, 10000);
        usleep(1000);
    }
    if (c)
        spool_write_close(l, c);
}

static bool holds(const char *sql)
{
    char query[2048];
    snprintf(query, sizeof query, "select count(*) from (%s) as q", sql);
    return ledger_number(query) == 1;
}

#define ck_assert_row(sql) ck_assert_msg(holds(sql), "no such row: %s", (sql))

START_TEST(a_row_says_it_all)
{
    begin(1);
    struct uuid id = uuid_v7(INT64_C(1700000000123456));
    struct ledger_open o = sample_open(id);
    struct ledger_close c = sample_close(id);
    o.created_us = INT64_C(1700000000123456);
    o.session = STR("chat 7");
    o.end_user = STR("mary");
    o.title = STR("a\tb\\c\n\"d\"'e");
    o.tags = STR("x, y ,,x,{\"z\\");
    c.usage.cache_write_5m = 3;
    c.usage.cache_write_1h = 4;
    c.error_detail = STR("none");
    c.provider_key_id = sample_uuid(6);
    put(0, &o, &c);
    stop();
    ck_assert_row("select from requests where day = '2023-11-14' and retention_days = 30"
                  " and created_at = '2023-11-14 22:13:20.123456+00' and status = 200"
                  " and outcome = 0 and finish_reason = 1 and attempts = 1 and streamed"
                  " and not estimated and input_tokens = 12 and cached_tokens = 4"
                  " and cache_write_tokens = 7 and output_tokens = 34 and reasoning_tokens = 5"
                  " and cost = 0.000024 and duration_us = 1500000 and ttft_us = 250000"
                  " and overhead_us = 800 and error is null and provider_id = 7 and model_id = 8"
                  " and offer_id = 9 and session_hash = session_hash('chat 7')"
                  " and provider_key_id = '06060606-0606-0606-0606-060606060606'"
                  " and user_id = '04040404-0404-0404-0404-040404040404'");
    ck_assert_row("select from requests r join labels m on m.label_id = requested_model_id"
                  " join labels s on s.label_id = source_id"
                  " join labels e on e.label_id = end_user_id"
                  " where m.value = 'demo/small' and m.kind = 4 and s.value = 'app.example'"
                  " and s.kind = 1 and e.value = 'mary' and e.kind = 2");
    ck_assert_row(
        "select from request_details where upstream_model = 'small-2026' and session = 'chat 7'"
        " and title = E'a\\tb\\\\c\\n\"d\"''e' and client_ip = '192.0.2.1' and referer is null"
        " and tags = array['x', 'y', E'{\"z\\\\'] and metadata = '{\"k\": \"v\"}'"
        " and params = '{\"temperature\": 0.7}' and error_detail = 'none' and steps = '[10, 20]'"
        " and cost_lines = '[{\"kind\": \"input\", \"quantity\": 12, \"price\": \"0.000002\","
        " \"multiplier\": \"1.000\", \"amount\": \"0.000024\"}]'"
        " and attempts = '[{\"offer_id\": 9, \"provider_id\": 7, \"provider_key_id\": null,"
        " \"status\": 200, \"error\": \"\", \"start_us\": 5, \"first_byte_us\": 100,"
        " \"duration_us\": 0}]'");
    ledger_check_sums();
    ck_assert_uint_eq(ledger_folder_count(".seg"), 0);
    ck_assert_int_eq(ledger_number("select count(*) from gateways"), 1);
    end();
}
END_TEST

static uint64_t random_state = 88172645463325252;

static unsigned roll(unsigned n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % n;
}

/* Up to three attempts with keys of two providers, the last key's cost the request's. */
static void roll_attempts(struct ledger_close *c)
{
    static const uint16_t statuses[] = {200, 200, 401, 402, 403, 429, 500, 0};
    c->n_attempts = (uint8_t)roll(4);
    c->provider_key_id = (struct uuid){0};
    for (size_t i = 0; i < c->n_attempts; i++) {
        unsigned key = roll(5); /* 0: none */
        struct ledger_attempt *a = &c->attempt[i];
        *a = (struct ledger_attempt){.provider_id = (int32_t)(1 + key % 2),
                                     .status = statuses[roll(ARRAY_LEN(statuses))],
                                     .start_us = roll(1000000),
                                     .first_byte_us = -1,
                                     .duration_us = roll(1000000)};
        if (key)
            a->provider_key_id = sample_uuid((unsigned char)(200 + key));
        if (!a->status && roll(2))
            snprintf(a->error, sizeof a->error, "%s", err_name(E_CREDENTIAL));
        c->provider_key_id = a->provider_key_id;
        c->provider_id = a->provider_id;
    }
}

static void roll_request(struct ledger_open *o, struct ledger_close *c)
{
    static char user[32];
    int64_t now_us = clock_wall_us() - (int64_t)roll(3) * 40 * 60 * 1000000;
    struct uuid id = uuid_v7(now_us);
    *o = sample_open(id);
    *c = sample_close(id);
    o->created_us = now_us;
    o->organisation_id = sample_uuid((unsigned char)(1 + 10 * roll(2)));
    o->project_id.b[3] = (uint8_t)roll(2);
    o->api_key_id.b[3] = (uint8_t)roll(3);
    o->retention_days = (uint16_t[]){7, 30, 90, 365}[roll(4)];
    o->tags = (struct str[]){STR(""), STR("a"), STR("b,a"), STR("c,b,a")}[roll(4)];
    snprintf(user, sizeof user, "user %u", roll(20));
    o->end_user = roll(3) ? str_of(user) : STR("");
    o->source = (struct str[]){STR(""), STR("shop"), STR("https://www.shop/?id=1")}[roll(3)];
    c->outcome = (uint8_t)roll(5);
    roll_attempts(c);
    c->model_id = (int32_t)roll(3);
    c->usage.input = roll(100000);
    c->usage.output = (int64_t)roll(1000) - 1;
    c->usage.estimated = roll(2);
    c->cost.total_pico = (int64_t)roll(1000000000) * 7;
    c->duration_us = roll(1u << 30);
    c->ttft_us = (int64_t)roll(1000) - 1;
}

START_TEST(the_sums_are_the_logs)
{
    begin(3);
    for (unsigned i = 0; i < 5000; i++) {
        struct ledger_open o;
        struct ledger_close c;
        roll_request(&o, &c);
        put(i % 3, &o, &c);
        if (i % 500 == 0)
            usleep(20000);
    }
    stop();
    ck_assert_int_eq(ledger_number("select count(*) from requests"), 5000);
    ck_assert_uint_eq(ledger_folder_count(".seg"), 0);
    ledger_check_sums();
    end();
}
END_TEST

/* They meet in the same sums, partitions, labels and end users. */
START_TEST(two_gateways_at_once)
{
    begin(1);
    char other_dir[128];
    snprintf(other_dir, sizeof other_dir, "%s.b", dir);
    struct spool *other = ledger_spool(other_dir, 1);
    struct writer *other_writer = ledger_writer(other);
    struct spool *mine = spool;
    for (unsigned i = 0; i < 4000; i++) {
        struct ledger_open o;
        struct ledger_close c;
        roll_request(&o, &c);
        spool = i % 2 ? other : mine;
        put(0, &o, &c);
        if (i % 100 == 0)
            usleep(10000);
    }
    spool = mine;
    stop();
    writer_free(other_writer, 20000);
    spool_free(other);
    ck_assert_int_eq(ledger_number("select count(*) from requests"), 4000);
    ck_assert_int_eq(ledger_number("select count(*) from gateways"), 2);
    ck_assert_uint_eq(ledger_folder_count(".rec"), 0);
    ledger_check_sums();
    snprintf(other_dir, sizeof other_dir, "rm -r %s.b", dir);
    ck_assert_int_eq(system(other_dir), 0);
    end();
}
END_TEST

START_TEST(only_a_thousand_end_users_and_sources_have_rows)
{
    begin(1);
    char user[32], source[64];
    for (int i = 0; i < 1300; i++) {
        struct uuid id = uuid_v7(clock_wall_us());
        struct ledger_open o = sample_open(id);
        struct ledger_close c = sample_close(id);
        snprintf(user, sizeof user, "u%d", i % 1150);
        o.end_user = str_of(user);
        snprintf(source, sizeof source, "https://s%d.example/?page=%d", i % 1100, i);
        o.source = str_of(source);
        put(0, &o, &c);
    }
    stop();
    /* Two days, if midnight came between. */
    ledger_check_rows_of_day("rollup_end_users", 1000);
    ledger_check_rows_of_day("rollup_sources", 1000);
    ck_assert_int_eq(ledger_number("select count(*) from labels where kind = 1"), 1100);
    ledger_check_sums();
    end();
}
END_TEST

/* JSON that the grammar allows, most of it refused by jsonb. */
static const char *const objects[] = {
    "{}",
    "{\"a\":[1,2.5,-3e4,null,true,{\"b\":\"\\u00e9\\n\"}]}",
    "{\"a\":\"\\ud83d\\ude00\"}",
    "{\"a\":\"\\u0000\"}",
    "{\"\\u0000\":1}",
    "{\"a\":\"\\ud83d\"}",
    "{\"a\":\"\\ude00\"}",
    "{\"a\":\"\\ud83d\\u0041\"}",
    "{\"a\":\"x\\\\u0000\"}",
    "{\"a\":1e131073}",
    "{\"a\":1e400}",
    "{\"a\":-1E-99999999999999999999}",
    "{\"a\":1e-20000}",
    "{\"a\":0.1e+3}",
    "[1]",
    "{\"a\":01}",
    "{\"a\":1",
    "{\"a\":\"\x01\"}",
    "{\"a\":1,\"a\":2}",
    "{} x",
    "",
    "{\"a\":\"\xff\"}",
};

START_TEST(what_we_take_as_jsonb_is_jsonb)
{
    ledger_db_begin();
    static const struct pg_stmt st = {"as_jsonb", "select $1::jsonb"};
    size_t taken = 0;
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        struct pg_param p = pgp_cstr(objects[i]);
        bool ours = jsonb_accepts_object(str_of(objects[i]));
        bool theirs = pg_run(ledger_db(), &st, &p, 1, NULL) == PG_OK;
        ck_assert_msg(!ours || theirs, "jsonb refuses %s", objects[i]);
        taken += ours;
    }
    ck_assert_uint_eq(taken, 6);
    ledger_db_end();
}
END_TEST

START_TEST(callers_text_cannot_stop_the_ledger)
{
    begin(1);
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        struct uuid id = uuid_v7(clock_wall_us());
        struct ledger_open o = sample_open(id);
        struct ledger_close c = sample_close(id);
        o.metadata = o.params = str_of(objects[i]);
        o.title = STR("\xff\xfe'; drop table requests; --\\.");
        o.referer = STR("\\N");
        o.source = STR("a\0b");
        o.session = STR("\xed\xa0\x80");
        o.tags = STR("\xff,\\,\",{,},NULL,\n");
        c.error_detail = STR("\\.");
        put(0, &o, &c);
    }
    stop();
    ck_assert_int_eq(ledger_number("select count(*) from requests"), ARRAY_LEN(objects));
    ck_assert_int_eq(
        ledger_number("select count(*) from request_details where referer = E'\\\\N'"
                      " and error_detail = E'\\\\.'"
                      " and tags = array[U&'\\FFFD', E'\\\\', '\"', '{', '}', 'NULL']"),
        ARRAY_LEN(objects));
    ck_assert_int_eq(ledger_number("select count(metadata) from request_details"), 6);
    ck_assert_uint_eq(ledger_folder_count(".rec"), 0);
    ledger_check_sums();
    end();
}
END_TEST

START_TEST(extreme_numbers_cannot_stop_the_ledger)
{
    begin(1);
    for (int i = 0; i < 3; i++) {
        struct uuid id = uuid_v7(clock_wall_us());
        struct ledger_open o = sample_open(id);
        struct ledger_close c = sample_close(id);
        c.status = UINT16_MAX;
        c.finish_reason = 255;
        c.duration_us = c.ttft_us = c.overhead_us = INT64_MAX;
        c.usage.input = c.usage.output = c.usage.cached = c.usage.cache_write_1h =
            c.usage.cache_write_5m = c.usage.reasoning = INT64_MAX;
        c.cost.line[0].quantity = INT64_MIN;
        c.cost.line[0].price.femto = INT64_MAX;
        c.cost.line[0].multiplier_milli = INT64_MAX;
        c.cost.line[0].amount_pico = INT64_MIN;
        c.cost.total_pico = INT64_MAX;
        c.attempt[0].start_us = INT64_MIN;
        c.step_us[0] = UINT32_MAX;
        put(0, &o, &c);
    }
    stop();
    ck_assert_int_eq(ledger_number("select count(*) from requests"), 3);
    ck_assert_uint_eq(ledger_folder_count(".rec"), 0);
    end();
}
END_TEST

/* Two of 200 can never be rows: no such retention class. The others are in, once. */
START_TEST(a_refused_record_is_kept_and_stops_nobody)
{
    begin(1);
    for (int i = 0; i < 200; i++) {
        struct uuid id = uuid_v7(clock_wall_us());
        struct ledger_open o = sample_open(id);
        struct ledger_close c = sample_close(id);
        o.retention_days = i == 50 || i == 120 ? 31 : 30;
        put(0, &o, &c);
    }
    struct uuid last = uuid_v7(clock_wall_us());
    last.b[0] = 0xff; /* the year 10889 */
    struct ledger_open o = sample_open(last);
    struct ledger_close c = sample_close(last);
    put(0, &o, &c);
    stop();
    ck_assert_int_eq(ledger_number("select count(*) from requests"), 198);
    ledger_check_sums();
    ck_assert_uint_eq(ledger_folder_count(".rec"), 1);
    ck_assert_uint_eq(ledger_folder_count(".seg"), 0);
    end();
}
END_TEST

/* An organisation that is gone: its rows are there, its labels are not. */
START_TEST(an_organisation_that_is_gone)
{
    begin(1);
    struct uuid id = uuid_v7(clock_wall_us());
    struct ledger_open o = sample_open(id);
    struct ledger_close c = sample_close(id);
    o.organisation_id = sample_uuid(99);
    put(0, &o, &c);
    stop();
    ck_assert_row("select from requests where source_id is null and requested_model_id is null");
    end();
}
END_TEST

START_TEST(days_of_long_ago_get_their_partitions)
{
    begin(1);
    for (int i = 0; i < 5; i++) {
        struct uuid id = uuid_v7(clock_wall_us() - INT64_C(86400000000) * 40 * i);
        struct ledger_open o = sample_open(id);
        struct ledger_close c = sample_close(id);
        o.created_us += i % 2 ? INT64_C(86400000000) : 0; /* a time that is not the id's */
        put(0, &o, &c);
    }
    for (int i = 0; i < 1000 && ledger_number("select count(*) from requests") < 5; i++)
        usleep(10000);
    ledger_run("select drop_expired_request_partitions()");
    struct uuid id = uuid_v7(clock_wall_us() - INT64_C(86400000000) * 80);
    struct ledger_open o = sample_open(id);
    struct ledger_close c = sample_close(id);
    put(0, &o, &c);
    stop();
    ck_assert_int_eq(ledger_number("select count(*) from requests"), 2);
    ck_assert_int_eq(ledger_number("select sum(requests) from rollup_usage"), 6);
    ck_assert_uint_eq(ledger_folder_count(".rec"), 0);
    end();
}
END_TEST

static unsigned write_for(int64_t ms)
{
    unsigned n = 0;
    for (int64_t end_us = clock_mono_us() + ms * 1000; clock_mono_us() < end_us; n++) {
        struct ledger_open o;
        struct ledger_close c;
        roll_request(&o, &c);
        put(n % 2, &o, &c);
        usleep(200);
    }
    return n;
}

START_TEST(a_database_that_is_away)
{
    begin(2);
    unsigned n = 0;
    int64_t before = metrics_get(M_LEDGER_ROWS);
    for (int i = 0; i < 300 && metrics_get(M_LEDGER_ROWS) < before + 100; i++)
        n += write_for(50);
    ledger_db_close_doors();
    n += write_for(800);
    ck_assert_int_gt(metrics_get(M_LEDGER_FAILURES), 0);
    ledger_db_open_doors();
    n += write_for(200);
    stop();
    ck_assert_int_eq(ledger_number("select count(*) from requests"), n);
    ck_assert_uint_eq(ledger_folder_count(".seg"), 0);
    ledger_check_sums();
    end();
}
END_TEST

/* A statement that never comes back must not keep the process from ending, and loses nothing. */
START_TEST(a_database_that_hangs)
{
    begin(1);
    for (int i = 0; i < 1000 && writer_lag_ms(writer) < 0; i++)
        usleep(10000);
    int64_t pid = ledger_number("select pid from pg_stat_activity"
                                " where application_name = 'doteb-gateway ledger'");
    if (kill((pid_t)pid, SIGSTOP) != 0) {
        fprintf(stderr, "test_writer: no right to stop the server's process: not tested\n");
        stop();
        end();
        return;
    }
    struct ledger_open o;
    struct ledger_close c;
    roll_request(&o, &c);
    put(0, &o, &c);
    int64_t start_us = clock_mono_us();
    writer_free(writer, 300);
    ck_assert_int_lt(clock_mono_us() - start_us, 5000000);
    kill((pid_t)pid, SIGCONT);
    spool_free(spool);
    ck_assert_uint_eq(ledger_folder_count(".seg"), 1);
    spool = ledger_spool(dir, 1);
    writer = ledger_writer(spool);
    stop();
    ck_assert_int_eq(ledger_number("select count(*) from requests"), 1);
    ledger_check_sums();
    end();
}
END_TEST

START_TEST(buckets_are_half_octaves)
{
    static const struct {
        int64_t us;
        unsigned bucket;
    } rows[] = {{-5, 0},        {0, 0}, {1, 0},     {2, 2},     {3, 3},     {4, 4},
                {5, 4},         {6, 5}, {1000, 19}, {1448, 20}, {1449, 21}, {INT64_C(1) << 31, 62},
                {INT64_MAX, 63}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_uint_eq(rollup_bucket(rows[i].us), rows[i].bucket);
}
END_TEST

UNIT_MAIN("writer", buckets_are_half_octaves, a_row_says_it_all, the_sums_are_the_logs,
          two_gateways_at_once, only_a_thousand_end_users_and_sources_have_rows,
          what_we_take_as_jsonb_is_jsonb, callers_text_cannot_stop_the_ledger,
          extreme_numbers_cannot_stop_the_ledger, a_refused_record_is_kept_and_stops_nobody,
          an_organisation_that_is_gone, days_of_long_ago_get_their_partitions,
          a_database_that_is_away, a_database_that_hangs)
