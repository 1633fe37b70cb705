/* Reads `input`: a text, or items. Items that belong to one turn of the model (reasoning, text,
 * calls) become one message; so do the outputs of calls that follow each other. Pure but for the
 * arena.
 */
#include "gateway/dialect/openai_responses_priv.h"
#include "gateway/dialect/signature.h"

struct input {
    struct ir_chat *c;
    struct arena *a;
    struct dialect_request *facts;
    struct ir_message *last;
    bool turn;    /* `last` is the model's turn and takes more items */
    bool outputs; /* `last` holds outputs of calls */
};

static struct str *member_of(struct responses_members *it, struct str key, bool *text)
{
    const struct {
        const char *name;
        struct str *at;
        bool text;
    } members[] = {
        {"id", &it->id, true},
        {"call_id", &it->call_id, true},
        {"name", &it->name, true},
        {"namespace", &it->space, true},
        {"content", &it->content, false},
        {"encrypted_content", &it->encrypted, true},
        {"output", &it->output, false},
        {"arguments", &it->arguments, false},
        {"input", &it->input, false},
        {"summary", &it->summary, false},
        {"result", &it->result, false},
        {"tools", &it->tools, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (rd_is(key, members[i].name)) {
            *text = members[i].text;
            return members[i].at;
        }
    return NULL;
}

struct responses_members responses_read_item(struct str raw, uint32_t index, struct arena *a)
{
    struct responses_members it = {.raw = raw, .index = index, .type = STR(""), .role = STR("")};
    struct reader r;
    struct str key;
    bool text = false;
    responses_reader(&r, raw, a);
    if (!rd_object(&r, ""))
        return it;
    while (rd_key(&r, &key)) {
        struct str *to = member_of(&it, key, &text);
        if (to && text)
            (void)rd_text(&r, "", to);
        else if (to)
            (void)rd_raw(&r, to);
        else if (rd_is(key, "type"))
            (void)rd_string(&r, "", &it.type);
        else if (rd_is(key, "role"))
            (void)rd_string(&r, "", &it.role);
        else
            rd_skip(&r);
    }
    return it;
}

/* ------------------------------------------------------------------ places */

static struct ir_message *new_message(struct input *in, enum ir_role role, uint32_t index)
{
    in->last = ir_add_message(in->c, in->a, role);
    in->last->index = index;
    in->turn = role == IR_ASSISTANT;
    in->outputs = false;
    return in->last;
}

static struct ir_message *the_turn(struct input *in, uint32_t index)
{
    return in->turn ? in->last : new_message(in, IR_ASSISTANT, index);
}

static struct ir_message *the_outputs(struct input *in, uint32_t index)
{
    if (!in->outputs)
        (void)new_message(in, IR_USER, index);
    in->outputs = true;
    return in->last;
}

static struct responses_to place(struct input *in, struct ir_message *m, struct ir_part *result)
{
    return (struct responses_to){.message = m, .result = result, .a = in->a, .facts = in->facts};
}

/* ------------------------------------------------------------------ items */

static void add_message(struct input *in, const struct responses_members *it)
{
    enum ir_role role = rd_is(it->role, "assistant")   ? IR_ASSISTANT
                        : rd_is(it->role, "system")    ? IR_SYSTEM
                        : rd_is(it->role, "developer") ? IR_DEVELOPER
                                                       : IR_USER;
    struct ir_message *m = role == IR_ASSISTANT ? the_turn(in, it->index)
                                                : new_message(in, role, it->index);
    struct responses_to to = place(in, m, NULL);
    responses_read_content(it->content, &to);
}

static void add_reasoning(struct input *in, const struct responses_members *it)
{
    struct ir_part *p = ir_add_part(the_turn(in, it->index), in->a, IR_THINKING);
    p->raw = it->raw;
    p->text = responses_reasoning_text(it->summary, in->a);
    if (!p->text.len)
        p->text = responses_reasoning_text(it->content, in->a);
    if (it->encrypted.len)
        signature_unwrap(it->encrypted, IR_ORIGIN_OPENAI, in->a, &p->signature);
    if (p->signature.origin == IR_ORIGIN_OPENAI && !p->signature.id.p)
        p->signature.id = it->id;
    if (p->signature.origin == IR_ORIGIN_OPENAI || !str_eq(p->signature.id, STR("redacted")))
        return;
    p->kind = IR_REDACTED;
    p->signature.id = STR_NULL;
}

/* A JSON string's inside as arguments; any other value as it stands. */
static struct ir_json json_of(struct str value)
{
    if (value.len >= 2 && value.p[0] == '"')
        return (struct ir_json){.raw = str_make(value.p + 1, value.len - 2), .quoted = true};
    return (struct ir_json){.raw = value.p ? value : STR("{}")};
}

static void add_call(struct input *in, const struct responses_members *it)
{
    struct ir_part *p = ir_add_part(the_turn(in, it->index), in->a, IR_TOOL_CALL);
    bool custom = rd_is(it->type, "custom_tool_call");
    p->raw = it->raw;
    p->id = signature_id_read(it->call_id, in->a, &p->signature);
    p->name = responses_full_name(it->space, it->name, in->a);
    if (!custom)
        p->json = json_of(it->arguments);
    else
        p->json.raw = str_of(arena_printf(in->a, "{\"input\":" STR_FMT "}",
                                          STR_ARG(it->input.p ? it->input : STR("\"\""))));
}

static void add_output(struct input *in, const struct responses_members *it)
{
    struct ir_part *p = ir_add_part(the_outputs(in, it->index), in->a, IR_TOOL_RESULT);
    struct ir_signature ignored;
    p->raw = it->raw;
    p->id = signature_id_read(it->call_id, in->a, &ignored);
    struct responses_to to = place(in, in->last, p);
    responses_read_content(it->output, &to);
}

/* What only this API knows. Outputs and approvals are the client's words, all else the model's. */
static void add_other(struct input *in, const struct responses_members *it)
{
    bool ours = str_ends(it->type, STR("_output")) || str_ends(it->type, STR("_response"));
    struct ir_message *m = ours ? the_outputs(in, it->index) : the_turn(in, it->index);
    struct ir_part *p = ir_add_part(m, in->a, IR_OTHER);
    p->raw = it->raw;
    p->name = it->type;
}

/* Tools that come with the conversation (Codex) are tools like others to every provider. */
static void add_tools(struct input *in, const struct responses_members *it)
{
    responses_add_tools(in->c, it->tools, it->index, in->a);
    if (in->facts)
        in->facts->has_tools = true;
}

static void add_item(struct input *in, const struct responses_members *it)
{
    bool message = rd_is(it->type, "message") || (it->type.len == 0 && it->role.len > 0);
    if (message)
        add_message(in, it);
    else if (rd_is(it->type, "reasoning"))
        add_reasoning(in, it);
    else if (rd_is(it->type, "function_call") || rd_is(it->type, "custom_tool_call"))
        add_call(in, it);
    else if (rd_is(it->type, "function_call_output") || rd_is(it->type, "custom_tool_call_output"))
        add_output(in, it);
    else if (rd_is(it->type, "additional_tools"))
        add_tools(in, it);
    else
        add_other(in, it);
}

bool responses_read_input(struct reader *r, struct ir_chat *c, struct dialect_request *facts)
{
    struct input in = {.c = c, .a = r->a, .facts = facts};
    struct str raw;
    if (rd_peek(r) == JSON_STRING) {
        struct ir_message *m = new_message(&in, IR_USER, 0);
        return rd_text(r, "input", &ir_add_part(m, r->a, IR_TEXT)->text);
    }
    if (!rd_array(r, "input"))
        return !r->failed;
    for (uint32_t i = 0; rd_element(r); i++) {
        if (rd_peek(r) != JSON_OBJECT_BEGIN) {
            (void)rd_object(r, arena_printf(r->a, "input[%u]", (unsigned)i));
            continue;
        }
        if (!rd_raw(r, &raw))
            return false;
        struct responses_members it = responses_read_item(raw, i, r->a);
        add_item(&in, &it);
    }
    return !r->failed;
}
