/* Frames of AWS event streams (application/vnd.amazon.eventstream): an incremental parser, bytes in
 * any cuts, frames out; and a writer straight into a capped buffer.
 *
 * A frame is: total length, headers' length and the CRC-32 of these eight bytes; headers (name,
 * type, value); payload; the CRC-32 of all before it. Numbers are big endian. A wrong sum, length
 * or header fails the stream: behind it no frame can be found again. Frame and headers are capped.
 * Pure; memory is one capped buffer.
 */
#ifndef DOTEB_WIRE_AWSEVENT_H
#define DOTEB_WIRE_AWSEVENT_H

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"

enum {
    AWSEVENT_LEAST_BYTES = 16,               /* a frame without headers and payload */
    AWSEVENT_HEADERS_MAX_BYTES = 128 * 1024, /* AWS's own bound */
};

struct awsevent_frame {
    struct str type;    /* :event-type, :exception-type or :error-code; "" none */
    struct str payload; /* all borrowed until the next feed or next */
    struct str raw;     /* the whole frame as it came */
    bool exception;     /* the :message-type is `exception` or `error` */
};

struct awsevent {
    uint32_t magic;
    size_t max_bytes;
    struct buf raw;    /* bytes not yet handed out */
    size_t at;         /* begin of the frame in hand, in raw */
    bool prelude_good; /* of the frame in hand */
    bool failed;
};

/* `max_frame_bytes` caps a whole frame. */
void awsevent_init(struct awsevent *s, size_t max_frame_bytes);
void awsevent_fini(struct awsevent *s);
/* Adds bytes (copied); frames not taken yet stay, the last one taken is borrowed no longer. False
 * after a failure, which awsevent_next finds: so look at awsevent_failed behind it. */
MUST_USE bool awsevent_feed(struct awsevent *s, struct str bytes);
/* The next complete frame, false when more bytes are needed or after a failure. */
MUST_USE bool awsevent_next(struct awsevent *s, struct awsevent_frame *out);
/* Are bytes of an unfinished frame waiting? */
bool awsevent_partial(const struct awsevent *s);
bool awsevent_failed(const struct awsevent *s);
/* A text header of a whole frame that awsevent_next gave (`raw`); .p NULL if there is none. */
struct str awsevent_header(struct str frame, struct str name);

/* Begins a frame of JSON: headers :event-type (or :exception-type), :content-type, :message-type.
 * The payload is appended to `out` next. Returns what awsevent_end wants. `type` <= 64 bytes. */
size_t awsevent_begin(struct buf *out, struct str type, bool exception);
/* Ends it: lengths and checksums. False if the buffer's cap was passed. */
bool awsevent_end(struct buf *out, size_t begin);

#endif
