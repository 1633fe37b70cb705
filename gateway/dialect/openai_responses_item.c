/* Writes the items of an answer as they stand in `output` and in the events that complete them.
 * Pure; the caller's buffer.
 */
#include "gateway/dialect/openai_responses_priv.h"
#include "gateway/wire/json_text.h"

static const char *const item_types[] = {
    "message",
    "file_search_call",
    "function_call",
    "function_call_output",
    "web_search_call",
    "computer_call",
    "computer_call_output",
    "reasoning",
    "tool_search_call",
    "tool_search_output",
    "compaction",
    "image_generation_call",
    "code_interpreter_call",
    "local_shell_call",
    "local_shell_call_output",
    "shell_call",
    "shell_call_output",
    "apply_patch_call",
    "apply_patch_call_output",
    "mcp_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
    "custom_tool_call",
    "custom_tool_call_output",
};

bool responses_is_item(struct str type)
{
    for (size_t i = 0; i < ARRAY_LEN(item_types); i++)
        if (rd_is(type, item_types[i]))
            return true;
    return false;
}

static void write_list(struct json_write *w, const char *key, const struct buf *elements)
{
    jw_key(w, key);
    jw_array(w);
    if (elements->len > 0)
        jw_raw_line(w, buf_str(elements));
    jw_end(w);
}

void responses_write_part(struct json_write *w, const struct responses_item *it, bool with_text)
{
    static const struct buf nothing;
    struct str text = with_text ? buf_str(&it->text) : STR("");
    bool refusal = it->block == IR_REFUSAL, thinking = it->block == IR_THINKING;
    jw_object(w);
    jw_key(w, "type");
    jw_string(w, refusal ? STR("refusal") : thinking ? STR("summary_text") : STR("output_text"));
    jw_key(w, refusal ? "refusal" : "text");
    jw_text(w, text);
    if (!refusal && !thinking) {
        write_list(w, "annotations", with_text ? &it->annotations : &nothing);
        write_list(w, "logprobs", with_text ? &it->logprobs : &nothing);
    }
    jw_end(w);
}

static void write_head(struct json_write *w, const struct responses_item *it, const char *type)
{
    jw_object(w);
    jw_key(w, "id");
    jw_text(w, it->id);
    jw_key(w, "type");
    jw_string(w, str_of(type));
}

static void write_status(struct json_write *w, const struct responses_item *it)
{
    jw_key(w, "status");
    jw_string(w, str_of(it->status));
}

static void write_message(struct json_write *w, const struct responses_item *it)
{
    write_head(w, it, "message");
    write_status(w, it);
    jw_key(w, "role");
    jw_lit(w, "\"assistant\"");
    jw_key(w, "content");
    jw_array(w);
    if (it->part_open)
        responses_write_part(w, it, true);
    jw_end(w);
    jw_end(w);
}

static void write_reasoning(struct json_write *w, const struct responses_item *it)
{
    write_head(w, it, "reasoning");
    jw_key(w, "summary");
    jw_array(w);
    if (it->text.len > 0)
        responses_write_part(w, it, true);
    jw_end(w);
    if (it->encrypted.p) {
        jw_key(w, "encrypted_content");
        jw_text(w, it->encrypted);
    }
    jw_end(w);
}

struct str responses_custom_input(const struct responses_item *it, struct arena *a)
{
    struct str json = buf_str(&it->text), key, input = STR_NULL;
    struct reader r;
    char *text = arena_alloc(a, json.len);
    responses_reader(&r, str_make(text, json_decode_into(json, text)), a);
    bool object = rd_object(&r, "");
    while (object && rd_key(&r, &key)) {
        if (rd_is(key, "input"))
            (void)rd_text(&r, "", &input);
        else
            rd_skip(&r);
    }
    /* Arguments that are no such object are the input themselves. */
    return input.p ? input : json;
}

static void write_call(struct json_write *w, const struct responses_item *it)
{
    write_head(w, it, it->custom ? "custom_tool_call" : "function_call");
    write_status(w, it); /* of custom ones, too: clients ask for it, though the document does not */
    jw_key(w, "call_id");
    jw_text(w, it->call_id);
    jw_key(w, "name");
    jw_text(w, it->name);
    if (it->space.len) {
        jw_key(w, "namespace");
        jw_text(w, it->space);
    }
    jw_key(w, it->custom ? "input" : "arguments");
    jw_text(w, buf_str(&it->text));
    jw_end(w);
}

static void write_image(struct json_write *w, const struct responses_item *it)
{
    write_head(w, it, "image_generation_call");
    write_status(w, it);
    jw_key(w, "result");
    if (it->text.len > 0)
        jw_text(w, buf_str(&it->text));
    else
        jw_lit(w, "null");
    jw_end(w);
}

void responses_write_item(struct json_write *w, const struct responses_item *it)
{
    if (it->block == IR_TEXT || it->block == IR_REFUSAL)
        write_message(w, it);
    else if (it->block == IR_THINKING || it->block == IR_REDACTED)
        write_reasoning(w, it);
    else if (it->block == IR_TOOL_CALL)
        write_call(w, it);
    else if (it->block == IR_IMAGE)
        write_image(w, it);
    else
        jw_raw_line(w, it->raw);
}
