/* The first half of answer.h: from the request's bytes to a decided answer (key check, reading,
 * script, refusals, reply). What went wrong is itself an answer.
 */
#include <stdio.h>

#include "tests/simulator/answer.h"

/* Which error goes with a scripted status, as OpenAI's documentation lists them. */
static void scripted_error(struct api_error *e, unsigned status, struct str code)
{
    static const struct {
        unsigned status;
        const char *type, *code, *message;
    } KNOWN[] = {
        {400, "invalid_request_error", "invalid_value", "The simulator was asked to refuse this."},
        {401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: sim***key."},
        {403, "invalid_request_error", "unsupported_country_region_territory",
         "Country, region, or territory not supported"},
        {404, "invalid_request_error", "model_not_found", "The model does not exist."},
        {429, "requests", "rate_limit_exceeded", "Rate limit reached for requests (simulated)."},
        {503, "service_unavailable_error", NULL, "The engine is overloaded (simulated)."},
        {529, "overloaded_error", NULL, "Overloaded (simulated)."},
    };
    e->status = status;
    e->type = status < 500 ? "invalid_request_error" : "server_error";
    e->code = NULL;
    snprintf(e->message, sizeof(e->message), "The simulator answered %u as asked.", status);
    for (size_t i = 0; i < ARRAY_LEN(KNOWN); i++) {
        if (KNOWN[i].status == status) {
            e->type = KNOWN[i].type;
            e->code = KNOWN[i].code;
            snprintf(e->message, sizeof(e->message), "%s", KNOWN[i].message);
        }
    }
    e->param[0] = 0;
    if (str_eq(code, STR("insufficient_quota"))) {
        e->type = e->code = "insufficient_quota";
        snprintf(e->message, sizeof(e->message), "You exceeded your current quota (simulated).");
    } else if (str_eq(code, STR("context_length_exceeded"))) {
        e->code = "context_length_exceeded";
        snprintf(e->param, sizeof(e->param), "messages");
        snprintf(e->message, sizeof(e->message),
                 "This model's maximum context length is 8192 tokens (simulated).");
    } else if (str_eq(code, STR("content_filter"))) {
        e->code = "content_filter";
    }
}

static struct str bearer(struct str authorization)
{
    return str_starts(authorization, STR("Bearer "))
               ? str_make(authorization.p + 7, authorization.len - 7)
               : authorization;
}

bool answer_check_key(const struct sim *sim, struct str authorization, struct api_error *e)
{
    struct str key = bearer(authorization);
    if (!sim->api_key.p || str_eq(sim->api_key, key)) {
        return true;
    }
    if (!key.p || key.len == 0) {
        return api_error_set(e, 401, NULL, NULL,
                             "You didn't provide an API key. You need to provide your API key in "
                             "an Authorization header using Bearer auth.");
    }
    size_t tail = key.len < 4 ? key.len : 4;
    return api_error_set(e, 401, "invalid_api_key", NULL, "Incorrect API key provided: ***%.*s.",
                         (int)tail, key.p + key.len - tail);
}

/* Script words in headers `x-sim-KEY`. */
static bool read_headers(struct script *s, const struct http_request *r, const char *run, char *err,
                         size_t err_size)
{
    for (uint32_t i = 0; i < r->n_headers; i++) {
        struct str name = http_str(run, r->headers[i].name);
        if (name.len < 7 || !str_ieq(str_make(name.p, 6), STR("x-sim-"))) {
            continue;
        }
        char key[32];
        size_t n = name.len - 6 < sizeof(key) ? name.len - 6 : sizeof(key);
        for (size_t j = 0; j < n; j++) {
            char c = name.p[6 + j];
            key[j] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        }
        if (!script_set(s, str_make(key, n), http_str(run, r->headers[i].value), err, err_size)) {
            return false;
        }
    }
    return true;
}

/* Fills the script and finds the text to echo: the last user message without its directive. */
static bool read_script(struct answer *a, const struct http_request *r, const char *run,
                        struct str *echo)
{
    char err[200];
    size_t at;
    size_t len;
    struct str text = a->chat.last_user;
    if (!script_read_model(&a->script, a->chat.model, err, sizeof(err)) ||
        !read_headers(&a->script, r, run, err, sizeof(err)) ||
        !script_read_text(&a->script, text, &at, &len, err, sizeof(err))) {
        return api_error_set(&a->error, 400, "bad_sim_directive", "messages", "%s", err);
    }
    struct str before = str_trim(str_make(text.p, at));
    struct str rest = str_trim(str_make(text.p + at + len, text.len - at - len));
    *echo = before.len > 0 ? before : rest;
    return true;
}

static bool plain_scan(struct answer *a, const struct http_request *r, struct str body,
                       const char *run)
{
    for (uint32_t i = 0; i < r->n_headers; i++) {
        const char *name = run + r->headers[i].name.at;
        if (r->headers[i].name.len > 6 && (name[0] | 32) == 'x' && name[1] == '-' &&
            (name[2] | 32) == 's' && (name[3] | 32) == 'i' && (name[4] | 32) == 'm') {
            return false;
        }
    }
    return chat_scan(&a->chat, body);
}

/* Reads everything; false when `a->error` is the answer. */
static bool decide(struct answer *a, struct sim *sim, const struct http_request *r, const char *run,
                   struct str authorization)
{
    struct str body = http_body(r, run);
    struct str echo;
    if (!answer_check_key(sim, authorization, &a->error)) {
        return false;
    }
    if (plain_scan(a, r, body, run)) {
        echo = a->chat.last_user;
    } else if (!chat_parse(&a->chat, body, &a->error) || !read_script(a, r, run, &echo)) {
        return false;
    }
    if (str_starts(a->chat.model, STR("sim-missing"))) {
        return api_error_set(&a->error, 404, "model_not_found", NULL,
                             "The model `%.*s` does not exist or you do not have access to it.",
                             (int)(a->chat.model.len < 200 ? a->chat.model.len : 200),
                             a->chat.model.p);
    }
    struct script *s = &a->script;
    if (s->fail_first > 0 && sim_count_tag(sim, s->tag) < s->fail_first) {
        s->status = s->fail_status;
    }
    if (s->status != 0 && s->status != 200) {
        scripted_error(&a->error, s->status, s->code);
        return false;
    }
    if (s->framing == FRAMING_LENGTH && a->chat.stream) {
        return api_error_set(&a->error, 400, "bad_sim_directive", "messages",
                             "sim directive 'framing': a stream has no length");
    }
    reply_plan(&a->reply, &a->chat, s, echo);
    return true;
}

static struct str gateway_id(const struct http_request *r, const char *run)
{
    struct str id = http_value(r, run, STR("x-doteb-request-id"));
    return id.p ? id : http_value(r, run, STR("x-request-id"));
}

/* Half of the answer, for hang=body and cuts of answers that have no chunks. */
static uint32_t half_of_stream(const struct answer *a)
{
    return 1 + (a->reply.n_calls > 0 ? a->reply.n_calls * 2 : a->reply.pieces / 2);
}

void answer_start(struct answer *a, struct sim *sim, const struct http_request *r, const char *run)
{
    struct str authorization = http_value(r, run, STR("authorization"));
    a->received_us = sim_now_us();
    a->seq = records_open(&sim->records, a->received_us, str_make(run, r->head_len),
                          http_body(r, run), gateway_id(r, run), bearer(authorization));
    chat_fini(&a->chat);
    chat_init(&a->chat);
    reply_reset(&a->reply);
    a->script = SCRIPT_DEFAULT;
    a->error.status = 0;
    a->phase = PHASE_TTFB;
    a->sent = a->wait_us = 0;
    a->events = 0;
    reply_ids(&a->reply, sim->nonce, a->seq);
    a->reply.created = (int64_t)(a->received_us / 1000000U);
    bool ok = decide(a, sim, r, run, authorization);
    a->status = (uint16_t)(ok ? 200 : a->error.status);
    a->streamed = ok && a->chat.stream;
    a->chunked = a->script.framing == FRAMING_CHUNKED ||
                 (a->streamed && a->script.framing != FRAMING_CLOSE);
    a->keep_alive = r->keep_alive && !a->script.close && a->script.framing != FRAMING_CLOSE;
    a->hang_after = a->script.hang_chunk != SCRIPT_UNSET ? a->script.hang_chunk
                    : a->script.hang == HANG_BODY        ? half_of_stream(a)
                                                         : UINT32_MAX;
    records_plan(&sim->records, a->seq, a->chat.model, a->streamed, ok ? a->reply.usage.in : 0,
                 ok ? a->reply.usage.out : 0);
}
