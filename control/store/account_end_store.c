/* SQL of an account's end. Any thread with a connection. The audit log is not touched: it says who
 * did what, as it was then.
 */
#include "control/store/account_end_store.h"

static const struct pg_stmt lock_organisations_stmt = {
    "account_end.lock_organisations",
    "select 1 from organisations where organisation_id in (select organisation_id from members "
    "where user_id = $1) order by organisation_id for no key update"};
static const struct pg_stmt lock_operators_stmt = {
    "account_end.lock_operators",
    "select 1 from users where is_operator or user_id = $1 order by user_id for no key update"};

/* Nobody archives the operator's organisation, so that one needs another owner in any case. */
static const struct pg_stmt view_stmt = {
    "account_end.view",
    "with orphaned as (select o.organisation_id as id, o.name, not o.is_operator and not exists "
    "  (select 1 from members x where x.organisation_id = m.organisation_id and x.user_id <> $1) "
    "  as alone from members m join organisations o using (organisation_id) "
    "  where m.user_id = $1 and m.role = 'owner' and o.archived_at is null and not exists "
    "  (select 1 from members x where x.organisation_id = m.organisation_id and x.user_id <> $1 "
    "  and x.role = 'owner')), "
    "shown as (select * from orphaned order by lower(name), id limit 50), "
    "me as (select is_operator and not exists (select 1 from users x where x.is_operator and "
    "  x.disabled_at is null and x.user_id <> $1) as last from users where user_id = $1) "
    "select json_build_object('last_operator', me.last, 'organisations', (select coalesce(json_agg("
    "  json_build_object('id', id, 'name', name, 'reason', case when alone then 'only_member' else "
    "  'last_owner' end) order by lower(name), id), '[]') from shown), 'organisations_total', "
    "  (select count(*) from orphaned), 'api_keys', (select count(*) from api_keys k join "
    "  organisations o using (organisation_id) where k.owner_id = $1 and o.archived_at is null and "
    "  k.revoked_at is null and (k.expires_at is null or k.expires_at > now())))::text, me.last, "
    "(select count(*) from orphaned), (select name from shown order by lower(name), id limit 1), "
    "(select alone from shown order by lower(name), id limit 1) from me"};

/* Every change is of a table of its own, so that they may be one statement. */
static const struct pg_stmt end_stmt = {
    "account_end.end",
    "with me as (select user_id, email from users where user_id = $1), "
    "a as (delete from members where user_id = $1), "
    "b as (delete from sessions where user_id = $1), "
    "c as (delete from account_tokens t using me where t.user_id = $1 or lower(t.email) = "
    "  lower(me.email)), "
    "d as (delete from second_factors where user_id = $1), "
    "e as (delete from recovery_codes where user_id = $1), "
    "f as (delete from passkeys where user_id = $1), "
    "g as (delete from passkey_challenges where user_id = $1), "
    "h as (delete from idempotent_answers where caller_id = $1), "
    "i as (delete from outbox using me where lower(recipient) = lower(me.email)), "
    "j as (delete from saved_views where owner_id = $1 and not shared), "
    "k as (update management_tokens set revoked_at = now() where created_by = $1 "
    "  and revoked_at is null), "
    "l as (update api_keys set revoked_at = now() where owner_id = $1 and $2 "
    "  and revoked_at is null), "
    "n as (update invitations i set revoked_at = case when i.accepted_at is null then "
    "  coalesce(i.revoked_at, now()) end, email = case when lower(i.email) = lower(me.email) then "
    "  'deleted-' || $1::text || '@doteb.invalid' else i.email end from me "
    "  where i.invited_by = $1 or (lower(i.email) = lower(me.email) and "
    "  (i.accepted_at is not null or i.revoked_at is not null))) "
    "update users set email = 'deleted-' || $1::text || '@doteb.invalid', name = 'Deleted account', "
    "password_hash = '', is_operator = false, disabled_at = coalesce(disabled_at, now()), "
    "deleted_at = now() where user_id = $1"};

enum pg_err account_end_store_lock(struct pg *pg, struct uuid user)
{
    const struct pg_param p[] = {pgp_uuid(user)};
    enum pg_err e = pg_run(pg, &lock_operators_stmt, p, ARRAY_LEN(p), NULL);
    return e == PG_OK ? pg_run(pg, &lock_organisations_stmt, p, ARRAY_LEN(p), NULL) : e;
}

enum pg_err account_end_store_view(struct pg *pg, struct uuid user, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(user)};
    return pg_run(pg, &view_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err account_end_store_end(struct pg *pg, struct uuid user, bool revoke_keys)
{
    const struct pg_param p[] = {pgp_uuid(user), pgp_bool(revoke_keys)};
    return pg_run(pg, &end_stmt, p, ARRAY_LEN(p), NULL);
}
