/* Reads ConverseStream frames into loose events. Pure but for the arena. */
#include "gateway/dialect/bedrock_priv.h"

struct event {
    struct reader r;
    struct bedrock_stream *s;
    struct str id_seed;
    struct arena *keep;
    struct ir_events *out;
    uint32_t index;   /* contentBlockIndex */
    size_t first;     /* event of this frame */
    bool of_block;    /* the frame belongs to a block */
    bool server_side; /* the block is a call that Bedrock itself runs */
};

static struct ir_event *delta(struct event *e, enum ir_kind block)
{
    struct ir_event *d = ir_event_add(e->out, e->r.a, IR_DELTA);
    d->block = block;
    return d;
}

/* ------------------------------------------------------------------ contentBlockStart */

static void start_tool_use(struct event *e)
{
    struct str key;
    if (!rd_object(&e->r, "toolUse"))
        return;
    struct ir_event *d = delta(e, IR_TOOL_CALL);
    while (rd_key(&e->r, &key)) {
        if (rd_is(key, "toolUseId"))
            (void)rd_text(&e->r, "toolUseId", &d->id);
        else if (rd_is(key, "name"))
            (void)rd_text(&e->r, "name", &d->name);
        else {
            e->server_side |= rd_is(key, "type");
            rd_skip(&e->r);
        }
    }
}

static void start_image(struct event *e)
{
    struct str key, format;
    if (!rd_object(&e->r, "image"))
        return;
    while (rd_key(&e->r, &key)) {
        if (!rd_is(key, "format"))
            rd_skip(&e->r);
        else if (rd_string(&e->r, "format", &format))
            e->s->image_type = bedrock_media_type(IR_IMAGE, format);
    }
}

static void read_start(struct event *e)
{
    struct str key;
    if (!rd_object(&e->r, "start"))
        return;
    while (rd_key(&e->r, &key)) {
        if (rd_is(key, "toolUse"))
            start_tool_use(e);
        else if (rd_is(key, "image"))
            start_image(e);
        else
            rd_skip(&e->r);
    }
}

/* ------------------------------------------------------------------ contentBlockDelta */

static void delta_reasoning(struct event *e)
{
    struct str key, text;
    if (!rd_object(&e->r, "reasoningContent"))
        return;
    while (rd_key(&e->r, &key)) {
        bool redacted = rd_is(key, "redactedContent"), signature = rd_is(key, "signature");
        if (!redacted && !signature && !rd_is(key, "text")) {
            rd_skip(&e->r);
            continue;
        }
        if (!rd_text(&e->r, "reasoningContent", &text) || text.len == 0)
            continue;
        struct ir_event *d = delta(e, redacted ? IR_REDACTED : IR_THINKING);
        if (redacted || signature)
            d->signature = (struct ir_signature){.origin = IR_ORIGIN_ANTHROPIC, .data = text};
        else
            d->text = text;
    }
}

static void delta_tool_use(struct event *e)
{
    struct str key;
    if (!rd_object(&e->r, "toolUse"))
        return;
    while (rd_key(&e->r, &key)) {
        struct str input;
        if (!rd_is(key, "input")) {
            rd_skip(&e->r);
        } else if (rd_text(&e->r, "input", &input)) {
            struct ir_event *d = delta(e, IR_TOOL_CALL);
            d->json = (struct ir_json){.raw = input, .quoted = true};
        }
    }
}

static void read_image_source(struct event *e)
{
    struct str key, bytes;
    if (!rd_object(&e->r, "source"))
        return;
    while (rd_key(&e->r, &key)) {
        if (!rd_is(key, "bytes")) {
            rd_skip(&e->r);
        } else if (rd_text(&e->r, "bytes", &bytes)) {
            struct ir_event *d = delta(e, IR_IMAGE);
            d->media = (struct ir_media){.at = IR_MEDIA_BASE64,
                                         .type = e->s->image_type.p ? e->s->image_type : STR(""),
                                         .data = bytes};
        }
    }
}

static void delta_image(struct event *e)
{
    struct str key;
    if (!rd_object(&e->r, "image"))
        return;
    while (rd_key(&e->r, &key)) {
        if (rd_is(key, "source"))
            read_image_source(e);
        else
            rd_skip(&e->r);
    }
}

static void read_delta(struct event *e)
{
    struct str key, text;
    if (!rd_object(&e->r, "delta"))
        return;
    while (rd_key(&e->r, &key)) {
        if (rd_is(key, "text")) {
            if (rd_text(&e->r, "text", &text))
                delta(e, IR_TEXT)->text = text;
        } else if (rd_is(key, "reasoningContent")) {
            delta_reasoning(e);
        } else if (rd_is(key, "toolUse")) {
            delta_tool_use(e);
        } else if (rd_is(key, "citation")) {
            bedrock_read_citation(&e->r, delta(e, IR_TEXT));
        } else if (rd_is(key, "image")) {
            delta_image(e);
        } else {
            rd_skip(&e->r);
        }
    }
}

/* ------------------------------------------------------------------ frames */

static bool is_server_block(const struct event *e)
{
    return e->index < 64 && e->s->server_blocks >> e->index & 1;
}

/* The index may stand behind the delta it belongs to: calls get their number at the end. */
static void number_calls(struct event *e)
{
    if (e->server_side && e->index < 64)
        e->s->server_blocks |= UINT64_C(1) << e->index;
    if (e->of_block && (e->server_side || is_server_block(e))) {
        e->out->n = e->first;
        return;
    }
    for (size_t i = e->first; i < e->out->n; i++) {
        struct ir_event *d = &e->out->v[i];
        if (d->block != IR_TOOL_CALL)
            continue;
        d->index = e->index;
        if (d->name.len > 0 && d->id.len == 0)
            d->id = str_of(arena_printf(e->r.a, "tooluse_" STR_FMT "_%u", STR_ARG(e->id_seed),
                                        (unsigned)e->index));
    }
}

static bool read_members(struct event *e, bool is_of_block)
{
    struct str key;
    int64_t index = 0;
    e->of_block = is_of_block;
    if (!rd_body(&e->r))
        return false;
    while (rd_key(&e->r, &key)) {
        if (rd_is(key, "contentBlockIndex"))
            (void)rd_i64(&e->r, "contentBlockIndex", &index);
        else if (rd_is(key, "start"))
            read_start(e);
        else if (rd_is(key, "delta"))
            read_delta(e);
        else if (!bedrock_read_shared(&e->r, key, e->out))
            rd_skip(&e->r);
    }
    e->index = index >= 0 && index <= INT32_MAX ? (uint32_t)index : 0;
    number_calls(e);
    return rd_done(&e->r);
}

static void add_error(const struct frame *f, struct arena *a, struct ir_events *out)
{
    struct reader r;
    struct str key, message = STR_NULL;
    int64_t original = 0;
    rd_init(&r, f->data, a, NULL);
    if (rd_body(&r))
        while (rd_key(&r, &key)) {
            if (rd_is(key, "message"))
                (void)rd_string(&r, "message", &message);
            else if (rd_is(key, "originalStatusCode"))
                (void)rd_i64(&r, "originalStatusCode", &original);
            else
                rd_skip(&r);
        }
    if (!message.p && f->raw.len > 0)
        message = awsevent_header(f->raw, STR(":error-message"));
    struct ir_event *e = ir_event_add(out, a, IR_ERROR);
    e->text = message.p ? message : f->type;
    e->status = bedrock_exception_status(f->type);
    if (e->status == 502 && original >= 500 && original <= 599)
        e->status = (int)original;
}

static bool is(const struct frame *f, const char *type)
{
    return str_eq(f->type, str_of(type));
}

bool bedrock_read_event(void *state, const struct frame *f, struct str id_seed, struct arena *keep,
                        struct arena *a, struct ir_events *out)
{
    struct event e = {.s = state, .id_seed = id_seed, .keep = keep, .out = out, .first = out->n};
    if (f->exception) {
        add_error(f, a, out);
        return true;
    }
    bool of_block = is(f, "contentBlockStart") || is(f, "contentBlockDelta");
    if (is(f, "messageStart"))
        (void)ir_event_add(out, a, IR_START);
    else if (!of_block && !is(f, "messageStop") && !is(f, "metadata"))
        return true; /* contentBlockStop, and what newer models say */
    e.first = out->n;
    rd_init(&e.r, f->data, a, NULL);
    if (!read_members(&e, of_block))
        return false;
    if (is(f, "metadata"))
        (void)ir_event_add(out, a, IR_END);
    return true;
}

bool bedrock_scan_event(const struct frame *f, struct arena *a, struct dialect_answer *out)
{
    struct bedrock_stream state = {.server_blocks = 0};
    struct ir_events events = {0};
    *out = (struct dialect_answer){0};
    usage_clear(&out->usage);
    if (!bedrock_read_event(&state, f, STR("x"), a, a, &events))
        return false;
    if (!dialect_note_events(&events, a, out))
        return false;
    out->is_done = false; /* the stream ends where its bytes do */
    out->only_usage = out->has_usage && !out->has_choices;
    return true;
}
