/* Reads `messages` of a chat request into the internal form. A run of tool messages becomes one
 * message with a result each. Pure.
 */
#include "gateway/dialect/openai_parse.h"
#include "gateway/dialect/signature.h"

/* Raw values of a message's members. */
struct members {
    struct str role, content, name, refusal, audio, images, cache_control;
    struct str tool_calls, tool_call_id, function_call;
    struct openai_thoughts thoughts;
};

#define AT(n, member)                                                                              \
    {                                                                                              \
        (n), offsetof(struct members, member)                                                      \
    }
static const struct openai_member members[] = {
    AT("role", role),
    AT("content", content),
    AT("name", name),
    AT("refusal", refusal),
    AT("audio", audio),
    AT("images", images),
    AT("cache_control", cache_control),
    AT("tool_calls", tool_calls),
    AT("tool_call_id", tool_call_id),
    AT("function_call", function_call),
    AT("reasoning_content", thoughts.reasoning_content),
    AT("reasoning", thoughts.reasoning),
    AT("reasoning_details", thoughts.reasoning_details),
    AT("thinking_blocks", thoughts.thinking_blocks),
};
#undef AT

static uint32_t count_parts(const struct ir_message *m)
{
    uint32_t n = 0;
    for (const struct ir_part *p = m->parts; p; p = p->next)
        n++;
    return n;
}

/* ------------------------------------------------------------------ calls */

struct call {
    struct str id, type, function, custom, extra_content;
    struct str name, arguments, input; /* of function or custom */
    struct str google, thought_signature;
};

#define AT(n, member)                                                                              \
    {                                                                                              \
        (n), offsetof(struct call, member)                                                         \
    }
static const struct openai_member call_members[] = {
    AT("id", id),         AT("type", type),
    AT("custom", custom), AT("function", function),
    AT("name", name),     AT("extra_content", extra_content),
};
static const struct openai_member function_members[] = {
    AT("name", name), AT("arguments", arguments), AT("input", input)};
static const struct openai_member extra_members[] = {AT("google", google)};
static const struct openai_member google_members[] = {AT("thought_signature", thought_signature)};
#undef AT

/* {"google":{"thought_signature":"..."}}, as Google's own compatible endpoint has it. */
static void read_extra(struct openai_parse *p, struct call *call)
{
    if (!call->extra_content.p || call->extra_content.p[0] != '{')
        return;
    struct reader r = openai_sub_reader(p, call->extra_content);
    (void)openai_read_members(&r, "extra_content", extra_members, 1, call);
    if (!call->google.p || call->google.p[0] != '{')
        return;
    r = openai_sub_reader(p, call->google);
    (void)openai_read_members(&r, "google", google_members, 1, call);
}

/* Free-form input is the one argument of the function that stands for a custom tool. */
static struct ir_json input_of(struct openai_parse *p, const struct call *call)
{
    struct str input = openai_inside(call->input);
    struct str json = str_of(arena_printf(p->a, "{\"input\":\"" STR_FMT "\"}", STR_ARG(input)));
    return (struct ir_json){json, false};
}

static struct ir_json arguments_of(const struct call *call)
{
    struct str inside = openai_inside(call->arguments);
    if (inside.p)
        return (struct ir_json){inside, true};
    return call->arguments.p ? (struct ir_json){call->arguments, false}
                             : (struct ir_json){STR(""), true};
}

static void add_call(struct openai_parse *p, struct call *call, struct ir_message *m)
{
    struct ir_part *part = ir_add_part(m, p->a, IR_TOOL_CALL);
    struct str id = openai_inside(call->id);
    part->index = p->n_parts++;
    part->name = openai_inside(call->name);
    part->json = call->custom.p ? input_of(p, call) : arguments_of(call);
    if (call->thought_signature.p)
        signature_unwrap(openai_inside(call->thought_signature), IR_ORIGIN_GOOGLE, p->a,
                         &part->signature);
    part->id = id.p ? signature_id_read(id, p->a, &part->signature) : STR("");
}

static bool parse_call(struct openai_parse *p, struct str raw, unsigned k, struct ir_message *m)
{
    struct call call = {.id = STR_NULL};
    struct reader r = openai_sub_reader(p, raw);
    const char *path = arena_printf(p->a, "messages[%u].tool_calls[%u]", (unsigned)p->message, k);
    if (!openai_read_members(&r, path, call_members, ARRAY_LEN(call_members), &call))
        return false;
    struct str inner = call.custom.p ? call.custom : call.function;
    if (!inner.p)
        return rd_refuse(&p->r, E_BAD_FIELD, str_of(path),
                         "'%s' must be a call of a function or of a custom tool.", path);
    r = openai_sub_reader(p, inner);
    if (!openai_read_members(&r, path, function_members, ARRAY_LEN(function_members), &call))
        return false;
    if (!openai_inside(call.name).p)
        return rd_missing(
            &p->r, arena_printf(p->a, "%s.%s.name", path, call.custom.p ? "custom" : "function"));
    read_extra(p, &call);
    add_call(p, &call, m);
    return true;
}

static void parse_calls(struct openai_parse *p, const struct members *in, struct ir_message *m)
{
    struct str raw;
    if (!in->tool_calls.p)
        return;
    struct reader r = openai_sub_reader(p, in->tool_calls);
    if (!rd_array(&r, openai_path(p, "tool_calls"))) {
        p->r.failed = true;
        return;
    }
    for (unsigned k = 0; rd_element(&r); k++)
        if (rd_raw(&r, &raw) && !parse_call(p, raw, k, m))
            r.failed = p->r.failed = true;
}

/* The legacy form has no ids: ours bind call and result. */
static void parse_function_call(struct openai_parse *p, const struct members *in,
                                struct ir_message *m)
{
    struct call call = {.id = STR_NULL};
    if (!in->function_call.p)
        return;
    struct reader r = openai_sub_reader(p, in->function_call);
    if (!openai_read_members(&r, openai_path(p, "function_call"), function_members,
                             ARRAY_LEN(function_members), &call)) {
        p->r.failed = true;
        return;
    }
    if (!openai_inside(call.name).p) {
        (void)rd_missing(&p->r, openai_path(p, "function_call.name"));
        return;
    }
    call.id = str_of(arena_printf(p->a, "\"call_function_%u\"", (unsigned)p->message));
    p->function_id = openai_inside(call.id);
    add_call(p, &call, m);
}

/* ------------------------------------------------------------------ messages */

static void add_result(struct openai_parse *p, const struct members *in, bool function)
{
    struct ir_signature ignored = {.origin = IR_ORIGIN_NONE};
    struct str id = function ? p->function_id : openai_inside(in->tool_call_id);
    if (!id.p) {
        (void)rd_missing(&p->r, openai_path(p, function ? "name" : "tool_call_id"));
        return;
    }
    if (!p->results) {
        p->results = ir_add_message(p->c, p->a, IR_USER);
        p->results->index = p->message;
        p->n_results = 0;
    }
    struct ir_part *part = ir_add_part(p->results, p->a, IR_TOOL_RESULT);
    part->index = p->n_results++;
    part->id = signature_id_read(id, p->a, &ignored);
    part->name = openai_inside(in->name);
    part->cache = openai_cache(p, in->cache_control);
    openai_parse_content(p, in->content, NULL, part);
}

static void add_images(struct openai_parse *p, const struct members *in, struct ir_message *m)
{
    struct str raw;
    if (!in->images.p || in->images.p[0] != '[')
        return;
    struct reader r = openai_sub_reader(p, in->images);
    (void)rd_array(&r, "images");
    while (rd_element(&r))
        if (rd_raw(&r, &raw) && raw.p[0] == '{')
            openai_parse_image(p, raw, openai_path(p, "images"), ir_add_part(m, p->a, IR_IMAGE));
}

/* A breakpoint on the message is one behind its last part. */
static void mark_last(struct openai_parse *p, const struct members *in, struct ir_message *m)
{
    struct ir_part *last = m->parts;
    while (last && last->next)
        last = last->next;
    if (last && in->cache_control.p)
        last->cache = openai_cache(p, in->cache_control);
}

static void add_assistant(struct openai_parse *p, const struct members *in, struct ir_message *m)
{
    struct ir_part *waiting = openai_parse_thoughts(p, &in->thoughts, m);
    struct str refusal = openai_inside(in->refusal);
    openai_parse_content(p, in->content, m, NULL);
    if (refusal.len)
        ir_add_part(m, p->a, IR_REFUSAL)->text = refusal;
    add_images(p, in, m);
    if (in->audio.p) { /* {"id":...}: what the provider said before, which only it can look up */
        struct ir_part *part = ir_add_part(m, p->a, IR_OTHER);
        part->name = STR("audio");
        part->raw = in->audio;
    }
    p->n_parts = count_parts(m);
    parse_calls(p, in, m);
    parse_function_call(p, in, m);
    openai_place_signatures(waiting, m);
}

static bool role_of(struct str raw, enum ir_role *role)
{
    static const struct {
        const char *word;
        enum ir_role role;
    } roles[] = {{"user", IR_USER},
                 {"assistant", IR_ASSISTANT},
                 {"system", IR_SYSTEM},
                 {"developer", IR_DEVELOPER}};
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (openai_says(raw, roles[i].word)) {
            *role = roles[i].role;
            return true;
        }
    return false;
}

static void add_message(struct openai_parse *p, const struct members *in)
{
    enum ir_role role;
    bool function = openai_says(in->role, "function");
    if (function || openai_says(in->role, "tool")) {
        add_result(p, in, function);
        return;
    }
    p->results = NULL;
    if (!role_of(in->role, &role)) {
        const char *path = openai_path(p, "role");
        (void)rd_refuse(&p->r, E_BAD_FIELD, str_of(path),
                        "'%s' must be system, developer, user, assistant, tool or function.", path);
        return;
    }
    struct ir_message *m = ir_add_message(p->c, p->a, role);
    m->index = p->message;
    m->name = openai_inside(in->name);
    if (role == IR_ASSISTANT)
        add_assistant(p, in, m);
    else
        openai_parse_content(p, in->content, m, NULL);
    mark_last(p, in, m);
}

void openai_parse_messages(struct openai_parse *p, const char *field)
{
    if (!rd_array(&p->r, field))
        return;
    for (p->message = 0; rd_element(&p->r); p->message++) {
        struct members in = {.role = STR_NULL};
        if (openai_read_members(&p->r, field, members, ARRAY_LEN(members), &in))
            add_message(p, &in);
    }
}
