/* How much a model shall think, in the words of the families behind Bedrock: what stands in
 * additionalModelRequestFields, read and written. Pure but for the arena.
 */
#include "gateway/dialect/anthropic_priv.h"
#include "gateway/dialect/bedrock_priv.h"

enum { BUDGET_LEAST = 1024, ROOM = 4096 /* for the answer, beside thinking */ };

/* ------------------------------------------------------------------ reading */

void bedrock_keep_unknown(struct reader *r, struct ir_chat *c, struct str key, const char *before)
{
    struct ir_name **const last = c->unknown_tail;
    size_t n = strlen(before);
    char *name = arena_alloc(r->a, n + key.len); /* a key may hold any byte */
    memcpy(name, before, n);
    memcpy(name + n, key.p, key.len);
    ir_add_unknown(c, r->a, str_make(name, n + key.len));
    (void)rd_raw(r, &(*last)->raw);
}

void bedrock_read_effort(struct reader *r, struct ir_chat *c, const char *field)
{
    struct str word;
    if (!rd_string(r, field, &word))
        return;
    c->reasoning.given = true;
    c->reasoning.effort = ir_effort_find(word);
    if (!c->reasoning.field)
        c->reasoning.field = field;
}

static void read_thinking_type(struct reader *r, struct ir_reasoning *t)
{
    struct str type;
    if (!rd_string(r, t->field, &type))
        return;
    if (rd_is(type, "disabled"))
        t->effort = IR_EFFORT_NONE;
    else if (rd_is(type, "adaptive"))
        t->adaptive = true;
}

/* Claude's {"type","budget_tokens","display"}, Nova's {"type","maxReasoningEffort"}. */
static void read_thinking(struct reader *r, struct ir_chat *c, const char *field)
{
    struct ir_reasoning *t = &c->reasoning;
    struct str key, word;
    if (!rd_object(r, field))
        return;
    t->given = true;
    t->field = field;
    while (rd_key(r, &key)) {
        if (rd_is(key, "type")) {
            read_thinking_type(r, t);
        } else if (rd_is(key, "budget_tokens")) {
            (void)rd_i64(r, field, &t->budget_tokens);
        } else if (rd_is(key, "maxReasoningEffort")) {
            bedrock_read_effort(r, c, field);
        } else if (rd_is(key, "display")) {
            if (rd_string(r, field, &word))
                t->show = rd_is(word, "omitted") ? IR_FALSE : IR_TRUE;
        } else {
            rd_skip(r);
        }
    }
}

static void read_output_config(struct reader *r, struct ir_chat *c)
{
    struct str key;
    if (!rd_object(r, "additionalModelRequestFields.output_config"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "effort"))
            bedrock_read_effort(r, c, "additionalModelRequestFields.output_config");
        else
            rd_skip(r);
    }
}

/* Nova's place for topK. */
static void read_nova_inference(struct reader *r, struct ir_chat *c)
{
    struct str key;
    if (!rd_object(r, "additionalModelRequestFields.inferenceConfig"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "topK"))
            rd_param(r, "additionalModelRequestFields.inferenceConfig.topK", &c->top_k);
        else
            rd_skip(r);
    }
}

static void read_member(struct reader *r, struct ir_chat *c, struct str key)
{
    if (rd_is(key, "thinking") || rd_is(key, "reasoning_config")) {
        read_thinking(r, c, "additionalModelRequestFields.thinking");
    } else if (rd_is(key, "reasoningConfig")) {
        read_thinking(r, c, "additionalModelRequestFields.reasoningConfig");
    } else if (rd_is(key, "reasoning_effort")) {
        bedrock_read_effort(r, c, "additionalModelRequestFields.reasoning_effort");
    } else if (rd_is(key, "output_config")) {
        read_output_config(r, c);
    } else if (rd_is(key, "inferenceConfig")) {
        read_nova_inference(r, c);
    } else if (rd_is(key, "top_k")) {
        rd_param(r, "additionalModelRequestFields.top_k", &c->top_k);
    } else {
        bedrock_keep_unknown(r, c, key, BEDROCK_ADDITIONAL);
    }
}

void bedrock_read_additional(struct reader *r, struct ir_chat *c)
{
    struct str key;
    if (!rd_object(r, "additionalModelRequestFields"))
        return;
    while (rd_key(r, &key))
        read_member(r, c, key);
}

/* ------------------------------------------------------------------ planning */

static void lose(struct bedrock_emit *e)
{
    const char *field = e->c->reasoning.field;
    dialect_strip(e->loss, field ? str_of(field) : STR("reasoning"));
    e->think = e->adaptive = false;
    e->effort = IR_EFFORT_UNSET;
    e->budget = -1;
    e->max_output = e->c->max_output;
}

/* The budget, and room for it and for the answer. */
static void plan_budget(struct bedrock_emit *e, enum ir_effort effort)
{
    int64_t asked = e->c->reasoning.budget_tokens;
    if (e->max_output < 0 && e->to->max_output > 0)
        e->max_output = e->to->max_output;
    e->budget = asked > 0 ? asked : ir_effort_budget(effort ? effort : IR_EFFORT_MEDIUM, -1);
    if (e->max_output < 0)
        e->max_output = e->budget + ROOM;
    if (e->budget > e->max_output - BUDGET_LEAST)
        e->budget = e->max_output - BUDGET_LEAST;
    if (e->budget < BUDGET_LEAST)
        e->budget = BUDGET_LEAST;
}

static void plan_claude(struct bedrock_emit *e, enum ir_effort effort)
{
    static const uint32_t words = 1u << IR_EFFORT_LOW | 1u << IR_EFFORT_MEDIUM |
                                  1u << IR_EFFORT_HIGH | 1u << IR_EFFORT_XHIGH |
                                  1u << IR_EFFORT_MAX;
    bool forced = e->c->choice == IR_CHOICE_REQUIRED || e->c->choice == IR_CHOICE_NAMED;
    bool decides = anthropic_decides_itself(e->to->model);
    if (effort == IR_EFFORT_NONE) {
        e->disabled = decides; /* these may think unasked */
        return;
    }
    if (forced) {
        lose(e);
        return;
    }
    e->think = true;
    e->adaptive = decides;
    if (decides) {
        uint32_t known = e->to->efforts & words;
        e->effort = ir_effort_nearest(effort, known ? known : words);
        return;
    }
    plan_budget(e, effort);
    /* A model with a budget wants to see the thought of the turn it goes on with. */
    if (e->max_output <= e->budget || anthropic_lacks_thought(e->c))
        lose(e);
}

void bedrock_plan_reasoning(struct bedrock_emit *e)
{
    static const uint32_t three = 1u << IR_EFFORT_LOW | 1u << IR_EFFORT_MEDIUM |
                                  1u << IR_EFFORT_HIGH;
    enum ir_effort effort = ir_reasoning_effort(&e->c->reasoning);
    e->budget = -1;
    if (!e->c->reasoning.given)
        return;
    if (e->to->caps != 0 && !(e->to->caps & CAP_REASONING)) {
        if (effort != IR_EFFORT_NONE)
            lose(e);
        return;
    }
    switch (e->family) {
    case BEDROCK_CLAUDE:
        if (effort != IR_EFFORT_UNSET || e->c->reasoning.adaptive)
            plan_claude(e, effort);
        break;
    case BEDROCK_NOVA:
        e->effort = effort == IR_EFFORT_NONE
                        ? effort
                        : ir_effort_nearest(effort, e->to->efforts ? e->to->efforts : three);
        break;
    case BEDROCK_EFFORT:
        if (effort != IR_EFFORT_NONE)
            e->effort = ir_effort_nearest(effort, e->to->efforts ? e->to->efforts : three);
        else
            lose(e);
        break;
    case BEDROCK_OTHER:
        if (effort != IR_EFFORT_NONE)
            lose(e);
        break;
    }
}

/* ------------------------------------------------------------------ writing */

static void write_claude(struct bedrock_emit *e)
{
    struct json_write *w = &e->w;
    if (e->c->top_k.raw.p && !e->think) {
        jw_key(w, "top_k");
        jw_raw(w, e->c->top_k.raw);
    }
    if (e->disabled) {
        jw_key(w, "thinking");
        jw_lit(w, "{\"type\":\"disabled\"}");
    }
    if (!e->think)
        return;
    jw_key(w, "thinking");
    jw_object(w);
    jw_key(w, "type");
    jw_raw(w, e->adaptive ? STR("\"adaptive\"") : STR("\"enabled\""));
    if (!e->adaptive) {
        jw_key(w, "budget_tokens");
        jw_i64(w, e->budget);
    } else if (e->c->reasoning.show != IR_UNSET) {
        jw_key(w, "display");
        jw_raw(w, e->c->reasoning.show == IR_TRUE ? STR("\"summarized\"") : STR("\"omitted\""));
    }
    jw_end(w);
    if (e->adaptive && e->effort != IR_EFFORT_UNSET) {
        jw_key(w, "output_config");
        jw_object(w);
        jw_key(w, "effort");
        jw_string(w, str_of(ir_effort_word(e->effort)));
        jw_end(w);
    }
}

static void write_nova(struct bedrock_emit *e)
{
    struct json_write *w = &e->w;
    if (e->c->top_k.raw.p) {
        jw_key(w, "inferenceConfig");
        jw_object(w);
        jw_key(w, "topK");
        jw_raw(w, e->c->top_k.raw);
        jw_end(w);
    }
    if (e->effort == IR_EFFORT_UNSET)
        return;
    jw_key(w, "reasoningConfig");
    jw_object(w);
    jw_key(w, "type");
    jw_raw(w, e->effort == IR_EFFORT_NONE ? STR("\"disabled\"") : STR("\"enabled\""));
    if (e->effort != IR_EFFORT_NONE) {
        jw_key(w, "maxReasoningEffort");
        jw_string(w, str_of(ir_effort_word(e->effort)));
    }
    jw_end(w);
}

static void write_effort(struct bedrock_emit *e)
{
    jw_key(&e->w, "reasoning_effort");
    jw_string(&e->w, str_of(ir_effort_word(e->effort)));
}

void bedrock_emit_additional(struct bedrock_emit *e)
{
    static void (*const write[])(struct bedrock_emit *) = {[BEDROCK_CLAUDE] = write_claude,
                                                           [BEDROCK_NOVA] = write_nova,
                                                           [BEDROCK_EFFORT] = write_effort};
    bool top_k = e->c->top_k.raw.p &&
                 ((e->family == BEDROCK_CLAUDE && !e->think) || e->family == BEDROCK_NOVA);
    bool mine = top_k || e->think || e->disabled || e->effort != IR_EFFORT_UNSET;
    bool own = bedrock_has_unknown(e, STR(BEDROCK_ADDITIONAL));
    if (!top_k)
        dialect_strip_param(e->loss, &e->c->top_k);
    if (!mine && !own)
        return;
    jw_key(&e->w, "additionalModelRequestFields");
    jw_object(&e->w);
    if (mine)
        write[e->family](e);
    bedrock_emit_unknown(e, STR(BEDROCK_ADDITIONAL));
    jw_end(&e->w);
}
