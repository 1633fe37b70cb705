/* SQL of what an API key is used for now. Any thread with a connection. Counts come from the
 * running spend by the hour (scope 4, window 1), which is in the order of its key; clients from the
 * newest requests, over the index by project and time. The log is looked at from the key's last
 * request on, so that a key that rests is found as quickly as a busy one. */
#include "control/store/api_key_impact_store.h"

#include "control/store/sql.h"

/* Whole hours: this one, and those before it. */
#define SPENT(hours)                                                                                     \
    "(select json_build_object('requests', coalesce(sum(w.requests), 0), 'cost', "                       \
    "coalesce(" SQL_MONEY(                                                                               \
        "sum(w.cost)") ", '0')) from spend_windows w where w.organisation_id = $1 "                      \
                       "and w.scope = 4 and w.scope_id = $3 and w.window_kind = 1 and w.window_start > " \
                       "date_trunc('hour', now(), 'UTC') - interval '" hours " hours')"

static const struct pg_stmt get_stmt = {
    "api_key_impact.get",
    "with k as (select k.project_id, s.last_at from api_keys k left join spend_windows s "
    "  on s.organisation_id = k.organisation_id and s.scope = 4 and s.scope_id = k.api_key_id "
    "  and s.window_kind = 4 and s.window_start = 'epoch' "
    "  where k.organisation_id = $1 and k.project_id = $2 and k.api_key_id = $3), "
    "recent as (select r.created_at, r.source_id, r.retention_days, r.day, r.request_id from k "
    "  cross join lateral (select q.* from requests q where q.organisation_id = $1 "
    "    and q.project_id = $2 and q.created_at <= k.last_at "
    "    and q.day between (k.last_at at time zone 'UTC')::date - 7 "
    "      and (k.last_at at time zone 'UTC')::date "
    "    order by q.created_at desc, q.request_id desc limit $4) r "
    "  where r.api_key_id = $3 limit $5), "
    "told as (select r.created_at, coalesce(d.user_agent, '') as user_agent, "
    "  coalesce(l.value, '') as source, d.client_ip from recent r left join request_details d "
    "  on d.organisation_id = $1 and d.retention_days = r.retention_days and d.day = r.day "
    "  and d.request_id = r.request_id left join labels l on l.organisation_id = $1 "
    "  and l.label_id = r.source_id), "
    "clients as (select user_agent, source, count(*) as requests, max(created_at) as last_at, "
    "  count(distinct client_ip) as addresses from told group by 1, 2 "
    "  order by 3 desc, 4 desc limit 20) "
    "select json_build_object('last_used_at', " SQL_TIME("k.last_at") ", 'day', " SPENT("24") ", 'week', " SPENT(
        "168") ", 'recent', "
               "(select json_build_object('requests', count(*), 'since', " SQL_TIME(
                   "min(t.created_at)") ", 'addresses', count(distinct t.client_ip)) from told t), 'clients', "
                                        "coalesce((select json_agg(json_build_object('user_agent', c.user_agent, 'source', c.source, "
                                        "'requests', c.requests, 'addresses', c.addresses, 'last_at', " SQL_TIME(
                                            "c.last_at") ")) from clients c), '[]'))::text from k"};

enum pg_err api_key_impact_store_get(struct pg *pg, struct uuid organisation, struct uuid project,
                                     struct uuid id, int64_t looked, int64_t recent,
                                     struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(project), pgp_uuid(id),
                                 pgp_i64(looked), pgp_i64(recent)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}
