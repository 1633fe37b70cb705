/* The head of a request, as it is sent to where its URL leads. Pure. Only for this folder.
 */
#ifndef DOTEB_XFER_TARGET_H
#define DOTEB_XFER_TARGET_H

#include "common/buf.h"
#include "gateway/wire/url.h"
#include "gateway/xfer/xfer.h"

/* Appends the head of `q`, whose URL is `to`. A line without value takes its header out, as with
 * libcurl. False if it does not fit or a line holds a line end. */
MUST_USE bool target_write_head(const struct url *to, const struct xfer_request *q,
                                struct buf *out);

#endif
