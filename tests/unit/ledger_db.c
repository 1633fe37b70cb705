/* The fixture of the ledger's tests: needs DOTEB_TEST_DATABASE_URL (tests/with_postgres.sh). */
#include "tests/unit/ledger_db.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/unit/ledger_samples.h"
#include "tests/unit/unit.h"

static char url[512];
static char dir[64];
static struct pg *outside; /* to the database that was there */
static struct pg *inside;  /* to ours */

static void must(struct pg *pg, const char *sql)
{
    ck_assert_msg(pg_exec(pg, sql, NULL) == PG_OK, "%.200s: %s", sql, pg_error(pg));
}

static int is_sql(const struct dirent *e)
{
    return str_ends(str_of(e->d_name), STR(".sql"));
}

static void migrate(void)
{
    struct dirent **names;
    int n = scandir(DOTEB_SOURCE_DIR "/migrations", &names, is_sql, alphasort);
    ck_assert_int_gt(n, 0);
    for (int i = 0; i < n; i++) {
        char path[512];
        char *text = xcalloc(1, 1 << 20);
        snprintf(path, sizeof path, "%s/migrations/%s", DOTEB_SOURCE_DIR, names[i]->d_name);
        FILE *f = fopen(path, "r");
        ck_assert_ptr_nonnull(f);
        ck_assert_uint_gt(fread(text, 1, (1 << 20) - 1, f), 0);
        fclose(f);
        must(inside, text);
        xfree(text);
        free(names[i]);
    }
    free(names);
}

static struct pg *connect_to(const char *where)
{
    char err[256];
    struct pg *pg = pg_connect(where, "doteb-test", 60000, err);
    ck_assert_msg(pg != NULL, "%s", err);
    return pg;
}

void ledger_db_begin(void)
{
    const char *base = getenv("DOTEB_TEST_DATABASE_URL");
    ck_assert_msg(base != NULL, "run me with tests/with_postgres.sh");
    const char *slash = strrchr(base, '/');
    snprintf(url, sizeof url, "%.*s/ledger_test", (int)(slash - base), base);
    outside = connect_to(base);
    must(outside, "drop database if exists ledger_test with (force)");
    must(outside, "create database ledger_test");
    inside = connect_to(url);
    migrate();
    for (int i = 1; i <= 21; i += 10) {
        char sql[256], id[UUID_TEXT_LEN + 1];
        uuid_format(sample_uuid((unsigned char)i), id);
        snprintf(sql, sizeof sql,
                 "insert into organisations (organisation_id, name, data_key_sealed)"
                 " values ('%s', 'o%d', '')",
                 id, i);
        must(inside, sql);
    }
}

void ledger_db_end(void)
{
    pg_close(inside);
    must(outside, "drop database ledger_test with (force)");
    pg_close(outside);
}

const char *ledger_db_url(void)
{
    return url;
}

struct pg *ledger_db(void)
{
    return inside;
}

void ledger_db_close_doors(void)
{
    pg_close(inside);
    inside = NULL;
    must(outside, "alter database ledger_test with allow_connections false");
    must(outside, "select pg_terminate_backend(pid) from pg_stat_activity"
                  " where datname = 'ledger_test'");
}

void ledger_db_open_doors(void)
{
    must(outside, "alter database ledger_test with allow_connections true");
    inside = connect_to(url);
}

void ledger_run(const char *sql)
{
    must(inside, sql);
}

int64_t ledger_number(const char *sql)
{
    struct pg_result *r;
    ck_assert_msg(pg_exec(inside, sql, &r) == PG_OK, "%s: %s", sql, pg_error(inside));
    ck_assert_uint_ge(pg_rows(r), 1);
    int64_t n = pg_i64(r, 0, 0);
    pg_result_free(r);
    return n;
}

#define GRAIN "date_bin('30 minutes', r.created_at, 'epoch')"

/* Of the attempts `a`: counts and times by what the provider said of the key. */
#define REFUSED "(a.status in (401, 402, 403) or a.error = 'CREDENTIAL')"
#define FINE    "a.status between 200 and 299"
#define ATTEMPTS_OF                                                                                \
    " count(*) filter (where " FINE "), count(*) filter (where " REFUSED " and not " FINE "),"     \
    " count(*) filter (where a.status = 429 and not " REFUSED "),"                                 \
    " count(*) filter (where not (" FINE ") and not " REFUSED " and a.status <> 429),"             \
    " max(a.at) filter (where " FINE "), max(a.at) filter (where " REFUSED " and not " FINE "),"   \
    " max(a.at) filter (where a.status = 429 and not " REFUSED ")"

/* Labels of which not all have rows of their own: their sums by project. */
#define CAPPED_IN(table)                                                                           \
    "(select organisation_id, grain, project_id, sum(requests), sum(errors), sum(input_tokens),"   \
    " sum(output_tokens), sum(cost) from " table " group by 1, 2, 3)"
#define CAPPED_OF(column)                                                                          \
    "(select organisation_id, " GRAIN ", project_id, count(*)::numeric,"                           \
    " (count(*) filter (where outcome <> 0))::numeric, sum(input_tokens), sum(output_tokens),"     \
    " sum(cost) from requests r where " column " is not null group by 1, 2, 3)"

/* (sums in the table) except (sums over the log), and the other way round. */
static void check_same(const char *what, const char *table, const char *log)
{
    char sql[8192];
    snprintf(sql, sizeof sql,
             "select count(*) from ((%s except all %s) union all (%s except all %s)) as off", table,
             log, log, table);
    int64_t off = ledger_number(sql);
    ck_assert_msg(off == 0, "%s: %d sums are off", what, (int)off);
}

void ledger_check_sums(void)
{
    check_same(
        "rollup_usage",
        "(select organisation_id, grain, project_id, api_key_id, user_id, model_id, provider_id,"
        " requests, ok, client_errors, gateway_errors, upstream_errors, client_gone, interrupted,"
        " streamed, input_tokens, cached_tokens, cache_write_tokens, output_tokens,"
        " reasoning_tokens, cost, duration_us,"
        " (select coalesce(sum(h), 0) from unnest(duration_hist) h),"
        " (select coalesce(sum(h), 0) from unnest(ttft_hist) h) from rollup_usage)",
        "(select organisation_id, " GRAIN ", project_id, api_key_id, user_id,"
        " coalesce(model_id, 0), coalesce(provider_id, 0), count(*),"
        " count(*) filter (where outcome = 0), count(*) filter (where outcome = 1),"
        " count(*) filter (where outcome = 2), count(*) filter (where outcome = 3),"
        " count(*) filter (where outcome = 4), count(*) filter (where outcome = 5),"
        " count(*) filter (where streamed), sum(input_tokens), sum(cached_tokens),"
        " sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens), sum(cost),"
        " coalesce(sum(duration_us) filter (where outcome <> 5), 0),"
        " count(*) filter (where outcome <> 5),"
        " count(ttft_us) filter (where outcome <> 5)"
        " from requests r group by 1, 2, 3, 4, 5, 6, 7)");
    check_same("rollup_tags",
               "(select organisation_id, grain, project_id, label_id, requests, errors,"
               " input_tokens, output_tokens, cost from rollup_tags)",
               "(select r.organisation_id, " GRAIN ", r.project_id, l.label_id, count(*),"
               " count(*) filter (where outcome <> 0), sum(input_tokens), sum(output_tokens),"
               " sum(cost) from requests r join request_details d using (organisation_id,"
               " retention_days, day, request_id) cross join unnest(d.tags) t join labels l on"
               " l.organisation_id = r.organisation_id and l.kind = 3 and l.value = t"
               " group by 1, 2, 3, 4)");
    check_same("rollup_end_users", CAPPED_IN("rollup_end_users"), CAPPED_OF("end_user_id"));
    check_same("rollup_sources", CAPPED_IN("rollup_sources"), CAPPED_OF("source_id"));
    check_same(
        "rollup_provider_keys",
        "(select organisation_id, provider_key_id, grain, provider_id, attempts, ok, refused,"
        " rate_limited, failed, last_ok_at, last_refused_at, last_limited_at"
        " from rollup_provider_keys where attempts > 0)",
        "(select r.organisation_id, a.key, " GRAIN ", max(a.provider), count(*)," ATTEMPTS_OF
        " from requests r join request_details d using (organisation_id, retention_days, day,"
        " request_id) cross join lateral (select (e->>'provider_key_id')::uuid as key,"
        " (e->>'provider_id')::integer as provider, coalesce((e->>'status')::integer, 0) as status,"
        " e->>'error' as error, r.created_at + (coalesce((e->>'start_us')::bigint, 0) +"
        " coalesce((e->>'duration_us')::bigint, 0)) * interval '1 microsecond' as at"
        " from jsonb_array_elements(d.attempts) e) a"
        " where a.key is not null group by 1, 2, 3)");
    check_same("the cost of rollup_provider_keys",
               "(select organisation_id, provider_key_id, grain, cost from rollup_provider_keys"
               " where cost <> 0)",
               "(select organisation_id, provider_key_id, " GRAIN ", sum(cost) from requests r"
               " where provider_key_id is not null group by 1, 2, 3 having sum(cost) <> 0)");
    check_same("spend_windows",
               "(select organisation_id, scope, scope_id, window_kind, window_start, requests,"
               " tokens, cost, last_at from spend_windows)",
               "(select organisation_id, s.scope, s.id, w.kind, w.start, count(*),"
               " sum(input_tokens + output_tokens), sum(cost), max(created_at) from requests r"
               " cross join lateral (values (1::smallint, organisation_id), (2, project_id),"
               "  (3, user_id), (4, api_key_id)) as s (scope, id)"
               " cross join lateral (values (1::smallint, date_trunc('hour', created_at)),"
               "  (2, date_trunc('day', created_at)), (3, date_trunc('month', created_at)),"
               "  (4, 'epoch'::timestamptz)) as w (kind, start) group by 1, 2, 3, 4, 5)");
    ck_assert_int_eq(ledger_number("select count(*) from requests full join request_details using"
                                   " (organisation_id, retention_days, day, request_id)"
                                   " where requests.status is null or tags is null"),
                     0);
    ck_assert_int_eq(ledger_number("select count(*) - count(distinct request_id) from requests"),
                     0);
    ck_assert_int_eq(ledger_number("select count(*) from requests where day <>"
                                   " (created_at at time zone 'UTC')::date"),
                     0);
}

void ledger_check_rows_of_day(const char *table, int most)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "select max(n) from (select count(distinct label_id) as n from %s"
             " where label_id <> 0 group by date_trunc('day', grain)) as d",
             table);
    ck_assert_int_eq(ledger_number(sql), most);
    snprintf(sql, sizeof sql, "select sum(requests) from %s where label_id = 0", table);
    ck_assert_int_gt(ledger_number(sql), 0);
}

const char *ledger_folder(void)
{
    snprintf(dir, sizeof dir, "/tmp/doteb-test-ledger.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    return dir;
}

void ledger_folder_end(void)
{
    DIR *d = opendir(dir);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
    ck_assert_int_eq(rmdir(dir), 0);
}

size_t ledger_folder_count(const char *suffix)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += str_ends(str_of(e->d_name), str_of(suffix));
    closedir(d);
    return n;
}

struct spool *ledger_spool(const char *folder, unsigned lanes)
{
    char err[256] = "";
    struct spool_options o = {.dir = folder, .segment_bytes = 65536, .sync_ms = 10, .lanes = lanes};
    struct spool *s = spool_new(&o, err);
    ck_assert_msg(s != NULL, "%s", err);
    return s;
}

struct writer *ledger_writer(struct spool *s)
{
    struct writer_options o = {.database_url = url, .flush_ms = 10};
    return writer_new(s, &o);
}
