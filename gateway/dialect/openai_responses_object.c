/* Writes the response object: what the request asked for, repeated, with the output so far. Pure;
 * the caller's buffer.
 */
#include "gateway/dialect/openai_responses_priv.h"

const struct responses_request *responses_request_of(const struct dialect_writing *w)
{
    const struct responses_request *q =
        (const struct responses_request *)(const void *)w->scan->chat;
    CHECK(q, RESPONSES_REQUEST_MAGIC);
    return q;
}

void responses_id(struct uuid id, char out[RESPONSES_ID_BYTES])
{
    static const char hex[] = "0123456789abcdef";
    char *p = out;
    memcpy(p, "resp_", 5);
    p += 5;
    for (size_t i = 0; i < sizeof id.b; i++) {
        *p++ = hex[id.b[i] >> 4];
        *p++ = hex[id.b[i] & 15];
    }
    *p = '\0';
}

bool responses_is_incomplete(enum ir_finish f)
{
    return f == FINISH_LENGTH || f == FINISH_CONTEXT || f == FINISH_CONTENT_FILTER;
}

/* A value as the request had it, else what the API says it is then. */
static void write_echo(struct json_write *w, const char *key, struct str raw, const char *otherwise)
{
    jw_key(w, key);
    jw_raw_line(w, raw.p ? raw : str_of(otherwise));
}

static void write_status(struct json_write *w, const struct dialect_writing *wr,
                         const struct responses_object *o)
{
    static const char *const words[] = {[RESPONSES_IN_PROGRESS] = "in_progress",
                                        [RESPONSES_DONE] = "completed",
                                        [RESPONSES_FAILED] = "failed"};
    bool incomplete = o->state == RESPONSES_DONE && responses_is_incomplete(o->finish);
    bool completed = o->state == RESPONSES_DONE && !incomplete;
    jw_key(w, "status");
    jw_string(w, str_of(incomplete ? "incomplete" : words[o->state]));
    if (completed) {
        jw_key(w, "completed_at");
        jw_i64(w, wr->created_s);
    } else {
        write_echo(w, "completed_at", STR_NULL, "null");
    }
    jw_key(w, "incomplete_details");
    if (incomplete && o->finish == FINISH_CONTENT_FILTER)
        jw_lit(w, "{\"reason\":\"content_filter\"}");
    else if (incomplete)
        jw_lit(w, "{\"reason\":\"max_output_tokens\"}");
    else
        jw_lit(w, "null");
}

/* The API's own words for what may befall an answer are few. */
static void write_error(struct json_write *w, const struct dialect_error *e)
{
    jw_key(w, "error");
    if (!e) {
        jw_lit(w, "null");
        return;
    }
    jw_object(w);
    jw_key(w, "code");
    jw_string(w, e->status == 429 ? STR("rate_limit_exceeded") : STR("server_error"));
    jw_key(w, "message");
    jw_string(w, e->message.len ? e->message : str_of(err_text(e->err)));
    jw_end(w);
}

static void write_count(struct json_write *w, const char *key, int64_t count)
{
    jw_key(w, key);
    jw_i64(w, count < 0 ? 0 : count);
}

static void write_cost(struct json_write *w, const struct cost *cost)
{
    jw_key(w, "cost");
    jw_lit(w, ""); /* the number follows */
    money_format(cost->total_pico, w->out);
    jw_key(w, "cost_details");
    jw_object(w);
    for (unsigned i = 0; i < cost->n; i++) {
        jw_key(w, price_kind_name((enum price_kind)cost->line[i].kind));
        jw_lit(w, "");
        money_format(cost->line[i].amount_pico, w->out);
    }
    jw_end(w);
}

static void write_usage(struct json_write *w, const struct usage *u, const struct cost *cost)
{
    jw_key(w, "usage");
    if (!u) {
        jw_lit(w, "null");
        return;
    }
    int64_t input = u->input < 0 ? 0 : u->input, output = u->output < 0 ? 0 : u->output;
    int64_t written = (u->cache_write_5m > 0 ? u->cache_write_5m : 0) +
                      (u->cache_write_1h > 0 ? u->cache_write_1h : 0);
    jw_object(w);
    write_count(w, "input_tokens", input);
    jw_key(w, "input_tokens_details");
    jw_object(w);
    write_count(w, "cached_tokens", u->cached);
    write_count(w, "cache_write_tokens", written);
    jw_end(w);
    write_count(w, "output_tokens", output);
    jw_key(w, "output_tokens_details");
    jw_object(w);
    write_count(w, "reasoning_tokens", u->reasoning);
    jw_end(w);
    write_count(w, "total_tokens", input + output);
    if (cost)
        write_cost(w, cost);
    jw_end(w);
}

/* The request's words that only its sender needs. */
static void write_request(struct json_write *w, const struct responses_request *q)
{
    const struct ir_chat *c = &q->chat;
    write_echo(w, "instructions", q->instructions, "null");
    jw_key(w, "max_output_tokens");
    if (c->max_output >= 0)
        jw_i64(w, c->max_output);
    else
        jw_lit(w, "null");
    write_echo(w, "max_tool_calls", q->max_tool_calls, "null");
    jw_key(w, "parallel_tool_calls");
    jw_bool(w, c->parallel_tool_calls != IR_FALSE);
    write_echo(w, "reasoning", q->reasoning, "{\"effort\":null,\"summary\":null}");
    write_echo(w, "store", c->store.raw, "true");
    write_echo(w, "temperature", c->temperature.raw, "1.0");
    write_echo(w, "text", q->text, "{\"format\":{\"type\":\"text\"}}");
    write_echo(w, "tool_choice", q->tool_choice, "\"auto\"");
    write_echo(w, "tools", q->tools, "[]");
    write_echo(w, "top_logprobs", c->top_logprobs.raw, "0");
    write_echo(w, "top_p", c->top_p.raw, "1.0");
    write_echo(w, "truncation", q->truncation, "\"disabled\"");
    if (c->prompt_cache_key.raw.p)
        write_echo(w, "prompt_cache_key", c->prompt_cache_key.raw, "null");
    if (q->safety_identifier.p)
        write_echo(w, "safety_identifier", q->safety_identifier, "null");
    if (q->user.p)
        write_echo(w, "user", q->user, "null");
}

static void write_items(struct json_write *w, const struct responses_item *items)
{
    jw_key(w, "output");
    jw_array(w);
    for (const struct responses_item *it = items; it; it = it->next)
        responses_write_item(w, it);
    jw_end(w);
}

void responses_write_object(struct json_write *w, const struct dialect_writing *wr,
                            const struct responses_object *o)
{
    const struct responses_request *q = responses_request_of(wr);
    char id[RESPONSES_ID_BYTES];
    responses_id(wr->request_id, id);
    jw_object(w);
    jw_key(w, "id");
    jw_string(w, str_of(id));
    jw_key(w, "object");
    jw_lit(w, "\"response\"");
    jw_key(w, "created_at");
    jw_i64(w, wr->created_s);
    write_status(w, wr, o);
    jw_key(w, "background");
    jw_bool(w, false);
    write_error(w, o->error);
    jw_key(w, "model");
    jw_string(w, wr->model);
    write_items(w, o->items);
    jw_key(w, "previous_response_id");
    if (wr->scan->previous_response_id.len)
        jw_string(w, wr->scan->previous_response_id);
    else
        jw_lit(w, "null");
    write_request(w, q);
    if (o->service_tier.len) {
        jw_key(w, "service_tier");
        jw_string(w, o->service_tier);
    } else if (o->state == RESPONSES_IN_PROGRESS) {
        write_echo(w, "service_tier", q->chat.service_tier.raw, "\"auto\"");
    } else {
        jw_key(w, "service_tier");
        jw_lit(w, "\"default\"");
    }
    write_usage(w, o->usage, wr->extra.cost);
    write_echo(w, "metadata", wr->extra.metadata.len ? wr->extra.metadata : q->chat.metadata.raw,
               "{}");
    jw_end(w);
}
