/* Signs a request of ours. Pure. The secret is read in place; what is derived from it is wiped. */
#include "gateway/sign/sigv4.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

#include "common/buf.h"
#include "common/mem.h"
#include "gateway/sign/sigv4_canonical.h"

enum { STAMP_BYTES = 17, SECRET_MAX = 256, NAMES_MAX = 4096 };

void sigv4_body_hash(struct str body, char out[SIGV4_HEX_BYTES])
{
    uint8_t hash[SIGV4_HASH_BYTES];
    /* libcrypto uses the processor's instructions for it, libsodium does not. */
    int ok = EVP_Digest(body.len ? body.p : "", body.len, hash, NULL, EVP_sha256(), NULL);
    ASSERT(ok == 1);
    sodium_bin2hex(out, SIGV4_HEX_BYTES, hash, sizeof hash);
}

struct sigv4_hash {
    EVP_MD_CTX *context;
};

struct sigv4_hash *sigv4_hash_new(void)
{
    struct sigv4_hash *h = xcalloc(1, sizeof *h);
    h->context = EVP_MD_CTX_new();
    ASSERT(h->context && EVP_DigestInit_ex(h->context, EVP_sha256(), NULL) == 1);
    return h;
}

void sigv4_hash_free(struct sigv4_hash *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->context);
    xfree(h);
}

void sigv4_hash_add(struct sigv4_hash *h, struct str piece)
{
    ASSERT(EVP_DigestUpdate(h->context, piece.len ? piece.p : "", piece.len) == 1);
}

void sigv4_hash_end(struct sigv4_hash *h, char out[SIGV4_HEX_BYTES])
{
    uint8_t hash[SIGV4_HASH_BYTES];
    ASSERT(EVP_DigestFinal_ex(h->context, hash, NULL) == 1);
    sodium_bin2hex(out, SIGV4_HEX_BYTES, hash, sizeof hash);
}

/* 20150830T123600Z */
static void write_stamp(int64_t wall_us, char out[STAMP_BYTES])
{
    time_t t = (time_t)(wall_us / 1000000);
    struct tm tm;
    bool ok = gmtime_r(&t, &tm) != NULL && strftime(out, STAMP_BYTES, "%Y%m%dT%H%M%SZ", &tm) == 16;
    ASSERT(ok); /* the clock's year has four digits */
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static int by_name(const void *a, const void *b)
{
    struct str x = ((const struct sigv4_header *)a)->name;
    struct str y = ((const struct sigv4_header *)b)->name;
    for (size_t i = 0; i < x.len && i < y.len; i++)
        if (lower(x.p[i]) != lower(y.p[i]))
            return lower(x.p[i]) - lower(y.p[i]);
    return (x.len > y.len) - (x.len < y.len);
}

/* Names in order, each once, lower-case, with semicolons. */
static bool write_names(const struct sigv4_header *headers, size_t n, struct buf *out)
{
    struct sigv4_header sorted[SIGV4_HEADERS_MAX];
    if (n == 0 || n > ARRAY_LEN(sorted))
        return false;
    memcpy(sorted, headers, n * sizeof *headers);
    qsort(sorted, n, sizeof *sorted, by_name);
    for (size_t i = 0; i < n; i++) {
        if (i && by_name(&sorted[i], &sorted[i - 1]) == 0)
            continue;
        if (i)
            (void)buf_add_char(out, ';');
        for (size_t k = 0; k < sorted[i].name.len; k++)
            (void)buf_add_char(out, lower(sorted[i].name.p[k]));
    }
    return !out->failed;
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

/* "name: value" in the arena, wiped with it. */
static char *line(struct arena *a, struct str name, struct str value)
{
    struct wipe *w = ARENA_NEW(a, struct wipe);
    w->len = name.len + 2 + value.len + 1;
    w->p = arena_alloc(a, w->len);
    memcpy(w->p, name.p, name.len);
    memcpy(w->p + name.len, ": ", 2);
    memcpy(w->p + name.len + 2, value.p, value.len);
    w->p[w->len - 1] = '\0';
    arena_defer(a, wipe, w);
    return w->p;
}

static bool has_host(const struct sigv4_request *q)
{
    for (size_t i = 0; i < q->n_headers; i++)
        if (str_ieq(q->headers[i].name, STR("host")))
            return true;
    return false;
}

/* The Authorization header over a request that is complete but for it. */
static char *authorize(const struct sigv4_request *q, const struct sigv4_key *key,
                       const struct sigv4_scope *scope, struct str stamp, struct arena *a)
{
    char *out = NULL;
    char signature[SIGV4_HEX_BYTES];
    uint8_t canonical[SIGV4_HASH_BYTES];
    struct buf names, value;
    buf_init(&names, NAMES_MAX);
    buf_init(&value, NAMES_MAX + 1024);
    if (!write_names(q->headers, q->n_headers, &names) ||
        !sigv4_canonical_hash(q, buf_str(&names), canonical))
        goto out;
    sigv4_signature(canonical, stamp, scope, key->secret_access_key, signature);
    if (buf_printf(&value,
                   "AWS4-HMAC-SHA256 Credential=" STR_FMT "/%.8s/" STR_FMT "/" STR_FMT
                   "/aws4_request, SignedHeaders=" STR_FMT ", Signature=%s",
                   STR_ARG(key->access_key_id), stamp.p, STR_ARG(scope->region),
                   STR_ARG(scope->service), STR_ARG(buf_str(&names)), signature))
        out = line(a, STR("authorization"), buf_str(&value));
out:
    buf_fini(&names);
    buf_fini(&value);
    return out;
}

bool sigv4_sign(const struct sigv4_request *q, const struct sigv4_key *key,
                const struct sigv4_scope *scope, int64_t wall_us, bool with_content_hash,
                struct arena *a, struct sigv4_lines *out)
{
    struct sigv4_header all[SIGV4_HEADERS_MAX];
    struct sigv4_request whole = *q;
    char stamp[STAMP_BYTES];
    size_t n = q->n_headers;
    *out = (struct sigv4_lines){0};
    if (n + 3 > ARRAY_LEN(all) || !has_host(q) || key->secret_access_key.len > SECRET_MAX)
        return false;
    write_stamp(wall_us, stamp);
    memcpy(all, q->headers, n * sizeof *all);
    all[n] = (struct sigv4_header){STR("x-amz-date"), str_of(stamp)};
    out->date = line(a, all[n].name, all[n].value);
    n++;
    if (with_content_hash) {
        all[n] = (struct sigv4_header){STR("x-amz-content-sha256"), q->body_hash};
        out->content_hash = line(a, all[n].name, all[n].value);
        n++;
    }
    if (key->session_token.len) {
        all[n] = (struct sigv4_header){STR("x-amz-security-token"), key->session_token};
        out->security_token = line(a, all[n].name, all[n].value);
        n++;
    }
    whole.headers = all;
    whole.n_headers = n;
    out->authorization = authorize(&whole, key, scope, str_of(stamp), a);
    return out->authorization != NULL;
}
