/* Reading a Messages request, and what Anthropic refuses, in its words where clients or people look
 * at them. Pure.
 */
#include <stdio.h>

#include "tests/simulator/anthropic.h"
#include "tests/simulator/json_read.h"
#include "tests/simulator/seal.h"

static bool refuse(struct api_error *e, const char *where, const char *what)
{
    return api_error_set(e, 400, NULL, NULL, "%s: %s", where, what);
}

/* Where in the conversation the reader stands. */
struct place {
    struct chat_request *c;
    struct api_error *e;
    const json_t *message, *previous;
    size_t i, j;
    bool assistant;
};

static bool refuse_block(const struct place *at, const char *field, const char *what)
{
    return api_error_set(at->e, 400, NULL, NULL, "messages.%zu.content.%zu%s: %s", at->i, at->j,
                         field, what);
}

/* Does `message` hold a tool_use with this id? */
static bool has_tool_use(const json_t *message, struct str id)
{
    size_t i;
    const json_t *block;
    json_array_foreach(json_object_get(message, "content"), i, block)
    {
        if (str_eq(json_member(block, "type"), STR("tool_use")) &&
            str_eq(json_member(block, "id"), id)) {
            return true;
        }
    }
    return false;
}

static bool has_result(const json_t *message, struct str id)
{
    size_t i;
    const json_t *block;
    json_array_foreach(json_object_get(message, "content"), i, block)
    {
        if (str_eq(json_member(block, "tool_use_id"), id)) {
            return true;
        }
    }
    return false;
}

/* Text of a tool_result: a string, or the last text block. */
static struct str result_text(const json_t *content)
{
    struct str text = json_is_string(content) ? json_str(content) : STR("");
    size_t i;
    const json_t *block;
    json_array_foreach(content, i, block)
    {
        struct str t = json_member(block, "text");
        text = t.p ? t : text;
    }
    return text;
}

static bool tool_result(const struct place *at, const json_t *block)
{
    struct str id = json_member(block, "tool_use_id");
    if (at->assistant) {
        return refuse_block(at, "", "`tool_result` blocks can only be in `user` messages");
    }
    if (!id.p) {
        return refuse_block(at, ".tool_result.tool_use_id", "Field required");
    }
    if (!has_tool_use(at->previous, id)) {
        return api_error_set(at->e, 400, NULL, NULL,
                             "messages.%zu.content.%zu: unexpected `tool_use_id` found in "
                             "`tool_result` blocks: %.80s. Each `tool_result` block must have a "
                             "corresponding `tool_use` block in the previous message.",
                             at->i, at->j, id.p);
    }
    chat_tool_result(at->c, result_text(json_object_get(block, "content")));
    return true;
}

static bool tool_use(const struct place *at, const json_t *block)
{
    if (!at->assistant) {
        return refuse_block(at, "", "`tool_use` blocks can only be in `assistant` messages");
    }
    if (!json_member(block, "id").p || !json_member(block, "name").p) {
        return refuse_block(at, ".tool_use", "id and name: Field required");
    }
    if (!json_is_object(json_object_get(block, "input"))) {
        return refuse_block(at, ".tool_use.input", "Input should be a valid dictionary");
    }
    return true;
}

static bool thinking(const struct place *at, const json_t *block)
{
    struct str signature = json_member(block, "signature");
    struct str text = json_member(block, "thinking");
    if (!signature.p || !text.p) {
        return refuse_block(at, signature.p ? ".thinking.thinking" : ".thinking.signature",
                            "Field required");
    }
    return seal_fits(SEAL_ANTHROPIC, signature, text) ||
           refuse_block(at, "", "Invalid `signature` in `thinking` block");
}

static bool text_block(const struct place *at, const json_t *block)
{
    struct str text = json_member(block, "text");
    if (!text.p) {
        return refuse_block(at, ".text.text", "Field required");
    }
    if (text.len == 0) {
        return refuse(at->e, "messages", "text content blocks must be non-empty");
    }
    if (at->assistant) {
        at->c->content_bytes += text.len;
    } else {
        chat_user_text(at->c, text);
    }
    return true;
}

static bool block_of(const struct place *at, const json_t *block)
{
    struct str type = json_member(block, "type");
    if (!type.p) {
        return refuse_block(at, json_is_object(block) ? ".type" : "", "Field required");
    }
    if (str_eq(type, STR("text"))) {
        return text_block(at, block);
    }
    if (str_eq(type, STR("tool_result"))) {
        return tool_result(at, block);
    }
    if (str_eq(type, STR("tool_use"))) {
        return tool_use(at, block);
    }
    if (str_eq(type, STR("thinking"))) {
        return thinking(at, block);
    }
    if (str_eq(type, STR("redacted_thinking"))) {
        return seal_is_ours(SEAL_ANTHROPIC, json_member(block, "data")) ||
               refuse_block(at, "", "Invalid `data` in `redacted_thinking` block");
    }
    return true; /* images, documents, server tools: taken as they are */
}

/* The role of a message, if it is one; `system` stands among messages in newer clients. */
static bool role_of(const struct place *at, struct str *role)
{
    char where[40];
    snprintf(where, sizeof(where), "messages.%zu", at->i);
    if (!json_is_object(at->message)) {
        return refuse(at->e, where, "Input should be a valid dictionary");
    }
    *role = json_member(at->message, "role");
    snprintf(where, sizeof(where), "messages.%zu.role", at->i);
    if (!role->p) {
        return refuse(at->e, where, "Field required");
    }
    if (!str_eq(*role, STR("user")) && !str_eq(*role, STR("assistant")) &&
        !str_eq(*role, STR("system"))) {
        return refuse(at->e, where, "Input should be 'user' or 'assistant'");
    }
    return true;
}

static bool all_uses_answered(const struct place *at, const json_t *next)
{
    size_t i;
    const json_t *block;
    json_array_foreach(json_object_get(at->message, "content"), i, block)
    {
        struct str id = json_member(block, "id");
        if (str_eq(json_member(block, "type"), STR("tool_use")) && !has_result(next, id)) {
            return api_error_set(at->e, 400, NULL, NULL,
                                 "messages.%zu: `tool_use` ids were found without `tool_result` "
                                 "blocks immediately after: %.80s. Each `tool_use` block must have "
                                 "a corresponding `tool_result` block in the next message.",
                                 at->i, id.p);
        }
    }
    return true;
}

static bool blocks(struct place *at, const json_t *content)
{
    const json_t *block;
    bool calls = false;
    json_array_foreach(content, at->j, block)
    {
        if (!block_of(at, block)) {
            return false;
        }
        calls |= str_eq(json_member(block, "type"), STR("tool_use"));
    }
    if (at->assistant) {
        chat_assistant(at->c, calls);
    }
    return true;
}

static bool message(struct place *at, const json_t *next)
{
    struct str role = STR_NULL;
    char where[48];
    if (!role_of(at, &role)) {
        return false;
    }
    at->assistant = !str_eq(role, STR("user"));
    const json_t *content = json_object_get(at->message, "content");
    snprintf(where, sizeof(where), "messages.%zu.content", at->i);
    if (!at->assistant) {
        chat_user(at->c);
    }
    if (json_is_string(content)) {
        struct str text = json_str(content);
        if (!at->assistant) {
            chat_user_text(at->c, text);
            return true;
        }
        at->c->content_bytes += text.len;
        if (!str_eq(role, STR("system"))) {
            chat_assistant(at->c, false);
        }
        return true;
    }
    if (!json_is_array(content)) {
        return refuse(at->e, where, content ? "Input should be a valid list" : "Field required");
    }
    if (str_eq(role, STR("system"))) {
        return true;
    }
    return blocks(at, content) && (!at->assistant || all_uses_answered(at, next));
}

/* With extended thinking, an assistant's turn that called tools has to begin with its thinking. */
static bool thinking_kept(const struct place *at, const json_t *messages)
{
    const json_t *last = json_array_get(messages, json_array_size(messages) - 1);
    size_t i = json_array_size(messages) - 2;
    const json_t *first = json_array_get(json_object_get(json_array_get(messages, i), "content"),
                                         0);
    const json_t *result = json_array_get(json_object_get(last, "content"), 0);
    struct str type = json_member(first, "type");
    if (!str_eq(json_member(result, "type"), STR("tool_result")) || !type.p ||
        str_eq(type, STR("thinking")) || str_eq(type, STR("redacted_thinking"))) {
        return true;
    }
    return api_error_set(at->e, 400, NULL, NULL,
                         "messages.%zu.content.0.type: Expected `thinking` or `redacted_thinking`, "
                         "but found `%.20s`. When `thinking` is enabled, a final `assistant` "
                         "message must start with a thinking block (preceeding the lastmost set of "
                         "`tool_use` and `tool_result` blocks).",
                         i, type.p);
}

static bool messages(struct chat_request *c, struct api_error *e, bool keep_thinking)
{
    const json_t *list = json_object_get(c->root, "messages");
    struct place at = {.c = c, .e = e};
    if (!json_is_array(list)) {
        return refuse(e, "messages", list ? "Input should be a valid list" : "Field required");
    }
    if (json_array_size(list) == 0) {
        return refuse(e, "messages", "at least one message is required");
    }
    json_array_foreach(list, at.i, at.message)
    {
        if (!message(&at, json_array_get(list, at.i + 1))) {
            return false;
        }
        at.previous = str_eq(json_member(at.message, "role"), STR("system")) ? at.previous
                                                                             : at.message;
    }
    chat_told(c);
    return !keep_thinking || json_array_size(list) < 2 || thinking_kept(&at, list);
}

static bool tools(struct chat_request *c, struct api_error *e)
{
    static const char *const SERVER[] = {"web_search", "web_fetch", "code_execution", "tool_search",
                                         "mcp_toolset"};
    char where[60];
    size_t i;
    const json_t *tool;
    json_array_foreach(json_object_get(c->root, "tools"), i, tool)
    {
        struct str type = json_member(tool, "type");
        struct str name = json_member(tool, "name");
        const json_t *schema = json_object_get(tool, "input_schema");
        bool custom = !type.p || str_eq(type, STR("custom"));
        bool server = false;
        for (size_t j = 0; j < ARRAY_LEN(SERVER) && type.p; j++) {
            server |= str_starts(type, str_of(SERVER[j]));
        }
        if (server) {
            continue;
        }
        snprintf(where, sizeof(where), "tools.%zu.%s", i, name.p ? "custom.input_schema" : "name");
        if (!name.p || (custom && !json_is_object(schema))) {
            return refuse(e, where, "Field required");
        }
        *chat_add_tool(c) = (struct tool_def){.name = name, .schema = schema};
    }
    return true;
}

static void system_text(struct chat_request *c)
{
    const json_t *system = json_object_get(c->root, "system");
    size_t i;
    const json_t *block;
    c->content_bytes += json_string_length(system);
    json_array_foreach(system, i, block)
    {
        c->content_bytes += json_member(block, "text").len;
    }
}

static bool settings(struct chat_request *c, struct api_error *e)
{
    const json_t *r = c->root;
    const json_t *t = json_object_get(r, "temperature");
    double heat = json_number_value(t);
    if (t && !json_is_null(t) && (!json_is_number(t) || heat < 0 || heat > 1)) {
        return refuse(e, "temperature",
                      !json_is_number(t) ? "Input should be a valid number"
                      : heat > 1         ? "Input should be less than or equal to 1"
                                         : "Input should be greater than or equal to 0");
    }
    const json_t *thinks = json_object_get(r, "thinking");
    struct str mode = json_member(thinks, "type");
    uint32_t budget = json_u32(json_object_get(thinks, "budget_tokens"), 0);
    bool enabled = str_eq(mode, STR("enabled"));
    if (enabled && budget < 1024) {
        return refuse(e, "thinking.enabled.budget_tokens",
                      "Input should be greater than or equal to 1024");
    }
    if (enabled && c->max_tokens <= budget) {
        return api_error_set(e, 400, NULL, NULL,
                             "`max_tokens` must be greater than `thinking.budget_tokens`.");
    }
    c->thinking = enabled || str_eq(mode, STR("adaptive"));
    c->think_hidden = str_eq(json_member(thinks, "display"), STR("omitted"));
    const json_t *choice = json_object_get(r, "tool_choice");
    struct str kind = json_member(choice, "type");
    c->must_call = str_eq(kind, STR("any")) || str_eq(kind, STR("tool"));
    c->must_name = json_member(choice, "name");
    const json_t *format = json_object_get(json_object_get(r, "output_config"), "format");
    format = format ? format : json_object_get(r, "output_format");
    c->wants_json = str_eq(json_member(format, "type"), STR("json_schema"));
    c->answer_schema = json_object_get(format, "schema");
    return true;
}

static bool max_tokens(struct chat_request *c, struct api_error *e)
{
    const json_t *max = json_object_get(c->root, "max_tokens");
    if (!json_is_integer(max)) {
        return refuse(e, "max_tokens", max ? "Input should be a valid integer" : "Field required");
    }
    if (json_integer_value(max) < 1) {
        return refuse(e, "max_tokens", "Input should be greater than or equal to 1");
    }
    c->max_tokens = json_u32(max, UINT32_MAX);
    return true;
}

/* Body, model and version. */
static bool envelope(struct chat_request *c, const struct site *site, struct str body,
                     struct api_error *e)
{
    c->root = json_read(body);
    if (!json_is_object(c->root)) {
        return api_error_set(e, 400, NULL, NULL, "The request body is not valid JSON");
    }
    const json_t *model = json_object_get(c->root, "model");
    c->model = site->vertex ? site->model : json_str(model);
    if (site->vertex) {
        if (model) {
            return refuse(e, "model", "Extra inputs are not permitted");
        }
        return json_member(c->root, "anthropic_version").p ||
               refuse(e, "anthropic_version", "Field required");
    }
    if (!http_value(site->http, site->run, STR("anthropic-version")).p) {
        return refuse(e, "anthropic-version", "header is required");
    }
    return c->model.len > 0 || refuse(e, "model",
                                      c->model.p ? "String should have at least 1 character"
                                      : model    ? "Input should be a valid string"
                                                 : "Field required");
}

/* Nothing is kept here: a thread is created and is lost at once. */
static bool thread(const struct chat_request *c, const struct site *site, struct api_error *e)
{
    const json_t *v = json_object_get(c->root, "thread");
    struct str type = json_member(v, "type");
    if (!v || json_is_null(v)) {
        return true;
    }
    struct str beta = http_value(site->http, site->run, STR("anthropic-beta"));
    if (str_find_str(beta, STR("message-threads-")) < 0) {
        return refuse(e, "thread", "Extra inputs are not permitted");
    }
    if (str_eq(type, STR("create"))) {
        return true;
    }
    if (!str_eq(type, STR("continue")) || !json_member(v, "previous_message_id").p) {
        return refuse(e, "thread", "Input should be 'create' or 'continue'");
    }
    api_error_set(e, 404, NULL, NULL, "No usable thread was found for `previous_message_id`.");
    e->detail = "thread_not_found";
    return false;
}

bool anthropic_parse(struct chat_request *c, const struct site *site, struct str body,
                     struct api_error *e)
{
    if (!envelope(c, site, body, e) || !thread(c, site, e) || !max_tokens(c, e) ||
        !settings(c, e)) {
        return false;
    }
    const json_t *stream = json_object_get(c->root, "stream");
    if (stream && !json_is_boolean(stream)) {
        return refuse(e, "stream", "Input should be a valid boolean");
    }
    c->stream |= json_is_true(stream);
    system_text(c);
    bool enabled = str_eq(json_member(json_object_get(c->root, "thinking"), "type"),
                          STR("enabled"));
    return messages(c, e, enabled) && tools(c, e);
}

bool anthropic_parse_count(struct chat_request *c, const struct site *site, struct str body,
                           struct api_error *e)
{
    if (!envelope(c, site, body, e) || !settings(c, e)) {
        return false;
    }
    system_text(c);
    return messages(c, e, false) && tools(c, e);
}
