/* The OpenAI chat dialect's table of functions. */
#include "gateway/dialect/openai_priv.h"
#include "gateway/wire/json_text.h"

static const struct dialect_route routes[] = {
    {"/chat/completions", ASK_CHAT, ENDPOINT_CHAT_COMPLETIONS, false},
    {NULL, ASK_CHAT, ENDPOINT_CHAT_COMPLETIONS, false},
};

const struct dialect_header openai_headers[] = {
    {"openai-organization", NULL, true},
    {"openai-project", NULL, true},
    {"openai-beta", NULL, false},
    {NULL, NULL, false},
};

const struct dialect openai_chat = {
    .name = "openai",
    .words = &openai_words,
    .routes = routes,
    .headers = openai_headers,
    .scan_request = openai_scan_request,
    .parse_request = openai_parse_request,
    .by_url = 1U << IR_IMAGE,
    .emit_request = openai_emit_request,
    .writer_bytes = OPENAI_WRITER_BYTES,
    .write_stream = openai_write_stream,
    .write_answer = openai_write_answer,
    .read_answer = openai_read_answer,
    .reader_bytes = OPENAI_READER_BYTES,
    .read_event = openai_read_event,
    .format_by_word = true,
    .edit_request = openai_edit_request,
    .scan_answer = openai_scan_answer,
    .scan_event = openai_scan_event,
    .splice_answer = openai_splice_answer,
    .write_event = openai_write_event,
    .write_usage_event = openai_write_usage_event,
    .write_error_event = openai_write_error_event,
    .write_done = openai_write_done,
    .stream_type = "text/event-stream",
    .metadata_unasked = true,
    .write_models = openai_write_models,
    .write_error = openai_write_error,
};

struct str openai_decoded(const struct json_scan *s, struct arena *a)
{
    if (!s->escaped)
        return s->raw;
    char *p = arena_alloc(a, s->raw.len);
    return str_make(p, json_decode_into(s->raw, p));
}
