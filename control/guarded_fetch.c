/* Guarded transfers by libcurl's easy interface, a handle and a connection each. Job threads.
 * Never logs, never keeps a connection: what one organisation opened no other uses.
 */
#include "control/guarded_fetch.h"

#include <curl/curl.h>
#include <string.h>
#include <sys/socket.h>

struct fetch {
    const struct fetch_request *q;
    struct buf *body;
    bool refused, cut;
};

void guarded_fetch_init(void)
{
    ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct fetch *f = arg;
    size_t len = size * n, room = f->body->max - f->body->len;
    (void)buf_add(f->body, p, len < room ? len : room);
    f->cut = len > room;
    return f->cut ? 0 : len;
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

static void set_constants(CURL *e)
{
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "doteb/" DOTEB_VERSION);
}

/* `lines` has room for the request's headers and one more. */
static CURLcode run(CURL *e, struct fetch *f, struct curl_slist *lines)
{
    const struct fetch_request *q = f->q;
    size_t n = 0;
    lines[n++] = (struct curl_slist){.data = (char[]){"Expect:"}};
    for (; n <= q->n_headers; n++) {
        lines[n - 1].next = &lines[n];
        lines[n] = (struct curl_slist){.data = (char *)(uintptr_t)q->headers[n - 1]};
    }
    set_constants(e);
    curl_easy_setopt(e, CURLOPT_URL, q->url);
    if (q->body.p) {
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, q->body.p);
    }
    if (q->method)
        curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, q->method);
    if (q->ca_file && *q->ca_file)
        curl_easy_setopt(e, CURLOPT_CAINFO, q->ca_file);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(q->connect_ms ? q->connect_ms : FETCH_CONNECT_MS));
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(q->total_ms ? q->total_ms : FETCH_TOTAL_MS));
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, f);
    return curl_easy_perform(e);
}

static enum fetch_error judge(CURLcode code, const struct fetch *f)
{
    static const struct {
        CURLcode code;
        enum fetch_error err;
    } known[] = {
        {CURLE_OK, FETCH_OK},
        {CURLE_URL_MALFORMAT, FETCH_URL},
        {CURLE_COULDNT_RESOLVE_HOST, FETCH_NAME},
        {CURLE_COULDNT_CONNECT, FETCH_CONNECT},
        {CURLE_OPERATION_TIMEDOUT, FETCH_TIMEOUT},
        {CURLE_SSL_CONNECT_ERROR, FETCH_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, FETCH_TLS},
        {CURLE_SSL_CACERT_BADFILE, FETCH_TLS},
        {CURLE_SSL_CIPHER, FETCH_TLS},
    };
    if (f->refused && code != CURLE_OK)
        return FETCH_REFUSED;
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (known[i].code == code)
            return known[i].err;
    return FETCH_BROKEN;
}

static bool is_web(const char *url)
{
    return str_starts(str_of(url), STR("http://")) || str_starts(str_of(url), STR("https://"));
}

struct fetch_answer guarded_fetch(const struct fetch_request *q, struct buf *body)
{
    struct curl_slist lines[FETCH_HEADERS_MAX + 1];
    struct fetch f = {.q = q, .body = body};
    long status = 0;
    ASSERT(q->n_headers <= FETCH_HEADERS_MAX);
    if (!is_web(q->url))
        return (struct fetch_answer){.err = FETCH_URL};
    CURL *e = curl_easy_init();
    ASSERT(e != NULL);
    CURLcode code = run(e, &f, lines);
    curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(e);
    if (f.cut)
        code = CURLE_OK; /* it was us who ended it */
    return (struct fetch_answer){
        .err = judge(code, &f), .status = code == CURLE_OK ? (int)status : 0, .cut = f.cut};
}

const char *fetch_error_words(enum fetch_error e)
{
    static const char *const words[] = {
        [FETCH_OK] = "it answered",
        [FETCH_URL] = "its address is no http or https URL",
        [FETCH_NAME] = "its host's name cannot be resolved",
        [FETCH_REFUSED] = "its host has a private or otherwise special address, which is not "
                          "allowed",
        [FETCH_CONNECT] = "nobody answers at its address",
        [FETCH_TLS] = "no secure connection can be made: its certificate is not valid, or it "
                      "speaks no TLS",
        [FETCH_TIMEOUT] = "it did not answer in time",
        [FETCH_BROKEN] = "it ended the connection, or what it sent is no HTTP",
    };
    static_assert(ARRAY_LEN(words) == FETCH_BROKEN + 1, "a text for each");
    return words[e];
}
