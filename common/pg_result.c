/* Reading rows. One thread a result. A column that is not of the type asked for is a mistake in our
 * SQL, hence the assertions; NULL gives the empty value of the type.
 */
#include "common/pg_priv.h"

#include "common/mem.h"

struct pg_result *pg_result_new(PGresult *res)
{
    struct pg_result *r = xmalloc(sizeof *r);
    *r = (struct pg_result){.magic = PG_RESULT_MAGIC, .res = res};
    return r;
}

void pg_result_free(struct pg_result *r)
{
    if (!r)
        return;
    CHECK(r, PG_RESULT_MAGIC);
    PQclear(r->res);
    r->magic = 0;
    xfree(r);
}

size_t pg_rows(const struct pg_result *r)
{
    CHECK(r, PG_RESULT_MAGIC);
    return (size_t)PQntuples(r->res);
}

int64_t pg_affected(const struct pg_result *r)
{
    CHECK(r, PG_RESULT_MAGIC);
    int64_t n = 0;
    return str_to_i64(str_of(PQcmdTuples(r->res)), &n) ? n : 0;
}

static void check_place(const struct pg_result *r, size_t row, int col)
{
    CHECK(r, PG_RESULT_MAGIC);
    ASSERT(row < (size_t)PQntuples(r->res) && col >= 0 && col < PQnfields(r->res));
}

bool pg_is_null(const struct pg_result *r, size_t row, int col)
{
    check_place(r, row, col);
    return PQgetisnull(r->res, (int)row, col) != 0;
}

struct str pg_str(const struct pg_result *r, size_t row, int col)
{
    check_place(r, row, col);
    return str_make(PQgetvalue(r->res, (int)row, col), (size_t)PQgetlength(r->res, (int)row, col));
}

int64_t pg_i64(const struct pg_result *r, size_t row, int col)
{
    int64_t v = 0;
    if (!pg_is_null(r, row, col))
        ASSERT(str_to_i64(pg_str(r, row, col), &v));
    return v;
}

bool pg_bool(const struct pg_result *r, size_t row, int col)
{
    struct str s = pg_str(r, row, col);
    ASSERT(s.len == 0 || (s.len == 1 && (s.p[0] == 't' || s.p[0] == 'f')));
    return s.len && s.p[0] == 't';
}

struct uuid pg_uuid(const struct pg_result *r, size_t row, int col)
{
    struct uuid u = {{0}};
    if (!pg_is_null(r, row, col))
        ASSERT(uuid_parse(pg_str(r, row, col), &u));
    return u;
}

/* Of a hexadecimal digit, without a branch: a million keys are read at start. */
static unsigned nibble(char c)
{
    unsigned u = (unsigned char)c;
    return (u & 15) + 9 * (u >> 6);
}

ptrdiff_t pg_bytes(const struct pg_result *r, size_t row, int col, uint8_t *out, size_t max)
{
    if (pg_is_null(r, row, col))
        return 0;
    struct str s = pg_str(r, row, col);
    ASSERT(str_starts(s, STR("\\x")) && s.len % 2 == 0);
    size_t len = s.len / 2 - 1;
    if (len > max)
        return -1;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(nibble(s.p[2 + 2 * i]) << 4 | nibble(s.p[3 + 2 * i]));
    return (ptrdiff_t)len;
}
