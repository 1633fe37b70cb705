/* Reads Messages requests: all of it at once, into the internal form. Pure. */
#include "gateway/dialect/anthropic_priv.h"
#include "gateway/dialect/signature.h"

enum { PARAMS_MAX_BYTES = 1024, PARAM_MAX_BYTES = 48, MODEL_MAX_BYTES = 256 };

/* A scalar's raw value for the log. */
static void note_param(struct anthropic_parse *p, const char *name, struct str raw)
{
    size_t need = strlen(name) + raw.len + 4;
    if (!raw.p || raw.len > PARAM_MAX_BYTES || p->params.len + need > p->params.max)
        return;
    buf_add_str(&p->params, p->params.len ? STR(",\"") : STR("\""));
    buf_add_str(&p->params, str_of(name));
    buf_add_lit(&p->params, "\":");
    buf_add_str(&p->params, raw);
}

static void read_number(struct anthropic_parse *p, const char *name, struct ir_param *to)
{
    if (!rd_number(&p->r, name, &to->raw))
        return;
    to->field = name;
    note_param(p, name, to->raw);
}

static void read_model(struct anthropic_parse *p, size_t key_begin)
{
    if (!rd_string(&p->r, "model", &p->out->model))
        return;
    p->out->model_begin = p->r.s.begin;
    p->out->model_end = p->r.s.end;
    p->out->model_member = (struct dialect_span){key_begin, p->r.s.end};
    if (p->out->model.len == 0 || p->out->model.len > MODEL_MAX_BYTES)
        rd_refuse(&p->r, E_BAD_FIELD, STR("model"), "'model' must be a string of 1 to %d bytes.",
                  MODEL_MAX_BYTES);
}

static void read_max_tokens(struct anthropic_parse *p)
{
    if (!rd_i64(&p->r, "max_tokens", &p->c->max_output))
        return;
    p->got_max_tokens = true;
    p->out->max_output = p->c->max_output;
    note_param(p, "max_tokens", p->r.s.raw);
    if (p->c->max_output < 1)
        rd_refuse(&p->r, E_BAD_FIELD, STR("max_tokens"),
                  "'max_tokens' must be a positive integer.");
}

static void note_kinds(struct anthropic_parse *p, const struct ir_part *parts)
{
    for (; parts; parts = parts->next) {
        p->out->has_images |= parts->kind == IR_IMAGE;
        note_kinds(p, parts->children);
    }
}

static void read_message(struct anthropic_parse *p, uint32_t index)
{
    struct str key, role = STR("");
    if (!rd_object(&p->r, "messages"))
        return;
    struct ir_message *m = ir_add_message(p->c, p->r.a, IR_USER);
    m->index = index;
    while (rd_key(&p->r, &key)) {
        if (rd_is(key, "role"))
            (void)rd_string(&p->r, "messages.role", &role);
        else if (rd_is(key, "content"))
            anthropic_read_content(&p->r, m, "messages.content");
        else
            rd_skip(&p->r);
    }
    m->role = rd_is(role, "assistant") ? IR_ASSISTANT : rd_is(role, "system") ? IR_SYSTEM : IR_USER;
    if (!p->r.failed && role.len == 0)
        rd_missing(&p->r, arena_printf(p->r.a, "messages[%u].role", (unsigned)index));
    else if (m->role == IR_USER && !rd_is(role, "user"))
        rd_refuse(&p->r, E_BAD_FIELD,
                  str_of(arena_printf(p->r.a, "messages[%u].role", (unsigned)index)),
                  "'messages[%u].role' must be \"user\" or \"assistant\".", (unsigned)index);
    note_kinds(p, m->parts);
}

static void read_messages(struct anthropic_parse *p)
{
    uint32_t n = 0;
    if (!rd_array(&p->r, "messages"))
        return;
    p->got_messages = true;
    while (rd_element(&p->r))
        read_message(p, n++);
    p->any_message = n > 0;
}

/* `system` stands first whatever the order of the keys. */
static void read_system(struct anthropic_parse *p)
{
    struct ir_message *m = ARENA_NEW(p->r.a, struct ir_message);
    m->role = IR_SYSTEM;
    m->tail = &m->parts;
    anthropic_read_content(&p->r, m, "system");
    if (!m->parts)
        return;
    m->next = p->c->messages;
    if (!m->next)
        p->c->messages_tail = &m->next;
    p->c->messages = m;
}

static void read_stop(struct anthropic_parse *p)
{
    struct str text;
    p->c->stop_field = "stop_sequences";
    if (!rd_array(&p->r, "stop_sequences"))
        return;
    while (rd_element(&p->r))
        if (rd_text(&p->r, "stop_sequences", &text))
            ir_add_stop(p->c, p->r.a, text);
}

static void read_metadata(struct anthropic_parse *p)
{
    struct str key;
    if (!rd_object(&p->r, "metadata"))
        return;
    while (rd_key(&p->r, &key)) {
        if (!rd_is(key, "user_id") || rd_peek(&p->r) != JSON_STRING) {
            rd_skip(&p->r);
            continue;
        }
        rd_param(&p->r, "metadata.user_id", &p->c->end_user);
        p->out->end_user = rd_decoded(&p->r);
    }
}

static void read_tier(struct anthropic_parse *p)
{
    struct str word;
    if (rd_peek(&p->r) != JSON_STRING) {
        rd_skip(&p->r);
        return;
    }
    rd_param(&p->r, "service_tier", &p->c->service_tier);
    word = rd_decoded(&p->r);
    note_param(p, "service_tier", p->c->service_tier.raw);
    p->out->service_tier = word;
}

static void read_temperature(struct anthropic_parse *p)
{
    read_number(p, "temperature", &p->c->temperature);
    if (!p->c->temperature.raw.p)
        return;
    p->out->temperature = (struct dialect_span){p->r.s.begin, p->r.s.end};
    p->out->temperature_raw = p->c->temperature.raw;
}

static void read_unknown(struct anthropic_parse *p, struct str key)
{
    struct str raw;
    if (!rd_raw(&p->r, &raw))
        return;
    ir_add_unknown(p->c, p->r.a, key);
    struct ir_name *last = p->c->unknown;
    while (last->next)
        last = last->next;
    last->raw = raw;
    if (rd_is(key, "thread"))
        p->c->held_field = "thread";
    /* A version in the body is a provider's own way: with ours it would stand there twice. */
    p->out->foreign |= rd_is(key, "anthropic_version");
}

static void read_member(struct anthropic_parse *p, struct str key, size_t key_begin)
{
    static const struct {
        const char *key;
        void (*read)(struct anthropic_parse *p);
    } members[] = {
        {"max_tokens", read_max_tokens},
        {"messages", read_messages},
        {"system", read_system},
        {"stop_sequences", read_stop},
        {"metadata", read_metadata},
        {"service_tier", read_tier},
        {"temperature", read_temperature},
        {"tools", anthropic_parse_tools},
        {"tool_choice", anthropic_parse_choice},
        {"thinking", anthropic_parse_thinking},
        {"output_config", anthropic_parse_output},
        {"output_format", anthropic_parse_format},
    };
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (!rd_is(key, members[i].key))
            continue;
        members[i].read(p);
        return;
    }
    if (rd_is(key, "model"))
        read_model(p, key_begin);
    else if (rd_is(key, "stream"))
        (void)rd_bool(&p->r, "stream", &p->out->stream);
    else if (rd_is(key, "top_p"))
        read_number(p, "top_p", &p->c->top_p);
    else if (rd_is(key, "top_k"))
        read_number(p, "top_k", &p->c->top_k);
    else
        read_unknown(p, key);
}

static void read_body(struct anthropic_parse *p, bool counting)
{
    struct rd_keys seen = {0};
    struct str key;
    p->out->object_empty = true;
    if (!rd_body(&p->r))
        return;
    while (rd_key(&p->r, &key) && rd_once(&p->r, &seen, key)) {
        p->out->object_empty = false;
        read_member(p, key, p->r.s.begin);
    }
    if (p->r.failed)
        return;
    p->out->object_end = p->r.s.begin;
    if (!p->out->model.p)
        rd_missing(&p->r, "model");
    else if (!p->got_messages)
        rd_missing(&p->r, "messages");
    else if (!p->any_message && !p->c->held_field) /* a thread may go on without a new one */
        rd_refuse(&p->r, E_BAD_FIELD, STR("messages"),
                  "'messages' must hold at least one message.");
    else if (!p->got_max_tokens && !counting)
        rd_missing(&p->r, "max_tokens");
}

enum err anthropic_scan_request(struct str body, const struct dialect_call *call, struct arena *a,
                                struct dialect_request *out, struct dialect_refusal *why)
{
    struct ir_chat *chat = ARENA_NEW(a, struct ir_chat);
    struct anthropic_parse p = {.out = out, .c = chat};
    *out = (struct dialect_request){.n = 1, .max_output = -1, .client_wants_usage = true};
    ir_chat_init(chat, &anthropic_words);
    rd_init(&p.r, body, a, why);
    buf_init(&p.params, PARAMS_MAX_BYTES);
    /* Vertex's path names the model, and its body has none. */
    if (call->model.len)
        out->model = call->model;
    out->stream = call->stream;
    read_body(&p, call->counting);
    if (rd_done(&p.r)) {
        chat->stream = out->stream;
        out->foreign |= signature_present(body);
        out->params = str_of(arena_printf(a, "{" STR_FMT "}", STR_ARG(buf_str(&p.params))));
        out->has_tools = chat->tools != NULL;
        out->wants_reasoning = chat->reasoning.given && chat->reasoning.effort != IR_EFFORT_NONE;
        out->wants_json_schema = chat->format == IR_FORMAT_SCHEMA;
        out->chat = chat;
    }
    buf_fini(&p.params);
    return why->err;
}

enum err anthropic_parse_request(struct str body, const struct dialect_request *scan,
                                 struct arena *a, struct ir_chat *out, struct dialect_refusal *why)
{
    (void)body;
    (void)a;
    (void)why;
    ASSERT(scan->chat);
    *out = *scan->chat;
    return E_OK;
}

size_t anthropic_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                              struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX])
{
    size_t n = 0;
    if (QUIRK_IS(to->quirks, VERSION_IN_BODY) && in->model_member.end > 0)
        edits[n++] = (struct dialect_edit){in->model_member.begin, in->model_member.end,
                                           STR(ANTHROPIC_VERSION_MEMBER)};
    else if (in->model_end > 0 && !str_eq(in->model, to->model))
        edits[n++] = (struct dialect_edit){in->model_begin, in->model_end,
                                           dialect_json_string(to->model, a)};
    if (to->max_temperature_milli >= 0 && in->temperature.end > 0 &&
        dialect_number_above(in->temperature_raw, to->max_temperature_milli))
        edits[n++] = (struct dialect_edit){in->temperature.begin, in->temperature.end,
                                           dialect_milli(to->max_temperature_milli, a)};
    dialect_sort_edits(edits, n);
    return n;
}
