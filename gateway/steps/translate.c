/* Step 5: what goes upstream: address, headers, body. If both sides speak the same dialect the body
 * passes untouched but for the spans that must change, and is sent from where it was received; else
 * the client's dialect reads it and the provider's writes it. Writes r->tx, r->want.chat (and
 * r->route.why). A large body is made on the second thread (req_work). */
#include "gateway/dialect/bounded.h"
#include "gateway/dialect/params.h"
#include "gateway/request.h"
#include "gateway/steps/address.h"
#include "gateway/steps/inline.h"
#include "gateway/steps/signature.h"

enum { EDITS_ROOM = 256 };

/* ------------------------------------------------------------------ headers */

/* The same for every request but forms; never written to. */
static struct xfer_header content_type = {.line = (char[]){"content-type: application/json"}};

static void push_content_type(struct req *r)
{
    struct str form = r->want.scan.form;
    r->tx.headers = NULL;
    if (form.p && !r->tx.translated)
        signature_push(
            r, arena_printf(r->arena, "content-type: multipart/form-data; boundary=\"" STR_FMT "\"",
                            STR_ARG(form)));
    else
        r->tx.headers = &content_type;
}

/* The client's own headers of the provider's dialect, byte for byte, and what the dialect sends if
 * there are none. */
static void push_dialect_headers(struct req *r)
{
    for (const struct dialect_header *h = r->tx.dialect->headers; h && h->name; h++) {
        struct str value = str_of(h->otherwise);
        if (h->account && req_is_lent(r, r->route.candidate->key))
            continue;
        if (r->in.dialect == r->tx.dialect) {
            struct str given = r->in.passed[dialect_header_number(str_of(h->name))];
            value = given.p ? given : value;
        }
        if (value.len)
            signature_push(r, arena_printf(r->arena, "%s: " STR_FMT, h->name, STR_ARG(value)));
    }
}

static void make_headers(struct req *r)
{
    const struct snap_provider *p = r->route.candidate->offer->provider;
    push_content_type(r);
    if (r->want.scan.stream)
        signature_push(
            r, arena_printf(r->arena, "accept: " STR_FMT, STR_ARG(framing_media(p->framing))));
    signature_push(r, arena_printf(r->arena, "x-request-id: %s", r->in.id_text));
    signature_push(r, arena_printf(r->arena, "x-doteb-hop: " STR_FMT, STR_ARG(r->engine->hop)));
    push_dialect_headers(r);
}

/* ------------------------------------------------------------------ body */

static struct dialect_target target_of(struct req *r)
{
    const struct snap_offer *o = r->route.candidate->offer;
    return (struct dialect_target){
        .model = address_model(r, r->route.candidate),
        .stream = r->want.scan.stream,
        .caps = o->caps,
        .efforts = o->efforts,
        .max_output = o->max_output,
        .quirks = o->provider->quirks,
        .max_temperature_milli = o->provider->max_temperature_milli,
        .lacks = o->lacks,
        .max_stops = o->max_stops,
    };
}

static struct str *make_pieces(struct req *r, size_t most)
{
    struct str *pieces = arena_alloc(r->arena, most * sizeof *pieces);
    r->tx.pieces = pieces;
    return pieces;
}

static enum err pass_body(struct req *r, const struct dialect_target *to)
{
    struct dialect_edit edits[DIALECT_EDITS_MAX];
    struct str body = buf_str(&r->in.body);
    size_t n = r->tx.dialect->edit_request(&r->want.scan, to, r->arena, edits);
    enum err err = params_fit_body(r->tx.dialect, &r->want.scan, body, to, r->arena, edits, &n,
                                   &r->tx.loss);
    if (err)
        return err;
    r->tx.n_pieces = dialect_cut(body, edits, n, make_pieces(r, 2 * n + 1));
    return E_OK;
}

static enum err translate_body(struct req *r, const struct dialect_target *to)
{
    const struct dialect *d = r->tx.dialect;
    enum err err = E_OK;
    buf_reserve(&r->tx.body, r->in.body.len + EDITS_ROOM);
    if (d->emit_embed)
        err = d->emit_embed(r->want.scan.embed, to, r->arena, &r->tx.body, &r->tx.loss);
    else
        err = dialect_emit(d, r->want.chat, to, r->arena, &r->tx.body, &r->tx.loss);
    if (!err && r->tx.body.failed)
        return E_BODY_TOO_LARGE;
    *make_pieces(r, 1) = buf_str(&r->tx.body);
    r->tx.n_pieces = 1;
    return err;
}

/* Must the request be written anew, whatever is in it? */
static bool is_foreign(const struct req *r)
{
    return r->tx.dialect != r->in.dialect || r->want.scan.foreign || !r->tx.dialect->edit_request;
}

/* A body of the provider's own dialect may name what this provider takes only inside it. */
static bool may_name_urls(const struct req *r, const struct dialect_target *to)
{
    return QUIRK_IS(to->quirks, NO_URL_MEDIA) && r->in.dialect->by_url;
}

static bool wants_reading(const struct req *r, const struct dialect_target *to)
{
    return !r->tx.dialect->emit_embed && !r->want.chat && (is_foreign(r) || may_name_urls(r, to));
}

/* The internal form of the client's body: read once, whatever number of attempts. What need not be
 * written anew and cannot be read goes as it is: the provider may know better. */
static void read_body(struct req *r)
{
    struct ir_chat *chat = ARENA_NEW(r->arena, struct ir_chat);
    struct dialect_refusal why = {0};
    enum err err = bounded_parse(r->in.dialect, buf_str(&r->in.body), &r->want.scan, r->arena, chat,
                                 &why);
    if (!err)
        r->want.chat = chat;
    else if (is_foreign(r))
        req_fail(r, err, why.field, STR_FMT, STR_ARG(why.text));
}

static void write_body(struct req *r)
{
    struct dialect_target to = target_of(r);
    r->tx.made_for = r->route.candidate;
    r->tx.made = r->tx.translated ? translate_body(r, &to) : pass_body(r, &to);
    if (!r->tx.made)
        signature_hash(r);
}

/* A body that is written anew lies in memory beside the client's: it counts as well. */
static bool charge_copy(struct req *r)
{
    if (!r->tx.translated)
        return true;
    int64_t more = (int64_t)r->in.body.len + r->tx.fetched_charged - r->tx.body_charged;
    return more <= 0 || req_charge(r, &r->tx.body_charged, (size_t)more);
}

/* What is in hand before it is written: what it names by URL is fetched where the provider needs
 * that. STEP_FAIL: r->tx.made says why. */
static enum step_rc prepare_body(struct req *r)
{
    struct dialect_target to = target_of(r);
    bool reads = r->work.fn || wants_reading(r, &to);
    if (reads && req_work(r, r->in.body.len, read_body) == STEP_WAIT)
        return STEP_WAIT;
    buf_reset(&r->tx.body);
    r->tx.loss = (struct dialect_loss){0};
    r->tx.made = r->fail.err;
    if (r->tx.made)
        return STEP_FAIL;
    r->tx.translated = is_foreign(r) ||
                       (r->want.chat && may_name_urls(r, &to) && inline_holds_urls(r));
    if (!r->tx.translated || r->tx.dialect->emit_embed)
        return STEP_NEXT;
    switch (inline_media(r, &to, &r->tx.made)) {
    case INLINE_READY:
        return STEP_NEXT;
    case INLINE_WAIT:
        return STEP_WAIT;
    case INLINE_REFUSED:
        break;
    }
    return STEP_FAIL;
}

/* Once for each candidate. STEP_FAIL: r->tx.made says why it cannot be. */
static enum step_rc make_body(struct req *r)
{
    if (r->tx.made_for == r->route.candidate && !r->work.fn)
        return STEP_NEXT;
    if (r->work.fn != write_body) {
        enum step_rc rc = prepare_body(r);
        if (rc != STEP_NEXT)
            return rc;
        if (!charge_copy(r) || !req_charge_arena(r)) {
            r->tx.made = E_OVERLOADED;
            return STEP_FAIL;
        }
    }
    size_t weight = r->in.body.len + (size_t)r->tx.fetched_charged;
    if (req_work(r, weight, write_body) == STEP_WAIT)
        return STEP_WAIT;
    return r->tx.made ? STEP_FAIL : STEP_NEXT;
}

/* ------------------------------------------------------------------ the step */

/* This candidate cannot be used: the next one may be better. */
static enum step_rc next_candidate(struct req *r, enum err err, const char *why)
{
    r->route.attempt[r->route.n_attempts - 1].err = err;
    r->route.why = req_is_lent(r, r->route.candidate->key) ? NULL : why;
    r->run.jump = STEP_route;
    return STEP_JUMP;
}

/* What this provider cannot be told another one may: only if none can, it is the answer. Nobody was
 * called, so it counts as no attempt. */
static enum step_rc cannot(struct req *r, enum err err)
{
    if ((err == E_UNSUPPORTED || err == E_MEDIA_URL) && !r->fail.err) {
        r->route.n_attempts--;
        r->run.jump = STEP_route;
        return STEP_JUMP;
    }
    req_fail(r, err, STR_NULL, NULL); /* unless the reader has said why */
    return STEP_FAIL;
}

enum step_rc step_translate(struct req *r)
{
    const struct candidate *c = r->route.candidate;
    const struct secret *secret = snapshot_credential(r->snap, c->key);
    const char *own_path;
    if (!secret && c->key->credential)
        return next_candidate(r, E_CREDENTIAL,
                              "It was sealed under another master key, or altered.");
    r->tx.dialect = dialect_serving(c->offer->provider->dialect, r->in.dialect, c->offer->caps,
                                    c->offer->provider->quirks, &own_path);
    ASSERT(r->tx.dialect); /* resolve leaves others out */
    r->tx.url = address_make(r, c, own_path);
    if (!r->tx.url)
        return next_candidate(r, E_CREDENTIAL,
                              "It lacks an option (region, project, resource) of the address.");
    enum step_rc rc = make_body(r);
    if (rc != STEP_NEXT)
        return rc == STEP_WAIT ? rc : cannot(r, r->tx.made);
    make_headers(r);
    enum err err = E_OK;
    const char *why = NULL;
    if (!secret)
        return STEP_NEXT; /* a server that asks for no key */
    switch (signature_add(r, secret_view(secret), &err, &why)) {
    case SIGNATURE_OK:
        break;
    case SIGNATURE_WAIT:
        return STEP_WAIT; /* the body is made by then */
    case SIGNATURE_FAILED:
        return next_candidate(r, err, why);
    }
    return STEP_NEXT;
}
