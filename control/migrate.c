/* Runs schema migrations. Called by `doteb-control migrate`, and (the check only) by readiness, on
 * the caller's thread. Never edits or reverts what has been applied.
 */
#include "control/migrate.h"

#include <poll.h>
#include <sodium.h>
#include <stdio.h>

#include "common/log.h"

enum {
    ERR_BYTES = 512,
    LOCK_MS = 3 * 1000,
    PAUSE_MS = 2 * 1000, /* for those that waited behind it */
};

static const struct pg_stmt exists_stmt = {"migrate.exists",
                                           "select to_regclass('schema_migrations') is not null"};
static const struct pg_stmt encoding_stmt = {"migrate.encoding",
                                             "select current_setting('server_encoding')"};
static const struct pg_stmt applied_stmt = {
    "migrate.applied", "select version, name, sha256 from schema_migrations order by version"};
static const struct pg_stmt insert_stmt = {
    "migrate.insert", "insert into schema_migrations (version, name, sha256) values ($1, $2, $3)"};

/* A gateway that reads its configuration meanwhile finds a table that was written anew empty: it
 * sees this only after what it read, and reads again. */
static const char note_sql[] =
    "do $$ begin if to_regclass('config_changes') is not null then "
    "insert into config_changes (table_name) values ('schema_migrations'); "
    "perform pg_notify('doteb_config', 'schema_migrations'); end if; end $$";

/* Whoever kept a lock for all of LOCK_MS. Which of these it was is not known any more: the wait is
 * over. Another role's transactions have no times for who may not see them. */
static const struct pg_stmt holders_stmt = {
    "migrate.holders",
    "select string_agg(format('pid %s (%s, %s%s)', pid, usename, "
    "coalesce(nullif(application_name, ''), backend_type), ', ' || state || ' for ' || "
    "extract(epoch from clock_timestamp() - xact_start)::bigint || ' s'), ', ' order by xact_start) "
    "from pg_stat_activity a where datname = current_database() and pid <> pg_backend_pid() "
    "and coalesce(xact_start < clock_timestamp() - $1::bigint * interval '1 millisecond', true) "
    "and exists (select 1 from pg_locks l where l.pid = a.pid and l.granted "
    "and l.locktype = 'relation' and l.relation >= 16384)"};

static bool fail(struct pg *pg, const char *what, char *err)
{
    (void)snprintf(err, ERR_BYTES, "%s: %.300s", what, pg_error(pg));
    return false;
}

static void digest(const struct migration *m, uint8_t out[crypto_hash_sha256_BYTES])
{
    (void)crypto_hash_sha256(out, (const unsigned char *)m->sql, m->len);
}

static const struct migration *known(const struct migration *list, size_t n, int64_t version)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].version == version)
            return &list[i];
    return NULL;
}

static bool row_agrees(const struct pg_result *rows, size_t row, const struct migration *list,
                       size_t n, char *err)
{
    uint8_t was[crypto_hash_sha256_BYTES], is[crypto_hash_sha256_BYTES];
    struct str name = pg_str(rows, row, 1);
    const struct migration *m = known(list, n, pg_i64(rows, row, 0));
    if (!m) {
        (void)snprintf(err, ERR_BYTES,
                       "the database has the migration " STR_FMT
                       ", which this version (%s) does not know: it belongs to a newer doteb. "
                       "Run that version",
                       STR_ARG(name), DOTEB_VERSION);
        return false;
    }
    digest(m, is);
    if (pg_bytes(rows, row, 2, was, sizeof was) == sizeof was && memcmp(was, is, sizeof is) == 0)
        return true;
    (void)snprintf(err, ERR_BYTES,
                   "the migration %s was changed after it was applied to this database; "
                   "restore the file and put the change in a new one",
                   m->name);
    return false;
}

/* How many of `list` are applied, given that the applied ones agree with it; -1 with `err`. */
static int applied_count(struct pg *pg, const struct migration *list, size_t n, char *err)
{
    struct pg_result *rows = NULL;
    if (pg_run(pg, &applied_stmt, NULL, 0, &rows) != PG_OK) {
        (void)fail(pg, "cannot read schema_migrations", err);
        return -1;
    }
    int count = (int)pg_rows(rows);
    for (size_t i = 0; i < pg_rows(rows) && count >= 0; i++)
        if (!row_agrees(rows, i, list, n, err))
            count = -1;
    if (count > 0 && pg_i64(rows, (size_t)count - 1, 0) != list[count - 1].version) {
        (void)snprintf(err, ERR_BYTES, "schema_migrations has a gap before " STR_FMT,
                       STR_ARG(pg_str(rows, (size_t)count - 1, 1)));
        count = -1;
    }
    pg_result_free(rows);
    return count;
}

static enum pg_err apply_once(struct pg *pg, const struct migration *m)
{
    uint8_t sha[crypto_hash_sha256_BYTES];
    char patience[64];
    digest(m, sha);
    (void)snprintf(patience, sizeof patience, "set local lock_timeout = %d", LOCK_MS);
    const struct pg_param p[] = {pgp_i64(m->version), pgp_cstr(m->name),
                                 pgp_bytes(sha, sizeof sha)};
    enum pg_err e = pg_begin(pg);
    if (e == PG_OK)
        e = pg_exec(pg, patience, NULL);
    if (e == PG_OK)
        e = pg_exec(pg, m->sql, NULL);
    if (e == PG_OK)
        e = pg_exec(pg, note_sql, NULL);
    if (e == PG_OK)
        e = pg_run(pg, &insert_stmt, p, ARRAY_LEN(p), NULL);
    return e == PG_OK ? pg_commit(pg) : e;
}

/* Puts into `err` why `m` could not have its locks, and who may hold them. */
static void name_holders(struct pg *pg, const struct migration *m, char *err)
{
    char why[160];
    struct pg_result *r = NULL;
    const struct pg_param p[] = {pgp_i64(LOCK_MS)};
    (void)snprintf(why, sizeof why, "%.159s", pg_error(pg));
    pg_rollback(pg);
    bool known = pg_run(pg, &holders_stmt, p, ARRAY_LEN(p), &r) == PG_OK && !pg_is_null(r, 0, 0);
    struct str holders = known ? pg_str(r, 0, 0) : STR("nobody any more");
    (void)snprintf(err, ERR_BYTES, "%.60s: %s; transactions that hold locks: %.*s", m->name, why,
                   (int)(holders.len < 250 ? holders.len : 250), holders.p);
    pg_result_free(r);
}

static bool apply(struct pg *pg, const struct migration *m, int tries, char *err)
{
    for (;;) {
        enum pg_err e = apply_once(pg, m);
        if (e == PG_OK) {
            log_event(LOG_INFO, "migration_applied", LOG_S("name", m->name));
            return true;
        }
        if (e != PG_RETRY) {
            (void)fail(pg, m->name, err);
            pg_rollback(pg);
            return false;
        }
        name_holders(pg, m, err);
        if (--tries <= 0)
            return false;
        log_event(LOG_WARN, "migration_waits", LOG_S("name", m->name), LOG_S("why", err));
        (void)poll(NULL, 0, PAUSE_MS);
    }
}

/* Names and labels are UTF-8, and a database has its encoding for good. */
static bool takes_text(struct pg *pg, char *err)
{
    struct pg_result *r = NULL;
    if (pg_run(pg, &encoding_stmt, NULL, 0, &r) != PG_OK)
        return fail(pg, "the database does not answer", err);
    bool ok = str_eq(pg_str(r, 0, 0), STR("UTF8"));
    if (!ok)
        (void)snprintf(err, ERR_BYTES,
                       "the database's encoding is " STR_FMT ", and must be UTF8; make another: "
                       "create database doteb encoding 'UTF8' template template0",
                       STR_ARG(pg_str(r, 0, 0)));
    pg_result_free(r);
    return ok;
}

static bool run_locked(struct pg *pg, const struct migration *list, size_t n, int tries,
                       int *applied, char *err)
{
    if (pg_exec(pg,
                "set client_min_messages = warning;"
                "create table if not exists schema_migrations (version integer primary key, "
                "name text not null, sha256 bytea not null, "
                "applied_at timestamptz not null default now())",
                NULL) != PG_OK)
        return fail(pg, "cannot make schema_migrations", err);
    int have = applied_count(pg, list, n, err);
    if (have < 0 || (have == 0 && !takes_text(pg, err)))
        return false;
    for (size_t i = (size_t)have; i < n; i++) {
        if (!apply(pg, &list[i], tries, err))
            return false;
        (*applied)++;
    }
    return true;
}

bool migrate_run(struct pg *pg, const struct migration *list, size_t n, int tries, int *applied,
                 char err[512])
{
    *applied = 0;
    if (pg_exec(pg, "select pg_advisory_lock(hashtext('doteb.migrate'))", NULL) != PG_OK)
        return fail(pg, "cannot take the migration lock", err);
    bool ok = run_locked(pg, list, n, tries, applied, err);
    if (pg_alive(pg) &&
        pg_exec(pg, "select pg_advisory_unlock(hashtext('doteb.migrate'))", NULL) != PG_OK)
        log_event(LOG_WARN, "migrate_unlock_failed", LOG_S("error", pg_error(pg)));
    return ok;
}

bool migrate_check(struct pg *pg, const struct migration *list, size_t n, char err[512])
{
    struct pg_result *r = NULL;
    if (pg_run(pg, &exists_stmt, NULL, 0, &r) != PG_OK)
        return fail(pg, "the database does not answer", err);
    bool exists = pg_bool(r, 0, 0);
    pg_result_free(r);
    int have = exists ? applied_count(pg, list, n, err) : 0;
    if (have < 0)
        return false;
    if ((size_t)have == n)
        return true;
    (void)snprintf(err, ERR_BYTES, "the database is not migrated; run `doteb-control migrate`");
    return false;
}
