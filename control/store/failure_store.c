/* SQL of the latest failures. Any thread with a connection. */
#include "control/store/failure_store.h"

#include "control/store/request_sql.h"
#include "control/store/sql.h"

/* clang-format off */
#define SQL_FAILURE \
    "json_build_object('id', r.request_id, 'created_at', " SQL_TIME("r.created_at") ", 'project_id', r.project_id, " \
    "'api_key', json_build_object('id', r.api_key_id, 'name', coalesce(k.name, '')), 'model', coalesce(m.slug, l.value), " \
    "'provider', p.slug, 'status', r.status, 'outcome', " SQL_OUTCOMES ", 'error', r.error)::text "
#define SQL_DAYS \
    "r.day between ($2::timestamptz at time zone 'UTC')::date and ($3::timestamptz at time zone 'UTC')::date " \
    "and r.created_at >= $2 and r.created_at < $3 "

/* The condition on outcome is the index's own. */
static const struct pg_stmt project_stmt = {
    "failure.of_project",
    "with r as materialized (select r.* from requests r where r.organisation_id = $1 and r.project_id = $4 "
    "  and r.outcome not in (0, 4) and " SQL_DAYS "order by r.created_at desc, r.request_id desc limit $5), "
    SQL_NAMES "select " SQL_FAILURE "from r " SQL_NAMED "order by r.created_at desc, r.request_id desc"};
/* Those that a client left are looked at, and left out. */
static const struct pg_stmt walk_stmt = {
    "failure.walk",
    "with r as materialized (select x.* from (select w.*, row_number() over (order by w.request_id desc) as n from "
    "  (select r.* from requests r where r.organisation_id = $1 and r.outcome <> 0 and " SQL_DAYS
    "   and r.request_id between $4 and $5 and ($6::uuid is null or r.request_id < $6) "
    "   order by r.request_id desc limit $7) w) x where x.outcome <> 4 or x.n = $7 order by x.request_id desc limit $8), "
    SQL_NAMES "select r.outcome <> 4, r.n = $7, " SQL_US("r.created_at") ", r.request_id, " SQL_FAILURE
    "from r " SQL_NAMED "order by r.request_id desc"};
/* clang-format on */

enum pg_err failure_store_of_project(struct pg *pg, const struct request_filter *f, int64_t limit,
                                     struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(f->organisation), pgp_time_us(f->from_us), pgp_time_us(f->to_us),
        pgp_uuid(f->project),      pgp_i64(limit),
    };
    return pg_run(pg, &project_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err failure_store_walk(struct pg *pg, const struct request_filter *f,
                               const struct request_stretch *s, struct pg_result **out)
{
    struct uuid low, high;
    int64_t to_us = s->to_us;
    request_page_bounds(f, s->from_us, &to_us, &low, &high);
    const struct pg_param p[] = {
        pgp_uuid(f->organisation),
        pgp_time_us(s->from_us),
        pgp_time_us(to_us),
        pgp_uuid(low),
        pgp_uuid(high),
        f->after.given ? pgp_uuid(f->after.id) : pgp_null(),
        pgp_i64(s->looked),
        pgp_i64(s->limit),
    };
    return pg_run(pg, &walk_stmt, p, ARRAY_LEN(p), out);
}
