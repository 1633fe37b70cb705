/* Frames of the golden cases. Single-threaded. */
#include "tests/golden/frames.h"

enum { FRAME_MAX = 1 << 20, BYTES_MAX = 4 << 20 };

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

struct str golden_frames_bytes(struct str lines, struct arena *a)
{
    struct buf out;
    buf_init(&out, BYTES_MAX);
    while (lines.len > 0) {
        struct str payload = str_cut(&lines, '\n');
        bool exception = payload.len > 0 && payload.p[0] == '!';
        if (payload.len == 0)
            continue;
        struct str type = str_cut(&payload, ' ');
        if (exception)
            type = str_make(type.p + 1, type.len - 1);
        size_t begin = awsevent_begin(&out, type, exception);
        buf_add_str(&out, payload);
        ASSERT(awsevent_end(&out, begin));
    }
    struct str bytes = arena_str(a, buf_str(&out));
    buf_fini(&out);
    return bytes;
}

struct str golden_frames_text(struct str bytes, struct arena *a)
{
    struct golden_frames g;
    struct frame f;
    struct buf out;
    golden_frames_init(&g, true);
    buf_init(&out, BYTES_MAX);
    golden_frames_feed(&g, bytes);
    while (golden_frames_next(&g, &f)) {
        if (f.exception)
            buf_add_char(&out, '!');
        buf_add_str(&out, f.type);
        buf_add_char(&out, ' ');
        buf_add_str(&out, f.data);
        buf_add_char(&out, '\n');
    }
    ASSERT(!framing_failed(&g.framing) && !framing_partial(&g.framing));
    golden_frames_fini(&g);
    struct str text = arena_str(a, buf_str(&out));
    buf_fini(&out);
    return text;
}
