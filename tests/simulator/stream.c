/* stream_next as a small state machine: each event is said for every choice, then the next one is
 * chosen (stream.h).
 */
#include "tests/simulator/stream.h"

enum { ARGS_FRAGMENT = 6 };

void stream_init(struct stream *s)
{
    memset(s, 0, sizeof(*s));
    buf_init(&s->open, 1 << 20);
    buf_init(&s->delta, REPLY_TEXT_MAX + (1 << 20));
}

void stream_fini(struct stream *s)
{
    buf_fini(&s->open);
    buf_fini(&s->delta);
}

void stream_start(struct stream *s, const struct reply *r)
{
    buf_reset(&s->open);
    if (s->delta.cap > 65536) {
        buf_fini(&s->delta);
    }
    render_chunk_open(&s->open, r);
    s->event = STREAM_ROLE;
    s->choice = s->call = 0;
    s->cursor = (struct cursor){0, 0};
    s->args_from = s->args_to = 0;
}

static struct str eol(const struct script *script)
{
    return script->crlf ? STR("\r\n") : STR("\n");
}

static void frame_open(struct buf *out, const struct script *script)
{
    if (script->comment) {
        buf_add_lit(out, ": keep-alive");
        buf_add_str(out, eol(script));
        buf_add_str(out, eol(script));
    }
    buf_add_lit(out, "data: ");
}

void stream_frame(struct buf *out, struct str json, const struct script *script)
{
    frame_open(out, script);
    buf_add_str(out, json);
    buf_add_str(out, eol(script));
    buf_add_str(out, eol(script));
}

static void call_open(struct stream *s, const struct reply *r)
{
    buf_add_lit(&s->delta, "\"tool_calls\":[{\"index\":");
    buf_add_i64(&s->delta, s->call);
    buf_add_lit(&s->delta, ",\"id\":\"");
    render_call_id(&s->delta, r, s->choice, s->call);
    buf_add_lit(&s->delta, "\",\"type\":\"function\",\"function\":{\"name\":\"");
    render_escaped(&s->delta, r->calls[s->call].name);
    buf_add_lit(&s->delta, "\",\"arguments\":\"\"}}]");
}

static void call_args(struct stream *s, const struct reply *r)
{
    const char *args = r->calls[s->call].arguments;
    buf_add_lit(&s->delta, "\"tool_calls\":[{\"index\":");
    buf_add_i64(&s->delta, s->call);
    buf_add_lit(&s->delta, ",\"function\":{\"arguments\":\"");
    render_escaped(&s->delta, str_make(args + s->args_from, s->args_to - s->args_from));
    buf_add_lit(&s->delta, "\"}}]");
}

/* The inside of the delta for the present event and choice. */
static void delta(struct stream *s, const struct reply *r, const struct script *script)
{
    buf_reset(&s->delta);
    switch (s->event) {
    case STREAM_ROLE:
        if (r->n_calls > 0) {
            buf_add_lit(&s->delta, "\"role\":\"assistant\",\"content\":null,\"refusal\":null");
        } else {
            buf_add_lit(&s->delta, "\"role\":\"assistant\",\"content\":\"\",\"refusal\":null");
        }
        break;
    case STREAM_PIECE:
        buf_add_lit(&s->delta, "\"content\":\"");
        render_piece(&s->delta, s->piece, s->cursor.index - 1, script);
        buf_add_char(&s->delta, '"');
        break;
    case STREAM_CALL_OPEN:
        call_open(s, r);
        break;
    case STREAM_CALL_ARGS:
        call_args(s, r);
        break;
    case STREAM_FINISH:
    case STREAM_USAGE:
    case STREAM_DONE:
    case STREAM_END:
        break;
    }
}

static void usage_member(const struct stream *s, const struct reply *r,
                         const struct chat_request *c, const struct script *script, struct buf *out)
{
    bool whole = s->event == STREAM_USAGE || s->event == STREAM_FINISH;
    if (script->usage == USAGE_EVERY || s->event == STREAM_USAGE) {
        buf_add_lit(out, ",\"usage\":");
        render_usage(out, r, script, whole ? r->usage.out : s->cursor.index);
    } else if ((c->include_usage && script->usage != USAGE_NONE) || script->usage == USAGE_NULL) {
        buf_add_lit(out, ",\"usage\":null");
    }
}

static void chunk(struct stream *s, const struct reply *r, const struct chat_request *c,
                  const struct script *script, struct buf *out)
{
    frame_open(out, script);
    buf_add(out, s->open.p, s->open.len);
    if (s->event != STREAM_USAGE) {
        delta(s, r, script);
        render_choice(out, s->choice, buf_str(&s->delta),
                      s->event == STREAM_FINISH ? r->finish : NULL, c,
                      s->event == STREAM_PIECE ? &s->piece : NULL);
    }
    buf_add_char(out, ']');
    usage_member(s, r, c, script, out);
    buf_add_char(out, '}');
    buf_add_str(out, eol(script));
    buf_add_str(out, eol(script));
}

/* Moves args_from/args_to to the next fragment; false at the end of this call's arguments. */
static bool next_fragment(struct stream *s, const struct reply *r, const struct script *script)
{
    const char *args = r->calls[s->call].arguments;
    size_t len = strlen(args);
    size_t step = script->chunk_bytes == SCRIPT_UNSET ? ARGS_FRAGMENT : script->chunk_bytes;
    s->args_from = s->args_to;
    s->args_to = s->args_from + step < len ? s->args_from + step : len;
    while (s->args_to < len && ((unsigned char)args[s->args_to] & 0xC0) == 0x80) {
        s->args_to++;
    }
    return s->args_from < len;
}

static bool has_usage_chunk(const struct chat_request *c, const struct script *script)
{
    return script->usage == USAGE_FINAL || (c->include_usage && script->usage != USAGE_NONE);
}

static enum stream_event next_piece(struct stream *s, const struct reply *r)
{
    return cursor_next(&s->cursor, r, &s->piece) ? STREAM_PIECE : STREAM_FINISH;
}

static enum stream_event next_args(struct stream *s, const struct reply *r,
                                   const struct script *script)
{
    if (next_fragment(s, r, script)) {
        return STREAM_CALL_ARGS;
    }
    s->args_to = 0;
    return ++s->call < r->n_calls ? STREAM_CALL_OPEN : STREAM_FINISH;
}

/* What follows once all choices said the present event. */
static enum stream_event following(struct stream *s, const struct reply *r,
                                   const struct chat_request *c, const struct script *script)
{
    enum stream_event last = script->no_done ? STREAM_END : STREAM_DONE;
    switch (s->event) {
    case STREAM_ROLE:
        return r->n_calls > 0 ? STREAM_CALL_OPEN : next_piece(s, r);
    case STREAM_PIECE:
        return next_piece(s, r);
    case STREAM_CALL_OPEN:
    case STREAM_CALL_ARGS:
        return next_args(s, r, script);
    case STREAM_FINISH:
        return has_usage_chunk(c, script) ? STREAM_USAGE : last;
    case STREAM_USAGE:
        return last;
    case STREAM_DONE:
    case STREAM_END:
        break;
    }
    return STREAM_END;
}

bool stream_next(struct stream *s, const struct reply *r, const struct chat_request *c,
                 const struct script *script, struct buf *out)
{
    if (s->event == STREAM_END) {
        return false;
    }
    bool per_choice = s->event != STREAM_USAGE && s->event != STREAM_DONE;
    if (s->event == STREAM_DONE) {
        stream_frame(out, STR("[DONE]"), script);
    } else {
        chunk(s, r, c, script, out);
    }
    if (!per_choice || ++s->choice >= r->n) {
        s->choice = 0;
        s->event = following(s, r, c, script);
    }
    return true;
}
