/* pg: against a real PostgreSQL (tests/with_postgres.sh gives one): values there and back, classes
 * of errors, what errors never say, COPY, rows one by one, notifications, lost connections.
 */
#include "common/clock.h"
#include "common/pg.h"
#include "tests/unit/unit.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>

static const char *url;

static struct pg *connect_ms(int timeout_ms)
{
    char err[256];
    struct pg *pg = pg_connect(url, "doteb-test", timeout_ms, err);
    ck_assert_msg(pg != NULL, "%s", err);
    return pg;
}

static struct pg *fresh(void)
{
    return connect_ms(10000);
}

static void run(struct pg *pg, const char *sql)
{
    ck_assert_msg(pg_exec(pg, sql, NULL) == PG_OK, "%s: %s", sql, pg_error(pg));
}

/* A table that ends with the connection. */
static struct pg *with_table(void)
{
    struct pg *pg = fresh();
    run(pg, "CREATE TEMP TABLE parent (id bigint CONSTRAINT parent_pk PRIMARY KEY);"
            "CREATE TEMP TABLE child (id bigint CONSTRAINT child_pk PRIMARY KEY,"
            " parent bigint CONSTRAINT child_parent REFERENCES parent,"
            " note text CHECK (note <> 'bad'));"
            "INSERT INTO parent VALUES (1)");
    return pg;
}

START_TEST(server_that_keeps_no_deadline)
{
    struct pg *pg = connect_ms(100);
    run(pg, "SET statement_timeout = 0");
    const int64_t before = clock_mono_us();
    ck_assert_int_eq(pg_exec(pg, "SELECT pg_sleep(60)", NULL), PG_LOST);
    ck_assert_int_lt(clock_mono_us() - before, 20 * 1000 * 1000);
    ck_assert(!pg_alive(pg));
    pg_close(pg);
}
END_TEST

START_TEST(connects_or_says_why)
{
    static const char *const bad[] = {"", "localhost", "postgres//u:hunter2@h/d", "host=a hunter2",
                                      "postgresql://u:hunter2@h/d?nonsense=1"};
    char err[256];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_ptr_null(pg_connect(bad[i], "t", 0, err));
        ck_assert_ptr_nonnull(strstr(err, "PostgreSQL URL"));
        ck_assert_ptr_null(strstr(err, "hunter2"));
    }
    ck_assert_ptr_null(pg_connect("postgresql://u:hunter2@127.0.0.1:1/d", "t", 0, err));
    ck_assert_ptr_nonnull(strstr(err, "127.0.0.1"));
    ck_assert_ptr_null(strstr(err, "hunter2"));
    ck_assert_ptr_null(strchr(err, '\n'));
    pg_close(NULL);

    struct pg *pg = connect_ms(1234);
    struct pg_result *r;
    ck_assert_int_eq(pg_exec(pg,
                             "SELECT current_setting('statement_timeout'),"
                             " current_setting('application_name'), current_setting('timezone')",
                             &r),
                     PG_OK);
    ck_assert_text(pg_str(r, 0, 0), "1234ms");
    ck_assert_text(pg_str(r, 0, 1), "doteb-test");
    ck_assert_text(pg_str(r, 0, 2), "UTC");
    pg_result_free(r);
    pg_result_free(NULL);
    pg_close(pg);
}
END_TEST

START_TEST(values_go_there_and_back)
{
    static const struct pg_stmt all = {
        "all_types",
        "SELECT $1::bigint, $2::bool, $3::uuid, $4::bytea, $5::text,"
        " (extract(epoch FROM $6::timestamptz) * 1000000)::bigint, $7::text, $8::bigint"};
    static const int64_t numbers[] = {0, 1, -1, 10, INT64_MAX, INT64_MIN};
    uint8_t bytes[256], back[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    struct pg *pg = fresh();
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct uuid u = uuid_v7(1);
        int64_t us = INT64_C(1795395723456789) + (int64_t)i;
        struct pg_param params[] = {
            pgp_i64(numbers[i]),
            pgp_bool(i % 2),
            pgp_uuid(u),
            pgp_bytes(bytes, i ? sizeof bytes : 0),
            pgp_text(str_make("long'er; than it is", 7)),
            pgp_time_us(us),
            pgp_cstr(NULL),
            pgp_null(),
        };
        struct pg_result *r;
        ck_assert_msg(pg_run(pg, &all, params, ARRAY_LEN(params), &r) == PG_OK, "%s", pg_error(pg));
        ck_assert_uint_eq(pg_rows(r), 1);
        ck_assert_int_eq(pg_i64(r, 0, 0), numbers[i]);
        ck_assert_int_eq(pg_bool(r, 0, 1), i % 2);
        ck_assert(uuid_eq(pg_uuid(r, 0, 2), u));
        ck_assert_int_eq(pg_bytes(r, 0, 3, back, sizeof back), i ? 256 : 0);
        ck_assert(i == 0 || memcmp(back, bytes, sizeof bytes) == 0);
        if (i)
            ck_assert_int_eq(pg_bytes(r, 0, 3, back, 255), -1);
        ck_assert_text(pg_str(r, 0, 4), "long'er");
        ck_assert_int_eq(pg_i64(r, 0, 5), us);
        ck_assert(pg_is_null(r, 0, 6) && !pg_is_null(r, 0, 4));
        ck_assert_text(pg_str(r, 0, 6), "");
        ck_assert_int_eq(pg_i64(r, 0, 7), 0);
        pg_result_free(r);
    }
    pg_close(pg);
}
END_TEST

START_TEST(errors_have_classes)
{
    static const struct pg_stmt add = {"add", "INSERT INTO child VALUES ($1, $2, $3)"};
    static const struct {
        int64_t id, parent;
        const char *note;
        enum pg_err err;
        const char *constraint;
    } rows[] = {
        {1, 1, "x", PG_OK, ""},
        {1, 1, "secret-value", PG_CONFLICT, "child_pk"},
        {2, 99, "secret-value", PG_MISSING, "child_parent"},
        {2, 1, "bad", PG_INVALID, ""},
        {2, 1, NULL, PG_OK, ""},
    };
    struct pg *pg = with_table();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pg_param params[] = {pgp_i64(rows[i].id), pgp_i64(rows[i].parent),
                                    pgp_cstr(rows[i].note)};
        struct pg_result *r;
        ck_assert_int_eq(pg_run(pg, &add, params, 3, &r), rows[i].err);
        ck_assert_int_eq(r != NULL, rows[i].err == PG_OK);
        if (r)
            ck_assert_int_eq(pg_affected(r), 1);
        else
            ck_assert_str_eq(pg_constraint(pg), rows[i].constraint);
        ck_assert_ptr_null(strstr(pg_error(pg), "secret-value"));
        ck_assert(pg_alive(pg));
        pg_result_free(r);
    }
    ck_assert_int_eq(pg_exec(pg, "SELEC 1", NULL), PG_INVALID);
    ck_assert_ptr_nonnull(strstr(pg_error(pg), "42601"));
    ck_assert_ptr_nonnull(strstr(pg_error(pg), "at character 1"));
    pg_close(pg);
}
END_TEST

/* Values that the server's own messages quote. */
START_TEST(errors_never_quote_values)
{
    static const struct pg_stmt stmts[] = {
        {"to_uuid", "SELECT $1::text::uuid"},        {"to_int", "SELECT $1::text::int"},
        {"to_time", "SELECT $1::text::timestamptz"}, {"to_json", "SELECT $1::text::jsonb"},
        {"to_array", "SELECT $1::text::int[]"},      {"to_bool", "SELECT $1::text::bool"}};
    struct pg *pg = fresh();
    for (size_t i = 0; i < ARRAY_LEN(stmts); i++) {
        struct pg_param p = pgp_cstr("{hunter2");
        ck_assert_int_eq(pg_run(pg, &stmts[i], &p, 1, NULL), PG_INVALID);
        ck_assert_ptr_null(strstr(pg_error(pg), "hunter2"));
        ck_assert_ptr_nonnull(strstr(pg_error(pg), stmts[i].name));
    }
    static const struct pg_stmt text = {"text", "SELECT $1::text"};
    struct pg_param nul = pgp_text(STR("hunter2\0x"));
    ck_assert_int_eq(pg_run(pg, &text, &nul, 1, NULL), PG_INVALID);
    ck_assert_str_eq(pg_error(pg), "parameter 1 of text has a NUL byte or is too long");
    struct pg_param latin = pgp_text(STR("hunter2\xFF"));
    ck_assert_int_eq(pg_run(pg, &text, &latin, 1, NULL), PG_INVALID);
    ck_assert_ptr_null(strstr(pg_error(pg), "hunter2"));
    pg_close(pg);
}
END_TEST

START_TEST(transactions)
{
    struct pg *pg = with_table();
    struct pg_result *r;
    ck_assert_int_eq(pg_begin(pg), PG_OK);
    run(pg, "INSERT INTO parent VALUES (2)");
    ck_assert_int_eq(pg_commit(pg), PG_OK);
    ck_assert_int_eq(pg_begin(pg), PG_OK);
    run(pg, "INSERT INTO parent VALUES (3)");
    ck_assert_int_eq(pg_exec(pg, "INSERT INTO parent VALUES (2)", NULL), PG_CONFLICT);
    ck_assert_int_eq(pg_commit(pg), PG_INVALID); /* the server says yes, and rolled back */
    ck_assert_int_eq(pg_begin(pg), PG_OK);
    run(pg, "INSERT INTO parent VALUES (4)");
    pg_rollback(pg);
    pg_rollback(pg);
    ck_assert_int_eq(pg_exec(pg, "SELECT max(id) FROM parent", &r), PG_OK);
    ck_assert_int_eq(pg_i64(r, 0, 0), 2);
    pg_result_free(r);
    pg_close(pg);
}
END_TEST

START_TEST(statements_time_out)
{
    struct pg *pg = connect_ms(100);
    ck_assert_int_eq(pg_exec(pg, "SELECT pg_sleep(20)", NULL), PG_RETRY);
    ck_assert(pg_alive(pg));
    run(pg, "SELECT 1");
    pg_close(pg);
}
END_TEST

START_TEST(lost_connections_are_noticed)
{
    struct pg *victim = fresh(), *killer = fresh();
    struct pg_result *r;
    static const struct pg_stmt end = {"end", "SELECT pg_terminate_backend($1, 5000)"};
    ck_assert_int_eq(pg_exec(victim, "SELECT pg_backend_pid()", &r), PG_OK);
    struct pg_param pid = pgp_i64(pg_i64(r, 0, 0));
    pg_result_free(r);
    ck_assert_int_eq(pg_run(killer, &end, &pid, 1, NULL), PG_OK);
    ck_assert_int_eq(pg_begin(victim), PG_LOST);
    ck_assert(!pg_alive(victim) && pg_alive(killer));
    ck_assert_int_eq(pg_run(victim, &end, &pid, 1, &r), PG_LOST);
    ck_assert_ptr_null(r);
    ck_assert_int_eq(pg_copy_put(victim, STR("x")), PG_LOST);
    pg_rollback(victim);
    pg_close(victim);
    pg_close(killer);
}
END_TEST

/* A migration under a running daemon: the first run after it says PG_RETRY, the next works. */
START_TEST(plans_follow_the_schema)
{
    static const struct pg_stmt all = {"all_rows", "SELECT * FROM plan"};
    struct pg_result *r;
    struct pg *pg = fresh();
    run(pg, "CREATE TEMP TABLE plan (a bigint); INSERT INTO plan VALUES (1)");
    ck_assert_int_eq(pg_run(pg, &all, NULL, 0, NULL), PG_OK);
    run(pg, "ALTER TABLE plan ADD b text DEFAULT 'new'");
    ck_assert_int_eq(pg_run(pg, &all, NULL, 0, NULL), PG_RETRY);
    ck_assert_int_eq(pg_run(pg, &all, NULL, 0, &r), PG_OK);
    ck_assert_text(pg_str(r, 0, 1), "new");
    pg_result_free(r);
    run(pg, "DEALLOCATE ALL"); /* what a pooler may do */
    ck_assert_int_eq(pg_run(pg, &all, NULL, 0, NULL), PG_RETRY);
    ck_assert_int_eq(pg_run(pg, &all, NULL, 0, NULL), PG_OK);
    pg_close(pg);
}
END_TEST

START_TEST(copies_rows_in)
{
    struct pg *pg = with_table();
    struct pg_result *r;
    struct buf rows;
    buf_init(&rows, 1 << 22);
    for (int i = 100; i < 100100; i++)
        buf_printf(&rows, "%d\t1\tnote %d\n", i, i);
    ck_assert_int_eq(pg_copy_begin(pg, "COPY child FROM STDIN"), PG_OK);
    ck_assert_int_eq(pg_copy_put(pg, buf_str(&rows)), PG_OK); /* over 1 MiB */
    ck_assert_uint_gt(rows.len, 1 << 20);
    ck_assert_int_eq(pg_copy_put(pg, STR("5\t\\N\t\\N\n")), PG_OK);
    ck_assert_int_eq(pg_copy_end(pg), PG_OK);
    ck_assert_int_eq(pg_exec(pg, "SELECT count(*), sum(id) FROM child", &r), PG_OK);
    ck_assert_int_eq(pg_i64(r, 0, 0), 100001);
    pg_result_free(r);

    ck_assert_int_eq(pg_copy_begin(pg, "COPY child FROM STDIN"), PG_OK);
    ck_assert_int_eq(pg_copy_put(pg, STR("7\t1\thunter2\n5\t1\thunter2\n")), PG_OK);
    ck_assert_int_eq(pg_copy_end(pg), PG_CONFLICT);
    ck_assert_str_eq(pg_constraint(pg), "child_pk");
    ck_assert_ptr_null(strstr(pg_error(pg), "hunter2"));
    ck_assert_int_eq(pg_copy_begin(pg, "COPY child FROM STDIN"), PG_OK);
    ck_assert_int_eq(pg_copy_put(pg, STR("hunter2\t1\t1\n")), PG_OK);
    ck_assert_int_eq(pg_copy_end(pg), PG_INVALID);
    ck_assert_ptr_null(strstr(pg_error(pg), "hunter2"));

    ck_assert_int_eq(pg_copy_begin(pg, "SELECT 1"), PG_INVALID);
    ck_assert_int_eq(pg_exec(pg, "COPY child FROM STDIN", NULL), PG_INVALID);
    run(pg, "SELECT 1"); /* the connection still serves */
    buf_fini(&rows);
    pg_close(pg);
}
END_TEST

struct tally {
    int64_t rows, sum, stop_after;
};

static bool tally(void *arg, const struct pg_result *r)
{
    struct tally *t = arg;
    ck_assert_uint_eq(pg_rows(r), 1);
    t->sum += pg_i64(r, 0, 0);
    return ++t->rows != t->stop_after;
}

START_TEST(hands_rows_over_one_by_one)
{
    static const struct pg_stmt series = {"series", "SELECT generate_series(1, $1::bigint)"};
    static const struct pg_stmt fails = {
        "fails", "SELECT 1000 / (500 - i) FROM generate_series(1, $1::bigint) i"};
    struct pg *pg = fresh();
    struct pg_param n = pgp_i64(50000);
    struct tally t = {0};
    ck_assert_int_eq(pg_each(pg, &series, &n, 1, tally, &t), PG_OK);
    ck_assert(t.rows == 50000 && t.sum == INT64_C(50000) * 50001 / 2);
    t = (struct tally){.stop_after = 3};
    ck_assert_int_eq(pg_each(pg, &series, &n, 1, tally, &t), PG_OK);
    ck_assert_int_eq(t.rows, 3);
    struct pg_param few = pgp_i64(3); /* stopped at the last row: nothing left to cancel */
    t = (struct tally){.stop_after = 3};
    ck_assert_int_eq(pg_each(pg, &series, &few, 1, tally, &t), PG_OK);
    run(pg, "SELECT 1");
    t = (struct tally){0};
    ck_assert_int_eq(pg_each(pg, &fails, &n, 1, tally, &t), PG_INVALID);
    ck_assert_int_eq(t.rows, 499);
    ck_assert_int_eq(pg_begin(pg), PG_OK); /* stopping early keeps the transaction */
    t = (struct tally){.stop_after = 1};
    ck_assert_int_eq(pg_each(pg, &series, &n, 1, tally, &t), PG_OK);
    ck_assert_int_eq(pg_commit(pg), PG_OK);
    pg_close(pg);
}
END_TEST

static void hear(void *arg, struct str channel, struct str payload)
{
    buf_printf(arg, STR_FMT "=" STR_FMT ";", STR_ARG(channel), STR_ARG(payload));
}

START_TEST(hears_notifications)
{
    struct pg *ear = fresh(), *mouth = fresh();
    struct buf heard;
    buf_init(&heard, 1000);
    run(ear, "LISTEN config");
    ck_assert_int_eq(pg_notifications(ear, hear, &heard), PG_OK);
    ck_assert_uint_eq(heard.len, 0);
    run(mouth, "NOTIFY config, '41'; NOTIFY config, '42'; NOTIFY other, 'x'");
    for (int i = 0; i < 100 && !str_ends(buf_str(&heard), STR("42;")); i++) {
        struct pollfd p = {.fd = pg_fd(ear), .events = POLLIN};
        (void)poll(&p, 1, 100);
        ck_assert_int_eq(pg_notifications(ear, hear, &heard), PG_OK);
    }
    ck_assert_text(buf_str(&heard), "config=41;config=42;");
    buf_fini(&heard);

    static const struct pg_stmt end = {
        "end", "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE"
               " application_name = 'doteb-test' AND pid <> pg_backend_pid()"};
    ck_assert_int_eq(pg_run(mouth, &end, NULL, 0, NULL), PG_OK);
    enum pg_err err = PG_OK;
    for (int i = 0; i < 10 && err == PG_OK; i++)
        err = pg_notifications(ear, hear, &heard);
    ck_assert_int_eq(err, PG_LOST);
    pg_close(ear);
    pg_close(mouth);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {connects_or_says_why,
                                  values_go_there_and_back,
                                  errors_have_classes,
                                  errors_never_quote_values,
                                  transactions,
                                  statements_time_out,
                                  server_that_keeps_no_deadline,
                                  lost_connections_are_noticed,
                                  plans_follow_the_schema,
                                  copies_rows_in,
                                  hands_rows_over_one_by_one,
                                  hears_notifications};
    enum { SKIPPED = 77 };
    url = getenv("DOTEB_TEST_DATABASE_URL");
    if (!url || !*url) {
        fprintf(stderr, "DOTEB_TEST_DATABASE_URL is not set: skipped\n");
        return SKIPPED;
    }
    return unit_run("pg", tests, ARRAY_LEN(tests));
}
