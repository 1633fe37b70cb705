/* stream_next as a small state machine: each event is said for every choice, then the next one is
 * chosen (stream.h).
 */
#include "tests/simulator/stream.h"

enum { ARGS_FRAGMENT = 6 };

enum chat_event {
    STREAM_ROLE,
    STREAM_THOUGHT,
    STREAM_PIECE,
    STREAM_CALL_OPEN,
    STREAM_CALL_ARGS,
    STREAM_FINISH,
    STREAM_USAGE,
    STREAM_DONE,
    STREAM_END
};

void stream_init(struct stream *s)
{
    memset(s, 0, sizeof(*s));
    buf_init(&s->open, 64 << 20); /* it may repeat a whole request */
    buf_init(&s->delta, REPLY_TEXT_MAX + (1 << 20));
    buf_init(&s->frame, 1 << 20);
}

void stream_fini(struct stream *s)
{
    buf_fini(&s->open);
    buf_fini(&s->delta);
    buf_fini(&s->frame);
}

void stream_start(struct stream *s)
{
    if (s->open.cap > 65536) {
        buf_fini(&s->open);
    }
    buf_reset(&s->open);
    if (s->delta.cap > 65536) {
        buf_fini(&s->delta);
    }
    buf_reset(&s->frame);
    s->state = 0;
    s->ended = false;
    s->choice = s->call = s->block = s->sequence = 0;
    s->cursor = s->thought = (struct cursor){0, 0};
    s->args_from = s->args_to = 0;
}

static struct str eol(const struct script *script)
{
    return script->crlf ? STR("\r\n") : STR("\n");
}

void stream_open(struct buf *out, const char *event, const struct script *script)
{
    if (script->comment) {
        buf_add_lit(out, ": keep-alive");
        buf_add_str(out, eol(script));
        buf_add_str(out, eol(script));
    }
    if (event) {
        buf_add_lit(out, "event: ");
        buf_add_str(out, str_of(event));
        buf_add_str(out, eol(script));
    }
    buf_add_lit(out, "data: ");
}

void stream_close(struct buf *out, const struct script *script)
{
    buf_add_str(out, eol(script));
    buf_add_str(out, eol(script));
}

void stream_frame(struct buf *out, struct str json, const struct script *script)
{
    stream_open(out, NULL, script);
    buf_add_str(out, json);
    stream_close(out, script);
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
    switch ((enum chat_event)s->state) {
    case STREAM_ROLE:
        if (r->n_calls > 0) {
            buf_add_lit(&s->delta, "\"role\":\"assistant\",\"content\":null,\"refusal\":null");
        } else {
            buf_add_lit(&s->delta, "\"role\":\"assistant\",\"content\":\"\",\"refusal\":null");
        }
        break;
    case STREAM_THOUGHT:
        buf_add_lit(&s->delta, "\"reasoning_content\":\"");
        render_escaped(&s->delta, s->piece);
        buf_add_char(&s->delta, '"');
        break;
    case STREAM_PIECE:
        if (r->finish == FINISH_REFUSAL) {
            buf_add_lit(&s->delta, "\"refusal\":\"");
        } else {
            buf_add_lit(&s->delta, "\"content\":\"");
        }
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
    bool whole = s->state == STREAM_USAGE || s->state == STREAM_FINISH;
    if (script->usage == USAGE_EVERY || s->state == STREAM_USAGE) {
        buf_add_lit(out, ",\"usage\":");
        render_usage(out, r, script, whole ? r->usage.out : s->cursor.index);
    } else if ((c->include_usage && script->usage != USAGE_NONE) || script->usage == USAGE_NULL) {
        buf_add_lit(out, ",\"usage\":null");
    }
}

static void chunk(struct stream *s, const struct reply *r, const struct chat_request *c,
                  const struct script *script, struct buf *out)
{
    stream_open(out, NULL, script);
    buf_add(out, s->open.p, s->open.len);
    if (s->state != STREAM_USAGE) {
        delta(s, r, script);
        render_choice(out, s->choice, buf_str(&s->delta),
                      s->state == STREAM_FINISH ? render_finish(r->finish) : NULL, c,
                      s->state == STREAM_PIECE ? &s->piece : NULL);
    }
    buf_add_char(out, ']');
    usage_member(s, r, c, script, out);
    buf_add_char(out, '}');
    stream_close(out, script);
}

bool stream_fragment(struct stream *s, const struct reply *r, const struct script *script)
{
    const char *args = r->calls[s->call].arguments;
    size_t len = strlen(args);
    size_t step = script->chunk_bytes == SCRIPT_UNSET ? ARGS_FRAGMENT : script->chunk_bytes;
    s->args_from = s->args_to;
    s->args_to = s->args_from + step < len ? s->args_from + step : len;
    while (s->args_to < len && ((unsigned char)args[s->args_to] & 0xC0) == 0x80) {
        s->args_to++;
    }
    if (s->args_from < len) {
        return true;
    }
    s->args_from = s->args_to = 0;
    return false;
}

static bool has_usage_chunk(const struct chat_request *c, const struct script *script)
{
    return script->usage == USAGE_FINAL || (c->include_usage && script->usage != USAGE_NONE);
}

static enum chat_event next_piece(struct stream *s, const struct reply *r)
{
    return cursor_next(&s->cursor, r, &s->piece) ? STREAM_PIECE : STREAM_FINISH;
}

static enum chat_event next_thought(struct stream *s, const struct reply *r)
{
    if (cursor_thought(&s->thought, r, &s->piece)) {
        return STREAM_THOUGHT;
    }
    return r->n_calls > 0 ? STREAM_CALL_OPEN : next_piece(s, r);
}

static enum chat_event next_args(struct stream *s, const struct reply *r,
                                 const struct script *script)
{
    if (stream_fragment(s, r, script)) {
        return STREAM_CALL_ARGS;
    }
    return ++s->call < r->n_calls ? STREAM_CALL_OPEN : STREAM_FINISH;
}

/* What follows once all choices said the present event. */
static enum chat_event following(struct stream *s, const struct reply *r,
                                 const struct chat_request *c, const struct script *script)
{
    enum chat_event last = script->no_done ? STREAM_END : STREAM_DONE;
    switch ((enum chat_event)s->state) {
    case STREAM_ROLE:
    case STREAM_THOUGHT:
        return next_thought(s, r);
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

/* Makes the event that all pieces share. Its content is the only thing that differs, unless the
 * script or the request want more in it. */
static bool has_frame(struct stream *s, const struct reply *r, const struct chat_request *c,
                      const struct script *script)
{
    if (s->frame.len > 0) {
        return true;
    }
    if (r->n > 1 || c->logprobs || script->usage == USAGE_EVERY || r->finish == FINISH_REFUSAL) {
        return false;
    }
    struct str piece = s->piece;
    struct cursor cursor = s->cursor;
    s->piece = STR("");
    s->cursor.index = UINT32_MAX; /* what the first piece alone has stays out of it */
    chunk(s, r, c, script, &s->frame);
    s->piece = piece;
    s->cursor = cursor;
    if (s->frame.failed) { /* a model's name of a megabyte */
        buf_reset(&s->frame);
        return false;
    }
    s->frame_at = (size_t)str_find_str(buf_str(&s->frame), STR("\"content\":\"")) + 11;
    return true;
}

static void piece_event(struct stream *s, const struct reply *r, const struct chat_request *c,
                        const struct script *script, struct buf *out)
{
    if (!has_frame(s, r, c, script)) {
        chunk(s, r, c, script, out);
        return;
    }
    buf_add(out, s->frame.p, s->frame_at);
    render_piece(out, s->piece, s->cursor.index - 1, script);
    buf_add(out, s->frame.p + s->frame_at, s->frame.len - s->frame_at);
}

void stream_next(struct stream *s, const struct reply *r, const struct chat_request *c,
                 const struct script *script, struct buf *out)
{
    bool per_choice = s->state != STREAM_USAGE && s->state != STREAM_DONE;
    if (s->open.len == 0) {
        render_chunk_open(&s->open, r);
    }
    if (s->state == STREAM_DONE) {
        stream_frame(out, STR("[DONE]"), script);
    } else if (s->state == STREAM_PIECE) {
        piece_event(s, r, c, script, out);
    } else {
        chunk(s, r, c, script, out);
    }
    if (!per_choice || ++s->choice >= r->n) {
        s->choice = 0;
        s->state = following(s, r, c, script);
        s->ended = s->state == STREAM_END;
    }
}
