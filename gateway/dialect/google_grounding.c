/* Reads what Google says about an answer's text: sources, citations, probabilities. Its places are
 * bytes of UTF-8; the internal form counts characters. Pure.
 */
#include "gateway/dialect/google_priv.h"
#include "gateway/wire/json_text.h"

/* ------------------------------------------------------------------ places */

enum { RUN_BYTES = 512 }; /* what is gone over to tell one place */

static void add_byte(struct google_places *p, struct arena *keep, bool goes_on)
{
    if (p->bytes == p->cap * 8) {
        size_t cap = p->cap ? p->cap * 2 : RUN_BYTES / 8;
        unsigned char *more = arena_calloc(keep, cap, 1);
        size_t *before = arena_alloc(keep, cap * 8 / RUN_BYTES * sizeof *before);
        if (p->cap) {
            memcpy(more, p->bits, p->cap);
            memcpy(before, p->before, p->cap * 8 / RUN_BYTES * sizeof *before);
        }
        p->bits = more;
        p->before = before;
        p->cap = cap;
    }
    if (p->bytes % RUN_BYTES == 0)
        p->before[p->bytes / RUN_BYTES] = p->chars;
    if (goes_on)
        p->bits[p->bytes / 8] |= (unsigned char)(1u << p->bytes % 8);
    p->bytes++;
    p->chars += !goes_on;
}

/* Bytes of a character that an escape `\uXXXX` stands for; halves of a pair count two each. */
static size_t escaped_bytes(struct str hex)
{
    unsigned v = 0;
    for (size_t i = 0; i < hex.len; i++) {
        int d = json_hex(hex.p[i]);
        v = v * 16 + (unsigned)(d < 0 ? 0 : d);
    }
    if (v < 0x80)
        return 1;
    return v < 0x800 || (v >= 0xD800 && v < 0xE000) ? 2 : 3;
}

void google_places_add(struct google_places *p, struct arena *keep, struct str raw)
{
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.p[i];
        if (c != '\\') {
            add_byte(p, keep, (c & 0xC0) == 0x80);
            continue;
        }
        size_t bytes = 1;
        bool low = false;
        if (++i < raw.len && raw.p[i] == 'u' && i + 4 < raw.len) {
            struct str hex = str_make(raw.p + i + 1, 4);
            bytes = escaped_bytes(hex);
            low = (hex.p[0] == 'd' || hex.p[0] == 'D') && hex.p[1] != '8' && hex.p[1] != '9' &&
                  (hex.p[1] | 32) != 'a' && (hex.p[1] | 32) != 'b' && bytes == 2;
            i += 4;
        }
        for (size_t k = 0; k < bytes; k++)
            add_byte(p, keep, k > 0 || low);
    }
}

static bool goes_on(const struct google_places *p, size_t byte)
{
    return p->bits[byte / 8] >> byte % 8 & 1;
}

int64_t google_places_chars(const struct google_places *p, int64_t byte)
{
    if (byte < 0 || (uint64_t)byte > p->bytes)
        return -1;
    if ((uint64_t)byte == p->bytes)
        return (int64_t)p->chars;
    size_t run = (size_t)byte / RUN_BYTES, n = p->before[run];
    for (size_t i = run * RUN_BYTES; i < (size_t)byte; i++)
        n += !goes_on(p, i);
    return (int64_t)n;
}

int64_t google_places_byte(const struct google_places *p, int64_t character)
{
    if (character < 0 || (uint64_t)character > p->chars)
        return -1;
    size_t low = 0, high = (p->bytes + RUN_BYTES - 1) / RUN_BYTES; /* runs */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (p->before[middle] <= (uint64_t)character)
            low = middle;
        else
            high = middle;
    }
    size_t left = high ? (size_t)character - p->before[low] : 0;
    for (size_t i = low * RUN_BYTES; i < p->bytes; i++)
        if (!goes_on(p, i) && left-- == 0)
            return (int64_t)i;
    return (int64_t)p->bytes;
}

/* ------------------------------------------------------------------ sources */

enum { SOURCES_MAX = 256 };

struct source {
    struct str url, title, raw;
    bool cited;
};

/* Where in the text, and which sources. */
struct support {
    int64_t start, end, source[SOURCES_MAX];
    size_t n;
    struct str text;
};

/* One for all candidates of an answer: it is large. */
struct google_grounding {
    struct source source[SOURCES_MAX];
    size_t n;
    struct str supports;
    int64_t searches;
    struct support support; /* the one in hand */
};

/* {"web":{"uri":…,"title":…}}; maps and documents of one's own look the same inside. */
static void read_source(struct reader *r, struct source *s)
{
    struct str key;
    size_t begin;
    if (!rd_object(r, ""))
        return;
    while (rd_key(r, &key)) {
        if (!google_enter(r, "", &begin))
            continue;
        while (google_key(r, &key)) {
            if (rd_is(key, "uri"))
                rd_text(r, "", &s->url);
            else if (rd_is(key, "title"))
                rd_text(r, "", &s->title);
            else
                rd_skip(r);
        }
        s->raw = google_leave(r, begin);
    }
}

static void read_sources(struct reader *r, struct google_grounding *g)
{
    struct source over;
    if (!rd_array(r, ""))
        return;
    while (rd_element(r)) {
        struct source *s = g->n < SOURCES_MAX ? &g->source[g->n++] : &over;
        *s = (struct source){0};
        read_source(r, s);
    }
}

static void count_searches(struct reader *r, struct google_grounding *g)
{
    if (!rd_array(r, ""))
        return;
    for (; rd_element(r); rd_skip(r))
        g->searches++;
}

static void read_segment(struct reader *r, struct support *s)
{
    struct str key;
    if (!rd_object(r, ""))
        return;
    s->start = 0; /* a zero is left out */
    while (google_key(r, &key)) {
        if (rd_is(key, "startIndex"))
            (void)rd_i64(r, "", &s->start);
        else if (rd_is(key, "endIndex"))
            (void)rd_i64(r, "", &s->end);
        else if (rd_is(key, "text"))
            rd_text(r, "", &s->text);
        else
            rd_skip(r);
    }
}

static void read_support(struct reader *r, struct support *s)
{
    struct str key;
    s->start = s->end = -1;
    s->n = 0;
    s->text = STR_NULL;
    if (!rd_object(r, ""))
        return;
    while (google_key(r, &key)) {
        if (rd_is(key, "segment")) {
            read_segment(r, s);
        } else if (rd_is(key, "groundingChunkIndices") && rd_array(r, "")) {
            while (rd_element(r)) {
                int64_t i = -1;
                if (rd_i64(r, "", &i) && s->n < SOURCES_MAX)
                    s->source[s->n++] = i;
            }
        } else if (!rd_is(key, "groundingChunkIndices")) {
            rd_skip(r);
        }
    }
}

/* Google counts bytes of all text; what is cited is a block of it. -1: it lies in another. */
static int64_t place_in_block(const struct google_text *text, int64_t byte)
{
    int64_t n = google_places_chars(&text->places, byte);
    int64_t before = google_places_chars(&text->places, (int64_t)text->block_byte);
    return text->open && n >= before ? n - before : -1;
}

/* `start` and `end` in bytes, -1 unknown. */
static void cite(struct google_answer *g, const struct source *s, const struct google_text *of,
                 int64_t start, int64_t end, struct str text)
{
    start = place_in_block(of, start);
    end = start < 0 ? -1 : place_in_block(of, end);
    start = end < 0 ? -1 : start;
    struct ir_event *e = ir_event_add(g->ev, g->r.a, IR_DELTA);
    e->block = IR_TEXT;
    e->text = STR("");
    e->citation = (struct ir_citation){.origin = IR_ORIGIN_GOOGLE,
                                       .url = s->url,
                                       .title = s->title,
                                       .text = text,
                                       .start = start,
                                       .end = end,
                                       .raw = s->raw};
}

static void read_supports(struct google_answer *g, struct google_grounding *of,
                          const struct google_text *text)
{
    struct reader r;
    struct support *s = &of->support;
    rd_init(&r, of->supports, g->r.a, NULL);
    if (!rd_array(&r, ""))
        return;
    while (!g->ev->full && rd_element(&r)) {
        read_support(&r, s);
        for (size_t i = 0; i < s->n; i++) {
            if (s->source[i] < 0 || (uint64_t)s->source[i] >= of->n)
                continue;
            of->source[s->source[i]].cited = true;
            cite(g, &of->source[s->source[i]], text, s->start, s->end, s->text);
        }
    }
}

void google_read_grounding(struct google_answer *g, struct str raw, const struct google_text *text)
{
    struct reader r;
    struct str key;
    if (!raw.p)
        return;
    if (!g->grounding)
        g->grounding = ARENA_NEW(g->r.a, struct google_grounding);
    struct google_grounding *of = g->grounding;
    of->n = 0;
    of->supports = STR_NULL;
    of->searches = 0;
    rd_init(&r, raw, g->r.a, NULL);
    if (!rd_object(&r, ""))
        return;
    while (google_key(&r, &key)) {
        if (rd_is(key, "groundingChunks"))
            read_sources(&r, of);
        else if (rd_is(key, "groundingSupports"))
            (void)rd_raw(&r, &of->supports);
        else if (rd_is(key, "webSearchQueries"))
            count_searches(&r, of);
        else
            rd_skip(&r);
    }
    if (of->supports.p && !g->an)
        read_supports(g, of, text);
    for (size_t i = 0; i < of->n && !g->an; i++)
        if (!of->source[i].cited && of->source[i].url.p)
            cite(g, &of->source[i], text, -1, -1, STR_NULL);
    if (of->searches > 0)
        ir_event_add(g->ev, g->r.a, IR_USAGE)->usage.web_searches = of->searches;
}

static void read_citation(struct google_answer *g, struct reader *r, const struct google_text *text)
{
    struct source s = {0};
    struct str key;
    int64_t start = 0, end = -1;
    size_t begin;
    if (!google_enter(r, "", &begin))
        return;
    while (google_key(r, &key)) {
        if (rd_is(key, "uri"))
            rd_text(r, "", &s.url);
        else if (rd_is(key, "title"))
            rd_text(r, "", &s.title);
        else if (rd_is(key, "startIndex"))
            (void)rd_i64(r, "", &start);
        else if (rd_is(key, "endIndex"))
            (void)rd_i64(r, "", &end);
        else
            rd_skip(r);
    }
    s.raw = google_leave(r, begin);
    if (s.url.p)
        cite(g, &s, text, start, end, STR_NULL);
}

/* citationMetadata: places in what the model has recited. */
void google_read_citations(struct google_answer *g, struct str raw, const struct google_text *text)
{
    struct reader r;
    struct str key;
    if (!raw.p || g->an)
        return;
    rd_init(&r, raw, g->r.a, NULL);
    if (!rd_object(&r, ""))
        return;
    while (google_key(&r, &key)) {
        bool list = rd_is(key, "citations") || rd_is(key, "citationSources");
        if (!list)
            rd_skip(&r);
        else if (rd_array(&r, ""))
            while (rd_element(&r))
                read_citation(g, &r, text);
    }
}
