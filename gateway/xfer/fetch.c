/* A blocking transfer over a handle of its own. Any thread but a worker's. Keeps nothing. */
#include "gateway/xfer/fetch.h"

#include <stdio.h>
#include <sys/socket.h>

#include "gateway/xfer/easy.h"

struct fetch {
    const struct fetch_request *q;
    struct buf *body;
    bool refused, too_long;
};

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct fetch *f = arg;
    f->too_long = !buf_add(f->body, p, size * n);
    return f->too_long ? 0 : size * n;
}

/* Not zero: give up. */
static int on_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    const struct fetch *f = arg;
    return f->q->stop && atomic_load_explicit(f->q->stop, memory_order_relaxed);
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct fetch *f = arg;
    (void)purpose;
    if (f->q->guard && !guard_permits(f->q->guard, &a->addr)) {
        f->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static CURLcode run(CURL *e, struct fetch *f)
{
    char content_type[128];
    const struct fetch_request *q = f->q;
    (void)snprintf(content_type, sizeof content_type, "content-type: %s", q->content_type);
    struct curl_slist headers = {.data = content_type};
    curl_easy_setopt(e, CURLOPT_URL, q->url);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, &headers);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, q->body.p);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)q->total_ms);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, f);
    curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(e, CURLOPT_XFERINFODATA, f);
    return curl_easy_perform(e);
}

struct fetch_answer fetch_post(const struct fetch_request *q, struct buf *body)
{
    struct fetch f = {.q = q, .body = body};
    long status = 0;
    CURL *e = easy_new(q->ca_file, q->connect_ms);
    buf_reserve(body, body->max);
    CURLcode code = run(e, &f);
    curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(e);
    struct fetch_answer out = {
        .err = easy_judge(code, status == 0, f.refused),
        .detail = code == CURLE_OK ? "" : curl_easy_strerror(code),
        .status = (int)status,
    };
    if (f.too_long) {
        out.err = E_UPSTREAM_BAD_ANSWER;
        out.detail = "The answer is too long";
    }
    if (out.err != E_OK)
        buf_reset(body);
    return out;
}
