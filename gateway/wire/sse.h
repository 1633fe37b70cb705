/* Incremental parser of server-sent events: bytes in any cuts, events out (WHATWG HTML 9.2).
 *
 * Takes CR, LF and CRLF line ends, a BOM, comments, `data:` with and without space, several data
 * lines (joined by LF). Line and event size are capped. Pure; memory is one capped buffer.
 */
#ifndef DOTEB_WIRE_SSE_H
#define DOTEB_WIRE_SSE_H

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"

enum { SSE_EVENT_MAX_BYTES = 16 * 1024 * 1024 };

struct sse_event {
    struct str type; /* "" if none was given */
    struct str data; /* borrowed until the next feed or next */
    struct str id;
};

struct sse {
    uint32_t magic;
    struct buf raw; /* the event in hand: complete lines and the beginning of the next */
    struct buf data;
    struct buf type;
    struct buf id;
    size_t at; /* parsed up to here in raw */
    bool bom_checked, skip_lf, has_data, failed;
};

void sse_init(struct sse *s, size_t max_event_bytes);
void sse_fini(struct sse *s);
/* Adds bytes; false (and from then on) when an event passes the cap. */
MUST_USE bool sse_feed(struct sse *s, struct str bytes);
/* The next complete event, false when more bytes are needed. */
MUST_USE bool sse_next(struct sse *s, struct sse_event *out);
/* True if bytes of an unfinished event are waiting (the stream was cut inside one). */
bool sse_partial(const struct sse *s);

#endif
