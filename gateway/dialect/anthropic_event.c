/* Reads the Messages API's stream events. The state remembers which blocks are no calls, since the
 * pieces of a server tool's input look like those of a call's. Pure. */
#include "gateway/dialect/anthropic_priv.h"
#include "gateway/dialect/arguments.h"

enum { BLOCKS_MAX = 256, INPUT_MAX = 1 << 20 };

struct event {
    struct str type;
    int64_t index;
    struct str message, block, delta, usage, error; /* raw objects */
};

static bool read_fields(struct reader *r, struct event *ev)
{
    struct str key;
    if (!rd_object(r, "event"))
        return false;
    while (rd_key(r, &key)) {
        struct str *to = rd_is(key, "message")         ? &ev->message
                         : rd_is(key, "content_block") ? &ev->block
                         : rd_is(key, "delta")         ? &ev->delta
                         : rd_is(key, "usage")         ? &ev->usage
                         : rd_is(key, "error")         ? &ev->error
                                                       : NULL;
        if (to)
            (void)rd_raw(r, to);
        else if (rd_is(key, "type") && rd_peek(r) == JSON_STRING)
            (void)rd_string(r, "type", &ev->type);
        else if (rd_is(key, "index") && rd_peek(r) == JSON_NUMBER)
            (void)rd_i64(r, "index", &ev->index);
        else
            rd_skip(r);
    }
    return rd_done(r);
}

static void mark_other(struct anthropic_reader *s, int64_t index, bool other)
{
    if (index < 0 || index >= BLOCKS_MAX)
        return;
    uint64_t bit = UINT64_C(1) << (index % 64);
    s->other[index / 64] = other ? s->other[index / 64] | bit : s->other[index / 64] & ~bit;
}

static bool is_other(const struct anthropic_reader *s, int64_t index)
{
    return index >= 0 && index < BLOCKS_MAX && (s->other[index / 64] >> (index % 64) & 1);
}

/* ------------------------------------------------------------------ blocks held back */

static void hold(struct anthropic_reader *s, struct str raw, struct arena *keep)
{
    if (raw.len > s->room_cap) {
        s->room_cap = raw.len * 2;
        s->room = arena_alloc(keep, s->room_cap);
    }
    memcpy(s->room, raw.p, raw.len);
    s->held = str_make(s->room, raw.len);
    s->input_len = 0;
}

static void hold_piece(struct anthropic_reader *s, struct str piece, struct arena *keep)
{
    size_t need = s->input_len + piece.len;
    if (!s->held.p || piece.len == 0 || need > INPUT_MAX)
        return;
    if (need > s->input_cap) {
        char *more = arena_alloc(keep, need * 2);
        if (s->input_len)
            memcpy(more, s->input, s->input_len);
        s->input = more;
        s->input_cap = need * 2;
    }
    memcpy(s->input + s->input_len, piece.p, piece.len);
    s->input_len = need;
}

/* The block with the input in its place. */
static struct str with_input(const struct anthropic_reader *s, struct str was, struct arena *a)
{
    struct ir_json json = {.raw = str_make(s->input, s->input_len), .quoted = true};
    struct str raw = s->held;
    struct reader check;
    struct buf b;
    buf_init(&b, raw.len + INPUT_MAX);
    buf_add(&b, raw.p, (size_t)(was.p - raw.p));
    size_t begin = b.len;
    (void)args_add_json(json, &b);
    rd_init(&check, str_make(b.p + begin, b.len - begin), a, NULL);
    rd_skip(&check);
    bool good = rd_done(&check);
    buf_add(&b, was.p + was.len, (size_t)(raw.p + raw.len - was.p) - was.len);
    if (good && !b.failed)
        raw = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return raw;
}

/* Says the block that is held back, if one is. */
static void release(struct anthropic_reader *s, struct arena *a, struct ir_events *out)
{
    struct reader r;
    struct anthropic_block b;
    if (!s->held.p)
        return;
    s->held = arena_str(a, s->held); /* another may take its place before the events are written */
    rd_init(&r, s->held, a, NULL);
    if (anthropic_read_block(&r, &b)) {
        if (s->input_len > 0 && b.input.p)
            b.raw = with_input(s, b.input, a);
        anthropic_block_events(&b, 0, a, out);
    }
    s->held = STR_NULL;
}

static void block_start(struct anthropic_reader *s, const struct event *ev, struct arena *keep,
                        struct arena *a, struct ir_events *out)
{
    struct reader r;
    struct anthropic_block b;
    release(s, a, out);
    rd_init(&r, ev->block, a, NULL);
    if (!ev->block.p || !anthropic_read_block(&r, &b))
        return;
    mark_other(s, ev->index, b.type == ANTHROPIC_OTHER);
    if (b.type == ANTHROPIC_OTHER && b.input.p && !s->scanning)
        hold(s, b.raw, keep);
    else
        anthropic_block_events(&b, (uint32_t)ev->index, a, out);
}

struct piece {
    struct str type, text, thinking, signature, json, citation, stop_reason, stop_sequence;
};

static void read_piece(struct reader *r, struct piece *p)
{
    struct str key;
    *p = (struct piece){.type = STR("")};
    if (!rd_object(r, "delta"))
        return;
    while (rd_key(r, &key)) {
        bool text = rd_peek(r) == JSON_STRING;
        struct str *to = rd_is(key, "text")            ? &p->text
                         : rd_is(key, "thinking")      ? &p->thinking
                         : rd_is(key, "signature")     ? &p->signature
                         : rd_is(key, "partial_json")  ? &p->json
                         : rd_is(key, "stop_sequence") ? &p->stop_sequence
                                                       : NULL;
        if (to && text)
            (void)rd_text(r, "delta", to);
        else if (rd_is(key, "type") && text)
            (void)rd_string(r, "delta.type", &p->type);
        else if (rd_is(key, "stop_reason") && text)
            (void)rd_string(r, "delta.stop_reason", &p->stop_reason);
        else if (rd_is(key, "citation"))
            (void)rd_raw(r, &p->citation);
        else
            rd_skip(r);
    }
}

static void block_delta(struct anthropic_reader *s, const struct event *ev, struct arena *keep,
                        struct arena *a, struct ir_events *out)
{
    struct reader r;
    struct piece p;
    if (!ev->delta.p)
        return;
    rd_init(&r, ev->delta, a, NULL);
    read_piece(&r, &p);
    struct anthropic_block b = {.type = ANTHROPIC_OTHER};
    if (rd_is(p.type, "text_delta")) {
        b = (struct anthropic_block){.type = ANTHROPIC_TEXT, .text = p.text};
    } else if (rd_is(p.type, "thinking_delta")) {
        b = (struct anthropic_block){.type = ANTHROPIC_THINKING, .thinking = p.thinking};
    } else if (rd_is(p.type, "signature_delta")) {
        b = (struct anthropic_block){.type = ANTHROPIC_THINKING, .signature = p.signature};
    } else if (rd_is(p.type, "citations_delta") && p.citation.p) {
        const char *list = arena_printf(a, "[" STR_FMT "]", STR_ARG(p.citation));
        b = (struct anthropic_block){.type = ANTHROPIC_TEXT, .citations = str_of(list)};
    } else if (rd_is(p.type, "input_json_delta") && is_other(s, ev->index)) {
        hold_piece(s, p.json, keep);
        return;
    } else if (rd_is(p.type, "input_json_delta")) {
        struct ir_event *e = ir_event_add(out, a, IR_DELTA);
        e->block = IR_TOOL_CALL;
        e->index = (uint32_t)ev->index;
        e->json = (struct ir_json){.raw = p.json, .quoted = true};
        return;
    } else {
        return; /* an unknown kind */
    }
    anthropic_block_events(&b, (uint32_t)ev->index, a, out);
}

static void message_delta(const struct event *ev, struct arena *a, struct ir_events *out)
{
    struct reader r;
    struct piece p = {.type = STR("")};
    struct usage usage;
    struct str tier = STR_NULL;
    if (ev->delta.p) {
        rd_init(&r, ev->delta, a, NULL);
        read_piece(&r, &p);
    }
    if (p.stop_reason.len) {
        struct ir_event *stop = ir_event_add(out, a, IR_STOP);
        stop->finish = anthropic_finish(p.stop_reason);
        stop->finish_word = p.stop_reason;
        stop->stop_sequence = p.stop_sequence;
    }
    if (!ev->usage.p)
        return;
    rd_init(&r, ev->usage, a, NULL);
    if (anthropic_read_usage(&r, &usage, &tier)) {
        struct ir_event *u = ir_event_add(out, a, IR_USAGE);
        u->usage = usage;
        u->service_tier = tier;
    }
}

static bool error_event(const struct event *ev, struct arena *a, struct ir_events *out)
{
    struct reader r;
    struct ir_event *e = ir_event_add(out, a, IR_ERROR);
    if (!ev->error.p)
        return true;
    rd_init(&r, ev->error, a, NULL);
    return anthropic_read_error(&r, e);
}

bool anthropic_read_event(void *state, const struct frame *f, struct str id_seed,
                          struct arena *keep, struct arena *a, struct ir_events *out)
{
    struct reader r;
    struct event ev = {.type = STR(""), .index = 0};
    struct anthropic_reader *s = state;
    (void)id_seed;
    if (str_trim(f->data).len == 0)
        return true;
    rd_init(&r, f->data, a, NULL);
    if (!read_fields(&r, &ev))
        return false;
    struct str type = ev.type.len ? ev.type : f->type;
    if (rd_is(type, "message_start") && ev.message.p)
        return anthropic_read_answer(ev.message, id_seed, a, out);
    if (rd_is(type, "content_block_start"))
        block_start(s, &ev, keep, a, out);
    else if (rd_is(type, "content_block_delta"))
        block_delta(s, &ev, keep, a, out);
    else if (rd_is(type, "content_block_stop"))
        release(s, a, out);
    else if (rd_is(type, "message_delta"))
        message_delta(&ev, a, out);
    else if (rd_is(type, "message_stop"))
        (void)ir_event_add(out, a, IR_END);
    else if (rd_is(type, "error") || ev.error.p)
        return error_event(&ev, a, out);
    return true; /* ping, and kinds of a later day */
}

/* ------------------------------------------------------------------ facts for the passed way */

/* Where something may be spliced in: before the object's end. */
static void note_end(struct str text, struct dialect_answer *out)
{
    size_t n = text.len;
    while (n > 0 && text.p[n - 1] != '}')
        n--;
    out->object_end = n > 0 ? n - 1 : 0;
    out->members = 1; /* each has a type */
}

bool anthropic_scan_answer(struct str body, struct arena *a, struct dialect_answer *out)
{
    struct ir_events ev = {0};
    *out = (struct dialect_answer){0};
    usage_clear(&out->usage);
    if (!anthropic_read_answer(body, STR(""), a, &ev))
        return false;
    if (!dialect_note_events(&ev, a, out))
        return false;
    note_end(body, out);
    return true;
}

bool anthropic_scan_event(const struct frame *f, struct arena *a, struct dialect_answer *out)
{
    struct ir_events ev = {0};
    struct anthropic_reader state = {.scanning = true};
    *out = (struct dialect_answer){0};
    usage_clear(&out->usage);
    if (str_trim(f->data).len == 0) {
        out->is_empty = true;
        return true;
    }
    if (!anthropic_read_event(&state, f, STR(""), a, a, &ev))
        return false;
    if (!dialect_note_events(&ev, a, out))
        return false;
    out->is_last = out->is_done; /* message_stop goes on as it came */
    out->is_done = false;
    note_end(f->data, out);
    return true;
}
