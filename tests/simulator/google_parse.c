/* Reading generateContent and countTokens requests. As strict as Google's JSON reader: a member it
 * does not know is a 400 that names it; names count in camelCase and snake_case. Pure.
 */
#include <stdio.h>

#include "tests/simulator/google.h"
#include "tests/simulator/json_read.h"
#include "tests/simulator/seal.h"

static const char *const TOP[] = {
    "contents",          "tools",          "tool_config", "safety_settings", "system_instruction",
    "generation_config", "cached_content", "model",       "labels",          "model_armor_config",
    "service_tier",      "store",          NULL};
static const char *const GENERATION[] = {"temperature",
                                         "top_p",
                                         "top_k",
                                         "candidate_count",
                                         "max_output_tokens",
                                         "stop_sequences",
                                         "response_mime_type",
                                         "response_schema",
                                         "response_json_schema",
                                         "_response_json_schema",
                                         "presence_penalty",
                                         "frequency_penalty",
                                         "seed",
                                         "response_logprobs",
                                         "logprobs",
                                         "enable_enhanced_civic_answers",
                                         "speech_config",
                                         "thinking_config",
                                         "media_resolution",
                                         "response_modalities",
                                         "image_config",
                                         "audio_timestamp",
                                         "routing_config",
                                         "model_selection_config",
                                         NULL};
static const char *const CONTENT[] = {"role", "parts", NULL};
static const char *const PART[] = {"text",
                                   "inline_data",
                                   "file_data",
                                   "function_call",
                                   "function_response",
                                   "executable_code",
                                   "code_execution_result",
                                   "tool_call",
                                   "tool_response",
                                   "thought",
                                   "thought_signature",
                                   "video_metadata",
                                   "media_resolution",
                                   "part_metadata",
                                   NULL};
static const char *const CALL[] = {"id", "name", "args", "partial_args", "will_continue", NULL};
static const char *const RESPONSE[] = {"id",         "name",  "response", "will_continue",
                                       "scheduling", "parts", NULL};

/* `camelCase` or `snake_case` against `snake_case`. */
static bool same_name(const char *name, const char *known)
{
    while (*name && *known) {
        if (*known == '_' && *name != '_' && known[1] && *name == known[1] - 'a' + 'A') {
            known += 2;
            name++;
        } else if (*name++ != *known++) {
            return false;
        }
    }
    return !*name && !*known;
}

bool google_known(const json_t *o, const char *const *known, const char *where, struct api_error *e)
{
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)o, name, v)
    {
        const char *const *k = known;
        while (*k && !same_name(name, *k)) {
            k++;
        }
        if (!*k) {
            return api_error_set(e, 400, NULL, NULL,
                                 "Invalid JSON payload received. Unknown name \"%.80s\"%s%s%s: "
                                 "Cannot find field.",
                                 name, *where ? " at '" : "", where, *where ? "'" : "");
        }
    }
    return true;
}

struct place {
    struct chat_request *c;
    struct api_error *e;
    size_t i, j;
    size_t calls; /* function calls of the turn before, which may be several contents */
    bool model;   /* that was the model's */
};

static bool refuse(struct api_error *e, const char *what)
{
    return api_error_set(e, 400, NULL, NULL, "%s", what);
}

/* What Google's documentation offers for calls that another model made. */
static bool is_waiver(struct str signature)
{
    return str_eq(signature, STR("skip_thought_signature_validator")) ||
           str_eq(signature, STR("c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="));
}

/* The first call of a content has to carry its signature; whatever is there has to fit. */
static bool call_signed(const struct place *at, const json_t *part, struct str name, size_t nth)
{
    struct str signature = json_str(json_either(part, "thoughtSignature", "thought_signature"));
    if (!at->c->signed_calls || (nth > 0 && !signature.p)) {
        return true;
    }
    if (!signature.p) {
        return api_error_set(at->e, 400, NULL, NULL,
                             "Function call is missing a thought_signature in functionCall parts. "
                             "This is required for tools to work correctly, and missing "
                             "thought_signature may lead to degraded model performance. Additional "
                             "data, function call `default_api:%.80s` , position %zu.",
                             name.p, at->i + 1);
    }
    return is_waiver(signature) || seal_fits(SEAL_GOOGLE, signature, name) ||
           refuse(at->e, "Thought signature is not valid.");
}

static bool known_part(const struct place *at, const json_t *part)
{
    char where[96];
    snprintf(where, sizeof(where), "contents[%zu].parts[%zu]", at->i, at->j);
    if (!json_is_object(part)) {
        return api_error_set(
            at->e, 400, NULL, NULL,
            "Invalid value at '%s' (type.googleapis.com/google.ai.generativelanguage.v1beta.Part)",
            where);
    }
    if (!google_known(part, PART, where, at->e)) {
        return false;
    }
    snprintf(where, sizeof(where), "contents[%zu].parts[%zu].function_call", at->i, at->j);
    if (!google_known(json_either(part, "functionCall", "function_call"), CALL, where, at->e)) {
        return false;
    }
    snprintf(where, sizeof(where), "contents[%zu].parts[%zu].function_response", at->i, at->j);
    return google_known(json_either(part, "functionResponse", "function_response"), RESPONSE, where,
                        at->e);
}

static bool response(const struct place *at, const json_t *v)
{
    if (!json_member(v, "name").len) {
        return api_error_set(at->e, 400, NULL, NULL,
                             "* GenerateContentRequest.contents[%zu].parts[%zu].function_response."
                             "name: Name cannot be empty.\n",
                             at->i, at->j);
    }
    chat_tool_result(at->c, json_result(json_object_get(v, "response")));
    return true;
}

/* One part; counts calls and responses. */
static bool part_of(const struct place *at, const json_t *part, bool model, size_t *calls,
                    size_t *responses)
{
    const json_t *call = json_either(part, "functionCall", "function_call");
    const json_t *result = json_either(part, "functionResponse", "function_response");
    if (!known_part(at, part)) {
        return false;
    }
    if (call) {
        return call_signed(at, part, json_member(call, "name"), (*calls)++);
    }
    if (result) {
        ++*responses;
        return response(at, result);
    }
    struct str text = json_member(part, "text");
    if (text.p && model) {
        at->c->content_bytes += text.len;
    } else if (text.p) {
        chat_user_text(at->c, text);
    }
    return true;
}

static bool content(struct place *at, const json_t *v)
{
    char where[40];
    snprintf(where, sizeof(where), "contents[%zu]", at->i);
    struct str role = json_member(v, "role");
    bool model = str_eq(role, STR("model"));
    if (!google_known(v, CONTENT, where, at->e)) {
        return false;
    }
    if (role.len > 0 && !model && !str_eq(role, STR("user")) && !str_eq(role, STR("function"))) {
        return refuse(at->e, "Please use a valid role: user, model.");
    }
    const json_t *parts = json_object_get(v, "parts");
    if (json_array_size(parts) == 0) {
        return api_error_set(at->e, 400, NULL, NULL,
                             "* GenerateContentRequest.contents[%zu].parts: contents.parts must "
                             "not be empty.\n",
                             at->i);
    }
    size_t calls = model && at->model ? at->calls : 0;
    size_t responses = 0;
    const json_t *part;
    if (!model) {
        chat_user(at->c);
    }
    json_array_foreach(parts, at->j, part)
    {
        if (!part_of(at, part, model, &calls, &responses)) {
            return false;
        }
    }
    if (model) {
        chat_assistant(at->c, calls > 0);
    }
    bool goes_on = model && at->model;
    if (!goes_on && at->calls != responses && (at->calls > 0 || responses > 0)) {
        return refuse(at->e, "Please ensure that the number of function response parts is equal "
                             "to the number of function call parts of the function call turn.");
    }
    at->calls = calls;
    at->model = model;
    return true;
}

static bool contents(struct chat_request *c, const json_t *list, struct api_error *e)
{
    struct place at = {.c = c, .e = e};
    const json_t *v;
    if (json_array_size(list) == 0) {
        return refuse(e, "* GenerateContentRequest.contents: contents is not specified\n");
    }
    json_array_foreach(list, at.i, v)
    {
        if (!content(&at, v)) {
            return false;
        }
    }
    chat_told(c);
    return true;
}

static bool tools(struct chat_request *c, const json_t *root, struct api_error *e)
{
    size_t i;
    size_t j;
    const json_t *tool;
    const json_t *f;
    json_array_foreach(json_object_get(root, "tools"), i, tool)
    {
        const json_t *list = json_either(tool, "functionDeclarations", "function_declarations");
        json_array_foreach(list, j, f)
        {
            struct str name = json_member(f, "name");
            if (name.len == 0) {
                return api_error_set(
                    e, 400, NULL, NULL,
                    "* GenerateContentRequest.tools[%zu].function_declarations[%zu]"
                    ".name: [FIELD_INVALID]\n",
                    i, j);
            }
            const json_t *schema = json_object_get(f, "parameters");
            *chat_add_tool(c) = (struct tool_def){
                .name = name,
                .schema = schema
                              ? schema
                              : json_either(f, "parametersJsonSchema", "parameters_json_schema")};
        }
    }
    const json_t *config = json_either(root, "toolConfig", "tool_config");
    config = json_either(config, "functionCallingConfig", "function_calling_config");
    c->must_call = str_eq(json_member(config, "mode"), STR("ANY"));
    c->must_name = json_str(
        json_array_get(json_either(config, "allowedFunctionNames", "allowed_function_names"), 0));
    return true;
}

static bool generation(struct chat_request *c, const json_t *root, struct api_error *e)
{
    const json_t *g = json_either(root, "generationConfig", "generation_config");
    if (!google_known(g, GENERATION, "generation_config", e)) {
        return false;
    }
    c->n = json_u32(json_either(g, "candidateCount", "candidate_count"), 1);
    c->max_tokens = json_u32(json_either(g, "maxOutputTokens", "max_output_tokens"), UINT32_MAX);
    if (c->n < 1 || c->n > 8) {
        return refuse(e, "* GenerateContentRequest.generation_config.candidate_count: "
                         "candidate_count must be in the range [1, 8].\n");
    }
    const json_t *heat = json_object_get(g, "temperature");
    if (heat && !(json_number_value(heat) >= 0 && json_number_value(heat) <= 2)) {
        return refuse(e, "* GenerateContentRequest.generation_config.temperature: temperature must "
                         "be in the range [0.0, 2.0].\n");
    }
    const json_t *thinking = json_either(g, "thinkingConfig", "thinking_config");
    c->thinking = json_is_true(json_either(thinking, "includeThoughts", "include_thoughts"));
    c->wants_json = str_eq(json_str(json_either(g, "responseMimeType", "response_mime_type")),
                           STR("application/json"));
    const json_t *schema = json_either(g, "responseSchema", "response_schema");
    c->answer_schema = schema ? schema
                              : json_either(g, "responseJsonSchema", "response_json_schema");
    return true;
}

bool google_read(struct chat_request *c, const struct site *site, struct str body,
                 const char *const *known, struct api_error *e)
{
    c->root = json_read(body);
    c->model = site->model;
    if (!json_is_object(c->root)) {
        return refuse(e, "Invalid JSON payload received. Expected an object key or }.");
    }
    return google_known(c->root, known, "", e);
}

static bool request(struct chat_request *c, const json_t *root, struct api_error *e)
{
    const json_t *system = json_either(root, "systemInstruction", "system_instruction");
    size_t i;
    const json_t *part;
    json_array_foreach(json_object_get(system, "parts"), i, part)
    {
        c->content_bytes += json_member(part, "text").len;
    }
    c->signed_calls = str_find_str(c->model, STR("sim-signed")) >= 0;
    return contents(c, json_object_get(root, "contents"), e) && generation(c, root, e) &&
           tools(c, root, e);
}

bool google_parse(struct chat_request *c, const struct site *site, struct str body,
                  struct api_error *e)
{
    c->as_array = site->stream && !str_eq(site_query(site->query, STR("alt")), STR("sse"));
    return google_read(c, site, body, TOP, e) && request(c, c->root, e);
}

bool google_parse_count(struct chat_request *c, const struct site *site, struct str body,
                        struct api_error *e)
{
    static const char *const KNOWN[] = {"contents",           "generate_content_request",
                                        "system_instruction", "tools",
                                        "generation_config",  "model",
                                        "instances",          NULL};
    if (!google_read(c, site, body, KNOWN, e)) {
        return false;
    }
    const json_t *inner = json_either(c->root, "generateContentRequest",
                                      "generate_content_request");
    return google_known(inner, TOP, "generate_content_request", e) &&
           request(c, inner ? inner : c->root, e);
}
