/* Google's dialect: generateContent and streamGenerateContent, as AI Studio and Vertex speak it. */
#include "gateway/dialect/google_priv.h"

static const struct dialect_route routes[] = {
#define ROUTES(before)                                                                             \
    {before "/models/{model}:generateContent", ASK_CHAT, ENDPOINT_GENERATE_CONTENT, false},        \
    {                                                                                              \
        before "/models/{model}:streamGenerateContent", ASK_CHAT, ENDPOINT_GENERATE_CONTENT, true  \
    }
    ROUTES(""),
    ROUTES("/v1beta"),
    ROUTES("/v1alpha"),
    ROUTES("/publishers/google"),
    ROUTES("/v1beta1/publishers/google"),
#undef ROUTES
    {NULL, ASK_CHAT, ENDPOINT_GENERATE_CONTENT, false},
};

const struct dialect google = {
    .name = "google",
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
