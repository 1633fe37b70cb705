/* How an attempt is authenticated: header lines for the provider's signer. */
#ifndef DOTEB_STEPS_SIGNATURE_H
#define DOTEB_STEPS_SIGNATURE_H

#include "gateway/request.h"

enum signature_result {
    SIGNATURE_OK,
    SIGNATURE_WAIT,   /* for a token: the request is woken when there is one */
    SIGNATURE_FAILED, /* `why` says how */
};

/* Adds the lines that the credential makes for r->tx (url, body, headers so far) to r->tx.headers.
 * They are wiped with the request. `*err` and `*why` (request's memory or static) are set if it
 * failed. */
enum signature_result signature_add(struct req *r, struct str credential, enum err *err,
                                    const char **why);
/* Hashes r->tx.pieces if the signer of the attempt will want it; to be called whenever the body has
 * changed, from any thread. */
void signature_hash(struct req *r);
/* Puts a line before those of r->tx.headers; borrowed. */
void signature_push(struct req *r, char *line);

#endif
