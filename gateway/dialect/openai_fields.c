/* The table of request fields. A field is checked where the gateway acts on it or where a wrong
 * type can only be a mistake; `null` counts as not given. Pure.
 */
#include "gateway/dialect/openai_fields.h"

#include <stdarg.h>

#include "gateway/dialect/refuse.h"
#include "gateway/wire/json_text.h"

enum {
    TEXT = 1 << JSON_STRING,
    NUMBER = 1 << JSON_NUMBER,
    BOOL = 1 << JSON_TRUE | 1 << JSON_FALSE,
    OBJECT = 1 << JSON_OBJECT_BEGIN,
    ARRAY = 1 << JSON_ARRAY_BEGIN,
    NONE = 1 << JSON_NULL,
    ANY = TEXT | NUMBER | BOOL | OBJECT | ARRAY | NONE, /* not OpenAI's: whatever vendors take */
    MODEL_MAX_BYTES = 256,
    CHOICES_MAX = 128,
};

bool openai_refuse(struct openai_reader *r, enum err err, struct str field, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    dialect_refuse_va(r->a, r->why, err, field, fmt, ap);
    va_end(ap);
    return false;
}

bool openai_refuse_type(struct openai_reader *r, struct str field, unsigned types,
                        enum json_token got)
{
    return dialect_refuse_type(r->a, r->why, field, types, got);
}

static bool read_model(struct openai_reader *r, const struct openai_field *f, enum json_token t)
{
    (void)t;
    struct str model = openai_decoded(&r->s, r->a);
    if (model.len == 0 || model.len > MODEL_MAX_BYTES)
        return openai_refuse(r, E_BAD_FIELD, f->name, "'model' must be a string of 1 to %d bytes.",
                             MODEL_MAX_BYTES);
    r->out->model = model;
    r->out->model_begin = r->s.begin;
    r->out->model_end = r->s.end;
    return true;
}

static bool read_stream(struct openai_reader *r, const struct openai_field *f, enum json_token t)
{
    (void)f;
    r->out->stream = t == JSON_TRUE;
    return true;
}

static bool read_stream_options(struct openai_reader *r, const struct openai_field *f,
                                enum json_token t)
{
    static const struct str usage = {"stream_options.include_usage", 28};
    struct dialect_request *out = r->out;
    (void)f;
    out->stream_options_begin = r->s.begin;
    out->stream_options_end = r->s.end;
    if (t == JSON_NULL)
        return true;
    out->stream_options_is_object = out->stream_options_empty = true;
    while ((t = json_scan_next(&r->s)) == JSON_KEY) {
        bool is_usage = json_scan_is(&r->s, STR("include_usage"));
        out->stream_options_empty = false;
        t = json_scan_next(&r->s);
        if (!is_usage) {
            if (!json_scan_value(&r->s, t).p)
                return false;
            continue;
        }
        if (t == JSON_ERROR)
            return false;
        if (out->stream_options_has_usage_key)
            return openai_refuse(r, E_REPEATED_KEY, usage,
                                 "The field 'stream_options.include_usage' is given twice.");
        if (!((BOOL | NONE) >> t & 1))
            return openai_refuse_type(r, usage, BOOL, t);
        out->stream_options_has_usage_key = true;
        out->client_wants_usage = t == JSON_TRUE;
        out->include_usage_begin = r->s.begin;
        out->include_usage_end = r->s.end;
    }
    out->stream_options_end = r->s.end;
    return t == JSON_OBJECT_END;
}

static bool read_temperature(struct openai_reader *r, const struct openai_field *f,
                             enum json_token t)
{
    (void)f, (void)t;
    r->out->temperature = (struct dialect_span){r->s.begin, r->s.end};
    r->out->temperature_raw = r->s.raw;
    return true;
}

static bool read_stop(struct openai_reader *r, const struct openai_field *f, enum json_token t)
{
    (void)f;
    if (t == JSON_STRING) {
        r->out->n_stops = 1;
        return true;
    }
    while ((t = json_scan_next(&r->s)) != JSON_ARRAY_END) {
        r->out->n_stops++;
        if (!json_scan_value(&r->s, t).p)
            return false;
    }
    return true;
}

static bool read_n(struct openai_reader *r, const struct openai_field *f, enum json_token t)
{
    (void)t;
    if (!json_whole(r->s.raw, &r->out->n) || r->out->n < 1 || r->out->n > CHOICES_MAX)
        return openai_refuse(r, E_BAD_FIELD, f->name, "'n' must be an integer from 1 to %d.",
                             CHOICES_MAX);
    return true;
}

/* Of max_tokens and max_completion_tokens the greater counts: either may be the one that the
 * provider heeds. */
static bool read_max_tokens(struct openai_reader *r, const struct openai_field *f,
                            enum json_token t)
{
    int64_t v;
    (void)t;
    if (!json_whole(r->s.raw, &v) || v < 1)
        return openai_refuse(r, E_BAD_FIELD, f->name, "'" STR_FMT "' must be a positive integer.",
                             STR_ARG(f->name));
    if (v > r->out->max_output)
        r->out->max_output = v;
    return true;
}

static bool read_whole(struct openai_reader *r, const struct openai_field *f, enum json_token t)
{
    int64_t v;
    (void)t;
    if (json_whole(r->s.raw, &v))
        return true;
    return openai_refuse(r, E_BAD_FIELD, f->name, "'" STR_FMT "' must be an integer.",
                         STR_ARG(f->name));
}

static bool read_user(struct openai_reader *r, const struct openai_field *f, enum json_token t)
{
    (void)t;
    if (r->out->end_user.len == 0 || str_eq(f->name, STR("user")))
        r->out->end_user = openai_decoded(&r->s, r->a);
    return true;
}

static bool read_service_tier(struct openai_reader *r, const struct openai_field *f,
                              enum json_token t)
{
    (void)f, (void)t;
    r->out->service_tier = openai_decoded(&r->s, r->a);
    return true;
}

static bool read_metadata(struct openai_reader *r, const struct openai_field *f, enum json_token t)
{
    (void)f;
    r->out->metadata = json_scan_value(&r->s, t);
    return r->out->metadata.p != NULL;
}

static bool read_tools(struct openai_reader *r, const struct openai_field *f, enum json_token t)
{
    for (size_t i = 0; (t = json_scan_next(&r->s)) != JSON_ARRAY_END; i++) {
        r->out->has_tools = true;
        if (t == JSON_ERROR)
            return false;
        if (t != JSON_OBJECT_BEGIN) {
            const char *name = arena_printf(r->a, STR_FMT "[%zu]", STR_ARG(f->name), i);
            return openai_refuse_type(r, str_of(name), OBJECT, t);
        }
        if (!json_scan_value(&r->s, t).p)
            return false;
    }
    return true;
}

/* Is the member `type` of the object whose `{` was the last token the string `want`? */
static bool read_type(struct openai_reader *r, struct str want, bool *is)
{
    enum json_token t;
    *is = false;
    while ((t = json_scan_next(&r->s)) == JSON_KEY) {
        bool is_type = json_scan_is(&r->s, STR("type"));
        t = json_scan_next(&r->s);
        if (is_type && t == JSON_STRING)
            *is = json_scan_is(&r->s, want);
        if (!json_scan_value(&r->s, t).p)
            return false;
    }
    return t == JSON_OBJECT_END;
}

static bool read_response_format(struct openai_reader *r, const struct openai_field *f,
                                 enum json_token t)
{
    (void)f, (void)t;
    return read_type(r, STR("json_schema"), &r->out->wants_json_schema);
}

/* {"type":"enabled"|"disabled"}: how several compatible providers switch reasoning. */
static bool read_thinking(struct openai_reader *r, const struct openai_field *f, enum json_token t)
{
    bool off = t == JSON_FALSE;
    (void)f;
    if (t == JSON_OBJECT_BEGIN ? !read_type(r, STR("disabled"), &off)
                               : !json_scan_value(&r->s, t).p)
        return false;
    r->out->wants_reasoning |= !off;
    return true;
}

static bool read_effort(struct openai_reader *r, const struct openai_field *f, enum json_token t)
{
    (void)f;
    bool off = t == JSON_FALSE || (t == JSON_STRING && json_scan_is(&r->s, STR("none")));
    r->out->wants_reasoning |= !off;
    return json_scan_value(&r->s, t).p != NULL;
}

static bool read_modalities(struct openai_reader *r, const struct openai_field *f,
                            enum json_token t)
{
    (void)f;
    while ((t = json_scan_next(&r->s)) != JSON_ARRAY_END) {
        if (t == JSON_STRING && json_scan_is(&r->s, STR("audio")))
            r->out->has_audio = true;
        if (!json_scan_value(&r->s, t).p)
            return false;
    }
    return true;
}

#define FIELD(n, ty, log, fn)                                                                      \
    {                                                                                              \
        .name = {n, sizeof(n) - 1}, .types = (ty), .is_param = (log), .read = (fn)                 \
    }

/* One that some offers do not take. */
#define GIVEN(n, ty, log, fn, e)                                                                   \
    {                                                                                              \
        .name = {n, sizeof(n) - 1}, .types = (ty), .is_param = (log), .read = (fn),                \
        .given = PARAM_BIT_##e + 1                                                                 \
    }

const struct openai_field openai_fields[] = {
    FIELD("model", TEXT, false, read_model),
    FIELD("messages", ARRAY, false, openai_read_messages),
    FIELD("stream", BOOL | NONE, false, read_stream),
    {.name = {"stream_options", 14},
     .types = OBJECT | NONE,
     .reads_null = true,
     .read = read_stream_options},
    FIELD("n", NUMBER | NONE, true, read_n),
    FIELD("max_tokens", NUMBER | NONE, true, read_max_tokens),
    FIELD("max_completion_tokens", NUMBER | NONE, true, read_max_tokens),
    GIVEN("temperature", NUMBER | NONE, true, read_temperature, TEMPERATURE),
    GIVEN("top_p", NUMBER | NONE, true, NULL, TOP_P),
    GIVEN("frequency_penalty", NUMBER | NONE, true, NULL, FREQUENCY_PENALTY),
    GIVEN("presence_penalty", NUMBER | NONE, true, NULL, PRESENCE_PENALTY),
    GIVEN("seed", NUMBER | NONE, true, NULL, SEED),
    GIVEN("logprobs", BOOL | NONE, true, NULL, LOGPROBS),
    GIVEN("top_logprobs", NUMBER | NONE, true, read_whole, TOP_LOGPROBS),
    GIVEN("logit_bias", OBJECT | NONE, false, NULL, LOGIT_BIAS),
    GIVEN("top_k", ANY, true, NULL, TOP_K),
    FIELD("stop", TEXT | ARRAY | NONE, false, read_stop),
    FIELD("tools", ARRAY | NONE, false, read_tools),
    FIELD("functions", ARRAY | NONE, false, read_tools),
    FIELD("tool_choice", TEXT | OBJECT | NONE, true, NULL),
    FIELD("parallel_tool_calls", BOOL | NONE, true, NULL),
    FIELD("response_format", OBJECT | NONE, false, read_response_format),
    FIELD("reasoning_effort", TEXT | NONE, true, read_effort),
    FIELD("reasoning", ANY, false, read_effort),
    FIELD("thinking", ANY, false, read_thinking),
    FIELD("verbosity", TEXT | NONE, true, NULL),
    FIELD("modalities", ARRAY | NONE, false, read_modalities),
    FIELD("user", TEXT | NONE, false, read_user),
    FIELD("safety_identifier", TEXT | NONE, false, read_user),
    FIELD("metadata", OBJECT | NONE, false, read_metadata),
    FIELD("service_tier", TEXT | NONE, true, read_service_tier),
    FIELD("store", BOOL | NONE, true, NULL),
};
const size_t openai_n_fields = ARRAY_LEN(openai_fields);
static_assert(ARRAY_LEN(openai_fields) <= 64, "one bit of `seen` per field");
