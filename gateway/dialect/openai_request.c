/* Reads OpenAI chat requests and says which spans must change. Runs on the worker (or the pool, for
 * large bodies); pure but for the caller's arena. It judges only what the gateway leans on: fields
 * it does not know, and values that only a model can judge, pass.
 */
#include <stdio.h>

#include "gateway/dialect/openai_fields.h"
#include "gateway/dialect/openai_priv.h"
#include "gateway/dialect/refuse.h"
#include "gateway/dialect/signature.h"
#include "gateway/wire/json_text.h"

/* Which field a key names, NULL for one that we do not know. */
static const struct openai_field *find_field(struct str key)
{
    for (size_t i = 0; i < openai_n_fields; i++) {
        const struct openai_field *f = &openai_fields[i];
        if (f->name.len == key.len && memcmp(f->name.p, key.p, key.len) == 0)
            return f;
    }
    return NULL;
}

/* A key given twice lets scanner and provider read different values: refused. */
static bool is_new(struct openai_reader *r, const struct openai_field *f, struct str key)
{
    bool repeated = false;
    if (f) {
        uint64_t bit = UINT64_C(1) << (f - openai_fields);
        repeated = (r->seen & bit) != 0;
        r->seen |= bit;
    } else {
        for (size_t i = 0; i < r->n_unknown && !repeated; i++)
            repeated = str_eq(r->unknown[i], key);
        if (!repeated && r->n_unknown == ARRAY_LEN(r->unknown))
            return openai_refuse(r, E_BAD_FIELD, key, "The request has over %zu unknown fields.",
                                 r->n_unknown);
        if (!repeated)
            r->unknown[r->n_unknown++] = key;
    }
    if (repeated)
        return openai_refuse(r, E_REPEATED_KEY, key, "The field '" STR_FMT "' is given twice.",
                             STR_ARG(dialect_short(key)));
    return true;
}

static void note_param(struct openai_reader *r, const struct openai_field *f)
{
    size_t len = r->s.end - r->s.begin;
    if (r->n_params < ARRAY_LEN(r->param) && len <= OPENAI_PARAM_MAX_BYTES)
        r->param[r->n_params++] = (struct openai_param){f->name,
                                                        str_make(r->s.text + r->s.begin, len)};
}

static bool read_member(struct openai_reader *r)
{
    struct str key = openai_decoded(&r->s, r->a);
    const struct openai_field *f = find_field(key);
    if (!is_new(r, f, key))
        return false;
    enum json_token t = json_scan_next(&r->s);
    if (t == JSON_ERROR)
        return false;
    if (!f)
        return json_scan_value(&r->s, t).p != NULL;
    if (!(f->types >> t & 1))
        return openai_refuse_type(r, f->name, f->types, t);
    if (f->is_param && t >= JSON_STRING && t != JSON_NULL)
        note_param(r, f);
    size_t begin = r->s.begin;
    bool reads = f->read && (t != JSON_NULL || f->reads_null);
    if (!(reads ? f->read(r, f, t) : json_scan_value(&r->s, t).p != NULL))
        return false;
    if (f->given && t != JSON_NULL)
        r->out->given[f->given - 1] = (struct dialect_span){begin, r->s.end};
    return true;
}

static bool require(struct openai_reader *r, const char *name)
{
    const struct openai_field *f = find_field(str_of(name));
    ASSERT(f);
    if (r->seen >> (f - openai_fields) & 1)
        return true;
    return openai_refuse(r, E_MISSING_FIELD, f->name, "The required field '%s' is missing.", name);
}

static bool read_body(struct openai_reader *r)
{
    enum json_token t = json_scan_next(&r->s);
    if (t == JSON_ERROR)
        return false;
    if (t != JSON_OBJECT_BEGIN)
        return openai_refuse(r, E_BAD_JSON, STR(""), "The request body must be a JSON object.");
    r->out->object_empty = true;
    while ((t = json_scan_next(&r->s)) == JSON_KEY) {
        r->out->object_empty = false;
        if (!read_member(r))
            return false;
    }
    if (t != JSON_OBJECT_END)
        return false;
    r->out->object_end = r->s.begin;
    return json_scan_next(&r->s) == JSON_END && require(r, "model") && require(r, "messages");
}

/* {"temperature":0.7,...}: raw values, which are valid JSON as they stand. */
static struct str write_params(const struct openai_reader *r)
{
    size_t size = 2, len = 0;
    for (size_t i = 0; i < r->n_params; i++)
        size += r->param[i].name.len + r->param[i].value.len + 4;
    char *p = arena_alloc(r->a, size);
    p[len++] = '{';
    for (size_t i = 0; i < r->n_params; i++) {
        struct str name = r->param[i].name, value = r->param[i].value;
        if (i > 0)
            p[len++] = ',';
        p[len++] = '"';
        memcpy(p + len, name.p, name.len);
        len += name.len;
        p[len++] = '"';
        p[len++] = ':';
        memcpy(p + len, value.p, value.len);
        len += value.len;
    }
    p[len++] = '}';
    ASSERT(len <= size);
    return str_make(p, len);
}

enum err openai_scan_request(struct str body, const struct dialect_call *call, struct arena *a,
                             struct dialect_request *out, struct dialect_refusal *why)
{
    struct openai_reader r;
    (void)call;
    json_scan_init(&r.s, body, true);
    r.a = a;
    r.out = out;
    r.why = why;
    r.seen = 0;
    r.n_unknown = r.n_params = 0;
    *out = (struct dialect_request){.n = 1, .max_output = -1};
    *why = (struct dialect_refusal){.err = E_OK};
    if (read_body(&r)) {
        out->params = write_params(&r);
        out->foreign = signature_present(body);
        return E_OK;
    }
    if (why->err == E_OK)
        dialect_refuse_syntax(a, why, &r.s);
    return why->err;
}

/* Asks for usage, whatever the client wrote. */
static struct dialect_edit usage_edit(const struct dialect_request *in)
{
    if (in->stream_options_has_usage_key)
        return (struct dialect_edit){in->include_usage_begin, in->include_usage_end, STR("true")};
    if (in->stream_options_is_object) {
        size_t at = in->stream_options_end - 1;
        return (struct dialect_edit){at, at,
                                     in->stream_options_empty ? STR("\"include_usage\":true")
                                                              : STR(",\"include_usage\":true")};
    }
    if (in->stream_options_end > 0)
        return (struct dialect_edit){in->stream_options_begin, in->stream_options_end,
                                     STR("{\"include_usage\":true}")};
    ASSERT(!in->object_empty);
    return (struct dialect_edit){in->object_end, in->object_end,
                                 STR(",\"stream_options\":{\"include_usage\":true}")};
}

static bool clamps(const struct dialect_request *in, const struct dialect_target *to)
{
    return to->max_temperature_milli >= 0 && in->temperature.end > 0 &&
           dialect_number_above(in->temperature_raw, to->max_temperature_milli);
}

size_t openai_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                           struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX])
{
    size_t n = 0;
    if (!str_eq(in->model, to->model))
        edits[n++] = (struct dialect_edit){in->model_begin, in->model_end,
                                           dialect_json_string(to->model, a)};
    if (clamps(in, to))
        edits[n++] = (struct dialect_edit){in->temperature.begin, in->temperature.end,
                                           dialect_milli(to->max_temperature_milli, a)};
    if (in->stream && !in->client_wants_usage && !QUIRK_IS(to->quirks, NO_STREAM_OPTIONS))
        edits[n++] = usage_edit(in);
    dialect_sort_edits(edits, n);
    return n;
}
