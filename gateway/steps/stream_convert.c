/* The translated way of the stream step: the provider's dialect reads frames into events, the flow
 * makes them strict, the client's dialect writes them. */
#include "gateway/dialect/flow.h"
#include "gateway/ledger/utf8.h"
#include "gateway/steps/settle.h"
#include "gateway/steps/stream_priv.h"

struct convert {
    struct flow flow;
    void *reader, *writer;
    struct dialect_writing writing;
};

static struct convert *convert_of(struct req *r)
{
    if (r->out.convert)
        return r->out.convert;
    struct convert *c = ARENA_NEW(r->arena, struct convert);
    flow_init(&c->flow, r->arena);
    c->flow.unwraps = r->tx.loss.wrapped;
    c->reader = arena_calloc(r->arena, 1, r->tx.dialect->reader_bytes + 1);
    c->writer = arena_calloc(r->arena, 1, r->in.dialect->writer_bytes + 1);
    c->writing = (struct dialect_writing){
        .request = r->want.chat,
        .scan = &r->want.scan,
        .request_id = r->in.id,
        .created_s = r->in.created_us / 1000000,
        .model = r->route.candidate->offer->provider_model,
        .extra = {.metadata = STR("")},
        .keep = r->arena,
    };
    r->out.convert = c;
    return c;
}

void convert_forget(struct req *r)
{
    r->out.convert = NULL;
}

void *convert_writer(const struct req *r)
{
    return r->out.convert ? r->out.convert->writer : NULL;
}

static void name_model(struct convert *c)
{
    if (c->flow.model.len)
        c->writing.model = c->flow.model;
}

/* Usage that stays unknown is told as none. */
static struct usage told_usage(const struct req *r)
{
    struct usage u = r->out.answer.usage;
    u.input = u.input < 0 ? 0 : u.input;
    u.output = u.output < 0 ? 0 : u.output;
    return u;
}

/* What is no UTF-8 would break clients that decode strictly: each wrong byte becomes U+FFFD. */
static struct str clean(struct str s, struct arena *a)
{
    bool cut = false;
    if (str_is_utf8(s))
        return s;
    char *p = arena_alloc(a, s.len * 3);
    return str_make(p, utf8_clean(s, p, s.len * 3, &cut));
}

static void settle_signers(const struct req *r, struct ir_events *loose)
{
    dialect_settle_signers(r->tx.dialect, r->route.candidate->offer->provider_model, loose);
}

enum step_rc convert_answer(struct req *r)
{
    struct ir_events loose = {0}, strict = {0};
    struct convert *c = convert_of(r);
    struct str seed = str_of(r->in.id_text);
    if (!r->tx.dialect->read_answer(clean(buf_str(&r->up.body), r->arena), seed, r->arena, &loose))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is no JSON object"));
    settle_signers(r, &loose);
    r->out.answer = (struct dialect_answer){0};
    usage_clear(&r->out.answer.usage);
    (void)dialect_note_events(&loose, r->arena, &r->out.answer); /* the flow refuses too many */
    if (!r->out.answer.is_error && (!flow_push(&c->flow, &loose, &strict, r->arena) || c->flow.bad))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("its parts make no whole"));
    enum step_rc rc = stream_accept(r);
    if (rc != STEP_NEXT)
        return rc;
    struct usage usage = told_usage(r);
    name_model(c);
    stream_extra(r, &c->writing.extra);
    flow_finish(&c->flow, &usage, &strict, r->arena);
    r->out.answer.finish = (uint8_t)flow_finish_reason(&c->flow);
    buf_reserve(&r->out.tail, r->up.body.len + c->writing.extra.metadata.len);
    if (strict.full || !r->in.dialect->write_answer(&c->writing, &strict, &r->out.tail))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is too large"));
    return STEP_NEXT;
}

static enum step_rc error_frame(struct req *r, const struct dialect_answer *an)
{
    struct str text = arena_str(r->arena, an->error_text);
    return upstream_failed(r, r->out.begun ? E_UPSTREAM_IN_STREAM : stream_judge(an), text);
}

enum step_rc convert_frame(struct req *r, const struct frame *f)
{
    struct ir_events loose = {0}, strict = {0};
    struct dialect_answer an = {0};
    struct convert *c = convert_of(r);
    struct frame text = *f;
    text.data = clean(f->data, r->scratch);
    usage_clear(&an.usage);
    if (!r->tx.dialect->read_event(c->reader, &text, str_of(r->in.id_text), r->arena, r->scratch,
                                   &loose))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("an event makes no sense"));
    settle_signers(r, &loose);
    (void)dialect_note_events(&loose, r->scratch, &an); /* the flow refuses too many */
    if (an.is_error)
        return error_frame(r, &an);
    stream_note(r, &an);
    if (!flow_push(&c->flow, &loose, &strict, r->scratch) || c->flow.bad)
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("its events make no whole"));
    name_model(c);
    if (an.has_content)
        stream_begin(r);
    if (strict.n && !r->in.dialect->write_stream(c->writer, &c->writing, &strict, stream_sink(r)))
        return upstream_failed(r, E_UPSTREAM_BAD_ANSWER, STR("the answer is too large"));
    r->out.got_done = an.is_done;
    return STEP_NEXT;
}

void convert_finish(struct req *r)
{
    struct ir_events strict = {0};
    struct convert *c = convert_of(r);
    struct usage usage = told_usage(r);
    arena_reset(r->scratch);
    stream_extra(r, &c->writing.extra);
    flow_finish(&c->flow, &usage, &strict, r->scratch);
    r->out.answer.finish = (uint8_t)flow_finish_reason(&c->flow);
    (void)r->in.dialect->write_stream(c->writer, &c->writing, &strict, &r->out.tail);
}
