/* The SQL of stored answers. */
#include "gateway/store/response_store.h"

static const struct pg_stmt put_stmt = {
    "response_put",
    "insert into stored_responses (organisation_id, project_id, response_id, day, previous_id, "
    "sealed, item_ids) values ($1, $2, $3, (now() at time zone 'UTC')::date, $4, $5, "
    "array(select jsonb_array_elements_text($6::text::jsonb)))"};

static const struct pg_stmt items_stmt = {
    "response_items",
    "select response_id, sealed from stored_responses where organisation_id = $1 "
    "and project_id = $2 and item_ids && array(select jsonb_array_elements_text($3::text::jsonb)) "
    "order by created_at limit $4"};

static const struct pg_stmt get_stmt = {
    "response_get", "select coalesce(previous_id, ''), sealed from stored_responses "
                    "where organisation_id = $1 and project_id = $2 and response_id = $3 "
                    "order by day desc limit 1"};

static const struct pg_stmt delete_stmt = {
    "response_delete", "delete from stored_responses where organisation_id = $1 "
                       "and project_id = $2 and response_id = $3"};

enum pg_err response_store_put(struct pg *pg, const struct response_key *k, struct str previous,
                               struct str item_ids, struct str sealed)
{
    const struct pg_param params[] = {pgp_uuid(k->organisation_id),
                                      pgp_uuid(k->project_id),
                                      pgp_text(k->id),
                                      previous.len ? pgp_text(previous) : pgp_null(),
                                      pgp_bytes(sealed.p, sealed.len),
                                      pgp_text(item_ids)};
    return pg_run(pg, &put_stmt, params, ARRAY_LEN(params), NULL);
}

static struct str read_bytes(const struct pg_result *r, size_t row, int col, struct arena *a)
{
    size_t max = pg_str(r, row, col).len / 2;
    uint8_t *p = arena_alloc(a, max + 1);
    ptrdiff_t n = pg_bytes(r, row, col, p, max);
    return str_make((const char *)p, n < 0 ? 0 : (size_t)n);
}

/* PG_OK with an empty `sealed`: there is none. */
static enum pg_err get(struct pg *pg, const struct response_key *k, struct arena *a,
                       struct response_row *out)
{
    struct pg_result *r;
    const struct pg_param params[] = {pgp_uuid(k->organisation_id), pgp_uuid(k->project_id),
                                      pgp_text(k->id)};
    enum pg_err err = pg_run(pg, &get_stmt, params, ARRAY_LEN(params), &r);
    if (err != PG_OK)
        return err;
    *out = (struct response_row){.id = k->id};
    if (pg_rows(r) > 0) {
        out->previous = arena_str(a, pg_str(r, 0, 0));
        out->sealed = read_bytes(r, 0, 1, a);
    }
    pg_result_free(r);
    return PG_OK;
}

enum pg_err response_store_chain(struct pg *pg, const struct response_key *k, size_t max,
                                 struct arena *a, struct response_row **rows, size_t *n)
{
    ASSERT(max > 0 && max <= RESPONSE_CHAIN_MAX);
    struct response_row *chain = arena_calloc(a, max, sizeof *chain);
    struct response_key key = *k;
    size_t at = max;
    for (*n = 0; key.id.len > 0 && at > 0; key.id = chain[at].previous) {
        enum pg_err err = get(pg, &key, a, &chain[--at]);
        if (err != PG_OK)
            return err;
        if (chain[at].sealed.len == 0)
            return PG_OK; /* a link is missing: there is nothing to build on */
    }
    *rows = chain + at;
    *n = max - at;
    return PG_OK;
}

enum pg_err response_store_items(struct pg *pg, const struct response_key *k, size_t max,
                                 struct arena *a, struct response_row **rows, size_t *n)
{
    struct pg_result *r;
    const struct pg_param params[] = {pgp_uuid(k->organisation_id), pgp_uuid(k->project_id),
                                      pgp_text(k->id), pgp_i64((int64_t)max)};
    enum pg_err err = pg_run(pg, &items_stmt, params, ARRAY_LEN(params), &r);
    if (err != PG_OK)
        return err;
    *n = pg_rows(r);
    *rows = arena_calloc(a, *n, sizeof **rows);
    for (size_t i = 0; i < *n; i++)
        (*rows)[i] = (struct response_row){.id = arena_str(a, pg_str(r, i, 0)),
                                           .sealed = read_bytes(r, i, 1, a)};
    pg_result_free(r);
    return PG_OK;
}

enum pg_err response_store_delete(struct pg *pg, const struct response_key *k, bool *found)
{
    struct pg_result *r;
    const struct pg_param params[] = {pgp_uuid(k->organisation_id), pgp_uuid(k->project_id),
                                      pgp_text(k->id)};
    enum pg_err err = pg_run(pg, &delete_stmt, params, ARRAY_LEN(params), &r);
    if (err != PG_OK)
        return err;
    *found = pg_affected(r) > 0;
    pg_result_free(r);
    return PG_OK;
}
