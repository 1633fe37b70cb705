/* Reads `tools` and `toolConfig` of Google's requests. Pure. */
#include "gateway/dialect/google_priv.h"

static void read_declaration(struct google_parse *p, uint32_t index)
{
    struct reader *r = &p->r;
    struct str key, own = STR_NULL;
    size_t begin;
    if (!google_enter(r, "tools[].functionDeclarations[]", &begin))
        return;
    struct ir_tool *t = ir_add_tool(p->c, r->a, IR_TOOL_FUNCTION);
    t->index = index;
    while (google_key(r, &key)) {
        if (rd_is(key, "name"))
            rd_text(r, "tools[].functionDeclarations[].name", &t->name);
        else if (rd_is(key, "description"))
            rd_text(r, "tools[].functionDeclarations[].description", &t->description);
        else if (rd_is(key, "parameters"))
            (void)rd_raw(r, &own);
        else if (rd_is(key, "parametersJsonSchema"))
            (void)rd_raw(r, &t->schema);
        else
            rd_skip(r);
    }
    t->raw = google_leave(r, begin);
    if (!t->schema.p)
        t->schema = google_schema(own, r->a);
    if (t->name.len == 0)
        rd_missing(r, "tools[].functionDeclarations[].name");
}

static void read_declarations(struct google_parse *p, uint32_t index)
{
    struct google_list l;
    if (!google_list(&p->r, "tools[].functionDeclarations", &l))
        return;
    while (google_next(&p->r, &l))
        read_declaration(p, index);
}

static void read_tool(struct google_parse *p, uint32_t index)
{
    struct reader *r = &p->r;
    struct str key, raw;
    if (!rd_object(r, "tools[]"))
        return;
    while (google_key(r, &key)) {
        if (rd_is(key, "functionDeclarations")) {
            read_declarations(p, index);
            continue;
        }
        if (!rd_raw(r, &raw))
            continue;
        bool search = rd_is(key, "googleSearch") || rd_is(key, "googleSearchRetrieval") ||
                      rd_is(key, "enterpriseWebSearch");
        struct ir_tool *t = ir_add_tool(p->c, r->a, search ? IR_TOOL_WEB_SEARCH : IR_TOOL_OTHER);
        t->index = index;
        t->type = arena_str(r->a, key);
        t->raw = raw;
    }
}

void google_parse_tools(struct google_parse *p)
{
    struct google_list l;
    if (!google_list(&p->r, "tools", &l))
        return;
    for (uint32_t i = 0; google_next(&p->r, &l); i++)
        read_tool(p, i);
    p->out->has_tools = p->c->tools != NULL;
}

/* ------------------------------------------------------------------ toolConfig */

static void add_allowed(struct google_parse *p, struct str name)
{
    struct ir_name *n = ARENA_NEW(p->r.a, struct ir_name);
    n->text = name;
    *p->allowed_tail = n;
    p->allowed_tail = &n->next;
    p->n_allowed++;
}

static void read_mode(struct google_parse *p)
{
    static const struct {
        const char *word;
        enum ir_choice choice;
    } modes[] = {{"AUTO", IR_CHOICE_AUTO},
                 {"VALIDATED", IR_CHOICE_AUTO},
                 {"ANY", IR_CHOICE_REQUIRED},
                 {"NONE", IR_CHOICE_NONE}};
    struct str mode;
    if (!rd_string(&p->r, "toolConfig.functionCallingConfig.mode", &mode))
        return;
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        if (str_ieq(mode, str_of(modes[i].word)))
            p->c->choice = modes[i].choice;
    if (str_ieq(mode, STR("VALIDATED")))
        ir_add_unknown(p->c, p->r.a, STR("toolConfig.functionCallingConfig.mode"));
}

static void read_calling(struct google_parse *p)
{
    struct reader *r = &p->r;
    struct str key, name;
    p->c->choice_field = "toolConfig.functionCallingConfig";
    if (!rd_object(r, "toolConfig.functionCallingConfig"))
        return;
    while (google_key(r, &key)) {
        if (rd_is(key, "mode")) {
            read_mode(p);
        } else if (rd_is(key, "allowedFunctionNames")) {
            if (!rd_array(r, "toolConfig.functionCallingConfig.allowedFunctionNames"))
                continue;
            while (rd_element(r))
                if (rd_text(r, "toolConfig.functionCallingConfig.allowedFunctionNames[]", &name))
                    add_allowed(p, name);
        } else {
            ir_add_unknown(p->c, r->a,
                           str_of(arena_printf(r->a, "toolConfig.functionCallingConfig." STR_FMT,
                                               STR_ARG(key))));
            rd_skip(r);
        }
    }
}

void google_parse_tool_config(struct google_parse *p)
{
    struct str key;
    if (!rd_object(&p->r, "toolConfig"))
        return;
    while (google_key(&p->r, &key)) {
        if (rd_is(key, "functionCallingConfig")) {
            read_calling(p);
        } else {
            ir_add_unknown(p->c, p->r.a,
                           str_of(arena_printf(p->r.a, "toolConfig." STR_FMT, STR_ARG(key))));
            rd_skip(&p->r);
        }
    }
}

/* One allowed name is a named choice; of several, the other tools are left out, since few dialects
 * have such a list. */
void google_settle_tools(struct google_parse *p)
{
    struct ir_chat *c = p->c;
    if (p->n_allowed == 0 || c->choice == IR_CHOICE_NONE)
        return;
    if (p->n_allowed == 1 && c->choice == IR_CHOICE_REQUIRED) {
        c->choice = IR_CHOICE_NAMED;
        c->choice_name = p->allowed->text;
        return;
    }
    ir_keep_tools(c, p->allowed);
}
