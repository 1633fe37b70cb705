/* Reads answers of the Responses API on the passed way: what the gateway needs to know of them, and
 * where its own words may be spliced in. Pure but for the arena; it never judges content.
 */
#include "gateway/dialect/openai_priv.h"
#include "gateway/dialect/openai_responses_priv.h"

enum { UNKNOWN_STATUS = 500 };

/* ------------------------------------------------------------------ the response object */

static struct str kept(struct reader *r)
{
    return arena_str(r->a, rd_decoded(r));
}

static bool is_counted(const struct json_scan *s)
{
    static const struct str names[] = {
        {"text", 4}, {"arguments", 9}, {"name", 4}, {"input", 5}, {"refusal", 7}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (json_scan_is(s, names[i]))
            return true;
    return false;
}

/* Counts the texts of `output`; notes whether there are calls for the client. */
static void scan_output(struct reader *r, struct dialect_answer *out, bool *calls)
{
    struct json_scan *s = &r->s;
    if (!rd_array(r, ""))
        return;
    out->has_choices = true;
    unsigned outside = s->depth - 1;
    while (s->depth > outside) {
        enum json_token t = json_scan_next(s);
        if (t == JSON_ERROR) {
            r->failed = true;
            return;
        }
        bool counted = t == JSON_KEY && is_counted(s);
        bool type = t == JSON_KEY && json_scan_is(s, STR("type"));
        if (!counted && !type)
            continue;
        t = json_scan_next(s);
        if (counted && t == JSON_STRING)
            out->content_bytes += s->escaped ? json_decoded_len(s->raw) : s->raw.len;
        if (type && t == JSON_STRING)
            *calls |= json_scan_is(s, STR("function_call")) ||
                      json_scan_is(s, STR("custom_tool_call"));
    }
}

static void scan_usage(struct reader *r, struct dialect_answer *out)
{
    struct openai_usage_spans spans;
    if (!rd_object(r, ""))
        return;
    if (!openai_scan_usage(&r->s, &out->usage, &spans)) {
        r->failed = true;
        return;
    }
    out->has_usage = true;
    out->usage_end = spans.end;
    out->usage_empty = spans.empty;
    out->cost = spans.cost;
    out->cost_details = spans.cost_details;
}

static void scan_error(struct reader *r, struct dialect_answer *out)
{
    enum json_token t = rd_peek(r);
    r->pending = false;
    if (!openai_scan_error(&r->s, t, r->a, out))
        r->failed = true;
}

struct state_words {
    struct str status, reason;
    bool calls;
};

static void scan_incomplete(struct reader *r, struct state_words *said)
{
    struct str key;
    if (!rd_object(r, ""))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "reason"))
            (void)rd_string(r, "", &said->reason);
        else
            rd_skip(r);
    }
}

enum ir_finish responses_finish(struct str status, struct str reason, bool calls)
{
    if (rd_is(status, "failed") || rd_is(status, "cancelled"))
        return FINISH_ERROR;
    if (rd_is(status, "incomplete"))
        return rd_is(reason, "content_filter") ? FINISH_CONTENT_FILTER : FINISH_LENGTH;
    if (rd_is(status, "completed"))
        return calls ? FINISH_TOOL_CALLS : FINISH_STOP;
    return FINISH_NONE;
}

static void scan_metadata(struct reader *r, struct dialect_answer *out)
{
    (void)rd_peek(r);
    size_t begin = r->s.begin;
    rd_skip(r);
    out->metadata = (struct dialect_span){begin, r->s.end};
}

static void scan_member(struct reader *r, struct str key, struct dialect_answer *out,
                        struct state_words *said)
{
    struct str text;
    if (rd_is(key, "id")) {
        if (rd_string(r, "", &text))
            out->id = kept(r);
    } else if (rd_is(key, "model")) {
        if (rd_string(r, "", &text))
            out->model = kept(r);
    } else if (rd_is(key, "service_tier")) {
        if (rd_string(r, "", &text))
            out->service_tier = kept(r);
    } else if (rd_is(key, "status")) {
        (void)rd_string(r, "", &said->status);
    } else if (rd_is(key, "incomplete_details")) {
        scan_incomplete(r, said);
    } else if (rd_is(key, "output")) {
        scan_output(r, out, &said->calls);
    } else if (rd_is(key, "usage")) {
        scan_usage(r, out);
    } else if (rd_is(key, "error")) {
        scan_error(r, out);
    } else if (rd_is(key, "metadata")) {
        scan_metadata(r, out);
    } else {
        rd_skip(r);
    }
}

/* The object whose `{` was the last token. */
static void scan_object(struct reader *r, struct dialect_answer *out)
{
    struct state_words said = {.status = STR("")};
    struct str key;
    while (rd_key(r, &key)) {
        out->members++;
        scan_member(r, key, out, &said);
    }
    out->object_end = r->s.begin;
    out->finish = (uint8_t)responses_finish(said.status, said.reason, said.calls);
    if (out->finish != FINISH_ERROR)
        return;
    out->is_error = true;
    if (out->error_status == 0)
        out->error_status = UNKNOWN_STATUS;
}

bool responses_scan_answer(struct str body, struct arena *a, struct dialect_answer *out)
{
    struct reader r;
    *out = (struct dialect_answer){0};
    usage_clear(&out->usage);
    rd_init(&r, body, a, NULL);
    if (!rd_body(&r))
        return false;
    scan_object(&r, out);
    return rd_done(&r);
}

/* ------------------------------------------------------------------ events */

/* Events that show the client nothing yet. */
static bool is_preface(struct str type)
{
    static const char *const types[] = {
        "response.created",
        "response.in_progress",
        "response.queued",
        "response.output_item.added",
        "response.content_part.added",
        "response.reasoning_summary_part.added",
        "keepalive",
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (rd_is(type, types[i]))
            return true;
    return false;
}

bool responses_is_last(struct str type)
{
    return rd_is(type, "response.completed") || rd_is(type, "response.incomplete") ||
           rd_is(type, "response.failed");
}

struct event {
    struct str type, code;
    bool has_delta; /* there is a `delta` */
    bool blank;     /* and it is empty */
};

static void scan_delta(struct reader *r, struct event *e, struct dialect_answer *out)
{
    struct str text;
    if (!rd_text(r, "", &text))
        return;
    e->has_delta = true;
    e->blank = text.len == 0;
    out->content_bytes += r->s.escaped ? json_decoded_len(text) : text.len;
}

static void scan_event_member(struct reader *r, struct str key, struct event *e,
                              struct dialect_answer *out)
{
    struct str text;
    if (rd_is(key, "type")) {
        (void)rd_string(r, "", &e->type);
    } else if (rd_is(key, "delta")) {
        scan_delta(r, e, out);
    } else if (rd_is(key, "response")) {
        if (rd_object(r, ""))
            scan_object(r, out);
    } else if (rd_is(key, "error")) {
        scan_error(r, out);
    } else if (rd_is(key, "code")) {
        (void)rd_string(r, "", &e->code);
    } else if (rd_is(key, "message")) {
        if (rd_text(r, "", &text))
            out->error_text = openai_error_text(&r->s, r->a);
    } else {
        rd_skip(r);
    }
}

static void judge(const struct event *e, struct dialect_answer *out)
{
    bool error = rd_is(e->type, "error");
    out->is_last = responses_is_last(e->type);
    if (out->is_last)
        out->content_bytes = 0; /* they came before */
    else
        out->object_end = out->usage_end = 0; /* nothing is spliced into an answer that goes on */
    out->has_choices |= str_starts(e->type, STR("response."));
    if (error || out->is_error) {
        out->is_error = true;
        if (out->error_status == 0 && e->code.p)
            out->error_status = openai_error_status(e->code);
        return;
    }
    out->error_text = STR_NULL;
    out->has_content = out->has_choices && !is_preface(e->type) && !(e->has_delta && e->blank);
}

bool responses_scan_event(const struct frame *f, struct arena *a, struct dialect_answer *out)
{
    struct event e = {.type = f->type};
    struct reader r;
    struct str key, text = str_trim(f->data);
    *out = (struct dialect_answer){0};
    usage_clear(&out->usage);
    out->is_done = str_eq(text, STR("[DONE]"));
    out->is_empty = text.len == 0;
    if (out->is_done || out->is_empty)
        return true;
    rd_init(&r, f->data, a, NULL);
    if (!rd_body(&r))
        return false;
    while (rd_key(&r, &key))
        scan_event_member(&r, key, &e, out);
    if (!rd_done(&r))
        return false;
    judge(&e, out);
    return true;
}
