/* Google's generateContent as a protocol.h table: whole answers and the parts that streams share,
 * errors, header lines. Pure.
 */
#include "tests/simulator/google.h"

#include "tests/simulator/answer.h"
#include "tests/simulator/seal.h"

/* `type` is Google's `status`. */
const struct fault GOOGLE_FAULTS[] = {
    {400, "context_length_exceeded", "INVALID_ARGUMENT", NULL, NULL,
     "The input token count (1212345) exceeds the maximum number of tokens allowed (1048576)."},
    {429, "insufficient_quota", "RESOURCE_EXHAUSTED", NULL, NULL,
     "You exceeded your current quota, please check your plan and billing details."},
    {400, NULL, "INVALID_ARGUMENT", NULL, NULL, "Request contains an invalid argument."},
    {401, NULL, "UNAUTHENTICATED", NULL, NULL,
     "Request had invalid authentication credentials. Expected OAuth 2 access token."},
    {403, NULL, "PERMISSION_DENIED", NULL, NULL, "The caller does not have permission"},
    {404, NULL, "NOT_FOUND", NULL, NULL, "Requested entity was not found."},
    {409, NULL, "ABORTED", NULL, NULL, "The operation was aborted."},
    {429, NULL, "RESOURCE_EXHAUSTED", NULL, NULL,
     "Resource has been exhausted (e.g. check quota)."},
    {499, NULL, "CANCELLED", NULL, NULL, "The operation was cancelled."},
    {500, NULL, "INTERNAL", NULL, NULL, "An internal error has occurred."},
    {501, NULL, "UNIMPLEMENTED", NULL, NULL, "Operation is not implemented."},
    {503, NULL, "UNAVAILABLE", NULL, NULL, "The model is overloaded. Please try again later."},
    {504, NULL, "DEADLINE_EXCEEDED", NULL, NULL, "The request timed out. Please try again."},
    {0, NULL, "UNKNOWN", NULL, NULL, NULL},
};

static const char *const FINISH[] = {
    [FINISH_DEFAULT] = "STOP",
    [FINISH_STOP] = "STOP",
    [FINISH_LENGTH] = "MAX_TOKENS",
    [FINISH_TOOL_CALLS] = "STOP",
    [FINISH_FILTER] = "SAFETY",
    [FINISH_REFUSAL] = "PROHIBITED_CONTENT",
    [FINISH_PAUSE] = "STOP",
    [FINISH_SEQUENCE] = "STOP",
    [FINISH_WINDOW] = "MAX_TOKENS",
    [FINISH_RECITATION] = "RECITATION",
    [FINISH_MALFORMED] = "MALFORMED_FUNCTION_CALL",
    [FINISH_BLOCKED] = "SAFETY",
    [FINISH_FAILED] = "OTHER",
};
static_assert(ARRAY_LEN(FINISH) == FINISH_COUNT, "a word for each");

bool google_blocked(const struct reply *r)
{
    return r->finish == FINISH_BLOCKED;
}

void google_text_open(struct buf *b, bool thought)
{
    buf_add_str(b, thought ? STR("{\"thought\":true,\"text\":\"") : STR("{\"text\":\""));
}

void google_signature(struct buf *b, struct str over)
{
    struct seal seal = seal_make(SEAL_GOOGLE, over);
    buf_add_lit(b, "\"thoughtSignature\":\"");
    buf_add_str(b, str_of(seal.text));
    buf_add_char(b, '"');
}

void google_call(struct buf *b, const struct reply *r, const struct chat_request *c, uint32_t call)
{
    buf_add_lit(b, "{\"functionCall\":{\"name\":\"");
    render_escaped(b, r->calls[call].name);
    buf_add_lit(b, "\",\"args\":");
    buf_add_str(b, str_of(r->calls[call].arguments));
    buf_add_char(b, '}');
    if (call == 0 && (c->signed_calls || r->thinking.p)) {
        buf_add_char(b, ',');
        google_signature(b, r->calls[call].name);
    }
    buf_add_char(b, '}');
}

void google_image(struct buf *b)
{
    buf_add_lit(b, "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"" RENDER_PNG "\"}}");
}

void google_end(struct buf *b, const struct reply *r, const struct script *s)
{
    buf_add_lit(b, ",\"finishReason\":\"");
    buf_add_str(b, str_of(FINISH[r->finish]));
    buf_add_char(b, '"');
    if (r->finish == FINISH_MALFORMED) {
        buf_add_lit(b, ",\"finishMessage\":\"Malformed function call: simulated\"");
    }
    if (r->finish == FINISH_FILTER) {
        buf_add_lit(b, ",\"safetyRatings\":[{\"category\":\"HARM_CATEGORY_DANGEROUS_CONTENT\","
                       "\"probability\":\"HIGH\",\"blocked\":true}]");
    }
    if (s->cite) {
        buf_add_lit(b, ",\"citationMetadata\":{\"citationSources\":[{\"startIndex\":0,"
                       "\"endIndex\":5,\"uri\":\"https://example.com/source\"}]}"
                       ",\"groundingMetadata\":{\"webSearchQueries\":[\"simulated\"],"
                       "\"searchEntryPoint\":{\"renderedContent\":\"<div>simulated</div>\"},"
                       "\"groundingChunks\":[{\"web\":{\"uri\":\"https://example.com/source\","
                       "\"title\":\"A simulated source\"}}],\"groundingSupports\":[{\"segment\":{"
                       "\"startIndex\":0,\"endIndex\":5,\"text\":\"Hello\"},"
                       "\"groundingChunkIndices\":[0]}]}");
    }
}

static void details(struct buf *b, struct str name, uint32_t all, uint32_t audio)
{
    buf_add_str(b, name);
    render_member(b, STR("[{\"modality\":\"TEXT\",\"tokenCount\":"), all > audio ? all - audio : 0);
    if (audio > 0) {
        render_member(b, STR("},{\"modality\":\"AUDIO\",\"tokenCount\":"), audio);
    }
    buf_add_lit(b, "}]");
}

void google_usage(struct buf *b, const struct reply *r, const struct script *s, uint32_t out)
{
    const struct reply_usage *u = &r->usage;
    if (s->usage == USAGE_NONE || s->usage == USAGE_NULL) {
        buf_add_str(b, s->usage == USAGE_NULL ? STR(",\"usageMetadata\":null") : STR(""));
        return;
    }
    uint32_t thoughts = u->reasoning < out ? u->reasoning : out;
    render_member(b, STR(",\"usageMetadata\":{\"promptTokenCount\":"), u->in);
    if (out > thoughts) {
        render_member(b, STR(",\"candidatesTokenCount\":"), out - thoughts);
    }
    if (s->usage == USAGE_PARTIAL) {
        buf_add_char(b, '}');
        return;
    }
    if (thoughts > 0) {
        render_member(b, STR(",\"thoughtsTokenCount\":"), thoughts);
    }
    if (u->cached > 0) {
        render_member(b, STR(",\"cachedContentTokenCount\":"), u->cached);
        details(b, STR(",\"cacheTokensDetails\":"), u->cached, 0);
    }
    if (u->tool_prompt > 0) {
        render_member(b, STR(",\"toolUsePromptTokenCount\":"), u->tool_prompt);
    }
    render_member(b, STR(",\"totalTokenCount\":"), u->in + out + u->tool_prompt);
    details(b, STR(",\"promptTokensDetails\":"), u->in, u->audio_in);
    if (u->audio_out > 0) {
        details(b, STR(",\"candidatesTokensDetails\":"), out - thoughts, u->audio_out);
    }
    buf_add_char(b, '}');
}

void google_close(struct buf *b, const struct reply *r)
{
    buf_add_lit(b, ",\"modelVersion\":\"");
    render_escaped(b, r->model);
    buf_add_lit(b, "\",\"responseId\":\"");
    buf_add_str(b, str_of(r->id));
    buf_add_lit(b, "\"}");
}

void google_blocked_answer(struct buf *b, const struct reply *r, const struct script *s)
{
    buf_add_lit(b, "{\"promptFeedback\":{\"blockReason\":\"SAFETY\",\"safetyRatings\":[{"
                   "\"category\":\"HARM_CATEGORY_DANGEROUS_CONTENT\",\"probability\":\"HIGH\"}]}");
    google_usage(b, r, s, 0);
    google_close(b, r);
}

static void text_part(struct buf *b, const struct reply *r, const struct chat_request *c,
                      const struct script *s)
{
    google_text_open(b, false);
    render_text(b, r, s);
    buf_add_char(b, '"');
    if (c->signed_calls) {
        buf_add_char(b, ',');
        google_signature(b, STR(""));
    }
    buf_add_char(b, '}');
}

static void parts(struct buf *b, const struct reply *r, const struct chat_request *c,
                  const struct script *s)
{
    if (r->thinking.p) {
        google_text_open(b, true);
        render_escaped(b, r->thinking);
        buf_add_lit(b, "\"},");
    }
    for (uint32_t i = 0; i < r->n_calls; i++) {
        google_call(b, r, c, i);
        buf_add_char(b, ',');
    }
    if (r->n_calls == 0) {
        text_part(b, r, c, s);
        buf_add_char(b, ',');
    }
    if (s->image) {
        google_image(b);
    } else if (!b->failed) {
        b->len--; /* the last comma */
    }
}

static const char *render(struct buf *b, const struct reply *r, const struct chat_request *c,
                          const struct script *s)
{
    if (google_blocked(r)) {
        google_blocked_answer(b, r, s);
        return "application/json; charset=UTF-8";
    }
    bool empty = r->finish == FINISH_FILTER || r->finish == FINISH_RECITATION ||
                 r->finish == FINISH_MALFORMED;
    buf_add_lit(b, "{\"candidates\":[");
    for (uint32_t i = 0; i < r->n; i++) {
        buf_add_str(b, i > 0 ? STR(",{\"content\":{") : STR("{\"content\":{"));
        if (!empty) {
            buf_add_lit(b, "\"parts\":[");
            parts(b, r, c, s);
            buf_add_lit(b, "],\"role\":\"model\"");
        }
        buf_add_char(b, '}');
        google_end(b, r, s);
        render_member(b, STR(",\"index\":"), i);
        buf_add_char(b, '}');
    }
    buf_add_char(b, ']');
    google_usage(b, r, s, r->usage.out);
    google_close(b, r);
    return "application/json; charset=UTF-8";
}

static const char *render_count(struct buf *b, const struct reply *r, const struct chat_request *c,
                                const struct script *s)
{
    (void)c;
    (void)s;
    render_member(b, STR("{\"totalTokens\":"), r->usage.in);
    details(b, STR(",\"promptTokensDetails\":"), r->usage.in, r->usage.audio_in);
    buf_add_char(b, '}');
    return "application/json; charset=UTF-8";
}

/* What stands in `details` for the errors that clients look into. */
static void error_details(struct buf *b, const struct api_error *e)
{
    if (str_starts(str_of(e->message), STR("API key not valid"))) {
        buf_add_lit(b, ",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
                       "\"reason\":\"API_KEY_INVALID\",\"domain\":\"googleapis.com\",\"metadata\":{"
                       "\"service\":\"generativelanguage.googleapis.com\"}}]");
    } else if (str_starts(str_of(e->message), STR("Invalid JSON payload"))) {
        buf_add_lit(b, ",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\","
                       "\"fieldViolations\":[{\"description\":\"");
        render_escaped(b, str_of(e->message));
        buf_add_lit(b, "\"}]}]");
    } else if (e->status == 429) {
        buf_add_lit(b, ",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\","
                       "\"violations\":[{\"quotaMetric\":\"generativelanguage.googleapis.com/"
                       "generate_content_requests\",\"quotaId\":\"GenerateRequestsPerMinute\"}]}");
        if (e->retry_after_s > 0) {
            render_member(b,
                          STR(",{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
                              "\"retryDelay\":\""),
                          e->retry_after_s);
            buf_add_lit(b, "s\"}");
        }
        buf_add_char(b, ']');
    }
}

void google_error(struct buf *b, const struct api_error *e, struct str request_id)
{
    (void)request_id;
    const struct fault *f = fault_find(&GOOGLE_GENERATE, e->status, STR_NULL);
    render_member(b, STR("{\"error\":{\"code\":"), e->status);
    buf_add_lit(b, ",\"message\":\"");
    render_escaped(b, str_of(e->message));
    buf_add_lit(b, "\",\"status\":\"");
    render_escaped(b, str_of(e->kind[0] ? e->kind : f->type));
    buf_add_char(b, '"');
    error_details(b, e);
    buf_add_lit(b, "}}");
}

void google_head(const struct answer *a, struct buf *out)
{
    buf_add_lit(out, "vary: Origin\r\nvary: X-Origin\r\nvary: Referer\r\nserver-timing: gfet4t7; "
                     "dur=");
    buf_add_i64(out, (int64_t)((sim_now_us() - a->received_us) / 1000U));
    buf_add_lit(out, "\r\nx-content-type-options: nosniff\r\n");
}

void google_refuse_key(struct api_error *e, const struct site *site, struct str key)
{
    if (site->vertex) {
        api_error_set(e, 401, NULL, NULL,
                      "Request had invalid authentication credentials. Expected OAuth 2 access "
                      "token, login cookie or other valid authentication credential.");
    } else if (key.len == 0) {
        api_error_set(e, 403, NULL, NULL,
                      "Method doesn't allow unregistered callers (callers without established "
                      "identity). Please use API Key or other form of API consumer identity to "
                      "call this API.");
    } else {
        api_error_set(e, 400, NULL, NULL, "API key not valid. Please pass a valid API key.");
    }
}

void google_no_model(struct api_error *e, struct str model)
{
    api_error_set(e, 404, NULL, NULL,
                  "models/%.*s is not found for API version v1beta, or is not supported for "
                  "generateContent. Call ListModels to see the list of available models and their "
                  "supported methods.",
                  (int)(model.len < 100 ? model.len : 100), model.p);
}

const struct protocol GOOGLE_GENERATE = {
    .id_prefix = "",
    .stream_type = "text/event-stream",
    .keys = KEY_GOOGLE | KEY_BEARER,
    .faults = GOOGLE_FAULTS,
    .parse = google_parse,
    .refuse_key = google_refuse_key,
    .no_model = google_no_model,
    .head = google_head,
    .render = render,
    .next = google_next,
    .error = google_error,
    .break_off = google_break_off,
};

const struct protocol GOOGLE_COUNT = {
    .id_prefix = "",
    .keys = KEY_GOOGLE | KEY_BEARER,
    .faults = GOOGLE_FAULTS,
    .mute = true,
    .parse = google_parse_count,
    .refuse_key = google_refuse_key,
    .no_model = google_no_model,
    .head = google_head,
    .render = render_count,
    .error = google_error,
};
