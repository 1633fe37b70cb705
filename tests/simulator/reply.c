/* reply_plan and the cutting of text (reply.h). */
#include "tests/simulator/reply.h"

#include "common/mem.h"
#include "tests/simulator/json_read.h"
#include "tests/simulator/schema.h"

enum { ECHO_MAX = 200 };

void reply_init(struct reply *r)
{
    memset(r, 0, sizeof(*r));
    buf_init(&r->text, REPLY_TEXT_MAX);
}

void reply_reset(struct reply *r)
{
    for (uint32_t i = 0; i < r->n_calls; i++) {
        xfree(r->calls[i].arguments);
    }
    xfree(r->calls);
    r->calls = NULL;
    r->n_calls = 0;
    if (r->text.cap > 65536) {
        buf_fini(&r->text);
    }
    buf_reset(&r->text);
}

void reply_fini(struct reply *r)
{
    reply_reset(r);
    buf_fini(&r->text);
}

static char *put_hex(char *to, uint64_t v)
{
    for (int shift = 60; shift >= 0; shift -= 4) {
        *to++ = "0123456789abcdef"[(v >> shift) & 15];
    }
    return to;
}

void reply_ids(struct reply *r, const char *prefix, uint64_t nonce, uint64_t seq)
{
    size_t n = strlen(prefix);
    ASSERT(n + 33 <= sizeof(r->id));
    memcpy(r->id, prefix, n);
    *put_hex(put_hex(r->id + n, nonce), seq) = 0;
    memcpy(r->request_id, "req_", 4);
    *put_hex(put_hex(r->request_id + 4, nonce), seq) = 0;
}

void reply_add_unique(struct buf *b, const struct reply *r)
{
    buf_add(b, r->request_id + 4, 32);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

/* A word and the spaces after it. */
static size_t word_end(const char *p, size_t at, size_t len)
{
    while (at < len && !is_space(p[at])) {
        at++;
    }
    while (at < len && is_space(p[at])) {
        at++;
    }
    return at;
}

/* End of the piece that starts at `at`: never inside a UTF-8 sequence. */
static size_t piece_end(const struct reply *r, size_t at)
{
    const char *p = r->text.p;
    size_t len = r->text.len;
    if (r->piece_bytes > 0) {
        size_t end = at + r->piece_bytes < len ? at + r->piece_bytes : len;
        while (end < len && ((unsigned char)p[end] & 0xC0) == 0x80) {
            end++;
        }
        return end;
    }
    return word_end(r->text.p, at, len);
}

bool cursor_next(struct cursor *c, const struct reply *r, struct str *piece)
{
    if (c->index == r->pieces || r->text.len == 0) {
        return false;
    }
    size_t at = c->at == r->text.len ? 0 : c->at;
    c->at = piece_end(r, at);
    c->index++;
    *piece = str_make(r->text.p + at, c->at - at);
    return true;
}

bool cursor_thought(struct cursor *c, const struct reply *r, struct str *piece)
{
    if (c->at >= r->thinking.len) {
        return false;
    }
    size_t at = c->at;
    c->at = word_end(r->thinking.p, at, r->thinking.len);
    c->index++;
    *piece = str_make(r->thinking.p + at, c->at - at);
    return true;
}

static uint32_t count_pieces(const struct reply *r)
{
    uint32_t n = 0;
    for (size_t at = 0; at < r->text.len; at = piece_end(r, at)) {
        n++;
    }
    return n;
}

/* Puts an outsider's text into ours: cut to a bound at a character, controls become spaces. */
static void add_echo(struct buf *b, struct str s)
{
    size_t n = s.len < ECHO_MAX ? s.len : ECHO_MAX;
    while (n > 0 && n < s.len && ((unsigned char)s.p[n] & 0xC0) == 0x80) {
        n--;
    }
    size_t at = b->len;
    buf_add(b, s.p, n);
    for (; at < b->len; at++) {
        if ((unsigned char)b->p[at] < 0x20 || b->p[at] == 0x7f) {
            b->p[at] = ' ';
        }
    }
    if (n < s.len) {
        buf_add_lit(b, "...");
    }
}

static int dump_to_buf(const char *p, size_t len, void *b)
{
    return buf_add(b, p, len) ? 0 : -1;
}

static void add_sample(struct buf *b, const json_t *schema)
{
    json_t *v = schema ? schema_sample(schema)
                       : json_pack("{s:s, s:b}", "answer", "This is a simulated answer.",
                                   "simulated", 1);
    json_dump_callback(v, dump_to_buf, b, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(v);
}

static void plan_text(struct reply *r, const struct chat_request *c, const struct script *s,
                      struct str echo)
{
    struct buf *b = &r->text;
    if (s->text.p) {
        buf_add_str(b, s->text);
    } else if (c->wants_json) {
        add_sample(b, c->answer_schema);
    } else if (c->tool_result.p) {
        buf_add_lit(b, "The simulator read the tool's result: ");
        add_echo(b, c->tool_result);
    } else if (echo.len == 0) {
        buf_add_lit(b, "Hello! This is doteb's simulator, not a real model. You said nothing.");
    } else {
        buf_add_lit(b, "Hello! This is doteb's simulator, not a real model. You said: ");
        add_echo(b, echo);
    }
}

/* Repeats the text so that it divides into whole pieces of piece_bytes. */
static void fill_pieces(struct reply *r)
{
    size_t base = r->text.len;
    size_t want = r->piece_bytes * (1 + 4096 / (size_t)r->piece_bytes);
    while (base > 0 && r->text.len < want) {
        char *to = buf_room(&r->text, base);
        if (!to) {
            break;
        }
        memcpy(to, r->text.p, base);
        buf_grew(&r->text, base);
    }
    while (want > 0 && want < r->text.len && ((unsigned char)r->text.p[want] & 0xC0) == 0x80) {
        want--;
    }
    r->text.len = want < r->text.len ? want : r->text.len;
}

static void plan_pieces(struct reply *r, const struct script *s)
{
    r->piece_bytes = s->chunk_bytes == SCRIPT_UNSET ? 0 : s->chunk_bytes;
    if (s->chunks == SCRIPT_UNSET) {
        r->pieces = count_pieces(r);
        return;
    }
    r->pieces = s->chunks;
    if (r->piece_bytes > 0) {
        fill_pieces(r);
    } else if (r->text.len > 0 && !is_space(r->text.p[r->text.len - 1]) &&
               r->pieces > count_pieces(r)) {
        buf_add_char(&r->text, ' ');
    }
    r->pieces = r->text.len == 0 ? 0 : r->pieces;
}

/* The call that the script wants in this step of the turn, or p NULL; its arguments, if any. */
static struct str scripted_call(const struct chat_request *c, const struct script *s,
                                struct str *args)
{
    const struct str calls[] = {s->call, s->call2, s->call3};
    const struct str arguments[] = {s->args, s->args2, s->args3};
    uint32_t step = c->tool_result.p ? c->n_results : 0;
    *args = step < ARRAY_LEN(arguments) ? arguments[step] : STR_NULL;
    return step < ARRAY_LEN(calls) ? calls[step] : STR_NULL;
}

/* How many tool calls this request wants. */
static uint32_t count_calls(const struct chat_request *c, const struct script *s)
{
    struct str args;
    if (scripted_call(c, s, &args).p) {
        return 1;
    }
    if (c->tool_result.p || s->call.p) {
        return 0;
    }
    if (s->tools != SCRIPT_UNSET) {
        return s->tools;
    }
    return c->n_tools > 0 && c->must_call;
}

/* The tool of this name; p NULL: the i-th, counted in a circle. */
static const struct tool_def *find_tool(const struct chat_request *c, struct str name, uint32_t i)
{
    for (uint32_t j = 0; j < c->n_tools; j++) {
        const struct tool_def *t = &c->tools[(i + j) % c->n_tools];
        if (!name.p || str_eq(t->name, name)) {
            return t;
        }
    }
    return NULL;
}

static char *sample_arguments(const json_t *schema)
{
    json_t *v = schema_sample(schema);
    struct buf text;
    buf_init(&text, 1 << 20);
    json_dump_callback(v, dump_to_buf, &text, JSON_COMPACT | JSON_ENCODE_ANY);
    char *arguments = xstrndup(text.p, text.len);
    buf_fini(&text);
    json_decref(v);
    return arguments;
}

/* A custom tool takes the member `input` of scripted arguments, if there is one. */
static char *custom_input(struct str args)
{
    json_t *v = json_loadb(args.p, args.len, 0, NULL);
    struct str input = json_str(json_object_get(v, "input"));
    char *text = input.p ? xstrndup(input.p, input.len) : xstrndup(args.p, args.len);
    json_decref(v);
    return text;
}

static void plan_call(struct tool_call *call, const struct chat_request *c, const struct script *s,
                      uint32_t i)
{
    struct str args;
    struct str name = scripted_call(c, s, &args);
    args = name.p ? args : STR_NULL;
    const struct tool_def *t = find_tool(c, name.p ? name : c->must_name, i);
    call->name = name.p ? name : t ? t->name : STR("get_weather");
    call->space = t ? t->space : STR_NULL;
    call->custom = t && t->custom;
    if (args.p) {
        call->arguments = call->custom ? custom_input(args) : xstrndup(args.p, args.len);
    } else if (call->custom) {
        call->arguments = xstrdup("simulated");
    } else {
        call->arguments = t        ? sample_arguments(t->schema)
                          : name.p ? xstrdup("{}")
                                   : xstrdup("{\"city\":\"Paris\"}");
    }
}

static void plan_thinking(struct reply *r, const struct chat_request *c, const struct script *s)
{
    struct cursor at = {0, 0};
    struct str piece;
    r->thinking = s->thinking.p ? s->thinking
                  : c->thinking ? STR("The user said something. I am a simulator and answer it.")
                                : STR_NULL;
    while (cursor_thought(&at, r, &piece)) {
    }
    r->thoughts = at.index;
}

static void plan_usage(struct reply *r, const struct chat_request *c, const struct script *s,
                       uint64_t said)
{
    struct reply_usage *u = &r->usage;
    uint64_t in = (c->content_bytes + 3) / 4;
    u->in = s->tokens_in != SCRIPT_UNSET ? s->tokens_in : in > 0 ? (uint32_t)in : 1;
    u->reasoning = s->reasoning > 0 ? s->reasoning : r->thoughts;
    u->out = s->tokens_out != SCRIPT_UNSET ? s->tokens_out : (uint32_t)said + u->reasoning;
    u->cached = s->cached;
    u->has_cache_write = s->cache_write != SCRIPT_UNSET;
    u->cache_write = u->has_cache_write ? s->cache_write : 0;
    u->cache_write_1h = s->cache_write_1h;
    u->tool_prompt = s->tool_prompt;
    u->audio_in = s->audio_in;
    u->audio_out = s->audio_out;
}

void reply_plan(struct reply *r, const struct chat_request *c, const struct script *s,
                struct str echo)
{
    r->model = c->model;
    r->n = c->n;
    r->pieces = 0;
    r->finish = FINISH_STOP;
    uint64_t said = 0;
    plan_thinking(r, c, s);
    r->n_calls = c->mute ? 0 : count_calls(c, s);
    if (c->mute) {
        r->thinking = STR_NULL;
        r->thoughts = 0;
    } else if (r->n_calls > 0) {
        r->calls = xcalloc(r->n_calls, sizeof(*r->calls));
        r->finish = FINISH_TOOL_CALLS;
    } else {
        plan_text(r, c, s, echo);
        plan_pieces(r, s);
    }
    for (uint32_t i = 0; i < r->n_calls; i++) {
        plan_call(&r->calls[i], c, s, i);
        said += 4 + (strlen(r->calls[i].arguments) + 3) / 4;
    }
    if (r->pieces > c->max_tokens) {
        r->pieces = c->max_tokens;
        r->finish = FINISH_LENGTH;
    }
    said = (said + r->pieces) * r->n;
    r->finish = s->finish != FINISH_DEFAULT ? (enum script_finish)s->finish : r->finish;
    plan_usage(r, c, s, said);
}
