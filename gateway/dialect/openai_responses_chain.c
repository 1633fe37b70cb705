/* Puts the items of earlier answers before those of a request. Pure; any thread. */
#include "gateway/dialect/openai_responses_chain.h"

#include "gateway/wire/json_scan.h"

/* A member of the top-level object: offsets. */
struct member {
    size_t key, value, end; /* end 0: not there */
    enum json_token type;
};

struct top {
    struct member input, previous;
    size_t object_end;
    size_t members;
    size_t next_key;   /* of the member behind `previous`; 0: it is the last one */
    size_t before_end; /* the end of the member before it; 0: it is the first one */
};

static bool read_top(struct str body, struct top *t)
{
    struct json_scan s;
    enum json_token k;
    size_t end = 0;
    bool awaits_next = false;
    *t = (struct top){0};
    json_scan_init(&s, body, false);
    if (json_scan_next(&s) != JSON_OBJECT_BEGIN)
        return false;
    while ((k = json_scan_next(&s)) == JSON_KEY) {
        struct member m = {.key = s.begin};
        bool input = json_scan_is(&s, STR("input"));
        bool previous = json_scan_is(&s, STR("previous_response_id"));
        t->members++;
        if (awaits_next)
            t->next_key = m.key;
        awaits_next = previous;
        m.type = json_scan_next(&s);
        m.value = s.begin;
        if (!json_scan_value(&s, m.type).p)
            return false;
        m.end = s.end;
        if (input)
            t->input = m;
        if (previous) {
            t->previous = m;
            t->before_end = end;
        }
        end = m.end;
    }
    t->object_end = s.begin;
    return k == JSON_OBJECT_END && json_scan_next(&s) == JSON_END;
}

static struct str cut(struct str s, size_t begin, size_t end)
{
    return str_make(s.p + begin, end - begin);
}

bool responses_items_add(struct str items, struct buf *to)
{
    if (items.len == 0)
        return !to->failed;
    if (to->len > 0)
        buf_add_char(to, ',');
    return buf_add_str(to, items);
}

/* The items of an input value. */
static void add_input(struct str body, const struct member *m, struct buf *out)
{
    struct str value = cut(body, m->value, m->end);
    if (m->type == JSON_STRING) {
        buf_add_lit(out, "{\"type\":\"message\",\"role\":\"user\",\"content\":");
        buf_add_str(out, value);
        buf_add_char(out, '}');
    } else if (m->type == JSON_ARRAY_BEGIN) {
        buf_add_str(out, str_trim(cut(value, 1, value.len - 1)));
    }
}

bool responses_items_of_request(struct str body, struct buf *out)
{
    struct top t;
    struct buf items;
    if (!read_top(body, &t))
        return false;
    buf_init(&items, body.len + 64);
    if (t.input.end)
        add_input(body, &t.input, &items);
    bool good = responses_items_add(buf_str(&items), out);
    buf_fini(&items);
    return good;
}

struct edit {
    size_t begin, end;
    struct str with;
};

/* The member and one of the commas beside it. */
static struct edit without(const struct top *t)
{
    if (t->next_key)
        return (struct edit){.begin = t->previous.key, .end = t->next_key};
    return (struct edit){.begin = t->before_end ? t->before_end : t->previous.key,
                         .end = t->previous.end};
}

static void apply(struct str body, const struct edit *edits, size_t n, struct buf *out)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        buf_add_str(out, cut(body, at, edits[i].begin));
        buf_add_str(out, edits[i].with);
        at = edits[i].end;
    }
    buf_add_str(out, cut(body, at, body.len));
}

bool responses_expand(struct str body, struct str before, struct buf *out)
{
    struct top t;
    struct edit edits[2];
    struct buf input;
    size_t n = 0;
    if (!read_top(body, &t))
        return false;
    bool there = t.input.end > 0, named = t.previous.end > 0;
    bool others = t.members > (named ? 1u : 0u);
    buf_init(&input, body.len + before.len + 128);
    if (!there)
        buf_add_str(&input, others ? STR(",\"input\":[") : STR("\"input\":["));
    else
        buf_add_char(&input, '[');
    buf_add_str(&input, before);
    struct buf own;
    buf_init(&own, body.len + 64);
    add_input(body, &t.input, &own);
    if (before.len > 0 && own.len > 0)
        buf_add_char(&input, ',');
    buf_add_str(&input, buf_str(&own));
    buf_add_char(&input, ']');
    buf_fini(&own);
    if (named)
        edits[n++] = without(&t);
    size_t at = there ? t.input.value : t.object_end;
    edits[n++] = (struct edit){at, there ? t.input.end : at, buf_str(&input)};
    if (n == 2 && edits[1].begin < edits[0].begin) {
        struct edit first = edits[1];
        edits[1] = edits[0];
        edits[0] = first;
    }
    apply(body, edits, n, out);
    bool good = !out->failed && !input.failed;
    buf_fini(&input);
    return good;
}

/* ------------------------------------------------------------------ answers */

/* Is it reasoning that only the store of its provider could give back? */
static bool is_unsealed(struct str item)
{
    struct json_scan s;
    bool reasoning = false, sealed = false;
    json_scan_init(&s, item, false);
    if (json_scan_next(&s) != JSON_OBJECT_BEGIN)
        return false;
    while (json_scan_next(&s) == JSON_KEY) {
        bool type = json_scan_is(&s, STR("type"));
        bool seal = json_scan_is(&s, STR("encrypted_content"));
        enum json_token t = json_scan_next(&s);
        reasoning |= type && t == JSON_STRING && json_scan_is(&s, STR("reasoning"));
        sealed |= seal && t == JSON_STRING && s.raw.len > 0;
        if (!json_scan_value(&s, t).p)
            return false;
    }
    return reasoning && !sealed;
}

/* The array `output` of the object whose `{` was the last token. False on a syntax error. */
static bool add_output(struct json_scan *s, struct buf *out)
{
    enum json_token t;
    while ((t = json_scan_next(s)) == JSON_KEY) {
        bool output = json_scan_is(s, STR("output"));
        t = json_scan_next(s);
        if (!output || t != JSON_ARRAY_BEGIN) {
            if (!json_scan_value(s, t).p)
                return false;
            continue;
        }
        while ((t = json_scan_next(s)) != JSON_ARRAY_END) {
            struct str item = json_scan_value(s, t);
            if (!item.p)
                return false;
            if (!is_unsealed(item) && !responses_items_add(item, out))
                return false;
        }
    }
    return t == JSON_OBJECT_END;
}

/* Where the response object begins: the text itself, or an event's member. */
static struct str response_of(struct str answer)
{
    struct json_scan s;
    json_scan_init(&s, answer, false);
    if (json_scan_next(&s) != JSON_OBJECT_BEGIN)
        return answer;
    while (json_scan_next(&s) == JSON_KEY) {
        bool response = json_scan_is(&s, STR("response"));
        enum json_token t = json_scan_next(&s);
        struct str value = json_scan_value(&s, t);
        if (!value.p)
            return answer;
        if (response && t == JSON_OBJECT_BEGIN)
            return value;
    }
    return answer;
}

bool responses_items_of_answer(struct str answer, struct buf *out)
{
    struct json_scan s;
    json_scan_init(&s, response_of(answer), false);
    return json_scan_next(&s) == JSON_OBJECT_BEGIN && add_output(&s, out) && !out->failed;
}
