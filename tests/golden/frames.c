/* Frames of the golden cases. Single-threaded. */
#include "tests/golden/frames.h"

enum { FRAME_MAX = 1 << 20 };

void golden_frames_init(struct golden_frames *g, bool aws)
{
    framing_init(&g->framing, aws ? FRAMING_AWS : FRAMING_SSE, FRAME_MAX);
}

void golden_frames_fini(struct golden_frames *g)
{
    framing_fini(&g->framing);
}

void golden_frames_feed(struct golden_frames *g, struct str bytes)
{
    ASSERT(framing_feed(&g->framing, bytes));
}

bool golden_frames_next(struct golden_frames *g, struct frame *out)
{
    return framing_next(&g->framing, out);
}

/* The binary form comes with wire/awsevent. */
struct str golden_frames_bytes(struct str lines, struct arena *a)
{
    (void)a;
    return lines;
}

struct str golden_frames_text(struct str bytes, struct arena *a)
{
    (void)a;
    return bytes;
}
