/* Dispatches to the framings. Pure; the worker's thread. */
#include "gateway/wire/framing.h"

static const struct {
    struct str word, media;
} framings[] = {
    [FRAMING_SSE] = {{"sse", 3}, {"text/event-stream", 17}},
    [FRAMING_AWS] = {{"aws-event-stream", 16}, {"application/vnd.amazon.eventstream", 34}},
};

bool framing_find(struct str word, enum framing_kind *out)
{
    for (size_t i = 0; i < ARRAY_LEN(framings); i++) {
        if (!str_eq(word, framings[i].word))
            continue;
        *out = (enum framing_kind)i;
        return true;
    }
    return false;
}

struct str framing_media(enum framing_kind kind)
{
    ASSERT((size_t)kind < ARRAY_LEN(framings));
    return framings[kind].media;
}

void framing_init(struct framing *f, enum framing_kind kind, size_t max_frame_bytes)
{
    f->kind = kind;
    f->open = true;
    if (kind == FRAMING_AWS)
        awsevent_init(&f->awsevent, max_frame_bytes);
    else
        sse_init(&f->sse, max_frame_bytes);
}

void framing_fini(struct framing *f)
{
    if (!f->open)
        return;
    f->open = false;
    if (f->kind == FRAMING_AWS)
        awsevent_fini(&f->awsevent);
    else
        sse_fini(&f->sse);
}

bool framing_feed(struct framing *f, struct str bytes)
{
    ASSERT(f->open);
    return f->kind == FRAMING_AWS ? awsevent_feed(&f->awsevent, bytes) : sse_feed(&f->sse, bytes);
}

static bool next_binary(struct framing *f, struct frame *out)
{
    struct awsevent_frame ev;
    if (!awsevent_next(&f->awsevent, &ev))
        return false;
    *out = (struct frame){
        .type = ev.type, .data = ev.payload, .raw = ev.raw, .exception = ev.exception};
    return true;
}

static bool next_sse(struct framing *f, struct frame *out)
{
    struct sse_event ev;
    if (!sse_next(&f->sse, &ev))
        return false;
    *out = (struct frame){.type = ev.type, .data = ev.data};
    return true;
}

bool framing_next(struct framing *f, struct frame *out)
{
    ASSERT(f->open);
    return f->kind == FRAMING_AWS ? next_binary(f, out) : next_sse(f, out);
}

bool framing_partial(const struct framing *f)
{
    if (!f->open)
        return false;
    return f->kind == FRAMING_AWS ? awsevent_partial(&f->awsevent) : sse_partial(&f->sse);
}

bool framing_failed(const struct framing *f)
{
    if (!f->open)
        return false;
    return f->kind == FRAMING_AWS ? awsevent_failed(&f->awsevent) : sse_failed(&f->sse);
}

bool framing_end(struct framing *f)
{
    return f->kind == FRAMING_SSE && framing_partial(f) && sse_feed(&f->sse, STR("\n\n"));
}
