/* Where the rendering of a streamed answer stands, and the events of OpenAI's chat: role, thoughts,
 * pieces or tool calls, finish, usage, [DONE]. Makes bytes only; when they go out is answer.c's
 * business. Other protocols' events are in their own files, over the same struct.
 */
#ifndef DOTEB_SIM_STREAM_H
#define DOTEB_SIM_STREAM_H

#include "common/buf.h"
#include "tests/simulator/render.h"

struct stream {
    unsigned state; /* the event that comes next, as the protocol counts; 0 at the start */
    bool ended;     /* nothing comes next */
    uint32_t choice, call;
    uint32_t block, sequence; /* content blocks and events so far, where the protocol counts them */
    struct buf open, delta;   /* what many events share; scratch */
    struct buf frame; /* a whole event of an empty piece, if pieces differ in nothing else */
    size_t frame_at;  /* where the piece goes in it */
    struct cursor cursor, thought;
    struct str piece;
    size_t args_from, args_to;
};

void stream_init(struct stream *s);
void stream_fini(struct stream *s);
void stream_start(struct stream *s);
/* Appends the next event, framed as SSE. */
void stream_next(struct stream *s, const struct reply *r, const struct chat_request *c,
                 const struct script *script, struct buf *out);
/* Appends the beginning of an SSE event up to its data; `event` NULL: no such line. */
void stream_open(struct buf *out, const char *event, const struct script *script);
/* Ends it. */
void stream_close(struct buf *out, const struct script *script);
/* Moves args_from/args_to to the next fragment of the present call's arguments; false at their
 * end, and ready for the next call's. */
MUST_USE bool stream_fragment(struct stream *s, const struct reply *r, const struct script *script);
/* Appends `data: <json>` and the line ends the script asks for. */
void stream_frame(struct buf *out, struct str json, const struct script *script);

#endif
