/* Writes ConverseStream frames from strict events, and the frames and bodies that pass. Pure;
 * output into the caller's capped buffer.
 */
#include "gateway/dialect/bedrock_priv.h"

struct out {
    struct bedrock_writer *state;
    const struct dialect_writing *w;
    struct json_write json;
    struct buf *buf;
    size_t begin;
};

static void begin(struct out *o, const char *type)
{
    o->begin = awsevent_begin(o->buf, str_of(type), false);
    json_write_init(&o->json, o->buf);
    jw_object(&o->json);
}

static void end(struct out *o)
{
    jw_end(&o->json);
    (void)awsevent_end(o->buf, o->begin);
}

static void begin_block(struct out *o, const char *type, const struct ir_event *e)
{
    begin(o, type);
    jw_key(&o->json, "contentBlockIndex");
    jw_i64(&o->json, (int64_t)e->index - o->state->skipped);
}

static void open_block(struct out *o, const struct ir_event *e)
{
    struct json_write *w = &o->json;
    if (e->block != IR_TOOL_CALL)
        return; /* Bedrock's own streams announce no others */
    begin_block(o, "contentBlockStart", e);
    jw_key(w, "start");
    jw_object(w);
    jw_key(w, "toolUse");
    jw_object(w);
    jw_key(w, "toolUseId");
    bedrock_write_tool_id(w, e);
    jw_key(w, "name");
    jw_text(w, e->name);
    jw_end(w);
    jw_end(w);
    end(o);
}

static void begin_delta(struct out *o, const struct ir_event *e)
{
    begin_block(o, "contentBlockDelta", e);
    jw_key(&o->json, "delta");
    jw_object(&o->json);
}

static void end_delta(struct out *o)
{
    jw_end(&o->json);
    end(o);
}

static void delta_text(struct out *o, const struct ir_event *e)
{
    if (e->text.len > 0) {
        begin_delta(o, e);
        jw_key(&o->json, "text");
        jw_text(&o->json, e->text);
        end_delta(o);
    }
    if (e->citation.raw.p || e->citation.url.p) {
        begin_delta(o, e);
        jw_key(&o->json, "citation");
        bedrock_write_citation(&o->json, &e->citation);
        end_delta(o);
    }
}

static void delta_reasoning(struct out *o, const struct ir_event *e, const char *key)
{
    begin_delta(o, e);
    jw_key(&o->json, "reasoningContent");
    jw_object(&o->json);
    jw_key(&o->json, key);
    if (strcmp(key, "signature") == 0)
        bedrock_write_signature(&o->json, &e->signature);
    else
        jw_text(&o->json, strcmp(key, "text") == 0 ? e->text : e->signature.data);
    jw_end(&o->json);
    end_delta(o);
}

static void delta_thinking(struct out *o, const struct ir_event *e)
{
    bool redacted = e->block == IR_REDACTED && ir_signs_thought(e->signature.origin) &&
                    bedrock_is_blob(e->signature.data);
    if (e->text.len > 0)
        delta_reasoning(o, e, "text");
    if (e->signature.data.len > 0)
        delta_reasoning(o, e, redacted ? "redactedContent" : "signature");
}

static void delta_call(struct out *o, const struct ir_event *e)
{
    struct json_write *w = &o->json;
    begin_delta(o, e);
    jw_key(w, "toolUse");
    jw_object(w);
    jw_key(w, "input");
    jw_text_begin(w);
    if (e->json.quoted)
        jw_text_add(w, e->json.raw);
    else
        json_quote_into(e->json.raw, o->buf);
    jw_text_end(w);
    jw_end(w);
    end_delta(o);
}

static void delta_image(struct out *o, const struct ir_event *e)
{
    struct json_write *w = &o->json;
    struct str format = bedrock_media_format(IR_IMAGE, &e->media);
    if (e->media.at != IR_MEDIA_BASE64 || !format.p) {
        struct ir_event text = *e;
        text.text = e->media.at == IR_MEDIA_URL ? e->media.data : STR("");
        delta_text(o, &text);
        return;
    }
    begin_block(o, "contentBlockStart", e);
    jw_key(w, "start");
    jw_object(w);
    jw_key(w, "image");
    jw_object(w);
    jw_key(w, "format");
    jw_text(w, format);
    jw_end(w);
    jw_end(w);
    end(o);
    begin_delta(o, e);
    jw_key(w, "image");
    jw_object(w);
    jw_key(w, "source");
    jw_object(w);
    jw_key(w, "bytes");
    jw_text(w, e->media.data);
    jw_end(w);
    jw_end(w);
    end_delta(o);
}

enum { INPUTS = 256 };

static void write_delta(struct out *o, const struct ir_event *e)
{
    if (e->block == IR_TOOL_CALL && e->index < INPUTS)
        o->state->input[e->index / 64] |= UINT64_C(1) << e->index % 64;
    switch (e->block) {
    case IR_TEXT:
    case IR_REFUSAL:
        delta_text(o, e);
        break;
    case IR_THINKING:
    case IR_REDACTED:
        delta_thinking(o, e);
        break;
    case IR_TOOL_CALL:
        delta_call(o, e);
        break;
    case IR_IMAGE:
        delta_image(o, e);
        break;
    case IR_TOOL_RESULT:
    case IR_AUDIO:
    case IR_VIDEO:
    case IR_FILE:
    case IR_OTHER:
    case IR_KINDS:
        break;
    }
}

static void close_block(struct out *o, const struct ir_event *e)
{
    if (e->block == IR_OTHER) { /* nothing of it was written */
        o->state->skipped++;
        return;
    }
    bool fed = e->index >= INPUTS || o->state->input[e->index / 64] >> e->index % 64 & 1;
    if (e->block == IR_TOOL_CALL && !fed) /* clients parse what they got, even if that is nothing */
        delta_call(o, &(struct ir_event){.index = e->index, .json = {.raw = STR("{}")}});
    begin_block(o, "contentBlockStop", e);
    end(o);
}

static void write_stop(struct out *o, const struct ir_event *e)
{
    struct json_write *w = &o->json;
    begin(o, "messageStop");
    jw_key(w, "stopReason");
    jw_text(w, bedrock_stop_reason(e->finish, e->finish_word));
    if (e->stop_sequence.p) {
        jw_key(w, "additionalModelResponseFields");
        jw_object(w);
        jw_key(w, "stop_sequence");
        jw_text(w, e->stop_sequence);
        jw_end(w);
    }
    end(o);
}

static void write_metadata(struct out *o, const struct ir_event *e)
{
    begin(o, "metadata");
    bedrock_write_usage(&o->json, &e->usage);
    bedrock_write_tier(&o->json, bedrock_tier(e->service_tier));
    if (o->w->extra.metadata.len > 0) {
        jw_key(&o->json, "metadata");
        jw_raw(&o->json, o->w->extra.metadata);
    }
    end(o);
}

static void write_event(struct out *o, const struct ir_event *e)
{
    switch (e->kind) {
    case IR_START:
        begin(o, "messageStart");
        jw_key(&o->json, "role");
        jw_lit(&o->json, "\"assistant\"");
        end(o);
        break;
    case IR_OPEN:
        open_block(o, e);
        break;
    case IR_DELTA:
        write_delta(o, e);
        break;
    case IR_CLOSE:
        close_block(o, e);
        break;
    case IR_STOP:
        write_stop(o, e);
        break;
    case IR_USAGE:
        write_metadata(o, e);
        break;
    case IR_ERROR:
    case IR_END:
        break;
    }
}

bool bedrock_write_stream(void *state, const struct dialect_writing *w, const struct ir_events *ev,
                          struct buf *out)
{
    struct out o = {.state = state, .w = w, .buf = out};
    for (size_t i = 0; i < ev->n; i++)
        if (ev->v[i].choice == 0)
            write_event(&o, &ev->v[i]);
    return !out->failed;
}

/* ------------------------------------------------------------------ what passes */

static void add_cost(const struct dialect_answer *an, const struct cost *cost, struct buf *out)
{
    if (!an->usage_empty)
        buf_add_char(out, ',');
    buf_add_lit(out, "\"cost\":");
    money_format(cost->total_pico, out);
}

bool bedrock_splice_answer(struct str body, const struct dialect_answer *an,
                           const struct dialect_extra *extra, struct buf *out)
{
    size_t at = 0;
    bool metadata = extra->metadata.len > 0 && an->object_end > 0;
    bool replaces = metadata && an->metadata.end > 0;
    if (extra->cost && an->usage_end > 0 && (!replaces || an->usage_end < an->metadata.begin)) {
        buf_add(out, body.p, an->usage_end);
        at = an->usage_end;
        add_cost(an, extra->cost, out);
    }
    size_t cut = replaces ? an->metadata.begin : an->object_end;
    if (metadata) {
        buf_add(out, body.p + at, cut - at);
        at = replaces ? an->metadata.end : cut;
        if (!replaces)
            buf_add_str(out, an->members > 0 ? STR(",\"metadata\":") : STR("\"metadata\":"));
        buf_add_str(out, extra->metadata);
    }
    return buf_add(out, body.p + at, body.len - at);
}

bool bedrock_write_event(const struct dialect_answer *an, const struct frame *f,
                         const struct dialect_extra *extra, struct buf *out)
{
    struct json_write w;
    if (!extra || extra->metadata.len == 0 || !an->only_usage)
        return buf_add_str(out, f->raw);
    struct str data = str_trim(f->data);
    size_t begin = awsevent_begin(out, f->type, f->exception);
    buf_add(out, data.p, data.len - 1);
    buf_add_lit(out, ",");
    json_write_init(&w, out);
    buf_add_lit(out, "\"metadata\":");
    jw_raw(&w, extra->metadata);
    buf_add_char(out, '}');
    return awsevent_end(out, begin);
}
