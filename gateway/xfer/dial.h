/* Connecting over libcurl: names, TCP, TLS. A connection that stands is ours: of plain HTTP we keep
 * the socket and curl knows nothing of it any more; of TLS curl keeps the session, and bytes go
 * through it. Only for this folder; one worker's thread.
 */
#ifndef DOTEB_XFER_DIAL_H
#define DOTEB_XFER_DIAL_H

#include "gateway/xfer/xfer.h"

struct dialer;
struct dial;

/* How it ended. */
struct dialled {
    enum err err;
    const char *detail; /* static; "" if nothing */
    int fd;             /* -1 after an error. Plain: the caller's to close. TLS: curl's */
    struct dial *tls;   /* NULL: plain. The caller's, for dial_hang_up */
};

/* Not called from inside dial_start. */
typedef void dial_fn(void *arg, const struct dialled *d);

/* Returns owned; borrows what the options name. */
struct dialer *dialer_new(const struct xfer_options *o);
/* Every dial must have ended. Accepts NULL. */
void dialer_free(struct dialer *d);

/* Connects to `origin` ("https://host:port", copied), with the guard of `q` and once if it says so.
 */
struct dial *dial_start(struct dialer *d, const char *origin, const struct xfer_request *q,
                        dial_fn *fn, void *arg);
/* While it has not called back. */
void dial_cancel(struct dial *d);

/* Bytes over TLS: how many; 0: none now (send), the end (receive); -1: none now (receive), an error
 * (send); -2: an error (receive). */
ptrdiff_t dial_send(struct dial *d, struct str bytes);
ptrdiff_t dial_receive(struct dial *d, char *out, size_t max);
/* Ends the TLS connection; its socket is closed. */
void dial_hang_up(struct dial *d);

#endif
