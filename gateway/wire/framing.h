/* How a stream's bytes are cut into frames, whatever the framing. Pure; memory is capped. */
#ifndef DOTEB_WIRE_FRAMING_H
#define DOTEB_WIRE_FRAMING_H

#include "common/defs.h"
#include "common/str.h"
#include "gateway/wire/awsevent.h"
#include "gateway/wire/sse.h"

enum framing_kind {
    FRAMING_SSE,
    FRAMING_AWS, /* aws-event-stream: binary frames with checksums */
};

/* One frame; borrowed until the next feed or next. */
struct frame {
    struct str type; /* SSE: `event:`; AWS: :event-type, :exception-type or :error-code; "" none */
    struct str data; /* the payload, JSON as a rule */
    struct str raw;  /* AWS: the frame's bytes as they came; SSE: empty */
    bool exception;  /* AWS: the :message-type is `exception` or `error` */
};

enum { FRAME_MAX_BYTES = SSE_EVENT_MAX_BYTES };

struct framing {
    enum framing_kind kind;
    bool open; /* between init and fini */
    union {
        struct sse sse;
        struct awsevent awsevent;
    };
};

/* By the word in providers.framing; false if this build does not know it. */
MUST_USE bool framing_find(struct str word, enum framing_kind *out);
/* The media type of a stream in this framing, without parameters. */
struct str framing_media(enum framing_kind kind);
void framing_init(struct framing *f, enum framing_kind kind, size_t max_frame_bytes);
/* May be called when it was never opened. */
void framing_fini(struct framing *f);
/* Adds bytes (copied). False once a frame has passed the cap or broken the format. */
MUST_USE bool framing_feed(struct framing *f, struct str bytes);
/* The next complete frame, false when more bytes are needed or after a failure. */
MUST_USE bool framing_next(struct framing *f, struct frame *out);
/* Are bytes of an unfinished frame waiting? */
bool framing_partial(const struct framing *f);
bool framing_failed(const struct framing *f);
/* The bytes are over: completes a last frame that lacks only its end mark (SSE without the blank
 * line; AWS's frames know their length). True if there may be one more frame. */
MUST_USE bool framing_end(struct framing *f);

#endif
