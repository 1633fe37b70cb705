/* Reads usageMetadata and error objects of Google's answers. Pure. */
#include "gateway/dialect/google_priv.h"

enum { ERROR_TEXT_MAX_BYTES = 512 };
struct counts {
    int64_t prompt, cached, tools, candidates, thoughts, total;
    int64_t audio_in, cached_audio, audio_out, tools_audio;
    int64_t image_out, image_other;
};

static void read_count(struct reader *r, int64_t *out)
{
    int64_t v = -1;
    if (rd_i64(r, "", &v) && v >= 0 && v <= USAGE_COUNT_MAX)
        *out = v;
}

/* [{"modality":"AUDIO","tokenCount":n}, ...]: what is audio of it, and what images. */
static void read_details(struct reader *r, int64_t *audio, int64_t *image)
{
    struct str key;
    if (!rd_array(r, ""))
        return;
    while (rd_element(r)) {
        struct str modality = STR("");
        int64_t count = -1;
        if (!rd_object(r, ""))
            continue;
        while (google_key(r, &key)) {
            if (rd_is(key, "modality"))
                rd_text(r, "", &modality);
            else if (rd_is(key, "tokenCount"))
                read_count(r, &count);
            else
                rd_skip(r);
        }
        if (str_eq(modality, STR("AUDIO")) && count >= 0)
            *audio = count;
        if (str_eq(modality, STR("IMAGE")) && count >= 0)
            *image = count;
    }
}

static void read_member(struct reader *r, struct str key, struct counts *c)
{
    static const struct {
        const char *name;
        size_t at, images; /* images: where of details */
    } words[] = {
        {"promptTokenCount", offsetof(struct counts, prompt), 0},
        {"cachedContentTokenCount", offsetof(struct counts, cached), 0},
        {"toolUsePromptTokenCount", offsetof(struct counts, tools), 0},
        {"candidatesTokenCount", offsetof(struct counts, candidates), 0},
        {"responseTokenCount", offsetof(struct counts, candidates), 0},
        {"thoughtsTokenCount", offsetof(struct counts, thoughts), 0},
        {"totalTokenCount", offsetof(struct counts, total), 0},
        {"promptTokensDetails", offsetof(struct counts, audio_in),
         offsetof(struct counts, image_other)},
        {"cacheTokensDetails", offsetof(struct counts, cached_audio),
         offsetof(struct counts, image_other)},
        {"candidatesTokensDetails", offsetof(struct counts, audio_out),
         offsetof(struct counts, image_out)},
        {"toolUsePromptTokensDetails", offsetof(struct counts, tools_audio),
         offsetof(struct counts, image_other)},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!rd_is(key, words[i].name))
            continue;
        int64_t *at = (int64_t *)(void *)((char *)c + words[i].at);
        if (words[i].images)
            read_details(r, at, (int64_t *)(void *)((char *)c + words[i].images));
        else
            read_count(r, at);
        return;
    }
    rd_skip(r);
}

static int64_t sum(int64_t a, int64_t b)
{
    if (a < 0 || b < 0)
        return a < 0 ? b : a;
    return a + b;
}

/* Thoughts stand beside the candidates' tokens, unless the total says that they are within. */
static int64_t output_of(const struct counts *c, int64_t input)
{
    if (c->candidates < 0 && c->thoughts < 0)
        return input >= 0 && c->total >= input ? c->total - input : -1;
    if (c->thoughts > 0 && c->candidates >= c->thoughts && input >= 0 &&
        c->total == input + c->candidates)
        return c->candidates;
    return sum(c->candidates, c->thoughts);
}

void google_read_usage(struct google_answer *g)
{
    struct counts c = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    struct reader *r = &g->r;
    struct str key, tier = STR_NULL;
    size_t members = 0;
    if (!rd_object(r, ""))
        return;
    for (; google_key(r, &key); members++) {
        if (rd_is(key, "serviceTier"))
            (void)rd_string(r, "", &tier);
        else
            read_member(r, key, &c);
    }
    if (r->failed)
        return;
    if (g->an) {
        g->an->usage_end = r->s.begin;
        g->an->usage_empty = members == 0;
    }
    struct ir_event *e = ir_event_add(g->ev, r->a, IR_USAGE);
    struct usage *u = &e->usage;
    u->input = sum(c.prompt, c.tools);
    u->cached = c.cached;
    u->output = output_of(&c, u->input);
    u->reasoning = c.thoughts;
    u->audio_input = sum(c.audio_in, c.tools_audio);
    u->cached_audio = c.cached_audio;
    u->audio_output = c.audio_out;
    u->image_output = c.image_out;
    e->service_tier = tier;
}

/* ------------------------------------------------------------------ errors */

static int status_of(struct str word)
{
    static const struct {
        const char *word;
        int status;
    } words[] = {
        {"INVALID_ARGUMENT", 400},
        {"FAILED_PRECONDITION", 400},
        {"OUT_OF_RANGE", 400},
        {"UNAUTHENTICATED", 401},
        {"PERMISSION_DENIED", 403},
        {"NOT_FOUND", 404},
        {"ABORTED", 409},
        {"ALREADY_EXISTS", 409},
        {"RESOURCE_EXHAUSTED", 429},
        {"CANCELLED", 499},
        {"INTERNAL", 500},
        {"UNKNOWN", 500},
        {"DATA_LOSS", 500},
        {"UNIMPLEMENTED", 501},
        {"UNAVAILABLE", 503},
        {"DEADLINE_EXCEEDED", 504},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq(word, str_of(words[i].word)))
            return words[i].status;
    return 0;
}

static struct str cut(struct str s)
{
    if (s.len <= ERROR_TEXT_MAX_BYTES)
        return s;
    s.len = ERROR_TEXT_MAX_BYTES;
    while (s.len > 0 && ((unsigned char)s.p[s.len] & 0xC0) == 0x80)
        s.len--;
    return s;
}

void google_read_error(struct google_answer *g)
{
    struct reader *r = &g->r;
    struct str key, text = STR(""), word = STR("");
    int64_t code = 0;
    if (rd_peek(r) == JSON_STRING) {
        (void)rd_string(r, "", &text);
    } else {
        if (!rd_object(r, ""))
            return;
        while (google_key(r, &key)) {
            if (rd_is(key, "code"))
                (void)rd_i64(r, "", &code);
            else if (rd_is(key, "message"))
                (void)rd_string(r, "", &text);
            else if (rd_is(key, "status"))
                rd_text(r, "", &word);
            else
                rd_skip(r);
        }
    }
    struct ir_event *e = ir_event_add(g->ev, r->a, IR_ERROR);
    e->text = cut(text);
    e->status = code >= 400 && code <= 599 ? (int)code : status_of(word);
}
