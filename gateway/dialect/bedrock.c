/* Amazon Bedrock's Converse and ConverseStream: the dialect's table of functions. */
#include "gateway/dialect/bedrock_priv.h"

static const struct dialect_route routes[] = {
    {"/model/{model}/converse", ASK_CHAT, ENDPOINT_CONVERSE, false},
    {"/model/{model}/converse-stream", ASK_CHAT, ENDPOINT_CONVERSE, true},
    {NULL, ASK_CHAT, ENDPOINT_CONVERSE, false},
};

const struct dialect bedrock_converse = {
    .name = "bedrock",
    .words = &bedrock_words,
    .signer = bedrock_signer,
    .strict_turns = true,
    .strict_formats = true,
    .routes = routes,
    .takes_signatures = true,
    .scan_request = bedrock_scan_request,
    .parse_request = bedrock_parse_request,
    .writer_bytes = sizeof(struct bedrock_writer),
    .write_stream = bedrock_write_stream,
    .write_answer = bedrock_write_answer,
    .write_error = bedrock_write_error,
    .write_error_event = bedrock_write_error_event,
    .stream_type = "application/vnd.amazon.eventstream",
    .error_header = "x-amzn-ErrorType",
    .error_header_value = bedrock_error_type,
    .emit_request = bedrock_emit_request,
    .read_answer = bedrock_read_answer,
    .reader_bytes = sizeof(struct bedrock_stream),
    .read_event = bedrock_read_event,
    .scan_answer = bedrock_scan_answer,
    .edit_request = bedrock_edit_request,
    .scan_event = bedrock_scan_event,
    .splice_answer = bedrock_splice_answer,
    .write_event = bedrock_write_event,
};
