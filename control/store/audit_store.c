/* SQL of the audit log. Any thread with a connection. */
#include "control/store/audit_store.h"

#include "common/clock.h"
#include "control/store/sql.h"

/* clang-format off */
#define ADD_COLUMNS \
    "insert into audit_log (organisation_id, audit_id, created_at, action, actor_kind, actor_id, " \
    "actor_name, project_id, target_id, before, after, ip, user_agent, target_name) "
/* What usage counts is no part of a change. A thing's name is the newest that it has. */
#define ADD_VALUES \
    ", $2, $3, $4, case when $13 then 'operator' when $5::uuid is null then 'cli' when $6::text is null then 'user' else 'token' end, $5, " \
    "coalesce((select case when $6 is null then email else 'token ' || $6 || ' of ' || email end " \
    "from users where user_id = $5), $6, ''), $7, $8, v.before, v.after, $11::inet, $12, " \
    "left(coalesce(v.after->'user'->>'email', v.before->'user'->>'email', (select n from unnest(array['name', 'label', 'email', 'access_key_id', " \
    "'provider']) with ordinality f(field, i), coalesce(nullif(v.after->>field, ''), " \
    "nullif(v.before->>field, '')) n where n is not null order by i limit 1), ''), 200) " \
    "from (select $9::jsonb - array['requests', 'cost', 'last_used_at', 'last_seen_at'] as before, " \
    "$10::jsonb - array['requests', 'cost', 'last_used_at', 'last_seen_at'] as after) v"
#define FILTER \
    "from audit_log where organisation_id = $1 " \
    "and ($2::text is null or action = $2 or starts_with(action, $2 || '.')) " \
    "and ($3::uuid is null or actor_id = $3) and ($4::uuid is null or target_id = $4) " \
    "and ($5::uuid is null or project_id = $5) " \
    "and ($6::timestamptz is null or created_at >= $6) " \
    "and ($7::timestamptz is null or created_at < $7) " \
    "and ($8::timestamptz is null or (created_at, audit_id) < ($8, $9::uuid)) " \
    "order by created_at desc, audit_id desc limit $10"
/* clang-format on */

static const struct pg_stmt add_stmt = {"audit.add", ADD_COLUMNS "select $1::uuid" ADD_VALUES};
static const struct pg_stmt add_everywhere_stmt = {
    "audit.add_everywhere", ADD_COLUMNS
    "select o.organisation_id" ADD_VALUES
    " cross join (select organisation_id from members where user_id = $1::uuid union all "
    "select organisation_id from organisations where is_operator and not exists "
    "(select 1 from members where user_id = $1::uuid)) o"};
static const struct pg_stmt list_stmt = {
    "audit.list",
    "select json_build_object('id', audit_id, 'created_at', " SQL_TIME(
        "created_at") ", 'action', action, 'actor', json_build_object('kind', actor_kind, 'id', "
                      "actor_id, 'name', actor_name), 'target', case when target_id is not null "
                      "then json_build_object('id', target_id, 'name', target_name) end, "
                      "'project_id', project_id, 'before', before, 'after', after, 'ip', "
                      "host(ip), 'user_agent', user_agent)::text, " SQL_US(
                          "created_at") ", audit_id " FILTER};
static const struct pg_stmt export_stmt = {
    "audit.export",
    "select " SQL_TIME(
        "created_at") ", action, actor_kind, actor_name, actor_id, target_name, "
                      "target_id, project_id, before, after, host(ip), user_agent " FILTER};

const char *const audit_columns[AUDIT_COLUMNS] = {"time",     "action", "actor_kind", "actor",
                                                  "actor_id", "target", "target_id",  "project_id",
                                                  "before",   "after",  "ip",         "user_agent"};

static struct pg_param uuid_or_null(const struct uuid *u)
{
    return u ? pgp_uuid(*u) : pgp_null();
}

static struct pg_param text_or_null(struct str s)
{
    return s.p ? pgp_text(s) : pgp_null();
}

enum pg_err audit_store_add(struct pg *pg, const struct audit_entry *a)
{
    int64_t now_us = clock_wall_us();
    ASSERT((a->organisation || a->actor) && !(a->by_operator && a->actor));
    const struct pg_param p[] = {
        a->organisation ? pgp_uuid(*a->organisation) : pgp_uuid(*a->actor),
        pgp_uuid(uuid_v7(now_us)),
        pgp_time_us(now_us),
        pgp_cstr(a->action),
        uuid_or_null(a->actor),
        pgp_cstr(a->actor_name),
        uuid_or_null(a->project),
        uuid_or_null(a->target),
        text_or_null(a->before),
        text_or_null(a->after),
        pgp_cstr(a->ip),
        pgp_text(a->user_agent.p ? a->user_agent : STR("")),
        pgp_bool(a->by_operator),
    };
    return pg_run(pg, a->organisation ? &add_stmt : &add_everywhere_stmt, p, ARRAY_LEN(p), NULL);
}

static enum pg_err run_filtered(struct pg *pg, const struct pg_stmt *st,
                                const struct audit_filter *f, struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(f->organisation),
        text_or_null(f->action),
        uuid_or_null(f->actor),
        uuid_or_null(f->target),
        uuid_or_null(f->project),
        f->from_us ? pgp_time_us(f->from_us) : pgp_null(),
        f->to_us ? pgp_time_us(f->to_us) : pgp_null(),
        PLACE_PARAMS(f->after),
        pgp_i64(f->limit),
    };
    return pg_run(pg, st, p, ARRAY_LEN(p), out);
}

enum pg_err audit_store_list(struct pg *pg, const struct audit_filter *f, struct pg_result **out)
{
    return run_filtered(pg, &list_stmt, f, out);
}

enum pg_err audit_store_export(struct pg *pg, const struct audit_filter *f, struct pg_result **out)
{
    return run_filtered(pg, &export_stmt, f, out);
}
