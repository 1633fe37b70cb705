/* Migrations of a list of our own, on a real database: in order, once, all or nothing. */
#include <stdio.h>
#include <stdlib.h>

#include "control/migrate.h"
#include "tests/unit/unit.h"

#define SQL(text) text, sizeof(text) - 1

static struct pg *fresh(const char *schema)
{
    char err[256], sql[256];
    const char *url = getenv("DOTEB_TEST_DATABASE_URL");
    ck_assert_ptr_nonnull(url);
    struct pg *pg = pg_connect(url, "test", 10000, err);
    ck_assert_msg(pg, "%s", err);
    (void)snprintf(sql, sizeof sql, "create schema %s; set search_path = %s", schema, schema);
    ck_assert_int_eq(pg_exec(pg, sql, NULL), PG_OK);
    return pg;
}

static const struct migration list[] = {
    {1, "0001_a.sql", SQL("create table a (x integer)")},
    {2, "0002_b.sql", SQL("insert into a values (1); insert into a values (2)")},
    {3, "0003_c.sql", SQL("create table c (y integer); select * from nowhere")},
    {4, "0004_d.sql", SQL("create table d (z integer)")},
};

static int64_t number(struct pg *pg, const char *sql)
{
    struct pg_result *r = NULL;
    ck_assert_int_eq(pg_exec(pg, sql, &r), PG_OK);
    int64_t n = pg_i64(r, 0, 0);
    pg_result_free(r);
    return n;
}

START_TEST(a_failing_file_stops_the_rest_and_leaves_what_was_before)
{
    char err[512];
    int applied;
    struct pg *pg = fresh("m1");
    ck_assert(!migrate_run(pg, list, 4, 1, &applied, err));
    ck_assert_int_eq(applied, 2);
    ck_assert_ptr_nonnull(strstr(err, "0003_c.sql"));
    ck_assert_ptr_nonnull(strstr(err, "nowhere"));
    ck_assert_int_eq(number(pg, "select count(*) from a"), 2);
    ck_assert_int_eq(number(pg, "select count(*) from pg_class where relname in ('c', 'd') "
                                "and relnamespace = 'm1'::regnamespace"),
                     0);
    ck_assert(!migrate_check(pg, list, 4, err));
    ck_assert(migrate_check(pg, list, 2, err));
    pg_close(pg);
}
END_TEST

START_TEST(goes_on_where_it_ended)
{
    char err[512];
    int applied;
    struct pg *pg = fresh("m2");
    struct migration mended[ARRAY_LEN(list)];
    memcpy(mended, list, sizeof list);
    mended[2] = (struct migration){3, "0003_c.sql", SQL("create table c (y integer)")};
    ck_assert(migrate_run(pg, mended, 2, 1, &applied, err));
    ck_assert_int_eq(applied, 2);
    ck_assert(migrate_run(pg, mended, 4, 1, &applied, err));
    ck_assert_int_eq(applied, 2);
    ck_assert(migrate_run(pg, mended, 4, 1, &applied, err));
    ck_assert_int_eq(applied, 0);
    ck_assert(!migrate_run(pg, list, 4, 1, &applied, err)); /* 0003 differs now */
    ck_assert_ptr_nonnull(strstr(err, "0003_c.sql was changed"));
    ck_assert(!migrate_run(pg, mended, 3, 1, &applied, err)); /* an older program */
    ck_assert_ptr_nonnull(strstr(err, "0004_d.sql"));
    pg_close(pg);
}
END_TEST

/* Meanwhile others that need the table wait for seconds, not for the report's end. */
START_TEST(who_holds_a_lock_is_named_and_waited_for)
{
    char err[512], pid[32];
    int applied;
    struct pg *pg = fresh("m4"), *report = fresh("m5");
    const struct migration alter[] = {
        {1, "0001_a.sql", SQL("create table a (x integer)")},
        {2, "0002_b.sql", SQL("alter table a add column y integer")},
    };
    ck_assert(migrate_run(pg, alter, 1, 1, &applied, err));
    ck_assert_int_eq(pg_exec(report,
                             "begin; set application_name = 'report'; "
                             "select count(*) from m4.a",
                             NULL),
                     PG_OK);
    (void)snprintf(pid, sizeof pid, "pid %lld ",
                   (long long)number(report, "select pg_backend_pid()"));
    ck_assert(!migrate_run(pg, alter, 2, 1, &applied, err));
    ck_assert_msg(strstr(err, "0002_b.sql") && strstr(err, "lock timeout") && strstr(err, pid) &&
                      strstr(err, "report"),
                  "%s", err);
    ck_assert_int_eq(applied, 0);
    /* Its server ends it while the second try waits. */
    ck_assert_int_eq(pg_exec(report, "set idle_in_transaction_session_timeout = '4s'", NULL),
                     PG_OK);
    ck_assert_msg(migrate_run(pg, alter, 2, 3, &applied, err), "%s", err);
    ck_assert_int_eq(applied, 1);
    pg_close(report);
    pg_close(pg);
}
END_TEST

START_TEST(an_empty_database_is_not_current)
{
    char err[512];
    struct pg *pg = fresh("m3");
    ck_assert(!migrate_check(pg, list, 2, err));
    ck_assert_ptr_nonnull(strstr(err, "doteb-control migrate"));
    pg_close(pg);
}
END_TEST

static int number_of(const char *name)
{
    return (int)strtol(name, NULL, 10);
}

START_TEST(known_files_ascend)
{
    ck_assert_uint_gt(migrations_known_len, 0);
    for (size_t i = 0; i < migrations_known_len; i++) {
        /* Numbers may be left out (each branch has its own), never given twice. */
        if (i)
            ck_assert_int_gt(migrations_known[i].version, migrations_known[i - 1].version);
        ck_assert_int_eq(migrations_known[i].version, number_of(migrations_known[i].name));
        ck_assert_uint_eq(strlen(migrations_known[i].sql), migrations_known[i].len);
    }
}
END_TEST

UNIT_MAIN("control_migrations", a_failing_file_stops_the_rest_and_leaves_what_was_before,
          goes_on_where_it_ended, who_holds_a_lock_is_named_and_waited_for,
          an_empty_database_is_not_current, known_files_ascend)
