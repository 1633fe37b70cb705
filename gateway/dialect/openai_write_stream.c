/* Writes strict events as chunks of a chat stream: a role first, calls numbered from 0 in each
 * choice, a finish, then usage if it was asked for, and [DONE]. Pure.
 */
#include "gateway/dialect/arguments.h"
#include "gateway/dialect/openai_write_pieces.h"

/* A call that is open. */
struct call {
    uint32_t block, number;
    bool custom, begun;
    struct ir_event open; /* custom ones are written when they are complete */
    struct buf *input;
    struct call *next;
};

struct choice {
    bool begun;
    uint32_t calls, thoughts, images;
    int64_t chars, block_chars; /* of text before the block, and in it */
    struct call *open;
};

/* What every chunk of an answer begins with, and the writer behind it. */
struct head {
    struct str bytes, model;
    struct json_write w;
};

struct openai_writer {
    struct choice *choices;
    uint32_t n;
    struct head *head; /* NULL: no chunk was written yet */
};
static_assert(sizeof(struct openai_writer) <= OPENAI_WRITER_BYTES, "room for the state");

enum { INPUT_MAX_BYTES = 4 << 20 };

struct out {
    struct json_write w;
    const struct dialect_writing *x;
    struct openai_writer *state;
    struct buf *to;
};

static struct choice *choice_of(struct out *o, uint32_t n)
{
    struct openai_writer *s = o->state;
    if (n >= s->n) {
        uint32_t cap = s->n ? s->n : 1;
        while (cap <= n)
            cap *= 2;
        struct choice *more = arena_calloc(o->x->keep, cap, sizeof *more);
        if (s->n)
            memcpy(more, s->choices, s->n * sizeof *more);
        s->choices = more;
        s->n = cap;
    }
    return &s->choices[n];
}

/* ------------------------------------------------------------------ chunks */

static void keep_head(struct out *o, size_t from)
{
    struct arena *keep = o->x->keep;
    if (o->to->failed)
        return;
    struct head *h = o->state->head = ARENA_NEW(keep, struct head);
    *h = (struct head){.bytes = arena_str(keep, str_make(o->to->p + from, o->to->len - from)),
                       .model = arena_str(keep, o->x->model),
                       .w = o->w};
}

static void begin(struct out *o)
{
    const struct head *h = o->state->head;
    size_t from = o->to->len;
    if (h && str_eq(h->model, o->x->model)) {
        buf_add_str(o->to, h->bytes);
        o->w = h->w;
        o->w.out = o->to;
        return;
    }
    buf_add_lit(o->to, "data: ");
    json_write_init(&o->w, o->to);
    jw_object(&o->w);
    openai_put_head(&o->w, o->x, "chatcmpl-", "chat.completion.chunk");
    jw_key(&o->w, "choices");
    jw_array(&o->w);
    if (!h)
        keep_head(o, from);
}

static void end(struct out *o)
{
    jw_end(&o->w); /* of the chunk */
    buf_add_lit(o->to, "\n\n");
}

/* Up to the members of a delta. */
static void begin_delta(struct out *o, uint32_t choice)
{
    begin(o);
    jw_object(&o->w);
    jw_key(&o->w, "index");
    jw_i64(&o->w, choice);
    jw_key(&o->w, "delta");
    jw_object(&o->w);
}

static void end_delta(struct out *o, const char *finish, struct str logprobs)
{
    struct json_write *w = &o->w;
    jw_end(w);
    if (logprobs.p) {
        jw_key(w, "logprobs");
        jw_object(w);
        jw_key(w, "content");
        jw_raw_line(w, logprobs);
        jw_key(w, "refusal");
        jw_lit(w, "null");
        jw_end(w);
    }
    jw_key(w, "finish_reason");
    if (finish)
        jw_string(w, str_of(finish));
    else
        jw_lit(w, "null");
    jw_end(w);
    jw_end(w); /* of choices */
    end(o);
}

static void put_text(struct out *o, const char *key, struct str text)
{
    jw_key(&o->w, key);
    jw_text(&o->w, text);
}

static void begin_list(struct out *o, const char *key)
{
    jw_key(&o->w, key);
    jw_array(&o->w);
}

static struct choice *begun(struct out *o, uint32_t n)
{
    struct choice *c = choice_of(o, n);
    if (c->begun)
        return c;
    c->begun = true;
    begin_delta(o, n);
    put_text(o, "role", STR("assistant"));
    put_text(o, "content", STR(""));
    end_delta(o, NULL, STR_NULL);
    return c;
}

/* ------------------------------------------------------------------ calls */

static struct call *call_of(struct choice *c, uint32_t block)
{
    struct call *call = c->open;
    while (call && call->block != block)
        call = call->next;
    ASSERT(call); /* the flow opens each block */
    return call;
}

static void free_input(void *arg)
{
    buf_fini(arg);
}

static void hold(struct out *o, struct call *call, const struct ir_event *e)
{
    struct arena *a = o->x->keep;
    call->open = *e;
    call->open.id = arena_str(a, e->id);
    call->open.name = arena_str(a, e->name);
    call->open.signature.id = STR_NULL;
    call->open.signature.data = arena_str(a, e->signature.data);
    call->input = ARENA_NEW(a, struct buf);
    buf_init(call->input, INPUT_MAX_BYTES);
    arena_defer(a, free_input, call->input);
}

static void put_signature(struct out *o, const struct ir_event *e, uint32_t n)
{
    if (e->signature.data.len == 0 || e->signature.origin == IR_ORIGIN_NONE)
        return;
    begin_list(o, "reasoning_details");
    openai_put_state(&o->w, &e->signature, e->id.len ? &e->id : NULL, n);
    jw_end(&o->w);
}

static void write_call(struct out *o, struct choice *c, const struct ir_event *e, uint32_t number,
                       const struct buf *arguments)
{
    begin_delta(o, e->choice);
    begin_list(o, "tool_calls");
    openai_put_call(&o->w, e, number, arguments, arguments != NULL);
    jw_end(&o->w);
    if (e->signature.data.len > 0)
        put_signature(o, e, c->thoughts++);
    end_delta(o, NULL, STR_NULL);
}

static void open_call(struct out *o, struct choice *c, const struct ir_event *e)
{
    struct call *call = ARENA_NEW(o->x->keep, struct call);
    call->block = e->index;
    call->custom = openai_calls_custom(o->x, e->name);
    call->next = c->open;
    c->open = call;
    if (call->custom) {
        hold(o, call, e); /* numbered when it is written: clients count them in order */
        return;
    }
    call->number = c->calls++;
    write_call(o, c, e, call->number, NULL);
}

static void write_fragment(struct out *o, uint32_t choice, const struct call *call,
                           struct ir_json json)
{
    struct json_write *w = &o->w;
    begin_delta(o, choice);
    begin_list(o, "tool_calls");
    jw_object(w);
    jw_key(w, "index");
    jw_i64(w, call->number);
    jw_key(w, "function");
    jw_object(w);
    jw_key(w, "arguments");
    args_write_fragment(w, json);
    jw_end(w);
    jw_end(w);
    jw_end(w);
    end_delta(o, NULL, STR_NULL);
}

static void add_fragment(struct out *o, struct choice *c, const struct ir_event *e)
{
    struct call *call = call_of(c, e->index);
    call->begun = true;
    if (!call->custom)
        write_fragment(o, e->choice, call, e->json);
    else if (e->json.quoted)
        buf_add_str(call->input, e->json.raw);
    else
        json_quote_into(e->json.raw, call->input);
}

static void close_call(struct out *o, struct choice *c, const struct ir_event *e)
{
    struct call *call = call_of(c, e->index), **link = &c->open;
    if (call->custom)
        write_call(o, c, &call->open, c->calls++, call->input);
    else if (!call->begun) /* no arguments are none, not broken JSON */
        write_fragment(o, e->choice, call, (struct ir_json){STR("{}"), true});
    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
}

/* ------------------------------------------------------------------ other blocks */

static void write_text(struct out *o, struct choice *c, const struct ir_event *e)
{
    c->block_chars += openai_chars(e->text);
    begin_delta(o, e->choice);
    if (e->text.len > 0 || e->logprobs.p)
        put_text(o, "content", e->text);
    if (e->citation.url.p) {
        begin_list(o, "annotations");
        openai_put_annotation(&o->w, e, c->chars, c->chars + c->block_chars);
        jw_end(&o->w);
    }
    put_signature(o, e, c->thoughts);
    end_delta(o, NULL, e->logprobs);
}

static void write_thought(struct out *o, struct choice *c, const struct ir_event *e)
{
    begin_delta(o, e->choice);
    if (e->text.len > 0)
        put_text(o, "reasoning_content", e->text);
    begin_list(o, "reasoning_details");
    openai_put_details(&o->w, e, c->thoughts);
    jw_end(&o->w);
    end_delta(o, NULL, STR_NULL);
}

static void write_audio(struct out *o, const struct ir_event *e)
{
    begin_delta(o, e->choice);
    jw_key(&o->w, "audio");
    jw_object(&o->w);
    openai_put_audio_id(&o->w, o->x, e->id);
    if (e->media.data.len)
        put_text(o, "data", e->media.data);
    if (e->text.len)
        put_text(o, "transcript", e->text);
    jw_end(&o->w);
    end_delta(o, NULL, STR_NULL);
}

static void write_image(struct out *o, struct choice *c, const struct ir_event *e)
{
    begin_delta(o, e->choice);
    begin_list(o, "images");
    openai_put_image(&o->w, &e->media, c->images++);
    jw_end(&o->w);
    end_delta(o, NULL, STR_NULL);
}

static void write_delta(struct out *o, struct choice *c, const struct ir_event *e)
{
    switch (e->block) {
    case IR_TEXT:
        if (e->text.len || e->citation.url.p || e->logprobs.p || e->signature.data.len)
            write_text(o, c, e);
        break;
    case IR_REFUSAL:
        begin_delta(o, e->choice);
        put_text(o, "refusal", e->text);
        end_delta(o, NULL, STR_NULL);
        break;
    case IR_THINKING:
    case IR_REDACTED:
        write_thought(o, c, e);
        break;
    case IR_TOOL_CALL:
        add_fragment(o, c, e);
        break;
    case IR_IMAGE:
        write_image(o, c, e);
        break;
    case IR_AUDIO:
        write_audio(o, e);
        break;
    case IR_TOOL_RESULT:
    case IR_VIDEO:
    case IR_FILE:
    case IR_OTHER: /* no word for it, and no harm in leaving it out */
    case IR_KINDS:
        break;
    }
}

static void close_block(struct out *o, struct choice *c, const struct ir_event *e)
{
    if (e->block == IR_TOOL_CALL) {
        close_call(o, c, e);
    } else if (e->block == IR_TEXT) {
        c->chars += c->block_chars;
        c->block_chars = 0;
    } else if (e->block == IR_THINKING || e->block == IR_REDACTED) {
        c->thoughts++;
    }
}

static void write_usage(struct out *o, const struct ir_event *e)
{
    if (!o->x->scan->client_wants_usage)
        return;
    begin(o);
    jw_end(&o->w); /* choices: none */
    openai_put_tail(&o->w, o->x, e);
    end(o);
}

static void write_one(struct out *o, const struct ir_event *e)
{
    switch (e->kind) {
    case IR_START:
        (void)begun(o, 0);
        break;
    case IR_OPEN:
        if (e->block == IR_TOOL_CALL)
            open_call(o, begun(o, e->choice), e);
        break;
    case IR_DELTA:
        write_delta(o, begun(o, e->choice), e);
        break;
    case IR_CLOSE:
        close_block(o, begun(o, e->choice), e);
        break;
    case IR_STOP:
        (void)begun(o, e->choice);
        begin_delta(o, e->choice);
        end_delta(o, openai_finish_word(e->finish), STR_NULL);
        break;
    case IR_USAGE:
        write_usage(o, e);
        break;
    case IR_END:
        openai_write_done(o->to);
        break;
    case IR_ERROR:
        break;
    }
}

bool openai_write_stream(void *state, const struct dialect_writing *w, const struct ir_events *ev,
                         struct buf *out)
{
    struct out o = {.x = w, .state = state, .to = out};
    for (size_t i = 0; i < ev->n; i++)
        write_one(&o, &ev->v[i]);
    return !out->failed;
}
