/* Reads tools, the legacy functions, and the choice among them. Pure. */
#include "gateway/dialect/openai_parse.h"

struct tool {
    struct str type, function, custom, cache_control;
    struct str name, description, parameters, strict; /* of the tool or of its inner object */
    struct str cache_within, format;                  /* of custom: what its input is */
};

#define AT(n, member)                                                                              \
    {                                                                                              \
        (n), offsetof(struct tool, member)                                                         \
    }
static const struct openai_member members[] = {
    AT("type", type),     AT("function", function),
    AT("custom", custom), AT("cache_control", cache_control),
    AT("name", name),     AT("description", description),
    AT("strict", strict), AT("parameters", parameters),
};
static const struct openai_member inner_members[] = {
    AT("name", name),     AT("description", description),    AT("parameters", parameters),
    AT("strict", strict), AT("cache_control", cache_within), AT("format", format),
};
#undef AT

static enum ir_bool bool_of(struct str raw)
{
    if (!raw.p)
        return IR_UNSET;
    return str_eq(raw, STR("true")) ? IR_TRUE : IR_FALSE;
}

static enum ir_tool_kind kind_of(const struct tool *in)
{
    struct str type = openai_inside(in->type);
    if (in->custom.p)
        return IR_TOOL_CUSTOM;
    if (in->function.p || openai_says(in->type, "function"))
        return IR_TOOL_FUNCTION;
    bool search = type.p && str_find_str(type, STR("web_search")) >= 0;
    return search ? IR_TOOL_WEB_SEARCH : IR_TOOL_OTHER;
}

static bool check_function(struct openai_parse *p, const struct ir_tool *t, const char *path)
{
    if (!t->name.p)
        return rd_missing(&p->r, arena_printf(p->a, "%s.name", path));
    if (t->schema.p && t->schema.p[0] != '{')
        return rd_refuse(&p->r, E_BAD_FIELD, str_of(path), "'%s.parameters' must be an object.",
                         path);
    return true;
}

/* `inner` is the object that names the function: a member of the tool, or the tool itself. */
static bool add_tool(struct openai_parse *p, struct tool *in, struct str raw, unsigned k,
                     const char *path)
{
    struct str inner = in->custom.p ? in->custom : in->function;
    const char *inner_path =
        inner.p ? arena_printf(p->a, "%s.%s", path, in->custom.p ? "custom" : "function") : path;
    if (inner.p) {
        struct reader r = openai_sub_reader(p, inner);
        if (!openai_read_members(&r, inner_path, inner_members, ARRAY_LEN(inner_members), in)) {
            p->r.failed = true;
            return false;
        }
    }
    struct ir_tool *t = ir_add_tool(p->c, p->a, kind_of(in));
    t->type = openai_inside(in->type);
    t->name = openai_inside(in->name);
    t->description = openai_inside(in->description);
    t->strict = bool_of(in->strict);
    t->cache = openai_cache(p, in->cache_control.p ? in->cache_control : in->cache_within);
    t->raw = raw;
    t->index = k;
    if (!ir_tool_is_called(t))
        return true;
    t->schema = in->parameters;
    if (t->kind == IR_TOOL_CUSTOM)
        openai_read_custom(in->format, p->a, t);
    return check_function(p, t, inner_path);
}

static void read_tools(struct openai_parse *p, const char *field, bool legacy)
{
    struct str raw;
    if (!rd_array(&p->r, field))
        return;
    for (unsigned k = 0; rd_element(&p->r); k++) {
        struct tool in = {.type = STR_NULL};
        const char *path = arena_printf(p->a, "%s[%u]", field, k);
        if (!rd_raw(&p->r, &raw))
            continue;
        struct reader r = openai_sub_reader(p, raw);
        if (!openai_read_members(&r, path, members, ARRAY_LEN(members), &in)) {
            p->r.failed = true;
            return;
        }
        if (legacy)
            in.type = STR("\"function\"");
        if (!add_tool(p, &in, raw, k, path))
            return;
    }
}

void openai_parse_tools(struct openai_parse *p, const char *field)
{
    read_tools(p, field, false);
}

void openai_parse_functions(struct openai_parse *p, const char *field)
{
    read_tools(p, field, true);
}

void openai_parse_web_search(struct openai_parse *p, const char *field)
{
    struct str raw;
    if (!rd_raw(&p->r, &raw))
        return;
    struct ir_tool *t = ir_add_tool(p->c, p->a, IR_TOOL_WEB_SEARCH);
    t->type = str_of(field);
    t->raw = raw;
}

/* ------------------------------------------------------------------ choice */

static enum ir_choice choice_word(struct str raw)
{
    static const struct {
        const char *word;
        enum ir_choice choice;
    } words[] = {{"auto", IR_CHOICE_AUTO},
                 {"none", IR_CHOICE_NONE},
                 {"required", IR_CHOICE_REQUIRED},
                 {"any", IR_CHOICE_REQUIRED}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (openai_says(raw, words[i].word))
            return words[i].choice;
    return IR_CHOICE_UNSET;
}

struct choice {
    struct str type, function, custom, name, allowed_tools, mode, tools;
};

#define AT(n, member)                                                                              \
    {                                                                                              \
        (n), offsetof(struct choice, member)                                                       \
    }
static const struct openai_member choice_members[] = {
    AT("type", type),
    AT("function", function),
    AT("custom", custom),
    AT("name", name),
    AT("mode", mode),
    AT("tools", tools),
    AT("allowed_tools", allowed_tools),
};
#undef AT

static bool read_choice(struct openai_parse *p, struct str raw, const char *field,
                        struct choice *out)
{
    *out = (struct choice){.type = STR_NULL};
    struct reader r = openai_sub_reader(p, raw);
    if (openai_read_members(&r, field, choice_members, ARRAY_LEN(choice_members), out))
        return true;
    p->r.failed = true;
    return false;
}

/* The name that {"function":{"name":...}}, {"custom":{...}} or {"name":...} holds. */
static struct str named(struct openai_parse *p, const struct choice *in, const char *field)
{
    struct choice inner = *in;
    struct str object = in->function.p ? in->function : in->custom;
    if (object.p && !read_choice(p, object, field, &inner))
        return STR_NULL;
    return openai_inside(inner.name);
}

/* {"mode":"auto","tools":[{"type":"function","function":{"name":...}}]}: the others are as if they
 * had not been given. */
static void read_allowed(struct openai_parse *p, const struct choice *outer, const char *field)
{
    struct choice in = *outer, tool;
    struct ir_name **tail = &p->allowed;
    struct str raw;
    if (outer->allowed_tools.p && !read_choice(p, outer->allowed_tools, field, &in))
        return;
    p->c->choice = openai_says(in.mode, "required") ? IR_CHOICE_REQUIRED : IR_CHOICE_AUTO;
    if (!in.tools.p) {
        (void)rd_missing(&p->r, "tool_choice.allowed_tools.tools");
        return;
    }
    struct reader r = openai_sub_reader(p, in.tools);
    if (!rd_array(&r, "tool_choice.allowed_tools.tools"))
        p->r.failed = true;
    while (rd_element(&r)) {
        if (!rd_raw(&r, &raw) || !read_choice(p, raw, field, &tool))
            return;
        *tail = ARENA_NEW(p->a, struct ir_name);
        (*tail)->text = named(p, &tool, field);
        tail = &(*tail)->next;
    }
}

static void choose_named(struct openai_parse *p, struct str name, const char *field)
{
    if (!name.p) {
        (void)rd_refuse(&p->r, E_BAD_FIELD, str_of(field),
                        "'%s' must be a word like auto, or name a function.", field);
        return;
    }
    p->c->choice = IR_CHOICE_NAMED;
    p->c->choice_name = name;
}

static void read_tool_choice(struct openai_parse *p, const char *field)
{
    struct choice in;
    struct str raw;
    if (!rd_raw(&p->r, &raw))
        return;
    p->c->choice_field = field;
    p->c->choice = choice_word(raw);
    if (p->c->choice != IR_CHOICE_UNSET || !read_choice(p, raw, field, &in))
        return;
    if (openai_says(in.type, "allowed_tools")) {
        read_allowed(p, &in, field);
        return;
    }
    p->c->choice = choice_word(in.type); /* {"type":"any"} */
    if (p->c->choice == IR_CHOICE_UNSET)
        choose_named(p, named(p, &in, field), field);
}

void openai_parse_tool_choice(struct openai_parse *p, const char *field)
{
    read_tool_choice(p, field);
}

void openai_parse_function_choice(struct openai_parse *p, const char *field)
{
    read_tool_choice(p, field);
}

void openai_keep_allowed(struct openai_parse *p)
{
    if (p->allowed)
        ir_keep_tools(p->c, p->allowed);
}
