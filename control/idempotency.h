/* Creates that may be sent twice: `Idempotency-Key` on POSTs under /organisations. The same
 * caller's same request within 24 hours gets the first one's answer and changes nothing. The answer
 * is kept in the transaction of the change itself, sealed for the organisation it was made in.
 */
#ifndef DOTEB_CONTROL_IDEMPOTENCY_H
#define DOTEB_CONTROL_IDEMPOTENCY_H

#include "control/call.h"

/* At the begin of the change's transaction. True: go on. False: the reply is there, be it the kept
 * answer or a problem. */
MUST_USE bool idempotency_begin(struct call *c);
/* Keeps the answer, if the call came with a key. */
MUST_USE enum pg_err idempotency_keep(struct call *c);

#endif
