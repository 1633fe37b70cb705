/* SQL of files given to the catalogue. Any thread with a connection. */
#include "control/store/catalogue_version_store.h"

#include "control/store/sql.h"

/* clang-format off */
#define ITEM(changes) \
    "json_build_object('id', v.version_id, 'source', v.source, 'name', v.name, 'bytes', " \
    "octet_length(v.content), 'sha256', encode(v.sha256, 'hex'), 'prune', v.prune, 'created_at', " \
    SQL_TIME("v.created_at") ", 'created_by', u.email, 'looked_at', " SQL_TIME("v.looked_at") ", " \
    "'applied_at', " SQL_TIME("v.applied_at") ", 'applied_by', a.email, 'changes', " changes ")::text"
#define FROM \
    " from catalogue_versions v left join users u on u.user_id = v.created_by " \
    "left join users a on a.user_id = v.applied_by "
/* clang-format on */

static const struct pg_stmt add_stmt = {
    "catalogue_version.add",
    "insert into catalogue_versions (version_id, source, name, content, sha256, changes, prune, "
    "created_by) values ($1, $2, $3, $4, $5, $6, $7, $8)"};
static const struct pg_stmt trim_stmt = {
    "catalogue_version.trim",
    "delete from catalogue_versions where version_id in (select version_id from (select "
    "version_id, row_number() over (partition by source order by created_at desc) as n, "
    "row_number() over (order by applied_at desc nulls last) as a from catalogue_versions) v "
    "where n > 30 and a > 30)"};
static const struct pg_stmt list_stmt = {
    "catalogue_version.list",
    "select " ITEM("v.changes - array['items', 'refusals']") ", " SQL_US(
        "v.created_at") ", "
                        "v.version_id " FROM
                        "where ($1::timestamptz is null or (v.created_at, v.version_id) < ($1, "
                        "$2::uuid)) order by v.created_at desc, v.version_id desc limit $3"};
static const struct pg_stmt get_stmt = {"catalogue_version.get",
                                        "select " ITEM("v.changes") FROM "where v.version_id = $1"};
static const struct pg_stmt brief_stmt = {"catalogue_version.brief",
                                          "select " ITEM("v.changes - array['items', 'refusals']")
                                              FROM "where v.version_id = $1"};
static const struct pg_stmt content_stmt = {
    "catalogue_version.content",
    "select content, prune from catalogue_versions where version_id = $1"};
static const struct pg_stmt looked_stmt = {
    "catalogue_version.looked", "update catalogue_versions set changes = $2, prune = $3, "
                                "looked_at = now() where version_id = $1"};
static const struct pg_stmt applied_stmt = {
    "catalogue_version.applied", "update catalogue_versions set applied_at = now(), "
                                 "applied_by = $3 where version_id = $1 and changes = $2::jsonb"};

static struct pg_param uuid_or_null(const struct uuid *u)
{
    return u ? pgp_uuid(*u) : pgp_null();
}

enum pg_err catalogue_version_store_add(struct pg *pg, const struct catalogue_version_new *v)
{
    const struct pg_param p[] = {
        pgp_uuid(v->id),
        pgp_cstr(v->source),
        pgp_text(v->name),
        pgp_text(v->content),
        pgp_bytes(v->sha256.p, v->sha256.len),
        pgp_text(v->changes),
        pgp_bool(v->prune),
        uuid_or_null(v->by),
    };
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err catalogue_version_store_trim(struct pg *pg)
{
    return pg_run(pg, &trim_stmt, NULL, 0, NULL);
}

enum pg_err catalogue_version_store_list(struct pg *pg, const struct place *after, int64_t limit,
                                         struct pg_result **out)
{
    const struct pg_param p[] = {PLACE_PARAMS(*after), pgp_i64(limit)};
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

static enum pg_err by_id(struct pg *pg, const struct pg_stmt *st, struct uuid id,
                         struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(id)};
    return pg_run(pg, st, p, ARRAY_LEN(p), out);
}

enum pg_err catalogue_version_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                        struct pg_result **out)
{
    (void)organisation;
    return by_id(pg, &get_stmt, id, out);
}

enum pg_err catalogue_version_store_brief(struct pg *pg, struct uuid organisation, struct uuid id,
                                          struct pg_result **out)
{
    (void)organisation;
    return by_id(pg, &brief_stmt, id, out);
}

enum pg_err catalogue_version_store_content(struct pg *pg, struct uuid id, struct pg_result **out)
{
    return by_id(pg, &content_stmt, id, out);
}

enum pg_err catalogue_version_store_looked(struct pg *pg, struct uuid id, struct str changes,
                                           bool prune)
{
    const struct pg_param p[] = {pgp_uuid(id), pgp_text(changes), pgp_bool(prune)};
    return pg_run(pg, &looked_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err catalogue_version_store_applied(struct pg *pg, struct uuid id, struct str changes,
                                            const struct uuid *by, bool *same)
{
    const struct pg_param p[] = {pgp_uuid(id), pgp_text(changes), uuid_or_null(by)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &applied_stmt, p, ARRAY_LEN(p), &r);
    *same = e == PG_OK && pg_affected(r) > 0;
    pg_result_free(r);
    return e;
}
