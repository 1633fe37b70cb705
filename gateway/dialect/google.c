/* Google's dialect: generateContent and streamGenerateContent, as AI Studio and Vertex speak it. */
#include "gateway/dialect/google_priv.h"

#define ROUTE(before, method, ask, stream)                                                         \
    {                                                                                              \
        before "/models/{model}:" method, ask, ENDPOINT_GENERATE_CONTENT, stream                   \
    }
#define ROUTES(before)                                                                             \
    ROUTE(before, "generateContent", ASK_CHAT, false),                                             \
        ROUTE(before, "streamGenerateContent", ASK_CHAT, true),                                    \
        ROUTE(before, "countTokens", ASK_COUNT, false)

static const struct dialect_route routes[] = {
    ROUTES(""),
    ROUTES("/v1beta"),
    ROUTES("/v1alpha"),
    ROUTES("/publishers/google"),
    ROUTES("/v1beta1/publishers/google"),
    /* Vercel's AI SDK leaves `models/` out before names with a slash. */
    {"/v1beta/{model}:generateContent", ASK_CHAT, ENDPOINT_GENERATE_CONTENT, false},
    {"/v1beta/{model}:streamGenerateContent", ASK_CHAT, ENDPOINT_GENERATE_CONTENT, true},
    {NULL, ASK_CHAT, ENDPOINT_GENERATE_CONTENT, false},
};

static bool write_count(int64_t tokens, struct buf *out)
{
    buf_add_lit(out, "{\"totalTokens\":");
    buf_add_i64(out, tokens);
    return buf_add_char(out, '}');
}

const struct dialect google = {
    .name = "google",
    .words = &google_words,
    .strict_turns = true,
    .routes = routes,
    .tell = "x-goog-api-key",
    .scan_request = google_scan_request,
    .parse_request = google_parse_request,
    .writer_bytes = sizeof(struct google_writer),
    .write_stream = google_write_stream,
    .write_answer = google_write_answer,
    .write_error = google_write_error,
    .write_error_event = google_write_error_event,
    .stream_type = "text/event-stream",
    .write_count = write_count,
    .write_models = google_write_models,
    .by_url = 1U << IR_IMAGE | 1U << IR_FILE,
    .emit_request = google_emit_request,
    .read_answer = google_read_answer,
    .reader_bytes = sizeof(struct google_state),
    .read_event = google_read_event,
    .scan_answer = google_scan_answer,
    .edit_request = google_edit_request,
    .scan_event = google_scan_event,
    .splice_answer = google_splice_answer,
    .write_event = google_write_event,
};
