/* Reads calls of answers: which piece belongs to which call, though some providers number none,
 * give every call the number 0, repeat ids with every piece, or give none at all. Pure.
 */
#include "gateway/dialect/openai_read.h"
#include "gateway/wire/json_write.h"

struct members {
    struct str index, id, type, function, custom, extra_content;
    struct str name, arguments, input; /* of function, custom, or of the call itself */
    struct str google, thought_signature;
};

#define AT(n)                                                                                      \
    {                                                                                              \
#n, offsetof(struct members, n)                                                            \
    }
static const struct openai_member call_members[] = {AT(index),    AT(id),     AT(type),
                                                    AT(function), AT(custom), AT(extra_content)};
static const struct openai_member function_members[] = {AT(name), AT(arguments), AT(input)};
static const struct openai_member extra_members[] = {AT(google)};
static const struct openai_member google_members[] = {AT(thought_signature)};
#undef AT

static bool read(struct openai_taking *t, struct str raw, const struct openai_member *m, size_t n,
                 struct members *out)
{
    if (!raw.p || raw.p[0] != '{')
        return false;
    struct reader r = openai_lenient(t, raw);
    return openai_read_members(&r, "", m, n, out);
}

static struct openai_call *add_call(struct openai_taking *t, struct openai_choice *c, int64_t wire)
{
    if (c->n == OPENAI_CALLS_MAX)
        return NULL;
    if (c->n == c->cap) {
        uint32_t cap = c->cap ? c->cap * 2 : 4;
        struct openai_call *more = arena_calloc(t->keep, cap, sizeof *more);
        if (c->n)
            memcpy(more, c->calls, c->n * sizeof *more);
        c->calls = more;
        c->cap = cap;
    }
    struct openai_call *call = &c->calls[c->n];
    *call = (struct openai_call){.wire = wire, .key = c->n++, .id = STR(""), .name = STR("")};
    return call;
}

/* The newest call of that number, or of that id, or the newest one at all. */
static struct openai_call *find(struct openai_choice *c, int64_t wire, struct str id)
{
    for (uint32_t i = c->n; i > 0; i--) {
        struct openai_call *call = &c->calls[i - 1];
        if (wire >= 0 ? call->wire == wire : id.len == 0 || str_eq(call->id, id))
            return call;
    }
    return NULL;
}

/* Is it the begin of another call under a number that is taken? An id alone may change from piece
 * to piece; with a name it begins a call. */
static bool is_another(const struct openai_call *call, const struct members *in)
{
    struct str id = openai_inside(in->id), name = openai_inside(in->name);
    struct str arguments = openai_inside(in->arguments);
    if (name.len == 0 || call->name.len == 0)
        return false;
    if (id.len && call->id.len)
        return !str_eq(id, call->id);
    if (!str_eq(name, call->name))
        return true;
    return call->whole && str_starts(arguments, STR("{"));
}

static struct openai_call *call_of(struct openai_taking *t, const struct members *in)
{
    struct openai_choice *c = openai_choice_of(t);
    int64_t wire = -1;
    if (t->whole || (in->index.p && (!json_whole(in->index, &wire) || wire < 0)))
        wire = -1;
    struct openai_call *call = t->whole ? NULL : find(c, wire, openai_inside(in->id));
    return call && !is_another(call, in) ? call : add_call(t, c, wire);
}

/* Unique in the conversation: the seed is the request's id. At most 40 characters of [a-z0-9_]. */
static struct str make_id(struct openai_taking *t)
{
    char hex[33];
    size_t n = 0;
    for (size_t i = 0; i < t->id_seed.len && n < sizeof hex - 1; i++)
        if (t->id_seed.p[i] != '-')
            hex[n++] = t->id_seed.p[i];
    hex[n] = '\0';
    return str_of(arena_printf(t->a, "call_%s%x", hex, (unsigned)t->state->made++));
}

static void note(struct openai_taking *t, struct openai_call *call, const struct members *in)
{
    struct str id = openai_inside(in->id), name = openai_inside(in->name);
    if (call->id.len == 0 && id.len)
        call->id = arena_str(t->keep, id);
    if (call->name.len == 0 && name.len)
        call->name = arena_str(t->keep, name);
}

static void read_signature(struct openai_taking *t, struct members *in, struct ir_signature *out)
{
    struct str state = STR_NULL;
    if (read(t, in->extra_content, extra_members, ARRAY_LEN(extra_members), in) &&
        read(t, in->google, google_members, ARRAY_LEN(google_members), in))
        state = openai_inside(in->thought_signature);
    if (state.len)
        *out = (struct ir_signature){.origin = IR_ORIGIN_GOOGLE, .data = state};
    else
        openai_find_signature(t, openai_inside(in->id), out);
}

/* Arguments as they came: a string, or (against the rules) the object itself. */
static struct ir_json json_of(struct openai_taking *t, const struct members *in)
{
    struct str inside = openai_inside(in->arguments);
    if (openai_inside(in->input).p) /* a custom tool's, which is the function's one argument */
        return (struct ir_json){str_of(arena_printf(t->a, "{\"input\":\"" STR_FMT "\"}",
                                                    STR_ARG(openai_inside(in->input)))),
                                false};
    if (inside.p)
        return (struct ir_json){inside, true};
    return (struct ir_json){in->arguments.p ? in->arguments : STR(""), false};
}

static void say_call(struct openai_taking *t, struct openai_call *call, struct members *in)
{
    struct ir_json json = json_of(t, in);
    if (!call->opened && call->name.len == 0 && json.raw.len == 0)
        return; /* the name comes later */
    call->whole = !call->begun && str_starts(json.raw, STR("{")) && str_ends(json.raw, STR("}"));
    call->begun |= json.raw.len > 0;
    if (call->opened && json.raw.len == 0)
        return;
    struct ir_event *e = openai_say(t, IR_TOOL_CALL);
    e->index = call->key;
    e->json = json;
    if (!call->opened) {
        e->id = call->id.len ? call->id : make_id(t);
        e->name = call->name;
        read_signature(t, in, &e->signature);
    }
    call->opened = true;
}

static void take(struct openai_taking *t, struct members *in)
{
    struct openai_call *call = call_of(t, in);
    if (!call)
        return;
    note(t, call, in);
    say_call(t, call, in);
}

void openai_take_calls(struct openai_taking *t, struct str raw)
{
    struct str element;
    if (!raw.p || raw.p[0] != '[')
        return;
    struct reader r = openai_lenient(t, raw);
    (void)rd_array(&r, "");
    while (rd_element(&r)) {
        struct members in = {.index = STR_NULL};
        if (!rd_raw(&r, &element) || !read(t, element, call_members, ARRAY_LEN(call_members), &in))
            continue;
        (void)read(t, in.custom.p ? in.custom : in.function, function_members,
                   ARRAY_LEN(function_members), &in);
        take(t, &in);
    }
}

/* The legacy form: one call, which has no id. */
void openai_take_function_call(struct openai_taking *t, struct str raw)
{
    struct members in = {.index = STR_NULL};
    if (read(t, raw, function_members, ARRAY_LEN(function_members), &in))
        take(t, &in);
}
