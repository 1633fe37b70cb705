/* Reads the Messages API's answers and stream events, as loose events, and as facts for the passed
 * way. Pure. */
#include "gateway/dialect/anthropic_priv.h"

/* ------------------------------------------------------------------ usage and errors */

struct counts {
    int64_t input, output, thought, read, write, write_5m, write_1h, searches;
};

static int64_t *count_at(struct counts *n, struct str key)
{
    const struct {
        const char *name;
        int64_t *to;
    } names[] = {{"input_tokens", &n->input},
                 {"output_tokens", &n->output},
                 {"thinking_tokens", &n->thought},
                 {"cache_read_input_tokens", &n->read},
                 {"cache_creation_input_tokens", &n->write},
                 {"ephemeral_5m_input_tokens", &n->write_5m},
                 {"ephemeral_1h_input_tokens", &n->write_1h},
                 {"web_search_requests", &n->searches}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (rd_is(key, names[i].name))
            return names[i].to;
    return NULL;
}

static void read_counts(struct reader *r, struct counts *n, struct str *tier)
{
    struct str key;
    while (rd_key(r, &key)) {
        int64_t *to = count_at(n, key), v;
        bool nested = rd_is(key, "cache_creation") || rd_is(key, "server_tool_use") ||
                      rd_is(key, "output_tokens_details");
        if (nested && rd_peek(r) == JSON_OBJECT_BEGIN && rd_object(r, "usage"))
            read_counts(r, n, tier);
        else if (to && rd_peek(r) == JSON_NUMBER && rd_i64(r, "usage", &v))
            *to = v >= 0 && v <= USAGE_COUNT_MAX ? v : *to;
        else if (rd_is(key, "service_tier") && rd_peek(r) == JSON_STRING)
            (void)rd_string(r, "usage.service_tier", tier);
        else
            rd_skip(r);
    }
}

static int64_t or_none(int64_t n)
{
    return n > 0 ? n : 0;
}

bool anthropic_read_usage(struct reader *r, struct usage *u, struct str *service_tier)
{
    struct counts n = {-1, -1, -1, -1, -1, -1, -1, -1};
    if (!rd_object(r, "usage"))
        return false;
    read_counts(r, &n, service_tier);
    usage_clear(u);
    /* Beside each other there, one whole here. */
    if (n.input >= 0)
        u->input = n.input + or_none(n.read) + or_none(n.write);
    u->output = n.output;
    u->reasoning = n.thought;
    u->cached = n.read;
    bool split = n.write_5m >= 0 || n.write_1h >= 0;
    u->cache_write_5m = split ? or_none(n.write_5m) : n.write;
    u->cache_write_1h = n.write_1h;
    u->web_searches = n.searches;
    return !r->failed;
}

static int status_of(struct str type)
{
    static const struct {
        const char *type;
        int status;
    } types[] = {
        {"invalid_request_error", 400}, {"authentication_error", 401},
        {"billing_error", 402},         {"permission_error", 403},
        {"not_found_error", 404},       {"request_too_large", 413},
        {"rate_limit_error", 429},      {"api_error", 500},
        {"timeout_error", 504},         {"overloaded_error", 529},
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (rd_is(type, types[i].type))
            return types[i].status;
    return 0;
}

/* Codes of errors about threads, which the client's SDK goes on from by itself (anthropic-sdk
 * Thread*ErrorDetails). */
static void read_details(struct reader *r, struct ir_event *e)
{
    struct str key, code = STR("");
    if (!rd_object(r, "error.details"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "error_code") && rd_peek(r) == JSON_STRING)
            (void)rd_string(r, "error.details.error_code", &code);
        else
            rd_skip(r);
    }
    e->for_client = str_starts(code, STR("thread_"));
}

bool anthropic_read_error(struct reader *r, struct ir_event *e)
{
    struct str key, type = STR("");
    if (rd_peek(r) == JSON_STRING)
        return rd_string(r, "error", &e->text);
    if (!rd_object(r, "error"))
        return false;
    while (rd_key(r, &key)) {
        bool text = rd_peek(r) == JSON_STRING;
        if (rd_is(key, "message") && text)
            (void)rd_string(r, "error.message", &e->text);
        else if (rd_is(key, "type") && text)
            (void)rd_string(r, "error.type", &type);
        else if (rd_is(key, "details") && rd_peek(r) == JSON_OBJECT_BEGIN)
            read_details(r, e);
        else
            rd_skip(r);
    }
    e->status = status_of(type);
    if (!e->text.p)
        e->text = type;
    return !r->failed;
}

enum ir_finish anthropic_finish(struct str word)
{
    static const struct {
        const char *word;
        enum ir_finish finish;
    } words[] = {
        {"end_turn", FINISH_STOP},
        {"max_tokens", FINISH_LENGTH},
        {"tool_use", FINISH_TOOL_CALLS},
        {"stop_sequence", FINISH_STOP_SEQUENCE},
        {"pause_turn", FINISH_PAUSE},
        {"refusal", FINISH_REFUSAL},
        {"model_context_window_exceeded", FINISH_CONTEXT},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (rd_is(word, words[i].word))
            return words[i].finish;
    return FINISH_STOP;
}

/* ------------------------------------------------------------------ blocks */

static struct ir_event *delta(struct ir_events *out, struct arena *a, enum ir_kind block)
{
    struct ir_event *e = ir_event_add(out, a, IR_DELTA);
    e->block = block;
    return e;
}

static void citation_events(struct str list, struct arena *a, struct ir_events *out)
{
    struct reader r;
    struct str raw;
    rd_init(&r, list, a, NULL);
    if (!list.p || !rd_array(&r, ""))
        return;
    while (rd_element(&r)) {
        struct reader sub;
        if (!rd_raw(&r, &raw))
            continue;
        rd_init(&sub, raw, a, NULL);
        if (rd_object(&sub, ""))
            anthropic_read_citation(&sub, raw, &delta(out, a, IR_TEXT)->citation);
    }
}

static struct ir_signature own(struct str data)
{
    return (struct ir_signature){.origin = IR_ORIGIN_ANTHROPIC, .data = data};
}

void anthropic_block_events(const struct anthropic_block *b, uint32_t index, struct arena *a,
                            struct ir_events *out)
{
    struct ir_event *e;
    switch (b->type) {
    case ANTHROPIC_TEXT:
        e = delta(out, a, IR_TEXT);
        e->text = b->text;
        citation_events(b->citations, a, out);
        return;
    case ANTHROPIC_THINKING:
        e = delta(out, a, IR_THINKING);
        e->text = b->thinking;
        if (b->signature.len)
            e->signature = own(b->signature);
        return;
    case ANTHROPIC_REDACTED:
        delta(out, a, IR_REDACTED)->signature = own(b->data);
        return;
    case ANTHROPIC_TOOL_USE:
        e = delta(out, a, IR_TOOL_CALL);
        e->index = index;
        e->id = b->id;
        e->name = b->name;
        if (b->input.p && !str_eq(b->input, STR("{}")))
            e->json = (struct ir_json){.raw = b->input};
        return;
    case ANTHROPIC_IMAGE:
    case ANTHROPIC_DOCUMENT:
    case ANTHROPIC_TOOL_RESULT:
    case ANTHROPIC_OTHER:
        break;
    }
    e = delta(out, a, IR_OTHER);
    e->name = b->word;
    e->raw = b->raw;
    e->signature.origin = IR_ORIGIN_ANTHROPIC;
}

/* ------------------------------------------------------------------ messages */

struct message {
    struct str type, stop_reason, stop_sequence, service_tier;
    struct ir_event *start;
    struct usage usage;
    bool has_usage, has_error;
};

static void read_content(struct reader *r, struct arena *a, struct ir_events *out)
{
    uint32_t n = 0;
    if (!rd_array(r, "content"))
        return;
    while (rd_element(r)) {
        struct anthropic_block b;
        if (anthropic_read_block(r, &b))
            anthropic_block_events(&b, n, a, out);
        n++;
    }
}

static void read_member(struct reader *r, struct str key, struct message *m, struct arena *a,
                        struct ir_events *out)
{
    bool text = rd_peek(r) == JSON_STRING;
    if (rd_is(key, "type") && text)
        (void)rd_string(r, "type", &m->type);
    else if (rd_is(key, "id") && text)
        (void)rd_text(r, "id", &out->v[0].id);
    else if (rd_is(key, "model") && text)
        (void)rd_string(r, "model", &out->v[0].model);
    else if (rd_is(key, "content"))
        read_content(r, a, out);
    else if (rd_is(key, "stop_reason") && text)
        (void)rd_string(r, "stop_reason", &m->stop_reason);
    else if (rd_is(key, "stop_sequence") && text)
        (void)rd_text(r, "stop_sequence", &m->stop_sequence);
    else if (rd_is(key, "usage"))
        m->has_usage = anthropic_read_usage(r, &m->usage, &m->service_tier);
    else if (rd_is(key, "error") && rd_peek(r) != JSON_NULL)
        m->has_error = anthropic_read_error(r, ir_event_add(out, a, IR_ERROR));
    else
        rd_skip(r);
}

static void add_end(const struct message *m, struct arena *a, struct ir_events *out)
{
    if (m->stop_reason.len) {
        struct ir_event *stop = ir_event_add(out, a, IR_STOP);
        stop->finish = anthropic_finish(m->stop_reason);
        stop->finish_word = m->stop_reason;
        stop->stop_sequence = m->stop_sequence;
    }
    if (m->has_usage) {
        struct ir_event *u = ir_event_add(out, a, IR_USAGE);
        u->usage = out->v[0].usage = m->usage;
        u->service_tier = out->v[0].service_tier = m->service_tier;
    }
}

/* It is no message and must not pass for one: only an error is left, if there is one. */
static void keep_error(struct ir_events *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].kind == IR_ERROR)
            l->v[n++] = l->v[i];
    l->n = n;
}

/* A message (whole, or as it stands in message_start), whose `{` is next. */
static bool read_message(struct reader *r, struct arena *a, struct ir_events *out)
{
    struct message m = {.type = STR("")};
    struct str key;
    usage_clear(&m.usage);
    if (!rd_object(r, "message"))
        return false;
    ASSERT(out->n == 0);
    (void)ir_event_add(out, a, IR_START);
    while (rd_key(r, &key))
        read_member(r, key, &m, a, out);
    add_end(&m, a, out);
    if (m.has_error || !rd_is(m.type, "message"))
        keep_error(out);
    return !r->failed;
}

bool anthropic_read_answer(struct str body, struct str id_seed, struct arena *a,
                           struct ir_events *out)
{
    struct reader r;
    (void)id_seed;
    rd_init(&r, body, a, NULL);
    return read_message(&r, a, out) && rd_done(&r);
}
