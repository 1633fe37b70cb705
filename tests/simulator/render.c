/* JSON by hand (render.h): the shapes are fixed and this is the hot path. */
#include "tests/simulator/render.h"

void render_escaped(struct buf *b, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (LIKELY(c >= 0x20 && c != '"' && c != '\\')) {
            continue;
        }
        buf_add(b, s.p + from, i - from);
        from = i + 1;
        switch (c) {
        case '"':
            buf_add_lit(b, "\\\"");
            break;
        case '\\':
            buf_add_lit(b, "\\\\");
            break;
        case '\n':
            buf_add_lit(b, "\\n");
            break;
        default:
            buf_printf(b, "\\u%04x", c);
            break;
        }
    }
    buf_add(b, s.p + from, s.len - from);
}

static void add_z(struct buf *b, const char *z)
{
    buf_add(b, z, strlen(z));
}

void render_string_or_null(struct buf *b, const char *z)
{
    if (!z || !*z) {
        buf_add_lit(b, "null");
        return;
    }
    buf_add_char(b, '"');
    render_escaped(b, str_of(z));
    buf_add_char(b, '"');
}

void render_error(struct buf *b, const struct api_error *e)
{
    buf_add_lit(b, "{\n  \"error\": {\n    \"message\": \"");
    render_escaped(b, str_of(e->message));
    buf_add_lit(b, "\",\n    \"type\": ");
    render_string_or_null(b, e->type);
    buf_add_lit(b, ",\n    \"param\": ");
    render_string_or_null(b, e->param);
    buf_add_lit(b, ",\n    \"code\": ");
    render_string_or_null(b, e->code);
    buf_add_lit(b, "\n  }\n}\n");
}

void render_piece(struct buf *b, struct str piece, uint32_t index, const struct script *s)
{
    if (index == 0 && s->long_line > 0) {
        char *to = buf_room(b, s->long_line);
        if (to) {
            memset(to, 'x', s->long_line);
            buf_grew(b, s->long_line);
        }
    }
    render_escaped(b, piece);
    if (index == 0 && s->bad_utf8) {
        buf_add_lit(b, "\xc3\x28\xff");
    }
    if (index == 0 && s->lone_surrogate) {
        buf_add_lit(b, "\\ud83d");
    }
}

void render_member(struct buf *b, struct str name, uint32_t v)
{
    buf_add_str(b, name);
    buf_add_i64(b, v);
}

void render_usage(struct buf *b, const struct reply *r, const struct script *s, uint32_t out)
{
    const struct reply_usage *u = &r->usage;
    if (s->usage == USAGE_NULL) {
        buf_add_lit(b, "null");
        return;
    }
    render_member(b, STR("{\"prompt_tokens\":"), u->in);
    render_member(b, STR(",\"completion_tokens\":"), out);
    if (s->usage == USAGE_PARTIAL) {
        buf_add_char(b, '}');
        return;
    }
    render_member(b, STR(",\"total_tokens\":"), u->in + out);
    render_member(b, STR(",\"prompt_tokens_details\":{\"cached_tokens\":"), u->cached);
    render_member(b, STR(",\"audio_tokens\":"), u->audio_in);
    if (u->has_cache_write) {
        render_member(b, STR(",\"cache_write_tokens\":"), u->cache_write);
    }
    render_member(b, STR("},\"completion_tokens_details\":{\"reasoning_tokens\":"), u->reasoning);
    render_member(b, STR(",\"audio_tokens\":"), u->audio_out);
    buf_add_lit(b, ",\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}");
}

/* A token as text; the oddities of bytes stay out of it. */
static void logprob_token(struct buf *b, struct str piece, unsigned rank)
{
    buf_add_lit(b, "{\"token\":\"");
    render_escaped(b, piece);
    buf_printf(b, "\",\"logprob\":-%u.25,\"bytes\":[", rank);
    for (size_t i = 0; i < piece.len; i++) {
        if (i > 0) {
            buf_add_char(b, ',');
        }
        buf_add_i64(b, (unsigned char)piece.p[i]);
    }
    buf_add_char(b, ']');
}

static void logprob(struct buf *b, struct str piece, uint32_t top)
{
    logprob_token(b, piece, 0);
    buf_add_lit(b, ",\"top_logprobs\":[");
    for (uint32_t i = 0; i < top; i++) {
        if (i > 0) {
            buf_add_char(b, ',');
        }
        logprob_token(b, piece, i);
        buf_add_char(b, '}');
    }
    buf_add_lit(b, "]}");
}

static void logprobs_of_text(struct buf *b, const struct reply *r, const struct chat_request *c)
{
    struct cursor at = {0, 0};
    struct str piece;
    buf_add_lit(b, "{\"content\":[");
    while (cursor_next(&at, r, &piece)) {
        if (at.index > 1) {
            buf_add_char(b, ',');
        }
        logprob(b, piece, c->top_logprobs);
    }
    buf_add_lit(b, "],\"refusal\":null}");
}

const char *render_finish(enum script_finish finish)
{
    static const char *const WORDS[] = {
        [FINISH_DEFAULT] = "stop",
        [FINISH_STOP] = "stop",
        [FINISH_LENGTH] = "length",
        [FINISH_TOOL_CALLS] = "tool_calls",
        [FINISH_FILTER] = "content_filter",
        [FINISH_REFUSAL] = "stop",
        [FINISH_PAUSE] = "stop",
        [FINISH_SEQUENCE] = "stop",
        [FINISH_WINDOW] = "length",
        [FINISH_RECITATION] = "content_filter",
        [FINISH_MALFORMED] = "stop",
        [FINISH_BLOCKED] = "content_filter",
        [FINISH_FAILED] = "stop",
    };
    static_assert(ARRAY_LEN(WORDS) == FINISH_COUNT, "a word for each");
    return WORDS[finish];
}

/* The annotations of a message: none, or one that cites. */
static void render_annotations(struct buf *b, const struct script *s)
{
    if (!s->cite) {
        buf_add_lit(b, ",\"annotations\":[]");
        return;
    }
    buf_add_lit(b, ",\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{"
                   "\"start_index\":0,\"end_index\":5,\"title\":\"A simulated source\","
                   "\"url\":\"https://example.com/source\"}}]");
}

void render_call_id(struct buf *b, const struct reply *r, uint32_t choice, uint32_t call)
{
    buf_printf(b, "call_%s%03u%02u", r->request_id + 24, choice, call);
}

static void tool_calls(struct buf *b, const struct reply *r, uint32_t choice)
{
    buf_add_lit(b, ",\"tool_calls\":[");
    for (uint32_t i = 0; i < r->n_calls; i++) {
        add_z(b, i > 0 ? ",{\"id\":\"" : "{\"id\":\"");
        render_call_id(b, r, choice, i);
        buf_add_lit(b, "\",\"type\":\"function\",\"function\":{\"name\":\"");
        render_escaped(b, r->calls[i].name);
        buf_add_lit(b, "\",\"arguments\":\"");
        render_escaped(b, str_of(r->calls[i].arguments));
        buf_add_lit(b, "\"}}");
    }
    buf_add_char(b, ']');
}

void render_text(struct buf *b, const struct reply *r, const struct script *s)
{
    struct cursor at = {0, 0};
    struct str piece;
    while (cursor_next(&at, r, &piece)) {
        render_piece(b, piece, at.index - 1, s);
    }
}

/* The members content, reasoning_content, tool_calls and refusal of a message. */
static void content(struct buf *b, const struct reply *r, const struct script *s, uint32_t choice)
{
    bool refusal = r->finish == FINISH_REFUSAL && r->n_calls == 0;
    if (r->n_calls > 0 || refusal) {
        buf_add_lit(b, "\"content\":null");
    } else {
        buf_add_lit(b, "\"content\":\"");
        render_text(b, r, s);
        buf_add_char(b, '"');
    }
    if (r->thinking.p) {
        buf_add_lit(b, ",\"reasoning_content\":\"");
        render_escaped(b, r->thinking);
        buf_add_char(b, '"');
    }
    if (r->n_calls > 0) {
        tool_calls(b, r, choice);
    }
    if (refusal) {
        buf_add_lit(b, ",\"refusal\":\"");
        render_text(b, r, s);
        buf_add_lit(b, "\"");
    } else {
        buf_add_lit(b, ",\"refusal\":null");
    }
    render_annotations(b, s);
}

void render_completion(struct buf *b, const struct reply *r, const struct chat_request *c,
                       const struct script *s)
{
    buf_add_lit(b, "{\"id\":\"");
    add_z(b, r->id);
    buf_add_lit(b, "\",\"object\":\"chat.completion\",\"created\":");
    buf_add_i64(b, r->created);
    buf_add_lit(b, ",\"model\":\"");
    render_escaped(b, r->model);
    buf_add_lit(b, "\",\"choices\":[");
    for (uint32_t i = 0; i < r->n; i++) {
        if (i > 0) {
            buf_add_char(b, ',');
        }
        render_member(b, STR("{\"index\":"), i);
        buf_add_lit(b, ",\"message\":{\"role\":\"assistant\",");
        content(b, r, s, i);
        buf_add_lit(b, "},\"logprobs\":");
        if (c->logprobs) {
            logprobs_of_text(b, r, c);
        } else {
            buf_add_lit(b, "null");
        }
        buf_add_lit(b, ",\"finish_reason\":\"");
        add_z(b, render_finish(r->finish));
        buf_add_lit(b, "\"}");
    }
    buf_add_char(b, ']');
    if (s->usage != USAGE_NONE) {
        buf_add_lit(b, ",\"usage\":");
        render_usage(b, r, s, r->usage.out);
    }
    buf_add_lit(b, ",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_simulator\"}");
}

void render_chunk_open(struct buf *b, const struct reply *r)
{
    buf_add_lit(b, "{\"id\":\"");
    add_z(b, r->id);
    buf_add_lit(b, "\",\"object\":\"chat.completion.chunk\",\"created\":");
    buf_add_i64(b, r->created);
    buf_add_lit(b, ",\"model\":\"");
    render_escaped(b, r->model);
    buf_add_lit(b, "\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_simulator\","
                   "\"choices\":[");
}

void render_choice(struct buf *b, uint32_t index, struct str delta, const char *finish,
                   const struct chat_request *c, const struct str *piece)
{
    render_member(b, STR("{\"index\":"), index);
    buf_add_lit(b, ",\"delta\":{");
    buf_add_str(b, delta);
    buf_add_lit(b, "},\"logprobs\":");
    if (c->logprobs && piece) {
        buf_add_lit(b, "{\"content\":[");
        logprob(b, *piece, c->top_logprobs);
        buf_add_lit(b, "],\"refusal\":null}");
    } else {
        buf_add_lit(b, "null");
    }
    buf_add_lit(b, ",\"finish_reason\":");
    render_string_or_null(b, finish);
    buf_add_char(b, '}');
}
