/* Web pages of other origins (DOTEB_CORS_ORIGINS): answers their preflights and lets them read
 * answers. It opens nothing: a page has no key but the one its user gives it, and no cookie counts
 * here. The worker's thread. */
#include <string.h>

#include "gateway/listener_priv.h"

/* The origin as the client named it, if it is one of the list's; else STR_NULL. */
static struct str allowed_origin(const struct req *r)
{
    struct str origin = r->in.header[HEADER_ORIGIN], list = str_of(r->engine->conf->cors_origins);
    while (origin.len && list.len) {
        struct str one = str_trim(str_cut(&list, ','));
        if (str_eq(one, STR("*")) || str_eq(one, origin))
            return origin;
    }
    return STR_NULL;
}

void listener_cors_headers(struct MHD_Response *m, const struct req *r)
{
    if (!*r->engine->conf->cors_origins)
        return;
    struct str origin = allowed_origin(r);
    MHD_add_response_header(m, "vary", "origin");
    if (!origin.p)
        return;
    MHD_add_response_header(m, "access-control-allow-origin", arena_strdup(r->arena, origin));
    MHD_add_response_header(m, "access-control-expose-headers",
                            "x-request-id, x-doteb-provider, x-doteb-model, x-doteb-attempts, "
                            "x-doteb-cost, x-doteb-overhead-us, retry-after, x-should-retry");
}

bool listener_preflight(struct conn *c, const struct req *r, const char *method,
                        enum MHD_Result *queued)
{
    if (strcmp(method, "OPTIONS") != 0 || r->in.refused == E_BAD_HTTP || listener_expects_body(r) ||
        !r->in.header[HEADER_ACCESS_CONTROL_REQUEST_METHOD].p || !allowed_origin(r).p)
        return false;
    struct MHD_Response *m = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
    if (!m)
        return false;
    listener_cors_headers(m, r);
    MHD_add_response_header(m, "access-control-allow-methods", "GET, POST, DELETE");
    /* Whatever a client library sends; none of them is a credential that a browser adds by itself.
     */
    struct str names = r->in.header[HEADER_ACCESS_CONTROL_REQUEST_HEADERS];
    if (names.p)
        MHD_add_response_header(m, "access-control-allow-headers", arena_strdup(r->arena, names));
    MHD_add_response_header(m, "access-control-max-age", "7200");
    *queued = MHD_queue_response(c->mhd, 204, m);
    MHD_destroy_response(m);
    return true;
}
