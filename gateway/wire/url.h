/* http and https URLs: taken apart, and made fit to be sent. Pure; never resolves names.
 */
#ifndef DOTEB_WIRE_URL_H
#define DOTEB_WIRE_URL_H

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"

enum { URL_ORIGIN_MAX = 300 };

/* All borrowed from the URL. */
struct url {
    struct str origin; /* "https://host:port" */
    struct str host;   /* of the Host header: without a port that is the scheme's own */
    struct str target; /* path and query, without a fragment; "" means "/" */
};

/* False if it is no http or https URL that can be sent as it is: a user, spaces, control bytes. */
MUST_USE bool url_parse(struct str text, struct url *out);

enum url_fault {
    URL_FINE,
    URL_NO_HTTP, /* another scheme, or none */
    URL_USER,    /* a user's name or password stands in it */
    URL_HOST,    /* none, or of letters that no name or address has; international ones must be
                    written in ASCII ("xn--") */
    URL_BYTES,   /* control characters, or longer than the buffer's cap */
};
/* Appends a URL as people write it, so that url_parse takes it: the scheme in small letters, spaces
 * and what is no ASCII percent-encoded behind the host, no fragment. */
MUST_USE enum url_fault url_tidy(struct str text, struct buf *out);

#endif
