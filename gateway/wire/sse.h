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
    size_t max_bytes;
    struct buf raw;  /* bytes not yet handed out; a one-line event lies here whole */
    struct buf data; /* an event of several data lines, joined */
    struct buf type;
    struct buf id;             /* stays for later events until another comes */
    size_t at;                 /* begin of the line in hand, in raw */
    size_t lf_from, cr_from;   /* no LF (CR) lies in raw between `at` and here */
    size_t one_begin, one_end; /* the first data line's value, in raw */
    unsigned data_lines;       /* of the event in hand: 0, 1, or 2 where they stand in `data` */
    bool bom_checked, skip_lf, failed;
    bool handed_out; /* the last event is borrowed still; forget it at the next call */
};

void sse_init(struct sse *s, size_t max_event_bytes);
void sse_fini(struct sse *s);
/* Adds bytes (copied); events not taken yet stay, the last one taken is borrowed no longer. False
 * once an event has passed the cap: sse_next finds that out, so look at sse_failed behind it. */
MUST_USE bool sse_feed(struct sse *s, struct str bytes);
/* The next complete event, false when more bytes are needed or after a failure. As browsers do, an
 * event without any data line is no event, and one without its blank line is not complete. */
MUST_USE bool sse_next(struct sse *s, struct sse_event *out);
/* True if bytes of an unfinished event are waiting (the stream was cut inside one). */
bool sse_partial(const struct sse *s);
/* Has a line or an event passed the cap? */
bool sse_failed(const struct sse *s);

#endif
