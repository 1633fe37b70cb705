/* Incremental parser of one HTTP/1.x answer (RFC 9112): bytes in any cuts; status, fields and body
 * out. Interim answers (1xx) are passed over; 101 is refused, nobody asked for it.
 *
 * Strict where two parsers could read differently: field names are tokens followed by a colon at
 * once, no folded lines, no NUL or bare CR in a line, one Content-Length, no transfer coding but
 * chunked, which outdoes a length and then ends the connection. Heads and trailers are capped.
 * Pure.
 */
#ifndef DOTEB_WIRE_HTTP1_H
#define DOTEB_WIRE_HTTP1_H

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"

enum {
    HTTP1_HEAD_MAX_BYTES = 128 * 1024,  /* of all heads of an answer, interim ones included */
    HTTP1_TRAILER_MAX_BYTES = 16 * 1024 /* of all lines around the chunks, each, and the trailers */
};

enum http1_rc {
    HTTP1_MORE, /* the answer goes on */
    HTTP1_DONE, /* it is complete; bytes may be left over */
    HTTP1_BAD,  /* it is no HTTP/1.x, or beyond a cap */
};

/* Called in this order: fields, head, body for pieces. Borrowed bytes. */
struct http1_sink {
    void (*field)(void *arg, struct str name, struct str value);
    void (*head)(void *arg, int status);
    void (*body)(void *arg, struct str bytes);
};

enum http1_state {
    HTTP1_HEAD,
    HTTP1_BY_LENGTH,
    HTTP1_BY_CLOSE,
    HTTP1_CHUNK_LINE,
    HTTP1_CHUNK_DATA,
    HTTP1_CHUNK_END,
    HTTP1_TRAILERS,
    HTTP1_COMPLETE,
    HTTP1_BROKEN,
};

struct http1 {
    enum http1_state state;
    int status;        /* 0: no final head yet */
    bool keep;         /* the connection may serve another request after this answer */
    int64_t left;      /* bytes of the body or the chunk */
    size_t head_total; /* bytes of the heads so far */
    size_t line_from;  /* in `held`: where the line in hand begins */
    size_t trailers;   /* bytes of the lines between the chunks' data */
    struct buf held;   /* a head or line that is not complete */
};

void http1_init(struct http1 *h);
void http1_fini(struct http1 *h);
/* Takes bytes; `*used` of them belong to this answer. */
enum http1_rc http1_feed(struct http1 *h, struct str bytes, const struct http1_sink *sink,
                         void *arg, size_t *used);
/* The connection ended: is the answer complete by that? */
bool http1_ended(const struct http1 *h);

#endif
