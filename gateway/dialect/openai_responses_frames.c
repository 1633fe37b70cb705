/* Reads the events of a Responses stream into loose events. Providers differ in which events they
 * send: what a delta did not bring is taken from the event that completes the item, and what that
 * did not bring from the one that completes the answer. The worker's thread; pure but for the
 * arena.
 */
#include "gateway/dialect/openai_priv.h"
#include "gateway/dialect/openai_responses_priv.h"

enum { READER_MAGIC = 0x72657372, ITEMS_MAX = 4096 };

/* What is known of an item; by its output_index. */
struct seen {
    struct seen *next;
    uint32_t index;
    bool named;            /* a call whose id and name were passed on */
    bool custom;           /* and whose input is no JSON */
    bool text, args, done; /* something was passed on; all was */
    bool by_content;       /* reasoning: its text comes as content, not as summary */
    struct str id;
};

struct state {
    uint32_t magic;
    uint32_t n_items;
    bool calls;
    int64_t searches;
    struct seen *items; /* newest first */
};
static_assert(sizeof(struct state) <= RESPONSES_READER_BYTES, "room for the state");

/* One event's members. Raw but `type`. */
struct event {
    struct str type, delta, text, arguments, input;       /* `text`: also `refusal` */
    struct str item_id, item, annotation, part, logprobs; /* JSON but item_id */
    struct str code;
    int64_t output_index, summary_index;
    bool has_response;
    struct responses_said said;
    struct dialect_answer error;
};

static struct seen *seen_of(struct state *s, int64_t index, struct arena *keep)
{
    struct seen *i = s->items;
    while (i && i->index != index)
        i = i->next;
    if (i || index < 0 || index > UINT32_MAX || s->n_items == ITEMS_MAX)
        return i;
    s->n_items++;
    i = ARENA_NEW(keep, struct seen);
    *i = (struct seen){.next = s->items, .index = (uint32_t)index};
    s->items = i;
    return i;
}

/* ------------------------------------------------------------------ members */

static bool read_value(struct reader *r, struct str key, struct event *e)
{
    const struct {
        const char *name;
        struct str *at;
    } values[] = {{"item", &e->item},
                  {"annotation", &e->annotation},
                  {"part", &e->part},
                  {"logprobs", &e->logprobs}};
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (rd_is(key, values[i].name)) {
            (void)rd_raw(r, values[i].at);
            return true;
        }
    return false;
}

static bool read_text(struct reader *r, struct str key, struct event *e)
{
    const struct {
        const char *name;
        struct str *at;
    } texts[] = {{"delta", &e->delta},         {"text", &e->text},   {"refusal", &e->text},
                 {"arguments", &e->arguments}, {"input", &e->input}, {"item_id", &e->item_id}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (rd_is(key, texts[i].name)) {
            (void)rd_text(r, "", texts[i].at);
            return true;
        }
    return false;
}

static void read_error(struct reader *r, struct event *e)
{
    enum json_token t = rd_peek(r);
    r->pending = false;
    if (!openai_scan_error(&r->s, t, r->a, &e->error))
        r->failed = true;
}

static void read_member(struct reader *r, struct str key, struct event *e)
{
    struct str text;
    if (read_value(r, key, e) || read_text(r, key, e))
        return;
    if (rd_is(key, "type")) {
        (void)rd_string(r, "", &e->type);
    } else if (rd_is(key, "output_index")) {
        (void)rd_i64(r, "", &e->output_index);
    } else if (rd_is(key, "summary_index")) {
        (void)rd_i64(r, "", &e->summary_index);
    } else if (rd_is(key, "response")) {
        e->has_response = rd_object(r, "");
        if (e->has_response)
            responses_read_object(r, &e->said);
    } else if (rd_is(key, "error")) {
        read_error(r, e);
    } else if (rd_is(key, "code")) {
        (void)rd_string(r, "", &e->code);
    } else if (rd_is(key, "message")) {
        if (rd_text(r, "", &text))
            e->error.error_text = openai_error_text(&r->s, r->a);
    } else {
        rd_skip(r);
    }
}

static bool read_members(const struct frame *f, struct arena *a, struct event *e)
{
    struct reader r;
    struct str key;
    *e = (struct event){.type = f->type, .output_index = 0};
    rd_init(&r, f->data, a, NULL);
    if (!rd_body(&r))
        return false;
    while (rd_key(&r, &key))
        read_member(&r, key, e);
    return rd_done(&r);
}

/* ------------------------------------------------------------------ items */

static struct ir_event *add(const struct responses_in *in, enum ir_kind block)
{
    struct ir_event *e = ir_event_add(in->out, in->a, IR_DELTA);
    e->block = block;
    return e;
}

static void add_arguments(const struct responses_in *in, const struct seen *i, struct str quoted)
{
    struct ir_event *e = add(in, IR_TOOL_CALL);
    e->index = i->index;
    e->json = (struct ir_json){.raw = quoted, .quoted = true};
}

/* A raw text as it stands in arguments that are themselves a string. */
static struct str quoted_twice(struct str raw, struct arena *a)
{
    struct buf b;
    buf_init(&b, raw.len * 6 + 1);
    (void)json_quote_into(raw, &b);
    struct str text = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return text;
}

static bool is_call(const struct responses_members *it)
{
    return rd_is(it->type, "function_call") || rd_is(it->type, "custom_tool_call");
}

static void item_added(struct state *s, struct seen *i, const struct responses_members *it,
                       const struct responses_in *in, struct arena *keep)
{
    i->id = it->id.p ? arena_str(keep, it->id) : STR_NULL;
    if (!is_call(it) || !it->name.len || i->named)
        return;
    s->calls = i->named = true;
    i->custom = rd_is(it->type, "custom_tool_call");
    (void)responses_call(it, in);
    if (i->custom)
        add_arguments(in, i, STR("{\\\"input\\\":\\\""));
}

static void call_done(struct seen *i, const struct responses_members *it,
                      const struct responses_in *in)
{
    struct str input = responses_unquoted(it->input);
    struct ir_json json = responses_arguments(it, in->a);
    if (i->custom) {
        if (!i->args)
            add_arguments(in, i, quoted_twice(input, in->a));
        add_arguments(in, i, STR("\\\"}"));
    } else if (!i->args && json.raw.len) {
        struct ir_event *e = add(in, IR_TOOL_CALL);
        e->index = i->index;
        e->json = json;
    }
}

static void item_done(struct state *s, struct seen *i, const struct responses_members *it,
                      const struct responses_in *in)
{
    if (i->done)
        return;
    i->done = true;
    s->calls |= is_call(it);
    s->searches += rd_is(it->type, "web_search_call");
    if (i->named)
        call_done(i, it, in);
    else if (rd_is(it->type, "reasoning") && i->text)
        responses_seal(it, in);
    else if (!i->text || !rd_is(it->type, "message"))
        responses_item_events(it, in);
}

/* ------------------------------------------------------------------ events */

static void reasoning(struct seen *i, const struct event *e, bool content, struct str text,
                      const struct responses_in *in)
{
    if (i->text && i->by_content != content)
        return; /* the same thoughts in other words */
    i->by_content = content;
    i->text |= text.len > 0;
    struct ir_event *d = add(in, IR_THINKING);
    d->text = text;
    d->signature = (struct ir_signature){.origin = IR_ORIGIN_OPENAI,
                                         .id = e->item_id.p ? e->item_id : i->id};
}

static void text(struct seen *i, const struct event *e, enum ir_kind block,
                 const struct responses_in *in)
{
    struct ir_event *d = add(in, block);
    d->text = e->delta;
    d->logprobs = responses_tokens(e->logprobs);
    i->text |= e->delta.len > 0;
}

/* Events that bring a piece of an item. */
static void piece(struct seen *i, const struct event *e, const struct responses_in *in)
{
    if (rd_is(e->type, "response.output_text.delta")) {
        text(i, e, IR_TEXT, in);
    } else if (rd_is(e->type, "response.refusal.delta")) {
        text(i, e, IR_REFUSAL, in);
    } else if (rd_is(e->type, "response.output_text.annotation.added") && e->annotation.p) {
        responses_read_annotation(e->annotation, in);
    } else if (rd_is(e->type, "response.reasoning_summary_text.delta")) {
        reasoning(i, e, false, e->delta, in);
    } else if (rd_is(e->type, "response.reasoning_summary_part.added") && e->summary_index > 0) {
        reasoning(i, e, false, STR("\\n\\n"), in);
    } else if (rd_is(e->type, "response.reasoning_text.delta")) {
        reasoning(i, e, true, e->delta, in);
    } else if (rd_is(e->type, "response.function_call_arguments.delta") && i->named) {
        add_arguments(in, i, e->delta);
        i->args |= e->delta.len > 0;
    } else if (rd_is(e->type, "response.custom_tool_call_input.delta") && i->named) {
        add_arguments(in, i, quoted_twice(e->delta, in->a));
        i->args |= e->delta.len > 0;
    }
}

/* The answer is complete: also what no event brought before. */
static void last(struct state *s, const struct event *e, const struct responses_in *in,
                 struct arena *keep)
{
    struct reader r;
    struct str raw;
    responses_reader(&r, e->said.output.p ? e->said.output : STR("[]"), in->a);
    bool list = rd_array(&r, "");
    for (uint32_t n = 0; list && rd_element(&r); n++) {
        struct seen *i = seen_of(s, n, keep);
        if (!rd_raw(&r, &raw) || !i)
            continue;
        struct responses_members it = responses_read_item(raw, n, in->a);
        item_done(s, i, &it, in);
    }
    responses_stop(&e->said, s->calls, s->searches, in);
}

static void take_error(const struct event *e, const struct responses_in *in)
{
    struct dialect_answer error = e->has_response && e->said.error.is_error ? e->said.error
                                                                            : e->error;
    if (error.error_status == 0 && e->code.p)
        error.error_status = openai_error_status(e->code);
    if (error.error_status == 0)
        error.error_status = 500;
    responses_say_failed(&error, in);
}

static void take(struct state *s, const struct event *e, const struct responses_in *in,
                 struct arena *keep)
{
    bool added = rd_is(e->type, "response.output_item.added");
    if (rd_is(e->type, "error") || rd_is(e->type, "response.failed") || e->error.is_error) {
        take_error(e, in);
        return;
    }
    if (e->has_response && rd_is(e->type, "response.created"))
        responses_start(&e->said, in);
    if (e->has_response && responses_is_last(e->type)) {
        last(s, e, in, keep);
        return;
    }
    struct seen *i = seen_of(s, e->output_index, keep);
    if (!i)
        return;
    if (!e->item.p) {
        piece(i, e, in);
        return;
    }
    struct responses_members it = responses_read_item(e->item, i->index, in->a);
    if (added)
        item_added(s, i, &it, in, keep);
    else if (rd_is(e->type, "response.output_item.done"))
        item_done(s, i, &it, in);
}

bool responses_read_event(void *state, const struct frame *f, struct str id_seed,
                          struct arena *keep, struct arena *a, struct ir_events *out)
{
    struct state *s = state;
    const struct responses_in in = {.out = out, .a = a, .id_seed = id_seed};
    struct event e;
    struct str body = str_trim(f->data);
    if (!s->magic)
        s->magic = READER_MAGIC;
    CHECK(s, READER_MAGIC);
    if (body.len == 0 || str_eq(body, STR("[DONE]")))
        return true;
    if (!read_members(f, a, &e))
        return false;
    take(s, &e, &in, keep);
    return true;
}
