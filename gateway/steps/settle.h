/* What a request has consumed and what it costs, from what is known when it is asked. */
#ifndef DOTEB_STEPS_SETTLE_H
#define DOTEB_STEPS_SETTLE_H

#include "gateway/request.h"

/* Fills r->out.answer.usage (estimated where the provider said nothing but something was forwarded)
 * and r->out.cost. May be called again when more is known. */
void settle(struct req *r);

#endif
