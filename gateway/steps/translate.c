/* Step 5: what goes upstream: address, headers, body. The same dialect on both sides: the body
 * passes untouched but for the spans that must change. Writes r->tx (and r->route.why). Pure. */
#include <sodium.h>

#include "gateway/request.h"
#include "gateway/sign/sign.h"

enum { URL_MAX = 2048, EDITS_ROOM = 256 };

static struct str option_named(const struct candidate *c, struct str name)
{
    if (str_eq(name, STR("region")))
        return c->key->region.len ? c->key->region : c->offer->region;
    if (str_eq(name, STR("project")))
        return c->key->project;
    if (str_eq(name, STR("resource")))
        return c->key->resource;
    return STR("");
}

/* Fills {name} holes; false if one has no value. */
static bool expand(const struct candidate *c, struct str template, struct buf *out)
{
    while (template.len) {
        struct str plain = str_cut(&template, '{');
        buf_add_str(out, plain);
        if (!template.p)
            return true;
        struct str value = option_named(c, str_cut(&template, '}'));
        if (value.len == 0)
            return false;
        buf_add_str(out, value);
    }
    return true;
}

static const char *make_url(struct req *r, const struct candidate *c)
{
    const struct snap_provider *p = c->offer->provider;
    struct buf b;
    buf_init(&b, URL_MAX);
    bool ok = c->key->base_url.len ? buf_add_str(&b, c->key->base_url) : expand(c, p->base_url, &b);
    ok = ok && buf_add_str(&b, p->chat_path);
    const char *url = ok ? arena_strdup(r->arena, buf_str(&b)) : NULL;
    buf_fini(&b);
    return url;
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

static char *sign(struct req *r, const struct snap_provider *p, struct str secret)
{
    struct wipe *w = ARENA_NEW(r->arena, struct wipe);
    w->len = sign_line_bytes(p->signer_header, secret);
    w->p = arena_alloc(r->arena, w->len);
    arena_defer(r->arena, wipe, w);
    if (p->signer == SIGNER_HEADER)
        sign_header(p->signer_header, secret, w->p);
    else
        sign_bearer(secret, w->p);
    return w->p;
}

static void push(struct req *r, char *line)
{
    struct xfer_header *h = ARENA_NEW(r->arena, struct xfer_header);
    *h = (struct xfer_header){
        .line = line,
        .next = (struct xfer_header *)(uintptr_t)r->tx.headers,
    };
    r->tx.headers = h;
}

/* The same for every request; never written to. `expect:` keeps curl from asking leave for bodies
 * over a megabyte: libcurl compares each line with a dozen names, so smaller ones go without. */
static char accept_events[] = "accept: text/event-stream";
static struct xfer_header content_type = {.line = (char[]){"content-type: application/json"}};
static struct xfer_header no_expect = {.line = (char[]){"expect:"}, .next = &content_type};
enum { EXPECT_ABOVE_BYTES = 1024 * 1024 }; /* curl's EXPECT_100_THRESHOLD */

static void make_headers(struct req *r, struct str secret)
{
    r->tx.headers = r->tx.body.len >= EXPECT_ABOVE_BYTES ? &no_expect : &content_type;
    if (r->want.scan.stream)
        push(r, accept_events);
    push(r, arena_printf(r->arena, "x-request-id: %s", r->in.id_text));
    push(r, arena_printf(r->arena, "x-doteb-hop: " STR_FMT, STR_ARG(r->engine->hop)));
    push(r, sign(r, r->route.candidate->offer->provider, secret));
}

static bool make_body(struct req *r)
{
    struct dialect_edit edits[DIALECT_EDITS_MAX];
    const struct dialect_target to = {.model = r->route.candidate->offer->provider_model,
                                      .max_temperature_milli = -1};
    size_t n = r->want.dialect->edit_request(&r->want.scan, &to, r->arena, edits);
    buf_reset(&r->tx.body);
    buf_reserve(&r->tx.body, r->in.body.len + EDITS_ROOM);
    return dialect_apply(buf_str(&r->in.body), edits, n, &r->tx.body);
}

/* This key cannot be used: the next candidate may be better. */
static enum step_rc next_candidate(struct req *r, const char *why)
{
    r->route.attempt[r->route.n_attempts - 1].err = E_CREDENTIAL;
    r->route.why = why;
    r->run.jump = STEP_route;
    return STEP_JUMP;
}

enum step_rc step_translate(struct req *r)
{
    const struct candidate *c = r->route.candidate;
    const struct secret *secret = snapshot_credential(r->snap, c->key);
    if (!secret)
        return next_candidate(r, "It was sealed under another master key, or altered.");
    r->tx.url = make_url(r, c);
    if (!r->tx.url)
        return next_candidate(r, "It lacks an option (region, project, resource) of the address.");
    if (!make_body(r)) {
        req_fail(r, E_BODY_TOO_LARGE, STR_NULL, NULL);
        return STEP_FAIL;
    }
    make_headers(r, secret_view(secret));
    return STEP_NEXT;
}
