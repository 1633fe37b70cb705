/* Streams of the golden cases as frames: server-sent events as they are, AWS's binary frames as
 * lines "type payload" ("!type payload" for exceptions) that a person can read. */
#ifndef DOTEB_GOLDEN_FRAMES_H
#define DOTEB_GOLDEN_FRAMES_H

#include "common/arena.h"
#include "gateway/dialect/dialect.h"

struct golden_frames {
    struct framing framing;
};

void golden_frames_init(struct golden_frames *g, bool aws);
void golden_frames_fini(struct golden_frames *g);
void golden_frames_feed(struct golden_frames *g, struct str bytes);
bool golden_frames_next(struct golden_frames *g, struct frame *out);
/* Lines to binary frames, and back. Arena. */
struct str golden_frames_bytes(struct str lines, struct arena *a);
struct str golden_frames_text(struct str bytes, struct arena *a);

#endif
