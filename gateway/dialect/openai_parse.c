/* Reads an OpenAI chat request into the internal form: its top-level fields, by table. Runs where
 * scan_request ran; pure but for the arena. What no other dialect knows is kept by name.
 */
#include "gateway/dialect/openai_parse.h"

const struct ir_words openai_words = {.messages = "messages",
                                      .parts = "content",
                                      .tools = "tools",
                                      .image_url = "image_url.url",
                                      .file_url = "file.file_data"};

struct reader openai_sub_reader(const struct openai_parse *p, struct str raw)
{
    struct reader r;
    rd_init(&r, raw, p->a, NULL);
    r.why = p->why;
    return r;
}

bool openai_read_members(struct reader *r, const char *field, const struct openai_member *t,
                         size_t n, void *out)
{
    struct str key, raw;
    if (!rd_object(r, field))
        return false;
    while (rd_key(r, &key)) {
        size_t i = 0;
        while (i < n && !rd_is(key, t[i].name))
            i++;
        if (i == n)
            rd_skip(r);
        else if (rd_raw(r, &raw))
            memcpy((char *)out + t[i].at, &raw, sizeof raw);
    }
    return !r->failed;
}

struct str openai_inside(struct str raw)
{
    if (!raw.p || raw.len < 2 || raw.p[0] != '"')
        return STR_NULL;
    return str_make(raw.p + 1, raw.len - 2);
}

bool openai_says(struct str raw, const char *word)
{
    struct str inside = openai_inside(raw);
    return inside.p && json_text_is(inside, str_of(word));
}

const char *openai_path(const struct openai_parse *p, const char *member)
{
    return arena_printf(p->a, "messages[%u].%s", (unsigned)p->message, member);
}

enum ir_cache openai_cache(const struct openai_parse *p, struct str raw)
{
    struct str ttl = STR_NULL;
    static const struct openai_member t[] = {{"ttl", 0}};
    if (!raw.p || raw.p[0] != '{')
        return IR_CACHE_NONE;
    struct reader r = openai_sub_reader(p, raw);
    (void)openai_read_members(&r, "cache_control", t, ARRAY_LEN(t), &ttl);
    return openai_says(ttl, "1h") ? IR_CACHE_1H : IR_CACHE_5M;
}

static void read_stop(struct openai_parse *p, const char *field)
{
    struct str text;
    p->c->stop_field = field;
    if (rd_peek(&p->r) != JSON_ARRAY_BEGIN) {
        if (rd_text(&p->r, field, &text))
            ir_add_stop(p->c, p->a, text);
        return;
    }
    (void)rd_array(&p->r, field);
    while (rd_element(&p->r))
        if (rd_text(&p->r, field, &text))
            ir_add_stop(p->c, p->a, text);
}

static void read_parallel(struct openai_parse *p, const char *field)
{
    bool on;
    if (rd_bool(&p->r, field, &on))
        p->c->parallel_tool_calls = on ? IR_TRUE : IR_FALSE;
}

/* Two names for one thing: `user` counts. */
static void read_safety_identifier(struct openai_parse *p, const char *field)
{
    if (p->c->end_user.raw.p)
        rd_skip(&p->r);
    else
        rd_param(&p->r, field, &p->c->end_user);
}

static void skip(struct openai_parse *p, const char *field)
{
    (void)field;
    rd_skip(&p->r);
}

enum how { SCALAR, RAW, CALL };

#define SCALAR_OF(n, member)                                                                       \
    {                                                                                              \
        (n), SCALAR, offsetof(struct ir_chat, member), NULL                                        \
    }
#define RAW_OF(n, member)                                                                          \
    {                                                                                              \
        (n), RAW, offsetof(struct ir_chat, member), NULL                                           \
    }

static const struct field {
    const char *name;
    enum how how;
    size_t at; /* of the struct ir_param */
    void (*read)(struct openai_parse *p, const char *field);
} fields[] = {
    {"model", CALL, 0, skip},
    {"stream", CALL, 0, skip},
    {"stream_options", CALL, 0, skip},
    {"max_tokens", CALL, 0, skip}, /* scan_request has read these */
    {"max_completion_tokens", CALL, 0, skip},
    {"messages", CALL, 0, openai_parse_messages},
    {"tools", CALL, 0, openai_parse_tools},
    {"functions", CALL, 0, openai_parse_functions},
    {"tool_choice", CALL, 0, openai_parse_tool_choice},
    {"function_call", CALL, 0, openai_parse_function_choice},
    {"web_search_options", CALL, 0, openai_parse_web_search},
    {"parallel_tool_calls", CALL, 0, read_parallel},
    {"response_format", CALL, 0, openai_parse_format},
    {"reasoning_effort", CALL, 0, openai_parse_effort},
    {"reasoning", CALL, 0, openai_parse_reasoning},
    {"thinking", CALL, 0, openai_parse_thinking},
    {"stop", CALL, 0, read_stop},
    {"safety_identifier", CALL, 0, read_safety_identifier},
    SCALAR_OF("user", end_user),
    SCALAR_OF("temperature", temperature),
    SCALAR_OF("top_p", top_p),
    SCALAR_OF("top_k", top_k),
    SCALAR_OF("seed", seed),
    SCALAR_OF("presence_penalty", presence_penalty),
    SCALAR_OF("frequency_penalty", frequency_penalty),
    SCALAR_OF("logprobs", logprobs),
    SCALAR_OF("top_logprobs", top_logprobs),
    SCALAR_OF("n", n),
    SCALAR_OF("service_tier", service_tier),
    SCALAR_OF("verbosity", verbosity),
    SCALAR_OF("prompt_cache_key", prompt_cache_key),
    SCALAR_OF("store", store),
    RAW_OF("logit_bias", logit_bias),
    RAW_OF("metadata", metadata),
    RAW_OF("modalities", modalities),
    RAW_OF("audio", audio),
};

static const struct field *find_field(struct str key)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (rd_is(key, fields[i].name))
            return &fields[i];
    return NULL;
}

static struct ir_param *param_of(struct ir_chat *c, const struct field *f)
{
    return (struct ir_param *)(void *)((char *)c + f->at);
}

static void read_field(struct openai_parse *p, const struct field *f)
{
    struct str raw;
    switch (f->how) {
    case SCALAR:
        rd_param(&p->r, f->name, param_of(p->c, f));
        break;
    case RAW:
        if (rd_raw(&p->r, &raw))
            *param_of(p->c, f) = (struct ir_param){raw, f->name};
        break;
    case CALL:
        f->read(p, f->name);
        break;
    }
}

/* `null` counts as not given, also for what we do not know. */
static void read_unknown(struct openai_parse *p, struct str key)
{
    struct str raw;
    if (rd_raw(&p->r, &raw))
        ir_add_unknown(p->c, p->a, key);
}

enum err openai_parse_request(struct str body, const struct dialect_request *scan, struct arena *a,
                              struct ir_chat *out, struct dialect_refusal *why)
{
    struct openai_parse p = {.a = a, .why = why, .c = out};
    struct str key;
    ir_chat_init(out, &openai_words);
    out->stream = scan->stream;
    out->max_output = scan->max_output;
    rd_init(&p.r, body, a, why);
    if (rd_body(&p.r))
        while (rd_key(&p.r, &key)) {
            const struct field *f = find_field(key);
            if (f)
                read_field(&p, f);
            else
                read_unknown(&p, key);
        }
    if (!rd_done(&p.r))
        return why->err;
    openai_keep_allowed(&p);
    return E_OK;
}
