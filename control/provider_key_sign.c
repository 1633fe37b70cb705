/* The border to the gateway's signers, which are pure: nothing else of control knows them. Job
 * threads.
 */
#include "control/provider_key_sign.h"

#include <sodium.h>

#include "common/buf.h"
#include "common/clock.h"
#include "gateway/sign/gcp_assertion.h"
#include "gateway/sign/sign.h"
#include "gateway/sign/sigv4.h"
#include "gateway/sign/sigv4_key.h"

struct wipe {
    char *p;
    size_t len;
};

static void wipe(void *arg)
{
    struct wipe *w = arg;
    sodium_memzero(w->p, w->len);
}

/* Bytes of the arena that are wiped with it. */
static char *secret_bytes(struct arena *a, size_t len)
{
    struct wipe *w = ARENA_NEW(a, struct wipe);
    *w = (struct wipe){.p = arena_alloc(a, len), .len = len};
    arena_defer(a, wipe, w);
    return w->p;
}

enum provider_signer provider_signer_of(struct str signers, struct str secret, struct str *header)
{
    struct str prefix = STR("header:");
    *header = STR("");
    while (signers.p) {
        struct str one = str_trim(str_cut(&signers, '|'));
        if (str_eq(one, STR("gcp-service-account")))
            return PROVIDER_GCP;
        if (str_eq(one, STR("sigv4")) && (!signers.p || sigv4_key_is_pair(secret)))
            return PROVIDER_SIGV4;
        if (str_starts(one, prefix)) {
            *header = str_make(one.p + prefix.len, one.len - prefix.len);
            return PROVIDER_HEADER;
        }
        if (str_eq(one, STR("bearer")) && (!signers.p || !sigv4_key_is_pair(secret)))
            return PROVIDER_BEARER;
    }
    return PROVIDER_BEARER;
}

const char *provider_sign_line(struct arena *a, struct str header, struct str secret)
{
    char *line = secret_bytes(a, sign_line_bytes(header, secret));
    if (header.len)
        sign_header(header, secret, line);
    else
        sign_bearer(secret, line);
    return line;
}

/* "https://host:port/path" taken apart, the host as libcurl sends it. */
static void split(struct str url, struct str *host, struct str *path)
{
    bool tls = str_starts(url, STR("https://"));
    struct str rest = str_make(url.p + (tls ? 8 : 7), url.len - (tls ? 8 : 7));
    struct str port = tls ? STR(":443") : STR(":80");
    ptrdiff_t slash = str_find(rest, '/');
    *host = slash < 0 ? rest : str_make(rest.p, (size_t)slash);
    *path = slash < 0 ? STR("/") : str_make(rest.p + slash, rest.len - (size_t)slash);
    if (str_ends(*host, port))
        host->len -= port.len;
}

size_t provider_sign_sigv4(struct arena *a, const char *method, struct str url, struct str body,
                           struct str region, struct str secret,
                           const char *lines[PROVIDER_SIGNED_MAX], const char **why)
{
    char hash[SIGV4_HEX_BYTES];
    struct sigv4_key key;
    struct sigv4_lines out;
    struct sigv4_header host = {.name = STR("host")};
    struct sigv4_request q = {
        .method = str_of(method), .query = STR(""), .headers = &host, .n_headers = 1};
    const struct sigv4_scope scope = {.region = region.len ? region : STR("us-east-1"),
                                      .service = STR(SIGV4_SERVICE)};
    *why = sigv4_key_read(secret, a, &key);
    if (*why)
        return 0;
    split(url, &host.value, &q.path);
    sigv4_body_hash(body, hash);
    q.body_hash = str_of(hash);
    if (!sigv4_sign(&q, &key, &scope, clock_wall_us(), false, a, &out)) {
        *why = "the request cannot be signed";
        return 0;
    }
    lines[0] = out.date;
    lines[1] = out.authorization;
    lines[2] = out.security_token;
    return out.security_token ? 3 : 2;
}

struct str provider_sign_token_form(struct arena *a, struct str account, struct str token_url,
                                    struct str *url, const char **why)
{
    struct gcp_account read;
    struct buf form;
    struct str out = STR_NULL;
    *why = gcp_account_read(account, token_url.len ? token_url : STR(GCP_TOKEN_URL), a, &read);
    if (*why)
        return out;
    *url = read.token_url;
    buf_init(&form, GCP_REQUEST_MAX);
    buf_reserve(&form, GCP_REQUEST_MAX);
    *why = gcp_token_request(&read, clock_wall_us(), &form);
    if (!*why) {
        char *copy = secret_bytes(a, form.len + 1);
        memcpy(copy, form.p, form.len);
        out = str_make(copy, form.len);
    }
    if (form.p)
        sodium_memzero(form.p, form.cap);
    buf_fini(&form);
    return out;
}
