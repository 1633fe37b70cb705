/* The state machine between reading and writing dialects. The worker's thread; pure. */
#include "gateway/dialect/flow.h"

#include "gateway/wire/json_write.h"

enum {
    FLOW_MAGIC = 0x666c6f77,
    WORD_MAX_BYTES = 4096, /* no finish or tier is longer, and few stop sequences */
    WORDS_MAX = 1024,      /* kept of an answer: a stream may say others in each event */
    CITATION_BYTES = 256,  /* what one takes beside its texts */
};

void flow_init(struct flow *f, struct arena *keep)
{
    *f = (struct flow){.magic = FLOW_MAGIC, .keep = keep};
    usage_clear(&f->usage);
}

/* ------------------------------------------------------------------ growing */

static struct flow_choice *choice_of(struct flow *f, uint32_t n)
{
    if (n >= FLOW_CHOICES_MAX)
        return NULL;
    if (n >= f->n_choices) {
        uint32_t cap = f->n_choices ? f->n_choices : 1;
        while (cap <= n)
            cap *= 2;
        struct flow_choice *more = arena_calloc(f->keep, cap, sizeof *more);
        if (f->n_choices)
            memcpy(more, f->choice, f->n_choices * sizeof *more);
        f->choice = more;
        f->n_choices = cap;
    }
    f->choice[n].used = true;
    return &f->choice[n];
}

static struct flow_call *find_call(struct flow_choice *c, uint32_t key)
{
    for (uint32_t i = c->n_calls; i > 0; i--) /* the newest of that number */
        if (c->calls[i - 1].key == key)
            return &c->calls[i - 1];
    return NULL;
}

static struct flow_call *add_call(struct flow *f, struct flow_choice *c, uint32_t key)
{
    if (c->n_calls == FLOW_CALLS_MAX)
        return NULL;
    if (c->n_calls == c->cap_calls) {
        uint32_t cap = c->cap_calls ? c->cap_calls * 2 : 4;
        struct flow_call *more = arena_calloc(f->keep, cap, sizeof *more);
        if (c->n_calls)
            memcpy(more, c->calls, c->n_calls * sizeof *more);
        c->calls = more;
        c->cap_calls = cap;
    }
    f->over |= c->next_index == FLOW_BLOCKS_MAX;
    struct flow_call *call = &c->calls[c->n_calls++];
    *call = (struct flow_call){.key = key, .index = c->next_index++, .open = true};
    return call;
}

/* ------------------------------------------------------------------ blocks */

struct out {
    struct flow *flow;
    struct ir_events *list;
    struct arena *scratch;
    uint32_t choice;
};

static struct ir_event *emit(struct out *o, enum ir_event_kind kind, enum ir_kind block,
                             uint32_t index)
{
    struct ir_event *e = ir_event_add(o->list, o->scratch, kind);
    e->choice = o->choice;
    e->block = block;
    e->index = index;
    return e;
}

static void close_block(struct out *o, struct flow_choice *c)
{
    if (c->has_block)
        emit(o, IR_CLOSE, c->block, c->block_index);
    c->has_block = false;
}

static void close_call(struct out *o, struct flow_call *call)
{
    if (call->open)
        emit(o, IR_CLOSE, IR_TOOL_CALL, call->index);
    call->open = false;
}

/* Closes calls: all, or those whose arguments are complete. */
static void close_calls(struct out *o, struct flow_choice *c, bool all)
{
    for (uint32_t i = 0; i < c->n_calls; i++)
        if (all || c->calls[i].complete)
            close_call(o, &c->calls[i]);
}

/* Follows the arguments' JSON; quoted fragments are the inside of a string, so an escaped quote
 * stands there as two characters, and an escaped backslash as four. */
static void follow(struct flow_call *call, const struct ir_json *json)
{
    if (!json->quoted) {
        call->whole = call->whole || json->raw.len > 0;
        call->complete = call->complete || call->whole;
        return;
    }
    struct str s = json->raw;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];
        if (c == '\\' && i + 1 < s.len)
            c = s.p[++i]; /* decoded: `\"` is a quote, `\\` a backslash; \n and \u are blanks or
                             text */
        if (call->in_string) {
            bool escaped = call->escape;
            call->escape = !escaped && c == '\\';
            call->in_string = escaped || c != '"';
        } else if (c == '"') {
            call->in_string = true;
        } else if (c == '{' || c == '[') {
            call->depth++;
            call->begun = true;
        } else if ((c == '}' || c == ']') && call->depth > 0) {
            call->depth--;
        }
        call->complete = call->begun && call->depth == 0;
    }
}

/* ------------------------------------------------------------------ events */

static bool is_content(const struct ir_event *e)
{
    return e->block == IR_TOOL_CALL || e->text.len > 0 || e->media.data.len > 0 ||
           e->signature.data.len > 0 || e->raw.len > 0;
}

static void note_content(struct flow *f, const struct ir_event *e)
{
    f->got_content |= is_content(e);
    f->content_bytes += (int64_t)(e->text.len + e->name.len + e->json.raw.len);
}

static void note_bytes(struct flow *f, const struct ir_event *e)
{
    const struct ir_citation *c = &e->citation;
    f->bytes += e->text.len + e->id.len + e->name.len + e->json.raw.len + e->signature.data.len +
                e->media.data.len + e->raw.len;
    if (c->raw.p || c->url.p)
        f->bytes += CITATION_BYTES + c->raw.len + c->url.len + c->title.len + c->text.len;
    f->over |= f->bytes > FLOW_BYTES_MAX;
}

/* A place that no text reaches is unknown: it could not be counted on from. */
static int64_t place(int64_t n)
{
    return n > INT32_MAX ? -1 : n;
}

static void copy(struct out *o, const struct ir_event *e, uint32_t index)
{
    struct ir_event *d = ir_event_add(o->list, o->scratch, IR_DELTA);
    *d = *e;
    d->index = index;
    d->citation.start = place(e->citation.start);
    d->citation.end = place(e->citation.end);
}

static bool push_call(struct out *o, struct flow_choice *c, const struct ir_event *e)
{
    struct flow_call *call = find_call(c, e->index);
    bool anew = call && !call->open && (e->id.len > 0 || e->name.len > 0);
    if (call && !call->open && !anew) {
        o->flow->bad |= e->json.raw.len > 0; /* arguments for a call that is complete */
        return true;
    }
    if ((!call || anew) && e->name.len == 0) {
        o->flow->bad = true; /* nobody could run a call without a name */
        return true;
    }
    if (call && !anew && (call->whole || (call->begun && !e->json.quoted))) {
        o->flow->bad |= !call->complete;
        return true;
    }
    if (!call || anew) {
        close_block(o, c);
        close_calls(o, c, false);
        call = add_call(o->flow, c, e->index);
        if (!call)
            return false;
        struct ir_event *open = emit(o, IR_OPEN, IR_TOOL_CALL, call->index);
        open->id = e->id;
        open->name = e->name;
        open->signature = e->signature;
    }
    follow(call, &e->json);
    if (e->json.raw.len > 0)
        copy(o, e, call->index);
    return true;
}

/* A block that comes whole does not go on in the next delta. */
static bool is_whole(enum ir_kind k)
{
    return k == IR_REDACTED || k == IR_IMAGE || k == IR_OTHER;
}

static void push_block(struct out *o, struct flow_choice *c, const struct ir_event *e)
{
    bool blank = !is_content(e) && !e->citation.raw.p && !e->citation.url.p && !e->logprobs.p;
    if (blank)
        return;
    if (!c->has_block || c->block != e->block || is_whole(e->block)) {
        close_block(o, c);
        close_calls(o, c, true);
        o->flow->over |= c->next_index == FLOW_BLOCKS_MAX;
        c->has_block = true;
        c->block = e->block;
        c->block_index = c->next_index++;
        struct ir_event *open = emit(o, IR_OPEN, e->block, c->block_index);
        open->name = e->name;
    }
    copy(o, e, c->block_index);
    if (e->block == IR_THINKING && e->signature.data.len > 0)
        close_block(o, c); /* what follows is another thought */
}

/* Arguments as raw text. */
static struct str quoted(struct out *o, const struct ir_json *json)
{
    struct buf b;
    if (json->quoted || json->raw.len == 0)
        return json->raw;
    buf_init(&b, json->raw.len * 6 + 1);
    (void)json_quote_into(json->raw, &b);
    struct str text = arena_str(o->scratch, buf_str(&b));
    buf_fini(&b);
    return text;
}

static void push_text(struct out *o, struct flow_choice *c, const struct ir_event *e)
{
    struct ir_event part = *e;
    if (o->flow->unwraps)
        part.text = unwrap_next(&c->unwrap, part.text);
    push_block(o, c, &part);
}

/* Is it a piece of the answer, which came as a call? */
static bool is_answer(struct flow_choice *c, const struct ir_event *e)
{
    if (e->name.len) {
        bool is = str_eq(e->name, STR(ANSWER_TOOL));
        bool again = c->answers && e->index == c->answer_key;
        if (is && !c->answers)
            c->answer_key = e->index;
        c->answers |= is;
        return is || again;
    }
    return c->answers && e->index == c->answer_key;
}

static void push_answer(struct out *o, struct flow_choice *c, const struct ir_event *e)
{
    struct ir_event *text = ARENA_NEW(o->scratch, struct ir_event);
    *text = (struct ir_event){.kind = IR_DELTA,
                              .block = IR_TEXT,
                              .choice = e->choice,
                              .text = quoted(o, &e->json),
                              .citation = {.start = -1, .end = -1}};
    usage_clear(&text->usage);
    push_text(o, c, text);
}

static bool push_delta(struct out *o, const struct ir_event *e)
{
    struct flow_choice *c = choice_of(o->flow, e->choice);
    if (!c)
        return false;
    o->choice = e->choice;
    note_content(o->flow, e);
    note_bytes(o->flow, e);
    if (e->block == IR_TOOL_CALL && is_answer(c, e))
        push_answer(o, c, e);
    else if (e->block == IR_TOOL_CALL)
        return push_call(o, c, e);
    else if (e->block == IR_TEXT)
        push_text(o, c, e);
    else
        push_block(o, c, e);
    return true;
}

static struct str kept(struct flow *f, struct str s)
{
    return s.p ? arena_str(f->keep, s) : STR_NULL;
}

/* What may be said again, and otherwise, with every event. */
static void keep_word(struct flow *f, struct str *to, struct str s)
{
    bool same = to->p && str_eq(*to, s);
    if (!s.p || same || s.len > WORD_MAX_BYTES || f->n_words == WORDS_MAX)
        return;
    f->n_words++;
    *to = kept(f, s);
}

static bool push_stop(struct flow *f, const struct ir_event *e)
{
    struct flow_choice *c = choice_of(f, e->choice);
    if (!c)
        return false;
    if (e->finish != FINISH_NONE)
        c->finish = e->finish;
    keep_word(f, &c->stop_sequence, e->stop_sequence);
    keep_word(f, &c->finish_word, e->finish_word);
    return true;
}

static void note_usage(struct flow *f, const struct ir_event *e)
{
    usage_merge(&f->usage, &e->usage);
    if (e->service_tier.len)
        keep_word(f, &f->service_tier, e->service_tier);
}

static void push_start(struct out *o, const struct ir_event *e)
{
    struct flow *f = o->flow;
    note_usage(f, e);
    if (!f->model.len)
        f->model = kept(f, e->model);
    if (f->started)
        return;
    f->started = true;
    f->id = kept(f, e->id);
    *ir_event_add(o->list, o->scratch, IR_START) = *e;
}

bool flow_push(struct flow *f, const struct ir_events *in, struct ir_events *out,
               struct arena *scratch)
{
    CHECK(f, FLOW_MAGIC);
    struct out o = {.flow = f, .list = out, .scratch = scratch};
    if (in->full)
        return false;
    for (size_t i = 0; i < in->n; i++) {
        const struct ir_event *e = &in->v[i];
        bool good = true;
        if (!f->started && (e->kind == IR_DELTA || e->kind == IR_STOP)) {
            f->started = true;
            (void)ir_event_add(out, scratch, IR_START);
        }
        switch (e->kind) {
        case IR_START:
            push_start(&o, e);
            break;
        case IR_DELTA:
            good = push_delta(&o, e);
            break;
        case IR_STOP:
            good = push_stop(f, e);
            break;
        case IR_USAGE:
            note_usage(f, e);
            break;
        case IR_ERROR:
            *ir_event_add(out, scratch, IR_ERROR) = *e;
            break;
        case IR_END:
            f->ended = true;
            break;
        case IR_OPEN:
        case IR_CLOSE:
            break; /* readers do not say these */
        }
        if (!good || out->full || f->over)
            return false;
    }
    return true;
}

static void finish_choice(struct out *o, struct flow_choice *c)
{
    close_block(o, c);
    close_calls(o, c, true);
    enum ir_finish finish = c->finish ? c->finish : FINISH_STOP;
    /* Clients decide by the finish whether to run the calls. */
    if (finish == FINISH_STOP && c->n_calls > 0)
        finish = FINISH_TOOL_CALLS;
    if (finish == FINISH_TOOL_CALLS && c->answers && c->n_calls == 0)
        finish = FINISH_STOP;
    c->finish = finish;
    struct ir_event *stop = emit(o, IR_STOP, IR_TEXT, 0);
    stop->finish = finish;
    stop->stop_sequence = c->stop_sequence;
    stop->finish_word = c->finish_word;
}

void flow_finish(struct flow *f, const struct usage *usage, struct ir_events *out,
                 struct arena *scratch)
{
    CHECK(f, FLOW_MAGIC);
    ASSERT(!f->finished);
    f->finished = true;
    struct out o = {.flow = f, .list = out, .scratch = scratch};
    if (!f->started)
        (void)ir_event_add(out, scratch, IR_START);
    (void)choice_of(f, 0);
    for (uint32_t i = 0; i < f->n_choices; i++) {
        o.choice = i;
        if (f->choice[i].used)
            finish_choice(&o, &f->choice[i]);
    }
    struct ir_event *u = ir_event_add(out, scratch, IR_USAGE);
    u->usage = *usage;
    u->service_tier = f->service_tier;
    (void)ir_event_add(out, scratch, IR_END);
}

enum ir_finish flow_finish_reason(const struct flow *f)
{
    enum ir_finish worst = FINISH_NONE;
    for (uint32_t i = 0; i < f->n_choices; i++)
        if (f->choice[i].finish > worst)
            worst = f->choice[i].finish;
    return worst;
}
