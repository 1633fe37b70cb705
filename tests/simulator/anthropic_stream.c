/* The events of a streamed Messages answer, in Anthropic's order: message_start, each block's
 * start, deltas and stop (a ping after the first start), message_delta, message_stop. Pure.
 */
#include "tests/simulator/anthropic.h"
#include "tests/simulator/seal.h"

enum event {
    EVENT_START,
    EVENT_OPEN,
    EVENT_PING,
    EVENT_EMPTY, /* the empty delta a tool's input begins with */
    EVENT_DELTA,
    EVENT_SIGNATURE,
    EVENT_CITATION,
    EVENT_CLOSE,
    EVENT_END,
    EVENT_STOP,
    EVENT_NONE
};

static void message_start(const struct reply *r, const struct script *script, struct buf *out)
{
    stream_open(out, "message_start", script);
    buf_add_lit(out, "{\"type\":\"message_start\",\"message\":");
    anthropic_open(out, r);
    buf_add_lit(out, "],\"stop_reason\":null,\"stop_sequence\":null");
    anthropic_usage(out, r, script, r->usage.out > 0, true);
    buf_add_lit(out, "}}");
}

static void block_start(const struct stream *s, const struct reply *r, enum block_kind kind,
                        const struct script *script, struct buf *out)
{
    stream_open(out, "content_block_start", script);
    render_member(out, STR("{\"type\":\"content_block_start\",\"index\":"), s->block);
    switch (kind) {
    case BLOCK_THINKING:
        buf_add_lit(out, ",\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\","
                         "\"signature\":\"\"}}");
        break;
    case BLOCK_REDACTED:
        buf_add_lit(out, ",\"content_block\":{\"type\":\"redacted_thinking\",\"data\":\"");
        anthropic_redacted(out, r);
        buf_add_lit(out, "\"}}");
        break;
    case BLOCK_TEXT:
        buf_add_lit(out, ",\"content_block\":{\"type\":\"text\",\"text\":\"\"");
        buf_add_str(out, script->cite ? STR(",\"citations\":[]}}") : STR("}}"));
        break;
    case BLOCK_TOOL:
        buf_add_lit(out, ",\"content_block\":{\"type\":\"tool_use\",\"id\":\"");
        anthropic_tool_id(out, r, s->call);
        buf_add_lit(out, "\",\"name\":\"");
        render_escaped(out, r->calls[s->call].name);
        buf_add_lit(out, "\",\"input\":{}}}");
        break;
    case BLOCK_NONE:
        break;
    }
}

static void delta_open(const struct stream *s, struct str inside, const struct script *script,
                       struct buf *out)
{
    stream_open(out, "content_block_delta", script);
    render_member(out, STR("{\"type\":\"content_block_delta\",\"index\":"), s->block);
    buf_add_str(out, inside);
}

static void delta(const struct stream *s, const struct reply *r, enum block_kind kind,
                  const struct script *script, struct buf *out)
{
    if (kind == BLOCK_TEXT) {
        delta_open(s, STR(",\"delta\":{\"type\":\"text_delta\",\"text\":\""), script, out);
        render_piece(out, s->piece, s->cursor.index - 1, script);
    } else if (kind == BLOCK_THINKING) {
        delta_open(s, STR(",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\""), script, out);
        render_escaped(out, s->piece);
    } else {
        const char *args = r->calls[s->call].arguments;
        delta_open(s, STR(",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\""), script,
                   out);
        render_escaped(out, str_make(args + s->args_from, s->args_to - s->args_from));
    }
    buf_add_lit(out, "\"}}");
}

static void signature(const struct stream *s, const struct reply *r, const struct chat_request *c,
                      const struct script *script, struct buf *out)
{
    struct seal seal = seal_make(SEAL_ANTHROPIC, anthropic_thinking(r, c));
    delta_open(s, STR(",\"delta\":{\"type\":\"signature_delta\",\"signature\":\""), script, out);
    buf_add_str(out, str_of(seal.text));
    buf_add_lit(out, "\"}}");
}

static void event(struct stream *s, const struct reply *r, const struct chat_request *c,
                  const struct script *script, enum block_kind kind, struct buf *out)
{
    switch ((enum event)s->state) {
    case EVENT_START:
        message_start(r, script, out);
        break;
    case EVENT_OPEN:
        block_start(s, r, kind, script, out);
        break;
    case EVENT_PING:
        stream_open(out, "ping", script);
        buf_add_lit(out, "{\"type\": \"ping\"}");
        break;
    case EVENT_EMPTY:
    case EVENT_DELTA:
        delta(s, r, kind, script, out);
        break;
    case EVENT_SIGNATURE:
        signature(s, r, c, script, out);
        break;
    case EVENT_CITATION:
        delta_open(s, STR(",\"delta\":{\"type\":\"citations_delta\",\"citation\":"), script, out);
        anthropic_citation(out);
        buf_add_lit(out, "}}");
        break;
    case EVENT_CLOSE:
        stream_open(out, "content_block_stop", script);
        render_member(out, STR("{\"type\":\"content_block_stop\",\"index\":"), s->block);
        buf_add_char(out, '}');
        break;
    case EVENT_END:
        stream_open(out, "message_delta", script);
        buf_add_lit(out, "{\"type\":\"message_delta\",\"delta\":{");
        anthropic_stop(out, r, c);
        buf_add_char(out, '}');
        anthropic_usage(out, r, script, r->usage.out, false);
        buf_add_char(out, '}');
        break;
    case EVENT_STOP:
        stream_open(out, "message_stop", script);
        buf_add_lit(out, "{\"type\":\"message_stop\"}");
        break;
    case EVENT_NONE:
        break;
    }
    stream_close(out, script);
}

/* What the present block says next. */
static enum event inside(struct stream *s, const struct reply *r, const struct chat_request *c,
                         const struct script *script, enum block_kind kind)
{
    switch (kind) {
    case BLOCK_THINKING:
        return !c->think_hidden && cursor_thought(&s->thought, r, &s->piece) ? EVENT_DELTA
                                                                             : EVENT_SIGNATURE;
    case BLOCK_TEXT:
        return cursor_next(&s->cursor, r, &s->piece) ? EVENT_DELTA
               : script->cite                        ? EVENT_CITATION
                                                     : EVENT_CLOSE;
    case BLOCK_TOOL:
        return stream_fragment(s, r, script) ? EVENT_DELTA : EVENT_CLOSE;
    case BLOCK_REDACTED:
    case BLOCK_NONE:
        break;
    }
    return EVENT_CLOSE;
}

static enum event following(struct stream *s, const struct reply *r, const struct chat_request *c,
                            const struct script *script, enum block_kind kind)
{
    switch ((enum event)s->state) {
    case EVENT_START:
        return anthropic_block(r, script, 0, &s->call) != BLOCK_NONE ? EVENT_OPEN : EVENT_END;
    case EVENT_OPEN:
        if (s->block == 0) {
            return EVENT_PING;
        }
        return kind == BLOCK_TOOL ? EVENT_EMPTY : inside(s, r, c, script, kind);
    case EVENT_PING:
        return kind == BLOCK_TOOL ? EVENT_EMPTY : inside(s, r, c, script, kind);
    case EVENT_EMPTY:
    case EVENT_DELTA:
        return inside(s, r, c, script, kind);
    case EVENT_SIGNATURE:
    case EVENT_CITATION:
        return EVENT_CLOSE;
    case EVENT_CLOSE:
        return anthropic_block(r, script, ++s->block, &s->call) != BLOCK_NONE ? EVENT_OPEN
                                                                              : EVENT_END;
    case EVENT_END:
        return script->no_done ? EVENT_NONE : EVENT_STOP;
    case EVENT_STOP:
    case EVENT_NONE:
        break;
    }
    return EVENT_NONE;
}

void anthropic_next(struct stream *s, const struct reply *r, const struct chat_request *c,
                    const struct script *script, struct buf *out)
{
    enum block_kind kind = anthropic_block(r, script, s->block, &s->call);
    event(s, r, c, script, kind, out);
    s->state = following(s, r, c, script, kind);
    s->ended = s->state == EVENT_NONE;
}

void anthropic_break_off(struct stream *s, const struct api_error *e, const struct chat_request *c,
                         const struct script *script, struct buf *out)
{
    (void)s;
    (void)c;
    stream_open(out, "error", script);
    anthropic_error(out, e, STR_NULL);
    stream_close(out, script);
}
