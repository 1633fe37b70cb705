/* Reads requests of the Responses API, once for both ways. The worker's thread (or the pool, for
 * large bodies); pure but for the caller's arena. It judges what the gateway leans on; what only a
 * model can judge passes.
 */
#include "gateway/dialect/openai_responses_priv.h"
#include "gateway/dialect/signature.h"

enum { MODEL_MAX_BYTES = 256, PARAM_MAX_BYTES = 48, PARAMS_MAX = 24 };

const struct ir_words responses_words = {.messages = "input",
                                         .parts = "content",
                                         .tools = "tools",
                                         .image_url = "image_url",
                                         .file_url = "file_url"};

struct logged {
    const char *name;
    struct str value;
};

struct request {
    struct reader r;
    struct responses_request *q;
    struct dialect_request *out;
    const char *body;
    bool has_input, off_store;
    size_t n_params;
    struct logged param[PARAMS_MAX];
};

struct field {
    const char *name;
    bool logged; /* its value, if it is short, goes into the log */
    bool (*read)(struct request *q, const struct field *f);
    size_t at; /* of the ir_param in ir_chat, or of the raw value in responses_request */
};

void responses_reader(struct reader *r, struct str raw, struct arena *a)
{
    rd_init(r, raw.p ? raw : STR(""), a, NULL); /* what is not given holds nothing */
}

static struct dialect_span last_span(const struct request *q)
{
    return (struct dialect_span){q->r.s.begin, q->r.s.end};
}

/* ------------------------------------------------------------------ fields */

static bool read_model(struct request *q, const struct field *f)
{
    struct str model;
    if (!rd_string(&q->r, f->name, &model))
        return false;
    if (model.len == 0 || model.len > MODEL_MAX_BYTES)
        return rd_refuse(&q->r, E_BAD_FIELD, STR("model"),
                         "'model' must be a string of 1 to %d bytes.", MODEL_MAX_BYTES);
    q->out->model = model;
    q->out->model_begin = q->r.s.begin;
    q->out->model_end = q->r.s.end;
    return true;
}

static bool read_input(struct request *q, const struct field *f)
{
    (void)f;
    q->has_input = rd_peek(&q->r) != JSON_NULL;
    return responses_read_input(&q->r, &q->q->chat, q->out);
}

static bool read_instructions(struct request *q, const struct field *f)
{
    struct ir_chat *c = &q->q->chat;
    struct str text;
    if (!rd_text(&q->r, f->name, &text))
        return false;
    q->q->instructions = str_make(text.p - 1, text.len + 2); /* with its quotes */
    struct ir_message *m = ARENA_NEW(q->r.a, struct ir_message);
    *m = (struct ir_message){.next = c->messages, .role = IR_SYSTEM};
    m->tail = &m->parts;
    if (!c->messages)
        c->messages_tail = &m->next;
    c->messages = m;
    ir_add_part(m, q->r.a, IR_TEXT)->text = text;
    return true;
}

static bool read_stream(struct request *q, const struct field *f)
{
    if (rd_bool(&q->r, f->name, &q->out->stream))
        q->q->chat.stream = q->out->stream;
    return true;
}

/* A scalar that the internal form has a place for. */
static bool read_param(struct request *q, const struct field *f)
{
    struct ir_param *p = (struct ir_param *)(void *)((char *)&q->q->chat + f->at);
    rd_param(&q->r, f->name, p);
    return true;
}

static bool read_temperature(struct request *q, const struct field *f)
{
    struct str raw;
    if (!rd_number(&q->r, f->name, &raw))
        return false;
    q->out->temperature = last_span(q);
    q->out->temperature_raw = raw;
    q->q->chat.temperature = (struct ir_param){raw, f->name};
    return true;
}

static bool read_max_output(struct request *q, const struct field *f)
{
    int64_t v;
    if (!rd_i64(&q->r, f->name, &v))
        return false;
    if (v < 1)
        return rd_refuse(&q->r, E_BAD_FIELD, str_of(f->name), "'%s' must be a positive integer.",
                         f->name);
    q->out->max_output = q->q->chat.max_output = v;
    return true;
}

static bool read_user(struct request *q, const struct field *f)
{
    struct str raw, *to = (struct str *)(void *)((char *)q->q + f->at);
    if (!rd_text(&q->r, f->name, &raw))
        return false;
    *to = str_make(raw.p - 1, raw.len + 2);
    if (!q->q->chat.end_user.raw.p || to == &q->q->user) {
        q->out->end_user = rd_decoded(&q->r);
        q->q->chat.end_user = (struct ir_param){*to, f->name};
    }
    return true;
}

static bool read_tier(struct request *q, const struct field *f)
{
    if (!rd_string(&q->r, f->name, &q->out->service_tier))
        return false;
    q->q->chat.service_tier = (struct ir_param){
        str_make(q->body + q->r.s.begin, q->r.s.end - q->r.s.begin), f->name};
    return true;
}

static bool read_metadata(struct request *q, const struct field *f)
{
    struct str raw;
    enum json_token t = rd_peek(&q->r);
    if (t != JSON_OBJECT_BEGIN)
        return rd_object(&q->r, f->name);
    if (!rd_raw(&q->r, &raw))
        return false;
    q->out->metadata = raw;
    q->q->chat.metadata = (struct ir_param){raw, f->name};
    return true;
}

static bool read_parallel(struct request *q, const struct field *f)
{
    bool on;
    if (rd_bool(&q->r, f->name, &on))
        q->q->chat.parallel_tool_calls = on ? IR_TRUE : IR_FALSE;
    return true;
}

static bool read_store(struct request *q, const struct field *f)
{
    bool on = true;
    enum json_token t = rd_peek(&q->r);
    if (!rd_bool(&q->r, f->name, &on) && t != JSON_NULL)
        return false;
    q->out->store = last_span(q);
    q->off_store = t == JSON_FALSE;
    if (t != JSON_NULL)
        q->q->chat.store = (struct ir_param){on ? STR("true") : STR("false"), f->name};
    return true;
}

static bool read_previous(struct request *q, const struct field *f)
{
    if (!rd_string(&q->r, f->name, &q->out->previous_response_id))
        return false;
    q->q->previous = q->r.s.raw;
    return true;
}

static bool read_background(struct request *q, const struct field *f)
{
    bool on = false;
    if (rd_bool(&q->r, f->name, &on) && on)
        return rd_refuse(&q->r, E_UNSUPPORTED, str_of(f->name),
                         "'background' is not served here; leave it out or send false.");
    return true;
}

/* {"type":"json_schema","name":...,"schema":...,"strict":...} */
static void read_format(struct request *q)
{
    struct ir_chat *c = &q->q->chat;
    struct str key, type = STR("");
    bool strict;
    if (!rd_object(&q->r, "text.format"))
        return;
    c->format_field = "text.format";
    while (rd_key(&q->r, &key)) {
        if (rd_is(key, "type"))
            (void)rd_string(&q->r, "text.format.type", &type);
        else if (rd_is(key, "name"))
            (void)rd_text(&q->r, "text.format.name", &c->format_name);
        else if (rd_is(key, "description"))
            (void)rd_text(&q->r, "text.format.description", &c->format_description);
        else if (rd_is(key, "schema"))
            (void)rd_raw(&q->r, &c->format_schema);
        else if (rd_is(key, "strict") && rd_bool(&q->r, "text.format.strict", &strict))
            c->format_strict = strict ? IR_TRUE : IR_FALSE;
        else if (!rd_is(key, "strict"))
            rd_skip(&q->r);
    }
    c->format = rd_is(type, "json_schema")   ? IR_FORMAT_SCHEMA
                : rd_is(type, "json_object") ? IR_FORMAT_JSON
                                             : IR_FORMAT_TEXT;
    if (c->format == IR_FORMAT_SCHEMA && !c->format_schema.p)
        c->format_schema = STR("{\"type\":\"object\"}");
    q->out->wants_json_schema = c->format == IR_FORMAT_SCHEMA;
}

static bool read_text(struct request *q, const struct field *f)
{
    struct str key;
    if (!rd_object(&q->r, f->name))
        return false;
    size_t begin = q->r.s.begin;
    while (rd_key(&q->r, &key)) {
        if (rd_is(key, "format"))
            read_format(q);
        else if (rd_is(key, "verbosity"))
            rd_param(&q->r, "text.verbosity", &q->q->chat.verbosity);
        else
            rd_skip(&q->r);
    }
    q->q->text = str_make(q->body + begin, q->r.s.end - begin);
    return true;
}

static bool read_reasoning(struct request *q, const struct field *f)
{
    struct ir_reasoning *g = &q->q->chat.reasoning;
    struct str key, word;
    if (!rd_object(&q->r, f->name))
        return false;
    size_t begin = q->r.s.begin;
    g->given = true;
    g->field = f->name;
    while (rd_key(&q->r, &key)) {
        bool summary = rd_is(key, "summary") || rd_is(key, "generate_summary");
        if (rd_is(key, "effort")) {
            if (rd_string(&q->r, "reasoning.effort", &word))
                g->effort = ir_effort_find(word);
        } else if (summary) {
            if (rd_text(&q->r, "reasoning.summary", &g->summary))
                g->show = IR_TRUE;
        } else {
            rd_skip(&q->r);
        }
    }
    q->out->wants_reasoning = g->effort != IR_EFFORT_NONE;
    q->q->reasoning = str_make(q->body + begin, q->r.s.end - begin);
    return true;
}

static bool read_include(struct request *q, const struct field *f)
{
    struct str word;
    (void)rd_peek(&q->r);
    q->q->include = last_span(q); /* null, if it is no array */
    if (!rd_array(&q->r, f->name))
        return false;
    for (; rd_element(&q->r); q->q->n_include++) {
        if (!rd_string(&q->r, f->name, &word))
            continue;
        if (rd_is(word, "reasoning.encrypted_content"))
            q->q->wants_encrypted = q->q->chat.wants_encrypted_reasoning = true;
        else if (rd_is(word, "message.output_text.logprobs"))
            q->q->chat.logprobs = (struct ir_param){STR("true"), f->name};
        else
            ir_add_unknown(&q->q->chat, q->r.a, str_of(f->name));
    }
    q->q->include.end = q->r.s.end;
    q->q->include_list = true;
    return true;
}

static bool read_tools(struct request *q, const struct field *f)
{
    (void)f;
    bool list = rd_peek(&q->r) == JSON_ARRAY_BEGIN;
    size_t begin = q->r.s.begin;
    if (!responses_read_tools(&q->r, &q->q->chat) || !list)
        return false;
    q->q->tools = str_make(q->body + begin, q->r.s.end - begin);
    q->out->has_tools |= q->q->chat.tools != NULL;
    return true;
}

static bool read_choice(struct request *q, const struct field *f)
{
    (void)f;
    return responses_read_choice(&q->r, q->q);
}

/* A value that only the answer repeats. */
static bool read_echo(struct request *q, const struct field *f)
{
    struct str *to = (struct str *)(void *)((char *)q->q + f->at);
    return rd_raw(&q->r, to);
}

/* The same of a wish that no other API can meet. */
static bool read_wish(struct request *q, const struct field *f)
{
    struct str *to = (struct str *)(void *)((char *)q->q + f->at);
    if (rd_raw(&q->r, to) && !rd_is(*to, "\"disabled\""))
        ir_add_unknown(&q->q->chat, q->r.a, str_of(f->name));
    return true;
}

/* What asks for nothing that could be lost. */
static bool read_nothing(struct request *q, const struct field *f)
{
    (void)f;
    rd_skip(&q->r);
    return true;
}

/* ------------------------------------------------------------------ the table */

#define CHAT(member) offsetof(struct ir_chat, member)
#define ECHO(member) offsetof(struct responses_request, member)
#define PLAIN(n, fn)                                                                               \
    {                                                                                              \
        .name = (n), .read = (fn)                                                                  \
    }
#define LOGGED(n, fn)                                                                              \
    {                                                                                              \
        .name = (n), .logged = true, .read = (fn)                                                  \
    }

static const struct field fields[] = {
    PLAIN("model", read_model),
    PLAIN("input", read_input),
    PLAIN("instructions", read_instructions),
    PLAIN("stream", read_stream),
    LOGGED("temperature", read_temperature),
    {"top_p", true, read_param, CHAT(top_p)},
    {"top_logprobs", true, read_param, CHAT(top_logprobs)},
    LOGGED("max_output_tokens", read_max_output),
    {"max_tool_calls", true, read_wish, ECHO(max_tool_calls)},
    PLAIN("tools", read_tools),
    LOGGED("tool_choice", read_choice),
    LOGGED("parallel_tool_calls", read_parallel),
    PLAIN("text", read_text),
    LOGGED("reasoning", read_reasoning),
    PLAIN("include", read_include),
    LOGGED("store", read_store),
    PLAIN("previous_response_id", read_previous),
    PLAIN("background", read_background),
    {"prompt", false, read_echo, ECHO(prompt)},
    {"conversation", false, read_echo, ECHO(conversation)},
    {"truncation", true, read_wish, ECHO(truncation)},
    {"user", false, read_user, ECHO(user)},
    {"safety_identifier", false, read_user, ECHO(safety_identifier)},
    {"prompt_cache_key", false, read_param, CHAT(prompt_cache_key)},
    LOGGED("service_tier", read_tier),
    PLAIN("metadata", read_metadata),
    PLAIN("stream_options", read_nothing),
};

static const struct field *find_field(struct str key)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (rd_is(key, fields[i].name))
            return &fields[i];
    return NULL;
}

static void note_param(struct request *q, const struct field *f, size_t begin)
{
    struct str value = str_make(q->body + begin, q->r.s.end - begin);
    if (q->n_params < PARAMS_MAX && value.len <= PARAM_MAX_BYTES && !rd_is(value, "null"))
        q->param[q->n_params++] = (struct logged){f->name, value};
}

static void read_member(struct request *q, struct str key)
{
    const struct field *f = find_field(key);
    if (!f) {
        ir_add_unknown(&q->q->chat, q->r.a, key);
        rd_skip(&q->r);
        return;
    }
    (void)rd_peek(&q->r);
    size_t begin = q->r.s.begin;
    (void)f->read(q, f);
    if (f->logged && !q->r.failed)
        note_param(q, f, begin);
}

static bool read_body(struct request *q)
{
    struct rd_keys seen = {.n = 0};
    struct str key;
    if (!rd_body(&q->r))
        return false;
    q->out->object_empty = true;
    while (rd_key(&q->r, &key)) {
        q->out->object_empty = false;
        if (!rd_once(&q->r, &seen, key))
            return false;
        read_member(q, key);
    }
    q->out->object_end = q->r.s.begin;
    return !q->r.failed;
}

static bool has_all(struct request *q)
{
    if (q->out->model.len == 0)
        return rd_missing(&q->r, "model");
    bool elsewhere = q->q->prompt.p || q->q->conversation.p || q->out->previous_response_id.len;
    return q->has_input || elsewhere || rd_missing(&q->r, "input");
}

/* {"temperature":0.7,...}: raw values, which are valid JSON as they stand. */
static struct str write_params(const struct request *q)
{
    struct json_write w;
    struct buf b;
    buf_init(&b, PARAMS_MAX * (PARAM_MAX_BYTES + 64));
    json_write_init(&w, &b);
    jw_object(&w);
    for (size_t i = 0; i < q->n_params; i++) {
        jw_key(&w, q->param[i].name);
        jw_raw(&w, q->param[i].value);
    }
    jw_end(&w);
    struct str text = arena_str(q->r.a, buf_str(&b));
    buf_fini(&b);
    return text;
}

enum err responses_scan_request(struct str body, const struct dialect_call *call, struct arena *a,
                                struct dialect_request *out, struct dialect_refusal *why)
{
    struct request q = {.out = out, .body = body.p, .q = ARENA_NEW(a, struct responses_request)};
    (void)call;
    *out = (struct dialect_request){.n = 1, .max_output = -1, .client_wants_usage = true};
    q.q->magic = RESPONSES_REQUEST_MAGIC;
    ir_chat_init(&q.q->chat, &responses_words);
    q.q->chat.max_output = -1;
    q.q->chat.reasoning.budget_tokens = -1;
    rd_init(&q.r, body, a, why);
    bool good = read_body(&q) && rd_done(&q.r) && has_all(&q);
    if (!good) {
        (void)(why->err == E_OK && rd_done(&q.r));
        ASSERT(why->err != E_OK);
        return why->err;
    }
    responses_allow_tools(q.q, a);
    out->keeps = !q.off_store;
    out->params = write_params(&q);
    out->foreign = signature_present(body);
    out->chat = &q.q->chat;
    return E_OK;
}

/* State that stands elsewhere cannot be sent to another API. */
enum err responses_parse_request(struct str body, const struct dialect_request *scan,
                                 struct arena *a, struct ir_chat *out, struct dialect_refusal *why)
{
    const struct responses_request *q = (const struct responses_request *)(const void *)scan->chat;
    CHECK(q, RESPONSES_REQUEST_MAGIC);
    (void)body;
    struct reader r = {.a = a, .why = why};
    *why = (struct dialect_refusal){.err = E_OK};
    const char *field = q->prompt.p         ? "prompt"
                        : q->conversation.p ? "conversation"
                        : q->previous.p     ? "previous_response_id"
                                            : NULL;
    if (field)
        (void)rd_refuse(&r, E_UNSUPPORTED, str_of(field), "'%s' cannot be used with this model.",
                        field);
    if (!field && q->chat.choice == IR_CHOICE_NAMED && q->chat.choice_name.len == 0)
        (void)rd_refuse(&r, E_UNSUPPORTED, STR("tool_choice"),
                        "This 'tool_choice' cannot be used with this model.");
    *out = q->chat;
    return why->err;
}
