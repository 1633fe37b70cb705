/* Reads `tools` and `tool_choice` of a Responses request. Tools in a namespace become tools named
 * "space__name" (openai_responses_item.c gives them back their two names). Pure but for the arena.
 */
#include "common/map.h"
#include "gateway/dialect/openai_priv.h"
#include "gateway/dialect/openai_responses_priv.h"

/* The members of a tool, whatever its type. */
struct tool {
    struct str type;                   /* decoded */
    struct str name, description, raw; /* raw text */
    struct str schema, nested, format; /* raw JSON */
    enum ir_bool strict;
};

struct str responses_full_name(struct str space, struct str name, struct arena *a)
{
    if (!space.len)
        return name;
    return str_of(arena_printf(a, STR_FMT "__" STR_FMT, STR_ARG(space), STR_ARG(name)));
}

static bool is_search(struct str type)
{
    return str_starts(type, STR("web_search"));
}

/* A tool's object as it stands in `raw`. */
static struct tool read_tool(struct str raw, struct arena *a)
{
    struct tool t = {.raw = raw};
    struct reader r;
    struct str key;
    bool strict;
    responses_reader(&r, raw, a);
    if (!rd_object(&r, ""))
        return t;
    while (rd_key(&r, &key)) {
        if (rd_is(key, "type"))
            (void)rd_string(&r, "", &t.type);
        else if (rd_is(key, "name"))
            (void)rd_text(&r, "", &t.name);
        else if (rd_is(key, "description"))
            (void)rd_text(&r, "", &t.description);
        else if (rd_is(key, "parameters"))
            (void)rd_raw(&r, &t.schema);
        else if (rd_is(key, "tools"))
            (void)rd_raw(&r, &t.nested);
        else if (rd_is(key, "format"))
            (void)rd_raw(&r, &t.format);
        else if (rd_is(key, "strict") && rd_bool(&r, "", &strict))
            t.strict = strict ? IR_TRUE : IR_FALSE;
        else if (!rd_is(key, "strict"))
            rd_skip(&r);
    }
    return t;
}

static void add_tool(struct ir_chat *c, const struct tool *t, struct str space, uint32_t index,
                     struct arena *a)
{
    enum ir_tool_kind kind = is_search(t->type) ? IR_TOOL_WEB_SEARCH : IR_TOOL_OTHER;
    if (t->name.len && rd_is(t->type, "custom"))
        kind = IR_TOOL_CUSTOM;
    else if (t->name.len && rd_is(t->type, "function"))
        kind = IR_TOOL_FUNCTION;
    struct ir_tool *to = ir_add_tool(c, a, kind);
    to->index = index;
    to->type = t->type;
    to->raw = t->raw;
    to->space = space.len ? space : STR_NULL;
    to->name = responses_full_name(space, t->name, a);
    to->description = t->description;
    to->schema = t->schema;
    to->strict = t->strict;
    if (kind == IR_TOOL_CUSTOM)
        openai_read_custom(t->format, a, to);
}

static void add_space(struct ir_chat *c, const struct tool *space, uint32_t index, struct arena *a)
{
    struct reader r;
    struct str raw;
    responses_reader(&r, space->nested, a);
    if (!rd_array(&r, ""))
        return;
    while (rd_element(&r)) {
        if (!rd_raw(&r, &raw))
            continue;
        struct tool t = read_tool(raw, a);
        add_tool(c, &t, space->name, index, a);
    }
}

static void add_any(struct ir_chat *c, struct str raw, uint32_t index, struct arena *a)
{
    struct tool t = read_tool(raw, a);
    if (rd_is(t.type, "namespace") && t.nested.p)
        add_space(c, &t, index, a);
    else
        add_tool(c, &t, STR(""), index, a);
}

bool responses_read_tools(struct reader *r, struct ir_chat *c)
{
    struct str raw;
    if (!rd_array(r, "tools"))
        return !r->failed;
    for (uint32_t i = 0; rd_element(r); i++) {
        if (rd_peek(r) != JSON_OBJECT_BEGIN)
            return rd_object(r, arena_printf(r->a, "tools[%u]", (unsigned)i));
        if (!rd_raw(r, &raw))
            return false;
        add_any(c, raw, i, r->a);
    }
    return !r->failed;
}

void responses_add_tools(struct ir_chat *c, struct str list, uint32_t index, struct arena *a)
{
    struct reader r;
    struct str raw;
    responses_reader(&r, list, a);
    if (!rd_array(&r, ""))
        return;
    while (rd_element(&r))
        if (rd_raw(&r, &raw))
            add_any(c, raw, index, a);
}

/* ------------------------------------------------------------------ tool_choice */

struct choice {
    struct str type, mode;         /* decoded */
    struct str name, space, tools; /* tools: raw JSON */
};

static struct choice read_one(struct str raw, struct arena *a)
{
    struct choice n = {.type = STR("")};
    struct reader r;
    struct str key;
    responses_reader(&r, raw, a);
    if (!rd_object(&r, ""))
        return n;
    while (rd_key(&r, &key)) {
        if (rd_is(key, "type"))
            (void)rd_string(&r, "", &n.type);
        else if (rd_is(key, "mode"))
            (void)rd_string(&r, "", &n.mode);
        else if (rd_is(key, "name"))
            (void)rd_text(&r, "", &n.name);
        else if (rd_is(key, "namespace"))
            (void)rd_text(&r, "", &n.space);
        else if (rd_is(key, "tools"))
            (void)rd_raw(&r, &n.tools);
        else
            rd_skip(&r);
    }
    return n;
}

static enum ir_choice choice_of(struct str word)
{
    return rd_is(word, "none")       ? IR_CHOICE_NONE
           : rd_is(word, "required") ? IR_CHOICE_REQUIRED
                                     : IR_CHOICE_AUTO;
}

bool responses_read_choice(struct reader *r, struct responses_request *q)
{
    struct ir_chat *c = &q->chat;
    enum json_token t = rd_peek(r);
    if (t != JSON_STRING && t != JSON_OBJECT_BEGIN)
        return rd_object(r, "tool_choice");
    if (!rd_raw(r, &q->tool_choice))
        return false;
    c->choice_field = "tool_choice";
    if (t == JSON_STRING) {
        c->choice = choice_of(rd_decoded(r));
        return true;
    }
    struct choice n = read_one(q->tool_choice, r->a);
    if (rd_is(n.type, "allowed_tools")) {
        c->choice = choice_of(n.mode);
        q->allowed = n.tools;
        return true;
    }
    c->choice = IR_CHOICE_NAMED; /* without a name: one of the provider's own tools */
    c->choice_name = responses_full_name(n.space, n.name, r->a);
    return true;
}

/* Names of the tools that are called, types of the others. */
struct allowed {
    struct map names, types;
};

/* False: it is no list, and all are allowed. */
static bool read_allowed(struct str list, struct arena *a, struct allowed *out)
{
    struct reader r;
    struct str raw;
    responses_reader(&r, list, a);
    if (!rd_array(&r, ""))
        return false;
    while (rd_element(&r)) {
        if (!rd_raw(&r, &raw))
            continue;
        struct choice n = read_one(raw, a);
        struct str name = responses_full_name(n.space, n.name, a);
        if (name.p)
            (void)map_put(&out->names, name, out);
        (void)map_put(&out->types, n.type, out);
    }
    return true;
}

static bool is_allowed(const struct ir_tool *t, const struct allowed *in)
{
    if (ir_tool_is_called(t))
        return map_get(&in->names, t->name) != NULL;
    return map_get(&in->types, t->type.p ? t->type : STR("")) != NULL;
}

void responses_allow_tools(struct responses_request *q, struct arena *a)
{
    struct ir_tool **link = &q->chat.tools;
    struct allowed in;
    if (!q->allowed.p)
        return;
    map_init(&in.names);
    map_init(&in.types);
    bool some = read_allowed(q->allowed, a, &in);
    while (*link) {
        if (!some || is_allowed(*link, &in))
            link = &(*link)->next;
        else
            *link = (*link)->next;
    }
    q->chat.tools_tail = link;
    map_fini(&in.names);
    map_fini(&in.types);
}
