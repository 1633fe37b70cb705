/* Reads Converse requests into the internal form; scanning one is reading it. Model and stream
 * stand in the path. Runs on the worker (or the pool, for large bodies); pure but for the arena.
 */
#include <stdio.h>

#include "gateway/dialect/bedrock_priv.h"
#include "gateway/dialect/refuse.h"
#include "gateway/dialect/signature.h"

struct request {
    struct reader r;
    struct ir_chat *c;
    struct ir_message *system; /* may come behind the messages: goes to the front at the end */
    struct dialect_request *out;
    bool has_messages;
};

/* ------------------------------------------------------------------ messages and system */

static void read_role(struct reader *r, const char *field, struct ir_message *m)
{
    struct str role;
    if (!rd_string(r, field, &role))
        return;
    if (rd_is(role, "assistant"))
        m->role = IR_ASSISTANT;
    else if (rd_is(role, "system"))
        m->role = IR_SYSTEM;
    else if (!rd_is(role, "user"))
        rd_refuse(r, E_BAD_FIELD, str_of(field), "'%s' must be user, assistant or system.", field);
}

static void read_message(struct request *q, uint32_t index)
{
    struct reader *r = &q->r;
    struct str key;
    bool role = false;
    if (!rd_object(r, "messages"))
        return;
    struct ir_message *m = ir_add_message(q->c, r->a, IR_USER);
    m->index = index;
    while (rd_key(r, &key)) {
        if (rd_is(key, "role")) {
            read_role(r, arena_printf(r->a, "messages[%u].role", (unsigned)index), m);
            role = true;
        } else if (rd_is(key, "content")) {
            struct bedrock_blocks b = {
                .r = r,
                .c = q->c,
                .m = m,
                .field = arena_printf(r->a, "messages[%u].content", (unsigned)index)};
            bedrock_read_blocks(&b);
        } else {
            rd_skip(r);
        }
    }
    if (!role && !r->failed)
        rd_missing(r, arena_printf(r->a, "messages[%u].role", (unsigned)index));
}

static void read_messages(struct request *q)
{
    q->has_messages = true;
    if (!rd_array(&q->r, "messages"))
        return;
    for (uint32_t i = 0; rd_element(&q->r); i++)
        read_message(q, i);
}

static void read_system(struct request *q)
{
    struct ir_message *m = ARENA_NEW(q->r.a, struct ir_message);
    m->role = IR_SYSTEM;
    m->tail = &m->parts;
    struct bedrock_blocks b = {.r = &q->r, .c = q->c, .m = m, .field = "system"};
    bedrock_read_blocks(&b);
    q->system = m;
}

static void system_first(struct request *q)
{
    if (!q->system)
        return;
    q->system->next = q->c->messages;
    q->c->messages = q->system;
    if (!q->system->next)
        q->c->messages_tail = &q->system->next;
}

/* ------------------------------------------------------------------ parameters */

static void read_number(struct reader *r, const char *field, struct ir_param *out)
{
    struct str raw;
    if (rd_number(r, field, &raw))
        *out = (struct ir_param){.raw = raw, .field = field};
}

static void read_stops(struct request *q)
{
    struct str text;
    q->c->stop_field = "inferenceConfig.stopSequences";
    if (!rd_array(&q->r, q->c->stop_field))
        return;
    while (rd_element(&q->r))
        if (rd_text(&q->r, q->c->stop_field, &text))
            ir_add_stop(q->c, q->r.a, text);
}

static void read_inference(struct request *q)
{
    struct reader *r = &q->r;
    struct str key;
    if (!rd_object(r, "inferenceConfig"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "maxTokens"))
            (void)rd_i64(r, "inferenceConfig.maxTokens", &q->c->max_output);
        else if (rd_is(key, "temperature"))
            read_number(r, "inferenceConfig.temperature", &q->c->temperature);
        else if (rd_is(key, "topP"))
            read_number(r, "inferenceConfig.topP", &q->c->top_p);
        else if (rd_is(key, "stopSequences"))
            read_stops(q);
        else
            rd_skip(r);
    }
}

/* {"schema":"...","name":...,"description":...}: the schema is JSON in a string. */
static void read_schema(struct request *q)
{
    static const char *const field = "outputConfig.textFormat.structure.jsonSchema.schema";
    struct reader *r = &q->r;
    struct ir_json schema = {.quoted = true};
    struct str key;
    if (!rd_object(r, "outputConfig.textFormat.structure.jsonSchema"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "schema"))
            (void)rd_text(r, field, &schema.raw);
        else if (rd_is(key, "name"))
            (void)rd_text(r, "outputConfig.textFormat.structure.jsonSchema.name",
                          &q->c->format_name);
        else if (rd_is(key, "description"))
            (void)rd_text(r, "outputConfig.textFormat.structure.jsonSchema.description",
                          &q->c->format_description);
        else
            rd_skip(r);
    }
    if (r->failed)
        return;
    struct str value = bedrock_json_value(&schema, r->a);
    if (!value.p || value.p[0] != '{') {
        rd_refuse(r, E_BAD_FIELD, str_of(field), "'%s' must hold a JSON object.", field);
        return;
    }
    q->c->format = IR_FORMAT_SCHEMA;
    q->c->format_schema = value;
    q->c->format_field = "outputConfig.textFormat";
}

static void read_structure(struct request *q)
{
    struct str key;
    if (!rd_object(&q->r, "outputConfig.textFormat.structure"))
        return;
    while (rd_key(&q->r, &key)) {
        if (rd_is(key, "jsonSchema"))
            read_schema(q);
        else
            rd_skip(&q->r);
    }
}

static void read_text_format(struct request *q)
{
    struct str key;
    if (!rd_object(&q->r, "outputConfig.textFormat"))
        return;
    while (rd_key(&q->r, &key)) {
        if (rd_is(key, "structure"))
            read_structure(q);
        else
            rd_skip(&q->r);
    }
}

static void read_output(struct request *q)
{
    struct str key;
    if (!rd_object(&q->r, "outputConfig"))
        return;
    while (rd_key(&q->r, &key)) {
        if (rd_is(key, "textFormat"))
            read_text_format(q);
        else if (rd_is(key, "effort"))
            bedrock_read_effort(&q->r, q->c, "outputConfig.effort");
        else
            rd_skip(&q->r);
    }
}

static void read_tier(struct request *q)
{
    struct str key;
    if (!rd_object(&q->r, "serviceTier"))
        return;
    while (rd_key(&q->r, &key)) {
        if (rd_is(key, "type"))
            rd_param(&q->r, "serviceTier", &q->c->service_tier);
        else
            rd_skip(&q->r);
    }
}

static void read_tool_config(struct request *q)
{
    bedrock_read_tools(&q->r, q->c);
}

static void read_additional(struct request *q)
{
    bedrock_read_additional(&q->r, q->c);
}

static void read_metadata(struct request *q)
{
    struct str raw;
    if (!rd_raw(&q->r, &raw))
        return;
    q->c->metadata = (struct ir_param){.raw = raw, .field = "requestMetadata"};
    if (raw.p[0] == '{')
        q->out->metadata = raw;
}

static const struct {
    const char *name;
    void (*read)(struct request *q);
} fields[] = {
    {"messages", read_messages},
    {"system", read_system},
    {"inferenceConfig", read_inference},
    {"toolConfig", read_tool_config},
    {"additionalModelRequestFields", read_additional},
    {"outputConfig", read_output},
    {"requestMetadata", read_metadata},
    {"serviceTier", read_tier},
};

static void read_field(struct request *q, struct str key)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (rd_is(key, fields[i].name)) {
            fields[i].read(q);
            return;
        }
    bedrock_keep_unknown(&q->r, q->c, key, "");
}

/* ------------------------------------------------------------------ what the gateway learns */

static struct str decoded(const struct ir_param *p, struct arena *a)
{
    struct str raw = p->raw;
    if (raw.len < 2 || raw.p[0] != '"')
        return raw.p ? raw : STR("");
    char *text = arena_alloc(a, raw.len);
    return str_make(text, json_decode_into(str_make(raw.p + 1, raw.len - 2), text));
}

/* {"maxTokens":...}: for the log. */
static struct str write_params(const struct ir_chat *c, struct arena *a)
{
    const struct {
        const char *name;
        struct str raw;
    } params[] = {{"temperature", c->temperature.raw},
                  {"topP", c->top_p.raw},
                  {"topK", c->top_k.raw},
                  {"serviceTier", c->service_tier.raw}};
    struct json_write w;
    struct buf out;
    buf_init(&out, 4096);
    json_write_init(&w, &out);
    jw_object(&w);
    if (c->max_output >= 0) {
        jw_key(&w, "maxTokens");
        jw_i64(&w, c->max_output);
    }
    for (size_t i = 0; i < ARRAY_LEN(params); i++)
        if (params[i].raw.p && params[i].raw.len <= 128) {
            jw_key(&w, params[i].name);
            jw_raw(&w, params[i].raw);
        }
    jw_end(&w);
    struct str text = arena_str(a, buf_str(&out));
    buf_fini(&out);
    return text;
}

static void note_parts(const struct ir_part *p, struct dialect_request *out)
{
    for (; p; p = p->next) {
        out->has_images |= p->kind == IR_IMAGE;
        out->has_audio |= p->kind == IR_AUDIO;
        for (const struct ir_part *child = p->children; child; child = child->next)
            out->has_images |= child->kind == IR_IMAGE;
    }
}

static void learn(struct request *q, struct str body)
{
    const struct ir_chat *c = q->c;
    struct dialect_request *out = q->out;
    for (const struct ir_message *m = c->messages; m; m = m->next)
        note_parts(m->parts, out);
    out->has_tools = c->tools != NULL;
    out->wants_json_schema = c->format == IR_FORMAT_SCHEMA;
    out->wants_reasoning = c->reasoning.given && c->reasoning.effort != IR_EFFORT_NONE &&
                           c->reasoning.budget_tokens != 0;
    out->max_output = c->max_output;
    out->service_tier = decoded(&c->service_tier, q->r.a);
    out->params = write_params(c, q->r.a);
    out->foreign = signature_present(body);
    if (c->temperature.raw.p) {
        size_t begin = (size_t)(c->temperature.raw.p - body.p);
        out->temperature = (struct dialect_span){begin, begin + c->temperature.raw.len};
        out->temperature_raw = c->temperature.raw;
    }
    out->chat = c;
}

enum err bedrock_scan_request(struct str body, const struct dialect_call *call, struct arena *a,
                              struct dialect_request *out, struct dialect_refusal *why)
{
    struct request q = {.c = ARENA_NEW(a, struct ir_chat), .out = out};
    struct rd_keys *seen = ARENA_NEW(a, struct rd_keys);
    struct str key;
    *out = (struct dialect_request){.n = 1,
                                    .max_output = -1,
                                    .model = call->model,
                                    .stream = call->stream,
                                    .client_wants_usage = true};
    ir_chat_init(q.c, &bedrock_words);
    q.c->stream = call->stream;
    rd_init(&q.r, body, a, why);
    out->object_empty = true;
    if (rd_body(&q.r))
        while (rd_key(&q.r, &key)) {
            out->object_empty = false;
            if (rd_once(&q.r, seen, key))
                read_field(&q, key);
        }
    out->object_end = q.r.s.begin;
    if (!q.r.failed && !q.has_messages)
        rd_missing(&q.r, "messages");
    if (!q.r.failed && call->model.len == 0)
        rd_missing(&q.r, "modelId");
    if (!rd_done(&q.r))
        return why->err;
    system_first(&q);
    learn(&q, body);
    return E_OK;
}

enum err bedrock_parse_request(struct str body, const struct dialect_request *scan, struct arena *a,
                               struct ir_chat *out, struct dialect_refusal *why)
{
    (void)body;
    (void)a;
    (void)why;
    ASSERT(scan->chat);
    *out = *scan->chat;
    return E_OK;
}

size_t bedrock_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                            struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX])
{
    if (to->max_temperature_milli < 0 || in->temperature.end == 0 ||
        !dialect_number_above(in->temperature_raw, to->max_temperature_milli))
        return 0;
    edits[0] = (struct dialect_edit){in->temperature.begin, in->temperature.end,
                                     dialect_milli(to->max_temperature_milli, a)};
    return 1;
}
