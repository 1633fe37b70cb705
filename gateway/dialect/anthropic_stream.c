/* Writes streams for clients of the Messages API: every event with its `event:` line, blocks
 * numbered without gaps, each opened and closed once. Pure. */
#include "gateway/dialect/anthropic_priv.h"
#include "gateway/dialect/arguments.h"
#include "gateway/dialect/signature.h"

struct stream {
    struct anthropic_writer *s;
    const struct dialect_writing *dw;
    struct json_write w;
    struct buf *out;
};

static void begin(struct stream *x, const char *type)
{
    buf_add_lit(x->out, "event: ");
    buf_add_str(x->out, str_of(type));
    buf_add_lit(x->out, "\ndata: ");
    json_write_init(&x->w, x->out);
    jw_object(&x->w);
    jw_key(&x->w, "type");
    jw_string(&x->w, str_of(type));
}

static void end(struct stream *x)
{
    jw_end(&x->w);
    buf_add_lit(x->out, "\n\n");
}

static void begin_block_event(struct stream *x, const char *type, const struct ir_event *e)
{
    begin(x, type);
    jw_key(&x->w, "index");
    jw_i64(&x->w, (int64_t)e->index - x->s->skipped);
}

static void start(struct stream *x, const struct ir_event *e)
{
    struct json_write *w = &x->w;
    struct usage usage = e->usage;
    usage.output = 0;
    begin(x, "message_start");
    jw_key(w, "message");
    jw_object(w);
    jw_key(w, "id");
    anthropic_write_id(w, x->dw);
    jw_key(w, "type");
    jw_lit(w, "\"message\"");
    jw_key(w, "role");
    jw_lit(w, "\"assistant\"");
    jw_key(w, "model");
    jw_string(w, x->dw->model);
    jw_key(w, "content");
    jw_lit(w, "[]");
    jw_key(w, "stop_reason");
    jw_lit(w, "null");
    jw_key(w, "stop_sequence");
    jw_lit(w, "null");
    jw_key(w, "usage");
    anthropic_write_usage(w, &usage, e->service_tier);
    jw_end(w);
    end(x);
}

static void begin_block(struct stream *x, const struct ir_event *e, const char *type)
{
    begin_block_event(x, "content_block_start", e);
    jw_key(&x->w, "content_block");
    jw_object(&x->w);
    jw_key(&x->w, "type");
    jw_string(&x->w, str_of(type));
}

static void end_block_start(struct stream *x)
{
    jw_end(&x->w);
    end(x);
}

static void open_text(struct stream *x, const struct ir_event *e)
{
    begin_block(x, e, "text");
    jw_key(&x->w, "text");
    jw_lit(&x->w, "\"\"");
    end_block_start(x);
}

static void open_thought(struct stream *x, const struct ir_event *e)
{
    begin_block(x, e, "thinking");
    jw_key(&x->w, "thinking");
    jw_lit(&x->w, "\"\"");
    jw_key(&x->w, "signature");
    jw_lit(&x->w, "\"\"");
    end_block_start(x);
}

static void open_call(struct stream *x, const struct ir_event *e)
{
    begin_block(x, e, "tool_use");
    jw_key(&x->w, "id");
    jw_text_begin(&x->w);
    (void)signature_id_write(e->id, &e->signature, x->out);
    jw_text_end(&x->w);
    jw_key(&x->w, "name");
    jw_text(&x->w, e->name);
    jw_key(&x->w, "input");
    jw_lit(&x->w, "{}");
    end_block_start(x);
}

/* Blocks that come whole are opened by their only delta. */
static void open(struct stream *x, const struct ir_event *e)
{
    x->s->mute = e->block != IR_OTHER && !anthropic_shows(e);
    x->s->is_signed = false;
    if (x->s->mute)
        x->s->skipped++;
    else if (e->block == IR_TEXT || e->block == IR_REFUSAL)
        open_text(x, e);
    else if (e->block == IR_THINKING)
        open_thought(x, e);
    else if (e->block == IR_TOOL_CALL)
        open_call(x, e);
}

static void begin_delta(struct stream *x, const struct ir_event *e, const char *type)
{
    begin_block_event(x, "content_block_delta", e);
    jw_key(&x->w, "delta");
    jw_object(&x->w);
    jw_key(&x->w, "type");
    jw_string(&x->w, str_of(type));
}

static void text_delta(struct stream *x, const struct ir_event *e, const char *type,
                       const char *key)
{
    if (e->text.len == 0)
        return;
    begin_delta(x, e, type);
    jw_key(&x->w, key);
    jw_text(&x->w, e->text);
    end_block_start(x);
}

static void signature_delta(struct stream *x, const struct ir_event *e,
                            const struct ir_signature *s)
{
    begin_delta(x, e, "signature_delta");
    jw_key(&x->w, "signature");
    anthropic_write_signature(&x->w, s);
    end_block_start(x);
    x->s->is_signed = true;
}

static void citation_delta(struct stream *x, const struct ir_event *e)
{
    const struct ir_citation *c = &e->citation;
    if (!anthropic_cites(c))
        return;
    begin_delta(x, e, "citations_delta");
    jw_key(&x->w, "citation");
    (void)anthropic_write_citation(&x->w, c);
    end_block_start(x);
}

static void call_delta(struct stream *x, const struct ir_event *e)
{
    begin_delta(x, e, "input_json_delta");
    jw_key(&x->w, "partial_json");
    args_write_fragment(&x->w, e->json);
    end_block_start(x);
}

static void whole_block(struct stream *x, const struct ir_event *e)
{
    if (e->block == IR_REDACTED) {
        begin_block(x, e, "redacted_thinking");
        jw_key(&x->w, "data");
        anthropic_write_signature(&x->w, &e->signature);
        end_block_start(x);
        return;
    }
    x->s->mute = !anthropic_shows(e);
    if (x->s->mute) {
        x->s->skipped++;
        return;
    }
    begin_block_event(x, "content_block_start", e);
    jw_key(&x->w, "content_block");
    jw_raw_line(&x->w, e->raw);
    end(x);
}

static void delta(struct stream *x, const struct ir_event *e)
{
    if (x->s->mute && e->block != IR_TOOL_CALL)
        return;
    switch (e->block) {
    case IR_TEXT:
    case IR_REFUSAL:
        text_delta(x, e, "text_delta", "text");
        citation_delta(x, e);
        break;
    case IR_THINKING:
        text_delta(x, e, "thinking_delta", "thinking");
        if (e->signature.data.len)
            signature_delta(x, e, &e->signature);
        break;
    case IR_TOOL_CALL:
        call_delta(x, e);
        break;
    case IR_REDACTED:
    case IR_OTHER:
        whole_block(x, e);
        break;
    case IR_TOOL_RESULT:
    case IR_IMAGE:
    case IR_AUDIO:
    case IR_VIDEO:
    case IR_FILE:
    case IR_KINDS:
        break;
    }
}

static void close(struct stream *x, const struct ir_event *e)
{
    static const struct ir_signature none = {.origin = IR_ORIGIN_CHAT, .data = {"", 0}};
    if (e->block != IR_TOOL_CALL && x->s->mute)
        return;
    /* Unsigned thought gets a word of ours: it can come back, and is known for what it is. */
    if (e->block == IR_THINKING && !x->s->is_signed)
        signature_delta(x, e, &none);
    begin_block_event(x, "content_block_stop", e);
    end(x);
}

static void usage(struct stream *x, const struct ir_event *e)
{
    struct json_write *w = &x->w;
    begin(x, "message_delta");
    jw_key(w, "delta");
    jw_object(w);
    jw_key(w, "stop_reason");
    jw_string(w, str_of(anthropic_stop_reason(x->s->finish)));
    jw_key(w, "stop_sequence");
    if (x->s->stop_sequence.p)
        jw_text(w, x->s->stop_sequence);
    else
        jw_lit(w, "null");
    jw_end(w);
    jw_key(w, "usage");
    anthropic_write_usage(w, &e->usage, STR(""));
    if (x->dw->extra.metadata.len) {
        jw_key(w, "metadata");
        jw_raw(w, x->dw->extra.metadata);
    }
    end(x);
}

static void write_event(struct stream *x, const struct ir_event *e)
{
    switch (e->kind) {
    case IR_START:
        start(x, e);
        break;
    case IR_OPEN:
        open(x, e);
        break;
    case IR_DELTA:
        delta(x, e);
        break;
    case IR_CLOSE:
        close(x, e);
        break;
    case IR_STOP:
        x->s->finish = e->finish;
        x->s->stop_sequence = e->stop_sequence;
        break;
    case IR_USAGE:
        usage(x, e);
        break;
    case IR_END:
        begin(x, "message_stop");
        end(x);
        break;
    case IR_ERROR:
        break;
    }
}

bool anthropic_write_stream(void *state, const struct dialect_writing *w,
                            const struct ir_events *ev, struct buf *out)
{
    struct stream x = {.s = state, .dw = w, .out = out};
    for (size_t i = 0; i < ev->n; i++)
        if (ev->v[i].choice == 0)
            write_event(&x, &ev->v[i]);
    return !out->failed;
}

bool anthropic_write_done(struct buf *out)
{
    return buf_add_lit(out, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}
