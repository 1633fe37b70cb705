/* SQL of the instance's one row. Any thread with a connection. */
#include "control/store/instance_store.h"

#include "control/store/sql.h"

static const struct pg_stmt get_stmt = {"instance.get", "select pepper_sealed from instance"};
static const struct pg_stmt add_stmt = {
    "instance.add", "insert into instance (pepper_sealed) values ($1) on conflict do nothing"};

static const struct pg_stmt settings_stmt = {
    "instance.settings",
    "select json_build_object('id', 'settings', 'sign_up', coalesce(sign_up, $1::text), "
    "'sign_up_from', case when sign_up is null then 'environment' else 'settings' end, "
    "'announcement', announcement)::text, coalesce(sign_up, $1::text) from instance"};
static const struct pg_stmt sign_up_stmt = {"instance.sign_up", "update instance set sign_up = $1"};
static const struct pg_stmt announcement_stmt = {"instance.announcement",
                                                 "update instance set announcement = $1"};
static const struct pg_stmt state_stmt = {
    "instance.state",
    "select json_build_object('created_at', (select " SQL_TIME(
        "created_at") " from instance), "
                      "'database', current_setting('server_version'), 'migrations', (select json_agg("
                      "  json_build_object('name', name, 'applied_at', " SQL_TIME(
                          "applied_at") ") order by version) "
                                        "  from schema_migrations), "
                                        "'gateways', (select coalesce(json_agg(json_build_object('id', gateway_id, 'host', host, "
                                        "  'version', version, 'first_seen', " SQL_TIME("first_seen") ", 'last_seen', " SQL_TIME(
                                            "last_seen") ") order by last_seen desc, gateway_id), '[]') from (select * from gateways "
                                                         "  where last_seen > now() - interval '7 days' order by last_seen desc limit 200) g), "
                                                         "'master_keys', (select json_agg(json_build_object('id', k, 'rows', n) order by n desc, k) "
                                                         "  from (select k, count(*) as n from (select encode(substring(pepper_sealed from 2 for 8), "
                                                         "    'hex') as k from instance union all select encode(substring(data_key_sealed from 2 "
                                                         "    for 8), 'hex') from organisations) s group by k) x), "
                                                         "'mail_waiting', (select json_build_object('count', count(*), 'oldest', " SQL_TIME(
                                                             "min(created_at)") ", 'last_error', coalesce((array_agg(last_error order by next_try_at desc) filter (where last_error <> ''))[1], '')) from outbox), "
                                                                                "'retention', (select json_agg(json_build_object('days', retention_days, 'organisations', n) "
                                                                                "  order by retention_days) from (select retention_days, count(*) as n from organisations "
                                                                                "  where archived_at is null group by 1) d))::text"};

enum pg_err instance_store_settings(struct pg *pg, const char *sign_up, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_cstr(sign_up)};
    return pg_run(pg, &settings_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err instance_store_set_sign_up(struct pg *pg, const char *word)
{
    const struct pg_param p[] = {pgp_cstr(word)};
    return pg_run(pg, &sign_up_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err instance_store_set_announcement(struct pg *pg, struct str text)
{
    const struct pg_param p[] = {pgp_text(text)};
    return pg_run(pg, &announcement_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err instance_store_state(struct pg *pg, struct pg_result **out)
{
    return pg_run(pg, &state_stmt, NULL, 0, out);
}

enum pg_err instance_store_pepper(struct pg *pg, uint8_t *out, size_t max, size_t *len)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &get_stmt, NULL, 0, &r);
    *len = 0;
    if (e == PG_OK && pg_rows(r) > 0) {
        ptrdiff_t n = pg_bytes(r, 0, 0, out, max);
        e = n < 0 ? PG_INVALID : PG_OK;
        *len = n < 0 ? 0 : (size_t)n;
    }
    pg_result_free(r);
    return e;
}

enum pg_err instance_store_add(struct pg *pg, struct str pepper_sealed)
{
    const struct pg_param p[] = {pgp_bytes(pepper_sealed.p, pepper_sealed.len)};
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}
