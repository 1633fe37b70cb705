/* Tools, their choice, thinking and output formats of Messages requests. Pure. */
#include "gateway/dialect/anthropic_priv.h"

/* ------------------------------------------------------------------ tools */

static void read_tool_field(struct anthropic_parse *p, struct ir_tool *t, struct str key)
{
    struct reader *r = &p->r;
    bool strict = false;
    if (rd_is(key, "name"))
        (void)rd_text(r, "tools.name", &t->name);
    else if (rd_is(key, "description"))
        (void)rd_text(r, "tools.description", &t->description);
    else if (rd_is(key, "input_schema"))
        (void)rd_raw(r, &t->schema);
    else if (rd_is(key, "type"))
        (void)rd_text(r, "tools.type", &t->type);
    else if (rd_is(key, "cache_control"))
        t->cache = anthropic_read_cache(r);
    else if (rd_is(key, "strict") && rd_bool(r, "tools.strict", &strict))
        t->strict = strict ? IR_TRUE : IR_FALSE;
    else if (!rd_is(key, "strict"))
        rd_skip(r);
}

static void read_tool(struct anthropic_parse *p, uint32_t index)
{
    struct str key;
    if (!rd_object(&p->r, "tools"))
        return;
    size_t begin = p->r.s.begin;
    struct ir_tool *t = ir_add_tool(p->c, p->r.a, IR_TOOL_FUNCTION);
    t->index = index;
    while (rd_key(&p->r, &key))
        read_tool_field(p, t, key);
    if (p->r.failed)
        return;
    t->raw = str_make(p->r.s.text + begin, p->r.s.end - begin);
    if (str_starts(t->type, STR("web_search_")))
        t->kind = IR_TOOL_WEB_SEARCH;
    else if (t->type.len && !rd_is(t->type, "custom"))
        t->kind = IR_TOOL_OTHER;
    else if (!t->name.p)
        rd_missing(&p->r, arena_printf(p->r.a, "tools[%u].name", (unsigned)index));
}

void anthropic_parse_tools(struct anthropic_parse *p)
{
    uint32_t n = 0;
    if (!rd_array(&p->r, "tools"))
        return;
    while (rd_element(&p->r))
        read_tool(p, n++);
}

void anthropic_parse_choice(struct anthropic_parse *p)
{
    struct str key, type = STR("");
    bool serial = false;
    p->c->choice_field = "tool_choice";
    if (!rd_object(&p->r, "tool_choice"))
        return;
    while (rd_key(&p->r, &key)) {
        if (rd_is(key, "type"))
            (void)rd_string(&p->r, "tool_choice.type", &type);
        else if (rd_is(key, "name"))
            (void)rd_text(&p->r, "tool_choice.name", &p->c->choice_name);
        else if (rd_is(key, "disable_parallel_tool_use"))
            (void)rd_bool(&p->r, "tool_choice.disable_parallel_tool_use", &serial);
        else
            rd_skip(&p->r);
    }
    p->c->choice = rd_is(type, "any")    ? IR_CHOICE_REQUIRED
                   : rd_is(type, "tool") ? IR_CHOICE_NAMED
                   : rd_is(type, "none") ? IR_CHOICE_NONE
                                         : IR_CHOICE_AUTO;
    if (serial)
        p->c->parallel_tool_calls = IR_FALSE;
}

/* ------------------------------------------------------------------ thinking, output */

void anthropic_parse_thinking(struct anthropic_parse *p)
{
    struct ir_reasoning *t = &p->c->reasoning;
    struct str key, type = STR(""), display = STR("");
    if (!rd_object(&p->r, "thinking"))
        return;
    t->given = true;
    t->field = "thinking";
    while (rd_key(&p->r, &key)) {
        if (rd_is(key, "type"))
            (void)rd_string(&p->r, "thinking.type", &type);
        else if (rd_is(key, "budget_tokens"))
            (void)rd_i64(&p->r, "thinking.budget_tokens", &t->budget_tokens);
        else if (rd_is(key, "display"))
            (void)rd_string(&p->r, "thinking.display", &display);
        else
            rd_skip(&p->r);
    }
    t->adaptive = rd_is(type, "adaptive");
    if (rd_is(type, "disabled"))
        t->effort = IR_EFFORT_NONE;
    if (rd_is(display, "omitted"))
        t->show = IR_FALSE;
}

void anthropic_parse_format(struct anthropic_parse *p)
{
    struct str key, type = STR("");
    p->c->format_field = "output_config.format";
    if (!rd_object(&p->r, "output_config.format"))
        return;
    while (rd_key(&p->r, &key)) {
        if (rd_is(key, "type"))
            (void)rd_string(&p->r, "output_config.format.type", &type);
        else if (rd_is(key, "schema"))
            (void)rd_raw(&p->r, &p->c->format_schema);
        else
            rd_skip(&p->r);
    }
    if (rd_is(type, "json_schema") && p->c->format_schema.p)
        p->c->format = IR_FORMAT_SCHEMA;
}

void anthropic_parse_output(struct anthropic_parse *p)
{
    struct str key, word;
    if (!rd_object(&p->r, "output_config"))
        return;
    while (rd_key(&p->r, &key)) {
        if (rd_is(key, "format")) {
            anthropic_parse_format(p);
        } else if (!rd_is(key, "effort")) {
            rd_skip(&p->r);
        } else if (rd_string(&p->r, "output_config.effort", &word)) {
            /* It says how much to do in all; where thinking is off it does not switch it on. */
            if (p->c->reasoning.effort != IR_EFFORT_NONE)
                p->c->reasoning.effort = ir_effort_find(word);
            if (!p->c->reasoning.field)
                p->c->reasoning.field = "output_config.effort";
        }
    }
}
