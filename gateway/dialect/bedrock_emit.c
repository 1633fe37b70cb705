/* Writes the internal form as a Converse request. Pure; output into the caller's buffer. */
#include "gateway/dialect/bedrock_priv.h"
#include "gateway/dialect/refuse.h"

static bool is_json(const struct ir_param *p, const char *raw)
{
    return str_eq(p->raw, str_of(raw));
}

/* What cannot be left out without changing what was asked for. */
static enum err check(struct bedrock_emit *e)
{
    const struct ir_chat *c = e->c;
    struct str kinds = c->modalities.raw;
    if (c->n.raw.p && !is_json(&c->n, "1"))
        return dialect_cannot(e->loss, e->a, str_of(c->n.field),
                              "The provider gives one choice only.");
    if (is_json(&c->logprobs, "true") || (c->top_logprobs.raw.p && !is_json(&c->top_logprobs, "0")))
        return dialect_cannot(e->loss, e->a,
                              str_of(c->logprobs.raw.p ? c->logprobs.field : c->top_logprobs.field),
                              "The provider tells no log probabilities.");
    if (kinds.p &&
        (str_find_str(kinds, STR("\"audio\"")) >= 0 || str_find_str(kinds, STR("\"image\"")) >= 0 ||
         str_find_str(kinds, STR("\"AUDIO\"")) >= 0 || str_find_str(kinds, STR("\"IMAGE\"")) >= 0))
        return dialect_cannot(e->loss, e->a, str_of(c->modalities.field),
                              "The provider answers with text only.");
    return E_OK;
}

static void strip_unsaid(struct bedrock_emit *e)
{
    const struct ir_chat *c = e->c;
    const struct ir_param *const params[] = {
        &c->seed,     &c->presence_penalty, &c->frequency_penalty,
        &c->end_user, &c->verbosity,        &c->prompt_cache_key,
        &c->store,    &c->logit_bias};
    for (size_t i = 0; i < ARRAY_LEN(params); i++)
        dialect_strip_param(e->loss, params[i]);
    if (c->parallel_tool_calls == IR_FALSE)
        dialect_strip(e->loss, STR("parallel_tool_calls"));
    for (const struct ir_name *n = c->unknown; n; n = n->next)
        if (!e->own || !n->raw.p)
            dialect_strip(e->loss, n->text);
}

/* Is it a field that stands where `before` says, and its key there? */
static bool is_unknown(const struct ir_name *n, struct str before, struct str *key)
{
    if (!n->raw.p || !str_starts(n->text, before))
        return false;
    *key = str_make(n->text.p + before.len, n->text.len - before.len);
    return before.len > 0 || !str_starts(*key, STR(BEDROCK_ADDITIONAL));
}

bool bedrock_has_unknown(const struct bedrock_emit *e, struct str before)
{
    struct str key;
    for (const struct ir_name *n = e->c->unknown; n && e->own; n = n->next)
        if (is_unknown(n, before, &key))
            return true;
    return false;
}

void bedrock_emit_unknown(struct bedrock_emit *e, struct str before)
{
    struct str key;
    for (const struct ir_name *n = e->c->unknown; n && e->own; n = n->next)
        if (is_unknown(n, before, &key)) {
            jw_key_string(&e->w, key);
            jw_raw(&e->w, n->raw);
        }
}

/* ------------------------------------------------------------------ inferenceConfig */

static void emit_temperature(struct bedrock_emit *e)
{
    const struct ir_param *t = &e->c->temperature;
    int64_t max = e->to->max_temperature_milli;
    if (!t->raw.p)
        return;
    if (e->think && !is_json(t, "1")) { /* a thinking Claude takes no other */
        dialect_strip_param(e->loss, t);
        return;
    }
    jw_key(&e->w, "temperature");
    jw_raw(&e->w,
           max >= 0 && dialect_number_above(t->raw, max) ? dialect_milli(max, e->a) : t->raw);
}

static void emit_top_p(struct bedrock_emit *e)
{
    const struct ir_param *p = &e->c->top_p;
    if (!p->raw.p)
        return;
    /* Claude takes one of temperature and topP, and thinking neither. */
    if (e->family == BEDROCK_CLAUDE && (e->think || e->c->temperature.raw.p)) {
        dialect_strip_param(e->loss, p);
        return;
    }
    jw_key(&e->w, "topP");
    jw_raw(&e->w, p->raw);
}

static void emit_stops(struct bedrock_emit *e)
{
    bool any = false;
    for (const struct ir_name *n = e->c->stop; n; n = n->next) {
        if (ir_is_blank(n->text)) { /* refused by Bedrock's models */
            dialect_strip(e->loss, str_of(e->c->stop_field));
            continue;
        }
        if (!any) {
            jw_key(&e->w, "stopSequences");
            jw_array(&e->w);
        }
        any = true;
        jw_text(&e->w, n->text);
    }
    if (any)
        jw_end(&e->w);
}

static void emit_inference(struct bedrock_emit *e)
{
    const struct ir_chat *c = e->c;
    int64_t max = e->max_output;
    if (max >= 0 && e->to->max_output > 0 && max > e->to->max_output)
        max = e->to->max_output;
    if (max < 0 && !c->temperature.raw.p && !c->top_p.raw.p && !c->stop)
        return;
    jw_key(&e->w, "inferenceConfig");
    jw_object(&e->w);
    if (max >= 0) {
        jw_key(&e->w, "maxTokens");
        jw_i64(&e->w, max);
    }
    emit_temperature(e);
    emit_top_p(e);
    emit_stops(e);
    jw_end(&e->w);
}

/* ------------------------------------------------------------------ the rest */

static void emit_output(struct bedrock_emit *e)
{
    const struct ir_chat *c = e->c;
    struct json_write *w = &e->w;
    if (c->format != IR_FORMAT_SCHEMA)
        return;
    jw_key(w, "outputConfig");
    jw_object(w);
    jw_key(w, "textFormat");
    jw_object(w);
    jw_key(w, "type");
    jw_lit(w, "\"json_schema\"");
    jw_key(w, "structure");
    jw_object(w);
    jw_key(w, "jsonSchema");
    jw_object(w);
    jw_key(w, "schema");
    jw_text_begin(w);
    json_quote_into(c->format_schema, w->out);
    jw_text_end(w);
    if (c->format_name.len > 0) {
        jw_key(w, "name");
        jw_text(w, c->format_name);
    }
    if (c->format_description.len > 0) {
        jw_key(w, "description");
        jw_text(w, c->format_description);
    }
    for (int i = 0; i < 4; i++)
        jw_end(w);
}

static void emit_tier(struct bedrock_emit *e)
{
    const struct ir_param *p = &e->c->service_tier;
    if (!p->raw.p || is_json(p, "\"auto\""))
        return;
    struct str tier = bedrock_tier(str_make(p->raw.p + 1, p->raw.len > 2 ? p->raw.len - 2 : 0));
    if (!tier.p)
        dialect_strip_param(e->loss, p);
    bedrock_write_tier(&e->w, tier);
}

static void emit_metadata(struct bedrock_emit *e)
{
    const struct ir_param *p = &e->c->metadata;
    if (!p->raw.p)
        return;
    if (e->own) {
        jw_key(&e->w, "requestMetadata");
        jw_raw(&e->w, p->raw);
    } else {
        dialect_strip_param(e->loss, p);
    }
}

static bool write_body(struct bedrock_emit *e)
{
    jw_object(&e->w);
    if (!bedrock_emit_messages(e) || !bedrock_emit_system(e))
        return false;
    emit_inference(e);
    if (!bedrock_emit_tools(e))
        return false;
    bedrock_emit_additional(e);
    emit_output(e);
    emit_tier(e);
    emit_metadata(e);
    bedrock_emit_unknown(e, STR(""));
    jw_end(&e->w);
    return true;
}

enum err bedrock_emit_request(const struct ir_chat *c, const struct dialect_target *to,
                              struct arena *a, struct buf *out, struct dialect_loss *loss)
{
    struct bedrock_emit e = {.c = c,
                             .to = to,
                             .a = a,
                             .loss = loss,
                             .family = bedrock_family(to->model),
                             .final = ir_final_text(c),
                             .own = c->words == &bedrock_words,
                             .max_output = c->max_output};
    e.err = check(&e);
    if (e.err != E_OK)
        return e.err;
    strip_unsaid(&e);
    bedrock_plan_reasoning(&e);
    json_write_init(&e.w, out);
    map_init(&e.documents);
    bool whole = write_body(&e);
    map_fini(&e.documents);
    if (!whole)
        return e.err;
    if (!out->failed)
        return E_OK;
    dialect_refuse(a, &loss->why, E_BODY_TOO_LARGE, STR(""), "The request is too large.");
    return E_BODY_TOO_LARGE;
}
