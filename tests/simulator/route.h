/* Which endpoint a request is for. Everything but chat completions is answered on the spot. */
#ifndef DOTEB_SIM_ROUTE_H
#define DOTEB_SIM_ROUTE_H

#include "tests/simulator/answer.h"

/* True: `a` was started. False: a whole answer was put into `out`. */
bool route_request(struct sim *sim, const struct http_request *r, const char *run, struct answer *a,
                   struct buf *out);
/* The answer to what http_feed refused. */
void route_refuse(struct sim *sim, enum http_result why, struct buf *out);

#endif
