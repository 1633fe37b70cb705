/* The full reading of a chat request (chat.h) and the refusals OpenAI gives, in its wording where
 * clients are known to look at it: status, type, code and the param at fault. Pure.
 */
#include "tests/simulator/chat.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/mem.h"

bool api_error_set(struct api_error *e, unsigned status, const char *code, const char *param,
                   const char *fmt, ...)
{
    e->status = status;
    e->type = "invalid_request_error";
    e->code = code;
    snprintf(e->param, sizeof(e->param), "%s", param ? param : "");
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->message, sizeof(e->message), fmt, ap);
    va_end(ap);
    return false;
}

void chat_init(struct chat_request *c)
{
    memset(c, 0, sizeof(*c));
    c->last_user = STR("");
    c->n = 1;
    c->max_tokens = UINT32_MAX;
}

void chat_fini(struct chat_request *c)
{
    json_decref(c->root);
    c->root = NULL;
}

enum kind { KIND_BOOL, KIND_INT, KIND_NUMBER, KIND_STRING, KIND_ARRAY, KIND_OBJECT, KIND_STRINGS };

/* Top-level fields whose type and range are checked, as OpenAI's reference gives them. */
static const struct field_def {
    const char *name;
    enum kind kind;
    bool nullable;
    double min, max; /* numbers */
} FIELDS[] = {
    {"stream", KIND_BOOL, true, 0, 0},
    {"stream_options", KIND_OBJECT, true, 0, 0},
    {"temperature", KIND_NUMBER, true, 0, 2},
    {"top_p", KIND_NUMBER, true, 0, 1},
    {"frequency_penalty", KIND_NUMBER, true, -2, 2},
    {"presence_penalty", KIND_NUMBER, true, -2, 2},
    {"n", KIND_INT, true, 1, 128},
    {"max_tokens", KIND_INT, true, 1, 1e9},
    {"max_completion_tokens", KIND_INT, true, 1, 1e9},
    {"logprobs", KIND_BOOL, true, 0, 0},
    {"top_logprobs", KIND_INT, true, 0, 20},
    {"seed", KIND_INT, true, -9.3e18, 9.3e18},
    {"stop", KIND_STRINGS, true, 0, 0},
    {"tools", KIND_ARRAY, false, 0, 0},
    {"parallel_tool_calls", KIND_BOOL, false, 0, 0},
    {"response_format", KIND_OBJECT, false, 0, 0},
    {"logit_bias", KIND_OBJECT, true, 0, 0},
    {"user", KIND_STRING, false, 0, 0},
    {"metadata", KIND_OBJECT, true, 0, 0},
    {"store", KIND_BOOL, true, 0, 0},
    {"reasoning_effort", KIND_STRING, true, 0, 0},
    {"service_tier", KIND_STRING, true, 0, 0},
};

static const char *const KIND_TEXT[] = {
    "a boolean", "an integer", "a decimal",           "a string",
    "an array",  "an object",  "a string or an array"};

static const char *type_text(const json_t *v)
{
    static const char *const TEXT[] = {"an object", "an array",  "a string",  "an integer",
                                       "a decimal", "a boolean", "a boolean", "null"};
    return TEXT[json_typeof(v)];
}

static bool is_kind(const json_t *v, enum kind kind)
{
    switch (kind) {
    case KIND_BOOL:
        return json_is_boolean(v);
    case KIND_INT:
        return json_is_integer(v);
    case KIND_NUMBER:
        return json_is_number(v);
    case KIND_STRING:
        return json_is_string(v);
    case KIND_ARRAY:
        return json_is_array(v);
    case KIND_OBJECT:
        return json_is_object(v);
    case KIND_STRINGS:
        return json_is_string(v) || json_is_array(v);
    }
    return false;
}

static bool wrong_type(struct api_error *e, const char *param, const char *want, const json_t *got)
{
    return api_error_set(e, 400, "invalid_type", param,
                         "Invalid type for '%s': expected %s, but got %s instead.", param, want,
                         type_text(got));
}

static bool check_field(const struct field_def *f, const json_t *v, struct api_error *e)
{
    if (!v || (f->nullable && json_is_null(v))) {
        return true;
    }
    if (!is_kind(v, f->kind)) {
        return wrong_type(e, f->name, KIND_TEXT[f->kind], v);
    }
    double n = json_number_value(v);
    if ((f->kind == KIND_INT || f->kind == KIND_NUMBER) && (n < f->min || n > f->max)) {
        bool low = n < f->min;
        return api_error_set(
            e, 400,
            f->kind == KIND_INT ? (low ? "integer_below_min_value" : "integer_above_max_value")
                                : (low ? "decimal_below_min_value" : "decimal_above_max_value"),
            f->name, "Invalid '%s': %s %s value. Expected a value %s %g, but got %g instead.",
            f->name, f->kind == KIND_INT ? "integer" : "decimal",
            low ? "below minimum" : "above maximum", low ? ">=" : "<=", low ? f->min : f->max, n);
    }
    return true;
}

static bool missing(struct api_error *e, const char *param)
{
    return api_error_set(e, 400, "missing_required_parameter", param,
                         "Missing required parameter: '%s'.", param);
}

static bool known_role(const char *role)
{
    static const char *const ROLES[] = {"system",    "user", "assistant",
                                        "developer", "tool", "function"};
    for (size_t i = 0; i < ARRAY_LEN(ROLES); i++) {
        if (strcmp(role, ROLES[i]) == 0) {
            return true;
        }
    }
    return false;
}

static struct str json_str(const json_t *v)
{
    return str_make(json_string_value(v), json_string_length(v));
}

/* Adds up the text of a content (string, null or parts); the last text found goes to `*text`. */
static bool content(struct chat_request *c, size_t i, const json_t *v, struct str *text,
                    struct api_error *e)
{
    char param[80];
    snprintf(param, sizeof(param), "messages[%zu].content", i);
    if (json_is_string(v)) {
        *text = json_str(v);
        c->content_bytes += text->len;
        return true;
    }
    if (v && !json_is_array(v)) {
        return wrong_type(e, param, "a string or an array of parts", v);
    }
    for (size_t j = 0; j < json_array_size(v); j++) {
        const json_t *part = json_array_get(v, j);
        const char *type = json_string_value(json_object_get(part, "type"));
        snprintf(param, sizeof(param), "messages[%zu].content[%zu].type", i, j);
        if (!type) {
            return json_is_object(part) ? missing(e, param)
                                        : wrong_type(e, param, "an object", part);
        }
        const json_t *t = json_object_get(part, "text");
        if (strcmp(type, "text") == 0 && !json_is_string(t)) {
            snprintf(param, sizeof(param), "messages[%zu].content[%zu].text", i, j);
            return missing(e, param);
        }
        if (json_is_string(t)) {
            *text = json_str(t);
            c->content_bytes += text->len;
        }
    }
    return true;
}

static bool message(struct chat_request *c, size_t i, const json_t *m, struct api_error *e)
{
    char param[80];
    snprintf(param, sizeof(param), "messages[%zu]", i);
    if (!json_is_object(m)) {
        return wrong_type(e, param, "an object", m);
    }
    snprintf(param, sizeof(param), "messages[%zu].role", i);
    const json_t *role = json_object_get(m, "role");
    if (!role) {
        return missing(e, param);
    }
    if (!json_is_string(role)) {
        return wrong_type(e, param, "a string", role);
    }
    const char *r = json_string_value(role);
    if (!known_role(r)) {
        return api_error_set(e, 400, "invalid_value", param,
                             "Invalid value: '%.40s'. Supported values are: 'system', 'assistant', "
                             "'user', 'function', 'tool', and 'developer'.",
                             r);
    }
    const json_t *v = json_object_get(m, "content");
    bool assistant = strcmp(r, "assistant") == 0;
    snprintf(param, sizeof(param), "messages[%zu].content", i);
    if (!assistant && !v) {
        return missing(e, param);
    }
    struct str text = STR("");
    if (!content(c, i, assistant && json_is_null(v) ? NULL : v, &text, e)) {
        return false;
    }
    if (strcmp(r, "user") == 0) {
        c->last_user = text;
    }
    snprintf(param, sizeof(param), "messages[%zu].tool_call_id", i);
    bool tool = strcmp(r, "tool") == 0;
    c->tool_result = tool ? text : STR_NULL;
    return !tool || json_is_string(json_object_get(m, "tool_call_id")) || missing(e, param);
}

static bool messages(struct chat_request *c, struct api_error *e)
{
    const json_t *list = json_object_get(c->root, "messages");
    if (!list) {
        return missing(e, "messages");
    }
    if (!json_is_array(list)) {
        return wrong_type(e, "messages", "an array of objects", list);
    }
    if (json_array_size(list) == 0) {
        return api_error_set(e, 400, "empty_array", "messages",
                             "Invalid 'messages': empty array. Expected an array with minimum "
                             "length 1, but got an empty array instead.");
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!message(c, i, json_array_get(list, i), e)) {
            return false;
        }
    }
    return true;
}

static bool tools(struct chat_request *c, struct api_error *e)
{
    char param[80];
    for (size_t i = 0; i < json_array_size(c->tools); i++) {
        const json_t *tool = json_array_get(c->tools, i);
        const char *type = json_string_value(json_object_get(tool, "type"));
        snprintf(param, sizeof(param), "tools[%zu].type", i);
        if (!type) {
            return missing(e, param);
        }
        snprintf(param, sizeof(param), "tools[%zu].function.name", i);
        if (strcmp(type, "function") == 0 &&
            !json_is_string(json_object_get(json_object_get(tool, "function"), "name"))) {
            return missing(e, param);
        }
    }
    return true;
}

static uint32_t number(const json_t *root, const char *key, uint32_t otherwise)
{
    const json_t *v = json_object_get(root, key);
    return json_is_integer(v) ? (uint32_t)json_integer_value(v) : otherwise;
}

static void take(struct chat_request *c)
{
    const json_t *r = c->root;
    c->stream = json_is_true(json_object_get(r, "stream"));
    c->include_usage = json_is_true(
        json_object_get(json_object_get(r, "stream_options"), "include_usage"));
    c->logprobs = json_is_true(json_object_get(r, "logprobs"));
    c->top_logprobs = number(r, "top_logprobs", 0);
    c->n = number(r, "n", 1);
    c->max_tokens = number(r, "max_completion_tokens", number(r, "max_tokens", UINT32_MAX));
    c->tools = json_object_get(r, "tools");
    c->tool_choice = json_object_get(r, "tool_choice");
    c->response_format = json_object_get(r, "response_format");
}

/* Whole numbers among the members of `o` become integers again. */
static void restore_integers(json_t *o)
{
    const char *name;
    void *next;
    json_t *v;
    json_object_foreach_safe(o, next, name, v)
    {
        double n = json_real_value(v);
        if (json_is_real(v) && n >= -9e15 && n <= 9e15 && (double)(json_int_t)n == n) {
            (void)json_object_set_new_nocheck(o, name, json_integer((json_int_t)n));
        }
    }
}

/* jansson refuses integers beyond 64 bits, which are JSON: a body that has one is read with all its
 * integers as reals. */
static json_t *load(struct str body)
{
    json_error_t je;
    const char *p = body.p ? body.p : "";
    json_t *root = json_loadb(p, body.len, JSON_ALLOW_NUL, &je);
    if (!root && json_error_code(&je) == json_error_numeric_overflow) {
        root = json_loadb(p, body.len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &je);
        restore_integers(root);
    }
    return root;
}

static bool root_object(struct chat_request *c, struct str body, struct api_error *e)
{
    c->root = load(body);
    if (!c->root || !json_is_object(c->root)) {
        return api_error_set(e, 400, NULL, NULL,
                             "We could not parse the JSON body of your request. (HINT: This likely "
                             "means you aren't using your HTTP library correctly. The OpenAI API "
                             "expects a JSON payload, but what was sent was not valid JSON.)");
    }
    return true;
}

static bool check(struct chat_request *c, struct api_error *e)
{
    const json_t *model = json_object_get(c->root, "model");
    if (!model || (json_is_string(model) && json_string_length(model) == 0)) {
        return api_error_set(e, 400, "missing_required_parameter", "model",
                             "you must provide a model parameter");
    }
    if (!json_is_string(model)) {
        return wrong_type(e, "model", "a string", model);
    }
    c->model = json_str(model);
    for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++) {
        if (!check_field(&FIELDS[i], json_object_get(c->root, FIELDS[i].name), e)) {
            return false;
        }
    }
    return true;
}

bool chat_parse(struct chat_request *c, struct str body, struct api_error *e)
{
    chat_init(c);
    if (!root_object(c, body, e) || !check(c, e) || !messages(c, e)) {
        return false;
    }
    take(c);
    if (json_is_object(json_object_get(c->root, "stream_options")) && !c->stream) {
        return api_error_set(e, 400, NULL, "stream_options",
                             "The 'stream_options' parameter is only allowed when 'stream' is "
                             "enabled.");
    }
    if (c->top_logprobs > 0 && !c->logprobs) {
        return api_error_set(e, 400, NULL, "top_logprobs",
                             "Invalid 'top_logprobs': 'logprobs' must be true.");
    }
    return tools(c, e);
}
