/* Reading a Converse request, and what Bedrock refuses, in its words where people look at them.
 * Pure.
 */
#include "tests/simulator/bedrock.h"
#include "tests/simulator/json_read.h"
#include "tests/simulator/seal.h"

struct place {
    struct chat_request *c;
    struct api_error *e;
    const json_t *message, *previous;
    size_t i, j;
    bool assistant, uses_tools;
};

static bool refuse(struct api_error *e, const char *what)
{
    return api_error_set(e, 400, NULL, NULL, "%s", what);
}

/* How many blocks with the member `kind` a message has. */
static size_t count(const json_t *message, const char *kind)
{
    size_t n = 0;
    size_t i;
    const json_t *block;
    json_array_foreach(json_object_get(message, "content"), i, block)
    {
        n += json_object_get(block, kind) != NULL;
    }
    return n;
}

static bool has_result(const json_t *message, struct str id)
{
    size_t i;
    const json_t *block;
    json_array_foreach(json_object_get(message, "content"), i, block)
    {
        const json_t *result = json_object_get(block, "toolResult");
        if (result && str_eq(json_member(result, "toolUseId"), id)) {
            return true;
        }
    }
    return false;
}

/* The last text of a toolResult, or the first string of its last JSON. */
static struct str result_text(const json_t *content)
{
    struct str text = STR("");
    size_t i;
    const json_t *block;
    json_array_foreach(content, i, block)
    {
        struct str t = json_member(block, "text");
        t = t.p ? t : json_result(json_object_get(block, "json"));
        text = t.p ? t : text;
    }
    return text;
}

static bool reasoning(const struct place *at, const json_t *v)
{
    const json_t *text = json_object_get(v, "reasoningText");
    struct str redacted = json_member(v, "redactedContent");
    if (redacted.p) {
        return seal_is_ours(SEAL_ANTHROPIC, redacted) ||
               api_error_set(at->e, 400, NULL, NULL,
                             "The model returned the following errors: messages.%zu.content.%zu: "
                             "Invalid `data` in `redacted_thinking` block",
                             at->i, at->j);
    }
    return seal_fits(SEAL_ANTHROPIC, json_member(text, "signature"), json_member(text, "text")) ||
           api_error_set(at->e, 400, NULL, NULL,
                         "The model returned the following errors: messages.%zu.content.%zu: "
                         "Invalid `signature` in `thinking` block",
                         at->i, at->j);
}

static bool block_of(struct place *at, const json_t *block)
{
    struct str text = json_member(block, "text");
    const json_t *result = json_object_get(block, "toolResult");
    const json_t *thought = json_object_get(block, "reasoningContent");
    if (!json_is_object(block) || json_object_size(block) != 1) {
        return api_error_set(at->e, 400, NULL, NULL,
                             "The ContentBlock object at messages.%zu.content.%zu must set one of "
                             "its keys.",
                             at->i, at->j);
    }
    if (text.p && text.len == 0) {
        return api_error_set(at->e, 400, NULL, NULL,
                             "The text field in the ContentBlock object at messages.%zu.content."
                             "%zu is blank. Add text to the text field, and try again.",
                             at->i, at->j);
    }
    if (text.p && at->assistant) {
        at->c->content_bytes += text.len;
    } else if (text.p) {
        chat_user_text(at->c, text);
    }
    at->uses_tools |= result || json_object_get(block, "toolUse");
    if (result) {
        chat_tool_result(at->c, result_text(json_object_get(result, "content")));
    }
    return !thought || reasoning(at, thought);
}

/* Results answer the calls of the turn before, all of them. */
static bool results_fit(const struct place *at)
{
    if (count(at->message, "toolResult") > count(at->previous, "toolUse")) {
        return api_error_set(at->e, 400, NULL, NULL,
                             "The number of toolResult blocks at messages.%zu.content exceeds the "
                             "number of toolUse blocks of previous turn.",
                             at->i);
    }
    size_t i;
    const json_t *block;
    json_array_foreach(json_object_get(at->previous, "content"), i, block)
    {
        const json_t *use = json_object_get(block, "toolUse");
        struct str id = json_member(use, "toolUseId");
        if (use && !has_result(at->message, id)) {
            return api_error_set(at->e, 400, NULL, NULL,
                                 "Expected toolResult blocks at messages.%zu.content for the "
                                 "following Ids: %.80s",
                                 at->i, id.p ? id.p : "");
        }
    }
    return true;
}

static bool role_of(struct place *at)
{
    struct str role = json_member(at->message, "role");
    bool was_assistant = at->assistant;
    at->assistant = str_eq(role, STR("assistant"));
    if (!at->assistant && !str_eq(role, STR("user"))) {
        return api_error_set(at->e, 400, NULL, NULL,
                             "1 validation error detected: Value '%.40s' at 'messages.%zu.member."
                             "role' failed to satisfy constraint: Member must satisfy enum value "
                             "set: [user, assistant]",
                             role.p ? role.p : "null", at->i + 1);
    }
    if (at->i == 0 && at->assistant) {
        return refuse(at->e, "A conversation must start with a user message. Try again with a "
                             "conversation that starts with a user message.");
    }
    if (at->i > 0 && was_assistant == at->assistant) {
        return refuse(at->e, "A conversation must alternate between user and assistant roles. Make "
                             "sure the conversation alternates between user and assistant roles "
                             "and try again.");
    }
    return true;
}

static bool message(struct place *at)
{
    if (!role_of(at)) {
        return false;
    }
    const json_t *content = json_object_get(at->message, "content");
    if (json_array_size(content) == 0) {
        return api_error_set(at->e, 400, NULL, NULL,
                             "The content field in the Message object at messages.%zu is empty. "
                             "Add a ContentBlock object to the content field and try again.",
                             at->i);
    }
    if (!at->assistant) {
        chat_user(at->c);
    }
    const json_t *block;
    json_array_foreach(content, at->j, block)
    {
        if (!block_of(at, block)) {
            return false;
        }
    }
    if (at->assistant) {
        chat_assistant(at->c, count(at->message, "toolUse") > 0);
    }
    return at->assistant || results_fit(at);
}

static bool messages(struct chat_request *c, struct api_error *e)
{
    struct place at = {.c = c, .e = e};
    const json_t *list = json_object_get(c->root, "messages");
    if (json_array_size(list) == 0) {
        return refuse(e, "A conversation must start with a user message. Try again with a "
                         "conversation that starts with a user message.");
    }
    json_array_foreach(list, at.i, at.message)
    {
        if (!message(&at)) {
            return false;
        }
        at.previous = at.message;
    }
    chat_told(c);
    return !at.uses_tools || json_object_get(c->root, "toolConfig") ||
           refuse(e, "The toolConfig field must be defined when using toolUse and toolResult "
                     "content blocks.");
}

static bool tools(struct chat_request *c, struct api_error *e)
{
    const json_t *config = json_object_get(c->root, "toolConfig");
    size_t i;
    const json_t *tool;
    json_array_foreach(json_object_get(config, "tools"), i, tool)
    {
        const json_t *spec = json_object_get(tool, "toolSpec");
        const json_t *schema = json_object_get(json_object_get(spec, "inputSchema"), "json");
        struct str name = json_member(spec, "name");
        if (spec && (name.len == 0 || !json_is_object(schema))) {
            return api_error_set(e, 400, NULL, NULL,
                                 "The value at toolConfig.tools.%zu.toolSpec is not valid: name "
                                 "and inputSchema.json are required.",
                                 i);
        }
        if (spec) {
            *chat_add_tool(c) = (struct tool_def){.name = name, .schema = schema};
        }
    }
    const json_t *choice = json_object_get(config, "toolChoice");
    const json_t *named = json_object_get(choice, "tool");
    c->must_call = named || json_object_get(choice, "any");
    c->must_name = json_member(named, "name");
    return true;
}

static bool settings(struct chat_request *c, struct api_error *e)
{
    const json_t *r = c->root;
    const json_t *inference = json_object_get(r, "inferenceConfig");
    const json_t *max = json_object_get(inference, "maxTokens");
    const json_t *heat = json_object_get(inference, "temperature");
    if (max && (!json_is_integer(max) || json_integer_value(max) < 1)) {
        return refuse(e,
                      "1 validation error detected: Value at 'inferenceConfig.maxTokens' failed "
                      "to satisfy constraint: Member must have value greater than or equal to 1");
    }
    if (heat && !(json_number_value(heat) >= 0 && json_number_value(heat) <= 1)) {
        return refuse(e, "1 validation error detected: Value at 'inferenceConfig.temperature' "
                         "failed to satisfy constraint: Member must have value less than or equal "
                         "to 1");
    }
    c->max_tokens = json_u32(max, UINT32_MAX);
    const json_t *extra = json_object_get(r, "additionalModelRequestFields");
    const json_t *thinking = json_either(extra, "thinking", "reasoning_config");
    struct str mode = json_member(thinking, "type");
    c->thinking = str_eq(mode, STR("enabled")) || str_eq(mode, STR("adaptive"));
    size_t i;
    const json_t *block;
    json_array_foreach(json_object_get(r, "system"), i, block)
    {
        c->content_bytes += json_member(block, "text").len;
    }
    return true;
}

/* outputConfig: the schema is JSON inside a string; it lives in the root, beside what was sent. */
static bool format(struct chat_request *c, struct api_error *e)
{
    const json_t *output = json_object_get(json_object_get(c->root, "outputConfig"), "textFormat");
    const json_t *structure = json_object_get(output, "structure");
    struct str text = json_member(json_object_get(structure, "jsonSchema"), "schema");
    if (!output) {
        return true;
    }
    json_t *schema = json_loadb(text.p ? text.p : "", text.len, 0, NULL);
    if (!json_is_object(schema)) {
        json_decref(schema);
        return refuse(e, "The value at outputConfig.textFormat.structure.jsonSchema.schema is not "
                         "a JSON schema.");
    }
    json_object_set_new(c->root, "", schema);
    c->wants_json = true;
    c->answer_schema = schema;
    return true;
}

bool bedrock_read(struct chat_request *c, const struct site *site, struct str body,
                  struct api_error *e)
{
    c->root = json_read(body);
    c->model = site->model;
    if (json_is_object(c->root)) {
        return true;
    }
    api_error_set(e, 400, NULL, NULL,
                  "Malformed input request, please reformat your input and try "
                  "again.");
    return false;
}

bool bedrock_parse(struct chat_request *c, const struct site *site, struct str body,
                   struct api_error *e)
{
    return bedrock_read(c, site, body, e) && settings(c, e) && messages(c, e) && tools(c, e) &&
           format(c, e);
}
