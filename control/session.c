/* Session cookies. Job threads. The token itself is never stored or logged. */
#include "control/session.h"

#include <sodium.h>
#include <stdio.h>

#include "common/clock.h"
#include "control/store/session_store.h"

enum { TOKEN_BYTES = 32, TOKEN_TEXT = 43, DAY_S = 86400 };

static_assert(sizeof((struct session *)0)->hash == crypto_hash_sha256_BYTES, "SHA-256");

/* The cookie's token text, STR_NULL without one. */
static struct str cookie_token(const struct call *c)
{
    struct str rest = c->req.header[HEADER_COOKIE];
    while (rest.p) {
        struct str value = str_trim(str_cut(&rest, ';'));
        if (str_eq(str_cut(&value, '='), STR("doteb_session")) && value.p)
            return value;
    }
    return STR_NULL;
}

static void token_hash(struct str token, uint8_t out[32])
{
    (void)crypto_hash_sha256(out, (const uint8_t *)token.p, token.len);
}

static void random_text(char out[TOKEN_TEXT + 1])
{
    uint8_t bytes[TOKEN_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    (void)sodium_bin2base64(out, TOKEN_TEXT + 1, bytes, sizeof bytes,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

static void set_cookie(struct call *c, const char *token, int64_t age_s)
{
    (void)snprintf(c->reply.cookie, sizeof c->reply.cookie,
                   "doteb_session=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%lld%s", token,
                   (long long)age_s, c->app->https ? "; Secure" : "");
}

bool session_open(struct call *c)
{
    bool found = false;
    struct str token = cookie_token(c);
    if (token.len == TOKEN_TEXT) {
        token_hash(token, c->session.hash);
        enum pg_err e = session_store_find(c->pg, &c->session, &found);
        if (e != PG_OK)
            return call_failed(c, e);
    }
    if (!found)
        reply_problem(&c->reply, P_NOT_SIGNED_IN, NULL, "Sign in first.");
    return found;
}

bool session_start(struct call *c, struct uuid user)
{
    uint8_t old[32];
    char token[TOKEN_TEXT + 1], ip[ADDRESS_TEXT_MAX];
    struct str before = cookie_token(c);
    random_text(token);
    random_text(c->session.csrf);
    token_hash(str_of(token), c->session.hash);
    token_hash(before.p ? before : STR(""), old);
    address_print(c->req.client_ip, ip);
    int64_t age_s = c->app->opt.session_days * DAY_S;
    c->session.user = user;
    const struct session_new s = {
        .session = &c->session,
        .replaces = old,
        .expires_us = clock_wall_us() + age_s * 1000000,
        .ip = *ip ? ip : NULL,
        .user_agent = call_user_agent(c),
    };
    enum pg_err e = session_store_add(c->pg, &s);
    if (e == PG_OK)
        set_cookie(c, token, age_s);
    sodium_memzero(token, sizeof token);
    return e == PG_OK || call_failed(c, e);
}

bool session_end(struct call *c)
{
    enum pg_err e = session_store_revoke(c->pg, &c->session);
    if (e == PG_OK)
        set_cookie(c, "", 0);
    return e == PG_OK || call_failed(c, e);
}
