/* Writes the internal form as a chat request for an OpenAI-compatible provider: parameters and the
 * order of things. Pure.
 */
#include "gateway/dialect/openai_emit.h"

#include <stdarg.h>

#include "gateway/dialect/read.h"
#include "gateway/dialect/refuse.h"

enum { USER_MAX_BYTES = 64 }; /* OpenAI's reference: `safety_identifier` */

bool openai_cannot(struct openai_emit *e, struct str field, const char *fmt, ...)
{
    va_list ap;
    if (e->err != E_OK)
        return false;
    va_start(ap, fmt);
    dialect_refuse_va(e->a, &e->loss->why, E_UNSUPPORTED, field, fmt, ap);
    va_end(ap);
    e->err = E_UNSUPPORTED;
    return false;
}

static void emit_param(struct openai_emit *e, const char *name, const struct ir_param *p)
{
    if (!p->raw.p)
        return;
    jw_key(&e->w, name);
    jw_raw_line(&e->w, p->raw);
}

/* What only clients of this dialect say in the provider's own terms. */
static void emit_own(struct openai_emit *e, const char *name, const struct ir_param *p, bool may)
{
    if (e->own || may)
        emit_param(e, name, p);
    else
        dialect_strip_param(e->loss, p);
}

static void emit_max_output(struct openai_emit *e)
{
    int64_t max = e->c->max_output;
    if (max < 0)
        return;
    if (e->to->max_output > 0 && max > e->to->max_output)
        max = e->to->max_output;
    jw_key(&e->w,
           QUIRK_IS(e->to->quirks, MAX_COMPLETION_TOKENS) ? "max_completion_tokens" : "max_tokens");
    jw_i64(&e->w, max);
}

static void emit_temperature(struct openai_emit *e)
{
    int64_t most = e->to->max_temperature_milli;
    struct ir_param p = e->c->temperature;
    if (p.raw.p && most >= 0 && dialect_number_above(p.raw, most))
        p.raw = dialect_milli(most, e->a);
    emit_param(e, "temperature", &p);
}

/* Some dialects give a number alone; here it takes `logprobs` beside it. */
static void emit_logprobs(struct openai_emit *e)
{
    const struct ir_chat *c = e->c;
    if (c->top_logprobs.raw.p && !c->logprobs.raw.p) {
        jw_key(&e->w, "logprobs");
        jw_lit(&e->w, "true");
    }
    emit_param(e, "logprobs", &c->logprobs);
    emit_param(e, "top_logprobs", &c->top_logprobs);
}

static void emit_stop(struct openai_emit *e)
{
    if (!e->c->stop)
        return;
    jw_key(&e->w, "stop");
    jw_array(&e->w);
    for (const struct ir_name *n = e->c->stop; n; n = n->next)
        jw_text(&e->w, n->text);
    jw_end(&e->w);
}

static bool is_tier(struct str raw)
{
    static const char *const tiers[] = {"auto", "default", "flex", "priority"};
    for (size_t i = 0; i < ARRAY_LEN(tiers); i++)
        if (raw.len > 2 && json_text_is(str_make(raw.p + 1, raw.len - 2), str_of(tiers[i])))
            return true;
    return false;
}

/* Kinds of output; other dialects spell them in capitals. */
static void emit_modalities(struct openai_emit *e)
{
    struct reader r;
    struct str word;
    if (!e->c->modalities.raw.p)
        return;
    rd_init(&r, e->c->modalities.raw, e->a, NULL);
    jw_key(&e->w, "modalities");
    jw_array(&e->w);
    (void)rd_array(&r, "modalities");
    while (rd_element(&r)) {
        if (!rd_string(&r, "modalities", &word))
            continue;
        char *low = arena_alloc(e->a, word.len);
        for (size_t i = 0; i < word.len; i++)
            low[i] = (char)(word.p[i] >= 'A' && word.p[i] <= 'Z' ? word.p[i] | 0x20 : word.p[i]);
        jw_string(&e->w, str_make(low, word.len));
    }
    jw_end(&e->w);
}

static void emit_params(struct openai_emit *e)
{
    const struct ir_chat *c = e->c;
    uint32_t caps = e->to->caps;
    emit_max_output(e);
    emit_temperature(e);
    emit_param(e, "top_p", &c->top_p);
    emit_own(e, "top_k", &c->top_k, false);
    emit_param(e, "seed", &c->seed);
    emit_param(e, "presence_penalty", &c->presence_penalty);
    emit_param(e, "frequency_penalty", &c->frequency_penalty);
    emit_logprobs(e);
    emit_param(e, "n", &c->n);
    emit_stop(e);
    emit_own(e, "logit_bias", &c->logit_bias, true);
    emit_own(e, "service_tier", &c->service_tier, is_tier(c->service_tier.raw));
    emit_own(e, "user", &c->end_user, c->end_user.raw.len <= USER_MAX_BYTES + 2);
    emit_own(e, "verbosity", &c->verbosity, caps == 0 || (caps & CAP_VERBOSITY));
    emit_own(e, "prompt_cache_key", &c->prompt_cache_key, true);
    emit_own(e, "store", &c->store, false);
    emit_own(e, "metadata", &c->metadata, false);
    emit_modalities(e);
    emit_own(e, "audio", &c->audio, true);
}

/* "none" goes only to offers that are known to take it; others think as little without a word. A
 * word beyond "high" is known to few. */
static enum ir_effort effort_for(const struct openai_emit *e)
{
    enum ir_effort effort = ir_reasoning_effort(&e->c->reasoning);
    if (e->to->efforts != 0)
        return ir_effort_nearest(effort, e->to->efforts);
    if (effort == IR_EFFORT_NONE)
        return e->own ? effort : IR_EFFORT_UNSET;
    return effort > IR_EFFORT_HIGH && !e->own ? IR_EFFORT_HIGH : effort;
}

static void emit_effort(struct openai_emit *e)
{
    const struct ir_reasoning *r = &e->c->reasoning;
    if (!r->given)
        return;
    if (e->to->caps != 0 && !(e->to->caps & CAP_REASONING)) {
        if (ir_reasoning_effort(r) != IR_EFFORT_NONE)
            dialect_strip(e->loss, str_of(r->field));
        return;
    }
    enum ir_effort effort = effort_for(e);
    if (effort == IR_EFFORT_UNSET)
        return;
    jw_key(&e->w, "reasoning_effort");
    jw_string(&e->w, str_of(ir_effort_word(effort)));
}

static void emit_stream(struct openai_emit *e)
{
    if (!e->to->stream)
        return;
    jw_key(&e->w, "stream");
    jw_lit(&e->w, "true");
    if (QUIRK_IS(e->to->quirks, NO_STREAM_OPTIONS))
        return;
    jw_key(&e->w, "stream_options");
    jw_lit(&e->w, "{\"include_usage\":true}");
}

enum err openai_emit_request(const struct ir_chat *c, const struct dialect_target *to,
                             struct arena *a, struct buf *out, struct dialect_loss *loss)
{
    struct openai_emit e = {
        .c = c, .to = to, .a = a, .loss = loss, .own = c->words == &openai_words};
    json_write_init(&e.w, out);
    jw_object(&e.w);
    jw_key(&e.w, "model");
    jw_string(&e.w, to->model);
    openai_emit_messages(&e);
    emit_params(&e);
    openai_emit_tools(&e);
    emit_effort(&e);
    emit_stream(&e);
    jw_end(&e.w);
    for (const struct ir_name *n = c->unknown; n; n = n->next)
        dialect_strip(loss, n->text);
    return e.err;
}
