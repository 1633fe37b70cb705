/* Takes reasoning back from the assistant's messages, whatever name a client keeps it under:
 * reasoning_details[], thinking_blocks[], reasoning_content, reasoning. The same thought under
 * several names is taken once. Pure.
 */
#include "gateway/dialect/openai_parse.h"
#include "gateway/dialect/signature.h"

/* An element of either list. */
struct thought {
    struct str type, text, summary, data, signature, format, id, index, thinking;
};

#define AT(n, member)                                                                              \
    {                                                                                              \
        (n), offsetof(struct thought, member)                                                      \
    }
static const struct openai_member members[] = {
    AT("type", type), AT("text", text),           AT("summary", summary),
    AT("data", data), AT("signature", signature), AT("format", format),
    AT("id", id),     AT("index", index),         AT("thinking", thinking),
};
#undef AT

struct thoughts {
    struct openai_parse *p;
    struct ir_message *m;
    struct ir_part *waiting, **tail; /* signatures of calls and texts */
    struct ir_part *last;            /* the last thought */
    size_t room;                     /* bytes that its text has room for; 0: borrowed */
    struct str last_index;           /* as its element said; .p NULL */
    bool has_text, has_state;
};

static const struct {
    const char *word;
    enum ir_origin origin;
} formats[] = {
    {"anthropic-claude-v1", IR_ORIGIN_ANTHROPIC},
    {"google-gemini-v1", IR_ORIGIN_GOOGLE},
    {"openai-responses-v1", IR_ORIGIN_OPENAI},
};

enum ir_origin openai_origin_of(struct str format)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (openai_says(format, formats[i].word))
            return formats[i].origin;
    return IR_ORIGIN_NONE;
}

const char *openai_format_word(enum ir_origin origin)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (formats[i].origin == origin)
            return formats[i].word;
    return NULL;
}

/* Adds to the text of the last thought. */
static void append(struct thoughts *t, struct str text)
{
    struct str *to = &t->last->text;
    if (to->len == 0 || text.len == 0) {
        *to = to->len ? *to : text;
        return;
    }
    size_t len = to->len + text.len;
    if (len > t->room) {
        t->room = len * 2;
        char *room = arena_alloc(t->p->a, t->room);
        memcpy(room, to->p, to->len);
        to->p = room;
    }
    memcpy((char *)(uintptr_t)to->p + to->len, text.p, text.len);
    to->len = len;
}

/* Signatures of unknown make are no use to anyone: who made them cannot be told. */
static void take_state(struct thoughts *t, struct str data, const struct thought *in,
                       struct ir_part *part)
{
    signature_unwrap(data, openai_origin_of(in->format), t->p->a, &part->signature);
    if (part->signature.origin == IR_ORIGIN_OPENAI && !part->signature.id.p)
        part->signature.id = openai_inside(in->id);
    if (part->signature.origin == IR_ORIGIN_NONE)
        part->signature = (struct ir_signature){.origin = IR_ORIGIN_NONE};
    t->has_state |= part->signature.data.len > 0;
}

/* Streams are collected piece by piece: pieces of one index are one thought, and so is what follows
 * without a number until it is signed. */
static struct ir_part *continues(const struct thoughts *t, const struct thought *in)
{
    if (!t->last || t->last->kind != IR_THINKING || t->last->signature.data.len > 0)
        return NULL;
    if (in->index.p || t->last_index.p)
        return in->index.p && t->last_index.p && str_eq(in->index, t->last_index) ? t->last : NULL;
    return t->last;
}

static struct ir_part *thought_of(struct thoughts *t, const struct thought *in)
{
    struct ir_part *part = continues(t, in);
    if (!part) {
        part = ir_add_part(t->m, t->p->a, IR_THINKING);
        t->room = 0;
    }
    t->last = part;
    t->last_index = in->index;
    return part;
}

static void take_text(struct thoughts *t, const struct thought *in, struct str text)
{
    struct str state = openai_inside(in->signature);
    if (text.len == 0 && state.len == 0)
        return;
    struct ir_part *part = thought_of(t, in);
    append(t, text);
    t->has_text |= text.len > 0;
    if (state.len)
        take_state(t, state, in, part);
    if (part->signature.origin == IR_ORIGIN_NONE)
        part->signature.origin = IR_ORIGIN_CHAT;
}

static void wait(struct thoughts *t, const struct thought *in, const struct ir_signature *s)
{
    struct ir_part *part = ARENA_NEW(t->p->a, struct ir_part);
    struct ir_signature ignored = {.origin = IR_ORIGIN_NONE};
    part->kind = IR_REDACTED;
    part->signature = *s;
    if (openai_inside(in->id).p)
        part->id = signature_id_read(openai_inside(in->id), t->p->a, &ignored);
    *t->tail = part;
    t->tail = &part->next;
}

/* Sealed: OpenAI's belongs to the summary before it, Google's to a call or a text. */
static void take_sealed(struct thoughts *t, const struct thought *in)
{
    struct ir_part made = {.kind = IR_REDACTED};
    struct str data = openai_inside(in->data);
    if (data.len == 0)
        return;
    take_state(t, data, in, &made);
    if (made.signature.data.len == 0)
        return;
    if (made.signature.origin == IR_ORIGIN_GOOGLE) {
        wait(t, in, &made.signature);
        return;
    }
    struct ir_part *part = NULL;
    if (made.signature.origin == IR_ORIGIN_OPENAI)
        part = continues(t, in);
    if (!part)
        part = ir_add_part(t->m, t->p->a,
                           made.signature.origin == IR_ORIGIN_OPENAI ? IR_THINKING : IR_REDACTED);
    part->signature = made.signature;
    t->last = part;
    t->last_index = in->index;
}

static void take_detail(struct thoughts *t, const struct thought *in)
{
    if (openai_says(in->type, "reasoning.encrypted"))
        take_sealed(t, in);
    else if (openai_says(in->type, "reasoning.summary"))
        take_text(t, in, openai_inside(in->summary));
    else
        take_text(t, in, openai_inside(in->text));
}

/* Blocks of the Messages API, each whole. */
static void take_block(struct thoughts *t, const struct thought *in)
{
    bool redacted = openai_says(in->type, "redacted_thinking");
    struct str state = openai_inside(redacted ? in->data : in->signature);
    struct str text = openai_inside(in->thinking);
    if (state.len == 0 && text.len == 0)
        return;
    struct ir_part *part = ir_add_part(t->m, t->p->a, redacted ? IR_REDACTED : IR_THINKING);
    part->text = text;
    part->signature.origin = IR_ORIGIN_CHAT;
    if (state.len)
        signature_unwrap(state, IR_ORIGIN_ANTHROPIC, t->p->a, &part->signature);
    t->has_text |= text.len > 0;
    t->has_state |= state.len > 0;
}

static void take_list(struct thoughts *t, struct str raw, const char *name,
                      void (*take)(struct thoughts *t, const struct thought *in))
{
    struct str element;
    if (!raw.p || raw.p[0] != '[')
        return;
    struct reader r = openai_sub_reader(t->p, raw);
    const char *path = openai_path(t->p, name);
    (void)rd_array(&r, path);
    while (rd_element(&r)) {
        struct thought in = {.type = STR_NULL};
        if (!rd_raw(&r, &element) || element.p[0] != '{')
            continue;
        struct reader inner = openai_sub_reader(t->p, element);
        if (openai_read_members(&inner, path, members, ARRAY_LEN(members), &in))
            take(t, &in);
    }
}

static void add_plain(struct thoughts *t, struct str text)
{
    struct ir_part *part = ir_add_part(t->m, t->p->a, IR_THINKING);
    part->text = text;
    part->signature.origin = IR_ORIGIN_CHAT;
}

static void forget(struct thoughts *t)
{
    t->m->parts = NULL;
    t->m->tail = &t->m->parts;
    t->last = NULL;
    t->last_index = STR_NULL;
    t->has_text = false;
}

struct ir_part *openai_parse_thoughts(struct openai_parse *p, const struct openai_thoughts *in,
                                      struct ir_message *m)
{
    struct thoughts t = {.p = p, .m = m};
    t.tail = &t.waiting;
    ASSERT(!m->parts);
    take_list(&t, in->reasoning_details, "reasoning_details", take_detail);
    if (!t.has_state && in->thinking_blocks.p && in->thinking_blocks.p[0] == '[') {
        struct ir_part *unsigned_parts = m->parts;
        bool had_text = t.has_text;
        forget(&t);
        take_list(&t, in->thinking_blocks, "thinking_blocks", take_block);
        if (!m->parts && had_text) { /* the list was empty */
            m->parts = unsigned_parts;
            for (m->tail = &m->parts; *m->tail; m->tail = &(*m->tail)->next)
                continue;
            t.has_text = true;
        }
    }
    struct str text = openai_inside(in->reasoning_content);
    if (text.len == 0)
        text = openai_inside(in->reasoning);
    if (!t.has_text && text.len > 0)
        add_plain(&t, text);
    return t.waiting;
}

void openai_place_signatures(struct ir_part *waiting, struct ir_message *m)
{
    struct ir_part *text = NULL;
    struct map calls; /* id -> the last of that id */
    map_init(&calls);
    for (struct ir_part *p = waiting ? m->parts : NULL; p; p = p->next) {
        if (p->kind == IR_TOOL_CALL)
            (void)map_put(&calls, ir_key(p->id), p);
        text = p->kind == IR_TEXT ? p : text;
    }
    while (waiting) {
        struct ir_part *next = waiting->next;
        struct ir_part *place = waiting->id.p ? map_get(&calls, waiting->id) : text;
        waiting->next = NULL;
        if (place && place->signature.data.len == 0) {
            place->signature = waiting->signature;
        } else if (!place) {
            *m->tail = waiting;
            m->tail = &waiting->next;
        }
        waiting = next;
    }
    map_fini(&calls);
}
