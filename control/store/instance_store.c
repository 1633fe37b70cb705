/* SQL of the instance's one row. Any thread with a connection. */
#include "control/store/instance_store.h"

static const struct pg_stmt get_stmt = {"instance.get", "select pepper_sealed from instance"};
static const struct pg_stmt add_stmt = {
    "instance.add", "insert into instance (pepper_sealed) values ($1) on conflict do nothing"};

enum pg_err instance_store_pepper(struct pg *pg, uint8_t *out, size_t max, size_t *len)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &get_stmt, NULL, 0, &r);
    *len = 0;
    if (e == PG_OK && pg_rows(r) > 0) {
        ptrdiff_t n = pg_bytes(r, 0, 0, out, max);
        e = n < 0 ? PG_INVALID : PG_OK;
        *len = n < 0 ? 0 : (size_t)n;
    }
    pg_result_free(r);
    return e;
}

enum pg_err instance_store_add(struct pg *pg, struct str pepper_sealed)
{
    const struct pg_param p[] = {pgp_bytes(pepper_sealed.p, pepper_sealed.len)};
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}
