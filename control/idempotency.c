/* Kept answers. Job threads. Keys are stored as their hash only. */
#include "control/idempotency.h"

#include <sodium.h>
#include <stdio.h>

#include "control/seal.h"
#include "control/store/idempotency_store.h"

enum { KEY_MAX = 255 };

static_assert(sizeof((struct kept_answer *)0)->key_hash == crypto_hash_sha256_BYTES, "SHA-256");

static struct str key_of(const struct call *c)
{
    struct str key = c->req.header[HEADER_IDEMPOTENCY_KEY];
    bool takes = c->route->method == METHOD_POST && c->route->auth == AUTH_USER &&
                 str_starts(str_of(c->route->path), STR("/api/v1/organisations"));
    return takes ? key : STR_NULL;
}

static bool key_fits(struct str key)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.p[i] < ' ' || key.p[i] > '~')
            return false;
    return key.len > 0 && key.len <= KEY_MAX;
}

static void add(crypto_hash_sha256_state *st, struct str s)
{
    uint64_t len = s.len;
    (void)crypto_hash_sha256_update(st, (const uint8_t *)&len, sizeof len);
    (void)crypto_hash_sha256_update(st, (const uint8_t *)s.p, s.len);
}

/* Who asks with what for what. */
static void ask(const struct call *c, struct kept_answer *k)
{
    crypto_hash_sha256_state st;
    struct str key = key_of(c), query = c->req.query;
    k->caller = c->by_token ? c->token.id : c->session.user;
    (void)crypto_hash_sha256(k->key_hash, (const uint8_t *)key.p, key.len);
    (void)crypto_hash_sha256_init(&st);
    add(&st, c->req.path);
    add(&st, query.p ? query : STR(""));
    add(&st, buf_str(&c->req.body));
    (void)crypto_hash_sha256_final(&st, k->request_hash);
}

static void replay(struct call *c, const struct kept_answer *k)
{
    struct crypto_aad aad = aad_answer(k->caller, k->key_hash);
    struct str body = STR_NULL;
    enum pg_err e = open_for(c->app, c->pg, k->made_in, &aad, k->sealed, c->arena, &body);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    (void)buf_add_str(call_json(c, k->status), body);
    if (k->status == 204)
        call_no_content(c);
    (void)snprintf(c->reply.etag, sizeof c->reply.etag, "%s", k->etag);
    c->reply.replayed = true;
}

bool idempotency_begin(struct call *c)
{
    bool free = false, found = false;
    struct kept_answer now = {.status = 0}, kept = {.status = 0};
    struct str key = key_of(c);
    if (!key.p)
        return true;
    if (!key_fits(key)) {
        reply_problem(&c->reply, P_BAD_REQUEST, "Idempotency-Key",
                      "Idempotency-Key: give 1 to %d characters of printable ASCII.", KEY_MAX);
        return false;
    }
    ask(c, &now);
    kept = now;
    enum pg_err e = idempotency_store_hold(c->pg, &now, &free);
    if (e == PG_OK && free)
        e = idempotency_store_find(c->pg, c->arena, &kept, &found);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!free)
        reply_problem(&c->reply, P_IN_PROGRESS, "Idempotency-Key",
                      "A request with this key is being answered; try again.");
    else if (found && memcmp(kept.request_hash, now.request_hash, sizeof now.request_hash) != 0)
        reply_problem(&c->reply, P_KEY_REUSED, "Idempotency-Key",
                      "This key came with another request within the last 24 hours.");
    else if (found)
        replay(c, &kept);
    else
        return true;
    return false;
}

enum pg_err idempotency_keep(struct call *c)
{
    struct kept_answer k = {.status = c->reply.status, .made_in = c->org};
    if (!key_of(c).p)
        return PG_OK;
    ask(c, &k);
    struct str body = buf_str(&c->reply.body);
    struct crypto_aad aad = aad_answer(k.caller, k.key_hash);
    uint8_t *sealed = arena_alloc(c->arena, body.len + CRYPTO_SEAL_OVERHEAD);
    enum pg_err e = seal_for(c->app, c->pg, c->org, &aad, body, sealed);
    if (e != PG_OK)
        return e;
    k.sealed = str_make((const char *)sealed, body.len + CRYPTO_SEAL_OVERHEAD);
    (void)snprintf(k.etag, sizeof k.etag, "%s", c->reply.etag);
    return idempotency_store_keep(c->pg, &k);
}
