/* The one way in which control fetches something from outside (ARCHITECTURE A9.5): a blocking
 * transfer without redirects, proxies or cookies, over verified TLS or plain HTTP, with a deadline
 * and a cap. The address that a name resolves to is judged when it is connected to. Job threads and
 * the command line, never the loop's thread: routes that call this are ROUTE_OUTSIDE.
 */
#ifndef DOTEB_CONTROL_GUARDED_FETCH_H
#define DOTEB_CONTROL_GUARDED_FETCH_H

#include "common/buf.h"
#include "common/guard.h"

enum { FETCH_HEADERS_MAX = 16, FETCH_CONNECT_MS = 5 * 1000, FETCH_TOTAL_MS = 10 * 1000 };

/* All borrowed. */
struct fetch_request {
    const char *method;         /* NULL: GET */
    const char *url;            /* http or https */
    const char *const *headers; /* "name: value" */
    size_t n_headers;
    struct str body;           /* NULL p: none */
    const struct guard *guard; /* NULL: the operator's own URL, any address will do */
    const char *ca_file;       /* NULL or "": the system's authorities */
    int64_t connect_ms;        /* name, TCP and TLS together; 0: FETCH_CONNECT_MS */
    int64_t total_ms;          /* 0: FETCH_TOTAL_MS */
};

enum fetch_error {
    FETCH_OK,      /* there is an answer, whatever its status */
    FETCH_URL,     /* it is no http or https URL */
    FETCH_NAME,    /* the host's name does not resolve */
    FETCH_REFUSED, /* the guard does not permit the address */
    FETCH_CONNECT, /* nobody listens there, or it cannot be reached */
    FETCH_TLS,     /* TLS fails, or its certificate is not valid */
    FETCH_TIMEOUT,
    FETCH_BROKEN, /* the connection ended early, or what came is no HTTP */
};

struct fetch_answer {
    enum fetch_error err;
    int status; /* FETCH_OK only */
    bool cut;   /* the body was longer than `body` may be: its begin is there */
};

/* Once, before there are threads. */
void guarded_fetch_init(void);
/* Fetches; the answer's body is appended to `body`, up to its cap. */
MUST_USE struct fetch_answer guarded_fetch(const struct fetch_request *q, struct buf *body);
/* What went wrong, for people: "its host's name cannot be resolved"; static, holds nothing of the
 * request. */
const char *fetch_error_words(enum fetch_error e);

#endif
