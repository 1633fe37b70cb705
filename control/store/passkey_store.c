/* SQL of passkeys. Any thread with a connection. */
#include "control/store/passkey_store.h"

#include <stdio.h>

#include "control/store/sql.h"

/* clang-format off */
#define ITEM \
    "select json_build_object('id', passkey_id, 'name', name, 'created_at', " SQL_TIME("created_at") \
    ", 'last_used_at', " SQL_TIME("last_used_at") ")::text from passkeys "
#define BASE64URL(x) "translate(encode(" x ", 'base64'), E'+/=\\n', '-_')"
/* clang-format on */

/* Two at once may make one more: the bound is against growth, not a promise. */
static const struct pg_stmt add_stmt = {
    "passkey.add",
    "insert into passkeys (passkey_id, user_id, name, credential_id, algorithm, public_key, "
    "sign_count) select $1, $2, $3, $4, $5, $6, $7 where (select count(*) from passkeys "
    "where user_id = $2) < $8 returning 1"};
static const struct pg_stmt list_stmt = {
    "passkey.list", ITEM "where user_id = $1 order by created_at, passkey_id limit 100"};
static const struct pg_stmt get_stmt = {"passkey.get",
                                        ITEM "where user_id = $1 and passkey_id = $2"};
static const struct pg_stmt rename_stmt = {
    "passkey.rename", "update passkeys set name = $3 where user_id = $1 and passkey_id = $2"};
static const struct pg_stmt remove_stmt = {
    "passkey.remove", "delete from passkeys where user_id = $1 and passkey_id = $2"};
static const struct pg_stmt remove_all_stmt = {
    "passkey.remove_all", "with asked as (delete from passkey_challenges where user_id = $1) "
                          "delete from passkeys where user_id = $1"};
static const struct pg_stmt descriptors_stmt = {
    "passkey.descriptors",
    "select coalesce((select json_agg(json_build_object('type', 'public-key', 'id', " BASE64URL(
        "k.credential_id") ")) from passkeys k where k.user_id = $1), '[]'::json)::text, "
                           "(select count(*) from passkeys k where k.user_id = $1), email, "
                           "name from users where user_id = $1"};
static const struct pg_stmt find_stmt = {
    "passkey.find",
    "select k.passkey_id, k.user_id, k.name, k.algorithm, k.public_key, k.credential_id "
    "from passkeys k join users u using (user_id) "
    "where k.credential_id = $1 and u.disabled_at is null"};
static const struct pg_stmt use_stmt = {
    "passkey.use", "update passkeys set sign_count = $2, last_used_at = now() "
                   "where passkey_id = $1 and ($2 > sign_count or ($2 = 0 and sign_count = 0))"};
/* clang-format off */
#define FORGET \
    "over as (delete from passkey_challenges where challenge_hash in (select challenge_hash " \
    "from passkey_challenges where expires_at < now() limit 100 for update skip locked))"
/* clang-format on */
static const struct pg_stmt ask_stmt = {
    "passkey.ask",
    "with " FORGET ", older as (delete from passkey_challenges where challenge_hash in (select "
    "challenge_hash from passkey_challenges where user_id = $3 order by expires_at desc "
    "offset 4)) insert into passkey_challenges (challenge_hash, purpose, user_id, expires_at) "
    "values ($1, $2, $3, now() + interval '5 minutes')"};
/* Kept longer than any clock of ours would take it again. */
static const struct pg_stmt spend_stmt = {
    "passkey.spend",
    "with " FORGET " insert into passkey_challenges (challenge_hash, purpose, expires_at) "
    "values ($1, '" PASSKEY_SIGN_IN "', now() + interval '15 minutes') on conflict do nothing"};
static const struct pg_stmt take_stmt = {
    "passkey.take",
    "delete from passkey_challenges where challenge_hash = $1 and expires_at > now() "
    "and purpose <> '" PASSKEY_SIGN_IN "' returning purpose, user_id"};

static enum pg_err any(struct pg *pg, const struct pg_stmt *st, const struct pg_param *p, size_t n,
                       bool *touched)
{
    struct pg_result *r = NULL;
    enum pg_err e = pg_run(pg, st, p, n, &r);
    *touched = e == PG_OK && pg_affected(r) > 0;
    pg_result_free(r);
    return e;
}

enum pg_err passkey_store_add(struct pg *pg, const struct passkey_new *n, bool *added)
{
    const struct webauthn_credential *c = n->credential;
    const struct pg_param p[] = {pgp_uuid(n->id),       pgp_uuid(n->user),
                                 pgp_text(n->name),     pgp_bytes(c->id, c->id_len),
                                 pgp_i64(c->algorithm), pgp_bytes(c->key, c->key_len),
                                 pgp_i64(c->count),     pgp_i64(PASSKEYS_MAX)};
    return any(pg, &add_stmt, p, ARRAY_LEN(p), added);
}

enum pg_err passkey_store_list(struct pg *pg, struct uuid user, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(user)};
    return pg_run(pg, &list_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err passkey_store_get(struct pg *pg, struct uuid user, struct uuid id,
                              struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(user), pgp_uuid(id)};
    return pg_run(pg, &get_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err passkey_store_rename(struct pg *pg, struct uuid user, struct uuid id, struct str name)
{
    const struct pg_param p[] = {pgp_uuid(user), pgp_uuid(id), pgp_text(name)};
    return pg_run(pg, &rename_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err passkey_store_remove(struct pg *pg, struct uuid user, struct uuid id)
{
    const struct pg_param p[] = {pgp_uuid(user), pgp_uuid(id)};
    return pg_run(pg, &remove_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err passkey_store_remove_all(struct pg *pg, struct uuid user)
{
    const struct pg_param p[] = {pgp_uuid(user)};
    return pg_run(pg, &remove_all_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err passkey_store_descriptors(struct pg *pg, struct uuid user, struct pg_result **out)
{
    const struct pg_param p[] = {pgp_uuid(user)};
    return pg_run(pg, &descriptors_stmt, p, ARRAY_LEN(p), out);
}

enum pg_err passkey_store_find(struct pg *pg, struct str credential_id, struct passkey_found *out)
{
    const struct pg_param p[] = {pgp_bytes(credential_id.p, credential_id.len)};
    struct pg_result *r = NULL;
    struct webauthn_credential *c = &out->credential;
    *out = (struct passkey_found){0};
    enum pg_err e = pg_run(pg, &find_stmt, p, ARRAY_LEN(p), &r);
    if (e == PG_OK && pg_rows(r) > 0) {
        ptrdiff_t key = pg_bytes(r, 0, 4, c->key, sizeof c->key);
        ptrdiff_t id = pg_bytes(r, 0, 5, c->id, sizeof c->id);
        out->found = key > 0 && id > 0;
        out->id = pg_uuid(r, 0, 0);
        out->user = pg_uuid(r, 0, 1);
        (void)snprintf(out->name, sizeof out->name, STR_FMT, STR_ARG(pg_str(r, 0, 2)));
        c->algorithm = (int)pg_i64(r, 0, 3);
        c->key_len = key > 0 ? (size_t)key : 0;
        c->id_len = id > 0 ? (size_t)id : 0;
    }
    pg_result_free(r);
    return e;
}

enum pg_err passkey_store_use(struct pg *pg, struct uuid id, uint32_t count, bool *fresh)
{
    const struct pg_param p[] = {pgp_uuid(id), pgp_i64(count)};
    return any(pg, &use_stmt, p, ARRAY_LEN(p), fresh);
}

enum pg_err passkey_store_ask(struct pg *pg, const uint8_t hash[32], const char *purpose,
                              struct uuid user)
{
    const struct pg_param p[] = {pgp_bytes(hash, 32), pgp_cstr(purpose), pgp_uuid(user)};
    return pg_run(pg, &ask_stmt, p, ARRAY_LEN(p), NULL);
}

enum pg_err passkey_store_spend(struct pg *pg, const uint8_t hash[32], bool *fresh)
{
    const struct pg_param p[] = {pgp_bytes(hash, 32)};
    return any(pg, &spend_stmt, p, ARRAY_LEN(p), fresh);
}

enum pg_err passkey_store_take(struct pg *pg, const uint8_t hash[32], struct passkey_asked *out)
{
    const struct pg_param p[] = {pgp_bytes(hash, 32)};
    struct pg_result *r = NULL;
    *out = (struct passkey_asked){0};
    enum pg_err e = pg_run(pg, &take_stmt, p, ARRAY_LEN(p), &r);
    if (e == PG_OK && pg_rows(r) > 0) {
        out->found = true;
        (void)snprintf(out->purpose, sizeof out->purpose, STR_FMT, STR_ARG(pg_str(r, 0, 0)));
        if (!pg_is_null(r, 0, 1))
            out->user = pg_uuid(r, 0, 1);
    }
    pg_result_free(r);
    return e;
}
