/* OpenAI's Responses API as a protocol.h table: the response object and its items. Pure. */
#include "tests/simulator/responses.h"

#include "tests/simulator/json_read.h"
#include "tests/simulator/seal.h"

enum item_kind responses_item(const struct reply *r, uint32_t index, uint32_t *call)
{
    if (r->thinking.p && index-- == 0) {
        return ITEM_REASONING;
    }
    *call = index;
    if (r->n_calls == 0) {
        return index == 0 ? ITEM_MESSAGE : ITEM_NONE;
    }
    return index >= r->n_calls ? ITEM_NONE : r->calls[index].custom ? ITEM_CUSTOM : ITEM_FUNCTION;
}

bool responses_summary(const struct chat_request *c, const struct script *s)
{
    return s->thinking.p || !c->think_hidden;
}

void responses_item_id(struct buf *b, const struct reply *r, enum item_kind kind, uint32_t call)
{
    static const char *const PREFIXES[] = {"", "rs_", "msg_", "fc_", "ctc_"};
    buf_add_str(b, str_of(PREFIXES[kind]));
    reply_add_unique(b, r);
    if (kind >= ITEM_FUNCTION) {
        buf_add_i64(b, call);
    }
}

void responses_annotation(struct buf *b)
{
    buf_add_lit(b, "{\"type\":\"url_citation\",\"start_index\":0,\"end_index\":5,"
                   "\"url\":\"https://example.com/source\",\"title\":\"A simulated source\"}");
}

void responses_part(struct buf *b, const struct reply *r, const struct script *s, bool whole)
{
    bool refusal = r->finish == FINISH_REFUSAL;
    buf_add_str(b, refusal ? STR("{\"type\":\"refusal\",\"refusal\":\"")
                           : STR("{\"type\":\"output_text\",\"text\":\""));
    if (whole) {
        render_text(b, r, s);
    }
    if (refusal) {
        buf_add_lit(b, "\"}");
        return;
    }
    buf_add_lit(b, "\",\"annotations\":[");
    if (whole && s->cite) {
        responses_annotation(b);
    }
    buf_add_lit(b, "],\"logprobs\":[]}");
}

static void reasoning(struct buf *b, const struct reply *r, const struct chat_request *c,
                      const struct script *s, bool whole)
{
    buf_add_lit(b, "\",\"type\":\"reasoning\",\"summary\":[");
    if (whole && responses_summary(c, s)) {
        buf_add_lit(b, "{\"type\":\"summary_text\",\"text\":\"");
        render_escaped(b, r->thinking);
        buf_add_lit(b, "\"}");
    }
    buf_add_char(b, ']');
    if (c->sealed) {
        struct seal seal = seal_make(SEAL_OPENAI, str_of(r->id));
        buf_add_lit(b, ",\"encrypted_content\":\"");
        buf_add_str(b, str_of(seal.text));
        buf_add_char(b, '"');
    }
    buf_add_char(b, '}');
}

static void tool_call(struct buf *b, const struct reply *r, uint32_t call, bool whole)
{
    const struct tool_call *t = &r->calls[call];
    if (t->custom) {
        buf_add_lit(b, "\",\"type\":\"custom_tool_call\",\"call_id\":\"");
    } else {
        buf_add_lit(b, "\",\"type\":\"function_call\",\"status\":\"");
        buf_add_str(b, whole ? STR("completed") : STR("in_progress"));
        buf_add_lit(b, "\",\"call_id\":\"");
    }
    render_call_id(b, r, 0, call);
    if (t->space.p) {
        buf_add_lit(b, "\",\"namespace\":\"");
        render_escaped(b, t->space);
    }
    buf_add_lit(b, "\",\"name\":\"");
    render_escaped(b, t->name);
    buf_add_str(b, t->custom ? STR("\",\"input\":\"") : STR("\",\"arguments\":\""));
    if (whole) {
        render_escaped(b, str_of(t->arguments));
    }
    buf_add_lit(b, "\"}");
}

void responses_item_json(struct buf *b, const struct reply *r, const struct chat_request *c,
                         const struct script *s, enum item_kind kind, uint32_t call, bool whole)
{
    buf_add_lit(b, "{\"id\":\"");
    responses_item_id(b, r, kind, call);
    if (kind == ITEM_REASONING) {
        reasoning(b, r, c, s, whole);
        return;
    }
    if (kind != ITEM_MESSAGE) {
        tool_call(b, r, call, whole);
        return;
    }
    bool cut = r->finish == FINISH_LENGTH || r->finish == FINISH_FILTER;
    buf_add_lit(b, "\",\"type\":\"message\",\"status\":\"");
    buf_add_str(b, !whole ? STR("in_progress") : cut ? STR("incomplete") : STR("completed"));
    buf_add_lit(b, "\",\"role\":\"assistant\",\"content\":[");
    if (whole) {
        responses_part(b, r, s, true);
    }
    buf_add_lit(b, "]}");
}

const char *responses_status(const struct reply *r)
{
    switch (r->finish) {
    case FINISH_LENGTH:
    case FINISH_WINDOW:
    case FINISH_FILTER:
    case FINISH_RECITATION:
    case FINISH_BLOCKED:
        return "incomplete";
    case FINISH_FAILED:
    case FINISH_MALFORMED:
        return "failed";
    case FINISH_DEFAULT:
    case FINISH_STOP:
    case FINISH_TOOL_CALLS:
    case FINISH_REFUSAL:
    case FINISH_PAUSE:
    case FINISH_SEQUENCE:
    case FINISH_COUNT:
        break;
    }
    return "completed";
}

static int dump_to_buf(const char *p, size_t len, void *b)
{
    return buf_add(b, p, len) ? 0 : -1;
}

static void value(struct buf *b, const json_t *v, const char *otherwise)
{
    if (v && !json_is_null(v)) {
        json_dump_callback(v, dump_to_buf, b, JSON_COMPACT | JSON_ENCODE_ANY);
    } else {
        buf_add_str(b, str_of(otherwise));
    }
}

void responses_echo(struct buf *b, const struct chat_request *c)
{
    static const struct {
        const char *key, *otherwise;
    } REPEATED[] = {
        {"background", "false"},
        {"instructions", "null"},
        {"max_output_tokens", "null"},
        {"metadata", "{}"},
        {"parallel_tool_calls", "true"},
        {"previous_response_id", "null"},
        {"temperature", "1.0"},
        {"text", "{\"format\":{\"type\":\"text\"}}"},
        {"tool_choice", "\"auto\""},
        {"tools", "[]"},
        {"top_p", "1.0"},
        {"truncation", "\"disabled\""},
    };
    const json_t *reasoning = json_object_get(c->root, "reasoning");
    for (size_t i = 0; i < ARRAY_LEN(REPEATED); i++) {
        buf_add_lit(b, ",\"");
        buf_add_str(b, str_of(REPEATED[i].key));
        buf_add_lit(b, "\":");
        value(b, json_object_get(c->root, REPEATED[i].key), REPEATED[i].otherwise);
    }
    buf_add_lit(b, ",\"service_tier\":\"default\",\"reasoning\":{\"effort\":");
    value(b, json_object_get(reasoning, "effort"), "null");
    buf_add_lit(b, ",\"summary\":");
    value(b, json_object_get(reasoning, "summary"), "null");
    buf_add_char(b, '}');
}

static void usage(struct buf *b, const struct reply *r, const struct script *s)
{
    const struct reply_usage *u = &r->usage;
    if (s->usage == USAGE_NONE) {
        return;
    }
    if (s->usage == USAGE_NULL) {
        buf_add_lit(b, ",\"usage\":null");
        return;
    }
    render_member(b, STR(",\"usage\":{\"input_tokens\":"), u->in);
    if (s->usage == USAGE_PARTIAL) {
        render_member(b, STR(",\"output_tokens\":"), u->out);
        buf_add_char(b, '}');
        return;
    }
    render_member(b, STR(",\"input_tokens_details\":{\"cached_tokens\":"), u->cached);
    if (u->has_cache_write) {
        render_member(b, STR(",\"cache_write_tokens\":"), u->cache_write);
    }
    render_member(b, STR("},\"output_tokens\":"), u->out);
    render_member(b, STR(",\"output_tokens_details\":{\"reasoning_tokens\":"), u->reasoning);
    render_member(b, STR("},\"total_tokens\":"), u->in + u->out);
    buf_add_char(b, '}');
}

/* The members error and incomplete_details. */
static void ending(struct buf *b, const struct reply *r, bool whole)
{
    const char *status = whole ? responses_status(r) : "";
    bool filtered = r->finish != FINISH_LENGTH && r->finish != FINISH_WINDOW;
    buf_add_str(b, strcmp(status, "failed") == 0
                       ? STR(",\"error\":{\"code\":\"server_error\",\"message\":\"The simulator "
                             "failed as asked.\"}")
                       : STR(",\"error\":null"));
    buf_add_str(b, strcmp(status, "incomplete") != 0 ? STR(",\"incomplete_details\":null")
                   : filtered ? STR(",\"incomplete_details\":{\"reason\":\"content_filter\"}")
                              : STR(",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}"));
}

void responses_object(struct buf *b, const struct reply *r, const struct chat_request *c,
                      const struct script *s, struct str echo, bool whole)
{
    uint32_t call = 0;
    enum item_kind kind;
    buf_add_lit(b, "{\"id\":\"");
    buf_add_str(b, str_of(r->id));
    buf_add_lit(b, "\",\"object\":\"response\",\"created_at\":");
    buf_add_i64(b, r->created);
    buf_add_lit(b, ",\"status\":\"");
    buf_add_str(b, whole ? str_of(responses_status(r)) : STR("in_progress"));
    buf_add_lit(b, "\",\"model\":\"");
    render_escaped(b, r->model);
    buf_add_char(b, '"');
    ending(b, r, whole);
    buf_add_str(b, echo);
    buf_add_lit(b, ",\"output\":[");
    for (uint32_t i = 0; whole && (kind = responses_item(r, i, &call)) != ITEM_NONE; i++) {
        if (i > 0) {
            buf_add_char(b, ',');
        }
        responses_item_json(b, r, c, s, kind, call, true);
    }
    buf_add_char(b, ']');
    if (whole) {
        usage(b, r, s);
    } else {
        buf_add_lit(b, ",\"usage\":null");
    }
    buf_add_char(b, '}');
}

static const char *render(struct buf *b, const struct reply *r, const struct chat_request *c,
                          const struct script *s)
{
    struct buf echo;
    buf_init(&echo, 64 << 20);
    responses_echo(&echo, c);
    responses_object(b, r, c, s, buf_str(&echo), true);
    buf_fini(&echo);
    return "application/json";
}

const struct protocol OPENAI_RESPONSES = {
    .id_prefix = "resp_",
    .stream_type = "text/event-stream; charset=utf-8",
    .keys = KEY_BEARER | KEY_API_KEY,
    .faults = OPENAI_FAULTS,
    .parse = responses_parse,
    .refuse_key = openai_refuse_key,
    .no_model = openai_no_model,
    .head = openai_head,
    .render = render,
    .next = responses_next,
    .error = openai_error,
    .break_off = responses_break_off,
};
