/* The answer of a request that failed before anything was sent. */
#ifndef DOTEB_GATEWAY_REQUEST_ERROR_H
#define DOTEB_GATEWAY_REQUEST_ERROR_H

#include "gateway/request.h"

/* Fills r->out.tail, status and content type from r->fail, in the caller's dialect. */
void request_error_answer(struct req *r);
/* The dialect's words for r->fail, with the list of attempts; memory of the request. */
struct dialect_error request_error_words(struct req *r);
/* JSON array of the attempts made, for answers: [{"provider","model","status","error"}]. */
void request_write_attempts(const struct req *r, struct buf *out);

#endif
