/* Reading a Responses request, and what OpenAI refuses. Pure. */
#include <stdio.h>

#include "tests/simulator/json_read.h"
#include "tests/simulator/responses.h"
#include "tests/simulator/seal.h"

static bool missing(struct api_error *e, const char *param)
{
    return api_error_set(e, 400, "missing_required_parameter", param,
                         "Missing required parameter: '%s'.", param);
}

static bool wrong_type(struct api_error *e, const char *param, const char *want)
{
    return api_error_set(e, 400, "invalid_type", param, "Invalid type for '%s': expected %s.",
                         param, want);
}

/* The last text of a message's or an output's parts, or the string itself. */
static struct str text_of(const json_t *content)
{
    struct str text = json_is_string(content) ? json_str(content) : STR("");
    size_t i;
    const json_t *part;
    json_array_foreach(content, i, part)
    {
        struct str t = json_member(part, "text");
        text = t.p ? t : text;
    }
    return text;
}

static bool message(struct chat_request *c, const json_t *item, size_t i, struct api_error *e)
{
    char param[60];
    struct str role = json_member(item, "role");
    const json_t *content = json_object_get(item, "content");
    bool user = str_eq(role, STR("user"));
    bool assistant = str_eq(role, STR("assistant"));
    snprintf(param, sizeof(param), "input[%zu].%s", i, role.p ? "role" : "content");
    if (!role.p ||
        (!user && !assistant && !str_eq(role, STR("system")) && !str_eq(role, STR("developer")))) {
        return role.p ? api_error_set(e, 400, "invalid_value", param,
                                      "Invalid value: '%.40s'. Supported values are: 'assistant', "
                                      "'system', 'developer', and 'user'.",
                                      role.p)
                      : missing(e, param);
    }
    snprintf(param, sizeof(param), "input[%zu].content", i);
    if (!json_is_string(content) && !json_is_array(content)) {
        return content ? wrong_type(e, param, "a string or an array of parts") : missing(e, param);
    }
    if (!user) {
        c->content_bytes += text_of(content).len;
        if (assistant) {
            chat_assistant(c, false);
        }
        return true;
    }
    chat_user(c);
    if (json_is_string(content)) {
        chat_user_text(c, json_str(content));
    }
    size_t j;
    const json_t *part;
    json_array_foreach(content, j, part)
    {
        struct str text = json_member(part, "text");
        if (text.p) {
            chat_user_text(c, text);
        }
    }
    return true;
}

/* Is there an item with this call_id whose type ends in `kind`? */
static bool has_item(const json_t *items, struct str call_id, struct str kind)
{
    size_t i;
    const json_t *item;
    json_array_foreach(items, i, item)
    {
        if (str_ends(json_member(item, "type"), kind) &&
            str_eq(json_member(item, "call_id"), call_id)) {
            return true;
        }
    }
    return false;
}

static bool call(struct chat_request *c, const json_t *items, const json_t *item,
                 struct api_error *e)
{
    struct str id = json_member(item, "call_id");
    chat_assistant(c, true);
    return has_item(items, id, STR("call_output")) ||
           api_error_set(e, 400, NULL, "input", "No tool output found for function call %.80s.",
                         id.p ? id.p : "");
}

static bool output(struct chat_request *c, const json_t *items, const json_t *item, size_t i,
                   struct api_error *e)
{
    struct str id = json_member(item, "call_id");
    const json_t *v = json_object_get(item, "output");
    char param[60];
    snprintf(param, sizeof(param), "input[%zu].output", i);
    if (!json_is_string(v) && !json_is_array(v)) {
        return v ? wrong_type(e, param, "a string or an array of parts") : missing(e, param);
    }
    if (!json_member(c->root, "previous_response_id").p && !has_item(items, id, STR("_call"))) {
        return api_error_set(e, 400, NULL, "input",
                             "No tool call found for function call output with call_id %.80s.",
                             id.p ? id.p : "");
    }
    chat_tool_result(c, text_of(v));
    return true;
}

static bool reasoning(const struct chat_request *c, const json_t *item, struct api_error *e)
{
    struct str sealed = json_member(item, "encrypted_content");
    struct str id = json_member(item, "id");
    if (sealed.p && !seal_is_ours(SEAL_OPENAI, sealed)) {
        return api_error_set(e, 400, "invalid_encrypted_content", NULL,
                             "The encrypted content %.10s... could not be verified. Reason: "
                             "Encrypted content could not be decrypted or parsed.",
                             sealed.p);
    }
    if (!sealed.p && json_is_false(json_object_get(c->root, "store"))) {
        return api_error_set(e, 404, NULL, "input",
                             "Item with id '%.80s' not found. Items are not persisted when `store` "
                             "is set to false. Try again with `store` set to true, or remove this "
                             "item from your input.",
                             id.p ? id.p : "");
    }
    return true;
}

static bool input_item(struct chat_request *c, const json_t *items, const json_t *item, size_t i,
                       struct api_error *e)
{
    char param[60];
    struct str type = json_member(item, "type");
    snprintf(param, sizeof(param), "input[%zu]", i);
    if (!json_is_object(item)) {
        return wrong_type(e, param, "an object");
    }
    if (!type.p || str_eq(type, STR("message"))) {
        return message(c, item, i, e);
    }
    if (str_eq(type, STR("function_call")) || str_eq(type, STR("custom_tool_call"))) {
        return call(c, items, item, e);
    }
    if (str_ends(type, STR("_call_output"))) {
        return output(c, items, item, i, e);
    }
    return !str_eq(type, STR("reasoning")) || reasoning(c, item, e);
}

static bool input(struct chat_request *c, struct api_error *e)
{
    const json_t *items = json_object_get(c->root, "input");
    if (!items) {
        return missing(e, "input");
    }
    if (json_is_string(items)) {
        chat_user(c);
        chat_user_text(c, json_str(items));
        return true;
    }
    if (!json_is_array(items)) {
        return wrong_type(e, "input", "a string or an array of items");
    }
    size_t i;
    const json_t *item;
    json_array_foreach(items, i, item)
    {
        if (!input_item(c, items, item, i, e)) {
            return false;
        }
    }
    chat_told(c);
    return true;
}

static bool tool(struct chat_request *c, const json_t *v, struct str space, size_t i,
                 struct api_error *e)
{
    char param[60];
    struct str type = json_member(v, "type");
    struct str name = json_member(v, "name");
    snprintf(param, sizeof(param), "tools[%zu].%s", i, type.p ? "name" : "type");
    if (!type.p) {
        return missing(e, param);
    }
    bool custom = str_eq(type, STR("custom"));
    if (!custom && !str_eq(type, STR("function"))) {
        return true;
    }
    if (name.len == 0) {
        return missing(e, param);
    }
    *chat_add_tool(c) = (struct tool_def){
        .name = name, .schema = json_object_get(v, "parameters"), .custom = custom, .space = space};
    return true;
}

static bool tool_list(struct chat_request *c, const json_t *list, struct api_error *e)
{
    size_t i;
    size_t j;
    const json_t *v;
    const json_t *inner;
    json_array_foreach(list, i, v)
    {
        if (!tool(c, v, STR_NULL, i, e)) {
            return false;
        }
        struct str space = json_member(v, "name");
        json_array_foreach(json_object_get(v, "tools"), j, inner)
        {
            if (!tool(c, inner, space, i, e)) {
                return false;
            }
        }
    }
    return true;
}

/* Tools stand beside the input or, as Codex sends them, in items of it. */
static bool tools(struct chat_request *c, struct api_error *e)
{
    size_t i;
    const json_t *v;
    if (!tool_list(c, json_object_get(c->root, "tools"), e)) {
        return false;
    }
    json_array_foreach(json_object_get(c->root, "input"), i, v)
    {
        if (str_eq(json_member(v, "type"), STR("additional_tools")) &&
            !tool_list(c, json_object_get(v, "tools"), e)) {
            return false;
        }
    }
    const json_t *choice = json_object_get(c->root, "tool_choice");
    c->must_name = json_member(choice, "name");
    c->must_call = c->must_name.p || str_eq(json_str(choice), STR("required"));
    return true;
}

static bool settings(struct chat_request *c, struct api_error *e)
{
    const json_t *r = c->root;
    const json_t *stream = json_object_get(r, "stream");
    const json_t *max = json_object_get(r, "max_output_tokens");
    const json_t *heat = json_object_get(r, "temperature");
    if (stream && !json_is_boolean(stream) && !json_is_null(stream)) {
        return wrong_type(e, "stream", "a boolean");
    }
    if (json_is_integer(max) && json_integer_value(max) < 16) {
        return api_error_set(e, 400, "integer_below_min_value", "max_output_tokens",
                             "Invalid 'max_output_tokens': integer below minimum value. Expected a "
                             "value >= 16, but got %lld instead.",
                             (long long)json_integer_value(max));
    }
    if (json_is_number(heat) && !(json_number_value(heat) >= 0 && json_number_value(heat) <= 2)) {
        return api_error_set(e, 400, "decimal_above_max_value", "temperature",
                             "Invalid 'temperature': expected a value between 0 and 2.");
    }
    c->stream = json_is_true(stream);
    c->max_tokens = json_u32(max, UINT32_MAX);
    c->content_bytes += json_member(r, "instructions").len;
    size_t i;
    const json_t *v;
    json_array_foreach(json_object_get(r, "include"), i, v)
    {
        c->sealed |= str_eq(json_str(v), STR("reasoning.encrypted_content"));
    }
    bool summary = json_member(json_object_get(r, "reasoning"), "summary").p != NULL;
    c->thinking = summary || c->sealed;
    c->think_hidden = !summary;
    const json_t *format = json_object_get(json_object_get(r, "text"), "format");
    c->wants_json = str_starts(json_member(format, "type"), STR("json"));
    c->answer_schema = json_object_get(format, "schema");
    return true;
}

bool responses_parse(struct chat_request *c, const struct site *site, struct str body,
                     struct api_error *e)
{
    (void)site;
    c->root = json_read(body);
    if (!json_is_object(c->root)) {
        return api_error_set(e, 400, NULL, NULL,
                             "We could not parse the JSON body of your request.");
    }
    c->model = json_member(c->root, "model");
    if (c->model.len == 0) {
        return missing(e, "model");
    }
    return settings(c, e) && input(c, e) && tools(c, e);
}
