/* OpenAI's chat protocol as a protocol.h table, and what all of OpenAI's endpoints share: header
 * lines, the wording of errors.
 */
#include "tests/simulator/openai.h"

#include "tests/simulator/answer.h"
#include "tests/simulator/json_read.h"

const struct fault OPENAI_FAULTS[] = {
    {400, "insufficient_quota", "insufficient_quota", "insufficient_quota", NULL,
     "You exceeded your current quota (simulated)."},
    {400, "context_length_exceeded", NULL, "context_length_exceeded", "messages",
     "This model's maximum context length is 8192 tokens (simulated)."},
    {400, "content_filter", NULL, "content_filter", NULL, NULL},
    {400, NULL, "invalid_request_error", "invalid_value", NULL,
     "The simulator was asked to refuse this."},
    {401, NULL, "invalid_request_error", "invalid_api_key", NULL,
     "Incorrect API key provided: sim***key."},
    {403, NULL, "invalid_request_error", "unsupported_country_region_territory", NULL,
     "Country, region, or territory not supported"},
    {404, NULL, "invalid_request_error", "model_not_found", NULL, "The model does not exist."},
    {429, NULL, "requests", "rate_limit_exceeded", NULL,
     "Rate limit reached for requests (simulated)."},
    {503, NULL, "service_unavailable_error", NULL, NULL, "The engine is overloaded (simulated)."},
    {529, NULL, "overloaded_error", NULL, NULL, "Overloaded (simulated)."},
    {0, NULL, "server_error", NULL, NULL, NULL},
};

void openai_refuse_key(struct api_error *e, const struct site *site, struct str key)
{
    (void)site;
    if (!key.p || key.len == 0) {
        api_error_set(e, 401, NULL, NULL,
                      "You didn't provide an API key. You need to provide your API key in an "
                      "Authorization header using Bearer auth.");
        return;
    }
    size_t tail = key.len < 4 ? key.len : 4;
    api_error_set(e, 401, "invalid_api_key", NULL, "Incorrect API key provided: ***%.*s.",
                  (int)tail, key.p + key.len - tail);
}

void openai_no_model(struct api_error *e, struct str model)
{
    api_error_set(e, 404, "model_not_found", NULL,
                  "The model `%.*s` does not exist or you do not have access to it.",
                  (int)(model.len < 200 ? model.len : 200), model.p);
}

void openai_head(const struct answer *a, struct buf *out)
{
    buf_add_lit(out, "access-control-expose-headers: X-Request-ID\r\n"
                     "openai-organization: org-simulator\r\nopenai-processing-ms: ");
    buf_add_i64(out, (int64_t)((sim_now_us() - a->received_us) / 1000U));
    buf_add_lit(out, "\r\nopenai-version: 2020-10-01\r\n"
                     "x-ratelimit-limit-requests: 10000\r\nx-ratelimit-limit-tokens: 2000000\r\n"
                     "x-ratelimit-remaining-requests: 9999\r\n"
                     "x-ratelimit-remaining-tokens: 1999000\r\n"
                     "x-ratelimit-reset-requests: 6ms\r\nx-ratelimit-reset-tokens: 30ms\r\n"
                     "x-request-id: ");
    buf_add_str(out, str_of(a->reply.request_id));
    buf_add_lit(out, "\r\n");
}

bool openai_take(struct chat_request *c, json_t *root, struct api_error *e)
{
    c->root = root;
    if (!json_is_object(c->root)) {
        return api_error_set(e, 400, NULL, NULL,
                             "We could not parse the JSON body of your request.");
    }
    c->model = json_member(c->root, "model");
    return c->model.len > 0 || api_error_set(e, 400, "missing_required_parameter", "model",
                                             "you must provide a model parameter");
}

bool openai_read(struct chat_request *c, struct str body, struct api_error *e)
{
    return openai_take(c, json_read(body), e);
}

static bool parse(struct chat_request *c, const struct site *site, struct str body,
                  struct api_error *e)
{
    (void)site;
    return chat_parse(c, body, e);
}

static const char *render(struct buf *b, const struct reply *r, const struct chat_request *c,
                          const struct script *s)
{
    render_completion(b, r, c, s);
    return "application/json";
}

void openai_error(struct buf *b, const struct api_error *e, struct str request_id)
{
    (void)request_id;
    render_error(b, e);
}

/* The stream then ends without [DONE]. */
static void break_off(struct stream *s, const struct api_error *e, const struct chat_request *c,
                      const struct script *script, struct buf *out)
{
    (void)c;
    buf_reset(&s->delta);
    buf_add_lit(&s->delta, "{\"error\":{\"message\":\"");
    render_escaped(&s->delta, str_of(e->message));
    buf_add_lit(&s->delta, "\",\"type\":");
    render_string_or_null(&s->delta, e->type);
    buf_add_lit(&s->delta, ",\"param\":null,\"code\":");
    render_string_or_null(&s->delta, e->code);
    buf_add_lit(&s->delta, "}}");
    stream_frame(out, buf_str(&s->delta), script);
}

const struct protocol OPENAI_CHAT = {
    .id_prefix = "chatcmpl-",
    .stream_type = "text/event-stream; charset=utf-8",
    .keys = KEY_BEARER | KEY_API_KEY,
    .faults = OPENAI_FAULTS,
    .scan = chat_scan,
    .parse = parse,
    .refuse_key = openai_refuse_key,
    .no_model = openai_no_model,
    .head = openai_head,
    .render = render,
    .next = stream_next,
    .error = openai_error,
    .break_off = break_off,
};
