/* The first half of answer.h: from the request's bytes to a decided answer (key check, reading,
 * script, refusals, reply). What went wrong is itself an answer.
 */
#include <stdio.h>

#include "tests/simulator/answer.h"

bool answer_check_key(const struct sim *sim, const struct site *site, struct api_error *e)
{
    struct str key = site_key(site);
    if (!sim->api_key.p || str_eq(sim->api_key, key)) {
        return true;
    }
    site->protocol->refuse_key(e, site, key);
    return false;
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

/* Arguments to call with have to be what every protocol can carry. */
static bool check_arguments(struct str args, const char *word, char *err, size_t err_size)
{
    json_t *v = args.p ? json_loadb(args.p, args.len, 0, NULL) : NULL;
    bool ok = !args.p || json_is_object(v);
    json_decref(v);
    if (!ok) {
        snprintf(err, err_size, "sim directive '%s' wants a JSON object", word);
    }
    return ok;
}

/* Fills the script and finds the text to echo: the last user message without its directive. */
static bool read_script(struct answer *a, const struct site *site, struct str *echo)
{
    char err[200];
    size_t at;
    size_t len;
    struct script *s = &a->script;
    struct str text = chat_directive(&a->chat);
    text = text.p ? text : a->chat.last_user;
    if (!script_read_model(s, a->chat.model, err, sizeof(err)) ||
        !read_headers(s, site->http, site->run, err, sizeof(err)) ||
        !script_read_text(s, text, &at, &len, err, sizeof(err)) ||
        !check_arguments(s->args, "args", err, sizeof(err)) ||
        !check_arguments(s->args2, "args2", err, sizeof(err)) ||
        !check_arguments(s->args3, "args3", err, sizeof(err))) {
        return api_error_set(&a->error, 400, "bad_sim_directive", "messages", "%s", err);
    }
    struct str before = str_trim(str_make(text.p, at));
    struct str rest = str_trim(str_make(text.p + at + len, text.len - at - len));
    *echo = before.len > 0 ? before : rest;
    return true;
}

static bool scan(struct answer *a, const struct site *site, struct str body)
{
    if (!site->protocol->scan) {
        return false;
    }
    const struct http_request *r = site->http;
    for (uint32_t i = 0; i < r->n_headers; i++) {
        const char *name = site->run + r->headers[i].name.at;
        if (r->headers[i].name.len > 6 && (name[0] | 32) == 'x' && name[1] == '-' &&
            (name[2] | 32) == 's' && (name[3] | 32) == 'i' && (name[4] | 32) == 'm') {
            return false;
        }
    }
    if (site->protocol->scan(&a->chat, body)) {
        return true;
    }
    chat_init(&a->chat);
    return false;
}

/* Reads everything; false when `a->error` is the answer. */
static bool decide(struct answer *a, struct sim *sim, const struct site *site)
{
    struct str body = http_body(site->http, site->run);
    struct str echo;
    if (!answer_check_key(sim, site, &a->error)) {
        return false;
    }
    a->chat.stream = site->stream;
    if (scan(a, site, body)) {
        echo = a->chat.last_user;
    } else if (!a->protocol->parse(&a->chat, site, body, &a->error) ||
               !read_script(a, site, &echo)) {
        return false;
    }
    if (str_starts(a->chat.model, STR("sim-missing"))) {
        a->protocol->no_model(&a->error, a->chat.model);
        return false;
    }
    a->chat.mute = a->protocol->mute;
    struct script *s = &a->script;
    if (s->fail_first > 0 && sim_count_tag(sim, s->tag) < s->fail_first) {
        s->status = s->fail_status;
    }
    if (s->status != 0 && s->status != 200) {
        (void)fault_set(&a->error, a->protocol, s->status, s->code);
        a->error.retry_after_s = s->retry_after == SCRIPT_UNSET ? 0 : s->retry_after;
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

void answer_start(struct answer *a, struct sim *sim, const struct site *site)
{
    const struct http_request *r = site->http;
    const char *run = site->run;
    a->protocol = site->protocol;
    a->received_us = sim_now_us();
    a->seq = records_open(&sim->records, a->received_us, str_make(run, r->head_len),
                          http_body(r, run), gateway_id(r, run), site_key(site),
                          a->protocol->id_prefix);
    chat_fini(&a->chat);
    chat_init(&a->chat);
    reply_reset(&a->reply);
    a->script = SCRIPT_DEFAULT;
    a->script.spare = &a->spare;
    a->error.status = 0;
    a->phase = PHASE_TTFB;
    a->sent = a->wait_us = 0;
    a->events = 0;
    reply_ids(&a->reply, a->protocol->id_prefix, sim->nonce, a->seq);
    a->reply.created = (int64_t)(a->received_us / 1000000U);
    bool ok = decide(a, sim, site);
    a->status = (uint16_t)(ok ? 200 : a->error.status);
    a->streamed = ok && a->chat.stream && a->protocol->next;
    a->chunked = a->script.framing == FRAMING_CHUNKED ||
                 (a->streamed && a->script.framing != FRAMING_CLOSE);
    a->keep_alive = r->keep_alive && !a->script.close && a->script.framing != FRAMING_CLOSE;
    a->hang_after = a->script.hang_chunk != SCRIPT_UNSET ? a->script.hang_chunk
                    : a->script.hang == HANG_BODY        ? half_of_stream(a)
                                                         : UINT32_MAX;
    records_plan(&sim->records, a->seq, a->chat.model, a->streamed, ok ? a->reply.usage.in : 0,
                 ok ? a->reply.usage.out : 0);
}
