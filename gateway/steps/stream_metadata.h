/* What doteb adds to an answer: cost and `metadata`. */
#ifndef DOTEB_STEPS_STREAM_METADATA_H
#define DOTEB_STEPS_STREAM_METADATA_H

#include "gateway/request.h"

/* Fills `extra` from the request as it stands (after settle); memory of the request. */
void stream_metadata(struct req *r, struct dialect_extra *extra);

#endif
