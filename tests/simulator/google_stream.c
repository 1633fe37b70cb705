/* The events of streamGenerateContent: each a whole answer with a piece of it, the last with the
 * finish reason; as SSE with CRLF, as Google writes it, or as the elements of one JSON array. Pure.
 */
#include "tests/simulator/google.h"

enum event {
    EVENT_BEGIN,
    EVENT_THOUGHT,
    EVENT_PIECE,
    EVENT_CALL,
    EVENT_IMAGE,
    EVENT_END,
    EVENT_NONE
};

/* What comes after `state` for the present candidate. */
static enum event following(struct stream *s, const struct reply *r, const struct script *script)
{
    bool quiet = r->finish == FINISH_FILTER || r->finish == FINISH_RECITATION ||
                 r->finish == FINISH_MALFORMED || google_blocked(r);
    if (s->state == EVENT_END) {
        return EVENT_NONE;
    }
    if (s->state == EVENT_IMAGE || quiet) {
        return EVENT_END;
    }
    if (s->state <= EVENT_THOUGHT && cursor_thought(&s->thought, r, &s->piece)) {
        return EVENT_THOUGHT;
    }
    if (r->n_calls > 0 && s->call + (s->state == EVENT_CALL) < r->n_calls) {
        s->call += s->state == EVENT_CALL;
        return EVENT_CALL;
    }
    if (r->n_calls == 0 && cursor_next(&s->cursor, r, &s->piece)) {
        return EVENT_PIECE;
    }
    return script->image ? EVENT_IMAGE : EVENT_END;
}

static void part(struct stream *s, const struct reply *r, const struct chat_request *c,
                 const struct script *script, struct buf *out)
{
    switch ((enum event)s->state) {
    case EVENT_THOUGHT:
        google_text_open(out, true);
        render_escaped(out, s->piece);
        buf_add_lit(out, "\"}");
        break;
    case EVENT_PIECE:
        google_text_open(out, false);
        render_piece(out, s->piece, s->cursor.index - 1, script);
        buf_add_lit(out, "\"}");
        break;
    case EVENT_CALL:
        google_call(out, r, c, s->call);
        break;
    case EVENT_IMAGE:
        google_image(out);
        break;
    case EVENT_END:
        buf_add_lit(out, "{\"text\":\"\"");
        if (c->signed_calls && r->n_calls == 0) {
            buf_add_char(out, ',');
            google_signature(out, STR(""));
        }
        buf_add_char(out, '}');
        break;
    case EVENT_BEGIN:
    case EVENT_NONE:
        break;
    }
}

static void open_frame(struct stream *s, const struct chat_request *c, const struct script *script,
                       struct buf *out)
{
    if (c->as_array) {
        buf_add_str(out, s->sequence == 0 ? STR("[") : STR(",\r\n"));
    } else {
        buf_add_str(out, script->comment ? STR(": keep-alive\r\n\r\ndata: ") : STR("data: "));
    }
    s->sequence++;
}

static void close_frame(const struct chat_request *c, bool last, struct buf *out)
{
    if (!c->as_array) {
        buf_add_lit(out, "\r\n\r\n");
    } else if (last) {
        buf_add_lit(out, "]\r\n");
    }
}

static void chunk(struct stream *s, const struct reply *r, const struct chat_request *c,
                  const struct script *script, struct buf *out)
{
    bool end = s->state == EVENT_END;
    buf_add_lit(out, "{\"candidates\":[{\"content\":{\"parts\":[");
    part(s, r, c, script, out);
    buf_add_lit(out, "],\"role\":\"model\"}");
    if (end) {
        google_end(out, r, script);
    }
    render_member(out, STR(",\"index\":"), s->choice);
    buf_add_lit(out, "}]");
    if (end || script->usage != USAGE_FINAL) {
        uint32_t thought = r->usage.reasoning < s->thought.index ? r->usage.reasoning
                                                                 : s->thought.index;
        google_usage(out, r, script, end ? r->usage.out : thought + s->cursor.index);
    }
    google_close(out, r);
}

void google_next(struct stream *s, const struct reply *r, const struct chat_request *c,
                 const struct script *script, struct buf *out)
{
    if (s->state == EVENT_BEGIN) {
        s->state = following(s, r, script);
    }
    open_frame(s, c, script, out);
    if (google_blocked(r)) {
        google_blocked_answer(out, r, script);
    } else {
        chunk(s, r, c, script, out);
    }
    if (google_blocked(r) || ++s->choice >= r->n) {
        s->choice = 0;
        s->state = following(s, r, script);
    }
    s->ended = s->state == EVENT_NONE;
    close_frame(c, s->ended, out);
}

void google_break_off(struct stream *s, const struct api_error *e, const struct chat_request *c,
                      const struct script *script, struct buf *out)
{
    open_frame(s, c, script, out);
    google_error(out, e, STR_NULL);
    close_frame(c, true, out);
}
