/* toolConfig, read and written. Pure but for the arena. */
#include "gateway/dialect/bedrock_priv.h"
#include "gateway/dialect/schema.h"

/* ------------------------------------------------------------------ reading */

static void read_input_schema(struct reader *r, struct ir_tool *t)
{
    struct str key;
    if (!rd_object(r, "toolConfig.tools.toolSpec.inputSchema"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "json"))
            (void)rd_raw(r, &t->schema);
        else
            rd_skip(r);
    }
}

static void read_spec(struct reader *r, struct ir_tool *t)
{
    struct str key;
    bool strict;
    if (!rd_object(r, "toolConfig.tools.toolSpec"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "name"))
            (void)rd_text(r, "toolConfig.tools.toolSpec.name", &t->name);
        else if (rd_is(key, "description"))
            (void)rd_text(r, "toolConfig.tools.toolSpec.description", &t->description);
        else if (rd_is(key, "inputSchema"))
            read_input_schema(r, t);
        else if (!rd_is(key, "strict"))
            rd_skip(r);
        else if (rd_bool(r, "toolConfig.tools.toolSpec.strict", &strict))
            t->strict = strict ? IR_TRUE : IR_FALSE;
    }
    if (!t->name.p && !r->failed)
        rd_missing(r, "toolConfig.tools.toolSpec.name");
}

static void read_system_tool(struct reader *r, struct ir_tool *t)
{
    struct str key;
    t->type = STR("systemTool");
    if (!rd_object(r, "toolConfig.tools.systemTool"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "name"))
            (void)rd_text(r, "toolConfig.tools.systemTool.name", &t->name);
        else
            rd_skip(r);
    }
}

static void read_tool(struct reader *r, struct ir_chat *c, struct ir_tool **last, uint32_t index)
{
    struct str key;
    if (!rd_object(r, "toolConfig.tools"))
        return;
    size_t begin = r->s.begin;
    struct ir_tool *t = NULL;
    for (size_t n = 0; rd_key(r, &key); n++) {
        if (n > 0) {
            bedrock_one_member(r, "toolConfig.tools");
            continue;
        }
        if (rd_is(key, "cachePoint")) {
            enum ir_cache cache = bedrock_read_cache_point(r);
            if (*last)
                (*last)->cache = cache;
            continue;
        }
        bool spec = rd_is(key, "toolSpec");
        t = ir_add_tool(c, r->a, spec ? IR_TOOL_FUNCTION : IR_TOOL_OTHER);
        t->index = index;
        if (spec) {
            read_spec(r, t);
        } else if (rd_is(key, "systemTool")) {
            read_system_tool(r, t);
        } else {
            t->type = arena_str(r->a, key);
            rd_skip(r);
        }
    }
    if (t) {
        t->raw = str_make(r->s.text + begin, r->s.end - begin);
        *last = t;
    }
}

static void read_choice(struct reader *r, struct ir_chat *c)
{
    struct str key, inner;
    c->choice_field = "toolConfig.toolChoice";
    if (!rd_object(r, c->choice_field))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "auto"))
            c->choice = IR_CHOICE_AUTO;
        else if (rd_is(key, "any"))
            c->choice = IR_CHOICE_REQUIRED;
        if (!rd_is(key, "tool")) {
            rd_skip(r);
            continue;
        }
        c->choice = IR_CHOICE_NAMED;
        if (!rd_object(r, "toolConfig.toolChoice.tool"))
            continue;
        while (rd_key(r, &inner)) {
            if (rd_is(inner, "name"))
                (void)rd_text(r, "toolConfig.toolChoice.tool.name", &c->choice_name);
            else
                rd_skip(r);
        }
    }
}

void bedrock_read_tools(struct reader *r, struct ir_chat *c)
{
    struct str key;
    struct ir_tool *last = NULL;
    if (!rd_object(r, "toolConfig"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "tools")) {
            if (!rd_array(r, "toolConfig.tools"))
                continue;
            for (uint32_t i = 0; rd_element(r); i++)
                read_tool(r, c, &last, i);
        } else if (rd_is(key, "toolChoice")) {
            read_choice(r, c);
        } else {
            rd_skip(r);
        }
    }
}

/* ------------------------------------------------------------------ writing */

static void write_spec(struct bedrock_emit *e, struct str name, struct str description,
                       struct str schema, bool strict)
{
    jw_object(&e->w);
    jw_key(&e->w, "toolSpec");
    jw_object(&e->w);
    jw_key(&e->w, "name");
    jw_text(&e->w, name);
    if (description.len > 0) {
        jw_key(&e->w, "description");
        jw_text(&e->w, description);
    }
    jw_key(&e->w, "inputSchema");
    jw_object(&e->w);
    jw_key(&e->w, "json");
    jw_raw(&e->w, schema.p ? schema_of_arguments(schema, e->a)
                           : STR("{\"type\":\"object\",\"properties\":{}}"));
    jw_end(&e->w);
    if (strict) {
        jw_key(&e->w, "strict");
        jw_bool(&e->w, true);
    }
    jw_end(&e->w);
    jw_end(&e->w);
}

static void write_system_tool(struct bedrock_emit *e, struct str name)
{
    jw_object(&e->w);
    jw_key(&e->w, "systemTool");
    jw_object(&e->w);
    jw_key(&e->w, "name");
    jw_text(&e->w, name);
    jw_end(&e->w);
    jw_end(&e->w);
}

static struct str tool_path(struct bedrock_emit *e, const struct ir_tool *t)
{
    return str_of(arena_printf(e->a, "%s[%u]", e->c->words->tools, (unsigned)t->index));
}

/* A search that the provider runs, which only Nova has: coding agents always offer it. */
static bool is_written(struct bedrock_emit *e, const struct ir_tool *t)
{
    bool able = e->family == BEDROCK_NOVA && (!e->to->caps || e->to->caps & CAP_WEB_SEARCH);
    return t->kind != IR_TOOL_WEB_SEARCH || able;
}

static bool cannot_tool(struct bedrock_emit *e, const struct ir_tool *t)
{
    e->err = dialect_cannot(e->loss, e->a, tool_path(e, t), "The model has no tool of this type.");
    return false;
}

static bool write_tool(struct bedrock_emit *e, const struct ir_tool *t)
{
    if (!is_written(e, t)) {
        dialect_strip(e->loss, tool_path(e, t));
        return true;
    }
    bool strict = t->strict == IR_TRUE && (e->own || e->to->caps & CAP_JSON_SCHEMA);
    switch (t->kind) {
    case IR_TOOL_FUNCTION:
        if (t->strict == IR_TRUE && !strict)
            dialect_strip(e->loss, str_of(arena_printf(e->a, "%s[%u].strict", e->c->words->tools,
                                                       (unsigned)t->index)));
        write_spec(e, t->name, t->description, t->schema, strict);
        break;
    case IR_TOOL_WEB_SEARCH:
        write_system_tool(e, STR("nova_grounding"));
        break;
    case IR_TOOL_CUSTOM:
        write_spec(e, t->name, ir_tool_description(t, e->a), t->schema, false);
        break;
    case IR_TOOL_OTHER:
        if (!e->own)
            return cannot_tool(e, t);
        jw_raw(&e->w, t->raw);
        break;
    }
    /* Only Claude caches tools. */
    if (t->cache != IR_CACHE_NONE && e->family == BEDROCK_CLAUDE)
        bedrock_emit_cache_point(e, t->cache);
    else if (t->cache != IR_CACHE_NONE)
        dialect_strip(e->loss, STR("cache_control"));
    return true;
}

/* The tools that the history calls, which Bedrock wants to know when there are calls. */
static void write_called_tools(struct bedrock_emit *e)
{
    struct map seen;
    map_init(&seen);
    for (const struct ir_message *m = e->c->messages; m; m = m->next)
        for (const struct ir_part *p = m->parts; p; p = p->next) {
            struct str name = ir_key(p->name);
            if (p->kind != IR_TOOL_CALL || map_put(&seen, name, e))
                continue;
            write_spec(e, name, STR(""), STR_NULL, false);
        }
    if (seen.len == 0) /* results alone */
        write_spec(e, STR("unknown"), STR(""), STR_NULL, false);
    map_fini(&seen);
}

static void write_choice(struct bedrock_emit *e)
{
    static const char *const words[] = {
        [IR_CHOICE_AUTO] = "auto", [IR_CHOICE_REQUIRED] = "any", [IR_CHOICE_NAMED] = "tool"};
    enum ir_choice choice = e->c->choice;
    if (choice == IR_CHOICE_UNSET || choice == IR_CHOICE_NONE)
        return;
    jw_key(&e->w, "toolChoice");
    jw_object(&e->w);
    jw_key(&e->w, words[choice]);
    jw_object(&e->w);
    if (choice == IR_CHOICE_NAMED) {
        jw_key(&e->w, "name");
        jw_text(&e->w, e->c->choice_name);
    }
    jw_end(&e->w);
    jw_end(&e->w);
}

bool bedrock_has_tool_blocks(const struct ir_chat *c)
{
    for (const struct ir_message *m = c->messages; m; m = m->next)
        for (const struct ir_part *p = m->parts; p; p = p->next)
            if (p->kind == IR_TOOL_CALL || p->kind == IR_TOOL_RESULT)
                return true;
    return false;
}

static void strip_searches(struct bedrock_emit *e)
{
    for (const struct ir_tool *t = e->c->tools; t; t = t->next)
        if (!is_written(e, t))
            dialect_strip(e->loss, tool_path(e, t));
}

static bool cannot_choose(struct bedrock_emit *e)
{
    const char *field = e->c->choice_field ? e->c->choice_field : "tool_choice";
    e->err = dialect_cannot(e->loss, e->a, str_of(field), "The model has no tool to choose.");
    return false;
}

bool bedrock_emit_tools(struct bedrock_emit *e)
{
    bool history = bedrock_has_tool_blocks(e->c), any = false;
    bool must = e->c->choice == IR_CHOICE_REQUIRED || e->c->choice == IR_CHOICE_NAMED;
    for (const struct ir_tool *t = e->c->tools; t; t = t->next)
        any |= is_written(e, t);
    if (!any && must)
        return cannot_choose(e);
    if (!history && (!any || e->c->choice == IR_CHOICE_NONE)) {
        strip_searches(e);
        return true;
    }
    jw_key(&e->w, "toolConfig");
    jw_object(&e->w);
    jw_key(&e->w, "tools");
    jw_array(&e->w);
    for (const struct ir_tool *t = e->c->tools; t; t = t->next)
        if (!write_tool(e, t))
            return false;
    if (!any)
        write_called_tools(e);
    jw_end(&e->w);
    if (any)
        write_choice(e);
    jw_end(&e->w);
    return true;
}
