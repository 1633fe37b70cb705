/* Reads OpenAI chat answers, whole ones and stream events, without taking them apart: what the
 * gateway needs to know, and where its own words may be spliced in. Runs on the worker; pure but
 * for the arena. It never judges content; bytes that are no UTF-8 pass.
 */
#include "gateway/dialect/openai_priv.h"
#include "gateway/wire/json_text.h"

enum { ITEMS_MAX = 4096 };

struct reader {
    struct json_scan s;
    struct arena *a;
    struct dialect_answer *out;
    size_t choices;
    uint64_t *seen;           /* bit per index of an item; NULL: there was no list yet */
    size_t reasoning_bytes;   /* of the choice in hand; may stand there under several names */
    bool named_error;         /* `object` or the event's type says error */
    int outer_status;         /* what a top-level `code` stands for */
    struct str outer_message; /* a top-level `message` or `detail` */
};

/* What a member of a message or delta holds. */
enum holds {
    HOLDS_TEXT,      /* text that a client shows */
    HOLDS_REASONING, /* the same text may come under several of these names */
    HOLDS_CALLS,     /* arguments and names of calls */
    HOLDS_OTHER,     /* something a client shows, but no text to count */
};

static const struct {
    struct str name;
    enum holds holds;
} contents[] = {
    {{"content", 7}, HOLDS_TEXT},
    {{"tool_calls", 10}, HOLDS_CALLS},
    {{"reasoning_content", 17}, HOLDS_REASONING},
    {{"reasoning", 9}, HOLDS_REASONING},
    {{"reasoning_details", 17}, HOLDS_OTHER},
    {{"thinking_blocks", 15}, HOLDS_OTHER},
    {{"refusal", 7}, HOLDS_TEXT},
    {{"function_call", 13}, HOLDS_CALLS},
    {{"audio", 5}, HOLDS_OTHER},
    {{"images", 6}, HOLDS_OTHER},
    {{"annotations", 11}, HOLDS_OTHER},
};

static const struct {
    struct str name;
    enum ir_finish finish;
} finishes[] = {
    {{"stop", 4}, FINISH_STOP},
    {{"eos", 3}, FINISH_STOP},
    {{"length", 6}, FINISH_LENGTH},
    {{"max_tokens", 10}, FINISH_LENGTH},
    {{"model_length", 12}, FINISH_LENGTH},
    {{"tool_calls", 10}, FINISH_TOOL_CALLS},
    {{"function_call", 13}, FINISH_TOOL_CALLS},
    {{"tool_use", 8}, FINISH_TOOL_CALLS},
    {{"content_filter", 14}, FINISH_CONTENT_FILTER},
    {{"safety", 6}, FINISH_CONTENT_FILTER},
    {{"sensitive", 9}, FINISH_CONTENT_FILTER},
    {{"error", 5}, FINISH_ERROR},
    {{"network_error", 13}, FINISH_ERROR},
    {{"insufficient_system_resource", 28}, FINISH_ERROR},
};

enum ir_finish openai_finish_of(struct str word)
{
    enum ir_finish f = FINISH_STOP;
    for (size_t i = 0; i < ARRAY_LEN(finishes); i++)
        if (str_ieq(word, finishes[i].name))
            f = finishes[i].finish;
    return f;
}

/* Of several choices the gravest counts. */
static void note_finish(struct reader *r)
{
    if (r->s.raw.len == 0)
        return;
    enum ir_finish f = openai_finish_of(r->s.raw);
    r->out->has_content = true;
    if (f > r->out->finish)
        r->out->finish = (uint8_t)f;
}

static size_t text_bytes(const struct json_scan *s)
{
    return s->escaped ? json_decoded_len(s->raw) : s->raw.len;
}

/* Goes over the value that begins with `t`, counting the text of members named text, name and
 * arguments. False on a syntax error. */
static bool count_nested(struct json_scan *s, enum json_token t, size_t *bytes)
{
    unsigned outside = s->depth - 1;
    while (s->depth > outside) {
        t = json_scan_next(s);
        if (t == JSON_ERROR)
            return false;
        if (t != JSON_KEY)
            continue;
        bool counts = json_scan_is(s, STR("text")) || json_scan_is(s, STR("arguments")) ||
                      json_scan_is(s, STR("name"));
        if (!counts)
            continue;
        t = json_scan_next(s);
        if (t == JSON_ERROR)
            return false;
        if (t == JSON_STRING)
            *bytes += text_bytes(s);
    }
    return true;
}

static bool read_content(struct reader *r, enum holds holds)
{
    size_t bytes = 0, begin_pos;
    enum json_token t = json_scan_next(&r->s);
    if (t == JSON_ERROR)
        return false;
    if (t == JSON_STRING) {
        r->out->has_content |= r->s.raw.len > 0;
        bytes = text_bytes(&r->s);
    } else if (t == JSON_OBJECT_BEGIN || t == JSON_ARRAY_BEGIN) {
        begin_pos = r->s.end;
        if (!count_nested(&r->s, t, &bytes))
            return false;
        /* `[]` and `{}` are nothing; with blanks inside they pass for something. */
        r->out->has_content |= r->s.begin > begin_pos;
    }
    if (holds == HOLDS_REASONING && bytes > r->reasoning_bytes)
        r->reasoning_bytes = bytes;
    else if (holds == HOLDS_TEXT || holds == HOLDS_CALLS)
        r->out->content_bytes += bytes;
    return true;
}

/* A message or delta, whose `{` was the last token. */
static bool read_message(struct reader *r)
{
    enum json_token t;
    while ((t = json_scan_next(&r->s)) == JSON_KEY) {
        size_t i = 0;
        while (i < ARRAY_LEN(contents) && !json_scan_is(&r->s, contents[i].name))
            i++;
        bool good = i < ARRAY_LEN(contents)
                        ? read_content(r, contents[i].holds)
                        : json_scan_value(&r->s, json_scan_next(&r->s)).p != NULL;
        if (!good)
            return false;
    }
    return t == JSON_OBJECT_END;
}

static bool read_choice(struct reader *r)
{
    enum json_token t;
    while ((t = json_scan_next(&r->s)) == JSON_KEY) {
        bool message = json_scan_is(&r->s, STR("delta")) || json_scan_is(&r->s, STR("message"));
        bool finish = json_scan_is(&r->s, STR("finish_reason"));
        if (json_scan_is(&r->s, STR("text"))) {
            if (!read_content(r, HOLDS_TEXT))
                return false;
            continue;
        }
        t = json_scan_next(&r->s);
        if (finish && t == JSON_STRING)
            note_finish(r);
        bool good = message && t == JSON_OBJECT_BEGIN ? read_message(r)
                                                      : json_scan_value(&r->s, t).p != NULL;
        if (!good)
            return false;
    }
    return t == JSON_OBJECT_END;
}

static bool read_choices(struct reader *r, enum json_token t)
{
    r->out->has_choices = true;
    r->out->choices.begin = r->s.begin;
    while ((t = json_scan_next(&r->s)) != JSON_ARRAY_END) {
        bool good = t == JSON_OBJECT_BEGIN ? read_choice(r) : json_scan_value(&r->s, t).p != NULL;
        if (!good)
            return false;
        r->choices++;
        r->out->content_bytes += r->reasoning_bytes;
        r->reasoning_bytes = 0;
    }
    r->out->choices.end = r->s.end;
    return true;
}

/* The index that an item names. */
static void note_index(struct reader *r)
{
    int64_t index;
    if (!json_whole(r->s.raw, &index) || index < 0 || index >= ITEMS_MAX) {
        r->out->items_repeat = true; /* none that anybody asked for */
        return;
    }
    uint64_t bit = UINT64_C(1) << index % 64;
    r->out->items_repeat |= (r->seen[index / 64] & bit) != 0;
    r->seen[index / 64] |= bit;
    if ((size_t)index >= r->out->items_end)
        r->out->items_end = (size_t)index + 1;
}

static bool read_item(struct reader *r)
{
    enum json_token t;
    while ((t = json_scan_next(&r->s)) == JSON_KEY) {
        bool index = json_scan_is(&r->s, STR("index"));
        t = json_scan_next(&r->s);
        if (index && t == JSON_NUMBER)
            note_index(r);
        else if (!json_scan_value(&r->s, t).p)
            return false;
    }
    return t == JSON_OBJECT_END;
}

/* The list of an answer that is no chat. */
static bool read_items(struct reader *r, enum json_token t)
{
    if (!r->seen)
        r->seen = arena_calloc(r->a, ITEMS_MAX / 64, sizeof *r->seen);
    while ((t = json_scan_next(&r->s)) != JSON_ARRAY_END) {
        bool good = t == JSON_OBJECT_BEGIN ? read_item(r) : json_scan_value(&r->s, t).p != NULL;
        if (!good)
            return false;
        r->out->items++;
    }
    return true;
}

static bool read_usage(struct reader *r, enum json_token t)
{
    struct openai_usage_spans spans;
    (void)t;
    if (!openai_scan_usage(&r->s, &r->out->usage, &spans))
        return false;
    r->out->has_usage = true;
    r->out->usage_end = spans.end;
    r->out->usage_empty = spans.empty;
    r->out->cost = spans.cost;
    r->out->cost_details = spans.cost_details;
    return true;
}

/* {"usage":{...}} in a member of its own: read, but not where our cost would be looked for. */
static bool read_wrapped_usage(struct reader *r, enum json_token t)
{
    struct openai_usage_spans spans;
    while ((t = json_scan_next(&r->s)) == JSON_KEY) {
        bool is_usage = json_scan_is(&r->s, STR("usage"));
        t = json_scan_next(&r->s);
        if (!is_usage || t != JSON_OBJECT_BEGIN || r->out->has_usage) {
            if (!json_scan_value(&r->s, t).p)
                return false;
            continue;
        }
        if (!openai_scan_usage(&r->s, &r->out->usage, &spans))
            return false;
        r->out->has_usage = true;
    }
    return t == JSON_OBJECT_END;
}

/* The last string token, decoded, in the arena: the event's bytes go before it does. */
static struct str kept(struct reader *r)
{
    struct str text = openai_decoded(&r->s, r->a);
    return r->s.escaped ? text : arena_str(r->a, text);
}

static bool read_id(struct reader *r, enum json_token t)
{
    (void)t;
    r->out->id = kept(r);
    return true;
}

static bool read_model(struct reader *r, enum json_token t)
{
    (void)t;
    r->out->model = kept(r);
    return true;
}

static bool read_service_tier(struct reader *r, enum json_token t)
{
    (void)t;
    r->out->service_tier = kept(r);
    return true;
}

static bool read_object(struct reader *r, enum json_token t)
{
    (void)t;
    r->named_error |= json_scan_is(&r->s, STR("error"));
    return true;
}

static bool read_error(struct reader *r, enum json_token t)
{
    return openai_scan_error(&r->s, t, r->a, r->out);
}

static bool read_metadata(struct reader *r, enum json_token t)
{
    struct str raw = json_scan_value(&r->s, t);
    if (!raw.p)
        return false;
    size_t begin = (size_t)(raw.p - r->s.text);
    r->out->metadata = (struct dialect_span){begin, begin + raw.len};
    return true;
}

static bool read_outer_message(struct reader *r, enum json_token t)
{
    (void)t;
    r->outer_message = openai_error_text(&r->s, r->a);
    return true;
}

static bool read_outer_code(struct reader *r, enum json_token t)
{
    (void)t;
    r->outer_status = openai_error_status(r->s.raw);
    return true;
}

enum {
    TEXT = 1 << JSON_STRING,
    NUMBER = 1 << JSON_NUMBER,
    OBJECT = 1 << JSON_OBJECT_BEGIN,
    ARRAY = 1 << JSON_ARRAY_BEGIN,
    ANY = 0xffff,
};

static const struct member {
    struct str name;
    unsigned types; /* tokens that `read` takes; a value of another type is passed over */
    bool (*read)(struct reader *r, enum json_token t);
} members[] = {
    {{"id", 2}, TEXT, read_id},
    {{"model", 5}, TEXT, read_model},
    {{"choices", 7}, ARRAY, read_choices},
    {{"usage", 5}, OBJECT, read_usage},
    {{"data", 4}, ARRAY, read_items},
    {{"results", 7}, ARRAY, read_items},
    {{"object", 6}, TEXT, read_object},
    {{"service_tier", 12}, TEXT, read_service_tier},
    {{"error", 5}, ANY, read_error},
    {{"metadata", 8}, ANY, read_metadata},
    {{"x_groq", 6}, OBJECT, read_wrapped_usage},
    {{"message", 7}, TEXT, read_outer_message},
    {{"detail", 6}, TEXT, read_outer_message},
    {{"code", 4}, TEXT | NUMBER, read_outer_code},
};

static bool read_member(struct reader *r)
{
    size_t i = 0;
    while (i < ARRAY_LEN(members) && !json_scan_is(&r->s, members[i].name))
        i++;
    enum json_token t = json_scan_next(&r->s);
    if (t == JSON_ERROR)
        return false;
    if (i < ARRAY_LEN(members) && members[i].types >> t & 1)
        return members[i].read(r, t);
    return json_scan_value(&r->s, t).p != NULL;
}

/* Where `usage` would be cut out: with the comma before it, or behind it if it comes first. */
static void note_usage_member(struct reader *r, size_t before, size_t key, size_t *open)
{
    struct dialect_span *cut = &r->out->usage_member;
    bool first = r->out->members == 1;
    *cut = (struct dialect_span){first ? key : before, r->s.end};
    *open = first;
}

static bool read_answer(struct reader *r)
{
    struct dialect_answer *out = r->out;
    size_t before = 0, reaches_next = 0;
    enum json_token t = json_scan_next(&r->s);
    if (t != JSON_OBJECT_BEGIN)
        return false;
    while ((t = json_scan_next(&r->s)) == JSON_KEY) {
        size_t key = r->s.begin;
        size_t usage_end = out->usage_end;
        if (reaches_next)
            out->usage_member.end = key;
        reaches_next = 0;
        out->members++;
        if (!read_member(r))
            return false;
        if (out->usage_end != usage_end)
            note_usage_member(r, before, key, &reaches_next);
        before = r->s.end;
    }
    if (t != JSON_OBJECT_END)
        return false;
    out->object_end = r->s.begin;
    return json_scan_next(&r->s) == JSON_END;
}

static bool scan(struct str body, bool named_error, struct arena *a, struct dialect_answer *out)
{
    struct reader r = {.a = a, .out = out, .named_error = named_error};
    json_scan_init(&r.s, body, false);
    if (!read_answer(&r))
        return false;
    bool bare = !out->has_choices && r.outer_message.len > 0;
    if (!out->is_error && (bare || r.named_error)) {
        out->is_error = true;
        out->error_text = r.outer_message;
        out->error_status = r.outer_status;
    }
    out->only_usage = out->has_usage && r.choices == 0 && !out->is_error;
    return true;
}

bool openai_scan_answer(struct str body, struct arena *a, struct dialect_answer *out)
{
    *out = (struct dialect_answer){0};
    usage_clear(&out->usage);
    return scan(body, false, a, out);
}

bool openai_scan_event(const struct frame *f, struct arena *a, struct dialect_answer *out)
{
    *out = (struct dialect_answer){0};
    usage_clear(&out->usage);
    struct str text = str_trim(f->data);
    out->is_done = str_eq(text, STR("[DONE]"));
    out->is_empty = text.len == 0;
    if (out->is_done || out->is_empty)
        return true;
    return scan(f->data, str_eq(f->type, STR("error")), a, out);
}
