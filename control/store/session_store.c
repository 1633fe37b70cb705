/* SQL of sessions. Any thread with a connection. */
#include "control/store/session_store.h"

#include <stdio.h>

#include "control/store/sql.h"

static const struct pg_stmt find_stmt = {
    "session.find",
    "select s.user_id, u.is_operator, s.csrf_token, s.last_seen_at < now() - interval '1 minute' "
    "from sessions s join users u using (user_id) where s.session_hash = $1 "
    "and s.revoked_at is null and s.expires_at > now() and u.disabled_at is null and not s.half"};
static const struct pg_stmt find_half_stmt = {
    "session.find_half",
    "select s.user_id from sessions s join users u using (user_id) where s.session_hash = $1 "
    "and s.revoked_at is null and s.expires_at > now() and u.disabled_at is null and s.half"};
static const struct pg_stmt seen_stmt = {
    "session.seen", "update sessions set last_seen_at = now() where session_hash = $1"};
static const struct pg_stmt add_stmt = {
    "session.add",
    "with ended as (update sessions set revoked_at = now() "
    "  where session_hash = $2 and revoked_at is null) "
    "insert into sessions (session_hash, user_id, csrf_token, expires_at, ip, user_agent, half) "
    "values ($1, $3, $4, $5, $6::inet, $7, $8)"};
static const struct pg_stmt renew_stmt = {
    "session.renew", "update sessions set session_hash = $2 where session_hash = $1 "
                     "returning greatest(0, extract(epoch from expires_at - now()))::bigint"};
static const struct pg_stmt revoke_id_stmt = {
    "session.revoke_id", "update sessions set revoked_at = now() where session_id = $2 "
                         "and user_id = $1 and revoked_at is null and expires_at > now()"};
static const struct pg_stmt revoke_all_stmt = {
    "session.revoke_all",
    "update sessions set revoked_at = now() where user_id = $1 and revoked_at is null "
    "and expires_at > now() and session_hash is distinct from $2"};
static const struct pg_stmt list_stmt = {
    "session.list",
    "select json_build_object('id', session_id, 'created_at', " SQL_TIME("created_at") ", 'last_seen_at', " SQL_TIME(
        "last_seen_at") ", 'expires_at', " SQL_TIME("expires_at") ", 'ip', host(ip), 'user_agent', user_agent, 'current', "
                                                                  "session_hash = $2)::text from sessions where user_id = $1 and not half "
                                                                  "and revoked_at is null and expires_at > now() "
                                                                  "order by session_hash = $2 desc, last_seen_at desc limit 200"};
static const struct pg_stmt revoke_stmt = {
    "session.revoke",
    "update sessions set revoked_at = now() where session_hash = $1 and revoked_at is null"};
/* clang-format off */
/* The organisations of $1 that are shown: $2 in any case, then the operator's, then the newest. */
#define SHOWN \
    "mine as (select o.organisation_id, o.name, o.is_operator, o.platform_keys, o.suspended_at, " \
    "  o.suspended_reason, m.role, m.created_at from members m join organisations o using (organisation_id) " \
    "  where m.user_id = $1 and o.archived_at is null), " \
    "shown as (select * from mine order by organisation_id = $2 desc, is_operator desc, created_at desc, " \
    "  organisation_id desc limit $3) "
#define PROJECTS \
    "(select coalesce(json_agg(json_build_object('id', p.project_id, 'name', p.name, 'mode', p.mode) " \
    "  order by lower(p.name), p.project_id), '[]'::json) from (select * from projects a " \
    "  where a.organisation_id = o.organisation_id and a.archived_at is null " \
    "  order by lower(a.name), a.project_id limit $4) p)"
/* Whom the operator's keys serve. Nobody's custom providers are lent, and providers.* has none. */
#define LENT \
    "lent as (select coalesce(json_agg(json_build_object('provider', l.slug, 'models', l.models) " \
    "    order by l.slug), '[]'::json) as providers from (select pr.slug, case when bool_or(k.models = '{}') " \
    "    then '[]'::json else json_agg(distinct mo.slug) filter (where mo.slug is not null) end " \
    "    as models from organisations po join provider_keys k using (organisation_id) " \
    "    join providers pr using (provider_id) left join models mo on mo.model_id = any(k.models) " \
    "    where po.is_operator and k.disabled_at is null and pr.enabled group by pr.slug " \
    "    having bool_or(k.models = '{}') or count(mo.slug) > 0) l) "
/* clang-format on */
static const struct pg_stmt view_stmt = {
    "session.view",
    "with " SHOWN ", " LENT
    "select json_build_object('id', u.user_id, 'email', u.email, 'name', u.name, "
    "  'is_operator', u.is_operator)::text, "
    "(select coalesce(json_agg(json_build_object('id', o.organisation_id, 'name', o.name, "
    "   'role', o.role, 'is_operator', o.is_operator, 'platform_keys', o.platform_keys, "
    "   'platform_providers', case when o.platform_keys and not o.is_operator then "
    "     (select providers from lent) else '[]'::json end, "
    "   'suspended', case when o.suspended_at is not null then json_build_object('at', " SQL_TIME(
        "o.suspended_at") ", 'reason', o.suspended_reason) end, 'projects', " PROJECTS
                          ") order by lower(o.name), o.organisation_id), '[]'::json)::text from "
                          "shown o), (select count(*) from mine), "
                          "(select announcement from instance) from users u where u.user_id = $1"};
static const struct pg_stmt organisations_stmt = {
    "session.organisations",
    "select json_build_object('id', o.organisation_id, 'name', o.name, 'role', m.role)::text, " SQL_US(
        "m.created_at") ", m.organisation_id from members m join organisations o using "
                        "(organisation_id) where m.user_id = $1 and o.archived_at is null "
                        "and ($2::text is null or position(lower($2) in lower(o.name)) > 0) "
                        "and ($3::timestamptz is null or (m.created_at, m.organisation_id) < "
                        "($3, $4::uuid)) order by m.created_at desc, m.organisation_id desc limit $5"};

enum pg_err session_store_find(struct pg *pg, struct session *s, bool *found)
{
    const struct pg_param p[] = {pgp_bytes(s->hash, sizeof s->hash)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &find_stmt, p, ARRAY_LEN(p), &r);
    bool stale = false;
    *found = e == PG_OK && pg_rows(r) > 0;
    if (*found) {
        s->user = pg_uuid(r, 0, 0);
        s->is_operator = pg_bool(r, 0, 1);
        (void)snprintf(s->csrf, sizeof s->csrf, STR_FMT, STR_ARG(pg_str(r, 0, 2)));
        stale = pg_bool(r, 0, 3);
    }
    pg_result_free(r);
    return stale ? pg_run(pg, &seen_stmt, p, ARRAY_LEN(p), NULL) : e;
}

enum pg_err session_store_add(struct pg *pg, const struct session_new *n)
{
    const struct pg_param p[] = {
        pgp_bytes(n->session->hash, sizeof n->session->hash),
        pgp_bytes(n->replaces, sizeof n->session->hash),
        pgp_uuid(n->session->user),
        pgp_cstr(n->session->csrf),
        pgp_time_us(n->expires_us),
        pgp_cstr(n->ip),
        pgp_text(n->user_agent),
        pgp_bool(n->half),
    };
    return pg_run(pg, &add_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err session_store_renew(struct pg *pg, const uint8_t old[32], const struct session *s,
                                int64_t *left_s)
{
    const struct pg_param p[] = {pgp_bytes(old, 32), pgp_bytes(s->hash, sizeof s->hash)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &renew_stmt, p, ARRAY_LEN(p), &r);
    *left_s = e == PG_OK && pg_rows(r) > 0 ? pg_i64(r, 0, 0) : 0;
    pg_result_free(r);
    return e;
}

enum pg_err session_store_revoke(struct pg *pg, const struct session *s)
{
    const struct pg_param p[] = {pgp_bytes(s->hash, sizeof s->hash)};
    return pg_run(pg, &revoke_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err session_store_find_half(struct pg *pg, struct session *s, bool *found)
{
    const struct pg_param p[] = {pgp_bytes(s->hash, sizeof s->hash)};
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, &find_half_stmt, p, ARRAY_LEN(p), &r);
    *found = e == PG_OK && pg_rows(r) > 0;
    if (*found)
        s->user = pg_uuid(r, 0, 0);
    pg_result_free(r);
    return e;
}

/* Which of the pairs of session and organisation open nothing any more, by their number. */
static const struct pg_stmt shut_stmt = {
    "session.shut",
    "select v.n from unnest($1::text[], $2::uuid[]) with ordinality as v(hash, org, n) "
    "where not exists (select from sessions s join users u using (user_id) "
    "  join members m on m.user_id = s.user_id and m.organisation_id = v.org "
    "  join organisations o on o.organisation_id = v.org "
    "  where s.session_hash = decode(v.hash, 'hex') and s.revoked_at is null "
    "  and s.expires_at > now() and not s.half and u.disabled_at is null "
    "  and o.archived_at is null) order by v.n"};

enum pg_err session_store_shut(struct pg *pg, struct str hashes, struct str organisations,
                               struct pg_result **out)
{
    const struct pg_param p[] = {pgp_text(hashes), pgp_text(organisations)};
    return pg_run(pg, &shut_stmt, p, ARRAY_LEN(p), out);
}

static enum pg_err counted(struct pg *pg, const struct pg_stmt *st, const struct pg_param *p,
                           size_t n, int64_t *rows)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, st, p, n, &r);
    *rows = e == PG_OK ? pg_affected(r) : 0;
    pg_result_free(r);
    return e;
}

enum pg_err session_store_revoke_id(struct pg *pg, struct uuid user, struct uuid id, bool *found)
{
    int64_t n;
    const struct pg_param p[] = {pgp_uuid(user), pgp_uuid(id)};
    enum pg_err e = counted(pg, &revoke_id_stmt, p, ARRAY_LEN(p), &n);
    *found = n > 0;
    return e;
}

enum pg_err session_store_revoke_all(struct pg *pg, struct uuid user, const struct session *keep,
                                     int64_t *ended)
{
    const struct pg_param p[] = {pgp_uuid(user),
                                 keep ? pgp_bytes(keep->hash, sizeof keep->hash) : pgp_null()};
    return counted(pg, &revoke_all_stmt, p, ARRAY_LEN(p), ended);
}

enum pg_err session_store_list(struct pg *pg, const struct session *s, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(s->user), pgp_bytes(s->hash, sizeof s->hash)};
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err session_store_view(struct pg *pg, struct uuid user, struct uuid organisation,
                               struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(user), pgp_uuid(organisation),
                                 pgp_i64(SESSION_ORGANISATIONS), pgp_i64(SESSION_PROJECTS)};
    return pg_run(pg, &view_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err session_store_organisations(struct pg *pg, const struct session_organisations *f,
                                        struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(f->user), f->q.p ? pgp_text(f->q) : pgp_null(),
                                 PLACE_PARAMS(f->after), pgp_i64(f->limit)};
    return pg_run(pg, &organisations_stmt, p, ARRAY_LEN(p), out);
}
