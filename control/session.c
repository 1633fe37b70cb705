/* Session cookies. Job threads. The token itself is never stored or logged. */
#include "control/session.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "control/store/session_store.h"
#include "control/token.h"

enum { DAY_S = 86400, HALF_S = 600 };

static_assert(sizeof((struct session *)0)->hash == TOKEN_HASH_BYTES, "a token's hash");

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
    if (token.len == TOKEN_TEXT_LEN) {
        token_hash(token, c->session.hash);
        enum pg_err e = session_store_find(c->pg, &c->session, &found);
        if (e != PG_OK)
            return call_failed(c, e);
    }
    if (!found)
        reply_problem(&c->reply, P_NOT_SIGNED_IN, NULL, "Sign in first.");
    return found;
}

static bool start(struct call *c, struct uuid user, bool half)
{
    uint8_t old[32];
    char token[TOKEN_TEXT_LEN + 1], ip[ADDRESS_TEXT_MAX];
    struct str before = cookie_token(c);
    token_make(token);
    token_make(c->session.csrf);
    token_hash(str_of(token), c->session.hash);
    token_hash(before.p ? before : STR(""), old);
    address_print(c->req.client_ip, ip);
    int64_t age_s = half ? HALF_S : c->app->opt.session_days * DAY_S;
    c->session.user = user;
    const struct session_new s = {
        .session = &c->session,
        .replaces = old,
        .expires_us = clock_wall_us() + age_s * 1000000,
        .ip = *ip ? ip : NULL,
        .user_agent = call_user_agent(c),
        .half = half,
    };
    enum pg_err e = session_store_add(c->pg, &s);
    if (e == PG_OK)
        set_cookie(c, token, age_s);
    sodium_memzero(token, sizeof token);
    return e == PG_OK || call_failed(c, e);
}

bool session_start(struct call *c, struct uuid user)
{
    return start(c, user, false);
}

bool session_start_half(struct call *c, struct uuid user)
{
    return start(c, user, true);
}

bool session_open_half(struct call *c)
{
    bool found = false;
    struct str token = cookie_token(c);
    if (token.len == TOKEN_TEXT_LEN) {
        token_hash(token, c->session.hash);
        enum pg_err e = session_store_find_half(c->pg, &c->session, &found);
        if (e != PG_OK)
            return call_failed(c, e);
    }
    if (!found)
        reply_problem(&c->reply, P_NOT_SIGNED_IN, NULL,
                      "Too much time has passed: sign in with your password again.");
    return found;
}

bool session_renew(struct call *c)
{
    char token[TOKEN_TEXT_LEN + 1];
    uint8_t old[TOKEN_HASH_BYTES];
    int64_t left_s;
    memcpy(old, c->session.hash, sizeof old);
    token_make(token);
    token_hash(str_of(token), c->session.hash);
    enum pg_err e = session_store_renew(c->pg, old, &c->session, &left_s);
    if (e == PG_OK)
        set_cookie(c, token, left_s);
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

static void write_view(struct call *c, const struct pg_result *r)
{
    struct buf *out = call_json(c, 200);
    (void)buf_add_lit(out, "{\"user\":");
    (void)buf_add_str(out, pg_str(r, 0, SESSION_VIEW_USER));
    (void)buf_add_lit(out, ",\"organisations\":");
    (void)buf_add_str(out, pg_str(r, 0, SESSION_VIEW_ORGANISATIONS));
    (void)buf_add_lit(out, ",\"organisations_total\":");
    (void)buf_add_str(out, pg_str(r, 0, SESSION_VIEW_COUNT));
    (void)buf_add_lit(out, ",\"announcement\":");
    (void)buf_add_json(out, pg_str(r, 0, SESSION_VIEW_ANNOUNCEMENT));
    (void)buf_add_lit(out, ",\"csrf_token\":");
    (void)buf_add_json(out, str_of(c->session.csrf));
    (void)buf_add_lit(out, ",\"gateway_url\":");
    (void)buf_add_json(out, str_of(c->app->opt.gateway_url));
    (void)buf_printf(out, ",\"provider_base_url_override\":%s,\"version\":\"%s\"}\n",
                     c->app->opt.base_url_override ? "true" : "false", DOTEB_VERSION);
}

void session_answer(struct call *c)
{
    session_answer_with(c, (struct uuid){0});
}

void session_answer_with(struct call *c, struct uuid organisation)
{
    struct pg_result *r = NULL;
    enum pg_err e = session_store_view(c->pg, c->session.user, organisation, &r);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (pg_rows(r) == 0) /* deleted this instant */
        reply_problem(&c->reply, P_NOT_SIGNED_IN, NULL, "Sign in first.");
    else
        write_view(c, r);
    pg_result_free(r);
}
