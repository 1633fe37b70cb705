/* Where a request goes, read from its URL, and the head that is sent there. Pure. Only for this
 * folder.
 */
#ifndef DOTEB_XFER_TARGET_H
#define DOTEB_XFER_TARGET_H

#include "common/buf.h"
#include "gateway/xfer/xfer.h"

enum { XFER_ORIGIN_MAX = 300 };

/* All borrowed from the URL. */
struct xfer_target {
    struct str origin; /* "https://host:port" */
    struct str host;   /* of the Host header: without a port that is the scheme's own */
    struct str path;   /* with the query; "" means "/" */
};

/* False if it is no http or https URL that can be sent as it is: a user, spaces, control bytes. */
MUST_USE bool target_parse(struct str url, struct xfer_target *out);
/* Appends the head of a POST. A line without value takes its header out, as with libcurl. False if
 * it does not fit or a line holds a line end. */
MUST_USE bool target_write_head(const struct xfer_target *t, const struct xfer_header *headers,
                                size_t body_len, struct buf *out);

#endif
