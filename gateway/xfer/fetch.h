/* One POST and its answer, waited for. Never on a worker's thread: for the services that have
 * threads of their own. The rules of transfers hold here too (xfer.h): no redirects, no proxy from
 * the environment, certificates checked, deadlines, caps.
 */
#ifndef DOTEB_XFER_FETCH_H
#define DOTEB_XFER_FETCH_H

#include <stdatomic.h>

#include "common/buf.h"
#include "common/defs.h"
#include "common/err.h"
#include "common/guard.h"

struct fetch_request {
    const char *url;
    const char *content_type;
    struct str body;
    const char *ca_file;       /* NULL: the system's */
    int64_t connect_ms;        /* name, TCP and TLS together */
    int64_t total_ms;          /* everything */
    const struct guard *guard; /* NULL: the address is the operator's own, or a constant */
    const atomic_bool *stop;   /* NULL: none; set: the fetch gives up within a second */
};

/* What came. The body is whole or empty. */
struct fetch_answer {
    enum err err;       /* OK: a complete answer of whatever status */
    const char *detail; /* static text of what went wrong, "" if nothing */
    int status;         /* 0: none came */
};

/* Appends the answer's body to `body`, whose cap is the answer's; room for all of it is taken
 * before anything arrives, so that no part is left behind in the heap by growing. */
struct fetch_answer fetch_post(const struct fetch_request *q, struct buf *body);

#endif
