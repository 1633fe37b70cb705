/* Writes the head of an answer and hands its body to the server. The worker's thread. */
#include <stdio.h>

#include "common/buf.h"
#include "gateway/listener_priv.h"

enum { STREAM_BLOCK_BYTES = 4096, RETRY_SOON_S = 60 };

static void add(struct MHD_Response *m, const char *name, const char *value)
{
    MHD_add_response_header(m, name, value);
}

static void add_number(struct MHD_Response *m, const char *name, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    add(m, name, text);
}

static void add_str(struct MHD_Response *m, const char *name, struct str value)
{
    char text[160];
    if (value.len == 0 || value.len >= sizeof text)
        return;
    memcpy(text, value.p, value.len);
    text[value.len] = '\0';
    add(m, name, text);
}

static void add_cost(struct MHD_Response *m, const struct req *r)
{
    struct buf b;
    buf_init(&b, 64);
    money_format(r->out.cost.total_pico, &b);
    add_str(m, "x-doteb-cost", buf_str(&b));
    buf_fini(&b);
}

/* Would a client's own retry help? A limit that will be over soon is worth one. So is a failure of
 * the only provider that was asked: without a gateway it would be repeated as well. After more
 * attempts a retry would multiply ours. */
static bool worth_a_retry(const struct req *r)
{
    enum err e = r->fail.err;
    if (e == E_UPSTREAM_RATE_LIMIT && r->up.retry_after_s >= 0)
        return r->up.retry_after_s < RETRY_SOON_S;
    if (err_status(e) == 503)
        return true;
    return r->route.n_attempts == 1 && err_retry(e) == RETRY_GATEWAY && e != E_UPSTREAM_AUTH &&
           e != E_UPSTREAM_NO_MODEL;
}

static void add_retry_advice(struct MHD_Response *m, const struct req *r)
{
    enum err e = r->fail.err;
    if (e == E_OK)
        return;
    if (e == E_UPSTREAM_RATE_LIMIT && r->up.retry_after.len)
        add_str(m, "retry-after", r->up.retry_after);
    else if (err_status(e) == 503)
        add(m, "retry-after", "1");
    if (!worth_a_retry(r))
        add(m, "x-should-retry", "false");
}

/* Some dialects say the kind of an error in a header. */
static void add_error_header(struct MHD_Response *m, const struct req *r)
{
    const struct dialect *d = r->in.dialect;
    if (r->fail.err == E_OK || !d->error_header)
        return;
    const struct dialect_error e = {.err = r->fail.err, .status = r->out.status};
    add(m, d->error_header, d->error_header_value(&e));
}

static void add_headers(struct MHD_Response *m, const struct req *r, bool close)
{
    add(m, "content-type", r->out.content_type);
    add(m, "x-request-id", r->in.id_text);
    if (r->route.candidate) {
        add_str(m, "x-doteb-provider", r->route.candidate->offer->provider->slug);
        add_str(m, "x-doteb-model", r->route.candidate->offer->model->slug);
        add(m, "x-doteb-cache", "BYPASS");
        add_number(m, "x-doteb-attempts", r->route.n_attempts);
    }
    if (r->in.endpoint == ENDPOINT_DIALECT)
        add_number(m, "x-doteb-overhead-us", r->out.overhead_us);
    if (r->out.streaming) {
        add(m, "cache-control", "no-cache");
        add(m, "x-accel-buffering", "no"); /* nginx in front: no buffering */
    } else if (r->out.has_cost) {
        add_cost(m, r);
    }
    listener_cors_headers(m, r);
    add_retry_advice(m, r);
    add_error_header(m, r);
    if (close)
        add(m, "connection", "close");
}

enum MHD_Result listener_reply(struct conn *c, struct req *r, bool close)
{
    struct MHD_Response *m;
    if (r->out.streaming)
        m = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES,
                                              listener_read_stream, c, NULL);
    else /* the bytes live as long as the request, which outlives the response */
        m = MHD_create_response_from_buffer(r->out.buf.len, r->out.buf.p ? r->out.buf.p : "",
                                            MHD_RESPMEM_PERSISTENT);
    if (!m)
        return MHD_NO;
    add_headers(m, r, close);
    enum MHD_Result rc = MHD_queue_response(c->mhd, (unsigned)r->out.status, m);
    MHD_destroy_response(m);
    return rc;
}
