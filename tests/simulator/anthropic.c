/* Anthropic's Messages API as a protocol.h table: whole answers, errors, header lines. Pure. */
#include "tests/simulator/anthropic.h"

#include <stdio.h>
#include <time.h>

#include "tests/simulator/answer.h"
#include "tests/simulator/seal.h"

static const struct fault FAULTS[] = {
    {400, "context_length_exceeded", "invalid_request_error", NULL, NULL,
     "prompt is too long: 212345 tokens > 200000 maximum"},
    {400, "insufficient_quota", "invalid_request_error", NULL, NULL,
     "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to "
     "upgrade or purchase credits."},
    {400, "content_filter", "invalid_request_error", NULL, NULL,
     "Output blocked by content filtering policy"},
    {400, NULL, "invalid_request_error", NULL, NULL, "The simulator was asked to refuse this."},
    {401, NULL, "authentication_error", NULL, NULL, "invalid x-api-key"},
    {402, NULL, "billing_error", NULL, NULL, "There is an issue with your billing (simulated)."},
    {403, NULL, "permission_error", NULL, NULL,
     "Your API key does not have permission to use the specified resource."},
    {404, NULL, "not_found_error", NULL, NULL, "The requested resource could not be found."},
    {413, NULL, "request_too_large", NULL, NULL, "Request exceeds the maximum size"},
    {429, NULL, "rate_limit_error", NULL, NULL,
     "This request would exceed your organization's rate limit (simulated)."},
    {500, NULL, "api_error", NULL, NULL, "Internal server error"},
    {504, NULL, "timeout_error", NULL, NULL, "The request timed out (simulated)."},
    {529, NULL, "overloaded_error", NULL, NULL, "Overloaded"},
    {0, NULL, "api_error", NULL, NULL, NULL},
};

static const char *const STOP_REASONS[] = {
    [FINISH_DEFAULT] = "end_turn",
    [FINISH_STOP] = "end_turn",
    [FINISH_LENGTH] = "max_tokens",
    [FINISH_TOOL_CALLS] = "tool_use",
    [FINISH_FILTER] = "refusal",
    [FINISH_REFUSAL] = "refusal",
    [FINISH_PAUSE] = "pause_turn",
    [FINISH_SEQUENCE] = "stop_sequence",
    [FINISH_WINDOW] = "model_context_window_exceeded",
    [FINISH_RECITATION] = "refusal",
    [FINISH_MALFORMED] = "end_turn",
    [FINISH_BLOCKED] = "refusal",
    [FINISH_FAILED] = "end_turn",
};
static_assert(ARRAY_LEN(STOP_REASONS) == FINISH_COUNT, "a word for each");

const char *anthropic_stop_reason(enum script_finish finish)
{
    return STOP_REASONS[finish];
}

enum block_kind anthropic_block(const struct reply *r, const struct script *s, uint32_t index,
                                uint32_t *call)
{
    if (r->thinking.p && index-- == 0) {
        return BLOCK_THINKING;
    }
    if (s->redacted && index-- == 0) {
        return BLOCK_REDACTED;
    }
    *call = index;
    if (r->n_calls > 0) {
        return index < r->n_calls ? BLOCK_TOOL : BLOCK_NONE;
    }
    return index == 0 && r->pieces > 0 ? BLOCK_TEXT : BLOCK_NONE;
}

struct str anthropic_thinking(const struct reply *r, const struct chat_request *c)
{
    return c->think_hidden ? STR("") : r->thinking;
}

void anthropic_redacted(struct buf *b, const struct reply *r)
{
    struct seal seal = seal_make(SEAL_ANTHROPIC, str_of(r->request_id));
    buf_add_str(b, str_of(seal.text));
}

void anthropic_citation(struct buf *b)
{
    buf_add_lit(b, "{\"type\":\"char_location\",\"cited_text\":\"A simulated sentence.\","
                   "\"document_index\":0,\"document_title\":\"A simulated source\","
                   "\"start_char_index\":0,\"end_char_index\":21,\"file_id\":null}");
}

void anthropic_tool_id(struct buf *b, const struct reply *r, uint32_t call)
{
    buf_add_lit(b, "toolu_");
    reply_add_unique(b, r);
    buf_add_char(b, (char)('A' + call / 26 % 26));
    buf_add_char(b, (char)('A' + call % 26));
}

void anthropic_open(struct buf *b, const struct reply *r)
{
    buf_add_lit(b, "{\"id\":\"");
    buf_add_str(b, str_of(r->id));
    buf_add_lit(b, "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"");
    render_escaped(b, r->model);
    buf_add_lit(b, "\",\"content\":[");
}

void anthropic_stop(struct buf *b, const struct reply *r, const struct chat_request *c)
{
    buf_add_lit(b, "\"stop_reason\":\"");
    buf_add_str(b, str_of(anthropic_stop_reason(r->finish)));
    buf_add_lit(b, "\",\"stop_sequence\":");
    if (r->finish == FINISH_SEQUENCE) {
        const json_t *own = json_array_get(json_object_get(c->root, "stop_sequences"), 0);
        const char *z = json_string_value(own);
        render_string_or_null(b, z ? z : "STOP");
    } else {
        buf_add_lit(b, "null");
    }
}

/* What is left of the prompt's tokens beside those of the cache. */
static uint32_t uncached(const struct reply_usage *u)
{
    uint32_t cached = u->cached + u->cache_write;
    return u->in > cached ? u->in - cached : 0;
}

void anthropic_usage(struct buf *b, const struct reply *r, const struct script *s, uint32_t out,
                     bool start)
{
    const struct reply_usage *u = &r->usage;
    if (s->usage == USAGE_NONE || s->usage == USAGE_NULL) {
        buf_add_str(b, s->usage == USAGE_NULL ? STR(",\"usage\":null") : STR(""));
        return;
    }
    render_member(b, STR(",\"usage\":{\"input_tokens\":"), uncached(u));
    if (s->usage != USAGE_PARTIAL) {
        render_member(b, STR(",\"cache_creation_input_tokens\":"), u->cache_write);
        render_member(b, STR(",\"cache_read_input_tokens\":"), u->cached);
    }
    if (s->usage != USAGE_PARTIAL && start) {
        uint32_t hour = u->cache_write_1h < u->cache_write ? u->cache_write_1h : u->cache_write;
        render_member(b, STR(",\"cache_creation\":{\"ephemeral_5m_input_tokens\":"),
                      u->cache_write - hour);
        render_member(b, STR(",\"ephemeral_1h_input_tokens\":"), hour);
        buf_add_char(b, '}');
    }
    render_member(b, STR(",\"output_tokens\":"), out);
    if (s->usage != USAGE_PARTIAL && start) {
        buf_add_lit(b, ",\"service_tier\":\"standard\"");
    }
    buf_add_char(b, '}');
}

static void thinking_block(struct buf *b, const struct reply *r, const struct chat_request *c)
{
    struct str text = anthropic_thinking(r, c);
    struct seal seal = seal_make(SEAL_ANTHROPIC, text);
    buf_add_lit(b, "{\"type\":\"thinking\",\"thinking\":\"");
    render_escaped(b, text);
    buf_add_lit(b, "\",\"signature\":\"");
    buf_add_str(b, str_of(seal.text));
    buf_add_lit(b, "\"}");
}

static void tool_block(struct buf *b, const struct reply *r, uint32_t call)
{
    buf_add_lit(b, "{\"type\":\"tool_use\",\"id\":\"");
    anthropic_tool_id(b, r, call);
    buf_add_lit(b, "\",\"name\":\"");
    render_escaped(b, r->calls[call].name);
    buf_add_lit(b, "\",\"input\":");
    buf_add_str(b, str_of(r->calls[call].arguments));
    buf_add_char(b, '}');
}

static void text_block(struct buf *b, const struct reply *r, const struct script *s)
{
    buf_add_lit(b, "{\"type\":\"text\",\"text\":\"");
    render_text(b, r, s);
    buf_add_char(b, '"');
    if (s->cite) {
        buf_add_lit(b, ",\"citations\":[");
        anthropic_citation(b);
        buf_add_char(b, ']');
    }
    buf_add_char(b, '}');
}

static const char *render(struct buf *b, const struct reply *r, const struct chat_request *c,
                          const struct script *s)
{
    uint32_t call = 0;
    enum block_kind kind;
    anthropic_open(b, r);
    for (uint32_t i = 0; (kind = anthropic_block(r, s, i, &call)) != BLOCK_NONE; i++) {
        if (i > 0) {
            buf_add_char(b, ',');
        }
        if (kind == BLOCK_THINKING) {
            thinking_block(b, r, c);
        } else if (kind == BLOCK_REDACTED) {
            buf_add_lit(b, "{\"type\":\"redacted_thinking\",\"data\":\"");
            anthropic_redacted(b, r);
            buf_add_lit(b, "\"}");
        } else if (kind == BLOCK_TEXT) {
            text_block(b, r, s);
        } else {
            tool_block(b, r, call);
        }
    }
    buf_add_lit(b, "],");
    anthropic_stop(b, r, c);
    anthropic_usage(b, r, s, r->usage.out, true);
    buf_add_char(b, '}');
    return "application/json";
}

static const char *render_count(struct buf *b, const struct reply *r, const struct chat_request *c,
                                const struct script *s)
{
    (void)c;
    (void)s;
    render_member(b, STR("{\"input_tokens\":"), r->usage.in);
    buf_add_char(b, '}');
    return "application/json";
}

void anthropic_error(struct buf *b, const struct api_error *e, struct str request_id)
{
    const struct fault *f = fault_find(&ANTHROPIC_MESSAGES, e->status, STR_NULL);
    bool plain = !e->kind[0] && f->status == 0 && e->status < 500;
    buf_add_lit(b, "{\"type\":\"error\",\"error\":{\"type\":\"");
    render_escaped(b, str_of(e->kind[0] ? e->kind : plain ? "invalid_request_error" : f->type));
    buf_add_lit(b, "\",\"message\":\"");
    render_escaped(b, str_of(e->message));
    if (e->detail) {
        buf_add_lit(b, "\",\"details\":{\"error_code\":\"");
        buf_add_str(b, str_of(e->detail));
        buf_add_char(b, '"');
    }
    buf_add_str(b, e->detail ? STR("}}") : STR("\"}"));
    if (request_id.len > 0) {
        buf_add_lit(b, ",\"request_id\":\"");
        buf_add_str(b, request_id);
        buf_add_char(b, '"');
    }
    buf_add_char(b, '}');
}

static void head(const struct answer *a, struct buf *out)
{
    char reset[32];
    time_t now = (time_t)(a->received_us / 1000000U) + 1;
    struct tm tm;
    gmtime_r(&now, &tm);
    size_t n = strftime(reset, sizeof(reset), "%Y-%m-%dT%H:%M:%SZ", &tm);
    buf_add_lit(out, "anthropic-organization-id: org-simulator\r\n"
                     "anthropic-ratelimit-requests-limit: 4000\r\n"
                     "anthropic-ratelimit-requests-remaining: 3999\r\n"
                     "anthropic-ratelimit-requests-reset: ");
    buf_add(out, reset, n);
    buf_add_lit(out, "\r\nanthropic-ratelimit-tokens-limit: 400000\r\n"
                     "anthropic-ratelimit-tokens-remaining: 399000\r\n"
                     "anthropic-ratelimit-tokens-reset: ");
    buf_add(out, reset, n);
    buf_add_lit(out, "\r\nrequest-id: ");
    buf_add_str(out, str_of(a->reply.request_id));
    buf_add_lit(out, "\r\n");
}

static void refuse_key(struct api_error *e, const struct site *site, struct str key)
{
    (void)site;
    api_error_set(e, 401, NULL, NULL, "%s",
                  key.len > 0 ? "invalid x-api-key" : "x-api-key header is required");
}

static void no_model(struct api_error *e, struct str model)
{
    api_error_set(e, 404, NULL, NULL, "model: %.*s", (int)(model.len < 200 ? model.len : 200),
                  model.p);
}

const struct protocol ANTHROPIC_MESSAGES = {
    .id_prefix = "msg_",
    .stream_type = "text/event-stream; charset=utf-8",
    .keys = KEY_BEARER | KEY_X_API_KEY,
    .faults = FAULTS,
    .parse = anthropic_parse,
    .refuse_key = refuse_key,
    .no_model = no_model,
    .head = head,
    .render = render,
    .next = anthropic_next,
    .error = anthropic_error,
    .break_off = anthropic_break_off,
};

const struct protocol ANTHROPIC_COUNT = {
    .id_prefix = "msg_",
    .keys = KEY_BEARER | KEY_X_API_KEY,
    .faults = FAULTS,
    .mute = true,
    .parse = anthropic_parse_count,
    .refuse_key = refuse_key,
    .no_model = no_model,
    .head = head,
    .render = render_count,
    .error = anthropic_error,
};
