/* Reads `generationConfig` of Google's requests. Pure. */
#include "gateway/dialect/google_priv.h"
#include "gateway/wire/json_text.h"

#define CONFIG "generationConfig."
enum { CHOICES_MAX = 128 };

static void unknown(struct google_parse *p, struct str key)
{
    ir_add_unknown(p->c, p->r.a, str_of(arena_printf(p->r.a, CONFIG STR_FMT, STR_ARG(key))));
    rd_skip(&p->r);
}

/* Scalars that go as they are: where they belong, and Google's name. */
static const struct {
    const char *key, *field;
    size_t at;
} params[] = {
    {"temperature", CONFIG "temperature", offsetof(struct ir_chat, temperature)},
    {"topP", CONFIG "topP", offsetof(struct ir_chat, top_p)},
    {"topK", CONFIG "topK", offsetof(struct ir_chat, top_k)},
    {"seed", CONFIG "seed", offsetof(struct ir_chat, seed)},
    {"presencePenalty", CONFIG "presencePenalty", offsetof(struct ir_chat, presence_penalty)},
    {"frequencyPenalty", CONFIG "frequencyPenalty", offsetof(struct ir_chat, frequency_penalty)},
    {"responseLogprobs", CONFIG "responseLogprobs", offsetof(struct ir_chat, logprobs)},
    {"logprobs", CONFIG "logprobs", offsetof(struct ir_chat, top_logprobs)},
    {"candidateCount", CONFIG "candidateCount", offsetof(struct ir_chat, n)},
};

/* For the log: small scalars. */
static void note_param(struct google_parse *p, const char *key, struct str value)
{
    if (!value.p || value.len > GOOGLE_PARAM_MAX_BYTES ||
        p->params.len + value.len + strlen(key) + 8 > p->params.max)
        return;
    buf_add_str(&p->params, p->params.len ? STR(",\"") : STR("\""));
    buf_add_str(&p->params, str_of(key));
    buf_add_lit(&p->params, "\":");
    buf_add_str(&p->params, value);
}

/* Google's reader takes numbers in strings, too. */
static struct str bare_number(struct str raw)
{
    size_t end = 0;
    struct str inside = raw;
    if (raw.len < 3 || raw.p[0] != '"')
        return raw;
    inside.p++;
    inside.len -= 2;
    return json_number_end(inside.p, &end, inside.len) && end == inside.len ? inside : raw;
}

static bool read_whole(struct google_parse *p, const char *field, int64_t *out)
{
    struct str raw;
    if (rd_peek(&p->r) != JSON_STRING)
        return rd_i64(&p->r, field, out);
    if (rd_text(&p->r, field, &raw) && !json_whole(raw, out))
        return rd_refuse(&p->r, E_BAD_FIELD, str_of(field), "'%s' must be an integer.", field);
    return !p->r.failed;
}

static bool read_param(struct google_parse *p, struct str key)
{
    for (size_t i = 0; i < ARRAY_LEN(params); i++) {
        if (!rd_is(key, params[i].key))
            continue;
        struct ir_param *to = (struct ir_param *)(void *)((char *)p->c + params[i].at);
        rd_param(&p->r, params[i].field, to);
        to->raw = bare_number(to->raw);
        if (to == &p->c->temperature && to->raw.p) {
            p->out->temperature = (struct dialect_span){p->r.s.begin, p->r.s.end};
            p->out->temperature_raw = to->raw;
        }
        note_param(p, params[i].key, to->raw);
        return true;
    }
    return false;
}

static void read_stop(struct google_parse *p)
{
    struct str text;
    p->c->stop_field = CONFIG "stopSequences";
    if (!rd_array(&p->r, CONFIG "stopSequences"))
        return;
    while (rd_element(&p->r))
        if (rd_text(&p->r, CONFIG "stopSequences[]", &text))
            ir_add_stop(p->c, p->r.a, text);
}

static void read_level(struct google_parse *p)
{
    struct str word;
    if (!rd_string(&p->r, CONFIG "thinkingConfig.thinkingLevel", &word))
        return;
    enum ir_effort e = ir_effort_find(word);
    if (e != IR_EFFORT_UNSET)
        p->c->reasoning.effort = e;
}

static void read_budget(struct google_parse *p)
{
    int64_t budget;
    if (!read_whole(p, CONFIG "thinkingConfig.thinkingBudget", &budget))
        return;
    p->c->reasoning.adaptive = budget < 0;
    p->c->reasoning.budget_tokens = budget < 0 ? -1 : budget;
    if (budget == 0)
        p->c->reasoning.effort = IR_EFFORT_NONE;
}

static void read_thinking(struct google_parse *p)
{
    struct str key;
    struct ir_reasoning *t = &p->c->reasoning;
    bool show;
    if (!rd_object(&p->r, CONFIG "thinkingConfig"))
        return;
    t->given = true;
    t->field = CONFIG "thinkingConfig";
    t->show = IR_FALSE; /* thoughts are shown to those who ask */
    while (google_key(&p->r, &key)) {
        if (rd_is(key, "includeThoughts")) {
            if (rd_bool(&p->r, CONFIG "thinkingConfig.includeThoughts", &show))
                t->show = show ? IR_TRUE : IR_FALSE;
        } else if (rd_is(key, "thinkingBudget")) {
            read_budget(p);
        } else if (rd_is(key, "thinkingLevel")) {
            read_level(p);
        } else {
            unknown(p, key);
        }
    }
    p->out->wants_reasoning = t->effort != IR_EFFORT_NONE;
}

/* Kinds of output as others spell them; text alone is what all give anyway. */
static void read_modalities(struct google_parse *p)
{
    struct str word;
    struct buf b;
    bool more = false;
    if (!rd_array(&p->r, CONFIG "responseModalities"))
        return;
    buf_init(&b, 256);
    while (rd_element(&p->r)) {
        if (!rd_string(&p->r, CONFIG "responseModalities[]", &word))
            continue;
        char text[16];
        size_t n = word.len < sizeof text ? word.len : sizeof text;
        for (size_t i = 0; i < n; i++)
            text[i] = (char)(word.p[i] >= 'A' && word.p[i] <= 'Z' ? word.p[i] - 'A' + 'a'
                                                                  : word.p[i]);
        more |= !str_ieq(word, STR("TEXT"));
        buf_add_char(&b, b.len ? ',' : '[');
        buf_add_json(&b, str_make(text, n));
    }
    if (more && buf_add_char(&b, ']'))
        p->c->modalities = (struct ir_param){arena_str(p->r.a, buf_str(&b)),
                                             CONFIG "responseModalities"};
    buf_fini(&b);
}

static void read_most(struct google_parse *p)
{
    int64_t *most = &p->c->max_output;
    if (!read_whole(p, CONFIG "maxOutputTokens", most))
        return;
    note_param(p, "maxOutputTokens", p->r.s.raw);
    if (*most < 1)
        rd_refuse(&p->r, E_BAD_FIELD, STR(CONFIG "maxOutputTokens"),
                  "'" CONFIG "maxOutputTokens' must be a positive integer.");
}

static void read_member(struct google_parse *p, struct str key)
{
    struct str raw;
    if (rd_is(key, "maxOutputTokens")) {
        read_most(p);
    } else if (rd_is(key, "stopSequences")) {
        read_stop(p);
    } else if (rd_is(key, "thinkingConfig")) {
        read_thinking(p);
    } else if (rd_is(key, "responseModalities")) {
        read_modalities(p);
    } else if (rd_is(key, "responseMimeType")) {
        (void)rd_string(&p->r, CONFIG "responseMimeType", &p->mime);
    } else if (rd_is(key, "responseSchema")) {
        if (rd_raw(&p->r, &raw) && !p->c->format_schema.p)
            p->c->format_schema = google_schema(raw, p->r.a);
    } else if (rd_is(key, "responseJsonSchema")) {
        (void)rd_raw(&p->r, &p->c->format_schema);
    } else {
        unknown(p, key);
    }
}

void google_parse_config(struct google_parse *p)
{
    struct str key;
    if (!rd_object(&p->r, "generationConfig"))
        return;
    while (google_key(&p->r, &key))
        if (!read_param(p, key))
            read_member(p, key);
}

void google_settle_config(struct google_parse *p)
{
    struct ir_chat *c = p->c;
    int64_t n;
    bool json = str_eq(p->mime, STR("application/json"));
    c->format_field = CONFIG "responseMimeType";
    if (json)
        c->format = c->format_schema.p ? IR_FORMAT_SCHEMA : IR_FORMAT_JSON;
    else if (str_eq(p->mime, STR("text/plain")))
        c->format = IR_FORMAT_TEXT;
    else if (p->mime.len)
        ir_add_unknown(c, p->r.a, STR(CONFIG "responseMimeType"));
    p->out->wants_json_schema = c->format == IR_FORMAT_SCHEMA;
    p->out->max_output = c->max_output;
    if (!c->n.raw.p)
        return;
    if (!json_whole(c->n.raw, &n) || n < 1 || n > CHOICES_MAX)
        rd_refuse(&p->r, E_BAD_FIELD, str_of(c->n.field),
                  "'" CONFIG "candidateCount' must be 1 to %d.", CHOICES_MAX);
    else
        p->out->n = n;
}
