/* The fixture of the loader's tests: a database of their own with the project's schema, and rows
 * sealed for real. Needs DOTEB_TEST_DATABASE_URL (tests/with_postgres.sh).
 */
#include "tests/unit/loader_db.h"

#include <dirent.h>
#include <stdarg.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/unit/snapshot_rows.h"

char *url;
struct pg *outside;
struct pg *db;
char database[64];

void run_sql(struct pg *pg, const char *sql)
{
    if (pg_exec(pg, sql, NULL) == PG_OK)
        return;
    (void)fprintf(stderr, "%s: %s\n", sql, pg_error(pg));
    ASSERT(false && "the statement must run");
}

void runf(const char *fmt, ...)
{
    char sql[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(sql, sizeof sql, fmt, args);
    va_end(args);
    run_sql(db, sql);
}

struct pg *open_url(const char *where)
{
    char err[256];
    struct pg *pg = pg_connect(where, "doteb-test", 30000, err);
    if (!pg)
        (void)fprintf(stderr, "%s\n", err);
    ASSERT(pg);
    return pg;
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    ASSERT(f && fseek(f, 0, SEEK_END) == 0);
    long size = ftell(f);
    ASSERT(size >= 0 && fseek(f, 0, SEEK_SET) == 0);
    char *text = xcalloc(1, (size_t)size + 1);
    ASSERT(fread(text, 1, (size_t)size, f) == (size_t)size);
    (void)fclose(f);
    return text;
}

static int is_sql(const struct dirent *e)
{
    return str_ends(str_of(e->d_name), STR(".sql"));
}

static void migrate(void)
{
    struct dirent **names;
    int n = scandir(DOTEB_SOURCE_DIR "/migrations", &names, is_sql, alphasort);
    ASSERT(n > 0);
    for (int i = 0; i < n; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/migrations/%s", DOTEB_SOURCE_DIR, names[i]->d_name);
        char *sql = read_file(path);
        run_sql(db, sql);
        xfree(sql);
        free(names[i]);
    }
    free(names);
}

/* `st` is kept by the connection: static. */
static void run_sealed(const struct pg_stmt *st, struct str sealed)
{
    struct pg_param p = pgp_bytes(sealed.p, sealed.len);
    ASSERT(pg_run(db, st, &p, 1, NULL) == PG_OK);
}

static const struct pg_stmt insert_organisation = {
    "org", "insert into organisations (organisation_id, name, data_key_sealed) values "
           "('01000000-0000-7000-8000-000000000001', 'one', $1)"};
static const struct pg_stmt insert_provider_key = {
    "key", "insert into provider_keys (organisation_id, provider_key_id, provider_id, sealed, "
           "options) values ('01000000-0000-7000-8000-000000000001', "
           "'05000000-0000-7000-8000-000000000001', 1, $1, '{\"region\": \"eu\"}')"};
static const struct pg_stmt insert_instance = {"instance",
                                               "insert into instance (pepper_sealed) values ($1)"};

/* One organisation, project, user, provider, model and offer with a price and a key. */
static void fill(void)
{
    struct config_rows r = rows_new();
    struct uuid org = id_of(ORGANISATION, 1), key = id_of(PROVIDER_KEY, 1);
    run_sealed(&insert_organisation, r.organisations[0].data_key_sealed);
    run_sql(
        db,
        "insert into users (user_id, email, password_hash) values "
        "('04000000-0000-7000-8000-000000000001', 'a@example.com', '');"
        "insert into projects (organisation_id, project_id, name) values "
        "('01000000-0000-7000-8000-000000000001', '02000000-0000-7000-8000-000000000001', 'p');"
        "insert into providers (slug, name, base_url, dialect, framing, signer, chat_path) "
        "values ('p', 'P', 'https://p.example.com/v1', 'openai', 'sse', 'bearer', '/chat'), "
        "('later', 'L', 'https://l.example.com', 'klingon', 'sse', 'bearer', '/chat');"
        "insert into models (slug, name, output, released_at) values "
        "('m', 'M', '{text}', '2026-01-02'), ('painter', 'N', '{video}', null);"
        "insert into model_aliases values ('em', 1);"
        "insert into offers (provider_id, model_id, provider_model, context, capabilities, "
        "ends_at) values (1, 1, 'm-1', 1000, '{tools,vision}', '2030-01-01Z'), "
        "(1, 2, 'n', null, '{}', null), (2, 1, 'm', null, '{}', null);"
        "insert into offer_prices values (1, '2020-01-01Z', '{\"input\": \"1e-6\"}'), "
        "(1, '2020-01-02Z', '{\"input\": \"2e-6\"}'), (1, '2500-01-01Z', '{\"input\": \"3e-6\"}')");
    run_sealed(&insert_provider_key, seal_credential(r.arena, org, key, STR("sk-upstream")));
    config_rows_fini(&r);
}

void put_instance(void)
{
    struct config_rows r = rows_new();
    run_sql(db, "delete from instance");
    run_sealed(&insert_instance, r.pepper_sealed);
    config_rows_fini(&r);
}

/* A key row for the text "key <n>". */
void insert_key(struct pg *pg, uint32_t n)
{
    char text[32], id[UUID_TEXT_LEN + 1], hex[65];
    (void)snprintf(text, sizeof text, "key %u", n);
    struct apikey_hash hash = hash_of(str_of(text));
    uuid_format(id_of(KEY, n), id);
    for (size_t i = 0; i < sizeof hash.b; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", hash.b[i]);
    char sql[640];
    (void)snprintf(sql, sizeof sql,
                   "insert into api_keys (organisation_id, api_key_id, project_id, owner_id, name, "
                   "hash, last4) values ('01000000-0000-7000-8000-000000000001', '%s', "
                   "'02000000-0000-7000-8000-000000000001', "
                   "'04000000-0000-7000-8000-000000000001', 'k', '\\x%s', 'last')",
                   id, hex);
    run_sql(pg, sql);
}

static void make_database(void)
{
    char sql[160];
    (void)snprintf(sql, sizeof sql, "create database %s", database);
    run_sql(outside, sql);
    db = open_url(url);
    migrate();
    fill();
}

static void drop_database(void)
{
    char sql[160];
    pg_close(db);
    (void)snprintf(sql, sizeof sql, "drop database %s with (force)", database);
    run_sql(outside, sql);
}

void open_database(const char *server_url)
{
    rows_setup(); /* a copy of the keys for this file */
    outside = open_url(server_url);
    (void)snprintf(database, sizeof database, "doteb_loader_%d", (int)getpid());
    struct str base = str_of(server_url);
    while (base.len && base.p[base.len - 1] != '/')
        base.len--;
    size_t size = base.len + sizeof database;
    url = xcalloc(1, size);
    (void)snprintf(url, size, STR_FMT "%s", STR_ARG(base), database);
    make_database();
}

void remake_database(void)
{
    drop_database();
    make_database();
    put_instance();
}

void close_database(void)
{
    drop_database();
    pg_close(outside);
    xfree(url);
    master_keys_free(master);
}
