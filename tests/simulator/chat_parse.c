/* The full reading of a chat request (chat.h) and the refusals OpenAI gives, in its wording where
 * clients are known to look at it: status, type, code and the param at fault. Pure.
 */
#include "tests/simulator/chat.h"

#include <stdarg.h>
#include <stdio.h>

#include "tests/simulator/json_read.h"

bool api_error_set(struct api_error *e, unsigned status, const char *code, const char *param,
                   const char *fmt, ...)
{
    e->status = status;
    e->type = "invalid_request_error";
    e->code = code;
    e->kind[0] = 0;
    e->detail = NULL;
    e->retry_after_s = 0;
    snprintf(e->param, sizeof(e->param), "%s", param ? param : "");
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->message, sizeof(e->message), fmt, ap);
    va_end(ap);
    return false;
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

enum role { ROLE_OTHER, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL };

static void heard(struct chat_request *c, enum role role, struct str text, struct str *last)
{
    *last = text;
    if (role == ROLE_USER) {
        chat_user_text(c, text);
    } else if (role != ROLE_TOOL) {
        c->content_bytes += text.len;
    }
}

/* Hears the text of a content (string, null or parts); the last text found goes to `*text`. */
static bool content(struct chat_request *c, size_t i, enum role role, const json_t *v,
                    struct str *text, struct api_error *e)
{
    char param[80];
    snprintf(param, sizeof(param), "messages[%zu].content", i);
    if (json_is_string(v)) {
        heard(c, role, json_str(v), text);
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
            heard(c, role, json_str(t), text);
        }
    }
    return true;
}

/* Role and content of one message are there. */
static bool message_parts(size_t i, const json_t *m, enum role *role, struct api_error *e)
{
    char param[80];
    snprintf(param, sizeof(param), "messages[%zu]", i);
    if (!json_is_object(m)) {
        return wrong_type(e, param, "an object", m);
    }
    snprintf(param, sizeof(param), "messages[%zu].role", i);
    const json_t *v = json_object_get(m, "role");
    if (!v) {
        return missing(e, param);
    }
    if (!json_is_string(v)) {
        return wrong_type(e, param, "a string", v);
    }
    const char *r = json_string_value(v);
    if (!known_role(r)) {
        return api_error_set(e, 400, "invalid_value", param,
                             "Invalid value: '%.40s'. Supported values are: 'system', 'assistant', "
                             "'user', 'function', 'tool', and 'developer'.",
                             r);
    }
    *role = strcmp(r, "user") == 0        ? ROLE_USER
            : strcmp(r, "assistant") == 0 ? ROLE_ASSISTANT
            : strcmp(r, "tool") == 0      ? ROLE_TOOL
                                          : ROLE_OTHER;
    snprintf(param, sizeof(param), "messages[%zu].content", i);
    return *role == ROLE_ASSISTANT || json_object_get(m, "content") || missing(e, param);
}

static bool message(struct chat_request *c, size_t i, const json_t *m, struct api_error *e)
{
    enum role role = ROLE_OTHER;
    if (!message_parts(i, m, &role, e)) {
        return false;
    }
    if (role == ROLE_USER) {
        chat_user(c);
    } else if (role == ROLE_ASSISTANT) {
        chat_assistant(c, json_array_size(json_object_get(m, "tool_calls")) > 0);
    }
    const json_t *v = json_object_get(m, "content");
    struct str text = STR("");
    if (!content(c, i, role, role == ROLE_ASSISTANT && json_is_null(v) ? NULL : v, &text, e)) {
        return false;
    }
    if (role != ROLE_TOOL) {
        return true;
    }
    char param[80];
    snprintf(param, sizeof(param), "messages[%zu].tool_call_id", i);
    chat_tool_result(c, text);
    return json_is_string(json_object_get(m, "tool_call_id")) || missing(e, param);
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
    const json_t *list = json_object_get(c->root, "tools");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *tool = json_array_get(list, i);
        const char *type = json_string_value(json_object_get(tool, "type"));
        snprintf(param, sizeof(param), "tools[%zu].type", i);
        if (!type) {
            return missing(e, param);
        }
        const json_t *f = json_object_get(tool, "function");
        struct str name = json_member(f, "name");
        snprintf(param, sizeof(param), "tools[%zu].function.name", i);
        if (strcmp(type, "function") == 0 && !name.p) {
            return missing(e, param);
        }
        if (name.p) {
            *chat_add_tool(c) = (struct tool_def){.name = name,
                                                  .schema = json_object_get(f, "parameters")};
        }
    }
    return true;
}

static void take(struct chat_request *c)
{
    const json_t *r = c->root;
    c->stream = json_is_true(json_object_get(r, "stream"));
    c->include_usage = json_is_true(
        json_object_get(json_object_get(r, "stream_options"), "include_usage"));
    c->logprobs = json_is_true(json_object_get(r, "logprobs"));
    c->top_logprobs = json_u32(json_object_get(r, "top_logprobs"), 0);
    c->n = json_u32(json_object_get(r, "n"), 1);
    uint32_t max = json_u32(json_object_get(r, "max_tokens"), UINT32_MAX);
    c->max_tokens = json_u32(json_object_get(r, "max_completion_tokens"), max);
    const json_t *choice = json_object_get(r, "tool_choice");
    c->must_name = json_member(json_object_get(choice, "function"), "name");
    c->must_call = json_is_object(choice) || str_eq(json_str(choice), STR("required"));
    const json_t *format = json_object_get(r, "response_format");
    struct str type = json_member(format, "type");
    c->wants_json = str_starts(type, STR("json"));
    if (str_eq(type, STR("json_schema"))) {
        c->answer_schema = json_object_get(json_object_get(format, "json_schema"), "schema");
    }
}

static bool root_object(struct chat_request *c, struct str body, struct api_error *e)
{
    c->root = json_read(body);
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
    chat_told(c);
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
