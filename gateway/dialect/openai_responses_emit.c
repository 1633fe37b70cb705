/* Writes the internal form as a request of the Responses API: everything but `input`, which
 * openai_responses_emit_input.c writes. Pure; the caller's buffer and arena.
 */
#include "gateway/dialect/openai_responses_emit.h"

bool responses_is_own(const struct ir_chat *c)
{
    return rd_is(str_of(c->words->messages), "input");
}

/* Is an ability there, or nothing known of any? */
static bool can(const struct emit *e, uint32_t cap)
{
    return e->to->caps == 0 || (e->to->caps & cap);
}

static void param(struct emit *e, const char *key, const struct ir_param *p)
{
    if (!p->raw.p)
        return;
    jw_key(&e->w, key);
    jw_raw(&e->w, p->raw);
}

/* ------------------------------------------------------------------ tools */

static void write_function(struct emit *e, const struct ir_tool *t)
{
    struct json_write *w = &e->w;
    jw_object(w);
    jw_key(w, "type");
    jw_lit(w, "\"function\"");
    jw_key(w, "name");
    jw_text(w, t->name);
    if (t->description.len) {
        jw_key(w, "description");
        jw_text(w, t->description);
    }
    jw_key(w, "parameters");
    jw_raw(w, t->schema.p ? t->schema : STR("{\"type\":\"object\",\"properties\":{}}"));
    /* Here the default is true, which changes schemas that were not written for it. */
    jw_key(w, "strict");
    if (t->strict == IR_UNSET && responses_is_own(e->c))
        jw_lit(w, "null");
    else
        jw_bool(w, t->strict == IR_TRUE);
    jw_end(w);
}

static void write_custom(struct emit *e, const struct ir_tool *t)
{
    struct json_write *w = &e->w;
    if (responses_is_own(e->c) && !t->space.p) {
        jw_raw(w, t->raw);
        return;
    }
    jw_object(w);
    jw_key(w, "type");
    jw_lit(w, "\"custom\"");
    jw_key(w, "name");
    jw_text(w, t->name);
    if (t->description.len) {
        jw_key(w, "description");
        jw_text(w, t->description);
    }
    if (t->grammar.p) {
        jw_key(w, "format");
        jw_object(w);
        jw_key(w, "type");
        jw_lit(w, "\"grammar\"");
        jw_key(w, "syntax");
        jw_text(w, t->syntax);
        jw_key(w, "definition");
        jw_text(w, t->grammar);
        jw_end(w);
    }
    jw_end(w);
}

static enum err write_tool(struct emit *e, const struct ir_tool *t)
{
    const char *field = arena_printf(e->a, "%s[%u]", e->c->words->tools, (unsigned)t->index);
    bool own = responses_is_own(e->c);
    switch (t->kind) {
    case IR_TOOL_FUNCTION:
        write_function(e, t);
        return E_OK;
    case IR_TOOL_CUSTOM:
        write_custom(e, t);
        return E_OK;
    case IR_TOOL_WEB_SEARCH:
        if (!can(e, CAP_WEB_SEARCH))
            dialect_strip(e->loss, str_of(field));
        else
            jw_raw(&e->w, own ? t->raw : STR("{\"type\":\"web_search\"}"));
        return E_OK;
    case IR_TOOL_OTHER:
        break;
    }
    if (!own)
        return dialect_cannot(e->loss, e->a, str_of(field), "'%s' is a tool that the model lacks.",
                              field);
    jw_raw(&e->w, t->raw);
    return E_OK;
}

static enum err write_tools(struct emit *e)
{
    enum err err = E_OK;
    if (!e->c->tools)
        return E_OK;
    jw_key(&e->w, "tools");
    jw_array(&e->w);
    for (const struct ir_tool *t = e->c->tools; t && err == E_OK; t = t->next)
        err = write_tool(e, t);
    jw_end(&e->w);
    return err;
}

static void write_choice(struct emit *e)
{
    static const char *const words[] = {
        [IR_CHOICE_AUTO] = "auto", [IR_CHOICE_NONE] = "none", [IR_CHOICE_REQUIRED] = "required"};
    const struct ir_chat *c = e->c;
    if (c->choice == IR_CHOICE_UNSET)
        return;
    jw_key(&e->w, "tool_choice");
    if (c->choice != IR_CHOICE_NAMED) {
        jw_string(&e->w, str_of(words[c->choice]));
        return;
    }
    jw_object(&e->w);
    jw_key(&e->w, "type");
    jw_string(&e->w, ir_is_custom(c, c->choice_name) ? STR("custom") : STR("function"));
    jw_key(&e->w, "name");
    jw_text(&e->w, c->choice_name);
    jw_end(&e->w);
}

/* ------------------------------------------------------------------ text, reasoning */

static void write_format(struct emit *e)
{
    const struct ir_chat *c = e->c;
    struct json_write *w = &e->w;
    jw_key(w, "format");
    jw_object(w);
    jw_key(w, "type");
    if (c->format != IR_FORMAT_SCHEMA) {
        jw_string(w, c->format == IR_FORMAT_JSON ? STR("json_object") : STR("text"));
        jw_end(w);
        return;
    }
    jw_lit(w, "\"json_schema\"");
    jw_key(w, "name");
    jw_text(w, c->format_name.len ? c->format_name : STR("response"));
    if (c->format_description.len) {
        jw_key(w, "description");
        jw_text(w, c->format_description);
    }
    jw_key(w, "schema");
    jw_raw(w, c->format_schema.p ? c->format_schema : STR("{}"));
    if (c->format_strict != IR_UNSET) {
        jw_key(w, "strict");
        jw_bool(w, c->format_strict == IR_TRUE);
    }
    jw_end(w);
}

static void write_text(struct emit *e)
{
    const struct ir_chat *c = e->c;
    bool verbosity = c->verbosity.raw.p && can(e, CAP_VERBOSITY);
    if (!verbosity)
        dialect_strip_param(e->loss, &c->verbosity);
    if (!verbosity && c->format == IR_FORMAT_UNSET)
        return;
    jw_key(&e->w, "text");
    jw_object(&e->w);
    if (c->format != IR_FORMAT_UNSET)
        write_format(e);
    if (verbosity)
        param(e, "verbosity", &c->verbosity);
    jw_end(&e->w);
}

static void write_reasoning(struct emit *e)
{
    const struct ir_reasoning *g = &e->c->reasoning;
    enum ir_effort effort = ir_effort_nearest(ir_reasoning_effort(g), e->to->efforts);
    if (!g->given)
        return;
    if (!can(e, CAP_REASONING)) {
        if (effort != IR_EFFORT_NONE)
            dialect_strip(e->loss, str_of(g->field));
        return;
    }
    if (effort == IR_EFFORT_MAX) /* no word of this API, unless the offer says so */
        effort = e->to->efforts ? effort : IR_EFFORT_XHIGH;
    if (effort == IR_EFFORT_UNSET && g->show != IR_TRUE)
        return;
    jw_key(&e->w, "reasoning");
    jw_object(&e->w);
    if (effort != IR_EFFORT_UNSET) {
        jw_key(&e->w, "effort");
        jw_string(&e->w, str_of(ir_effort_word(effort)));
    }
    if (g->show == IR_TRUE && effort != IR_EFFORT_NONE) {
        jw_key(&e->w, "summary");
        jw_text(&e->w, g->summary.p ? g->summary : STR("auto"));
    }
    jw_end(&e->w);
}

/* Encrypted reasoning always, since the provider keeps nothing for the next turn. */
static void write_include(struct emit *e)
{
    bool logprobs = rd_is(e->c->logprobs.raw, "true");
    bool reasoning = can(e, CAP_REASONING);
    if (!logprobs && !reasoning)
        return;
    jw_key(&e->w, "include");
    jw_array(&e->w);
    if (reasoning)
        jw_lit(&e->w, "\"reasoning.encrypted_content\"");
    if (logprobs)
        jw_lit(&e->w, "\"message.output_text.logprobs\"");
    jw_end(&e->w);
}

/* ------------------------------------------------------------------ scalars */

static void write_temperature(struct emit *e)
{
    const struct ir_param *p = &e->c->temperature;
    int64_t max = e->to->max_temperature_milli;
    if (!p->raw.p)
        return;
    jw_key(&e->w, "temperature");
    jw_raw(&e->w,
           max >= 0 && dialect_number_above(p->raw, max) ? dialect_milli(max, e->a) : p->raw);
}

static void write_max_output(struct emit *e)
{
    int64_t v = e->c->max_output;
    if (v < 0)
        return;
    if (e->to->max_output > 0 && v > e->to->max_output)
        v = e->to->max_output;
    jw_key(&e->w, "max_output_tokens");
    jw_i64(&e->w, v);
}

static void write_scalars(struct emit *e)
{
    const struct ir_chat *c = e->c;
    write_max_output(e);
    write_temperature(e);
    param(e, "top_p", &c->top_p);
    param(e, "top_logprobs", &c->top_logprobs);
    param(e, "service_tier", &c->service_tier);
    param(e,
          c->end_user.field && rd_is(str_of(c->end_user.field), "safety_identifier")
              ? "safety_identifier"
              : "user",
          &c->end_user);
    param(e, "prompt_cache_key", &c->prompt_cache_key);
    param(e, "metadata", &c->metadata);
    if (c->parallel_tool_calls != IR_UNSET && c->tools) {
        jw_key(&e->w, "parallel_tool_calls");
        jw_bool(&e->w, c->parallel_tool_calls == IR_TRUE);
    }
    jw_key(&e->w, "store");
    jw_bool(&e->w, false);
    if (e->to->stream) {
        jw_key(&e->w, "stream");
        jw_bool(&e->w, true);
    }
}

static void strip_rest(struct emit *e)
{
    const struct ir_chat *c = e->c;
    dialect_strip_param(e->loss, &c->top_k);
    dialect_strip_param(e->loss, &c->seed);
    dialect_strip_param(e->loss, &c->presence_penalty);
    dialect_strip_param(e->loss, &c->frequency_penalty);
    dialect_strip_param(e->loss, &c->logit_bias);
    for (const struct ir_message *m = c->messages; m; m = m->next)
        if (m->name.p)
            dialect_strip(e->loss, STR("name"));
    for (const struct ir_name *n = c->unknown; n; n = n->next)
        dialect_strip(e->loss, n->text);
}

/* What would be lost with the field. */
static enum err refuse_rest(struct emit *e)
{
    const struct ir_chat *c = e->c;
    if (c->n.raw.p && !rd_is(c->n.raw, "1"))
        return dialect_cannot(e->loss, e->a, str_of(c->n.field),
                              "The model gives one answer only: '%s' must be 1.", c->n.field);
    if (c->stop)
        return dialect_cannot(e->loss, e->a, str_of(c->stop_field),
                              "The model takes no stop sequences.");
    if (c->modalities.raw.p && str_find_str(c->modalities.raw, STR("\"audio\"")) >= 0)
        return dialect_cannot(e->loss, e->a, str_of(c->modalities.field),
                              "The model does not answer with audio.");
    return E_OK;
}

enum err responses_emit_request(const struct ir_chat *c, const struct dialect_target *to,
                                struct arena *a, struct buf *out, struct dialect_loss *loss)
{
    struct emit e = {.c = c, .to = to, .a = a, .loss = loss};
    enum err err = refuse_rest(&e);
    if (err != E_OK)
        return err;
    json_write_init(&e.w, out);
    jw_object(&e.w);
    jw_key(&e.w, "model");
    jw_string(&e.w, to->model);
    err = responses_emit_input(&e);
    if (err != E_OK)
        return err;
    err = write_tools(&e);
    if (err != E_OK)
        return err;
    write_choice(&e);
    write_text(&e);
    write_reasoning(&e);
    write_include(&e);
    write_scalars(&e);
    jw_end(&e.w);
    strip_rest(&e);
    return E_OK;
}
