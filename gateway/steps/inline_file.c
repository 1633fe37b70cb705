/* Fetches one file: the head and the first bytes are judged as they come, the rest becomes base64
 * at once. The worker's thread; callbacks of the transfer only take notes, pause it and wake the
 * request. Never follows a redirect, sends no credential of anybody's, tells no address. */
#include "gateway/steps/inline_file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/metrics.h"
#include "gateway/wire/base64.h"
#include "gateway/wire/url.h"

enum { URL_MAX = 8192, SHOWN_MAX = 60, WHY_MAX = 240 };

/* What comes of a file: how it is counted. */
static const struct {
    enum err err;
    enum metric metric;
    const char *why; /* behind the field's name */
} ends[] = {
    {E_ADDRESS_REFUSED, M_INLINE_ADDRESS, "leads to an address that is not allowed."},
    {E_UPSTREAM_TIMEOUT, M_INLINE_TIMEOUT, "did not answer in time."},
    {E_UPSTREAM_CONNECT, M_INLINE_UNREACHABLE, "leads to a host that cannot be reached."},
    {E_UPSTREAM_CUT, M_INLINE_UNREACHABLE, "broke off its answer."},
    {E_UPSTREAM_BAD_ANSWER, M_INLINE_UNREACHABLE, "gave an answer that is no HTTP."},
};

/* What has come is of no use. */
static void drop(struct inline_file *f)
{
    req_uncharge(f->r, &f->r->tx.fetched_charged, f->base64.len);
    buf_fini(&f->base64);
}

static void settle(struct inline_file *f, enum inline_state state, enum metric outcome)
{
    f->state = state;
    metrics_add(outcome, 1);
    if (f->xfer && state == INLINE_FAILED)
        xfer_pause(f->xfer); /* nothing may be cancelled in its callbacks */
}

/* Behind every callback. */
static void tell(struct inline_file *f)
{
    if (f->state != INLINE_RUNNING)
        req_wake(f->r);
}

/* `fmt` goes on behind "'field' ". */
PRINTF_LIKE(3, 4)
static void fail(struct inline_file *f, enum metric outcome, const char *fmt, ...)
{
    char text[WHY_MAX];
    va_list ap;
    if (f->state != INLINE_RUNNING)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    f->err = E_MEDIA_URL;
    f->why = arena_printf(f->r->arena, "'" STR_FMT "' %s", STR_ARG(f->field), text);
    drop(f);
    settle(f, INLINE_FAILED, outcome);
}

/* ------------------------------------------------------------------ the head */

static void on_header(void *arg, struct str name, struct str value)
{
    struct inline_file *f = arg;
    int64_t length;
    if (str_ieq(name, STR("content-type")))
        f->label = arena_str(f->r->arena, media_label(value));
    else if (str_ieq(name, STR("content-encoding")))
        f->coded = f->coded || !str_ieq(value, STR("identity"));
    else if (str_ieq(name, STR("content-length")) && str_to_i64(value, &length) &&
             length > f->r->engine->conf->inline_file_max)
        f->length = (size_t)length;
}

static const char *kind_words(enum ir_kind kind)
{
    return kind == IR_IMAGE ? "no image that providers take (PNG, JPEG, GIF or WebP)" : "no PDF";
}

static void fail_for_size(struct inline_file *f)
{
    fail(f, M_INLINE_TOO_LARGE,
         "leads to more than the %" PRId64 " bytes that are fetched of a file.",
         f->r->engine->conf->inline_file_max);
}

/* A word of the server's in a sentence: printable, and not long. */
static char *shown(struct inline_file *f, struct str word)
{
    word.len = word.len < SHOWN_MAX ? word.len : SHOWN_MAX;
    char *p = arena_strdup(f->r->arena, word);
    for (char *c = p; *c; c++)
        *c = (char)(*c < ' ' || *c > '~' || *c == '\'' ? '?' : *c);
    return p;
}

static void on_head(void *arg, int status)
{
    struct inline_file *f = arg;
    if (status >= 300 && status < 400)
        fail(f, M_INLINE_STATUS,
             "is answered with a redirect (status %d), which is not followed: give the URL that it "
             "leads to.",
             status);
    else if (status != 200)
        fail(f, M_INLINE_STATUS, "is answered with status %d%s.", status,
             status == 404 ? " (not found)" : "");
    else if (f->coded)
        fail(f, M_INLINE_TYPE, "is answered with a Content-Encoding that was not asked for.");
    else if (f->label.len && !media_fits(f->kind, f->label))
        fail(f, M_INLINE_TYPE, "leads to '%s': %s.", shown(f, f->label), kind_words(f->kind));
    else if (f->length)
        fail_for_size(f);
    tell(f);
}

/* ------------------------------------------------------------------ the bytes */

/* Base64 of n bytes, of which only the last of a file are no multiple of three. With all its files
 * in it, a request is no larger than if the client had sent them itself. */
static bool encode(struct inline_file *f, const char *p, size_t n)
{
    size_t len = base64_len(n);
    struct req *r = f->r;
    if ((int64_t)(r->in.body.len + len) + r->tx.fetched_charged > r->engine->conf->body_max) {
        fail(f, M_INLINE_TOO_LARGE, "makes the request too large.");
        return false;
    }
    if (!req_charge(r, &r->tx.fetched_charged, len)) {
        fail(f, M_INLINE_CANCELLED, "%s", err_text(E_OVERLOADED));
        f->err = E_OVERLOADED;
        return false;
    }
    bool fits = base64_add(&f->base64, p, n);
    ASSERT(fits); /* the length is counted */
    return true;
}

static void keep_rest(struct inline_file *f, struct str *bytes)
{
    while (f->n_rest < sizeof f->rest && bytes->len) {
        f->rest[f->n_rest++] = *bytes->p++;
        bytes->len--;
    }
}

static void note_head(struct inline_file *f, struct str bytes)
{
    size_t n = MEDIA_HEAD_BYTES - f->n_head;
    n = n < bytes.len ? n : bytes.len;
    memcpy(f->head + f->n_head, bytes.p, n);
    f->n_head += (unsigned)n;
}

/* It is what its label says, and what the request says. */
static bool judge(struct inline_file *f)
{
    f->type = media_sniff(str_make(f->head, f->n_head));
    if (!media_fits(f->kind, f->type))
        fail(f, M_INLINE_TYPE, "leads to %s.", kind_words(f->kind));
    else if (f->label.len && !str_eq(f->label, f->type))
        fail(f, M_INLINE_TYPE, "is labelled '%s', but what it leads to is '" STR_FMT "'.",
             shown(f, f->label), STR_ARG(f->type));
    else if (f->asked.len && !str_eq(f->asked, f->type))
        fail(f, M_INLINE_TYPE, "leads to '" STR_FMT "', not to '%s'.", STR_ARG(f->type),
             shown(f, f->asked));
    return f->state == INLINE_RUNNING;
}

static void take(struct inline_file *f, struct str bytes)
{
    bool early = f->n_head < MEDIA_HEAD_BYTES;
    f->length += bytes.len;
    if (f->length > (size_t)f->r->engine->conf->inline_file_max) {
        fail_for_size(f);
        return;
    }
    if (early)
        note_head(f, bytes);
    if (early && f->n_head == MEDIA_HEAD_BYTES && !judge(f))
        return;
    if (f->n_rest)
        keep_rest(f, &bytes);
    if (f->n_rest == sizeof f->rest) {
        f->n_rest = 0;
        if (!encode(f, f->rest, sizeof f->rest))
            return;
    }
    size_t whole = bytes.len / 3 * 3;
    if (!encode(f, bytes.p, whole))
        return;
    bytes = str_make(bytes.p + whole, bytes.len - whole);
    keep_rest(f, &bytes);
}

static void on_body(void *arg, struct str bytes)
{
    struct inline_file *f = arg;
    if (f->state != INLINE_RUNNING || !bytes.len)
        return;
    take(f, bytes);
    tell(f);
}

static void finish(struct inline_file *f, const struct xfer_result *result)
{
    for (size_t i = 0; i < ARRAY_LEN(ends) && result->err; i++)
        if (ends[i].err == result->err) {
            fail(f, ends[i].metric, "%s", ends[i].why);
            return;
        }
    if (result->err)
        fail(f, M_INLINE_UNREACHABLE, "cannot be asked for.");
    else if (judge(f) && encode(f, f->rest, f->n_rest))
        settle(f, INLINE_HERE, M_INLINE_OK);
}

static void on_done(void *arg, const struct xfer_result *result)
{
    struct inline_file *f = arg;
    f->xfer = NULL;
    if (f->state == INLINE_RUNNING)
        finish(f, result);
    tell(f);
}

/* ------------------------------------------------------------------ its life */

static const char *fault_words(enum url_fault fault)
{
    static const char *const words[] = {
        [URL_FINE] = "",
        [URL_NO_HTTP] = "is no http or https URL.",
        [URL_USER] = "holds a user's name or password: URLs are fetched without any.",
        [URL_HOST] = "names no host, or one that is not written in ASCII.",
        [URL_BYTES] = "is too long, or holds control characters.",
    };
    return words[fault];
}

static struct xfer_header accept_image[2] = {
    {.line = (char[]){"accept: image/png, image/jpeg, image/gif, image/webp"},
     .next = &accept_image[1]},
    {.line = (char[]){"accept-encoding: identity"}},
};
static struct xfer_header accept_file[2] = {
    {.line = (char[]){"accept: application/pdf"}, .next = &accept_file[1]},
    {.line = (char[]){"accept-encoding: identity"}},
};

void inline_file_start(struct inline_file *f)
{
    static const struct xfer_callbacks callbacks = {
        .header = on_header, .head = on_head, .body = on_body, .done = on_done};
    struct buf url;
    struct req *r = f->r;
    ASSERT(f->state == INLINE_DUE && !f->xfer);
    buf_init(&f->base64, base64_len((size_t)r->engine->conf->inline_file_max));
    f->state = INLINE_RUNNING;
    f->length = f->n_head = f->n_rest = 0;
    f->label = STR("");
    f->coded = false;
    buf_init(&url, URL_MAX);
    enum url_fault fault = url_tidy(f->text, &url);
    if (fault == URL_FINE) {
        const struct xfer_request q = {
            .url = arena_strdup(r->arena, buf_str(&url)),
            .headers = f->kind == IR_IMAGE ? accept_image : accept_file,
            .guard = r->engine->inline_guard,
            .get = true,
            .once = true,
        };
        f->xfer = xfer_start(r->engine->xfers, &q, &callbacks, f);
    } else {
        fail(f, M_INLINE_ADDRESS, "%s", fault_words(fault));
    }
    buf_fini(&url);
}

void inline_file_stop(struct inline_file *f)
{
    if (f->xfer)
        xfer_cancel(f->xfer);
    f->xfer = NULL;
    if (f->state != INLINE_RUNNING)
        return;
    metrics_add(M_INLINE_CANCELLED, 1);
    f->state = INLINE_DUE;
    drop(f);
}

void inline_file_expire(struct inline_file *f)
{
    fail(f, M_INLINE_TIMEOUT, "did not arrive within %" PRId64 " ms.",
         f->r->engine->conf->inline_timeout_ms);
}

void inline_file_fini(struct inline_file *f)
{
    ASSERT(!f->xfer);
    buf_fini(&f->base64);
}
