/* What all dialects share: edits, losses, facts from events. Pure; any thread. */
#include "gateway/dialect/dialect.h"

#include <stdarg.h>

#include "gateway/dialect/answer_format.h"
#include "gateway/dialect/params.h"
#include "gateway/dialect/refuse.h"
#include "gateway/dialect/turns.h"

void dialect_write_models(const struct dialect *d, const struct dialect_model *m, size_t n,
                          bool list, struct buf *out)
{
    dialect_models_fn *write = d->write_models ? d->write_models : openai_write_models;
    write(m, n, list, out);
}

uint32_t dialect_quirk_find(struct str word)
{
    static const char *const words[] = {
#define QUIRK(e, w) [QUIRK_BIT_##e] = (w),
        QUIRK_TABLE(QUIRK)
#undef QUIRK
    };
    static_assert(ARRAY_LEN(words) == QUIRK_COUNT, "a word per quirk");
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq(word, str_of(words[i])))
            return 1u << i;
    return 0;
}

void dialect_sort_edits(struct dialect_edit *edits, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct dialect_edit e = edits[i];
        size_t k = i;
        for (; k > 0 && edits[k - 1].begin > e.begin; k--)
            edits[k] = edits[k - 1];
        edits[k] = e;
    }
}

struct str dialect_json_string(struct str s, struct arena *a)
{
    struct buf b;
    buf_init(&b, s.len * 6 + 2);
    ASSERT(buf_add_json(&b, s));
    struct str text = arena_str(a, buf_str(&b));
    buf_fini(&b);
    return text;
}

struct str dialect_milli(int64_t milli, struct arena *a)
{
    ASSERT(milli >= 0);
    struct str s = str_of(
        arena_printf(a, "%lld.%03lld", (long long)(milli / 1000), (long long)(milli % 1000)));
    while (s.p[s.len - 1] == '0')
        s.len--;
    if (s.p[s.len - 1] == '.')
        s.len--;
    return s;
}

enum err dialect_emit(const struct dialect *d, const struct ir_chat *c,
                      const struct dialect_target *to, struct arena *a, struct buf *out,
                      struct dialect_loss *loss)
{
    if (c->held_field)
        return dialect_cannot(loss, a, str_of(c->held_field),
                              "The conversation cannot be held for '%s' here: send all of it "
                              "without '%s'.",
                              c->held_field, c->held_field);
    struct ir_chat *fit = ARENA_NEW(a, struct ir_chat);
    enum err err = params_fit(d, c, to, a, fit, loss);
    if (!err)
        err = turns_fit(d, a, fit, loss);
    if (!err)
        err = answer_format_fit(d, to, a, fit, loss);
    if (err)
        return err;
    struct ir_index index;
    ir_index_init(&index, fit);
    err = d->emit_request(fit, to, a, out, loss);
    ir_index_fini(&index);
    fit->index = NULL;
    return err;
}

void dialect_settle_signers(const struct dialect *d, struct str model, struct ir_events *ev)
{
    for (size_t i = 0; d->signer && i < ev->n; i++)
        if (ev->v[i].signature.data.len > 0)
            ev->v[i].signature.origin = d->signer(model);
}

bool dialect_number_above(struct str number, int64_t milli)
{
    int64_t value = 0, scale = 1000;
    bool fraction = false;
    for (size_t i = 0; i < number.len; i++) {
        char c = number.p[i];
        if (c == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (c < '0' || c > '9' || value > INT32_MAX)
            return false;
        if (fraction && scale == 1)
            continue;
        value = value * 10 + (c - '0');
        scale = fraction ? scale / 10 : scale;
    }
    return value * scale > milli;
}

void dialect_strip(struct dialect_loss *loss, struct str field)
{
    field = dialect_short(field);
    for (size_t i = 0; i < loss->n_stripped; i++)
        if (str_eq(loss->stripped[i], field))
            return;
    if (loss->n_stripped < STRIPPED_MAX)
        loss->stripped[loss->n_stripped++] = field;
}

void dialect_strip_param(struct dialect_loss *loss, const struct ir_param *p)
{
    if (p->raw.p)
        dialect_strip(loss, str_of(p->field));
}

enum err dialect_cannot(struct dialect_loss *loss, struct arena *a, struct str field,
                        const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    dialect_refuse_va(a, &loss->why, E_UNSUPPORTED, field, fmt, ap);
    va_end(ap);
    return E_UNSUPPORTED;
}

static bool has_content(const struct ir_event *e)
{
    return e->block == IR_TOOL_CALL || e->text.len > 0 || e->media.data.len > 0 ||
           e->signature.data.len > 0 || e->raw.len > 0;
}

static void note_event(const struct ir_event *e, struct arena *a, struct dialect_answer *an)
{
    switch (e->kind) {
    case IR_START:
        an->has_choices = true;
        an->model = e->model.p ? arena_str(a, e->model) : an->model;
        an->id = e->id.p ? arena_str(a, e->id) : an->id;
        break;
    case IR_DELTA:
        an->has_choices = true;
        an->has_content |= has_content(e);
        an->content_bytes += e->text.len + e->name.len + e->json.raw.len;
        break;
    case IR_STOP:
        an->has_choices = true;
        if (e->finish > an->finish)
            an->finish = (uint8_t)e->finish;
        break;
    case IR_ERROR:
        an->is_error = true;
        an->error_text = arena_str(a, e->text);
        an->error_status = e->status;
        an->error_for_client = e->for_client;
        return;
    case IR_END:
        an->is_done = true;
        break;
    case IR_USAGE:
    case IR_OPEN:
    case IR_CLOSE:
        break;
    }
    an->has_usage |= e->usage.input >= 0 || e->usage.output >= 0;
    usage_merge(&an->usage, &e->usage);
    if (e->service_tier.len)
        an->service_tier = arena_str(a, e->service_tier);
}

bool dialect_note_events(const struct ir_events *ev, struct arena *a, struct dialect_answer *an)
{
    for (size_t i = 0; i < ev->n; i++)
        note_event(&ev->v[i], a, an);
    return !ev->full;
}

bool dialect_blames_account(const struct dialect_answer *an)
{
    static const char *const begins[] = {
        "API key not valid",                   /* Google: 400 with reason API_KEY_INVALID */
        "API key expired",                     /* the same */
        "Incorrect API key provided",          /* xAI: 400 */
        "Your credit balance is too low",      /* Anthropic: 400 invalid_request_error */
        "Billing hard limit has been reached", /* OpenAI: 400 billing_hard_limit_reached */
    };
    for (size_t i = 0; i < ARRAY_LEN(begins); i++)
        if (str_starts(an->error_text, str_of(begins[i])))
            return true;
    return an->error_status >= 401 && an->error_status <= 403;
}

size_t dialect_cut(struct str body, const struct dialect_edit *edits, size_t n, struct str *pieces)
{
    size_t at = 0, n_out = 0;
    for (size_t i = 0; i < n; i++) {
        const struct dialect_edit *e = &edits[i];
        ASSERT(at <= e->begin && e->begin <= e->end && e->end <= body.len);
        if (e->begin > at)
            pieces[n_out++] = str_make(body.p + at, e->begin - at);
        if (e->with.len)
            pieces[n_out++] = e->with;
        at = e->end;
    }
    if (body.len > at)
        pieces[n_out++] = str_make(body.p + at, body.len - at);
    return n_out;
}

bool dialect_apply(struct str body, const struct dialect_edit *edits, size_t n, struct buf *out)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const struct dialect_edit *e = &edits[i];
        ASSERT(at <= e->begin && e->begin <= e->end && e->end <= body.len);
        buf_add(out, body.p + at, e->begin - at);
        buf_add_str(out, e->with);
        at = e->end;
    }
    return buf_add(out, body.p + at, body.len - at);
}
