/* loader: against a real PostgreSQL (tests/with_postgres.sh) with the project's schema: first
 * snapshot, changes by notification and by poll, bursts, bad builds, a database that goes away.
 */
#include "gateway/snapshot/loader.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/metrics.h"
#include "tests/unit/loader_db.h"
#include "tests/unit/snapshot_rows.h"

static atomic_uint publications;

static void on_published(void *arg)
{
    (void)arg;
    atomic_fetch_add(&publications, 1);
}

static struct loader *start(int64_t poll_ms)
{
    struct loader_options o = {
        .database_url = url, .master_keys = master, .poll_ms = poll_ms, .published = on_published};
    return loader_new(&o);
}

/* What a test waits for: judged on the current snapshot. */
typedef bool seen_fn(const struct snapshot *s, uint32_t n);

static bool current_shows(struct loader *l, seen_fn *fn, uint32_t n)
{
    struct snapshot *s = loader_current(l);
    bool shows = s && fn(s, n);
    snapshot_unref(s);
    return shows;
}

/* Returns after how many milliseconds it was there. */
static int64_t await(struct loader *l, seen_fn *fn, uint32_t n)
{
    int64_t began = clock_mono_us();
    while (!current_shows(l, fn, n)) {
        ck_assert_msg(clock_mono_us() - began < 30 * 1000000, "not seen within 30 seconds");
        usleep(1000);
    }
    return (clock_mono_us() - began) / 1000;
}

static bool any(const struct snapshot *s, uint32_t n)
{
    (void)s;
    (void)n;
    return true;
}

static bool find(const struct snapshot *s, uint32_t n, struct snap_key *k)
{
    char text[32];
    (void)snprintf(text, sizeof text, "key %u", n);
    return snapshot_find_key(s, str_of(text), k);
}

static bool key_works(const struct snapshot *s, uint32_t n)
{
    struct snap_key k;
    return find(s, n, &k) && !k.revoked && k.expires_at_us == INT64_MAX;
}

static bool key_is_revoked(const struct snapshot *s, uint32_t n)
{
    struct snap_key k;
    return find(s, n, &k) && k.revoked;
}

static bool key_expires(const struct snapshot *s, uint32_t n)
{
    struct snap_key k;
    return find(s, n, &k) && k.expires_at_us == INT64_C(1893456000000001);
}

static bool provider_is(const struct snapshot *s, uint32_t n)
{
    char name[32];
    (void)snprintf(name, sizeof name, "name %u", n);
    const struct snap_provider *p = snapshot_provider(s, STR("p"));
    return p && str_eq(p->name, str_of(name));
}

/* The loader's own connection is cut; it makes another. */
static void cut_loader(void)
{
    run_sql(outside, "select pg_terminate_backend(pid) from pg_stat_activity "
                     "where application_name = 'doteb-gateway loader'");
}

START_TEST(waits_for_the_instance_then_reads_all)
{
    run_sql(db, "delete from instance");
    struct loader *l = start(50);
    usleep(200 * 1000);
    ck_assert_ptr_null(loader_current(l));
    put_instance();
    await(l, any, 0);
    struct snapshot *s = loader_current(l);
    ck_assert_ptr_null(snapshot_provider(s, STR("later")));
    ck_assert_ptr_null(snapshot_model(s, STR("painter"))); /* nothing here asks for films */
    const struct snap_model *m = snapshot_model(s, STR("em"));
    ck_assert_text(m->slug, "m");
    ck_assert_int_eq(m->released_us, INT64_C(1767312000000000));
    ck_assert_uint_eq(m->n_offers, 1);
    const struct snap_offer *o = m->offers[0];
    ck_assert_text(o->provider_model, "m-1");
    ck_assert_int_eq(o->context, 1000);
    ck_assert_int_eq(o->max_output, -1);
    ck_assert_uint_eq(o->caps, CAP_TOOLS | CAP_VISION);
    ck_assert_int_eq(o->ends_at_us, INT64_C(1893456000000000));
    ck_assert_uint_eq(o->n_prices, 2); /* the one in force, though old, and the next */
    ck_assert_int_eq(snap_offer_prices(o, clock_wall_us())->tier[0].price[PRICE_INPUT].femto,
                     2000000000);
    size_t n;
    const struct snap_provider_key *const *keys = snapshot_provider_keys(s, id_of(ORGANISATION, 1),
                                                                         o->provider->id, &n);
    ck_assert_uint_eq(n, 1);
    ck_assert_text(keys[0]->region, "eu");
    ck_assert_text(secret_view(snapshot_credential(s, keys[0])), "sk-upstream");
    ck_assert(snapshot_project(s, id_of(ORGANISATION, 1), id_of(PROJECT, 1))->active);
    ck_assert_int_ge(loader_age_ms(l), 0);
    ck_assert_int_lt(loader_age_ms(l), 3000);
    loader_free(l);
    ck_assert_text(m->slug, "m"); /* what is held outlives the loader */
    snapshot_unref(s);
}
END_TEST

START_TEST(a_notification_makes_a_key_work_at_once)
{
    struct loader *l = start(60 * 1000); /* no poll comes to help */
    await(l, any, 0);
    int64_t worst = 0;
    for (uint32_t n = 1; n <= 10; n++) {
        insert_key(db, n);
        int64_t ms = await(l, key_works, n);
        worst = ms > worst ? ms : worst;
    }
    runf("update api_keys set revoked_at = now() where api_key_id = "
         "'03000000-0000-7000-8000-000000000001'");
    int64_t revoked = await(l, key_is_revoked, 1);
    runf("update api_keys set expires_at = '2030-01-01 00:00:00.000001Z' where api_key_id = "
         "'03000000-0000-7000-8000-000000000002'");
    await(l, key_expires, 2);
    ck_assert(current_shows(l, key_works, 3));
    ck_assert(!current_shows(l, key_works, 11));
    ck_assert_msg(worst < 3000 && revoked < 3000, "%lld ms, %lld ms", (long long)worst,
                  (long long)revoked);
    loader_free(l);
}
END_TEST

START_TEST(a_burst_of_changes_makes_few_builds)
{
    struct loader *l = start(60 * 1000);
    await(l, any, 0);
    unsigned before = atomic_load(&publications);
    int64_t began = clock_mono_us();
    for (uint32_t i = 1; i <= 300; i++)
        runf("update providers set name = 'name %u' where slug = 'p'", i);
    int64_t ms = (clock_mono_us() - began) / 1000;
    await(l, provider_is, 300);
    unsigned builds = atomic_load(&publications) - before;
    ck_assert_msg(builds <= (unsigned)ms / 50 + 2, "%u builds in %lld ms", builds, (long long)ms);
    loader_free(l);
}
END_TEST

START_TEST(a_lost_notification_costs_a_poll)
{
    struct loader *l = start(100);
    await(l, any, 0);
    run_sql(db, "set session_replication_role = replica"); /* no triggers: nothing is notified */
    insert_key(db, 20);
    int64_t ms = await(l, key_works, 20);
    ck_assert_int_lt(ms, 5000);
    runf("update providers set name = 'name 21' where slug = 'p'");
    runf("insert into config_changes (table_name) values ('providers')");
    await(l, provider_is, 21);
    run_sql(db, "set session_replication_role = default");
    loader_free(l);
}
END_TEST

/* The earlier transaction commits last, after the later one's change was read. */
START_TEST(commits_out_of_order_lose_nothing)
{
    struct loader *l = start(20);
    await(l, any, 0);
    struct pg *early = open_url(url);
    run_sql(early, "set session_replication_role = replica; begin");
    insert_key(early, 30);
    run_sql(early, "update providers set name = 'name 31' where slug = 'p';"
                   "insert into config_changes (table_name) values ('providers')");
    insert_key(db, 31);
    await(l, key_works, 31);
    usleep(100 * 1000); /* several looks go by */
    ck_assert(!current_shows(l, key_works, 30));
    unsigned before = atomic_load(&publications);
    usleep(200 * 1000);
    ck_assert_uint_eq(atomic_load(&publications), before); /* an open transaction is no news */
    run_sql(early, "commit");
    pg_close(early);
    await(l, key_works, 30);
    await(l, provider_is, 31);
    loader_free(l);
}
END_TEST

START_TEST(what_changed_while_the_connection_was_lost_is_found)
{
    struct loader *l = start(60 * 1000);
    await(l, any, 0);
    for (uint32_t n = 40; n < 44; n++) {
        cut_loader();
        insert_key(db, n);
        runf("update providers set name = 'name %u' where slug = 'p'", n);
        int64_t ms = await(l, key_works, n);
        await(l, provider_is, n);
        ck_assert_int_lt(ms, 5000);
    }
    loader_free(l);
}
END_TEST

START_TEST(without_the_database_the_last_snapshot_serves)
{
    char sql[160];
    struct loader *l = start(50);
    insert_key(db, 50);
    await(l, key_works, 50);
    (void)snprintf(sql, sizeof sql, "alter database %s allow_connections false", database);
    run_sql(outside, sql);
    cut_loader();
    usleep(700 * 1000);
    ck_assert(current_shows(l, key_works, 50));
    ck_assert_int_ge(loader_age_ms(l), 500);
    insert_key(db, 51);
    (void)snprintf(sql, sizeof sql, "alter database %s allow_connections true", database);
    run_sql(outside, sql);
    await(l, key_works, 51);
    ck_assert_int_lt(loader_age_ms(l), 3000);
    loader_free(l);
}
END_TEST

START_TEST(a_build_that_fails_leaves_the_old_one)
{
    struct loader *l = start(50);
    await(l, any, 0);
    runf("update providers set name = 'name 60' where slug = 'p'");
    await(l, provider_is, 60);
    int64_t failures = metrics_get(M_SNAPSHOT_FAILURES);
    runf("update instance set pepper_sealed = '\\x00'");
    runf("update providers set name = 'name 61' where slug = 'p'");
    insert_key(db, 61);
    await(l, key_works, 61); /* keys go on */
    usleep(200 * 1000);
    ck_assert(current_shows(l, provider_is, 60));
    ck_assert_int_gt(metrics_get(M_SNAPSHOT_FAILURES), failures);
    put_instance();
    await(l, provider_is, 61);
    ck_assert(current_shows(l, key_works, 61));
    loader_free(l);
}
END_TEST

/* Keys i from `first` on, by the text "many <i>". */
static void insert_many(int first, int n)
{
    struct secret *pepper = secret_new(pepper_bytes, sizeof pepper_bytes);
    struct str view = secret_view(pepper);
    char hex[2 * CRYPTO_KEY_BYTES + 1];
    sodium_bin2hex(hex, sizeof hex, (const unsigned char *)view.p, view.len);
    secret_free(pepper);
    runf("create extension if not exists pgcrypto;"
         "set session_replication_role = replica;" /* one notification will do */
         "insert into api_keys (organisation_id, api_key_id, project_id, owner_id, name, hash, "
         "last4) select '01000000-0000-7000-8000-000000000001', "
         "('03000000-0000-7000-8000-1' || lpad(i::text, 11, '0'))::uuid, "
         "'02000000-0000-7000-8000-000000000001', '04000000-0000-7000-8000-000000000001', 'k', "
         "hmac(sha256(('many ' || i)::bytea), '\\x%s', 'sha256'), 'last' "
         "from generate_series(%d, %d) i;"
         "set session_replication_role = default;"
         "update api_keys set name = 'told' where api_key_id = "
         "'03000000-0000-7000-8000-000000000004'",
         hex, first, first + n - 1);
}

static bool many_work(const struct snapshot *s, uint32_t last)
{
    for (uint32_t i = 1; i <= last; i += last / 97 + 1) {
        char text[32];
        struct snap_key k;
        (void)snprintf(text, sizeof text, "many %u", i);
        if (!snapshot_find_key(s, str_of(text), &k) || k.revoked)
            return false;
    }
    return true;
}

START_TEST(more_keys_at_once_than_the_overlay_holds)
{
    enum { SOME = 40000, MANY = 90000 }; /* a few merges; more than is merged in one look */
    struct loader *l = start(60 * 1000);
    await(l, any, 0);
    insert_many(1, SOME);
    await(l, many_work, SOME);
    insert_many(SOME + 1, MANY);
    await(l, many_work, SOME + MANY);
    ck_assert(current_shows(l, key_works, 3));
    ck_assert(current_shows(l, key_is_revoked, 1));
    ck_assert_int_ge(metrics_get(M_SNAPSHOT_KEYS), SOME + MANY);
    runf("update api_keys set revoked_at = now() where api_key_id = "
         "'03000000-0000-7000-8000-000000000003'");
    await(l, key_is_revoked, 3);
    loader_free(l);
}
END_TEST

START_TEST(rows_of_another_servers_dump_are_no_news)
{
    struct config_look found;
    ck_assert_int_eq(config_store_look(db, "1:1:", "1:1:", &found), PG_OK);
    ck_assert(found.config && found.keys); /* all of it is new since the beginning */
    char *now = found.now;
    run_sql(db,
            "set session_replication_role = replica;"
            "update api_keys set changed_xid = '999999999999' where api_key_id = "
            "'03000000-0000-7000-8000-000000000004';"
            "insert into config_changes (table_name, changed_xid) values ('x', '999999999999')");
    ck_assert_int_eq(config_store_look(db, now, now, &found), PG_OK);
    ck_assert(!found.config && !found.keys);
    xfree(found.now);
    run_sql(db, "set session_replication_role = default");
    run_sql(db, "update api_keys set name = 'other' where api_key_id = "
                "'03000000-0000-7000-8000-000000000004'");
    ck_assert_int_eq(config_store_look(db, now, now, &found), PG_OK);
    ck_assert(!found.config && found.keys);
    xfree(found.now);
    xfree(now);
}
END_TEST

START_TEST(another_database_of_the_name_is_read_whole)
{
    struct loader *l = start(50);
    insert_key(db, 80);
    await(l, key_works, 80);
    remake_database();
    insert_key(db, 81);
    await(l, key_works, 81);
    ck_assert(!current_shows(l, key_works, 80)); /* it is not in this one */
    loader_free(l);
}
END_TEST

START_TEST(stops_at_once_without_a_database)
{
    struct loader_options o = {.database_url = "postgresql://postgres@127.0.0.1:1/none",
                               .master_keys = master};
    struct loader *l = loader_new(&o);
    usleep(50 * 1000);
    ck_assert_ptr_null(loader_current(l));
    ck_assert_int_eq(loader_age_ms(l), -1);
    int64_t began = clock_mono_us();
    loader_free(l);
    ck_assert_int_lt(clock_mono_us() - began, 3000 * 1000);
    loader_free(NULL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {waits_for_the_instance_then_reads_all,
                                  a_notification_makes_a_key_work_at_once,
                                  a_burst_of_changes_makes_few_builds,
                                  a_lost_notification_costs_a_poll,
                                  commits_out_of_order_lose_nothing,
                                  what_changed_while_the_connection_was_lost_is_found,
                                  without_the_database_the_last_snapshot_serves,
                                  a_build_that_fails_leaves_the_old_one,
                                  more_keys_at_once_than_the_overlay_holds,
                                  rows_of_another_servers_dump_are_no_news,
                                  another_database_of_the_name_is_read_whole,
                                  stops_at_once_without_a_database};
    const char *server_url = getenv("DOTEB_TEST_DATABASE_URL");
    if (!server_url) {
        (void)fprintf(stderr, "DOTEB_TEST_DATABASE_URL is not set\n");
        return 77;
    }
    rows_setup();
    open_database(server_url);
    int status = unit_run("loader", tests, ARRAY_LEN(tests));
    close_database();
    master_keys_free(master);
    return status;
}
