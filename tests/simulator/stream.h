/* The events of a streamed answer, one at a time: role, pieces or tool calls, finish, usage,
 * [DONE]. Makes bytes only; when they go out is answer.c's business.
 */
#ifndef DOTEB_SIM_STREAM_H
#define DOTEB_SIM_STREAM_H

#include "common/buf.h"
#include "tests/simulator/render.h"

enum stream_event {
    STREAM_ROLE,
    STREAM_PIECE,
    STREAM_CALL_OPEN,
    STREAM_CALL_ARGS,
    STREAM_FINISH,
    STREAM_USAGE,
    STREAM_DONE,
    STREAM_END
};

struct stream {
    enum stream_event event; /* the one that comes next, of choice number `choice` */
    uint32_t choice;
    struct buf open, delta; /* the chunks' common beginning; scratch */
    struct cursor cursor;
    struct str piece;
    uint32_t call;
    size_t args_from, args_to;
};

void stream_init(struct stream *s);
void stream_fini(struct stream *s);
void stream_start(struct stream *s, const struct reply *r);
/* Appends the next event, framed as SSE; false when there is none left. */
bool stream_next(struct stream *s, const struct reply *r, const struct chat_request *c,
                 const struct script *script, struct buf *out);
/* Appends `data: <json>` and the line ends the script asks for. */
void stream_frame(struct buf *out, struct str json, const struct script *script);

#endif
