/* SQL of API keys. Loader thread. A row travels as one bytea, of fixed width but for restrictions,
 * which stand at its end: a million of them then cost one value each to read, not eight.
 */
#include "gateway/store/key_store.h"

#include "common/mem.h"
#include "gateway/store/changed.h"

enum {
    PACKED_BYTES = CRYPTO_HASH_BYTES + 4 * sizeof(struct uuid) + 8 + 1,
    RESTRICTIONS_MAX = 25000, /* the table's check, and a letter a line */
};

/* The order is that of unpack(). The last byte's bits are below. */
/* clang-format off */
#define LINES(letter, list) \
    "'" letter "' || nullif(array_to_string(" list ", E'\\n" letter "', ''), '')"
#define RESTRICTIONS \
    "case when models = '{}' and providers = '{}' and ip_ranges = '{}' then '\\x'::bytea else " \
    "convert_to(concat_ws(E'\\n', " LINES("i", "ip_ranges") ", " LINES("p", "providers") ", " \
    LINES("m", "models") "), 'UTF8') end"
#define PACKED(hash, expires, ok, revoked, disabled) \
    "select " hash " || uuid_send(organisation_id) || uuid_send(api_key_id) || " \
    "uuid_send(project_id) || uuid_send(owner_id) || case when isfinite(" expires ") " \
    "then int8send((extract(epoch from " expires ") * 1000000)::bigint) " \
    "else '\\x7fffffffffffffff'::bytea end || case when revoked_at is not null " \
    "then '\\x" revoked "'::bytea when disabled_at is not null then '\\x" disabled "'::bytea " \
    "else '\\x" ok "'::bytea end || " RESTRICTIONS " from api_keys"
#define CURRENT PACKED("hash", "expires_at", "00", "01", "02")
#define PREVIOUS \
    PACKED("previous_hash", "least(expires_at, previous_expires_at)", "04", "05", "06") \
    " where previous_hash is not null"
/* clang-format on */
enum { KEY_REVOKED_BIT = 1, KEY_DISABLED_BIT = 2, KEY_PREVIOUS_BIT = 4 };

static const struct pg_stmt current_snapshot = {"keys.snapshot",
                                                "select pg_current_snapshot()::text"};
static const struct pg_stmt all = {"keys.all", CURRENT " union all " PREVIOUS};
static const struct pg_stmt changed = {
    "keys.changed",
    CURRENT " where " CHANGED_SINCE("$1::pg_snapshot") " union all " PREVIOUS
                                                       " and " CHANGED_SINCE("$1::pg_snapshot")};

struct reader {
    key_row_fn *fn;
    void *arg;
    uint8_t packed[PACKED_BYTES + RESTRICTIONS_MAX];
};

static const uint8_t *take(void *to, const uint8_t *from, size_t n)
{
    memcpy(to, from, n);
    return from + n;
}

static void unpack(const uint8_t *p, struct key_row *out)
{
    uint8_t us[8];
    p = take(out->hash, p, sizeof out->hash);
    p = take(&out->organisation_id, p, sizeof out->organisation_id);
    p = take(&out->id, p, sizeof out->id);
    p = take(&out->project_id, p, sizeof out->project_id);
    p = take(&out->owner_id, p, sizeof out->owner_id);
    p = take(us, p, sizeof us);
    uint64_t expires = 0;
    for (size_t i = 0; i < sizeof us; i++)
        expires = expires << 8 | us[i];
    out->expires_at_us = (int64_t)expires;
    out->revoked = *p & KEY_REVOKED_BIT;
    out->disabled = *p & KEY_DISABLED_BIT;
    out->previous = *p & KEY_PREVIOUS_BIT;
}

static bool read_row(void *arg, const struct pg_result *r)
{
    struct reader *reader = arg;
    ptrdiff_t len = pg_bytes(r, 0, 0, reader->packed, sizeof reader->packed);
    ASSERT(len >= PACKED_BYTES);
    struct key_row row;
    unpack(reader->packed, &row);
    row.restrictions = str_make((char *)reader->packed + PACKED_BYTES, (size_t)len - PACKED_BYTES);
    return reader->fn(reader->arg, &row);
}

/* Inside the transaction that key_store_read begins. */
static enum pg_err read_all(struct pg *pg, struct reader *reader, char **seen)
{
    struct pg_result *r;
    enum pg_err err = pg_run(pg, &current_snapshot, NULL, 0, &r);
    if (err != PG_OK)
        return err;
    struct str now = pg_str(r, 0, 0);
    *seen = xstrndup(now.p, now.len);
    pg_result_free(r);
    err = pg_each(pg, &all, NULL, 0, read_row, reader);
    return err == PG_OK ? pg_commit(pg) : err;
}

enum pg_err key_store_read(struct pg *pg, key_row_fn *fn, void *arg, char **seen)
{
    struct reader reader = {.fn = fn, .arg = arg};
    *seen = NULL;
    enum pg_err err = pg_exec(pg,
                              "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                              "SET LOCAL statement_timeout = '15min'",
                              NULL);
    if (err == PG_OK)
        err = read_all(pg, &reader, seen);
    if (err != PG_OK) {
        pg_rollback(pg);
        xfree(*seen);
        *seen = NULL;
    }
    return err;
}

enum pg_err key_store_changed(struct pg *pg, const char *seen, key_row_fn *fn, void *arg)
{
    struct reader reader = {.fn = fn, .arg = arg};
    struct pg_param param = pgp_cstr(seen);
    return pg_each(pg, &changed, &param, 1, read_row, &reader);
}
