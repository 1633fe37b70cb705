/* SQL of organisations, their members and projects. Any thread with a connection. */
#include "control/store/organisation_store.h"

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
static const struct pg_stmt member_add_stmt = {
    "member.add", "insert into members (organisation_id, user_id, role) values ($1, $2, $3) "
                  "on conflict do nothing"};
static const struct pg_stmt member_role_stmt = {
    "member.role", "select m.role from members m join organisations o using (organisation_id) "
                   "where m.organisation_id = $1 and m.user_id = $2 and o.archived_at is null"};
static const struct pg_stmt first_owner_stmt = {
    "member.first_owner", "select user_id from members where organisation_id = $1 "
                          "and role = 'owner' order by created_at, user_id limit 1"};
static const struct pg_stmt project_add_stmt = {
    "project.add", "insert into projects (organisation_id, project_id, name) values ($1, $2, $3)"};
static const struct pg_stmt project_by_name_stmt = {
    "project.by_name", "select project_id from projects where organisation_id = $1 "
                       "and lower(name) = lower($2) and archived_at is null"};
static const struct pg_stmt project_exists_stmt = {
    "project.exists",
    "select project_id from projects where organisation_id = $1 and project_id = $2"};

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

enum pg_err member_store_add(struct pg *pg, struct uuid organisation, struct uuid user,
                             enum role role)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(user), pgp_cstr(role_name(role))};
    return pg_run(pg, &member_add_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err member_store_role(struct pg *pg, struct uuid organisation, struct uuid user,
                              enum role *role)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(user)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &member_role_stmt, p, ARRAY_LEN(p), &r);
    *role = e == PG_OK && pg_rows(r) > 0 ? role_parse(pg_str(r, 0, 0)) : ROLE_NONE;
    pg_result_free(r);
    return e;
}

enum pg_err member_store_first_owner(struct pg *pg, struct uuid organisation, struct uuid *user,
                                     bool *found)
{
    const struct pg_param p[] = {pgp_uuid(organisation)};
    return one_id(pg, &first_owner_stmt, p, ARRAY_LEN(p), user, found);
}

enum pg_err project_store_add(struct pg *pg, struct uuid organisation, struct uuid project,
                              struct str name)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(project), pgp_text(name)};
    return pg_run(pg, &project_add_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err project_store_by_name(struct pg *pg, struct uuid organisation, const char *name,
                                  struct uuid *project, bool *found)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_cstr(name)};
    return one_id(pg, &project_by_name_stmt, p, ARRAY_LEN(p), project, found);
}

enum pg_err project_store_exists(struct pg *pg, struct uuid organisation, struct uuid project,
                                 bool *found)
{
    struct uuid ignored;
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(project)};
    return one_id(pg, &project_exists_stmt, p, ARRAY_LEN(p), &ignored, found);
}
