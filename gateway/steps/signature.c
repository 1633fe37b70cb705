/* Signs attempts: a line with the key, a token of a service account, or a signature over all of the
 * request. The worker's thread, but for the hash of the body; a token that is not here is waited
 * for, never fetched here. */
#include "gateway/steps/signature.h"

#include <sodium.h>

#include "common/clock.h"
#include "gateway/sign/sign.h"
#include "gateway/sign/sigv4.h"
#include "gateway/sign/sigv4_key.h"
#include "gateway/steps/address.h"
#include "gateway/wire/url.h"

void signature_push(struct req *r, char *line)
{
    struct xfer_header *h = ARENA_NEW(r->arena, struct xfer_header);
    *h = (struct xfer_header){
        .line = line,
        .next = (struct xfer_header *)(uintptr_t)r->tx.headers,
    };
    r->tx.headers = h;
}

struct wipe {
    char *p;
    size_t len;
};

static void wipe(void *arg)
{
    struct wipe *w = arg;
    sodium_memzero(w->p, w->len);
}

static char *line_for(struct req *r, struct str header, struct str secret)
{
    struct wipe *w = ARENA_NEW(r->arena, struct wipe);
    w->len = sign_line_bytes(header, secret);
    w->p = arena_alloc(r->arena, w->len);
    arena_defer(r->arena, wipe, w);
    if (header.len)
        sign_header(header, secret, w->p);
    else
        sign_bearer(secret, w->p);
    return w->p;
}

/* ------------------------------------------------------------------ tokens */

static void wake(struct token_waiter *w)
{
    struct req *r = container_of(w, struct req, tx.token_wait);
    CHECK(r, REQ_MAGIC);
    req_wake(r);
}

static enum signature_result by_token(struct req *r, struct str credential, enum err *err,
                                      const char **why)
{
    const struct snap_provider_key *k = r->route.candidate->key;
    struct token_answer answer;
    r->tx.token_wait.wake = wake;
    switch (tokens_ask(r->engine->tokens, k->organisation_id, k->id, credential, &r->tx.token_wait,
                       &answer)) {
    case TOKEN_READY:
        signature_push(r, line_for(r, STR(""), answer.token));
        return SIGNATURE_OK;
    case TOKEN_WAIT:
        return SIGNATURE_WAIT;
    case TOKEN_FAILED:
        break;
    }
    *err = answer.err;
    *why = arena_strdup(r->arena, str_of(answer.why));
    return SIGNATURE_FAILED;
}

/* ------------------------------------------------------------------ signatures */

/* Of the lines so far, all are signed but those that a proxy may add to. */
static size_t headers_of(const struct req *r, struct sigv4_header *out, size_t max)
{
    size_t n = 0;
    for (const struct xfer_header *h = r->tx.headers; h && n < max; h = h->next) {
        struct str value = str_of(h->line);
        struct str name = str_cut(&value, ':');
        value = str_trim(value);
        if (value.len)
            out[n++] = (struct sigv4_header){name, value};
    }
    return n;
}

static enum signature_result by_sigv4(struct req *r, struct str credential, enum err *err,
                                      const char **why)
{
    enum { MOST = 16 };
    const struct candidate *c = r->route.candidate;
    struct sigv4_header headers[MOST + 1];
    struct sigv4_request q = {.method = STR("POST"), .headers = headers};
    struct sigv4_key key;
    struct sigv4_lines lines;
    struct url to;
    *err = E_CREDENTIAL;
    *why = sigv4_key_read(credential, r->arena, &key);
    if (*why)
        return SIGNATURE_FAILED;
    if (!url_parse(str_of(r->tx.url), &to)) {
        *why = "The provider's address is no URL.";
        return SIGNATURE_FAILED;
    }
    q.query = to.target;
    q.path = str_cut(&q.query, '?');
    if (!q.query.p)
        q.query = STR("");
    q.n_headers = headers_of(r, headers, MOST);
    headers[q.n_headers++] = (struct sigv4_header){STR("host"), to.host};
    q.body_hash = str_of(r->tx.body_hash);
    struct str region = address_region(c);
    const struct sigv4_scope scope = {.region = region.len ? region : STR("us-east-1"),
                                      .service = c->offer->provider->signer_service};
    if (!sigv4_sign(&q, &key, &scope, clock_wall_us(), false, r->arena, &lines)) {
        *why = "The request cannot be signed.";
        return SIGNATURE_FAILED;
    }
    signature_push(r, lines.date);
    if (lines.security_token)
        signature_push(r, lines.security_token);
    signature_push(r, lines.authorization);
    return SIGNATURE_OK;
}

void signature_hash(struct req *r)
{
    const struct candidate *c = r->route.candidate;
    const struct secret *secret = snapshot_credential(r->snap, c->key);
    if (!secret || snap_provider_signer(c->offer->provider, secret_view(secret)) != SIGNER_SIGV4)
        return;
    struct sigv4_hash *hash = sigv4_hash_new();
    for (size_t i = 0; i < r->tx.n_pieces; i++)
        sigv4_hash_add(hash, r->tx.pieces[i]);
    sigv4_hash_end(hash, r->tx.body_hash);
    sigv4_hash_free(hash);
}

enum signature_result signature_add(struct req *r, struct str credential, enum err *err,
                                    const char **why)
{
    const struct snap_provider *p = r->route.candidate->offer->provider;
    switch (snap_provider_signer(p, credential)) {
    case SIGNER_BEARER:
        signature_push(r, line_for(r, STR(""), credential));
        return SIGNATURE_OK;
    case SIGNER_HEADER:
        signature_push(r, line_for(r, p->signer_header, credential));
        return SIGNATURE_OK;
    case SIGNER_GCP:
        return by_token(r, credential, err, why);
    case SIGNER_SIGV4:
        return by_sigv4(r, credential, err, why);
    case SIGNER_COUNT:
        break;
    }
    ASSERT(false);
    return SIGNATURE_FAILED;
}
