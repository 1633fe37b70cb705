/* Clients that sign their requests (Signature Version 4) with a signing key of their API key. The
 * head says who it claims to be; only the whole body proves it.
 */
#ifndef DOTEB_STEPS_CLIENT_SIGNATURE_H
#define DOTEB_STEPS_CLIENT_SIGNATURE_H

#include "gateway/request.h"

/* At the head: finds the signing key and judges its API key; sets r->who.claimed. False after
 * req_fail. */
MUST_USE bool client_signature_find(struct req *r);
/* With the whole body as it came: fills r->who. False after req_fail; the request has no row then,
 * since whoever knows an access key id could write rows otherwise. */
MUST_USE bool client_signature_prove(struct req *r);

#endif
