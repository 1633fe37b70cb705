/* SQL of the organisations of an instance. Any thread with a connection. */
#include "control/store/instance_organisation_store.h"

#include "control/store/sql.h"

/* clang-format off */
#define ITEM \
    "select json_build_object('id', o.organisation_id, 'name', o.name, 'is_operator', o.is_operator, " \
    "'created_at', " SQL_TIME("o.created_at") ", 'archived_at', " SQL_TIME("o.archived_at") ", " \
    "'suspended_at', " SQL_TIME("o.suspended_at") ", 'suspended_reason', o.suspended_reason, " \
    "'platform_keys', o.platform_keys, " \
    "'members', (select count(*) from members m where m.organisation_id = o.organisation_id), " \
    "'api_keys', (select count(*) from api_keys k where k.organisation_id = o.organisation_id " \
    "  and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())), " \
    "'requests', coalesce(w.requests, 0), 'cost', " SQL_MONEY("coalesce(w.cost, 0)") ")::text, "
#define OWN \
    "json_build_object('id', o.organisation_id, 'name', o.name, 'platform_keys', o.platform_keys, " \
    "'suspended_at', " SQL_TIME("o.suspended_at") ", 'suspended_reason', o.suspended_reason)::text "
#define FROM \
    "from organisations o left join lateral (select sum(s.requests) as requests, sum(s.cost) as cost " \
    "from spend_windows s where s.organisation_id = o.organisation_id and s.scope = 1 " \
    "and s.scope_id = o.organisation_id and s.window_kind = 2 " \
    "and s.window_start > now() - interval '30 days') w on true "
/* clang-format on */

static const struct pg_stmt list_stmt = {
    "instance_organisation.list",
    ITEM SQL_US(
        "o.created_at") ", o.organisation_id " FROM
                        "where ($1::text is null or position(lower($1) in lower(o.name)) > 0) "
                        "and case $2 when 'active' then o.archived_at is null and o.suspended_at is null "
                        "  when 'suspended' then o.archived_at is null and o.suspended_at is not null "
                        "  when 'archived' then o.archived_at is not null else true end "
                        "and ($3::timestamptz is null or (o.created_at, o.organisation_id) < ($3, $4::uuid)) "
                        "order by o.created_at desc, o.organisation_id desc limit $5"};
static const struct pg_stmt get_stmt = {"instance_organisation.get",
                                        ITEM "o.is_operator, o.archived_at is not null, " OWN FROM
                                             "where o.organisation_id = $1"};
static const struct pg_stmt suspend_stmt = {
    "instance_organisation.suspend",
    "update organisations set suspended_at = case when $2::text is null then null "
    "else coalesce(suspended_at, now()) end, suspended_reason = coalesce($2, '') "
    "where organisation_id = $1"};

static const struct pg_stmt lend_stmt = {
    "instance_organisation.lend",
    "update organisations set platform_keys = $2 where organisation_id = $1"};

enum pg_err instance_organisation_store_list(struct pg *pg,
                                             const struct instance_organisation_filter *f,
                                             struct pg_result **out)
{
    const struct pg_param p[] = {f->q.p ? pgp_text(f->q) : pgp_null(), pgp_cstr(f->state),
                                 PLACE_PARAMS(f->after), pgp_i64(f->limit)};
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err instance_organisation_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                            struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(id)};
    (void)organisation;
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err instance_organisation_store_suspend(struct pg *pg, struct uuid id, struct str reason)
{
    const struct pg_param p[] = {pgp_uuid(id), reason.p ? pgp_text(reason) : pgp_null()};
    return pg_run(pg, &suspend_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err instance_organisation_store_lend(struct pg *pg, struct uuid id, bool lend)
{
    const struct pg_param p[] = {pgp_uuid(id), pgp_bool(lend)};
    return pg_run(pg, &lend_stmt, p, ARRAY_LEN(p), NULL);
}
