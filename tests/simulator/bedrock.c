/* Bedrock's Converse as a protocol.h table: whole answers, errors, header lines. Pure. */
#include "tests/simulator/bedrock.h"

#include <stdio.h>

#include "tests/simulator/answer.h"
#include "tests/simulator/anthropic.h"
#include "tests/simulator/seal.h"

/* `type` is the exception's name. */
const struct fault BEDROCK_FAULTS[] = {
    {400, "context_length_exceeded", "ValidationException", NULL, NULL,
     "Input is too long for requested model."},
    {400, "insufficient_quota", "ServiceQuotaExceededException", NULL, NULL,
     "Your request exceeds the service quota for your account."},
    {400, NULL, "ValidationException", NULL, NULL,
     "The provided request is not valid (simulated)."},
    {401, NULL, "UnauthorizedException", NULL, NULL, "Unauthorized (simulated)."},
    {403, NULL, "AccessDeniedException", NULL, NULL,
     "You don't have access to the model with the specified model ID."},
    {404, NULL, "ResourceNotFoundException", NULL, NULL,
     "Could not resolve the foundation model from the provided model identifier."},
    {408, NULL, "ModelTimeoutException", NULL, NULL,
     "The request took too long to process (simulated)."},
    {424, NULL, "ModelErrorException", NULL, NULL,
     "The request failed due to an error while processing the model (simulated)."},
    {429, NULL, "ThrottlingException", NULL, NULL,
     "Too many requests, please wait before trying again."},
    {500, NULL, "InternalServerException", NULL, NULL,
     "The system encountered an unexpected error during processing. Try your request again."},
    {503, NULL, "ServiceUnavailableException", NULL, NULL,
     "Bedrock is unable to process your request."},
    {0, NULL, "InternalFailure", NULL, NULL, NULL},
};

static const char *const STOP_REASONS[] = {
    [FINISH_DEFAULT] = "end_turn",
    [FINISH_STOP] = "end_turn",
    [FINISH_LENGTH] = "max_tokens",
    [FINISH_TOOL_CALLS] = "tool_use",
    [FINISH_FILTER] = "content_filtered",
    [FINISH_REFUSAL] = "guardrail_intervened",
    [FINISH_PAUSE] = "end_turn",
    [FINISH_SEQUENCE] = "stop_sequence",
    [FINISH_WINDOW] = "model_context_window_exceeded",
    [FINISH_RECITATION] = "content_filtered",
    [FINISH_MALFORMED] = "malformed_tool_use",
    [FINISH_BLOCKED] = "guardrail_intervened",
    [FINISH_FAILED] = "malformed_model_output",
};
static_assert(ARRAY_LEN(STOP_REASONS) == FINISH_COUNT, "a word for each");

const char *bedrock_stop_reason(enum script_finish finish)
{
    return STOP_REASONS[finish];
}

const char *bedrock_exception(const struct api_error *e)
{
    return e->kind[0] ? e->kind : fault_find(&BEDROCK_CONVERSE, e->status, STR_NULL)->type;
}

void bedrock_tool_id(struct buf *b, const struct reply *r, uint32_t call)
{
    buf_add_lit(b, "tooluse_");
    reply_add_unique(b, r);
    buf_add_char(b, (char)('A' + call / 26 % 26));
    buf_add_char(b, (char)('A' + call % 26));
}

void bedrock_citation(struct buf *b)
{
    buf_add_lit(b, "\"title\":\"A simulated source\",\"sourceContent\":[{\"text\":\"A simulated "
                   "sentence.\"}],\"location\":{\"documentChar\":{\"documentIndex\":0,\"start\":0,"
                   "\"end\":21}}");
}

static void token_usage(struct buf *b, const struct reply_usage *u, bool partial)
{
    uint32_t cached = u->cached + u->cache_write;
    uint32_t hour = u->cache_write_1h < u->cache_write ? u->cache_write_1h : u->cache_write;
    render_member(b, STR("\"usage\":{\"inputTokens\":"), u->in > cached ? u->in - cached : 0);
    render_member(b, STR(",\"outputTokens\":"), u->out);
    if (partial) {
        buf_add_lit(b, "},");
        return;
    }
    render_member(b, STR(",\"totalTokens\":"), u->in + u->out);
    render_member(b, STR(",\"cacheReadInputTokens\":"), u->cached);
    render_member(b, STR(",\"cacheWriteInputTokens\":"), u->cache_write);
    if (u->cache_write > 0) {
        render_member(b, STR(",\"cacheDetails\":[{\"ttl\":\"5m\",\"inputTokens\":"),
                      u->cache_write - hour);
        render_member(b, STR("},{\"ttl\":\"1h\",\"inputTokens\":"), hour);
        buf_add_lit(b, "}]");
    }
    buf_add_lit(b, "},");
}

void bedrock_usage(struct buf *b, const struct reply *r, const struct script *s)
{
    if (s->usage == USAGE_NULL) {
        buf_add_lit(b, "\"usage\":null,");
    } else if (s->usage != USAGE_NONE) {
        token_usage(b, &r->usage, s->usage == USAGE_PARTIAL);
    }
    buf_add_lit(b, "\"metrics\":{\"latencyMs\":1}");
}

static void thinking_block(struct buf *b, const struct reply *r, const struct chat_request *c)
{
    struct seal seal = seal_make(SEAL_ANTHROPIC, anthropic_thinking(r, c));
    buf_add_lit(b, "{\"reasoningContent\":{\"reasoningText\":{\"text\":\"");
    render_escaped(b, anthropic_thinking(r, c));
    buf_add_lit(b, "\",\"signature\":\"");
    buf_add_str(b, str_of(seal.text));
    buf_add_lit(b, "\"}}}");
}

static void text_block(struct buf *b, const struct reply *r, const struct script *s)
{
    buf_add_str(b, s->cite ? STR("{\"citationsContent\":{\"content\":[{\"text\":\"")
                           : STR("{\"text\":\""));
    render_text(b, r, s);
    buf_add_lit(b, "\"}");
    if (s->cite) {
        buf_add_lit(b, "],\"citations\":[{");
        bedrock_citation(b);
        buf_add_lit(b, "}]}}");
    }
}

static void tool_block(struct buf *b, const struct reply *r, uint32_t call)
{
    buf_add_lit(b, "{\"toolUse\":{\"toolUseId\":\"");
    bedrock_tool_id(b, r, call);
    buf_add_lit(b, "\",\"name\":\"");
    render_escaped(b, r->calls[call].name);
    buf_add_lit(b, "\",\"input\":");
    buf_add_str(b, str_of(r->calls[call].arguments));
    buf_add_lit(b, "}}");
}

static const char *render(struct buf *b, const struct reply *r, const struct chat_request *c,
                          const struct script *s)
{
    uint32_t call = 0;
    enum block_kind kind;
    buf_add_lit(b, "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[");
    for (uint32_t i = 0; (kind = anthropic_block(r, s, i, &call)) != BLOCK_NONE; i++) {
        if (i > 0) {
            buf_add_char(b, ',');
        }
        if (kind == BLOCK_THINKING) {
            thinking_block(b, r, c);
        } else if (kind == BLOCK_REDACTED) {
            buf_add_lit(b, "{\"reasoningContent\":{\"redactedContent\":\"");
            anthropic_redacted(b, r);
            buf_add_lit(b, "\"}}");
        } else if (kind == BLOCK_TEXT) {
            text_block(b, r, s);
        } else {
            tool_block(b, r, call);
        }
    }
    buf_add_lit(b, "]}},\"stopReason\":\"");
    buf_add_str(b, str_of(bedrock_stop_reason(r->finish)));
    buf_add_lit(b, "\",");
    bedrock_usage(b, r, s);
    buf_add_char(b, '}');
    return "application/json";
}

void bedrock_error(struct buf *b, const struct api_error *e, struct str request_id)
{
    (void)request_id;
    buf_add_lit(b, "{\"message\":\"");
    render_escaped(b, str_of(e->message));
    buf_add_lit(b, "\"}");
}

void bedrock_head(const struct answer *a, struct buf *out)
{
    buf_add_lit(out, "x-amzn-requestid: ");
    buf_add_str(out, str_of(a->reply.request_id));
    buf_add_lit(out, "\r\n");
    if (a->error.status) {
        buf_add_lit(out, "x-amzn-errortype: ");
        buf_add_str(out, str_of(bedrock_exception(&a->error)));
        buf_add_lit(out, ":http://internal.amazon.com/coral/com.amazon.bedrock/\r\n");
    } else if (a->protocol == &BEDROCK_INVOKE) {
        buf_printf(out,
                   "x-amzn-bedrock-invocation-latency: 1\r\n"
                   "x-amzn-bedrock-input-token-count: %u\r\n",
                   a->reply.usage.in);
    }
}

void bedrock_refuse_key(struct api_error *e, const struct site *site, struct str key)
{
    struct str authorization = http_value(site->http, site->run, STR("authorization"));
    bool bearer = str_starts(authorization, STR("Bearer "));
    fault_set(e, site->protocol, 403,
              key.len == 0 ? STR("MissingAuthenticationTokenException")
              : bearer     ? STR("AccessDeniedException")
                           : STR("UnrecognizedClientException"));
    snprintf(e->message, sizeof(e->message), "%s",
             key.len == 0 ? "Missing Authentication Token"
             : bearer     ? "Authentication failed: Please make sure your API Key is valid."
                          : "The security token included in the request is invalid.");
}

void bedrock_no_model(struct api_error *e, struct str model)
{
    (void)model;
    fault_set(e, &BEDROCK_CONVERSE, 404, STR_NULL);
}

const struct protocol BEDROCK_CONVERSE = {
    .id_prefix = "",
    .stream_type = "application/vnd.amazon.eventstream",
    .keys = KEY_SIGV4 | KEY_BEARER,
    .faults = BEDROCK_FAULTS,
    .parse = bedrock_parse,
    .refuse_key = bedrock_refuse_key,
    .no_model = bedrock_no_model,
    .head = bedrock_head,
    .render = render,
    .next = bedrock_next,
    .error = bedrock_error,
    .break_off = bedrock_break_off,
};
