/* Reads `candidates` of Google's answers into loose events. Pure. */
#include "gateway/dialect/google_priv.h"

static const struct {
    struct str word;
    enum ir_finish finish;
} finishes[] = {
#define FINISH(w, f)                                                                               \
    {                                                                                              \
        {w, sizeof(w) - 1}, f                                                                      \
    }
    FINISH("STOP", FINISH_STOP),
    FINISH("MAX_TOKENS", FINISH_LENGTH),
    FINISH("SAFETY", FINISH_CONTENT_FILTER),
    FINISH("RECITATION", FINISH_CONTENT_FILTER),
    FINISH("LANGUAGE", FINISH_CONTENT_FILTER),
    FINISH("BLOCKLIST", FINISH_CONTENT_FILTER),
    FINISH("PROHIBITED_CONTENT", FINISH_CONTENT_FILTER),
    FINISH("SPII", FINISH_CONTENT_FILTER),
    FINISH("MODEL_ARMOR", FINISH_CONTENT_FILTER),
    FINISH("IMAGE_SAFETY", FINISH_CONTENT_FILTER),
    FINISH("IMAGE_PROHIBITED_CONTENT", FINISH_CONTENT_FILTER),
    FINISH("IMAGE_RECITATION", FINISH_CONTENT_FILTER),
    FINISH("MALFORMED_FUNCTION_CALL", FINISH_ERROR),
    FINISH("UNEXPECTED_TOOL_CALL", FINISH_ERROR),
    FINISH("TOO_MANY_TOOL_CALLS", FINISH_ERROR),
    FINISH("MISSING_THOUGHT_SIGNATURE", FINISH_ERROR),
    FINISH("MALFORMED_RESPONSE", FINISH_ERROR),
    FINISH("OTHER", FINISH_ERROR),
    FINISH("IMAGE_OTHER", FINISH_ERROR),
    FINISH("NO_IMAGE", FINISH_ERROR),
    FINISH("FINISH_REASON_UNSPECIFIED", FINISH_NONE),
#undef FINISH
};

/* A word of later days still means that the model has ended. */
enum ir_finish google_finish(struct str word)
{
    if (word.len == 0)
        return FINISH_NONE;
    for (size_t i = 0; i < ARRAY_LEN(finishes); i++)
        if (str_eq(word, finishes[i].word))
            return finishes[i].finish;
    return FINISH_STOP;
}

struct str google_finish_word(enum ir_finish f, struct str own)
{
    static const char *const words[] = {
        [FINISH_NONE] = "STOP",
        [FINISH_STOP] = "STOP",
        [FINISH_LENGTH] = "MAX_TOKENS",
        [FINISH_TOOL_CALLS] = "STOP",
        [FINISH_CONTENT_FILTER] = "SAFETY",
        [FINISH_ERROR] = "OTHER",
        [FINISH_STOP_SEQUENCE] = "STOP",
        [FINISH_REFUSAL] = "SAFETY",
        [FINISH_PAUSE] = "STOP",
        [FINISH_CONTEXT] = "MAX_TOKENS",
    };
    static_assert(ARRAY_LEN(words) == FINISHES, "a word per finish");
    for (size_t i = 0; i < ARRAY_LEN(finishes); i++)
        if (str_eq(own, finishes[i].word) && finishes[i].finish != FINISH_NONE)
            return finishes[i].word;
    return str_of(words[f]);
}

static struct ir_event *delta(struct google_answer *g, enum ir_kind block,
                              const struct google_part *part)
{
    struct ir_event *e = ir_event_add(g->ev, g->r.a, IR_DELTA);
    e->block = block;
    if (part->signature.len)
        e->signature = (struct ir_signature){.origin = IR_ORIGIN_GOOGLE, .data = part->signature};
    return e;
}

/* The number makes ids unique in an answer, the seed in a conversation. */
void google_add_call(struct google_answer *g, const struct google_part *part)
{
    struct ir_event *e = delta(g, IR_TOOL_CALL, part);
    e->index = g->state->n_calls++;
    e->name = part->name.p ? part->name : STR("");
    e->json.raw = part->json.p ? part->json : STR("{}");
    e->id = part->id;
    if (part->id.len == 0)
        e->id = str_of(
            arena_printf(g->r.a, "call_" STR_FMT "_%u", STR_ARG(g->id_seed), (unsigned)e->index));
}

/* Passed streams are only looked at: a piece is content. */
static void take_call(struct google_answer *g, const struct google_part *part)
{
    bool pieces = part->goes_on || part->partial.p || g->state->partial.open;
    if (!pieces || g->an)
        google_add_call(g, part);
    else
        g->r.failed |= !google_partial_take(g, part);
}

static void add_blob(struct google_answer *g, const struct google_part *part)
{
    enum ir_kind kind = google_media_kind(part->blob.mime.p ? part->blob.mime : STR(""));
    bool known = kind == IR_IMAGE || kind == IR_AUDIO;
    struct ir_event *e = delta(g, known ? kind : IR_OTHER, part);
    if (known) {
        google_media(&part->blob, g->r.a, &e->media);
    } else {
        e->name = part->blob.is_file ? STR("fileData") : STR("inlineData");
        e->raw = part->raw;
    }
}

static void read_part(struct google_answer *g)
{
    struct google_part part;
    struct ir_event *e;
    if (!google_read_part(&g->r, &part))
        return;
    switch (part.what) {
    case GOOGLE_NOTHING:
        break;
    case GOOGLE_TEXT:
        e = delta(g, part.thought ? IR_THINKING : IR_TEXT, &part);
        e->text = part.text.p ? part.text : STR("");
        break;
    case GOOGLE_CALL:
        take_call(g, &part);
        break;
    case GOOGLE_BLOB:
        add_blob(g, &part);
        break;
    case GOOGLE_RESPONSE:
    case GOOGLE_OTHER:
        e = delta(g, IR_OTHER, &part);
        e->name = part.what == GOOGLE_OTHER ? part.other : STR("functionResponse");
        e->raw = part.raw;
        break;
    }
}

static void read_content(struct google_answer *g)
{
    struct reader *r = &g->r;
    struct google_list l;
    struct str key;
    if (!rd_object(r, ""))
        return;
    while (google_key(r, &key)) {
        if (!rd_is(key, "parts")) {
            rd_skip(r);
            continue;
        }
        if (!google_list(r, "", &l))
            continue;
        while (google_next(r, &l))
            read_part(g);
    }
}

/* What waits until the candidate's number and text are known. */
struct candidate {
    int64_t index;
    struct str finish, grounding, citations, logprobs;
};

static void read_members(struct google_answer *g, struct candidate *c)
{
    struct reader *r = &g->r;
    struct str key;
    while (google_key(r, &key)) {
        if (rd_is(key, "content"))
            read_content(g);
        else if (rd_is(key, "index"))
            (void)rd_i64(r, "", &c->index);
        else if (rd_is(key, "finishReason"))
            rd_text(r, "", &c->finish);
        else if (rd_is(key, "groundingMetadata"))
            (void)rd_raw(r, &c->grounding);
        else if (rd_is(key, "citationMetadata"))
            (void)rd_raw(r, &c->citations);
        else if (rd_is(key, "logprobsResult"))
            (void)rd_raw(r, &c->logprobs);
        else
            rd_skip(r);
    }
}

static void add_stop(struct google_answer *g, const struct candidate *c)
{
    enum ir_finish f = google_finish(c->finish);
    if (f == FINISH_NONE)
        return;
    bool called = c->index < 32 && (g->state->called >> c->index & 1);
    struct ir_event *e = ir_event_add(g->ev, g->r.a, IR_STOP);
    e->finish = f == FINISH_STOP && called ? FINISH_TOOL_CALLS : f;
    e->finish_word = c->finish;
}

/* Follows the text as the flow will cut it. */
static void note_text(struct google_answer *g, size_t first, const struct candidate *c)
{
    struct google_text *text = c->index < GOOGLE_CHOICES_MAX && !g->an ? &g->state->text[c->index]
                                                                       : NULL;
    for (size_t i = first; i < g->ev->n; i++) {
        const struct ir_event *e = &g->ev->v[i];
        if (e->kind != IR_DELTA)
            continue;
        if (e->block == IR_TOOL_CALL && c->index < 32)
            g->state->called |= 1u << c->index;
        if (!text)
            continue;
        if (e->block == IR_TEXT && !text->open)
            text->block_byte = text->places.bytes;
        text->open = e->block == IR_TEXT;
        if (text->open)
            google_places_add(&text->places, g->keep, e->text);
    }
}

/* Puts the events from `from` on behind the last text since `first`, whose block they belong to
 * (`a` NULL: leaves them); says whether there is one. */
static bool behind_text(struct ir_events *ev, size_t first, size_t from, struct arena *a)
{
    size_t to = from;
    while (to > first && !(ev->v[to - 1].kind == IR_DELTA && ev->v[to - 1].block == IR_TEXT))
        to--;
    if (to == first || to == from || from == ev->n || !a)
        return to > first;
    struct ir_event *between = arena_alloc(a, (from - to) * sizeof *between);
    memcpy(between, ev->v + to, (from - to) * sizeof *between);
    memmove(ev->v + to, ev->v + from, (ev->n - from) * sizeof *between);
    memcpy(ev->v + to + (ev->n - from), between, (from - to) * sizeof *between);
    return true;
}

static void read_about_text(struct google_answer *g, size_t first, const struct candidate *c)
{
    static const struct google_text none = {.open = false};
    bool known = c->index < GOOGLE_CHOICES_MAX;
    struct google_text text = known ? g->state->text[c->index] : none;
    size_t from = g->ev->n;
    text.open |= behind_text(g->ev, first, from, NULL);
    google_read_logprobs(g, c->logprobs);
    google_read_citations(g, c->citations, &text);
    google_read_grounding(g, c->grounding, &text);
    (void)behind_text(g->ev, first, from, g->r.a);
}

static void read_candidate(struct google_answer *g)
{
    struct candidate c = {.finish = STR_NULL};
    size_t first = g->ev->n;
    if (!rd_object(&g->r, ""))
        return;
    read_members(g, &c);
    if (c.index < 0 || c.index > INT32_MAX)
        c.index = 0;
    if (google_finish(c.finish) != FINISH_NONE)
        google_partial_end(g);
    note_text(g, first, &c);
    read_about_text(g, first, &c);
    add_stop(g, &c);
    for (size_t i = first; i < g->ev->n; i++)
        g->ev->v[i].choice = (uint32_t)c.index;
}

void google_read_candidates(struct google_answer *g)
{
    if (!rd_array(&g->r, ""))
        return;
    while (rd_element(&g->r))
        read_candidate(g);
}
