/* See params.h. Pure. */
#include "gateway/dialect/params.h"

#include "gateway/dialect/refuse.h"
#include "gateway/wire/json_text.h"

/* ------------------------------------------------------------------ lists */

static const struct {
    const char *word;
    size_t at; /* in struct ir_chat */
} rows[] = {
#define PARAM(e, member) [PARAM_BIT_##e] = {#member, offsetof(struct ir_chat, member)},
    PARAM_TABLE(PARAM)
#undef PARAM
};
static_assert(ARRAY_LEN(rows) == PARAM_COUNT, "a row per parameter");

#define BIT(e) (1u << PARAM_BIT_##e)
#define SAMPLING                                                                                   \
    (BIT(TEMPERATURE) | BIT(TOP_P) | BIT(TOP_K) | BIT(FREQUENCY_PENALTY) | BIT(PRESENCE_PENALTY))
/* Answers are other ones without. */
#define MEANT (BIT(LOGPROBS) | BIT(TOP_LOGPROBS))

static bool names(struct str words, const char *word)
{
    while (words.p) {
        if (str_eq(str_cut(&words, ','), str_of(word)))
            return true;
    }
    return false;
}

/* Is there a word that is no bound? */
static bool is_list(struct str words)
{
    while (words.p) {
        struct str word = str_cut(&words, ',');
        if (word.len && str_find(word, ':') < 0)
            return true;
    }
    return false;
}

uint32_t params_lacking(struct str words, uint32_t caps)
{
    uint32_t out = 0, unstopped = params_bound(words, "stop") == 0 ? BIT(STOP) : 0;
    if (!is_list(words))
        return unstopped;
    for (size_t i = 0; i < PARAM_COUNT; i++)
        out |= names(words, rows[i].word) ? 0 : 1u << i;
    if (!(out & BIT(TOP_P)))
        out &= ~BIT(TOP_K);
    if (!names(words, "messages"))
        out &= SAMPLING;
    else
        out |= names(words, "stop") || params_bound(words, "stop") > 0 ? 0 : BIT(STOP);
    if (!(caps & CAP_TOOLS) && !names(words, "tools"))
        out |= BIT(TOOLS);
    if (!(caps & (CAP_JSON_OUTPUT | CAP_JSON_SCHEMA)) && !names(words, "response_format"))
        out |= BIT(FORMAT);
    return out | unstopped;
}

int64_t params_bound(struct str words, const char *name)
{
    int64_t n;
    while (words.p) {
        struct str value = str_cut(&words, ',');
        struct str word = str_cut(&value, ':');
        if (value.p && str_eq(word, str_of(name)) && str_to_i64(value, &n) && n >= 0)
            return n;
    }
    return -1;
}

/* ------------------------------------------------------------------ one request */

/* What a target does not take of this request: some of it only while the model reasons. A model
 * that cannot but reason does so unasked. */
static uint32_t lacking(const struct dialect_target *to, bool reasons)
{
    bool always = to->efforts && !(to->efforts & 1u << IR_EFFORT_NONE);
    if (QUIRK_IS(to->quirks, COOL_REASONING) && (to->caps & CAP_REASONING) && (reasons || always))
        return to->lacks | SAMPLING | BIT(LOGIT_BIAS) | MEANT;
    return to->lacks;
}

/* What is asked for that has no parameter of struct ir_param. */
struct wishes {
    bool tools, format;
    size_t n_stops;
    const char *tools_field, *format_field, *stop_field;
};

static enum err refuse(const struct wishes *w, uint32_t lacks, const struct dialect_target *to,
                       struct arena *a, struct dialect_loss *loss)
{
    if (w->tools && (lacks & BIT(TOOLS)))
        return dialect_cannot(loss, a, str_of(w->tools_field),
                              "This model takes no tools at this provider.");
    if (w->format && (lacks & BIT(FORMAT)))
        return dialect_cannot(loss, a, str_of(w->format_field),
                              "This model takes no format of answers at this provider.");
    if (w->n_stops && (lacks & BIT(STOP)))
        return dialect_cannot(loss, a, str_of(w->stop_field),
                              "This model takes no stop sequences at this provider.");
    if (to->max_stops == 0 || w->n_stops <= (size_t)to->max_stops)
        return E_OK;
    return dialect_cannot(loss, a, str_of(w->stop_field),
                          "This provider takes at most %lld stop sequences, not %zu.",
                          (long long)to->max_stops, w->n_stops);
}

static bool is_nothing(struct str raw)
{
    return !raw.p || str_eq(raw, STR("false")) || str_eq(raw, STR("0")) || str_eq(raw, STR("null"));
}

/* Takes the parameters of `lacks` out; those that are meant refuse. */
static enum err refuse_meant(size_t i, struct str raw, struct str field, struct arena *a,
                             struct dialect_loss *loss)
{
    if (!(1u << i & MEANT) || is_nothing(raw))
        return E_OK;
    return dialect_cannot(loss, a, field, "This model tells no probabilities of tokens here.");
}

static struct wishes wishes_of(const struct ir_chat *c, bool format_by_word)
{
    struct wishes w = {.tools_field = c->words->tools,
                       .format = format_by_word && c->format > IR_FORMAT_TEXT,
                       .format_field = c->format_field ? c->format_field : "response_format",
                       .stop_field = c->stop_field ? c->stop_field : "stop"};
    for (const struct ir_tool *t = c->tools; t; t = t->next)
        w.tools |= t->kind != IR_TOOL_WEB_SEARCH && c->choice != IR_CHOICE_NONE;
    for (const struct ir_name *s = c->stop; s; s = s->next)
        w.n_stops++;
    return w;
}

static bool reasons(const struct ir_chat *c)
{
    return c->reasoning.given && ir_reasoning_effort(&c->reasoning) > IR_EFFORT_NONE;
}

enum err params_fit(const struct dialect *d, const struct ir_chat *c,
                    const struct dialect_target *to, struct arena *a, struct ir_chat *out,
                    struct dialect_loss *loss)
{
    uint32_t lacks = lacking(to, reasons(c));
    bool by_word = d->format_by_word && !QUIRK_IS(to->quirks, SCHEMA_BY_TOOL);
    struct wishes w = wishes_of(c, by_word);
    enum err err = refuse(&w, lacks, to, a, loss);
    *out = *c;
    for (size_t i = 0; i < PARAM_COUNT && !err; i++) {
        struct ir_param *p = (struct ir_param *)(void *)((char *)out + rows[i].at);
        if (!(lacks & 1u << i) || !p->raw.p)
            continue;
        err = refuse_meant(i, p->raw, str_of(p->field), a, loss);
        if (err)
            break;
        dialect_strip_param(loss, p);
        *p = (struct ir_param){0};
        out->body = STR_NULL; /* as it stood it may not go on */
    }
    return err;
}

/* ------------------------------------------------------------------ bodies that are passed */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t back(struct str body, size_t at)
{
    while (at > 0 && is_blank(body.p[at - 1]))
        at--;
    return at;
}

/* Where the member begins whose value begins at `at`. Names of parameters hold no quote. */
static size_t member_begin(struct str body, size_t at)
{
    at = back(body, at);
    ASSERT(at > 0 && body.p[at - 1] == ':');
    at = back(body, at - 1);
    ASSERT(at > 0 && body.p[at - 1] == '"');
    for (at--; at > 0 && body.p[at - 1] != '"';)
        at--;
    ASSERT(at > 0);
    return at - 1;
}

static struct dialect_span member_of(struct str body, struct dialect_span value)
{
    struct dialect_span m = value;
    /* A number in a string: its quotes are the value's. */
    if (body.p[m.begin - 1] == '"') {
        m.begin--;
        m.end++;
    }
    m.begin = member_begin(body, m.begin);
    return m;
}

/* Leaves a member out: with the comma behind it, or if it is the last, with the one before. Edits
 * come in order; one that the last member's comma belongs to becomes a part of it. */
static void leave_out(struct str body, struct dialect_span m, struct dialect_edit *edits, size_t *n)
{
    size_t end = m.end;
    while (end < body.len && is_blank(body.p[end]))
        end++;
    if (body.p[end] == ',') {
        edits[(*n)++] = (struct dialect_edit){m.begin, end + 1, STR("")};
        return;
    }
    size_t begin = back(body, m.begin);
    while (*n > 0 && edits[*n - 1].end == begin) {
        begin = back(body, edits[*n - 1].begin);
        --*n;
    }
    if (begin > 0 && body.p[begin - 1] == ',')
        begin--;
    edits[(*n)++] = (struct dialect_edit){begin, m.end, STR("")};
}

/* Where the parameters' values stand, and by what names. A word of Responses' `include` has no
 * member of its own: its span is 0,0. */
struct placed {
    struct dialect_span value;
    struct str raw;
    const char *field;
    size_t i;
};

static struct dialect_span span_within(struct str body, struct str raw)
{
    uintptr_t begin = (uintptr_t)raw.p, from = (uintptr_t)body.p;
    if (begin <= from || begin + raw.len >= from + body.len)
        return (struct dialect_span){0, 0};
    return (struct dialect_span){begin - from, begin - from + raw.len};
}

static size_t place(const struct dialect_request *in, struct str body, uint32_t lacks,
                    struct placed out[PARAM_COUNT])
{
    size_t n = 0;
    for (size_t i = 0; i < PARAM_COUNT; i++) {
        struct dialect_span given = in->given[i];
        struct placed p = {.value = given, .field = rows[i].word, .i = i};
        if (given.end > 0)
            p.raw = str_make(body.p + given.begin, given.end - given.begin);
        if (in->chat) {
            const struct ir_param *v =
                (const struct ir_param *)(const void *)((const char *)in->chat + rows[i].at);
            p.value = span_within(body, v->raw);
            p.raw = v->raw;
            p.field = v->field;
        }
        if (!(lacks & 1u << i) || !p.raw.p)
            continue;
        ASSERT(p.value.end < body.len);
        size_t k = n++;
        for (; k > 0 && out[k - 1].value.begin > p.value.begin; k--)
            out[k] = out[k - 1];
        out[k] = p;
    }
    return n;
}

static void drop_inside(struct dialect_span s, struct dialect_edit *edits, size_t *n)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (edits[i].begin < s.begin || edits[i].end > s.end)
            edits[kept++] = edits[i];
    *n = kept;
}

enum err params_fit_body(const struct dialect *d, const struct dialect_request *in, struct str body,
                         const struct dialect_target *to, struct arena *a,
                         struct dialect_edit edits[DIALECT_EDITS_MAX], size_t *n,
                         struct dialect_loss *loss)
{
    struct placed found[PARAM_COUNT];
    uint32_t lacks = lacking(to, in->chat ? reasons(in->chat) : in->wants_reasoning);
    struct wishes w = {.tools = in->has_tools,
                       .tools_field = "tools",
                       .format = d->format_by_word && in->wants_json_schema,
                       .format_field = "response_format",
                       .stop_field = "stop",
                       .n_stops = in->n_stops};
    if (in->chat)
        w = wishes_of(in->chat, d->format_by_word);
    enum err err = refuse(&w, lacks, to, a, loss);
    size_t n_found = err ? 0 : place(in, body, lacks, found);
    struct dialect_edit out[PARAM_COUNT];
    size_t n_out = 0;
    for (size_t i = 0; i < n_found; i++) {
        struct dialect_span v = found[i].value;
        err = refuse_meant(found[i].i, found[i].raw, str_of(found[i].field), a, loss);
        if (err)
            break;
        ASSERT(v.end > 0); /* words without a member are meant, and refused */
        dialect_strip(loss, str_of(found[i].field));
        drop_inside(v, edits, n);
        leave_out(body, member_of(body, v), out, &n_out);
    }
    ASSERT(*n + n_out <= DIALECT_EDITS_MAX);
    memcpy(edits + *n, out, n_out * sizeof *out);
    *n += n_out;
    dialect_sort_edits(edits, *n);
    return err;
}
