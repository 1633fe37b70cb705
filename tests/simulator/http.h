/* HTTP/1.1 requests off a byte stream, incrementally: the caller shows the same growing run of
 * bytes again and again, the parser remembers how far it got. Offsets, not pointers, so that the
 * run may move. Runs on any thread, does no I/O, allocates nothing.
 *
 * Chunked bodies are unchunked in place, which is why the bytes are not const.
 */
#ifndef DOTEB_SIM_HTTP_H
#define DOTEB_SIM_HTTP_H

#include "common/defs.h"
#include "common/str.h"

enum {
    HTTP_MAX_HEADERS = 100,
    HTTP_MAX_HEAD = 128 << 10,
    HTTP_MAX_BODY = 64 << 20,
    HTTP_MAX_LINE = 1024 /* of a chunked body: sizes, trailers */
};

enum http_state {
    HTTP_HEAD,
    HTTP_BODY,
    HTTP_CHUNK_SIZE,
    HTTP_CHUNK_DATA,
    HTTP_CHUNK_END,
    HTTP_TRAILER,
    HTTP_DONE
};

enum http_result {
    HTTP_NEED_MORE,
    HTTP_COMPLETE,
    HTTP_BAD,          /* no HTTP, or ambiguous: answer 400 and close */
    HTTP_BODY_TOO_BIG, /* 413 and close */
    HTTP_HEAD_TOO_BIG  /* 431 and close */
};

struct http_span {
    uint32_t at, len;
};

struct http_header {
    struct http_span name, value;
};

struct http_request {
    enum http_state state;
    bool keep_alive, expect_continue, has_length;
    size_t scanned;  /* bytes of the head already searched for its end */
    size_t head_len; /* with the empty line */
    size_t body_len; /* bytes of (unchunked) body so far */
    size_t consumed; /* bytes of the run used; on HTTP_COMPLETE the next request starts here */
    size_t left;     /* bytes missing of the body or of this chunk */
    struct http_span method, target;
    uint32_t n_headers;
    struct http_header headers[HTTP_MAX_HEADERS];
};

void http_init(struct http_request *r);
/* Goes on with the run `p` of `len` bytes that starts at the request's first byte. */
enum http_result http_feed(struct http_request *r, char *p, size_t len);
/* Value of the first header with this lower-case name, or STR_NULL; borrows from the run. */
struct str http_value(const struct http_request *r, const char *run, struct str name);

static inline struct str http_str(const char *run, struct http_span s)
{
    return str_make(run + s.at, s.len);
}

static inline struct str http_body(const struct http_request *r, const char *run)
{
    return str_make(run + r->head_len, r->body_len);
}

#endif
