/* Usage objects of OpenAI and of the many that speak its dialect with words of their own, brought
 * to one meaning (ir/usage.h). Pure. It names no vendor: every rule looks at what the counts say.
 */
#include "gateway/dialect/openai_priv.h"
#include "gateway/wire/json_text.h"

enum place { NOWHERE, TOP, INPUT, CACHED, WRITES, OUTPUT, SERVER_TOOLS };

struct counts {
    int64_t prompt, input, completion, output, total;
    int64_t cached, beside_read, beside_write, write_5m, write_1h, write_any;
    int64_t audio_in, cached_audio, reasoning, audio_out, searches;
    int64_t image_in, image_out, audio_ms;
};

/* Member `name` of the object at `in` is a count, or an object whose members are at `opens`. */
struct word {
    uint8_t in, opens;
    struct str name;
    size_t at;
    bool milli; /* thousandths are kept */
};

#define COUNT(place, n, field)                                                                     \
    {                                                                                              \
        .in = (place), .name = {n, sizeof(n) - 1}, .at = offsetof(struct counts, field)            \
    }
#define OPENS(place, n, to)                                                                        \
    {                                                                                              \
        .in = (place), .name = {n, sizeof(n) - 1}, .opens = (to)                                   \
    }

static const struct word words[] = {
    COUNT(TOP, "prompt_tokens", prompt),
    COUNT(TOP, "completion_tokens", completion),
    COUNT(TOP, "total_tokens", total),
    OPENS(TOP, "prompt_tokens_details", INPUT),
    OPENS(TOP, "completion_tokens_details", OUTPUT),
    COUNT(INPUT, "cached_tokens", cached),
    COUNT(INPUT, "audio_tokens", audio_in),
    COUNT(OUTPUT, "reasoning_tokens", reasoning),
    COUNT(OUTPUT, "audio_tokens", audio_out),
    COUNT(INPUT, "image_tokens", image_in),
    COUNT(OUTPUT, "image_tokens", image_out),
    /* of audio that is written down */
    OPENS(TOP, "input_token_details", INPUT),
    {.in = TOP, .name = {"seconds", 7}, .at = offsetof(struct counts, audio_ms), .milli = true},
    /* the names of the Responses API */
    COUNT(TOP, "input_tokens", input),
    COUNT(TOP, "output_tokens", output),
    OPENS(TOP, "input_tokens_details", INPUT),
    OPENS(TOP, "output_tokens_details", OUTPUT),
    OPENS(INPUT, "cached_tokens_details", CACHED),
    COUNT(CACHED, "audio_tokens", cached_audio),
    /* caches, as compatible providers tell of them */
    COUNT(TOP, "prompt_cache_hit_tokens", cached),
    COUNT(TOP, "cached_tokens", cached),
    COUNT(TOP, "reasoning_tokens", reasoning),
    COUNT(INPUT, "cache_write_tokens", write_any),
    COUNT(INPUT, "cache_creation_tokens", write_any),
    COUNT(INPUT, "cache_creation_input_tokens", write_any),
    OPENS(INPUT, "cache_creation", WRITES),
    OPENS(TOP, "cache_creation", WRITES),
    COUNT(WRITES, "ephemeral_5m_input_tokens", write_5m),
    COUNT(WRITES, "ephemeral_1h_input_tokens", write_1h),
    COUNT(TOP, "cache_read_input_tokens", beside_read),
    COUNT(TOP, "cache_creation_input_tokens", beside_write),
    /* calls */
    OPENS(TOP, "server_tool_use", SERVER_TOOLS),
    COUNT(SERVER_TOOLS, "web_search_requests", searches),
    COUNT(TOP, "num_search_queries", searches),
};

static const struct word *find_word(const struct json_scan *s, enum place in)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (words[i].in == in && json_scan_is(s, words[i].name))
            return &words[i];
    return NULL;
}

/* Several names for one count: the greatest is kept. */
static void take_count(struct counts *c, const struct word *w, struct str raw)
{
    int64_t v, *to = (int64_t *)(void *)((char *)c + w->at);
    bool good = w->milli ? json_milli(raw, &v) : json_whole(raw, &v);
    if (good && v >= 0 && v <= USAGE_COUNT_MAX && v > *to)
        *to = v;
}

/* One value of an object at `in`; false on a syntax error. */
static bool take_value(struct json_scan *s, struct counts *c, const struct word *w,
                       enum json_token t, uint8_t *opened)
{
    if (w && w->opens && t == JSON_OBJECT_BEGIN) {
        *opened = w->opens;
        return true;
    }
    if (w && !w->opens && t == JSON_NUMBER)
        take_count(c, w, s->raw);
    return json_scan_value(s, t).p != NULL;
}

static void note_span(const struct json_scan *s, struct dialect_span *to, struct str raw)
{
    size_t begin = (size_t)(raw.p - s->text);
    *to = (struct dialect_span){begin, begin + raw.len};
}

static bool is_ours(struct json_scan *s, struct openai_usage_spans *spans,
                    struct dialect_span **span)
{
    *span = NULL;
    if (json_scan_is(s, STR("cost")))
        *span = &spans->cost;
    else if (json_scan_is(s, STR("cost_details")))
        *span = &spans->cost_details;
    return *span != NULL;
}

/* Walks the object and those in it that the table opens (four levels at most) without recursion. */
static bool walk(struct json_scan *s, struct counts *c, struct openai_usage_spans *spans)
{
    uint8_t place[8] = {TOP};
    size_t depth = 0;
    for (;;) {
        enum json_token t = json_scan_next(s);
        if (t == JSON_OBJECT_END && depth-- == 0)
            return true;
        if (t == JSON_OBJECT_END)
            continue;
        if (t != JSON_KEY)
            return false;
        struct dialect_span *span = NULL;
        spans->empty &= depth > 0;
        if (depth == 0 && is_ours(s, spans, &span)) {
            struct str raw = json_scan_value(s, json_scan_next(s));
            if (!raw.p)
                return false;
            note_span(s, span, raw);
            continue;
        }
        const struct word *w = find_word(s, place[depth]);
        uint8_t opened = NOWHERE;
        if (!take_value(s, c, w, json_scan_next(s), &opened))
            return false;
        if (opened != NOWHERE) {
            ASSERT(depth + 1 < ARRAY_LEN(place));
            place[++depth] = opened;
        }
    }
}

static int64_t known(int64_t count)
{
    return count < 0 ? 0 : count;
}

/* The whole prompt. Cache reads and writes are part of `prompt_tokens`; beside `input_tokens`, when
 * they come by the Messages API's names; and also beside `prompt_tokens` if the total says so. */
static int64_t whole_input(const struct counts *c, const struct usage *u)
{
    int64_t cache = known(u->cached) + known(u->cache_write_5m) + known(u->cache_write_1h);
    if (c->prompt < 0) {
        bool beside = c->beside_read >= 0 || c->beside_write >= 0;
        return c->input < 0 ? -1 : c->input + (beside ? cache : 0);
    }
    if (cache > c->prompt && c->total >= 0 && c->total == c->prompt + cache + known(c->completion))
        return c->prompt + cache;
    return c->prompt;
}

/* The whole answer. Some count reasoning beside `completion_tokens`: told by the total, or by there
 * being more of it than of the whole. */
static int64_t whole_output(const struct counts *c, int64_t input)
{
    int64_t output = c->completion >= 0 ? c->completion : c->output;
    int64_t reasoning = known(c->reasoning);
    if (output < 0)
        return input >= 0 && c->total >= input ? c->total - input : -1;
    if (reasoning == 0)
        return output;
    bool by_total = input >= 0 && c->total == input + output + reasoning;
    return by_total || reasoning > output ? output + reasoning : output;
}

static void to_usage(const struct counts *c, struct usage *u)
{
    u->cached = c->cached > c->beside_read ? c->cached : c->beside_read;
    u->cache_write_5m = c->write_5m;
    u->cache_write_1h = c->write_1h;
    if (c->write_5m < 0 && c->write_1h < 0)
        u->cache_write_5m = c->write_any > c->beside_write ? c->write_any : c->beside_write;
    u->audio_input = c->audio_in;
    u->cached_audio = c->cached_audio;
    u->input = whole_input(c, u);
    u->output = whole_output(c, u->input);
    u->reasoning = c->reasoning;
    u->audio_output = c->audio_out;
    u->image_tokens = c->image_in;
    u->image_output = c->image_out;
    u->web_searches = c->searches;
    u->audio_ms = c->audio_ms;
}

bool openai_scan_usage(struct json_scan *s, struct usage *out, struct openai_usage_spans *spans)
{
    struct counts c;
    memset(&c, 0xff, sizeof c); /* every count -1 */
    *spans = (struct openai_usage_spans){.empty = true};
    usage_clear(out);
    if (!walk(s, &c, spans))
        return false;
    spans->end = s->begin;
    to_usage(&c, out);
    return true;
}
