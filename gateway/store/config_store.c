/* SQL of everything but API keys that a snapshot is made from. Loader thread. Filters only what can
 * never be served (disabled rows); never interprets.
 */
#include "gateway/store/config_store.h"

#include "common/mem.h"
#include "gateway/store/changed.h"

/* Rows of one table: its statement, and how one is read. */
struct table {
    struct pg_stmt stmt;
    size_t row_bytes;
    void (*read)(struct arena *a, const struct pg_result *r, size_t row, void *to);
    size_t rows_at, n_at; /* offsets in struct config_rows */
};

#define EPOCH_US(column) "(extract(epoch from " column ") * 1000000)::bigint"

static struct str text(struct arena *a, const struct pg_result *r, size_t row, int col)
{
    return arena_str(a, pg_str(r, row, col));
}

static struct str bytes(struct arena *a, const struct pg_result *r, size_t row, int col)
{
    size_t max = pg_str(r, row, col).len / 2 + 1; /* hexadecimal text */
    uint8_t *p = arena_alloc(a, max);
    ptrdiff_t len = pg_bytes(r, row, col, p, max);
    ASSERT(len >= 0);
    return str_make((const char *)p, (size_t)len);
}

static int64_t number(const struct pg_result *r, size_t row, int col, int64_t if_null)
{
    return pg_is_null(r, row, col) ? if_null : pg_i64(r, row, col);
}

/* The last columns of what an organisation may own. */
static struct owner owner(const struct pg_result *r, size_t row, int col)
{
    struct owner o = {.is_set = !pg_is_null(r, row, col)};
    if (o.is_set)
        o.organisation_id = pg_uuid(r, row, col);
    return o;
}

static void read_organisation(struct arena *a, const struct pg_result *r, size_t row, void *to)
{
    *(struct organisation_row *)to = (struct organisation_row){
        .id = pg_uuid(r, row, 0),
        .retention_days = pg_i64(r, row, 1),
        .archived = pg_bool(r, row, 2),
        .data_key_sealed = bytes(a, r, row, 3),
        .suspended = pg_bool(r, row, 4),
        .is_operator = pg_bool(r, row, 5),
        .lent = pg_bool(r, row, 6),
    };
}

static void read_project(struct arena *a, const struct pg_result *r, size_t row, void *to)
{
    *(struct project_row *)to = (struct project_row){
        .organisation_id = pg_uuid(r, row, 0),
        .id = pg_uuid(r, row, 1),
        .mode = text(a, r, row, 2),
        .archived = pg_bool(r, row, 3),
    };
}

static void read_provider(struct arena *a, const struct pg_result *r, size_t row, void *to)
{
    *(struct provider_row *)to = (struct provider_row){
        .id = pg_i64(r, row, 0),
        .slug = text(a, r, row, 1),
        .name = text(a, r, row, 2),
        .base_url = text(a, r, row, 3),
        .dialect = text(a, r, row, 4),
        .framing = text(a, r, row, 5),
        .signer = text(a, r, row, 6),
        .chat_path = text(a, r, row, 7),
        .max_temperature_milli = number(r, row, 8, -1),
        .quirks = text(a, r, row, 9),
        .owner = owner(r, row, 10),
        .keyless = pg_bool(r, row, 11),
    };
}

static void read_model(struct arena *a, const struct pg_result *r, size_t row, void *to)
{
    *(struct model_row *)to = (struct model_row){
        .id = pg_i64(r, row, 0),
        .slug = text(a, r, row, 1),
        .name = text(a, r, row, 2),
        .family = text(a, r, row, 3),
        .released_us = number(r, row, 4, 0),
        .owner = owner(r, row, 5),
    };
}

static void read_alias(struct arena *a, const struct pg_result *r, size_t row, void *to)
{
    *(struct alias_row *)to = (struct alias_row){
        .alias = text(a, r, row, 0),
        .model_id = pg_i64(r, row, 1),
    };
}

static void read_offer(struct arena *a, const struct pg_result *r, size_t row, void *to)
{
    *(struct offer_row *)to = (struct offer_row){
        .id = pg_i64(r, row, 0),
        .provider_id = pg_i64(r, row, 1),
        .model_id = pg_i64(r, row, 2),
        .region = text(a, r, row, 3),
        .provider_model = text(a, r, row, 4),
        .context = number(r, row, 5, -1),
        .max_output = number(r, row, 6, -1),
        .capabilities = text(a, r, row, 7),
        .ends_at_us = number(r, row, 8, INT64_MAX),
        .reasoning_efforts = text(a, r, row, 9),
        .supported_parameters = text(a, r, row, 10),
    };
}

static void read_price(struct arena *a, const struct pg_result *r, size_t row, void *to)
{
    *(struct price_row *)to = (struct price_row){
        .offer_id = pg_i64(r, row, 0),
        .effective_from_us = pg_i64(r, row, 1),
        .prices = text(a, r, row, 2),
    };
}

static void read_provider_key(struct arena *a, const struct pg_result *r, size_t row, void *to)
{
    *(struct provider_key_row *)to = (struct provider_key_row){
        .organisation_id = pg_uuid(r, row, 0),
        .id = pg_uuid(r, row, 1),
        .provider_id = pg_i64(r, row, 2),
        .position = pg_i64(r, row, 3),
        .sealed = bytes(a, r, row, 4),
        .base_url = text(a, r, row, 5),
        .options = text(a, r, row, 6),
        .models = text(a, r, row, 7),
    };
}

static void read_signing_key(struct arena *a, const struct pg_result *r, size_t row, void *to)
{
    *(struct signing_key_row *)to = (struct signing_key_row){
        .organisation_id = pg_uuid(r, row, 0),
        .id = pg_uuid(r, row, 1),
        .api_key_id = pg_uuid(r, row, 2),
        .access_key_id = text(a, r, row, 3),
        .sealed = bytes(a, r, row, 4),
        .key_hash = bytes(a, r, row, 5),
    };
}

#define TABLE(member, row_type, read_fn, sql_text)                                                 \
    {                                                                                              \
        .stmt = {"config." #member, sql_text}, .row_bytes = sizeof(struct row_type),               \
        .read = read_fn, .rows_at = offsetof(struct config_rows, member),                          \
        .n_at = offsetof(struct config_rows, n_##member)                                           \
    }

static const struct table tables[] = {
    TABLE(organisations, organisation_row, read_organisation,
          "select organisation_id, retention_days, archived_at is not null, data_key_sealed, "
          "suspended_at is not null, is_operator, platform_keys "
          "from organisations order by 1"),
    TABLE(projects, project_row, read_project,
          "select organisation_id, project_id, mode, archived_at is not null from projects "
          "order by 1, 2"),
    TABLE(
        providers, provider_row, read_provider,
        "select provider_id, slug, name, base_url, dialect, framing, signer, chat_path, "
        "(max_temperature * 1000)::bigint, array_to_string(array(select key || "
        "case when value = 'true' then '' else ':' || value::text end from jsonb_each(quirks) "
        "where value = 'true' or jsonb_typeof(value) = 'number' order by key), ','), null::uuid, "
        "false from providers where enabled "
        "union all select c.provider_id, c.slug, c.name, c.base_url, l.dialect, l.framing, l.signer, "
        "l.chat_path, (l.max_temperature * 1000)::bigint, '', c.organisation_id, "
        "not exists (select 1 from provider_keys k where k.organisation_id = c.organisation_id "
        "and k.provider_id = c.provider_id) "
        "from custom_providers c join custom_protocols l using (protocol) "
        "where c.deleted_at is null order by 1"),
    TABLE(
        models, model_row, read_model,
        "select model_id, slug, name, family, " EPOCH_US(
            "released_at") ", null::uuid from models where enabled and output && array['text', 'embedding', "
                           "'image', 'moderation', 'rerank', 'audio'] "
                           "union all select model_id, slug, name, '', null, organisation_id "
                           "from custom_models where deleted_at is null order by slug"),
    TABLE(aliases, alias_row, read_alias, "select alias, model_id from model_aliases order by 1"),
    TABLE(
        offers, offer_row, read_offer,
        "select offer_id, provider_id, model_id, region, provider_model, context, max_output, "
        "array_to_string(capabilities, ','), case when isfinite(ends_at) then " EPOCH_US(
            "ends_at") " end, array_to_string(reasoning_efforts, ','), "
                       "array_to_string(supported_parameters, ',') from offers "
                       "join offer_switches s using (offer_id) where s.enabled "
                       "union all select model_id, provider_id, model_id, '', provider_model, context, "
                       "max_output, array_to_string(capabilities, ','), null, '', '' "
                       "from custom_models where deleted_at is null order by 1"),
    TABLE(prices, price_row, read_price,
          "select p.offer_id, case when isfinite(p.effective_from) then " EPOCH_US(
              "p.effective_from") " else 0 end, p.prices::text "
                                  "from prices_in_force p join offer_switches o using (offer_id) "
                                  "where o.enabled and p.effective_from <> 'infinity' "
                                  "and p.effective_from >= coalesce((select max(q.effective_from) "
                                  "from prices_in_force q where q.offer_id = p.offer_id "
                                  "and q.effective_from <= now() - interval '400 days'), "
                                  "'-infinity') union all select model_id, 0, prices::text "
                                  "from custom_models where deleted_at is null order by 1, 2"),
    TABLE(
        provider_keys, provider_key_row, read_provider_key,
        "select organisation_id, provider_key_id, provider_id, position, sealed, "
        "coalesce(base_url, ''), options::text, array_to_string(models, ',') from provider_keys where disabled_at is null "
        "order by organisation_id, provider_id, position, provider_key_id"),
    TABLE(signing_keys, signing_key_row, read_signing_key,
          "select s.organisation_id, s.signing_key_id, s.api_key_id, s.access_key_id, s.sealed, "
          "k.hash from signing_keys s join api_keys k using (organisation_id, api_key_id) "
          "where s.revoked_at is null and k.revoked_at is null order by 1, 2"),
};

static enum pg_err read_table(struct pg *pg, const struct table *t, struct config_rows *out)
{
    struct pg_result *r;
    enum pg_err err = pg_run(pg, &t->stmt, NULL, 0, &r);
    if (err != PG_OK)
        return err;
    size_t n = pg_rows(r);
    char *rows = arena_calloc(out->arena, n, t->row_bytes);
    for (size_t i = 0; i < n; i++)
        t->read(out->arena, r, i, rows + i * t->row_bytes);
    memcpy((char *)out + t->rows_at, &rows, sizeof rows);
    memcpy((char *)out + t->n_at, &n, sizeof n);
    pg_result_free(r);
    return PG_OK;
}

/* The first row's first column as owned text; `*out` is "" without a row. */
static enum pg_err one_text(struct pg *pg, const struct pg_stmt *st, char **out)
{
    struct pg_result *r;
    enum pg_err err = pg_run(pg, st, NULL, 0, &r);
    if (err != PG_OK)
        return err;
    struct str s = pg_rows(r) ? pg_str(r, 0, 0) : STR("");
    *out = xstrndup(s.p, s.len);
    pg_result_free(r);
    return PG_OK;
}

static const struct pg_stmt current_snapshot = {"config.snapshot",
                                                "select pg_current_snapshot()::text"};
static const struct pg_stmt pepper = {"config.pepper", "select pepper_sealed from instance"};

static enum pg_err read_pepper(struct pg *pg, struct config_rows *out)
{
    struct pg_result *r;
    enum pg_err err = pg_run(pg, &pepper, NULL, 0, &r);
    if (err != PG_OK)
        return err;
    if (pg_rows(r))
        out->pepper_sealed = bytes(out->arena, r, 0, 0);
    pg_result_free(r);
    return PG_OK;
}

static enum pg_err read_all(struct pg *pg, struct config_rows *out, char **seen)
{
    enum pg_err err = pg_exec(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL);
    if (err == PG_OK)
        err = one_text(pg, &current_snapshot, seen);
    if (err == PG_OK)
        err = read_pepper(pg, out);
    for (size_t i = 0; i < ARRAY_LEN(tables) && err == PG_OK; i++)
        err = read_table(pg, &tables[i], out);
    return err == PG_OK ? pg_commit(pg) : err;
}

enum pg_err config_store_read(struct pg *pg, struct config_rows *out, char **seen)
{
    *out = (struct config_rows){.arena = arena_new(1 << 20)};
    *seen = NULL;
    enum pg_err err = read_all(pg, out, seen);
    if (err != PG_OK) {
        pg_rollback(pg);
        config_rows_fini(out);
        xfree(*seen);
        *seen = NULL;
    }
    return err;
}

void config_rows_fini(struct config_rows *rows)
{
    arena_free(rows->arena);
    *rows = (struct config_rows){0};
}

/* The order makes the planner take the index: a plain exists() it reads as "some row will soon do",
 * and passes over a million keys each time that none does. */
#define ANY_NEW(table, snapshot)                                                                   \
    "(select changed_xid from " table                                                              \
    " where " CHANGED_SINCE(snapshot) " order by changed_xid desc limit 1) is not null"

static const struct pg_stmt look = {
    "config.look",
    "select pg_current_snapshot()::text, " ANY_NEW(
        "config_changes", "$1::pg_snapshot") ", " ANY_NEW("api_keys", "$2::pg_snapshot")};

enum pg_err config_store_look(struct pg *pg, const char *config_seen, const char *keys_seen,
                              struct config_look *out)
{
    struct pg_param params[] = {pgp_cstr(config_seen), pgp_cstr(keys_seen)};
    struct pg_result *r;
    enum pg_err err = pg_run(pg, &look, params, ARRAY_LEN(params), &r);
    if (err != PG_OK)
        return err;
    ASSERT(pg_rows(r) == 1);
    struct str now = pg_str(r, 0, 0);
    *out = (struct config_look){
        .now = xstrndup(now.p, now.len), .config = pg_bool(r, 0, 1), .keys = pg_bool(r, 0, 2)};
    pg_result_free(r);
    return PG_OK;
}

enum pg_err config_store_listen(struct pg *pg)
{
    return pg_exec(pg,
                   "SET plan_cache_mode = force_custom_plan;"
                   "LISTEN doteb_config; LISTEN doteb_api_keys",
                   NULL);
}

static const struct pg_stmt server = {
    "config.server", "select pg_postmaster_start_time()::text || ' ' || "
                     "coalesce(host(inet_server_addr()), '') || ' ' || "
                     "(select oid from pg_database where datname = current_database())"};

enum pg_err config_store_server(struct pg *pg, char **out)
{
    return one_text(pg, &server, out);
}

static const struct pg_stmt now = {"config.now",
                                   "select (extract(epoch from clock_timestamp()) * 1e6)::bigint"};

enum pg_err config_store_now(struct pg *pg, int64_t *wall_us)
{
    struct pg_result *r;
    enum pg_err err = pg_run(pg, &now, NULL, 0, &r);
    if (err != PG_OK)
        return err;
    *wall_us = pg_i64(r, 0, 0);
    pg_result_free(r);
    return PG_OK;
}
