/* Reads OpenAI chat answers, whole ones and stream events, into loose events: what stands around
 * the messages. Pure. It never fails for content that it does not know.
 */
#include "gateway/dialect/openai_read.h"

struct top {
    struct str id, created;
};
struct choice {
    struct str index, delta, message, text, finish_reason, stop_reason, logprobs, error;
};
struct logprobs {
    struct str content, refusal;
};

#define AT(s, n)                                                                                   \
    {                                                                                              \
#n, offsetof(struct s, n)                                                                  \
    }
static const struct openai_member top_members[] = {AT(top, id), AT(top, created)};
static const struct openai_member choice_members[] = {
    AT(choice, index),         AT(choice, delta),       AT(choice, message),  AT(choice, text),
    AT(choice, finish_reason), AT(choice, stop_reason), AT(choice, logprobs), AT(choice, error),
};
static const struct openai_member logprobs_members[] = {AT(logprobs, content),
                                                        AT(logprobs, refusal)};
#undef AT

struct ir_event *openai_say(struct openai_taking *t, enum ir_kind block)
{
    struct ir_event *e = ir_event_add(t->out, t->a, IR_DELTA);
    e->choice = t->choice;
    e->block = block;
    return e;
}

struct reader openai_lenient(const struct openai_taking *t, struct str raw)
{
    struct reader r;
    rd_init_known(&r, raw, t->a);
    return r;
}

struct openai_choice *openai_choice_of(struct openai_taking *t)
{
    struct openai_reading *s = t->state;
    if (t->choice >= s->n_choices) {
        uint32_t cap = s->n_choices ? s->n_choices : 1;
        while (cap <= t->choice)
            cap *= 2;
        struct openai_choice *more = arena_calloc(t->keep, cap, sizeof *more);
        if (s->n_choices)
            memcpy(more, s->choices, s->n_choices * sizeof *more);
        s->choices = more;
        s->n_choices = cap;
    }
    return &s->choices[t->choice];
}

static bool is_object(struct str raw)
{
    return raw.p && raw.p[0] == '{';
}

/* The array of tokens that {"content":[...]} holds. */
static struct str tokens_of(struct openai_taking *t, struct str raw)
{
    struct logprobs in = {.content = STR_NULL};
    if (!is_object(raw))
        return STR_NULL;
    struct reader r = openai_lenient(t, raw);
    (void)openai_read_members(&r, "", logprobs_members, ARRAY_LEN(logprobs_members), &in);
    return in.content.p && in.content.p[0] == '[' ? in.content : STR_NULL;
}

static void take_finish(struct openai_taking *t, const struct choice *in)
{
    struct str word = openai_inside(in->finish_reason);
    if (word.len == 0)
        return;
    struct ir_event *e = ir_event_add(t->out, t->a, IR_STOP);
    e->choice = t->choice;
    e->finish = openai_finish_of(word);
    e->finish_word = word;
    struct str met = openai_inside(in->stop_reason); /* some say which sequence ended it */
    if (e->finish == FINISH_STOP && met.len) {
        e->finish = FINISH_STOP_SEQUENCE;
        e->stop_sequence = met;
    }
}

/* An error that one choice reports. */
static bool take_error(struct openai_taking *t, struct str raw)
{
    struct json_scan s;
    struct dialect_answer an = {0};
    if (!raw.p)
        return false;
    json_scan_init(&s, raw, false);
    if (!openai_scan_error(&s, json_scan_next(&s), t->a, &an) || !an.is_error)
        return false;
    struct ir_event *e = ir_event_add(t->out, t->a, IR_ERROR);
    e->text = an.error_text;
    e->status = an.error_status;
    return true;
}

static bool take_choice(struct openai_taking *t, struct str raw, uint32_t position)
{
    struct choice in = {.index = STR_NULL};
    struct reader r = openai_lenient(t, raw);
    int64_t index = position;
    if (!openai_read_members(&r, "", choice_members, ARRAY_LEN(choice_members), &in))
        return true;
    if (in.index.p && (!json_whole(in.index, &index) || index < 0))
        index = position;
    if (index >= OPENAI_CHOICES_MAX)
        return false;
    t->choice = (uint32_t)index;
    if (take_error(t, in.error))
        return true;
    struct str message = is_object(in.delta) ? in.delta : in.message;
    if (is_object(message))
        openai_take_message(t, message, tokens_of(t, in.logprobs));
    else if (openai_inside(in.text).len)
        openai_say(t, IR_TEXT)->text = openai_inside(in.text);
    take_finish(t, &in);
    return true;
}

static bool take_choices(struct openai_taking *t, struct str raw)
{
    struct str element;
    if (!raw.p || raw.p[0] != '[')
        return true;
    struct reader r = openai_lenient(t, raw);
    (void)rd_array(&r, "");
    for (uint32_t k = 0; rd_element(&r); k++)
        if (rd_raw(&r, &element) && is_object(element) && !take_choice(t, element, k))
            return false;
    return true;
}

static void take_start(struct openai_taking *t, const struct top *in,
                       const struct dialect_answer *an)
{
    struct openai_reading *s = t->state;
    struct ir_event *e = ir_event_add(t->out, t->a, IR_START);
    e->id = openai_inside(in->id);
    e->model = an->model;
    if (in->created.p && !json_whole(in->created, &e->created_s))
        e->created_s = 0;
    s->started = true;
    s->named |= an->model.len > 0;
}

static bool take_answer(struct openai_taking *t, struct str body, const struct dialect_answer *an)
{
    const struct openai_reading *s = t->state;
    struct str choices = str_make(body.p + an->choices.begin, an->choices.end - an->choices.begin);
    if (!s->started || (!s->named && an->model.len)) {
        struct top in = {.id = STR_NULL};
        struct reader r = openai_lenient(t, body);
        if (!openai_read_members(&r, "", top_members, ARRAY_LEN(top_members), &in))
            return false;
        take_start(t, &in, an);
    }
    if (!take_choices(t, choices.len ? choices : STR_NULL))
        return false;
    if (an->has_usage || an->service_tier.len) {
        struct ir_event *e = ir_event_add(t->out, t->a, IR_USAGE);
        e->usage = an->usage;
        e->service_tier = an->service_tier;
    }
    return true;
}

static void say_error(struct openai_taking *t, const struct dialect_answer *an)
{
    struct ir_event *e = ir_event_add(t->out, t->a, IR_ERROR);
    e->text = an->error_text;
    e->status = an->error_status;
}

bool openai_read_answer(struct str body, struct str id_seed, struct arena *a, struct ir_events *out)
{
    struct openai_reading state = {.started = false};
    struct openai_taking t = {
        .state = &state, .id_seed = id_seed, .keep = a, .a = a, .out = out, .whole = true};
    struct dialect_answer an;
    if (!openai_scan_answer(body, a, &an))
        return false;
    if (an.is_error) {
        say_error(&t, &an);
        return true;
    }
    if (!an.has_choices || !take_answer(&t, body, &an))
        return false;
    (void)ir_event_add(out, a, IR_END);
    return true;
}

static_assert(sizeof(struct openai_reading) <= OPENAI_READER_BYTES, "room for the state");

bool openai_read_event(void *state, const struct frame *f, struct str id_seed, struct arena *keep,
                       struct arena *a, struct ir_events *out)
{
    struct openai_taking t = {.state = state, .id_seed = id_seed, .keep = keep, .a = a, .out = out};
    struct dialect_answer an;
    if (!openai_scan_event(f, a, &an))
        return false;
    if (an.is_empty)
        return true;
    if (an.is_done)
        (void)ir_event_add(out, a, IR_END);
    else if (an.is_error)
        say_error(&t, &an);
    else
        return take_answer(&t, f->data, &an);
    return true;
}
