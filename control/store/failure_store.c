/* SQL of the latest failures. Any thread with a connection. */
#include "control/store/failure_store.h"

#include "control/store/sql.h"

/* The condition on outcome is the index's own. */
static const struct pg_stmt list_stmt = {
    "failure.list",
    "select json_build_object('id', r.request_id, 'created_at', " SQL_TIME(
        "r.created_at") ", 'project_id', r.project_id, 'api_key', json_build_object('id', "
                        "r.api_key_id, 'name', coalesce(k.name, '')), 'model', coalesce(m.slug, "
                        "l.value), 'provider', p.slug, 'status', r.status, 'outcome', "
                        "(array['ok', 'client_error', 'gateway_error', 'upstream_error', "
                        "'client_gone', 'interrupted'])[r.outcome + 1], 'error', r.error)::text "
                        "from (select x.* from projects j cross join lateral (select r.* from "
                        "requests r where r.organisation_id = $1 and r.project_id = j.project_id "
                        "    and r.outcome not in (0, 4) "
                        "    and r.day between ($2::timestamptz at time zone 'UTC')::date "
                        "      and ($3::timestamptz at time zone 'UTC')::date "
                        "    and r.created_at >= $2 and r.created_at < $3 "
                        "    order by r.created_at desc, r.request_id desc limit $5) x "
                        "  where j.organisation_id = $1 and ($4::uuid is null or j.project_id = "
                        "$4) order by x.created_at desc, x.request_id desc limit $5) r "
                        "left join api_keys k on k.organisation_id = r.organisation_id "
                        "  and k.api_key_id = r.api_key_id "
                        "left join labels l on l.organisation_id = r.organisation_id "
                        "  and l.label_id = r.requested_model_id " SQL_CALLED
                        "order by r.created_at desc, r.request_id desc"};

enum pg_err failure_store_list(struct pg *pg, const struct failure_filter *f,
                               struct pg_result **out)
{
    const struct pg_param p[] = {
        pgp_uuid(f->organisation), pgp_time_us(f->from_us),
        pgp_time_us(f->to_us),     f->by_project ? pgp_uuid(f->project) : pgp_null(),
        pgp_i64(f->limit),
    };
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}
