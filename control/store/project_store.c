/* SQL of projects. Any thread with a connection. */
#include "control/store/project_store.h"

#include "control/store/sql.h"

const char *const project_modes[] = {"hybrid", "api-keys", "credits", NULL};

static const char *const status_words[] = {"active", "archived", "all"};

/* The API's project object, with the spend of its life (scope 2, window 4 of spend_windows). */
/* clang-format off */
#define PROJECT_ITEM \
    "select json_build_object('id', p.project_id, 'name', p.name, 'mode', p.mode, 'key_expires_days', " \
    "p.key_days, 'key_models', p.key_models, 'key_providers', p.key_providers, " \
    "'key_ip_ranges', p.key_ip_ranges, 'created_at', " \
    SQL_TIME("p.created_at") ", 'archived_at', " SQL_TIME("p.archived_at") ", 'api_keys', " \
    "(select count(*) from api_keys k where k.organisation_id = p.organisation_id " \
    "and k.project_id = p.project_id and k.revoked_at is null " \
    "and (k.expires_at is null or k.expires_at > now())), 'requests', coalesce(s.requests, 0), " \
    "'cost', coalesce(" SQL_MONEY("s.cost") ", '0'), 'last_used_at', " SQL_TIME("s.last_at") \
    ")::text, " SQL_US("p.created_at") ", p.project_id from projects p left join spend_windows s " \
    "on s.organisation_id = p.organisation_id and s.scope = 2 and s.scope_id = p.project_id " \
    "and s.window_kind = 4 and s.window_start = 'epoch' "
/* clang-format on */

static const struct pg_stmt add_stmt = {
    "project.add",
    "insert into projects (organisation_id, project_id, name, mode, key_days, key_models, "
    "key_providers, key_ip_ranges) values ($1, $2, $3, $4, $5, " SQL_LIST(
        "$6", "'{}'") ", " SQL_LIST("$7", "'{}'") ", " SQL_LIST("$8", "'{}'") ")"};
static const struct pg_stmt by_name_stmt = {
    "project.by_name", "select project_id from projects where organisation_id = $1 "
                       "and lower(name) = lower($2) and archived_at is null"};
static const struct pg_stmt exists_stmt = {
    "project.exists",
    "select project_id from projects where organisation_id = $1 and project_id = $2"};
static const struct pg_stmt list_stmt = {
    "project.list", PROJECT_ITEM
    "where p.organisation_id = $1 and case $2 when 'active' then p.archived_at is null "
    "when 'archived' then p.archived_at is not null else true end "
    "and ($3::timestamptz is null or (p.created_at, p.project_id) > ($3, $4::uuid)) "
    "order by p.created_at, p.project_id limit $5"};
static const struct pg_stmt get_stmt = {"project.get", PROJECT_ITEM
                                        "where p.organisation_id = $1 and p.project_id = $2"};
static const struct pg_stmt patch_stmt = {
    "project.patch",
    "update projects set name = coalesce($3, name), mode = coalesce($4, mode), "
    "archived_at = case $5::boolean when true then coalesce(archived_at, now()) "
    "when false then null else archived_at end, key_days = case when $6 then $7::integer else "
    "key_days end, key_models = " SQL_LIST("$8", "key_models") ", key_providers = " SQL_LIST(
        "$9",
        "key_providers") ", key_ip_ranges = " SQL_LIST("$10",
                                                       "key_ip_ranges") " where organisation_id = $1 and project_id = $2"};

static enum pg_err one_id(struct pg *pg, const struct pg_stmt *st, const struct pg_param *p,
                          size_t np, struct uuid *id, bool *found)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, st, p, np, &r);
    *found = e == PG_OK && pg_rows(r) > 0;
    if (*found)
        *id = pg_uuid(r, 0, 0);
    pg_result_free(r);
    return e;
}

static struct pg_param days_of(const struct project_key_defaults *k)
{
    return k->days ? pgp_i64(k->days) : pgp_null();
}

static struct pg_param list(struct str json)
{
    return json.p ? pgp_text(json) : pgp_null();
}

#define KEY_LISTS(keys)                                                                            \
    list((keys).restrictions.models), list((keys).restrictions.providers),                         \
        list((keys).restrictions.ip_ranges)

enum pg_err project_store_add(struct pg *pg, const struct project_new *n)
{
    const struct pg_param p[] = {pgp_uuid(n->organisation), pgp_uuid(n->id),
                                 pgp_text(n->name),         pgp_cstr(project_modes[n->mode]),
                                 days_of(&n->keys),         KEY_LISTS(n->keys)};
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err project_store_by_name(struct pg *pg, struct uuid organisation, const char *name,
                                  struct uuid *project, bool *found)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_cstr(name)};
    return one_id(pg, &by_name_stmt, p, ARRAY_LEN(p), project, found);
}

enum pg_err project_store_exists(struct pg *pg, struct uuid organisation, struct uuid project,
                                 bool *found)
{
    struct uuid ignored;
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(project)};
    return one_id(pg, &exists_stmt, p, ARRAY_LEN(p), &ignored, found);
}

enum pg_err project_store_list(struct pg *pg, const struct project_filter *f,
                               struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(f->organisation),
        pgp_cstr(status_words[f->status]),
        PLACE_PARAMS(f->after),
        pgp_i64(f->limit),
    };
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err project_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                              struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err project_store_patch(struct pg *pg, struct uuid organisation, struct uuid id,
                                const struct project_patch *patch)
{
    const struct pg_param p[] = {
        pgp_uuid(organisation),
        pgp_uuid(id),
        patch->name.p ? pgp_text(patch->name) : pgp_null(),
        patch->mode >= 0 ? pgp_cstr(project_modes[patch->mode]) : pgp_null(),
        patch->set_archived ? pgp_bool(patch->archived) : pgp_null(),
        pgp_bool(patch->keys.set_days),
        days_of(&patch->keys),
        KEY_LISTS(patch->keys),
    };
    return pg_run(pg, &patch_stmt, p, ARRAY_LEN(p), NULL);
}
