/* An HTTP request as read, and the reply to give. Plain data: no MHD here, so that handlers and
 * tests need none. A request is filled by the loop's thread, then read by one job thread.
 */
#ifndef DOTEB_CONTROL_HTTP_H
#define DOTEB_CONTROL_HTTP_H

#include "common/arena.h"
#include "common/buf.h"

enum method { METHOD_GET, METHOD_POST, METHOD_PATCH, METHOD_DELETE, METHOD_OTHER };

enum {
    BODY_MAX_BYTES = 1 << 20,
    BODY_LARGE_BYTES = 8 << 20,
    REPLY_MAX_BYTES = 32 << 20,
    ETAG_LEN = 32
};

/* Headers that control reads; all others are ignored. Values are borrowed from the arena. */
#define HEADER_TABLE(H)                                                                            \
    H(ACCEPT_ENCODING, "Accept-Encoding")                                                          \
    H(AUTHORIZATION, "Authorization")                                                              \
    H(CONTENT_LENGTH, "Content-Length")                                                            \
    H(CONTENT_TYPE, "Content-Type")                                                                \
    H(COOKIE, "Cookie")                                                                            \
    H(CSRF, "X-CSRF-Token")                                                                        \
    H(HOST, "Host")                                                                                \
    H(IDEMPOTENCY_KEY, "Idempotency-Key")                                                          \
    H(IF_MATCH, "If-Match")                                                                        \
    H(IF_NONE_MATCH, "If-None-Match")                                                              \
    H(LAST_EVENT_ID, "Last-Event-ID")                                                              \
    H(ORIGIN, "Origin")                                                                            \
    H(SEC_FETCH_SITE, "Sec-Fetch-Site")                                                            \
    H(TRANSFER_ENCODING, "Transfer-Encoding")                                                      \
    H(USER_AGENT, "User-Agent")                                                                    \
    H(X_FORWARDED_FOR, "X-Forwarded-For")

enum header {
#define H(e, name) HEADER_##e,
    HEADER_TABLE(H)
#undef H
        HEADERS
};

struct http_request {
    enum method method;
    bool head;                  /* HEAD: answered as GET, without the body */
    struct str path;            /* raw, before the first '?' */
    struct str query;           /* raw, STR_NULL without '?' */
    struct str header[HEADERS]; /* STR_NULL: absent */
    struct buf body;
    uint8_t client_ip[16]; /* IPv6 or v4-mapped; not the trusted proxy's */
};

struct reply {
    int status; /* 0: none yet */
    const char *content_type;
    const char *allow;       /* Allow, or NULL */
    int retry_after_s;       /* Retry-After, 0: none */
    char cookie[256];        /* Set-Cookie, "": none */
    char etag[ETAG_LEN + 1]; /* ETag without its quotes, "": none */
    bool replayed;           /* a kept answer (idempotency.h) */
    const char *attachment;  /* a file name: offered as a download. NULL: none */
    bool close;              /* end the connection after it */
    struct buf body;
};

enum problem {
#define P(name, status, slug, title) P_##name,
#include "control/problem.def"
#undef P
    P_COUNT
};

enum method method_parse(const char *name);
const char *method_name(enum method m);
/* Index of a header by its name in any case, or HEADERS. */
enum header header_find(struct str name);
/* Is it an RFC 9110 token? */
bool http_is_token(struct str s);

void reply_init(struct reply *r);
void reply_fini(struct reply *r);
/* Forgets a body begun so far. `fmt` is the detail; `field` may be NULL. */
void reply_problem(struct reply *r, enum problem p, const char *field, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

#endif
