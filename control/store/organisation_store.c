/* SQL of organisations. Any thread with a connection. */
#include "control/store/organisation_store.h"

#include "control/store/sql.h"

static const struct pg_stmt add_stmt = {
    "organisation.add", "insert into organisations (organisation_id, name, is_operator, "
                        "data_key_sealed) values ($1, $2, $3, $4)"};
static const struct pg_stmt operator_stmt = {
    "organisation.operator", "select organisation_id from organisations where is_operator"};
static const struct pg_stmt by_name_stmt = {
    "organisation.by_name", "select organisation_id from organisations where archived_at is null "
                            "and (lower(name) = lower($1) or ($1 is null and is_operator))"};
static const struct pg_stmt data_key_stmt = {
    "organisation.data_key",
    "select data_key_sealed from organisations where organisation_id = $1"};
static const struct pg_stmt get_stmt = {
    "organisation.get",
    "select json_build_object('id', organisation_id, 'name', name, 'is_operator', is_operator, "
    "'created_at', " SQL_TIME("created_at") ", 'archived_at', " SQL_TIME(
        "archived_at") ", 'members', (select count(*) from members m where m.organisation_id = $1), "
                       "'projects', (select count(*) from projects p where p.organisation_id = $1 "
                       "and p.archived_at is null))::text, name, is_operator "
                       "from organisations where organisation_id = $1 and organisation_id = $2"};
static const struct pg_stmt rename_stmt = {
    "organisation.rename", "update organisations set name = $2 where organisation_id = $1"};
static const struct pg_stmt archive_stmt = {
    "organisation.archive",
    "update organisations set archived_at = now() where organisation_id = $1 and archived_at is null"};
static const struct pg_stmt lock_stmt = {
    "organisation.lock",
    "select 1 from organisations where organisation_id = $1 for no key update"};

/* Runs a statement that answers ids: the first into `*id`, how many into `*n`. */
static enum pg_err ids(struct pg *pg, const struct pg_stmt *st, const struct pg_param *p, size_t np,
                       struct uuid *id, size_t *n)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, st, p, np, &r);
    *n = 0;
    if (e == PG_OK) {
        *n = pg_rows(r);
        if (*n > 0)
            *id = pg_uuid(r, 0, 0);
    }
    pg_result_free(r);
    return e;
}

static enum pg_err one_id(struct pg *pg, const struct pg_stmt *st, const struct pg_param *p,
                          size_t np, struct uuid *id, bool *found)
{
    size_t n;
    enum pg_err e = ids(pg, st, p, np, id, &n);
    *found = n > 0;
    return e;
}
static const struct pg_stmt suspended_stmt = {"organisation.suspended",
                                              "select suspended_reason from organisations where "
                                              "organisation_id = $1 and suspended_at is not null"};

enum pg_err organisation_store_add(struct pg *pg, const struct organisation_new *o)
{
    const struct pg_param p[] = {pgp_uuid(o->id), pgp_text(o->name), pgp_bool(o->is_operator),
                                 pgp_bytes(o->data_key_sealed.p, o->data_key_sealed.len)};
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err organisation_store_operator(struct pg *pg, struct uuid *id, bool *found)
{
    return one_id(pg, &operator_stmt, NULL, 0, id, found);
}

enum pg_err organisation_store_by_name(struct pg *pg, const char *name, struct uuid *id,
                                       size_t *found)
{
    const struct pg_param p[] = {pgp_cstr(name)};
    return ids(pg, &by_name_stmt, p, ARRAY_LEN(p), id, found);
}

enum pg_err organisation_store_data_key(struct pg *pg, struct uuid organisation, uint8_t *out,
                                        size_t max, size_t *len)
{
    const struct pg_param p[] = {pgp_uuid(organisation)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &data_key_stmt, p, ARRAY_LEN(p), &r);
    *len = 0;
    if (e == PG_OK && pg_rows(r) > 0) {
        ptrdiff_t n = pg_bytes(r, 0, 0, out, max);
        e = n < 0 ? PG_INVALID : PG_OK;
        *len = n < 0 ? 0 : (size_t)n;
    }
    pg_result_free(r);
    return e;
}

enum pg_err organisation_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                   struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err organisation_store_rename(struct pg *pg, struct uuid organisation, struct str name)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_text(name)};
    return pg_run(pg, &rename_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err organisation_store_archive(struct pg *pg, struct uuid organisation)
{
    const struct pg_param p[] = {pgp_uuid(organisation)};
    return pg_run(pg, &archive_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err organisation_store_lock(struct pg *pg, struct uuid organisation)
{
    const struct pg_param p[] = {pgp_uuid(organisation)};
    return pg_run(pg, &lock_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err organisation_store_suspended(struct pg *pg, struct uuid organisation,
                                         struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation)};
    return pg_run(pg, &suspended_stmt, p, ARRAY_LEN(p), out);
}
