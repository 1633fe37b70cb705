/* Reads reasoning_details[] and thinking_blocks[] of answers into events. Pure. */
#include "gateway/dialect/openai_read.h"

struct detail {
    struct str type, text, summary, data, signature, format, id, thinking;
};

#define AT(n)                                                                                      \
    {                                                                                              \
#n, offsetof(struct detail, n)                                                             \
    }
static const struct openai_member members[] = {
    AT(type), AT(text), AT(summary), AT(data), AT(signature), AT(format), AT(id), AT(thinking)};
#undef AT

static bool next_detail(struct openai_taking *t, struct reader *r, struct detail *out)
{
    struct str raw;
    while (rd_element(r)) {
        if (!rd_raw(r, &raw) || raw.p[0] != '{')
            continue;
        *out = (struct detail){.type = STR_NULL};
        struct reader inner = openai_lenient(t, raw);
        if (openai_read_members(&inner, "", members, ARRAY_LEN(members), out))
            return true;
    }
    return false;
}

static bool begin(struct openai_taking *t, struct str raw, struct reader *r)
{
    if (!raw.p || raw.p[0] != '[')
        return false;
    *r = openai_lenient(t, raw);
    return rd_array(r, "");
}

/* Texts go on; what is sealed for Google belongs to a call, or else to the text. */
static bool say_sealed(struct openai_taking *t, const struct detail *in)
{
    struct str data = openai_inside(in->data);
    enum ir_origin origin = openai_origin_of(in->format);
    if (data.len == 0 || origin == IR_ORIGIN_NONE)
        return false;
    if (origin == IR_ORIGIN_GOOGLE && openai_inside(in->id).len)
        return false;
    struct ir_event *e = openai_say(t, origin == IR_ORIGIN_GOOGLE   ? IR_TEXT
                                       : origin == IR_ORIGIN_OPENAI ? IR_THINKING
                                                                    : IR_REDACTED);
    e->signature = (struct ir_signature){.origin = origin, .data = data};
    if (origin == IR_ORIGIN_OPENAI)
        e->signature.id = openai_inside(in->id);
    return true;
}

static bool say_thought(struct openai_taking *t, struct str text, struct str state,
                        enum ir_origin origin)
{
    if (text.len == 0 && (state.len == 0 || origin == IR_ORIGIN_NONE))
        return false;
    struct ir_event *e = openai_say(t, IR_THINKING);
    e->text = text;
    e->signature.origin = IR_ORIGIN_CHAT;
    if (state.len && origin != IR_ORIGIN_NONE)
        e->signature = (struct ir_signature){.origin = origin, .data = state};
    return true;
}

bool openai_take_details(struct openai_taking *t, struct str raw)
{
    struct reader r;
    struct detail in;
    bool said = false;
    if (!begin(t, raw, &r))
        return false;
    while (next_detail(t, &r, &in)) {
        struct str text = openai_inside(in.summary.p ? in.summary : in.text);
        if (openai_says(in.type, "reasoning.encrypted"))
            (void)say_sealed(t, &in); /* the text comes beside it */
        else
            said |= say_thought(t, text, openai_inside(in.signature), openai_origin_of(in.format));
    }
    return said;
}

bool openai_take_blocks(struct openai_taking *t, struct str raw)
{
    struct reader r;
    struct detail in;
    bool said = false;
    if (!begin(t, raw, &r))
        return false;
    while (next_detail(t, &r, &in)) {
        struct str data = openai_inside(in.data);
        if (!openai_says(in.type, "redacted_thinking")) {
            said |= say_thought(t, openai_inside(in.thinking), openai_inside(in.signature),
                                IR_ORIGIN_ANTHROPIC);
        } else if (data.len) {
            struct ir_event *e = openai_say(t, IR_REDACTED);
            e->signature = (struct ir_signature){.origin = IR_ORIGIN_ANTHROPIC, .data = data};
        }
    }
    return said;
}

enum { SEALED_MAX = 4096 }; /* more than a choice may have calls */

void openai_note_signatures(struct openai_taking *t, struct str raw)
{
    struct reader r;
    struct detail in;
    t->sealed = NULL;
    if (!begin(t, raw, &r))
        return;
    for (size_t n = 0; n < SEALED_MAX && next_detail(t, &r, &in);) {
        if (!openai_says(in.type, "reasoning.encrypted") || !openai_inside(in.data).len ||
            openai_origin_of(in.format) != IR_ORIGIN_GOOGLE)
            continue;
        struct ir_name *one = ARENA_NEW(t->a, struct ir_name);
        *one = (struct ir_name){
            .next = t->sealed, .text = openai_inside(in.id), .raw = openai_inside(in.data)};
        t->sealed = one;
        n++;
    }
}

/* The last one that was said: the newest is the first. */
void openai_find_signature(struct openai_taking *t, struct str id, struct ir_signature *out)
{
    const struct ir_name *n = t->sealed;
    while (n && !str_eq(n->text, id))
        n = n->next;
    if (n)
        *out = (struct ir_signature){.origin = IR_ORIGIN_GOOGLE, .data = n->raw};
}
