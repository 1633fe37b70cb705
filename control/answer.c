/* Turns replies and files into MHD responses, with the headers that every answer carries. Loop
 * thread.
 */
#include <stdio.h>

#include "common/mem.h"
#include "common/metrics.h"
#include "control/server_priv.h"

static const struct {
    const char *name, *value;
} every_answer[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

static void header(struct MHD_Response *r, const char *name, const char *value)
{
    if (value && *value)
        ASSERT(MHD_add_response_header(r, name, value) == MHD_YES);
}

enum MHD_Result answer_queue(struct exchange *x, int status, struct MHD_Response *r)
{
    for (size_t i = 0; i < ARRAY_LEN(every_answer); i++)
        header(r, every_answer[i].name, every_answer[i].value);
    header(r, "Content-Security-Policy", x->server->app->policy);
    if (x->server->app->https)
        header(r, "Strict-Transport-Security", "max-age=31536000");
    x->call.reply.status = status;
    enum MHD_Result ok = MHD_queue_response(x->mhd, (unsigned)status, r);
    MHD_destroy_response(r);
    return ok;
}

enum MHD_Result answer_reply(struct exchange *x)
{
    char seconds[16], etag[ETAG_LEN + 3];
    struct reply *reply = &x->call.reply;
    ASSERT(reply->status != 0);
    metrics_add(reply->status < 400 ? M_API_2XX : reply->status < 500 ? M_API_4XX : M_API_5XX, 1);
    char *bytes = reply->body.p ? reply->body.p : xmalloc(1);
    size_t len = reply->body.len;
    buf_init(&reply->body, REPLY_MAX_BYTES); /* MHD frees the bytes */
    struct MHD_Response *r = MHD_create_response_from_buffer_with_free_callback(len, bytes, xfree);
    ASSERT(r);
    header(r, "Content-Type", len ? reply->content_type : NULL);
    header(r, "Cache-Control", "no-store");
    header(r, "Allow", reply->allow);
    if (reply->attachment && reply->status < 400) {
        char named[128];
        (void)snprintf(named, sizeof named, "attachment; filename=\"%s\"", reply->attachment);
        header(r, "Content-Disposition", named);
    }
    (void)snprintf(etag, sizeof etag, "\"%s\"", reply->etag);
    header(r, "ETag", *reply->etag ? etag : NULL);
    header(r, "Idempotency-Replayed", reply->replayed ? "true" : NULL);
    header(r, "Set-Cookie", reply->cookie);
    header(r, "Connection", reply->close ? "close" : NULL);
    (void)snprintf(seconds, sizeof seconds, "%d", reply->retry_after_s);
    header(r, "Retry-After", reply->retry_after_s ? seconds : NULL);
    return answer_queue(x, reply->status, r);
}

/* Does an Accept-Encoding list take `coding`? A weight of 0 refuses. */
static bool accepts(struct str list, struct str coding)
{
    while (list.p) {
        struct str weight = str_trim(str_cut(&list, ','));
        struct str name = str_trim(str_cut(&weight, ';'));
        if (!str_ieq(name, coding))
            continue;
        weight = weight.p ? str_trim(weight) : STR("q=1");
        bool zero = str_starts(weight, STR("q=0"));
        for (size_t i = 3; zero && i < weight.len; i++)
            zero = weight.p[i] == '.' || weight.p[i] == '0';
        return !zero;
    }
    return false;
}

static bool same_tag(struct str if_none_match, const char *etag)
{
    return if_none_match.p && (str_find_str(if_none_match, str_of(etag)) >= 0 ||
                               str_eq(str_trim(if_none_match), STR("*")));
}

static void let_go(void *set)
{
    static_unref(set);
}

enum MHD_Result answer_file(struct exchange *x, const struct static_file *file)
{
    char etag[sizeof file->etag + 2];
    const struct http_request *req = &x->call.req;
    struct str accept = req->header[HEADER_ACCEPT_ENCODING], body = file->body;
    const char *coding = NULL;
    if (file->brotli.p && accepts(accept, STR("br"))) {
        body = file->brotli;
        coding = "br";
    } else if (file->gzip.p && accepts(accept, STR("gzip"))) {
        body = file->gzip;
        coding = "gzip";
    }
    bool same = same_tag(req->header[HEADER_IF_NONE_MATCH], file->etag);
    if (same)
        body = STR("");
    struct MHD_Response *r = MHD_create_response_from_buffer_with_free_callback_cls(
        body.len, (void *)(uintptr_t)body.p, let_go, static_ref(x->server->files));
    ASSERT(r);
    /* Weak, since all codings share it. */
    (void)snprintf(etag, sizeof etag, "W/%s", file->etag);
    header(r, "ETag", etag);
    header(r, "Vary", "Accept-Encoding");
    header(r, "Cache-Control",
           file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    header(r, "Content-Type", same ? NULL : file->type);
    header(r, "Content-Encoding", same ? NULL : coding);
    return answer_queue(x, same ? 304 : 200, r);
}
