/* See answer_format.h. Pure. */
#include "gateway/dialect/answer_format.h"

#include "gateway/dialect/schema.h"
#include "gateway/wire/json_write.h"

/* ------------------------------------------------------------------ requests */

static enum err cannot(const struct ir_chat *c, struct arena *a, struct dialect_loss *loss)
{
    return dialect_cannot(loss, a, str_of(c->format_field ? c->format_field : "response_format"),
                          "This provider takes only the schema of an object, and references to "
                          "nothing but definitions.");
}

/* The schema as one of an object. */
static enum err make_object(struct arena *a, struct ir_chat *c, struct dialect_loss *loss)
{
    if (schema_is_object(c->format_schema)) {
        c->format_schema = schema_of_arguments(c->format_schema, a);
        return E_OK;
    }
    struct str wrapped = schema_wrap(c->format_schema, a);
    if (!wrapped.p)
        return cannot(c, a, loss);
    c->format_schema = wrapped;
    loss->wrapped = true;
    return E_OK;
}

/* The caller's tools, and one more. */
static void add_tool(struct arena *a, struct ir_chat *c)
{
    const struct ir_tool *theirs = c->tools;
    c->tools = NULL;
    c->tools_tail = &c->tools;
    for (const struct ir_tool *t = theirs; t; t = t->next) {
        struct ir_tool *mine = ir_add_tool(c, a, t->kind);
        *mine = *t;
        mine->next = NULL;
    }
    struct ir_tool *t = ir_add_tool(c, a, IR_TOOL_FUNCTION);
    t->name = STR(ANSWER_TOOL);
    t->description = c->format_description.p ? c->format_description : STR("Gives the answer.");
    t->schema = c->format_schema;
}

static bool has_called_tool(const struct ir_chat *c)
{
    for (const struct ir_tool *t = c->tools; t; t = t->next)
        if (ir_tool_is_called(t))
            return true;
    return false;
}

/* With tools beside it the model may call one of them instead of answering. */
static enum err by_tool(struct arena *a, struct ir_chat *c, struct dialect_loss *loss)
{
    enum err err = make_object(a, c, loss);
    if (err)
        return err;
    bool others = has_called_tool(c) && c->choice != IR_CHOICE_NONE;
    add_tool(a, c);
    if (others && c->choice != IR_CHOICE_NAMED) {
        c->choice = IR_CHOICE_REQUIRED;
    } else if (!others) {
        c->choice = IR_CHOICE_NAMED;
        c->choice_name = STR(ANSWER_TOOL);
    }
    c->format = IR_FORMAT_UNSET;
    return E_OK;
}

/* The last resort: before all other instructions, since the list behind is the caller's. */
static void by_words(struct arena *a, struct ir_chat *c)
{
    struct ir_message *m = ARENA_NEW(a, struct ir_message);
    struct buf b;
    *m = (struct ir_message){.role = IR_SYSTEM, .next = c->messages};
    m->tail = &m->parts;
    buf_init(&b, c->format_schema.len * 6 + 256);
    (void)buf_add_lit(&b, "Answer with JSON that conforms to this JSON Schema, and nothing else: ");
    (void)json_quote_into(c->format_schema, &b);
    ir_add_part(m, a, IR_TEXT)->text = arena_str(a, buf_str(&b));
    buf_fini(&b);
    c->messages = m;
    c->format = IR_FORMAT_UNSET;
}

/* Providers whose formats are grammars. */
static enum err fit_strict(const struct dialect_target *to, struct arena *a, struct ir_chat *c,
                           struct dialect_loss *loss)
{
    bool able = !to->caps || (to->caps & CAP_JSON_SCHEMA);
    bool calls = !to->caps || (to->caps & CAP_TOOLS);
    struct str strict = able ? schema_strict(c->format_schema, a) : STR_NULL;
    if (strict.p)
        c->format_schema = strict;
    else if (calls)
        return by_tool(a, c, loss);
    else if (!able)
        by_words(a, c);
    return E_OK;
}

enum err answer_format_fit(const struct dialect *d, const struct dialect_target *to,
                           struct arena *a, struct ir_chat *c, struct dialect_loss *loss)
{
    bool own = c->words == d->words;
    loss->wrapped = false;
    if (c->format != IR_FORMAT_SCHEMA || !c->format_schema.p)
        return E_OK;
    if (QUIRK_IS(to->quirks, SCHEMA_BY_TOOL) && (d->format_by_word || !own))
        return by_tool(a, c, loss);
    if (d->strict_formats && !own)
        return fit_strict(to, a, c, loss);
    if (d->format_by_word && !own)
        return make_object(a, c, loss);
    return E_OK;
}

/* ------------------------------------------------------------------ answers */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One decoded character of the text. False: it does not belong to the value. */
static bool follow(struct unwrap *u, char c)
{
    bool inside = u->inside && !u->over;
    if (u->in_string) {
        bool escaped = u->escape;
        u->escape = !escaped && c == '\\';
        u->in_string = escaped || c != '"';
        return inside;
    }
    if (c == '"') {
        u->in_string = true;
    } else if (c == '{' || c == '[') {
        u->depth++;
    } else if (c == '}' || c == ']') {
        u->depth -= u->depth > 0;
        u->over |= u->inside && u->depth == 0;
    } else if (c == ':' && u->depth == 1 && !u->inside) {
        u->inside = true;
        return false;
    }
    return inside && !u->over;
}

/* Raw texts escape quotes, backslashes and line ends: what an escape stands for counts. */
static char decoded(struct str raw, size_t *i)
{
    char c = raw.p[*i];
    if (c != '\\' || *i + 1 >= raw.len)
        return c;
    c = raw.p[++*i];
    return (char)(c == 'n' || c == 't' || c == 'r' ? ' ' : c);
}

struct str unwrap_next(struct unwrap *u, struct str raw)
{
    size_t begin = raw.len, end = 0;
    for (size_t i = 0; i < raw.len && !u->is_plain; i++) {
        size_t at = i;
        char c = decoded(raw, &i);
        if (!u->begun && is_blank(c))
            continue;
        u->is_plain = !u->begun && c != '{';
        u->begun = true;
        if (u->is_plain)
            return str_make(raw.p + at, raw.len - at);
        if (!follow(u, c))
            continue;
        begin = begin < at ? begin : at;
        end = i + 1;
    }
    if (u->is_plain)
        return raw;
    return begin < end ? str_make(raw.p + begin, end - begin) : STR("");
}
