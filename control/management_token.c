/* Who calls by a management token. Job threads. The token itself is never stored or logged. */
#include "control/management_token.h"

#include <sodium.h>
#include <stdio.h>

#include "control/scope.h"

#define PREFIX "sk-doteb-"

void management_token_make(char out[MANAGEMENT_TOKEN_LEN + 1])
{
    char key[APIKEY_TEXT_LEN + 1];
    apikey_generate(key);
    (void)snprintf(out, MANAGEMENT_TOKEN_LEN + 1, PREFIX "mgmt-%s", key + strlen(PREFIX));
    sodium_memzero(key, sizeof key);
}

/* The bearer's text, STR_NULL if it is none of ours. */
static struct str bearer(const struct call *c)
{
    struct str value = str_trim(c->req.header[HEADER_AUTHORIZATION]);
    struct str scheme = str_cut(&value, ' ');
    value = value.p ? str_trim(value) : STR_NULL;
    return str_ieq(scheme, STR("bearer")) && value.p && str_starts(value, STR(PREFIX)) ? value
                                                                                       : STR_NULL;
}

bool management_token_given(const struct call *c)
{
    return c->req.header[HEADER_AUTHORIZATION].p && bearer(c).p;
}

static bool refuse(struct call *c, const char *why)
{
    reply_problem(&c->reply, P_TOKEN, "Authorization", "%s", why);
    return false;
}

/* Is the route open to tokens, and to this one? */
static bool check_scope(struct call *c)
{
    enum scope s = scope_of(c->route->method, c->route->path);
    if (s == SCOPES)
        reply_problem(&c->reply, P_SCOPE, NULL,
                      "Management tokens do not open this call; sign in for it.");
    else if (!(c->token.scopes & 1U << s))
        reply_problem(&c->reply, P_SCOPE, NULL, "This needs a management token with the scope %s.",
                      scope_name(s));
    else
        return true;
    return false;
}

bool management_token_open(struct call *c)
{
    bool found;
    struct str text = bearer(c);
    if (!apikey_is_management(text))
        return refuse(c, "This is an API key, for the gateway; the control API takes management "
                         "tokens (sk-doteb-mgmt-...).");
    if (text.len > APIKEY_MAX_LEN)
        return refuse(c, "The management token is not valid.");
    struct apikey_hash hash = apikey_hash(c->app->pepper, text);
    enum pg_err e = management_token_store_find(c->pg, &hash, &c->token, &found);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!found)
        return refuse(c, "The management token is not valid: it is unknown, revoked or expired, or "
                         "its maker is no member any more.");
    c->session.user = c->token.user;
    c->by_token = true;
    return check_scope(c);
}
