/* Building and asking the internal form of a request. Pure; memory from the caller's arena. */
#include "gateway/ir/chat.h"

void ir_chat_init(struct ir_chat *c, const struct ir_words *words)
{
    *c = (struct ir_chat){.words = words, .max_output = -1};
    c->reasoning.budget_tokens = -1;
    c->messages_tail = &c->messages;
    c->tools_tail = &c->tools;
    c->stop_tail = &c->stop;
    c->unknown_tail = &c->unknown;
}

struct ir_message *ir_add_message(struct ir_chat *c, struct arena *a, enum ir_role role)
{
    struct ir_message *m = ARENA_NEW(a, struct ir_message);
    m->role = role;
    m->tail = &m->parts;
    *c->messages_tail = m;
    c->messages_tail = &m->next;
    return m;
}

struct ir_part *ir_add_part(struct ir_message *m, struct arena *a, enum ir_kind kind)
{
    struct ir_part *p = ARENA_NEW(a, struct ir_part);
    p->kind = kind;
    *m->tail = p;
    m->tail = &p->next;
    return p;
}

struct ir_part *ir_add_child(struct ir_part *result, struct arena *a, enum ir_kind kind)
{
    struct ir_part *p = ARENA_NEW(a, struct ir_part);
    ASSERT(!result->children || result->last_child);
    p->kind = kind;
    if (result->last_child)
        result->last_child->next = p;
    else
        result->children = p;
    return result->last_child = p;
}

struct ir_tool *ir_add_tool(struct ir_chat *c, struct arena *a, enum ir_tool_kind kind)
{
    struct ir_tool *t = ARENA_NEW(a, struct ir_tool);
    t->kind = kind;
    *c->tools_tail = t;
    c->tools_tail = &t->next;
    return t;
}

static void add_name(struct ir_name ***tail, struct arena *a, struct str text)
{
    struct ir_name *n = ARENA_NEW(a, struct ir_name);
    n->text = text;
    **tail = n;
    *tail = &n->next;
}

void ir_add_stop(struct ir_chat *c, struct arena *a, struct str text)
{
    add_name(&c->stop_tail, a, text);
}

void ir_add_unknown(struct ir_chat *c, struct arena *a, struct str name)
{
    add_name(&c->unknown_tail, a, name);
}

void ir_index_init(struct ir_index *index, struct ir_chat *c)
{
    map_init(&index->calls);
    map_init(&index->custom);
    for (struct ir_message *m = c->messages; m; m = m->next)
        for (struct ir_part *p = m->role == IR_ASSISTANT ? m->parts : NULL; p; p = p->next)
            if (p->kind == IR_TOOL_CALL)
                (void)map_put(&index->calls, ir_key(p->id), p);
    for (struct ir_tool *t = c->tools; t; t = t->next)
        if (t->kind == IR_TOOL_CUSTOM)
            (void)map_put(&index->custom, ir_key(t->name), t);
    c->index = index;
}

void ir_index_fini(struct ir_index *index)
{
    map_fini(&index->calls);
    map_fini(&index->custom);
}

void ir_keep_tools(struct ir_chat *c, const struct ir_name *allowed)
{
    struct ir_tool **link = &c->tools;
    struct map names;
    map_init(&names);
    for (; allowed; allowed = allowed->next)
        (void)map_put(&names, ir_key(allowed->text), c);
    while (*link) {
        if (ir_tool_is_called(*link) && !map_get(&names, ir_key((*link)->name)))
            *link = (*link)->next;
        else
            link = &(*link)->next;
    }
    c->tools_tail = link;
    map_fini(&names);
}

bool ir_tool_is_called(const struct ir_tool *t)
{
    return t->kind == IR_TOOL_FUNCTION || t->kind == IR_TOOL_CUSTOM;
}

struct str ir_custom_schema(void)
{
    return STR("{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\"}},"
               "\"required\":[\"input\"],\"additionalProperties\":false}");
}

struct str ir_tool_description(const struct ir_tool *t, struct arena *a)
{
    if (!t->grammar.p)
        return t->description;
    return str_of(arena_printf(
        a, STR_FMT "%sThe text of `input` must follow this grammar (" STR_FMT "):\\n" STR_FMT,
        STR_ARG(t->description), t->description.len ? "\\n\\n" : "", STR_ARG(t->syntax),
        STR_ARG(t->grammar)));
}

bool ir_is_custom(const struct ir_chat *c, struct str name)
{
    if (c->index)
        return map_get(&c->index->custom, ir_key(name)) != NULL;
    for (const struct ir_tool *t = c->tools; t; t = t->next)
        if (t->kind == IR_TOOL_CUSTOM && str_eq(t->name, name))
            return true;
    return false;
}

const struct ir_part *ir_find_call(const struct ir_chat *c, struct str id)
{
    if (c->index)
        return map_get(&c->index->calls, ir_key(id));
    const struct ir_part *found =
        NULL; /* ids may come again in a later turn: the last one counts */
    for (const struct ir_message *m = c->messages; m; m = m->next) {
        if (m->role != IR_ASSISTANT)
            continue;
        for (const struct ir_part *p = m->parts; p; p = p->next)
            if (p->kind == IR_TOOL_CALL && str_eq(p->id, id))
                found = p;
    }
    return found;
}

struct str ir_trim_end(struct str raw)
{
    size_t end = 0;
    for (size_t i = 0; i < raw.len; i++) {
        bool escape = raw.p[i] == '\\' && i + 1 < raw.len;
        char c = escape ? raw.p[++i] : raw.p[i];
        bool blank = escape ? c == 'n' || c == 'r' || c == 't' : c == ' ';
        end = blank ? end : i + 1;
    }
    return str_make(raw.p, end);
}

bool ir_is_blank(struct str raw)
{
    return ir_trim_end(raw).len == 0;
}

const struct ir_part *ir_final_text(const struct ir_chat *c)
{
    const struct ir_part *last = NULL;
    for (const struct ir_message *m = c->messages; m; m = m->next) {
        bool instruction = m->role == IR_SYSTEM || m->role == IR_DEVELOPER;
        for (const struct ir_part *p = instruction ? NULL : m->parts; p; p = p->next)
            last = m->role == IR_ASSISTANT ? p : NULL;
    }
    return last && last->kind == IR_TEXT ? last : NULL;
}

struct str ir_part_path(const struct ir_chat *c, const struct ir_message *m,
                        const struct ir_part *p, struct arena *a)
{
    if (!p)
        return str_of(arena_printf(a, "%s[%u]", c->words->messages, (unsigned)m->index));
    return str_of(arena_printf(a, "%s[%u].%s[%u]", c->words->messages, (unsigned)m->index,
                               c->words->parts, (unsigned)p->index));
}
