/* Reads response_format and the several ways to ask for reasoning. Pure. */
#include "gateway/dialect/openai_parse.h"

struct format {
    struct str type, json_schema;
    struct str name, description, schema, strict;
};

#define AT(n, member)                                                                              \
    {                                                                                              \
        (n), offsetof(struct format, member)                                                       \
    }
static const struct openai_member format_members[] = {
    AT("type", type), AT("json_schema", json_schema), AT("schema", schema)};
static const struct openai_member schema_members[] = {
    AT("name", name),
    AT("description", description),
    AT("schema", schema),
    AT("strict", strict),
};
#undef AT

static void read_schema(struct openai_parse *p, struct format *in)
{
    static const char path[] = "response_format.json_schema";
    struct ir_chat *c = p->c;
    if (!in->json_schema.p) {
        (void)rd_missing(&p->r, path);
        return;
    }
    struct reader r = openai_sub_reader(p, in->json_schema);
    if (!openai_read_members(&r, path, schema_members, ARRAY_LEN(schema_members), in)) {
        p->r.failed = true;
        return;
    }
    if (in->schema.p && in->schema.p[0] != '{') {
        (void)rd_refuse(&p->r, E_BAD_FIELD, str_of("response_format.json_schema.schema"),
                        "'%s.schema' must be an object.", path);
        return;
    }
    c->format = IR_FORMAT_SCHEMA;
    c->format_name = openai_inside(in->name);
    c->format_description = openai_inside(in->description);
    c->format_schema = in->schema.p ? in->schema : STR("{\"type\":\"object\"}");
    if (in->strict.p)
        c->format_strict = str_eq(in->strict, STR("true")) ? IR_TRUE : IR_FALSE;
}

void openai_parse_format(struct openai_parse *p, const char *field)
{
    struct format in = {.type = STR_NULL};
    if (rd_peek(&p->r) == JSON_NULL) {
        rd_skip(&p->r);
        return;
    }
    p->c->format_field = field;
    if (!openai_read_members(&p->r, field, format_members, ARRAY_LEN(format_members), &in))
        return;
    if (openai_says(in.type, "json_schema"))
        read_schema(p, &in);
    else if (openai_says(in.type, "json_object"))
        p->c->format = IR_FORMAT_JSON;
    else if (openai_says(in.type, "text"))
        p->c->format = IR_FORMAT_TEXT;
    else
        (void)rd_refuse(&p->r, E_UNSUPPORTED, STR("response_format.type"),
                        "'response_format.type' must be text, json_object or json_schema for this "
                        "model.");
}

static void ask(struct openai_parse *p, const char *field)
{
    p->c->reasoning.given = true;
    p->c->reasoning.field = field;
}

/* "auto" and "default" leave it to the model. */
static void set_effort(struct openai_parse *p, const char *field, struct str word)
{
    if (rd_is(word, "auto") || rd_is(word, "default"))
        return;
    enum ir_effort e = ir_effort_find(word);
    if (e == IR_EFFORT_UNSET) {
        (void)rd_refuse(&p->r, E_BAD_FIELD, str_of(field),
                        "'%s' must be none, minimal, low, medium, high, xhigh or max.", field);
        return;
    }
    ask(p, field);
    p->c->reasoning.effort = e;
}

void openai_parse_effort(struct openai_parse *p, const char *field)
{
    struct str word;
    if (rd_string(&p->r, field, &word))
        set_effort(p, field, word);
}

static void switch_on(struct openai_parse *p, const char *field, bool on)
{
    ask(p, field);
    if (!on)
        p->c->reasoning.effort = IR_EFFORT_NONE;
}

/* `true`, or a word of effort, where an object is expected. */
static bool is_short(struct openai_parse *p, const char *field)
{
    bool on;
    switch (rd_peek(&p->r)) {
    case JSON_TRUE:
    case JSON_FALSE:
        if (rd_bool(&p->r, field, &on))
            switch_on(p, field, on);
        return true;
    case JSON_STRING:
        openai_parse_effort(p, field);
        return true;
    case JSON_NULL:
        rd_skip(&p->r);
        return true;
    case JSON_OBJECT_BEGIN:
    case JSON_ARRAY_BEGIN:
    case JSON_NUMBER:
    case JSON_OBJECT_END:
    case JSON_ARRAY_END:
    case JSON_KEY:
    case JSON_END:
    case JSON_ERROR:
        break;
    }
    return false;
}

static void read_reasoning_member(struct openai_parse *p, const char *field, struct str key)
{
    struct ir_reasoning *to = &p->c->reasoning;
    struct str word;
    bool on;
    if (rd_is(key, "effort")) {
        if (rd_string(&p->r, "reasoning.effort", &word))
            set_effort(p, field, word);
    } else if (rd_is(key, "max_tokens")) {
        if (rd_i64(&p->r, "reasoning.max_tokens", &to->budget_tokens))
            ask(p, field);
    } else if (rd_is(key, "enabled")) {
        if (rd_bool(&p->r, "reasoning.enabled", &on))
            switch_on(p, field, on);
    } else if (rd_is(key, "exclude")) {
        if (rd_bool(&p->r, "reasoning.exclude", &on))
            to->show = on ? IR_FALSE : IR_TRUE;
    } else if (rd_is(key, "summary")) {
        if (rd_text(&p->r, "reasoning.summary", &to->summary))
            ask(p, field);
    } else {
        rd_skip(&p->r);
    }
}

void openai_parse_reasoning(struct openai_parse *p, const char *field)
{
    struct str key;
    if (is_short(p, field) || !rd_object(&p->r, field))
        return;
    while (rd_key(&p->r, &key))
        read_reasoning_member(p, field, key);
}

void openai_parse_thinking(struct openai_parse *p, const char *field)
{
    struct ir_reasoning *to = &p->c->reasoning;
    struct str key, word;
    if (is_short(p, field) || !rd_object(&p->r, field))
        return;
    while (rd_key(&p->r, &key)) {
        if (rd_is(key, "budget_tokens")) {
            if (rd_i64(&p->r, "thinking.budget_tokens", &to->budget_tokens))
                ask(p, field);
        } else if (rd_is(key, "type")) {
            if (!rd_string(&p->r, "thinking.type", &word))
                continue;
            switch_on(p, field, !rd_is(word, "disabled"));
            to->adaptive = rd_is(word, "adaptive") || rd_is(word, "auto");
        } else {
            rd_skip(&p->r);
        }
    }
}
