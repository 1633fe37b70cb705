/* Writes the internal form of a request as the Messages API's: what stands beside the messages.
 * Pure. */
#include "gateway/dialect/anthropic_priv.h"

enum { MAX_TOKENS_DEFAULT = 32768, BUDGET_LEAST = 1024 };

/* ------------------------------------------------------------------ thinking */

/* (docs.anthropic.com, "Adaptive thinking".) Names are claude-FAMILY-MAJOR[-MINOR][-DATE], of old
 * claude-MAJOR-MINOR-FAMILY. */
bool anthropic_decides_itself(struct str model)
{
    int64_t number[2] = {0, 0};
    size_t n = 0;
    ptrdiff_t at = str_find_str(model, STR("claude-"));
    if (at < 0)
        return false;
    struct str rest = str_make(model.p + at, model.len - (size_t)at);
    while (rest.p && n < 2) {
        struct str word = str_cut(&rest, '-');
        int64_t v;
        bool is_number = word.len <= 2 && str_to_i64(word, &v);
        if (is_number)
            number[n++] = v;
        else if (n == 1)
            break;
    }
    return number[0] > 4 || (number[0] == 4 && number[1] >= 6);
}

static int64_t max_tokens(const struct anthropic_emit *e)
{
    int64_t most = e->to->max_output;
    int64_t asked = e->c->max_output > 0 ? e->c->max_output : MAX_TOKENS_DEFAULT;
    return most > 0 && asked > most ? most : asked;
}

/* Is thinking asked for, and would the provider take it here? A model that is given a budget wants
 * to see the thought of the turn it goes on with; one that decides itself does not ask. */
static bool may_think(struct anthropic_emit *e)
{
    const struct ir_reasoning *t = &e->c->reasoning;
    bool forced = e->c->choice == IR_CHOICE_REQUIRED || e->c->choice == IR_CHOICE_NAMED;
    if (!t->given || ir_reasoning_effort(t) == IR_EFFORT_NONE)
        return false;
    bool able = !e->to->caps || (e->to->caps & CAP_REASONING);
    bool lacks = !anthropic_decides_itself(e->to->model) &&
                 (max_tokens(e) <= BUDGET_LEAST || anthropic_lacks_thought(e->c));
    if (able && !forced && !lacks)
        return true;
    dialect_strip(e->loss, str_of(t->field ? t->field : "reasoning"));
    return false;
}

static void write_thinking(struct anthropic_emit *e)
{
    const struct ir_reasoning *t = &e->c->reasoning;
    struct json_write *w = &e->w;
    if (!e->thinks) {
        /* Models that decide themselves may think unasked. */
        if (t->given && ir_reasoning_effort(t) == IR_EFFORT_NONE &&
            anthropic_decides_itself(e->to->model)) {
            jw_key(w, "thinking");
            jw_lit(w, "{\"type\":\"disabled\"}");
        }
        return;
    }
    jw_key(w, "thinking");
    jw_object(w);
    jw_key(w, "type");
    if (anthropic_decides_itself(e->to->model)) {
        jw_lit(w, "\"adaptive\"");
    } else {
        enum ir_effort effort = ir_reasoning_effort(t);
        int64_t budget = t->budget_tokens >= 0
                             ? t->budget_tokens
                             : ir_effort_budget(effort ? effort : IR_EFFORT_MEDIUM, max_tokens(e));
        int64_t most = max_tokens(e) - 1;
        budget = budget > most ? most : budget;
        jw_lit(w, "\"enabled\"");
        jw_key(w, "budget_tokens");
        jw_i64(w, budget < BUDGET_LEAST ? BUDGET_LEAST : budget);
    }
    if (t->show == IR_FALSE) {
        jw_key(w, "display");
        jw_lit(w, "\"omitted\"");
    }
    jw_end(w);
}

/* ------------------------------------------------------------------ output */

static void write_effort(struct anthropic_emit *e)
{
    static const uint32_t words = 1u << IR_EFFORT_LOW | 1u << IR_EFFORT_MEDIUM |
                                  1u << IR_EFFORT_HIGH | 1u << IR_EFFORT_XHIGH |
                                  1u << IR_EFFORT_MAX;
    uint32_t set = e->to->efforts ? e->to->efforts & words : words;
    enum ir_effort effort = ir_effort_nearest(ir_reasoning_effort(&e->c->reasoning), set);
    if (effort <= IR_EFFORT_NONE)
        return;
    jw_key(&e->w, "effort");
    jw_string(&e->w, str_of(ir_effort_word(effort)));
}

static void write_output(struct anthropic_emit *e)
{
    struct json_write *w = &e->w;
    bool effort = e->thinks && anthropic_decides_itself(e->to->model) &&
                  ir_reasoning_effort(&e->c->reasoning) > IR_EFFORT_NONE;
    bool schema = e->c->format == IR_FORMAT_SCHEMA && e->c->format_schema.p;
    if (!effort && !schema)
        return;
    jw_key(w, "output_config");
    jw_object(w);
    if (effort)
        write_effort(e);
    if (schema) {
        jw_key(w, "format");
        jw_object(w);
        jw_key(w, "type");
        jw_lit(w, "\"json_schema\"");
        jw_key(w, "schema");
        jw_raw(w, e->c->format_schema);
        jw_end(w);
    }
    jw_end(w);
}

/* ------------------------------------------------------------------ parameters */

static void write_param(struct anthropic_emit *e, const char *key, const struct ir_param *p)
{
    if (!p->raw.p)
        return;
    jw_key(&e->w, key);
    jw_raw(&e->w, p->raw);
}

/* With thinking on, the provider takes no temperature of its own; without, one of the two. */
static void write_sampling(struct anthropic_emit *e)
{
    const struct ir_chat *c = e->c;
    struct ir_param t = c->temperature;
    int64_t max = e->to->max_temperature_milli;
    if (e->thinks) {
        dialect_strip_param(e->loss, &c->temperature);
        dialect_strip_param(e->loss, &c->top_p);
        dialect_strip_param(e->loss, &c->top_k);
        return;
    }
    if (t.raw.p && max >= 0 && dialect_number_above(t.raw, max))
        t.raw = dialect_milli(max, e->a);
    write_param(e, "temperature", &t);
    if (t.raw.p && c->words != &anthropic_words)
        dialect_strip_param(e->loss, &c->top_p);
    else
        write_param(e, "top_p", &c->top_p);
    write_param(e, "top_k", &c->top_k);
}

static void write_stop(struct anthropic_emit *e)
{
    if (!e->c->stop)
        return;
    jw_key(&e->w, "stop_sequences");
    jw_array(&e->w);
    for (const struct ir_name *n = e->c->stop; n; n = n->next)
        jw_text(&e->w, n->text);
    jw_end(&e->w);
}

static void write_tier(struct anthropic_emit *e)
{
    const struct ir_param *t = &e->c->service_tier;
    if (!t->raw.p)
        return;
    bool standard = str_eq(t->raw, STR("\"default\"")) || str_eq(t->raw, STR("\"standard_only\""));
    if (!standard && !str_eq(t->raw, STR("\"auto\""))) {
        dialect_strip_param(e->loss, t);
        return;
    }
    jw_key(&e->w, "service_tier");
    jw_string(&e->w, standard ? STR("standard_only") : STR("auto"));
}

static void write_user(struct anthropic_emit *e)
{
    if (!e->c->end_user.raw.p)
        return;
    jw_key(&e->w, "metadata");
    jw_object(&e->w);
    write_param(e, "user_id", &e->c->end_user);
    jw_end(&e->w);
}

/* ------------------------------------------------------------------ what cannot be said */

static enum err refuse(struct anthropic_emit *e)
{
    const struct ir_chat *c = e->c;
    if (c->n.raw.p && !str_eq(c->n.raw, STR("1")))
        return dialect_cannot(e->loss, e->a, str_of(c->n.field), "This provider gives one choice.");
    if (c->logprobs.raw.p && str_eq(c->logprobs.raw, STR("true")))
        return dialect_cannot(e->loss, e->a, str_of(c->logprobs.field),
                              "This provider tells no probabilities of tokens.");
    if (c->audio.raw.p ||
        (c->modalities.raw.p && str_find_str(c->modalities.raw, STR("\"audio\"")) >= 0))
        return dialect_cannot(e->loss, e->a,
                              str_of(c->audio.raw.p ? c->audio.field : c->modalities.field),
                              "This provider's models do not speak.");
    return E_OK;
}

/* Meaning stays without these. */
static void note_losses(struct anthropic_emit *e)
{
    const struct ir_chat *c = e->c;
    const struct ir_param *const lost[] = {
        &c->seed,  &c->presence_penalty, &c->frequency_penalty, &c->logit_bias,  &c->metadata,
        &c->store, &c->verbosity,        &c->prompt_cache_key,  &c->top_logprobs};
    for (size_t i = 0; i < ARRAY_LEN(lost); i++)
        dialect_strip_param(e->loss, lost[i]);
}

/* Fields of its own dialect go on as they stood; others have no meaning here. */
static void write_unknown(struct anthropic_emit *e)
{
    bool own = e->c->words == &anthropic_words;
    for (const struct ir_name *n = e->c->unknown; n; n = n->next) {
        if (!own) {
            dialect_strip(e->loss, n->text);
        } else if (n->raw.p && !str_eq(n->text, STR("anthropic_version"))) {
            jw_key_string(&e->w, n->text);
            jw_raw(&e->w, n->raw);
        }
    }
}

static void write_model(struct anthropic_emit *e)
{
    if (QUIRK_IS(e->to->quirks, VERSION_IN_BODY)) {
        jw_key(&e->w, "anthropic_version");
        jw_lit(&e->w, "\"vertex-2023-10-16\"");
        return;
    }
    jw_key(&e->w, "model");
    jw_string(&e->w, e->to->model);
}

/* All that stands behind messages and tools. */
static void write_rest(struct anthropic_emit *e)
{
    write_thinking(e);
    write_output(e);
    write_sampling(e);
    write_stop(e);
    write_tier(e);
    write_user(e);
    if (e->to->stream) {
        jw_key(&e->w, "stream");
        jw_bool(&e->w, true);
    }
    write_unknown(e);
    note_losses(e);
    jw_end(&e->w);
}

enum err anthropic_emit_request(const struct ir_chat *c, const struct dialect_target *to,
                                struct arena *a, struct buf *out, struct dialect_loss *loss)
{
    struct anthropic_emit e = {.c = c, .to = to, .a = a, .loss = loss};
    e.err = refuse(&e);
    if (e.err)
        return e.err;
    e.final = ir_final_text(c);
    e.thinks = may_think(&e);
    json_write_init(&e.w, out);
    jw_object(&e.w);
    write_model(&e);
    jw_key(&e.w, "max_tokens");
    jw_i64(&e.w, max_tokens(&e));
    anthropic_emit_system(&e);
    if (!e.err)
        anthropic_emit_messages(&e);
    if (!e.err)
        anthropic_emit_tools(&e);
    if (!e.err) /* what was refused stands there unfinished */
        write_rest(&e);
    return e.err;
}
