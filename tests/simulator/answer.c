/* The second half of answer.h: the decided answer as bytes over time. A cut, a hang and an error in
 * the middle all happen here.
 */
#include "tests/simulator/answer.h"

#include <stdio.h>

#include "tests/simulator/head.h"

void answer_init(struct answer *a)
{
    memset(a, 0, sizeof(*a));
    chat_init(&a->chat);
    reply_init(&a->reply);
    stream_init(&a->stream);
    buf_init(&a->body, REPLY_TEXT_MAX * 2);
    buf_init(&a->spare, REPLY_TEXT_MAX);
}

void answer_fini(struct answer *a)
{
    chat_fini(&a->chat);
    reply_fini(&a->reply);
    stream_fini(&a->stream);
    buf_fini(&a->body);
    buf_fini(&a->spare);
}

/* Header lines that were asked for, and the end of the head. */
static void end_head(struct answer *a, struct buf *out)
{
    if (a->script.retry_after != SCRIPT_UNSET) {
        buf_printf(out, "retry-after: %u\r\n", a->script.retry_after);
    }
    if (a->script.retry_after_ms != SCRIPT_UNSET) {
        buf_printf(out, "retry-after-ms: %u\r\n", a->script.retry_after_ms);
    }
    if (a->script.head_pad > 0) {
        buf_add_lit(out, "x-pad: ");
        char *to = buf_room(out, a->script.head_pad);
        ASSERT(to);
        memset(to, 'p', a->script.head_pad);
        buf_grew(out, a->script.head_pad);
        buf_add_lit(out, "\r\n");
    }
    buf_add_lit(out, "\r\n");
}

/* The error that stands in the place of an answer, or of its end. */
static void broken(const struct answer *a, struct api_error *e, const char *message)
{
    fault_set(e, a->protocol, 500, a->script.code);
    if (!a->script.code.p) {
        snprintf(e->message, sizeof(e->message), "%s", message);
    }
}

static const char *error_body(struct answer *a)
{
    switch ((enum script_body)a->script.body) {
    case BODY_OPENAI:
    case BODY_JSON:
        a->protocol->error(&a->body, &a->error, str_of(a->reply.request_id));
        break;
    case BODY_HTML:
        buf_printf(&a->body,
                   "<html>\r\n<head><title>%u</title></head>\r\n<body>\r\n<center><h1>%u "
                   "simulated</h1></center>\r\n</body>\r\n</html>\r\n",
                   a->error.status, a->error.status);
        return "text/html";
    case BODY_PLAIN:
        buf_printf(&a->body, "upstream error %u (simulated)\n", a->error.status);
        return "text/plain; charset=utf-8";
    case BODY_EMPTY:
        return "text/plain";
    }
    return "application/json";
}

/* Renders the body of an answer that is not streamed; returns its content type. */
static const char *plain_body(struct answer *a)
{
    buf_reset(&a->body);
    if (a->error.status == 0 && a->script.error_in_200) {
        struct api_error e;
        broken(a, &e, "The simulator put this error into a 200.");
        a->protocol->error(&a->body, &e, str_of(a->reply.request_id));
        return "application/json";
    }
    if (a->error.status == 0) {
        const char *type = a->protocol->render(&a->body, &a->reply, &a->chat, &a->script);
        if (!a->body.failed) {
            return type;
        }
        buf_reset(&a->body);
        api_error_set(&a->error, 400, "bad_sim_directive", "messages",
                      "This answer would be too large; stream it.");
        a->status = 400;
    }
    return error_body(a);
}

static void chunk_size(struct buf *out, size_t n)
{
    char hex[20];
    size_t at = sizeof(hex);
    hex[--at] = '\n';
    hex[--at] = '\r';
    do {
        hex[--at] = "0123456789abcdef"[n & 15];
        n >>= 4;
    } while (n > 0);
    buf_add(out, hex + at, sizeof(hex) - at);
}

/* Puts out body bytes, framed; false when cut_byte falls inside them and the answer ends there. */
static bool emit(struct answer *a, struct buf *out, struct str s)
{
    uint64_t left = a->script.cut_byte == SCRIPT_UNSET ? UINT64_MAX : a->script.cut_byte - a->sent;
    size_t n = s.len < left ? s.len : (size_t)left;
    bool framed = a->chunked && s.len > 0; /* an empty chunk would be the last one */
    if (framed) {
        chunk_size(out, s.len);
    }
    buf_add(out, s.p, n);
    a->sent += n;
    if (n == s.len && framed) {
        buf_add_lit(out, "\r\n");
    }
    return n == s.len && n != left;
}

static enum answer_step end_body(struct answer *a, struct buf *out)
{
    if (a->chunked) {
        buf_add_lit(out, "0\r\n\r\n");
    }
    a->phase = PHASE_END;
    return ANSWER_DONE;
}

static enum answer_step wait_for(struct answer *a, uint64_t us)
{
    a->wait_us = us;
    return us > 0 ? ANSWER_WAIT : a->script.flush ? ANSWER_FLUSH : ANSWER_MORE;
}

static bool has_cut(const struct script *s)
{
    return s->cut_chunk != SCRIPT_UNSET || s->cut_byte != SCRIPT_UNSET;
}

static enum answer_step step_ttfb(struct answer *a)
{
    a->phase = PHASE_HEAD;
    if (a->script.hang == HANG_HEADERS) {
        return ANSWER_HANG;
    }
    if (a->script.ttfb_ms == 0) {
        return ANSWER_MORE;
    }
    return wait_for(a, a->script.ttfb_ms * 1000ULL);
}

/* A stream may be labelled as what it is not: server-sent events, whose readers look at the bytes.
 */
static const char *stream_label(const struct answer *a)
{
    bool text = str_starts(str_of(a->protocol->stream_type), STR("text/event-stream"));
    return (a->script.json_type && text) || a->chat.as_array ? "application/json"
                                                             : a->protocol->stream_type;
}

static enum answer_step step_head(struct answer *a, struct buf *out)
{
    if (a->script.reset && !has_cut(&a->script)) {
        return ANSWER_ABORT;
    }
    const char *type = a->protocol->stream_type;
    int64_t length = HEAD_UNTIL_CLOSE;
    if (a->streamed) {
        stream_start(&a->stream);
        type = stream_label(a);
    } else {
        type = plain_body(a);
        length = a->script.framing == FRAMING_CLOSE ? length : (int64_t)a->body.len;
    }
    head_open(out, a->status, type, a->chunked ? HEAD_CHUNKED : length, a->keep_alive);
    a->protocol->head(a, out);
    end_head(a, out);
    a->phase = PHASE_EVENTS;
    return a->script.first_ms > 0 ? wait_for(a, a->script.first_ms * 1000ULL) : ANSWER_MORE;
}

static enum answer_step step_plain(struct answer *a, struct buf *out)
{
    struct str body = buf_str(&a->body);
    a->phase = PHASE_END;
    if (a->script.cut_chunk != SCRIPT_UNSET || a->hang_after != UINT32_MAX) {
        emit(a, out, str_make(body.p, body.len / 2));
        return a->script.cut_chunk != SCRIPT_UNSET ? ANSWER_ABORT : ANSWER_HANG;
    }
    return emit(a, out, body) ? end_body(a, out) : ANSWER_ABORT;
}

/* An error event in the middle of a stream, which then ends. */
static void error_event(struct answer *a)
{
    struct api_error e;
    broken(a, &e, "The simulator broke this stream off as asked.");
    a->protocol->break_off(&a->stream, &e, &a->chat, &a->script, &a->body);
    a->stream.ended = true;
}

static enum answer_step step_event(struct answer *a, struct buf *out)
{
    const struct script *s = &a->script;
    if (a->events == s->cut_chunk) {
        return ANSWER_ABORT;
    }
    if (a->events == a->hang_after) {
        return ANSWER_HANG;
    }
    buf_reset(&a->body);
    uint32_t error_at = s->error_in_200 && s->error_chunk == SCRIPT_UNSET ? 0 : s->error_chunk;
    if (a->stream.ended) {
        return end_body(a, out);
    }
    if (a->events == error_at) {
        error_event(a);
    } else {
        a->protocol->next(&a->stream, &a->reply, &a->chat, s, &a->body);
    }
    a->events++;
    if (a->body.failed || !emit(a, out, buf_str(&a->body))) {
        return ANSWER_ABORT;
    }
    return a->stream.ended ? ANSWER_MORE : wait_for(a, s->gap_ms * 1000ULL + s->gap_us);
}

enum answer_step answer_step(struct answer *a, struct buf *out)
{
    ASSERT(a->phase != PHASE_END);
    switch (a->phase) {
    case PHASE_TTFB:
        return step_ttfb(a);
    case PHASE_HEAD:
        return step_head(a, out);
    case PHASE_EVENTS:
        return a->streamed ? step_event(a, out) : step_plain(a, out);
    case PHASE_END:
        break;
    }
    return ANSWER_DONE;
}
