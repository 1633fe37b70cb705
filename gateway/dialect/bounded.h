/* Requests read within a bound of memory: a part takes a hundred times the two or three bytes that
 * can make one, and bodies of nothing else would take gigabytes. Pure; any thread.
 */
#ifndef DOTEB_DIALECT_BOUNDED_H
#define DOTEB_DIALECT_BOUNDED_H

#include "gateway/dialect/dialect.h"

enum {
    BOUNDED_LEAST_BYTES = 64 << 20, /* which any request may take of the arena */
    BOUNDED_TIMES = 4,              /* and what a large one may take, in lengths of its body */
};

/* d->scan_request and d->parse_request; E_BODY_TOO_LARGE, with words, for what takes more. */
MUST_USE enum err bounded_scan(const struct dialect *d, struct str body,
                               const struct dialect_call *call, struct arena *a,
                               struct dialect_request *out, struct dialect_refusal *why);
MUST_USE enum err bounded_parse(const struct dialect *d, struct str body,
                                const struct dialect_request *scan, struct arena *a,
                                struct ir_chat *out, struct dialect_refusal *why);

#endif
