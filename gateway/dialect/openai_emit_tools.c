/* Writes tools, the choice among them and the format of the answer. Pure. */
#include "gateway/dialect/openai_emit.h"

bool openai_is_custom(const struct openai_emit *e, struct str name)
{
    return e->own && ir_is_custom(e->c, name);
}

static void emit_function(struct openai_emit *e, const struct ir_tool *t)
{
    struct json_write *w = &e->w;
    jw_object(w);
    jw_key(w, "type");
    jw_lit(w, "\"function\"");
    jw_key(w, "function");
    jw_object(w);
    jw_key(w, "name");
    jw_text(w, t->name);
    struct str description = ir_tool_description(t, e->a);
    if (description.p) {
        jw_key(w, "description");
        jw_text(w, description);
    }
    jw_key(w, "parameters");
    jw_raw_line(w, t->schema.p ? t->schema : STR("{\"type\":\"object\",\"properties\":{}}"));
    if (t->strict != IR_UNSET) {
        jw_key(w, "strict");
        jw_bool(w, t->strict == IR_TRUE);
    }
    jw_end(w);
    if (e->own && t->cache != IR_CACHE_NONE) {
        jw_key(w, "cache_control");
        jw_raw(w, t->cache == IR_CACHE_1H ? STR("{\"type\":\"ephemeral\",\"ttl\":\"1h\"}")
                                          : STR("{\"type\":\"ephemeral\"}"));
    } else if (t->cache != IR_CACHE_NONE) {
        dialect_strip(e->loss, STR("cache_control"));
    }
    jw_end(w);
}

static struct str tool_path(const struct openai_emit *e, const struct ir_tool *t)
{
    return str_of(arena_printf(e->a, "%s[%u]", e->c->words->tools, (unsigned)t->index));
}

static void cannot_tool(struct openai_emit *e, const struct ir_tool *t)
{
    openai_cannot(e, tool_path(e, t),
                  "The tool of type '" STR_FMT "' is not available with this model.",
                  STR_ARG(t->type));
}

static bool is_options(const struct ir_tool *t)
{
    return str_eq(t->type, STR("web_search_options"));
}

/* Does the tool stand in the list `tools`? */
static bool is_listed(const struct openai_emit *e, const struct ir_tool *t)
{
    return t->kind != IR_TOOL_WEB_SEARCH || (e->own && !is_options(t));
}

/* Coding agents always offer it: it is left out where there is none, unless it alone can be meant.
 */
static void lose_search(struct openai_emit *e, const struct ir_tool *t)
{
    enum ir_choice choice = e->c->choice;
    bool alone = !e->c->tools->next && choice == IR_CHOICE_REQUIRED;
    if (alone || (choice == IR_CHOICE_NAMED && str_eq(e->c->choice_name, t->name)))
        cannot_tool(e, t);
    else
        dialect_strip(e->loss, tool_path(e, t));
}

static void emit_search(struct openai_emit *e)
{
    for (const struct ir_tool *t = e->c->tools; t; t = t->next) {
        if (is_listed(e, t))
            continue;
        if (!e->own && !(e->to->caps & CAP_WEB_SEARCH)) {
            lose_search(e, t);
            continue;
        }
        jw_key(&e->w, "web_search_options");
        jw_raw_line(&e->w, e->own && is_options(t) ? t->raw : STR("{}"));
        return;
    }
}

static void emit_tool(struct openai_emit *e, const struct ir_tool *t)
{
    bool raw = t->kind == IR_TOOL_OTHER || t->kind == IR_TOOL_WEB_SEARCH ||
               (t->kind == IR_TOOL_CUSTOM && e->own);
    if (!raw)
        emit_function(e, t);
    else if (e->own)
        jw_raw_line(&e->w, t->raw);
    else
        cannot_tool(e, t);
}

static bool emit_list(struct openai_emit *e)
{
    bool any = false;
    for (const struct ir_tool *t = e->c->tools; t && !any; t = t->next)
        any = is_listed(e, t);
    if (!any)
        return false;
    jw_key(&e->w, "tools");
    jw_array(&e->w);
    for (const struct ir_tool *t = e->c->tools; t; t = t->next)
        if (is_listed(e, t))
            emit_tool(e, t);
    jw_end(&e->w);
    return true;
}

static void emit_named(struct openai_emit *e, struct str name)
{
    const char *kind = openai_is_custom(e, name) ? "custom" : "function";
    jw_object(&e->w);
    jw_key(&e->w, "type");
    jw_string(&e->w, str_of(kind));
    jw_key(&e->w, kind);
    jw_object(&e->w);
    jw_key(&e->w, "name");
    jw_text(&e->w, name);
    jw_end(&e->w);
    jw_end(&e->w);
}

static void emit_choice(struct openai_emit *e)
{
    static const char *const words[] = {
        [IR_CHOICE_AUTO] = "auto", [IR_CHOICE_NONE] = "none", [IR_CHOICE_REQUIRED] = "required"};
    const struct ir_chat *c = e->c;
    if (c->choice == IR_CHOICE_UNSET)
        return;
    jw_key(&e->w, "tool_choice");
    if (c->choice == IR_CHOICE_NAMED)
        emit_named(e, c->choice_name);
    else
        jw_string(&e->w, str_of(words[c->choice]));
}

static void emit_schema(struct openai_emit *e)
{
    const struct ir_chat *c = e->c;
    struct json_write *w = &e->w;
    jw_object(w);
    jw_key(w, "type");
    jw_lit(w, "\"json_schema\"");
    jw_key(w, "json_schema");
    jw_object(w);
    jw_key(w, "name");
    jw_text(w, c->format_name.len ? c->format_name : STR("answer"));
    if (c->format_description.p) {
        jw_key(w, "description");
        jw_text(w, c->format_description);
    }
    jw_key(w, "schema");
    jw_raw_line(w, c->format_schema);
    if (c->format_strict != IR_UNSET) {
        jw_key(w, "strict");
        jw_bool(w, c->format_strict == IR_TRUE);
    }
    jw_end(w);
    jw_end(w);
}

static void emit_format(struct openai_emit *e)
{
    enum ir_format f = e->c->format;
    if (f == IR_FORMAT_UNSET || (f == IR_FORMAT_TEXT && !e->own))
        return;
    jw_key(&e->w, "response_format");
    if (f == IR_FORMAT_SCHEMA)
        emit_schema(e);
    else if (f == IR_FORMAT_JSON)
        jw_lit(&e->w, "{\"type\":\"json_object\"}");
    else
        jw_lit(&e->w, "{\"type\":\"text\"}");
}

void openai_emit_tools(struct openai_emit *e)
{
    if (emit_list(e)) { /* without tools both are refused */
        emit_choice(e);
        if (e->c->parallel_tool_calls != IR_UNSET) {
            jw_key(&e->w, "parallel_tool_calls");
            jw_bool(&e->w, e->c->parallel_tool_calls == IR_TRUE);
        }
    }
    emit_search(e);
    emit_format(e);
}
