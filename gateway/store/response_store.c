/* The SQL of stored answers. The day is that of the id itself (a UUIDv7 begins with its time), so
 * every look-up names its partition. */
#include "gateway/store/response_store.h"

#include "common/mem.h"

#define DAY                                                                                        \
    "(to_timestamp(('x0000' || substr(replace($1::text, '-', ''), 1, 12))::bit(64)::bigint / 1000.0) at time zone 'UTC')::date"

static const struct pg_stmt put_stmt = {
    "response_put", "insert into stored_responses (response_id, day, organisation_id, project_id, "
                    "previous_id, sealed) values ($1, " DAY ", $2, $3, $4, $5)"};

static const struct pg_stmt get_stmt = {
    "response_get", "select previous_id, sealed from stored_responses where response_id = $1 "
                    "and day = " DAY " and organisation_id = $2 and project_id = $3"};

static const struct pg_stmt delete_stmt = {
    "response_delete", "delete from stored_responses where response_id = $1 and day = " DAY
                       " and organisation_id = $2 and project_id = $3"};

enum pg_err response_store_put(struct pg *pg, struct uuid organisation_id, struct uuid project_id,
                               struct uuid id, struct uuid previous, struct str sealed)
{
    const struct pg_param params[] = {pgp_uuid(id), pgp_uuid(organisation_id), pgp_uuid(project_id),
                                      uuid_is_zero(previous) ? pgp_null() : pgp_uuid(previous),
                                      pgp_bytes(sealed.p, sealed.len)};
    return pg_run(pg, &put_stmt, params, ARRAY_LEN(params), NULL);
}

static struct str read_bytes(const struct pg_result *r, int col, struct arena *a)
{
    size_t max = pg_str(r, 0, col).len / 2;
    uint8_t *p = arena_alloc(a, max + 1);
    ptrdiff_t n = pg_bytes(r, 0, col, p, max);
    return str_make((const char *)p, n < 0 ? 0 : (size_t)n);
}

enum pg_err response_store_chain(struct pg *pg, struct uuid organisation_id, struct uuid project_id,
                                 struct uuid id, size_t max, struct arena *a,
                                 struct response_row **rows, size_t *n)
{
    ASSERT(max > 0 && max <= RESPONSE_CHAIN_MAX);
    struct response_row *chain = arena_calloc(a, max, sizeof *chain);
    *n = 0;
    while (!uuid_is_zero(id) && *n < max) {
        struct pg_result *r;
        const struct pg_param params[] = {pgp_uuid(id), pgp_uuid(organisation_id),
                                          pgp_uuid(project_id)};
        enum pg_err err = pg_run(pg, &get_stmt, params, ARRAY_LEN(params), &r);
        if (err != PG_OK)
            return err;
        if (pg_rows(r) == 0) {
            pg_result_free(r);
            *n = 0; /* a link is missing: there is no chain to build on */
            return PG_OK;
        }
        struct response_row *row = &chain[max - ++*n];
        row->id = id;
        row->previous = pg_is_null(r, 0, 0) ? (struct uuid){{0}} : pg_uuid(r, 0, 0);
        row->sealed = read_bytes(r, 1, a);
        id = row->previous;
        pg_result_free(r);
    }
    *rows = chain + (max - *n);
    return PG_OK;
}

enum pg_err response_store_delete(struct pg *pg, struct uuid organisation_id,
                                  struct uuid project_id, struct uuid id, bool *found)
{
    struct pg_result *r;
    const struct pg_param params[] = {pgp_uuid(id), pgp_uuid(organisation_id),
                                      pgp_uuid(project_id)};
    enum pg_err err = pg_run(pg, &delete_stmt, params, ARRAY_LEN(params), &r);
    if (err != PG_OK)
        return err;
    *found = pg_affected(r) > 0;
    pg_result_free(r);
    return PG_OK;
}
