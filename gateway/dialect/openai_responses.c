/* The OpenAI Responses dialect's table of functions. */
#include "gateway/dialect/openai_priv.h"
#include "gateway/dialect/openai_responses_chain.h"
#include "gateway/dialect/openai_responses_priv.h"

static const struct dialect_route routes[] = {
    {"/responses", ASK_CHAT, ENDPOINT_RESPONSES, false},
    {NULL, ASK_CHAT, ENDPOINT_RESPONSES, false},
};

/* The same as the chat dialect's. */
static const struct dialect_header headers[] = {
    {"openai-organization", NULL, true},
    {"openai-project", NULL, true},
    {"openai-beta", NULL, false},
    {NULL, NULL, false},
};

static const struct dialect_chain chain = {
    .path = "/responses/",
    .expand = responses_expand,
    .items_of_request = responses_items_of_request,
    .items_of_answer = responses_items_of_answer,
    .items_add = responses_items_add,
    .references = responses_references,
    .resolve = responses_resolve,
};

const struct dialect openai_responses = {
    .name = "openai-responses",
    .words = &responses_words,
    .routes = routes,
    .headers = headers,
    .beside = "openai",
    .beside_cap = CAP_RESPONSES,
    .beside_path = "/responses",
    .scan_request = responses_scan_request,
    .parse_request = responses_parse_request,
    .format_by_word = true,
    .edit_request = responses_edit_request,
    .writer_bytes = RESPONSES_WRITER_BYTES,
    .write_stream = responses_write_stream,
    .write_answer = responses_write_answer,
    .write_error = openai_write_error,
    .write_error_event = responses_write_error_event,
    .chain = &chain,
    .stream_type = "text/event-stream",
    .by_url = 1U << IR_IMAGE | 1U << IR_FILE,
    .emit_request = responses_emit_request,
    .read_answer = responses_read_answer,
    .reader_bytes = RESPONSES_READER_BYTES,
    .read_event = responses_read_event,
    .scan_answer = responses_scan_answer,
    .scan_event = responses_scan_event,
    .splice_answer = openai_splice_answer,
    .write_event = openai_write_event,
};
