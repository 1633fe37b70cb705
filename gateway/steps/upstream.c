/* Step 6: one attempt at a provider. Writes the ledger's open record before the first call, starts
 * the transfer, waits for the answer's head and judges it. Writes r->up. The callbacks run inside
 * the transfer: they only take notes and wake the request. */
#include <inttypes.h>

#include "common/clock.h"
#include "common/metrics.h"
#include "gateway/failpoint.h"
#include "gateway/request.h"
#include "gateway/steps/ledger_entry.h"

enum { ERROR_BODY_MAX = 256 * 1024, WHY_MAX = 200, RESERVE_MAX = 256 * 1024 };

/* Statuses that do not mean what their class says. */
static const struct {
    int status;
    enum err err;
} special[] = {
    {401, E_UPSTREAM_AUTH},       {402, E_UPSTREAM_AUTH},    {403, E_UPSTREAM_AUTH},
    {404, E_UPSTREAM_NO_MODEL},   {408, E_UPSTREAM_TIMEOUT}, {425, E_UPSTREAM_STATUS},
    {429, E_UPSTREAM_RATE_LIMIT}, {504, E_UPSTREAM_TIMEOUT},
};

enum err upstream_judge_status(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(special); i++)
        if (special[i].status == status)
            return special[i].err;
    if (status >= 200 && status < 300)
        return E_OK;
    if (status >= 500)
        return E_UPSTREAM_STATUS;
    return status >= 400 ? E_UPSTREAM_REJECTED : E_UPSTREAM_BAD_ANSWER;
}

static void on_header(void *arg, struct str name, struct str value)
{
    struct req *r = arg;
    CHECK(r, REQ_MAGIC);
    int64_t length;
    if (str_ieq(name, STR("content-length"))) {
        if (str_to_i64(value, &length) && length > 0 && length <= RESERVE_MAX)
            buf_reserve(&r->up.body, (size_t)length);
    } else if (str_ieq(name, STR("content-type"))) {
        r->up.content_type = arena_str(r->arena, value);
    } else if (str_ieq(name, STR("x-request-id")) || str_ieq(name, STR("request-id"))) {
        r->up.request_id = arena_str(r->arena, value);
    } else if (str_ieq(name, STR("retry-after")) && value.len < 64) {
        r->up.retry_after = arena_str(r->arena, value);
        if (!str_to_i64(value, &r->up.retry_after_s) || r->up.retry_after_s < 0)
            r->up.retry_after_s = -1;
    } else if (r->tx.dialect->input_tokens_header &&
               str_ieq(name, str_of(r->tx.dialect->input_tokens_header))) {
        if (!str_to_i64(value, &r->up.input_tokens) || r->up.input_tokens < 0 ||
            r->up.input_tokens > USAGE_COUNT_MAX)
            r->up.input_tokens = -1;
    }
}

static void begin_stream(struct req *r)
{
    r->up.event_stream = true;
    if (!r->up.framing.open)
        framing_init(&r->up.framing, r->route.candidate->offer->provider->framing, FRAME_MAX_BYTES);
}

static void on_head(void *arg, int status)
{
    struct req *r = arg;
    CHECK(r, REQ_MAGIC);
    struct str type = r->up.content_type;
    struct str media = str_trim(str_cut(&type, ';'));
    const struct snap_provider *provider = r->route.candidate->offer->provider;
    r->up.status = status;
    r->up.head_us = r->up.last_us = clock_mono_us();
    r->up.head_done = true;
    r->up.event_stream = status >= 200 && status < 300 &&
                         str_ieq(media, framing_media(provider->framing));
    r->route.attempt[r->route.n_attempts - 1].status = status;
    r->route.attempt[r->route.n_attempts - 1].first_byte_us = r->up.head_us;
    upstream_watch(r);
    if (r->up.event_stream)
        begin_stream(r);
    req_wake(r);
}

/* Some label their streams as JSON, and all clients read them. No JSON begins like an event. */
static bool is_unlabelled_stream(const struct req *r, struct str bytes)
{
    return !r->up.event_stream && r->want.scan.stream && r->up.status == 200 &&
           r->up.body.len == 0 && bytes.len > 0 &&
           (bytes.p[0] == 'd' || bytes.p[0] == 'e' || bytes.p[0] == ':') &&
           r->route.candidate->offer->provider->framing == FRAMING_SSE;
}

static void on_body(void *arg, struct str bytes)
{
    struct req *r = arg;
    CHECK(r, REQ_MAGIC);
    r->up.last_us = clock_mono_us();
    if (r->up.too_large)
        return;
    if (is_unlabelled_stream(r, bytes))
        begin_stream(r);
    if (r->up.event_stream) {
        r->up.too_large = !framing_feed(&r->up.framing, bytes);
        req_wake(r);
        return;
    }
    bool error = r->up.status >= 300;
    if (r->tx.dialect->binary && !r->want.scan.stream &&
        !error) { /* not kept: paused when there is too much of it */
        r->up.too_large = !buf_add_str(&r->up.body, bytes);
        req_wake(r);
        return;
    }
    if (error && r->up.body.len + bytes.len > ERROR_BODY_MAX)
        bytes.len = ERROR_BODY_MAX - r->up.body.len;
    r->up.too_large = !req_charge(r, &r->up.body_charged, bytes.len) ||
                      !buf_add_str(&r->up.body, bytes);
    if (r->up.too_large)
        req_wake(r);
}

static void on_done(void *arg, const struct xfer_result *result)
{
    struct req *r = arg;
    CHECK(r, REQ_MAGIC);
    r->up.xfer = NULL;
    r->up.done = true;
    r->up.result = *result;
    req_wake(r);
}

static const struct xfer_callbacks callbacks = {
    .header = on_header,
    .head = on_head,
    .body = on_body,
    .done = on_done,
};

void upstream_cancel(struct req *r)
{
    timer_cancel(&r->engine->timers, &r->up.timer);
    if (!r->up.xfer)
        return;
    xfer_cancel(r->up.xfer);
    r->up.xfer = NULL;
}

static int64_t last_moment_us(const struct req *r)
{
    return r->in.start_us + r->engine->conf->total_timeout_ms * 1000;
}

/* The next moment at which silence or age would be too long. */
static int64_t next_deadline_us(const struct req *r)
{
    const struct options *o = r->engine->conf;
    int64_t total = last_moment_us(r);
    bool content = r->up.head_done && (!r->up.event_stream || r->out.got_content);
    int64_t quiet = content ? r->up.last_us + o->idle_timeout_ms * 1000
                            : r->up.sent_us + o->first_byte_timeout_ms * 1000;
    return quiet < total ? quiet : total;
}

static void on_deadline(struct timer *t)
{
    struct req *r = container_of(t, struct req, up.timer);
    CHECK(r, REQ_MAGIC);
    int64_t now = clock_mono_us();
    int64_t due = next_deadline_us(r);
    if (r->out.paused && now < last_moment_us(r))
        due = now + r->engine->conf->idle_timeout_ms * 1000; /* the client is slow, not they */
    if (due > now) {
        timer_set(&r->engine->timers, t, due);
        return;
    }
    upstream_cancel(r);
    r->up.done = true;
    r->up.result = (struct xfer_result){.err = E_UPSTREAM_TIMEOUT, .detail = "", .connected = true};
    req_wake(r);
}

void upstream_watch(struct req *r)
{
    timer_set(&r->engine->timers, &r->up.timer, next_deadline_us(r));
}

static void reset(struct req *r)
{
    r->up.begun = r->route.n_attempts;
    r->up.head_done = r->up.done = r->up.event_stream = r->up.too_large = false;
    r->up.status = 0;
    r->up.retry_after_s = r->up.input_tokens = -1;
    r->up.content_type = r->up.request_id = r->up.retry_after = STR_NULL;
    buf_reset(&r->up.body);
    framing_fini(&r->up.framing);
}

static enum step_rc begin(struct req *r)
{
    reset(r);
    if (!r->up.opened) {
        enum err err = ledger_entry_open(r);
        if (err) {
            metrics_add(M_SPOOL_FULL, 1);
            req_fail(r, err, STR_NULL, NULL);
            return STEP_FAIL;
        }
        r->up.opened = true;
        (void)failpoint_hit("upstream.after_open");
    }
    metrics_add(M_UPSTREAM_ATTEMPTS, 1);
    struct xfer_request q = {
        .url = r->tx.url,
        .headers = r->tx.headers,
        .body = r->tx.pieces,
        .n_body = r->tx.n_pieces,
    };
    if (r->route.candidate->key->base_url.len > 0 || r->route.candidate->offer->provider->own) {
        q.guard = r->engine->guard;
        q.tenant = r->route.candidate->key->organisation_id;
    }
    r->up.sent_us = r->up.last_us = clock_mono_us();
    r->up.xfer = xfer_start(r->engine->xfers, &q, &callbacks, r);
    r->up.timer.fn = on_deadline;
    upstream_watch(r);
    return STEP_WAIT;
}

void upstream_give_up(struct req *r, enum err err)
{
    /* What is said of a key or a limit names the account, masked keys and all: the row has it. */
    bool private = err == E_UPSTREAM_AUTH || err == E_UPSTREAM_RATE_LIMIT;
    const char *why = private || !r->route.why ? "" : r->route.why;
    req_fail(r, err, STR_NULL, "%s%s%s", err_text(err), why[0] ? " " : "", why);
}

enum step_rc upstream_failed(struct req *r, enum err err, struct str detail)
{
    struct attempt *a = &r->route.attempt[r->route.n_attempts - 1];
    upstream_cancel(r);
    a->end_us = clock_mono_us();
    a->err = err;
    r->up.wait_us += a->end_us - r->up.sent_us;
    metrics_add(M_UPSTREAM_FAILURES, 1);
    detail.len = detail.len < WHY_MAX ? detail.len : WHY_MAX;
    if (err_retry(err) == RETRY_GATEWAY && req_is_lent(r, a->candidate->key))
        detail.len = 0; /* it may name the operator's account or address: not even for the row */
    r->route.why = detail.len
                       ? arena_printf(r->arena, STR_FMT ": " STR_FMT,
                                      STR_ARG(a->candidate->offer->provider->slug), STR_ARG(detail))
                       : NULL;
    if (r->out.begun || err_retry(err) != RETRY_GATEWAY || a->end_us >= last_moment_us(r)) {
        upstream_give_up(r, err);
        return STEP_FAIL;
    }
    r->run.jump = STEP_route;
    return STEP_JUMP;
}

/* An answer that is no success: its body says why. */
static enum step_rc judge_error(struct req *r)
{
    if (!r->up.done && r->up.body.len < ERROR_BODY_MAX)
        return STEP_WAIT;
    struct dialect_answer an;
    enum err err = upstream_judge_status(r->up.status);
    bool told = r->tx.dialect->scan_answer(buf_str(&r->up.body), r->arena, &an) && an.is_error;
    bool same = r->tx.dialect == r->in.dialect;
    if (told && err == E_UPSTREAM_REJECTED && dialect_blames_account(&an))
        err = E_UPSTREAM_AUTH;
    if (told && an.error_for_client && same)
        err = E_UPSTREAM_REJECTED;
    if (err == E_UPSTREAM_REJECTED && told && same)
        r->fail.passed_through = true;
    struct str detail = told ? an.error_text
                             : str_of(arena_printf(r->arena, "status %d", r->up.status));
    return upstream_failed(r, err, detail);
}

enum step_rc step_upstream(struct req *r)
{
    if (r->up.begun != r->route.n_attempts)
        return begin(r);
    if (r->up.done && r->up.result.err && !(r->up.head_done && r->up.status >= 300))
        return upstream_failed(r, r->up.result.err, str_of(r->up.result.detail));
    if (!r->up.head_done)
        return STEP_WAIT;
    if (r->up.status >= 300)
        return judge_error(r);
    return STEP_NEXT;
}
