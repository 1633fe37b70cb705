/* The events of a streamed Responses answer, numbered, in OpenAI's order: created, in_progress,
 * then each item added, its parts and deltas, done; completed, incomplete or failed at the end.
 * Pure.
 */
#include "tests/simulator/responses.h"

enum event {
    EVENT_CREATED,
    EVENT_IN_PROGRESS,
    EVENT_ADDED,
    EVENT_PART_ADDED,
    EVENT_DELTA,
    EVENT_ANNOTATION,
    EVENT_TEXT_DONE,
    EVENT_PART_DONE,
    EVENT_ITEM_DONE,
    EVENT_END,
    EVENT_NONE
};

/* The name of a delta (or, `done`, of what closes deltas) of an item. */
static const char *delta_name(const struct reply *r, enum item_kind kind, bool done)
{
    switch (kind) {
    case ITEM_REASONING:
        return done ? "response.reasoning_summary_text.done"
                    : "response.reasoning_summary_text.delta";
    case ITEM_FUNCTION:
        return done ? "response.function_call_arguments.done"
                    : "response.function_call_arguments.delta";
    case ITEM_CUSTOM:
        return done ? "response.custom_tool_call_input.done"
                    : "response.custom_tool_call_input.delta";
    case ITEM_MESSAGE:
    case ITEM_NONE:
        break;
    }
    if (r->finish == FINISH_REFUSAL) {
        return done ? "response.refusal.done" : "response.refusal.delta";
    }
    return done ? "response.output_text.done" : "response.output_text.delta";
}

static const char *name_of(const struct stream *s, const struct reply *r, enum item_kind kind)
{
    bool thought = kind == ITEM_REASONING;
    switch ((enum event)s->state) {
    case EVENT_CREATED:
        return "response.created";
    case EVENT_IN_PROGRESS:
        return "response.in_progress";
    case EVENT_ADDED:
        return "response.output_item.added";
    case EVENT_PART_ADDED:
        return thought ? "response.reasoning_summary_part.added" : "response.content_part.added";
    case EVENT_DELTA:
        return delta_name(r, kind, false);
    case EVENT_ANNOTATION:
        return "response.output_text.annotation.added";
    case EVENT_TEXT_DONE:
        return delta_name(r, kind, true);
    case EVENT_PART_DONE:
        return thought ? "response.reasoning_summary_part.done" : "response.content_part.done";
    case EVENT_ITEM_DONE:
        return "response.output_item.done";
    case EVENT_END:
        return strcmp(responses_status(r), "failed") == 0       ? "response.failed"
               : strcmp(responses_status(r), "incomplete") == 0 ? "response.incomplete"
                                                                : "response.completed";
    case EVENT_NONE:
        break;
    }
    return "";
}

static void delta(const struct stream *s, const struct reply *r, enum item_kind kind,
                  const struct script *script, struct buf *out)
{
    buf_add_lit(out, ",\"delta\":\"");
    if (kind == ITEM_MESSAGE) {
        render_piece(out, s->piece, s->cursor.index - 1, script);
    } else if (kind == ITEM_REASONING) {
        render_escaped(out, s->piece);
    } else {
        render_escaped(
            out, str_make(r->calls[s->call].arguments + s->args_from, s->args_to - s->args_from));
    }
    buf_add_char(out, '"');
    if (kind == ITEM_MESSAGE && r->finish != FINISH_REFUSAL) {
        buf_add_lit(out, ",\"logprobs\":[]");
    }
}

/* What closes the deltas: the whole text. */
static void text_done(const struct stream *s, const struct reply *r, enum item_kind kind,
                      const struct script *script, struct buf *out)
{
    if (kind == ITEM_MESSAGE) {
        bool refusal = r->finish == FINISH_REFUSAL;
        buf_add_str(out, refusal ? STR(",\"refusal\":\"") : STR(",\"text\":\""));
        render_text(out, r, script);
        buf_add_str(out, refusal ? STR("\"") : STR("\",\"logprobs\":[]"));
    } else if (kind == ITEM_REASONING) {
        buf_add_lit(out, ",\"text\":\"");
        render_escaped(out, r->thinking);
        buf_add_char(out, '"');
    } else {
        if (kind == ITEM_FUNCTION) {
            buf_add_lit(out, ",\"name\":\"");
            render_escaped(out, r->calls[s->call].name);
            buf_add_char(out, '"');
        }
        buf_add_str(out, kind == ITEM_CUSTOM ? STR(",\"input\":\"") : STR(",\"arguments\":\""));
        render_escaped(out, str_of(r->calls[s->call].arguments));
        buf_add_char(out, '"');
    }
}

static void part(const struct stream *s, const struct reply *r, enum item_kind kind,
                 const struct script *script, struct buf *out)
{
    bool whole = s->state == EVENT_PART_DONE;
    buf_add_lit(out, ",\"part\":");
    if (kind != ITEM_REASONING) {
        responses_part(out, r, script, whole);
        return;
    }
    buf_add_lit(out, "{\"type\":\"summary_text\",\"text\":\"");
    if (whole) {
        render_escaped(out, r->thinking);
    }
    buf_add_lit(out, "\"}");
}

/* Where in the output an event belongs, and what it says. */
static void inside_item(const struct stream *s, const struct reply *r, enum item_kind kind,
                        const struct script *script, struct buf *out)
{
    buf_add_lit(out, ",\"item_id\":\"");
    responses_item_id(out, r, kind, s->call);
    render_member(out, STR("\",\"output_index\":"), s->block);
    if (kind <= ITEM_MESSAGE) {
        buf_add_str(out, kind == ITEM_REASONING ? STR(",\"summary_index\":0")
                                                : STR(",\"content_index\":0"));
    }
    if (s->state == EVENT_DELTA) {
        delta(s, r, kind, script, out);
    } else if (s->state == EVENT_TEXT_DONE) {
        text_done(s, r, kind, script, out);
    } else if (s->state == EVENT_ANNOTATION) {
        buf_add_lit(out, ",\"annotation_index\":0,\"annotation\":");
        responses_annotation(out);
    } else {
        part(s, r, kind, script, out);
    }
}

static void event(struct stream *s, const struct reply *r, const struct chat_request *c,
                  const struct script *script, enum item_kind kind, struct buf *out)
{
    const char *name = name_of(s, r, kind);
    stream_open(out, name, script);
    buf_add_lit(out, "{\"type\":\"");
    buf_add_str(out, str_of(name));
    render_member(out, STR("\",\"sequence_number\":"), s->sequence++);
    if (s->state <= EVENT_IN_PROGRESS || s->state == EVENT_END) {
        buf_add_lit(out, ",\"response\":");
        responses_object(out, r, c, script, buf_str(&s->open), s->state == EVENT_END);
    } else if (s->state == EVENT_ADDED || s->state == EVENT_ITEM_DONE) {
        render_member(out, STR(",\"output_index\":"), s->block);
        buf_add_lit(out, ",\"item\":");
        responses_item_json(out, r, c, script, kind, s->call, s->state == EVENT_ITEM_DONE);
    } else {
        inside_item(s, r, kind, script, out);
    }
    buf_add_char(out, '}');
    stream_close(out, script);
}

static enum event next_delta(struct stream *s, const struct reply *r, const struct script *script,
                             enum item_kind kind)
{
    bool more = kind == ITEM_REASONING ? cursor_thought(&s->thought, r, &s->piece)
                : kind == ITEM_MESSAGE ? cursor_next(&s->cursor, r, &s->piece)
                                       : stream_fragment(s, r, script);
    if (more) {
        return EVENT_DELTA;
    }
    return kind == ITEM_MESSAGE && script->cite && r->finish != FINISH_REFUSAL ? EVENT_ANNOTATION
                                                                               : EVENT_TEXT_DONE;
}

static enum event begin_item(struct stream *s, const struct reply *r, const struct script *script)
{
    if (responses_item(r, s->block, &s->call) != ITEM_NONE) {
        return EVENT_ADDED;
    }
    return script->no_done ? EVENT_NONE : EVENT_END;
}

static enum event following(struct stream *s, const struct reply *r, const struct chat_request *c,
                            const struct script *script, enum item_kind kind)
{
    bool call = kind == ITEM_FUNCTION || kind == ITEM_CUSTOM;
    switch ((enum event)s->state) {
    case EVENT_CREATED:
        return EVENT_IN_PROGRESS;
    case EVENT_IN_PROGRESS:
        return begin_item(s, r, script);
    case EVENT_ADDED:
        if (kind == ITEM_REASONING && !responses_summary(c, script)) {
            return EVENT_ITEM_DONE;
        }
        return call ? next_delta(s, r, script, kind) : EVENT_PART_ADDED;
    case EVENT_PART_ADDED:
    case EVENT_DELTA:
        return next_delta(s, r, script, kind);
    case EVENT_ANNOTATION:
        return EVENT_TEXT_DONE;
    case EVENT_TEXT_DONE:
        return call ? EVENT_ITEM_DONE : EVENT_PART_DONE;
    case EVENT_PART_DONE:
        return EVENT_ITEM_DONE;
    case EVENT_ITEM_DONE:
        s->block++;
        return begin_item(s, r, script);
    case EVENT_END:
    case EVENT_NONE:
        break;
    }
    return EVENT_NONE;
}

void responses_next(struct stream *s, const struct reply *r, const struct chat_request *c,
                    const struct script *script, struct buf *out)
{
    if (s->state == EVENT_CREATED) {
        responses_echo(&s->open, c);
    }
    enum item_kind kind = responses_item(r, s->block, &s->call);
    event(s, r, c, script, kind, out);
    s->state = following(s, r, c, script, kind);
    s->ended = s->state == EVENT_NONE;
}

void responses_break_off(struct stream *s, const struct api_error *e, const struct chat_request *c,
                         const struct script *script, struct buf *out)
{
    (void)c;
    stream_open(out, "error", script);
    buf_add_lit(out, "{\"type\":\"error\",\"code\":");
    render_string_or_null(out, e->kind[0] ? e->kind : e->code ? e->code : e->type);
    buf_add_lit(out, ",\"message\":\"");
    render_escaped(out, str_of(e->message));
    render_member(out, STR("\",\"param\":null,\"sequence_number\":"), s->sequence++);
    buf_add_char(out, '}');
    stream_close(out, script);
}
