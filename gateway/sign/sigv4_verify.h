/* Clients that sign their requests to us with Signature Version 4: reads their Authorization header
 * and judges it. Pure: who asks has the client's secret, the clock and the body's hash.
 */
#ifndef DOTEB_SIGN_SIGV4_VERIFY_H
#define DOTEB_SIGN_SIGV4_VERIFY_H

#include "gateway/sign/sigv4_memo.h"

enum { SIGV4_SKEW_S = 300 };

/* What an Authorization header claims; borrowed from it. */
struct sigv4_claim {
    struct str access_key_id;
    struct str day; /* 20150830 */
    struct sigv4_scope scope;
    struct str signed_names; /* lower-case, in order, each once; with semicolons */
    struct str signature;    /* 64 lower-case digits */
};

enum sigv4_verdict {
    SIGV4_GOOD,
    SIGV4_UNSIGNED, /* host or x-amz-date is not among the signed headers, or not given */
    SIGV4_STALE,    /* signed more than SIGV4_SKEW_S before or after now, or the days differ */
    SIGV4_BODY,     /* x-amz-content-sha256 is not this body's */
    SIGV4_WRONG,    /* another key, or another request */
};

/* Does an Authorization header speak of this scheme at all? */
bool sigv4_is_claim(struct str authorization);
/* False: it is not well-formed. */
MUST_USE bool sigv4_parse(struct str authorization, struct sigv4_claim *out);
/* `q` is the request as it came: all headers, the raw path, the hash of the whole body. Constant
 * time as to the signature. `memo` spares deriving the same key again; NULL: none. */
MUST_USE enum sigv4_verdict sigv4_verify(const struct sigv4_claim *claim,
                                         const struct sigv4_request *q, struct str secret,
                                         struct sigv4_memo *memo, int64_t wall_us);

#endif
