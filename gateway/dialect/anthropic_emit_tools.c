/* Writes tools and their choice as the Messages API's. Pure. */
#include "gateway/dialect/anthropic_priv.h"
#include "gateway/dialect/schema.h"

void anthropic_emit_cache(struct anthropic_emit *e, enum ir_cache cache)
{
    if (cache == IR_CACHE_NONE)
        return;
    jw_key(&e->w, "cache_control");
    jw_raw(&e->w, cache == IR_CACHE_1H ? STR("{\"type\":\"ephemeral\",\"ttl\":\"1h\"}")
                                       : STR("{\"type\":\"ephemeral\"}"));
}

static void write_function(struct anthropic_emit *e, const struct ir_tool *t)
{
    struct json_write *w = &e->w;
    jw_object(w);
    jw_key(w, "name");
    jw_text(w, t->name);
    struct str description = ir_tool_description(t, e->a);
    if (description.p) {
        jw_key(w, "description");
        jw_text(w, description);
    }
    jw_key(w, "input_schema");
    jw_raw(w, t->schema.p ? schema_of_arguments(t->schema, e->a)
                          : STR("{\"type\":\"object\",\"properties\":{}}"));
    if (t->strict == IR_TRUE && t->kind == IR_TOOL_FUNCTION) {
        jw_key(w, "strict");
        jw_bool(w, true);
    }
    anthropic_emit_cache(e, t->cache);
    jw_end(w);
}

static struct str path_of(struct anthropic_emit *e, const struct ir_tool *t)
{
    return str_of(arena_printf(e->a, "%s[%u]", e->c->words->tools, (unsigned)t->index));
}

/* A search that the provider runs: only where the offer has it; coding agents always offer it. */
static void write_search(struct anthropic_emit *e, const struct ir_tool *t)
{
    if (e->to->caps && !(e->to->caps & CAP_WEB_SEARCH)) {
        dialect_strip(e->loss, path_of(e, t));
        return;
    }
    jw_lit(&e->w, "{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}");
}

static void write_tool(struct anthropic_emit *e, const struct ir_tool *t)
{
    bool own = e->c->words == &anthropic_words;
    if (own)
        jw_raw(&e->w, t->raw);
    else if (t->kind == IR_TOOL_WEB_SEARCH)
        write_search(e, t);
    else if (t->kind == IR_TOOL_OTHER)
        e->err = dialect_cannot(e->loss, e->a, path_of(e, t),
                                "This provider knows no tool of that kind.");
    else
        write_function(e, t);
}

static bool any_function(const struct ir_chat *c)
{
    for (const struct ir_tool *t = c->tools; t; t = t->next)
        if (t->kind != IR_TOOL_WEB_SEARCH || c->words == &anthropic_words)
            return true;
    return false;
}

static void write_choice(struct anthropic_emit *e)
{
    static const char *const words[] = {
        [IR_CHOICE_UNSET] = "auto",   [IR_CHOICE_AUTO] = "auto",  [IR_CHOICE_NONE] = "none",
        [IR_CHOICE_REQUIRED] = "any", [IR_CHOICE_NAMED] = "tool",
    };
    const struct ir_chat *c = e->c;
    struct json_write *w = &e->w;
    bool serial = c->parallel_tool_calls == IR_FALSE;
    if (c->choice == IR_CHOICE_UNSET && !serial)
        return;
    jw_key(w, "tool_choice");
    jw_object(w);
    jw_key(w, "type");
    jw_string(w, str_of(words[c->choice]));
    if (c->choice == IR_CHOICE_NAMED) {
        jw_key(w, "name");
        jw_text(w, c->choice_name);
    }
    if (serial && c->choice != IR_CHOICE_NONE) {
        jw_key(w, "disable_parallel_tool_use");
        jw_bool(w, true);
    }
    jw_end(w);
}

void anthropic_emit_tools(struct anthropic_emit *e)
{
    if (!e->c->tools)
        return;
    jw_key(&e->w, "tools");
    jw_array(&e->w);
    for (const struct ir_tool *t = e->c->tools; t && !e->err; t = t->next)
        write_tool(e, t);
    jw_end(&e->w);
    if (any_function(e->c))
        write_choice(e);
}
