/* The table of the Anthropic dialect (Messages API). Pure. */
#include "gateway/dialect/anthropic_priv.h"
#include "gateway/dialect/openai_priv.h"

const struct ir_words anthropic_words = {.messages = "messages",
                                         .parts = "content",
                                         .tools = "tools",
                                         .image_url = "source.url",
                                         .file_url = "source.url"};

static const struct dialect_route routes[] = {
    {"/messages", ASK_CHAT, ENDPOINT_MESSAGES, false},
    {"/messages/count_tokens", ASK_COUNT, ENDPOINT_MESSAGES, false},
    {NULL, ASK_CHAT, ENDPOINT_MESSAGES, false},
};

static const struct dialect_header headers[] = {
    {"anthropic-version", "2023-06-01", false}, /* docs.anthropic.com/en/api/versioning */
    {"anthropic-beta", NULL, false},
    {NULL, NULL, false},
};

const struct dialect anthropic = {
    .name = "anthropic",
    .words = &anthropic_words,
    .strict_turns = true,
    .strict_formats = true,
    .routes = routes,
    .tell = "anthropic-version",
    .headers = headers,
    .scan_request = anthropic_scan_request,
    .parse_request = anthropic_parse_request,
    .edit_request = anthropic_edit_request,
    .writer_bytes = sizeof(struct anthropic_writer),
    .write_stream = anthropic_write_stream,
    .write_answer = anthropic_write_answer,
    .write_error = anthropic_write_error,
    .write_error_event = anthropic_write_error_event,
    .write_count = anthropic_write_count,
    .write_models = anthropic_write_models,
    .stream_type = "text/event-stream",
    .by_url = 1U << IR_IMAGE | 1U << IR_FILE,
    .emit_request = anthropic_emit_request,
    .read_answer = anthropic_read_answer,
    .reader_bytes = sizeof(struct anthropic_reader),
    .read_event = anthropic_read_event,
    .scan_answer = anthropic_scan_answer,
    .scan_event = anthropic_scan_event,
    .splice_answer = openai_splice_answer, /* spans alone: nothing of another dialect is in it */
    .write_event = openai_write_event,
    .write_done = anthropic_write_done,
};
