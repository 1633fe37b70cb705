/* SQL of what an API key is used for now. Any thread with a connection. Counts come from the
 * running spend by the hour (scope 4, window 1), which is in the order of its key; clients from the
 * key's newest requests, over an index of theirs. The log is looked at from the key's last request
 * on, so that a key that rests is found as quickly as a busy one.
 */
#include "control/store/api_key_impact_store.h"

#include "control/store/sql.h"

/* Whole hours: this one, and those before it. */
/* clang-format off */
#define SPENT(hours) \
    "(select json_build_object('requests', coalesce(sum(w.requests), 0), 'cost', " \
    "coalesce(" SQL_MONEY("sum(w.cost)") ", '0')) from spend_windows w where w.organisation_id = $1 " \
    "and w.scope = 4 and w.scope_id = $3 and w.window_kind = 1 and w.window_start > " \
    "date_trunc('hour', now(), 'UTC') - interval '" hours " hours')"

static const struct pg_stmt find_stmt = {
    "api_key_impact.find",
    "select " SQL_US("s.last_at") " from api_keys k left join spend_windows s "
    "on s.organisation_id = k.organisation_id and s.scope = 4 and s.scope_id = k.api_key_id "
    "and s.window_kind = 4 and s.window_start = 'epoch' "
    "where k.organisation_id = $1 and k.project_id = $2 and k.api_key_id = $3"};
/* The limit keeps the planner from joining with all partitions at once: it does not count on their
 * pruning. */
static const struct pg_stmt recent_stmt = {
    "api_key_impact.recent",
    "with r as materialized (select q.created_at, q.source_id, q.retention_days, q.day, q.request_id "
    "  from requests q where q.organisation_id = $1 and q.api_key_id = $2 "
    "  and q.day between ($3::timestamptz at time zone 'UTC')::date - 7 "
    "    and ($3::timestamptz at time zone 'UTC')::date "
    "  and ($4::uuid is null or q.request_id < $4) order by q.request_id desc limit $5), "
    "l as materialized (select label_id, value from labels where organisation_id = $1 "
    "  and label_id = any(array(select distinct source_id from r))) "
    "select json_agg(json_build_object('at', r.created_at, 'agent', coalesce(d.user_agent, ''), "
    "  'source', coalesce(l.value, ''), 'address', d.client_ip))::text, "
    "(select x.request_id from r x order by 1 limit 1), count(*) "
    "from r left join lateral (select x.user_agent, x.client_ip from request_details x "
    "  where x.organisation_id = $1 and x.retention_days = r.retention_days and x.day = r.day "
    "  and x.request_id = r.request_id limit 1) d on true left join l on l.label_id = r.source_id"};
/* $4 is a list of such lists. */
static const struct pg_stmt get_stmt = {
    "api_key_impact.get",
    "with told as (select x.* from json_array_elements($4::json) e, "
    "  json_to_recordset(e) as x(at timestamptz, agent text, source text, address inet)), "
    "clients as (select agent, source, count(*) as requests, max(at) as last_at, "
    "  count(distinct address) as addresses from told group by 1, 2 order by 3 desc, 4 desc limit 20) "
    "select json_build_object('last_used_at', " SQL_TIME("$2::timestamptz") ", 'day', " SPENT("24") ", 'week', "
    SPENT("168") ", 'recent', (select json_build_object('requests', count(*), 'since', " SQL_TIME("min(t.at)")
    ", 'addresses', count(distinct t.address)) from told t), 'clients', "
    "coalesce((select json_agg(json_build_object('user_agent', c.agent, 'source', c.source, "
    "'requests', c.requests, 'addresses', c.addresses, 'last_at', " SQL_TIME("c.last_at") ")) from clients c), "
    "'[]'))::text"};
/* clang-format on */

/* Each is looked for in two tables, over their indexes: some six pages. */
enum { AT_ONCE = 50, TOLD_BYTES = 4 << 20 };

/* The newest `most` as a list of lists. */
static enum pg_err read_recent(struct pg *pg, struct uuid organisation, struct uuid id,
                               int64_t last_us, int64_t most, struct buf *told)
{
    struct uuid before = {0};
    enum pg_err e = PG_OK;
    (void)buf_add_char(told, '[');
    for (int64_t left = most, n = 1; e == PG_OK && left > 0 && n > 0; left -= n) {
        struct pg_result *r = NULL;
        const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(id), pgp_time_us(last_us),
                                     left < most ? pgp_uuid(before) : pgp_null(),
                                     pgp_i64(left < AT_ONCE ? left : AT_ONCE)};
        e = pg_run(pg, &recent_stmt, p, ARRAY_LEN(p), &r);
        n = e == PG_OK ? pg_i64(r, 0, 2) : 0;
        if (n > 0) {
            if (left < most)
                (void)buf_add_char(told, ',');
            (void)buf_add_str(told, pg_str(r, 0, 0));
            before = pg_uuid(r, 0, 1);
        }
        pg_result_free(r);
    }
    (void)buf_add_char(told, ']');
    return e;
}

enum pg_err api_key_impact_store_get(struct pg *pg, struct uuid organisation, struct uuid project,
                                     struct uuid id, int64_t recent, struct pg_result **out)
{
    struct buf told;
    struct pg_result *key = NULL;
    const struct pg_param p[] = {pgp_uuid(organisation), pgp_uuid(project), pgp_uuid(id)};
    enum pg_err e = pg_run(pg, &find_stmt, p, ARRAY_LEN(p), &key);
    if (e != PG_OK || pg_rows(key) == 0) {
        *out = key;
        return e;
    }
    bool used = !pg_is_null(key, 0, 0);
    int64_t last_us = used ? pg_i64(key, 0, 0) : 0;
    pg_result_free(key);
    buf_init(&told, TOLD_BYTES);
    if (used)
        e = read_recent(pg, organisation, id, last_us, recent, &told);
    else
        (void)buf_add_lit(&told, "[]");
    const struct pg_param q[] = {pgp_uuid(organisation), used ? pgp_time_us(last_us) : pgp_null(),
                                 pgp_uuid(id), pgp_text(buf_str(&told))};
    if (e == PG_OK)
        e = pg_run(pg, &get_stmt, q, ARRAY_LEN(q), out);
    buf_fini(&told);
    return e;
}
