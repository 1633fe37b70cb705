/* SQL of saved views. Any thread with a connection. */
#include "control/store/view_store.h"

#include "control/store/sql.h"

const char *const view_pages[] = {"activity", "analytics", NULL};

/* clang-format off */
#define VIEW_ITEM \
    "select json_build_object('id', v.view_id, 'name', v.name, 'page', v.page, 'query', v.query, " \
    "'shared', v.shared, 'owner', json_build_object('id', u.user_id, 'name', u.name, 'email', " \
    "u.email), 'created_at', " SQL_TIME("v.created_at") ")::text, " SQL_US("v.created_at") \
    ", v.view_id from saved_views v join users u on u.user_id = v.owner_id "
/* clang-format on */

/* Two at once may make one more: the bound is against growth, not a promise. */
static const struct pg_stmt add_stmt = {
    "view.add", "insert into saved_views (organisation_id, view_id, owner_id, name, page, query, "
                "shared) select $1, $2, $3, $4, $5, $6, $7 where (select count(*) from saved_views "
                "where organisation_id = $1 and owner_id = $3) < $8 returning 1"};
static const struct pg_stmt list_stmt = {
    "view.list",
    VIEW_ITEM "where v.organisation_id = $1 and (v.owner_id = $2 or v.shared) "
              "and ($3::timestamptz is null or (v.created_at, v.view_id) > ($3, $4::uuid)) "
              "order by v.created_at, v.view_id limit $5"};
static const struct pg_stmt get_stmt = {"view.get", VIEW_ITEM
                                        "where v.organisation_id = $1 and v.view_id = $2"};
static const struct pg_stmt owner_stmt = {
    "view.owner", "select owner_id from saved_views where organisation_id = $1 "
                  "and view_id = $2 and (owner_id = $3 or shared)"};
static const struct pg_stmt patch_stmt = {
    "view.patch", "update saved_views set name = coalesce($3, name), query = coalesce($4, query), "
                  "shared = coalesce($5, shared) where organisation_id = $1 and view_id = $2"};
static const struct pg_stmt delete_stmt = {
    "view.delete", "delete from saved_views where organisation_id = $1 and view_id = $2"};

enum pg_err view_store_add(struct pg *pg, const struct view_new *v, bool *added)
{
    const struct pg_param p[] = {
        pgp_uuid(v->organisation),     pgp_uuid(v->id),    pgp_uuid(v->owner),  pgp_text(v->name),
        pgp_cstr(view_pages[v->page]), pgp_text(v->query), pgp_bool(v->shared), pgp_i64(VIEWS_MAX),
    };
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &add_stmt, p, ARRAY_LEN(p), &r);
    *added = e == PG_OK && pg_rows(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err view_store_list(struct pg *pg, const struct view_filter *f, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(f->organisation), pgp_uuid(f->viewer),
                                 PLACE_PARAMS(f->after), pgp_i64(f->limit)};
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err view_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                           struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err view_store_owner(struct pg *pg, struct uuid organisation, struct uuid viewer,
                             struct uuid id, struct uuid *owner, bool *found)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id), pgp_uuid(viewer)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &owner_stmt, p, ARRAY_LEN(p), &r);
    *found = e == PG_OK && pg_rows(r) > 0;
    if (*found)
        *owner = pg_uuid(r, 0, 0);
    pg_result_free(r);
    return e;
}

enum pg_err view_store_patch(struct pg *pg, struct uuid organisation, struct uuid id,
                             const struct view_patch *patch)
{
    const struct pg_param p[] = {
        pgp_uuid(organisation),
        pgp_uuid(id),
        patch->name.p ? pgp_text(patch->name) : pgp_null(),
        patch->query.p ? pgp_text(patch->query) : pgp_null(),
        patch->set_shared ? pgp_bool(patch->shared) : pgp_null(),
    };
    return pg_run(pg, &patch_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err view_store_delete(struct pg *pg, struct uuid organisation, struct uuid id)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id)};
    return pg_run(pg, &delete_stmt, p, ARRAY_LEN(p), NULL);
}
