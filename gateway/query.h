/* The small questions: GET /v1/models, /v1/models/{id}, /v1/key. Answered from the snapshot. */
#ifndef DOTEB_GATEWAY_QUERY_H
#define DOTEB_GATEWAY_QUERY_H

#include "gateway/request.h"

/* Fills r->out for r->in.endpoint; the key was judged. */
void query_answer(struct req *r);

#endif
