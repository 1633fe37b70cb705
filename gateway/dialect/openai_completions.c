/* The legacy completions API as clients speak it: a prompt becomes a user's message, the answer's
 * text a completion. No provider is spoken to in it. Pure.
 */
#include "gateway/dialect/openai_write_pieces.h"
#include "gateway/dialect/read.h"

enum { MODEL_MAX_BYTES = 256, CHOICES_MAX = 128 };

static const struct ir_words words = {.messages = "prompt", .parts = "prompt", .tools = "tools"};

struct request {
    struct reader r;
    struct dialect_request *out;
    struct ir_chat *c;
};

/* ------------------------------------------------------------------ requests */

static void read_model(struct request *q, const char *field)
{
    struct str model;
    if (!rd_string(&q->r, field, &model))
        return;
    if (model.len == 0 || model.len > MODEL_MAX_BYTES)
        (void)rd_refuse(&q->r, E_BAD_FIELD, str_of(field),
                        "'model' must be a string of 1 to %d bytes.", MODEL_MAX_BYTES);
    q->out->model = model;
    q->out->model_begin = q->r.s.begin;
    q->out->model_end = q->r.s.end;
}

static void refuse_prompt(struct request *q)
{
    (void)rd_refuse(&q->r, E_UNSUPPORTED, STR("prompt"),
                    "'prompt' must be one string: lists of prompts and of tokens are not available "
                    "with this model.");
}

static void read_prompt(struct request *q, const char *field)
{
    struct str text = STR_NULL;
    bool list = rd_peek(&q->r) == JSON_ARRAY_BEGIN;
    if (!list && !rd_text(&q->r, field, &text))
        return;
    if (list)
        (void)rd_array(&q->r, field);
    while (list && rd_element(&q->r)) {
        if (text.p || rd_peek(&q->r) != JSON_STRING)
            refuse_prompt(q);
        (void)rd_text(&q->r, field, &text);
    }
    if (q->r.failed)
        return;
    if (!text.p) {
        refuse_prompt(q);
        return;
    }
    struct ir_message *m = ir_add_message(q->c, q->r.a, IR_USER);
    ir_add_part(m, q->r.a, IR_TEXT)->text = text;
}

static void read_stream(struct request *q, const char *field)
{
    (void)rd_bool(&q->r, field, &q->out->stream);
}

static void read_stream_options(struct request *q, const char *field)
{
    struct str key;
    if (!rd_object(&q->r, field))
        return;
    while (rd_key(&q->r, &key)) {
        if (rd_is(key, "include_usage"))
            (void)rd_bool(&q->r, "stream_options.include_usage", &q->out->client_wants_usage);
        else
            rd_skip(&q->r);
    }
}

static void read_max_tokens(struct request *q, const char *field)
{
    int64_t v;
    if (!rd_i64(&q->r, field, &v))
        return;
    if (v < 1)
        (void)rd_refuse(&q->r, E_BAD_FIELD, str_of(field), "'%s' must be a positive integer.",
                        field);
    q->out->max_output = q->c->max_output = v;
}

static void read_n(struct request *q, const char *field)
{
    (void)rd_peek(&q->r);
    struct str raw = q->r.s.raw;
    if (!rd_i64(&q->r, field, &q->out->n))
        return;
    if (q->out->n < 1 || q->out->n > CHOICES_MAX)
        (void)rd_refuse(&q->r, E_BAD_FIELD, str_of(field), "'n' must be an integer from 1 to %d.",
                        CHOICES_MAX);
    q->c->n = (struct ir_param){raw, field};
}

static void read_stop(struct request *q, const char *field)
{
    struct str text;
    q->c->stop_field = field;
    if (rd_peek(&q->r) != JSON_ARRAY_BEGIN) {
        if (rd_text(&q->r, field, &text))
            ir_add_stop(q->c, q->r.a, text);
        return;
    }
    (void)rd_array(&q->r, field);
    while (rd_element(&q->r))
        if (rd_text(&q->r, field, &text))
            ir_add_stop(q->c, q->r.a, text);
}

static void read_user(struct request *q, const char *field)
{
    struct str raw;
    if (!rd_string(&q->r, field, &q->out->end_user))
        return;
    raw = str_make(q->r.s.text + q->r.s.begin, q->r.s.end - q->r.s.begin);
    q->c->end_user = (struct ir_param){raw, field};
}

static void read_logit_bias(struct request *q, const char *field)
{
    struct str raw;
    if (!rd_raw(&q->r, &raw))
        return;
    if (raw.p[0] != '{')
        (void)rd_refuse(&q->r, E_BAD_FIELD, str_of(field), "'%s' must be an object.", field);
    q->c->logit_bias = (struct ir_param){raw, field};
}

/* Chat models have no such thing. What says nothing is let by. */
static void read_unsupported(struct request *q, const char *field)
{
    struct str raw;
    if (!rd_raw(&q->r, &raw))
        return;
    bool nothing = str_eq(raw, STR("false")) || str_eq(raw, STR("\"\"")) ||
                   (str_eq(raw, STR("1")) && str_eq(str_of(field), STR("best_of")));
    if (!nothing)
        (void)rd_refuse(&q->r, E_UNSUPPORTED, str_of(field),
                        "'%s' is not available with this model.", field);
}

#define PARAM(n)                                                                                   \
    {                                                                                              \
#n, NULL, offsetof(struct ir_chat, n)                                                      \
    }

static const struct field {
    const char *name;
    void (*read)(struct request *q, const char *field);
    size_t at; /* of the struct ir_param, without `read` */
} fields[] = {
    {"model", read_model, 0},
    {"prompt", read_prompt, 0},
    {"stream", read_stream, 0},
    {"stream_options", read_stream_options, 0},
    {"max_tokens", read_max_tokens, 0},
    {"n", read_n, 0},
    {"stop", read_stop, 0},
    {"user", read_user, 0},
    {"logit_bias", read_logit_bias, 0},
    {"suffix", read_unsupported, 0},
    {"echo", read_unsupported, 0},
    {"best_of", read_unsupported, 0},
    {"logprobs", read_unsupported, 0},
    PARAM(temperature),
    PARAM(top_p),
    PARAM(seed),
    PARAM(presence_penalty),
    PARAM(frequency_penalty),
};

static void read_field(struct request *q, struct str key)
{
    struct str raw;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const struct field *f = &fields[i];
        if (!rd_is(key, f->name))
            continue;
        if (f->read)
            f->read(q, f->name);
        else
            rd_param(&q->r, f->name, (struct ir_param *)(void *)((char *)q->c + f->at));
        return;
    }
    if (rd_raw(&q->r, &raw))
        ir_add_unknown(q->c, q->r.a, key);
}

static enum err scan_request(struct str body, const struct dialect_call *call, struct arena *a,
                             struct dialect_request *out, struct dialect_refusal *why)
{
    struct request q = {.out = out, .c = ARENA_NEW(a, struct ir_chat)};
    struct rd_keys seen = {.n = 0};
    struct str key;
    (void)call;
    *out = (struct dialect_request){.n = 1, .max_output = -1, .params = STR("{}"), .chat = q.c};
    ir_chat_init(q.c, &words);
    rd_init(&q.r, body, a, why);
    if (rd_body(&q.r))
        while (rd_key(&q.r, &key) && rd_once(&q.r, &seen, key))
            read_field(&q, key);
    out->object_end = q.r.s.begin;
    if (!q.r.failed && out->model.len == 0)
        (void)rd_missing(&q.r, "model");
    if (!q.r.failed && !q.c->messages)
        (void)rd_missing(&q.r, "prompt");
    if (!rd_done(&q.r))
        return why->err;
    q.c->stream = out->stream;
    return E_OK;
}

static enum err parse_request(struct str body, const struct dialect_request *scan, struct arena *a,
                              struct ir_chat *out, struct dialect_refusal *why)
{
    (void)body, (void)a, (void)why;
    *out = *scan->chat;
    return E_OK;
}

/* ------------------------------------------------------------------ answers */

static void put_choice(struct json_write *w, const struct ir_events *ev, uint32_t choice,
                       const char *finish)
{
    jw_object(w);
    jw_key(w, "text");
    jw_text_begin(w);
    for (size_t i = 0; i < ev->n; i++) {
        const struct ir_event *e = &ev->v[i];
        if (e->kind == IR_DELTA && e->choice == choice &&
            (e->block == IR_TEXT || e->block == IR_REFUSAL))
            jw_text_add(w, e->text);
    }
    jw_text_end(w);
    jw_key(w, "index");
    jw_i64(w, choice);
    jw_key(w, "logprobs");
    jw_lit(w, "null");
    jw_key(w, "finish_reason");
    if (finish)
        jw_string(w, str_of(finish));
    else
        jw_lit(w, "null");
    jw_end(w);
}

static void begin(struct json_write *w, const struct dialect_writing *x, struct buf *out)
{
    json_write_init(w, out);
    jw_object(w);
    openai_put_head(w, x, "cmpl-", "text_completion");
    jw_key(w, "choices");
    jw_array(w);
}

static bool write_answer(const struct dialect_writing *x, const struct ir_events *ev,
                         struct buf *out)
{
    struct json_write w;
    begin(&w, x, out);
    for (size_t i = 0; i < ev->n; i++)
        if (ev->v[i].kind == IR_STOP)
            put_choice(&w, ev, ev->v[i].choice, openai_finish_word(ev->v[i].finish));
    jw_end(&w);
    for (size_t i = 0; i < ev->n; i++)
        if (ev->v[i].kind == IR_USAGE)
            openai_put_tail(&w, x, &ev->v[i]);
    jw_end(&w);
    return !out->failed;
}

static void write_chunk(const struct dialect_writing *x, struct ir_event *e, struct buf *out)
{
    struct json_write w;
    const struct ir_events one = {.v = e, .n = 1};
    bool stops = e->kind == IR_STOP, usage = e->kind == IR_USAGE;
    bool text = e->kind == IR_DELTA && (e->block == IR_TEXT || e->block == IR_REFUSAL) &&
                e->text.len;
    if (!(stops || text || (usage && x->scan->client_wants_usage)))
        return;
    buf_add_lit(out, "data: ");
    begin(&w, x, out);
    if (!usage)
        put_choice(&w, &one, e->choice, stops ? openai_finish_word(e->finish) : NULL);
    jw_end(&w);
    if (usage)
        openai_put_tail(&w, x, e);
    jw_end(&w);
    buf_add_lit(out, "\n\n");
}

static bool write_stream(void *state, const struct dialect_writing *x, const struct ir_events *ev,
                         struct buf *out)
{
    (void)state;
    for (size_t i = 0; i < ev->n; i++) {
        write_chunk(x, &ev->v[i], out);
        if (ev->v[i].kind == IR_END)
            openai_write_done(out);
    }
    return !out->failed;
}

static const struct dialect_route routes[] = {
    {"/completions", ASK_CHAT, ENDPOINT_COMPLETIONS, false},
    {NULL, ASK_CHAT, ENDPOINT_COMPLETIONS, false},
};

const struct dialect openai_completions = {
    .name = "openai-completions",
    .routes = routes,
    .scan_request = scan_request,
    .parse_request = parse_request,
    .write_stream = write_stream,
    .write_answer = write_answer,
    .write_error = openai_write_error,
    .write_error_event = openai_write_error_event,
    .write_done = openai_write_done,
    .stream_type = "text/event-stream",
    .metadata_unasked = true,
    .write_models = openai_write_models,
};
