/* Writes the internal form of a request as Google's: what stands beside the contents. Pure. */
#include "gateway/dialect/google_priv.h"

/* What all of Google's models take that have budgets instead of levels. */
enum { BUDGET_MIN = 512, BUDGET_MAX = 24576 };

/* ------------------------------------------------------------------ tools */

static void write_function(struct google_emit *e, const struct ir_tool *t)
{
    struct json_write *w = &e->w;
    jw_object(w);
    jw_key(w, "name");
    jw_text(w, t->name);
    struct str description = ir_tool_description(t, e->a);
    if (description.p) {
        jw_key(w, "description");
        jw_text(w, description);
    }
    if (t->schema.p) {
        jw_key(w, "parametersJsonSchema");
        jw_raw(w, t->schema);
    }
    jw_end(w);
    if (t->strict == IR_TRUE)
        dialect_strip(e->loss, STR("strict"));
}

static void write_functions(struct google_emit *e)
{
    bool any = false;
    for (const struct ir_tool *t = e->c->tools; t; t = t->next) {
        if (!ir_tool_is_called(t))
            continue;
        if (!any) {
            jw_object(&e->w);
            jw_key(&e->w, "functionDeclarations");
            jw_array(&e->w);
        }
        any = true;
        write_function(e, t);
    }
    if (any) {
        jw_end(&e->w);
        jw_end(&e->w);
    }
}

/* A tool that the provider runs: another dialect's options of it have no counterpart. */
static void write_own_tool(struct google_emit *e, const struct ir_tool *t)
{
    bool own = e->c->words == &google_words;
    bool search = t->kind == IR_TOOL_WEB_SEARCH;
    if (!own && !search) {
        e->err = dialect_cannot(
            e->loss, e->a,
            str_of(arena_printf(e->a, "%s[%u]", e->c->words->tools, (unsigned)t->index)),
            "This provider knows no tool of that kind; it takes functions and web search.");
        return;
    }
    jw_object(&e->w);
    if (own)
        jw_key_string(&e->w, t->type);
    else
        jw_key(&e->w, "googleSearch");
    jw_raw(&e->w, own ? t->raw : STR("{}"));
    jw_end(&e->w);
}

static void write_choice(struct google_emit *e)
{
    static const char *const modes[] = {[IR_CHOICE_UNSET] = "AUTO",
                                        [IR_CHOICE_AUTO] = "AUTO",
                                        [IR_CHOICE_NONE] = "NONE",
                                        [IR_CHOICE_REQUIRED] = "ANY",
                                        [IR_CHOICE_NAMED] = "ANY"};
    const struct ir_chat *c = e->c;
    struct json_write *w = &e->w;
    if (c->choice == IR_CHOICE_UNSET)
        return;
    jw_key(w, "toolConfig");
    jw_object(w);
    jw_key(w, "functionCallingConfig");
    jw_object(w);
    jw_key(w, "mode");
    jw_string(w, str_of(modes[c->choice]));
    if (c->choice == IR_CHOICE_NAMED) {
        jw_key(w, "allowedFunctionNames");
        jw_array(w);
        jw_text(w, c->choice_name);
        jw_end(w);
    }
    jw_end(w);
    jw_end(w);
}

void google_emit_tools(struct google_emit *e)
{
    bool functions = false;
    if (!e->c->tools)
        return;
    jw_key(&e->w, "tools");
    jw_array(&e->w);
    write_functions(e);
    for (const struct ir_tool *t = e->c->tools; t && !e->err; t = t->next) {
        functions |= ir_tool_is_called(t);
        if (!ir_tool_is_called(t))
            write_own_tool(e, t);
    }
    jw_end(&e->w);
    if (functions)
        write_choice(e);
}

/* ------------------------------------------------------------------ generationConfig */

static void write_param(struct google_emit *e, const char *key, const struct ir_param *p)
{
    if (!p->raw.p)
        return;
    jw_key(&e->w, key);
    jw_raw(&e->w, p->raw);
}

static void write_temperature(struct google_emit *e)
{
    struct ir_param p = e->c->temperature;
    int64_t max = e->to->max_temperature_milli;
    if (p.raw.p && max >= 0 && dialect_number_above(p.raw, max))
        p.raw = dialect_milli(max, e->a);
    write_param(e, "temperature", &p);
}

static void write_limits(struct google_emit *e)
{
    const struct ir_chat *c = e->c;
    int64_t max = c->max_output;
    if (max >= 0 && e->to->max_output > 0 && max > e->to->max_output)
        max = e->to->max_output;
    if (max >= 0) {
        jw_key(&e->w, "maxOutputTokens");
        jw_i64(&e->w, max);
    }
    if (!c->stop)
        return;
    jw_key(&e->w, "stopSequences");
    jw_array(&e->w);
    for (const struct ir_name *n = c->stop; n; n = n->next)
        jw_text(&e->w, n->text);
    jw_end(&e->w);
}

static void write_level(struct google_emit *e, enum ir_effort effort)
{
    static const char *const levels[] = {
        [IR_EFFORT_UNSET] = "",     [IR_EFFORT_NONE] = "minimal",  [IR_EFFORT_MINIMAL] = "minimal",
        [IR_EFFORT_LOW] = "low",    [IR_EFFORT_MEDIUM] = "medium", [IR_EFFORT_HIGH] = "high",
        [IR_EFFORT_XHIGH] = "high", [IR_EFFORT_MAX] = "high",
    };
    static_assert(ARRAY_LEN(levels) == IR_EFFORTS, "a level per effort");
    jw_key(&e->w, "thinkingLevel");
    jw_string(&e->w, str_of(levels[effort]));
}

static void write_budget(struct google_emit *e, enum ir_effort effort)
{
    const struct ir_reasoning *t = &e->c->reasoning;
    int64_t budget = -1; /* the model decides */
    if (t->budget_tokens >= 0)
        budget = t->budget_tokens;
    else if (effort != IR_EFFORT_UNSET)
        budget = ir_effort_budget(effort, e->c->max_output);
    /* Thoughts count as output: some of it must be left for the answer. */
    bool fits = t->budget_tokens >= 0 || e->c->max_output < 0 || budget <= e->c->max_output / 2;
    if (!fits)
        budget = e->c->max_output / 2 < BUDGET_MIN ? BUDGET_MIN : e->c->max_output / 2;
    jw_key(&e->w, "thinkingBudget");
    jw_i64(&e->w, budget > BUDGET_MAX ? BUDGET_MAX : budget);
}

/* Levels where it is known that the offer has efforts: such models take no other word, and some
 * cannot stop thinking at all. */
static void write_thinking(struct google_emit *e)
{
    const struct ir_reasoning *t = &e->c->reasoning;
    enum ir_effort effort = ir_reasoning_effort(t);
    bool off = effort == IR_EFFORT_NONE && (!e->to->efforts || e->to->efforts >> effort & 1);
    if (!t->given)
        return;
    if (e->to->caps && !(e->to->caps & CAP_REASONING)) {
        if (effort != IR_EFFORT_NONE)
            dialect_strip(e->loss, str_of(t->field ? t->field : "reasoning"));
        return;
    }
    jw_key(&e->w, "thinkingConfig");
    jw_object(&e->w);
    if (effort != IR_EFFORT_NONE && t->show != IR_FALSE) {
        jw_key(&e->w, "includeThoughts");
        jw_bool(&e->w, true);
    }
    if (!off && e->to->efforts && effort != IR_EFFORT_UNSET)
        write_level(e, ir_effort_nearest(effort, e->to->efforts));
    else if (!e->to->efforts || off)
        write_budget(e, effort);
    jw_end(&e->w);
}

static void write_format(struct google_emit *e)
{
    const struct ir_chat *c = e->c;
    if (c->format != IR_FORMAT_JSON && c->format != IR_FORMAT_SCHEMA)
        return;
    jw_key(&e->w, "responseMimeType");
    jw_lit(&e->w, "\"application/json\"");
    if (c->format != IR_FORMAT_SCHEMA || !c->format_schema.p)
        return;
    jw_key(&e->w, "responseJsonSchema");
    jw_raw(&e->w, c->format_schema);
}

/* ["text","image"]: Google's words are the same in capitals. Voices have other names everywhere. */
static void write_modalities(struct google_emit *e)
{
    struct reader r;
    struct str word;
    const struct ir_param *m = &e->c->modalities;
    if (e->c->audio.raw.p) {
        e->err = dialect_cannot(e->loss, e->a, str_of(e->c->audio.field),
                                "Audio output cannot be asked of this provider in these words.");
        return;
    }
    if (!m->raw.p)
        return;
    rd_init(&r, m->raw, e->a, NULL);
    if (!rd_array(&r, ""))
        return;
    jw_key(&e->w, "responseModalities");
    jw_array(&e->w);
    while (rd_element(&r)) {
        if (!rd_string(&r, "", &word))
            continue;
        char *text = arena_strdup(e->a, word);
        for (char *p = text; *p; p++)
            *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
        jw_string(&e->w, str_of(text));
    }
    jw_end(&e->w);
}

static void write_logprobs(struct google_emit *e)
{
    const struct ir_chat *c = e->c;
    bool off = c->logprobs.raw.p && !str_eq(c->logprobs.raw, STR("true"));
    if (off || (!c->logprobs.raw.p && !c->top_logprobs.raw.p))
        return;
    jw_key(&e->w, "responseLogprobs");
    jw_bool(&e->w, true);
    write_param(e, "logprobs", &c->top_logprobs);
}

void google_emit_config(struct google_emit *e)
{
    const struct ir_chat *c = e->c;
    jw_key(&e->w, "generationConfig");
    jw_object(&e->w);
    write_temperature(e);
    write_param(e, "topP", &c->top_p);
    write_param(e, "topK", &c->top_k);
    write_param(e, "candidateCount", &c->n);
    write_limits(e);
    write_param(e, "seed", &c->seed);
    write_param(e, "presencePenalty", &c->presence_penalty);
    write_param(e, "frequencyPenalty", &c->frequency_penalty);
    write_logprobs(e);
    write_format(e);
    write_modalities(e);
    write_thinking(e);
    jw_end(&e->w);
}

/* ------------------------------------------------------------------ the rest */

static void write_tier(struct google_emit *e)
{
    static const struct {
        const char *theirs, *own;
    } tiers[] = {{"\"flex\"", "flex"}, {"\"priority\"", "priority"}, {"\"default\"", "standard"}};
    const struct ir_param *p = &e->c->service_tier;
    if (!p->raw.p)
        return;
    for (size_t i = 0; i < ARRAY_LEN(tiers); i++) {
        if (!str_eq(p->raw, str_of(tiers[i].theirs)))
            continue;
        jw_key(&e->w, "serviceTier");
        jw_string(&e->w, str_of(tiers[i].own));
        return;
    }
    dialect_strip_param(e->loss, p);
}

static void note_cache(struct google_emit *e)
{
    bool marked = false;
    for (const struct ir_message *m = e->c->messages; m; m = m->next)
        for (const struct ir_part *p = m->parts; p; p = p->next)
            marked |= p->cache != IR_CACHE_NONE;
    for (const struct ir_tool *t = e->c->tools; t; t = t->next)
        marked |= t->cache != IR_CACHE_NONE;
    if (marked)
        dialect_strip(e->loss, STR("cache_control"));
}

/* Meaning stays without these. */
static void note_losses(struct google_emit *e)
{
    const struct ir_chat *c = e->c;
    const struct ir_param *const lost[] = {&c->logit_bias, &c->end_user,  &c->metadata,
                                           &c->store,      &c->verbosity, &c->prompt_cache_key};
    for (size_t i = 0; i < ARRAY_LEN(lost); i++)
        dialect_strip_param(e->loss, lost[i]);
    if (c->parallel_tool_calls == IR_FALSE)
        dialect_strip(e->loss, STR("parallel_tool_calls"));
    note_cache(e);
    for (const struct ir_name *n = c->unknown; n; n = n->next)
        dialect_strip(e->loss, n->text);
}

/* What came in Google's words goes on as it stood. */
static bool sends_own(const struct ir_chat *c, const struct dialect_target *to)
{
    bool clamps = to->max_temperature_milli >= 0 && c->temperature.raw.p &&
                  dialect_number_above(c->temperature.raw, to->max_temperature_milli);
    return c->words == &google_words && c->body.p && !clamps;
}

enum err google_emit_request(const struct ir_chat *c, const struct dialect_target *to,
                             struct arena *a, struct buf *out, struct dialect_loss *loss)
{
    struct google_emit e = {.c = c, .to = to, .a = a, .loss = loss, .err = E_OK};
    if (sends_own(c, to)) {
        buf_add_str(out, c->body);
        return E_OK;
    }
    json_write_init(&e.w, out);
    jw_object(&e.w);
    google_emit_system(&e);
    google_emit_contents(&e);
    google_emit_tools(&e);
    google_emit_config(&e);
    write_tier(&e);
    note_losses(&e);
    jw_end(&e.w);
    return e.err;
}
