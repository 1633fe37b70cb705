/* ConverseStream frames, read and written again by the same dialect: every frame is JSON; blocks
 * are numbered without gaps and closed once, with no delta behind that; messageStart is first,
 * messageStop and metadata are last. The whole answer, written, reads again as one; spliced, it
 * tells the same. Input: frames as lines "type payload", exceptions "!type payload".
 */
#include "gateway/dialect/dialect.h"
#include "gateway/dialect/flow.h"
#include "gateway/wire/json_scan.h"
#include "tests/fuzz/fuzz.h"

enum { OUT_MAX = 8 << 20, BLOCKS_MAX = 4096 };

struct run {
    const struct dialect *d;
    struct arena *a;
    struct ir_chat chat;
    struct dialect_request scan;
    struct dialect_writing w;
    struct flow flow;
    void *reader, *writer;
    struct ir_events all;
};

struct order {
    size_t frames;
    bool stopped, told;
    int64_t seen; /* blocks */
    bool closed[BLOCKS_MAX];
};

/* The text is one JSON object; its contentBlockIndex or -1. */
static int64_t index_of(struct str text)
{
    struct json_scan s;
    enum json_token t;
    int64_t index = -1;
    json_scan_init(&s, text, false);
    ASSERT(json_scan_next(&s) == JSON_OBJECT_BEGIN);
    while ((t = json_scan_next(&s)) == JSON_KEY) {
        bool is_index = json_scan_is(&s, STR("contentBlockIndex"));
        struct str raw = json_scan_value(&s, json_scan_next(&s));
        ASSERT(raw.p && (!is_index || str_to_i64(raw, &index)));
    }
    ASSERT(t == JSON_OBJECT_END && json_scan_next(&s) == JSON_END);
    return index;
}

static void check_frame(struct order *o, const struct frame *f)
{
    int64_t index = index_of(f->data);
    ASSERT(!f->exception && !o->told);
    ASSERT((o->frames++ == 0) == str_eq(f->type, STR("messageStart")));
    if (str_eq(f->type, STR("messageStop"))) {
        for (int64_t i = 0; i < o->seen && i < BLOCKS_MAX; i++)
            ASSERT(o->closed[i]);
        ASSERT(!o->stopped);
        o->stopped = true;
    } else if (str_eq(f->type, STR("metadata"))) {
        ASSERT(o->stopped);
        o->told = true;
    } else if (o->frames > 1) {
        ASSERT(!o->stopped && index >= 0 && index <= o->seen);
        o->seen += index == o->seen;
        ASSERT(index >= BLOCKS_MAX || !o->closed[index]);
        if (str_eq(f->type, STR("contentBlockStop")) && index < BLOCKS_MAX)
            o->closed[index] = true;
    }
}

static void check_stream(struct str bytes)
{
    struct framing framing;
    struct frame f;
    struct order o = {0};
    framing_init(&framing, FRAMING_AWS, OUT_MAX);
    ASSERT(framing_feed(&framing, bytes));
    while (framing_next(&framing, &f))
        check_frame(&o, &f);
    ASSERT(!framing_failed(&framing) && !framing_partial(&framing) && o.told);
    framing_fini(&framing);
}

static void check_whole(struct run *r, struct str text)
{
    const struct dialect_extra extra = {.metadata = STR("{\"m\":1}")};
    struct ir_events read = {0};
    struct dialect_answer an, again;
    struct buf out;
    buf_init(&out, OUT_MAX);
    ASSERT(r->d->read_answer(text, STR("seed"), r->a, &read) && read.n > 0);
    ASSERT(r->d->scan_answer(text, r->a, &an));
    ASSERT(an.has_choices && an.has_usage && an.finish != FINISH_NONE && !an.is_error);
    ASSERT(r->d->splice_answer(text, &an, &extra, &out));
    ASSERT(r->d->scan_answer(buf_str(&out), r->a, &again));
    ASSERT(again.metadata.end > 0 && again.finish == an.finish &&
           again.content_bytes == an.content_bytes);
    ASSERT(memcmp(&an.usage, &again.usage, sizeof an.usage) == 0);
    buf_fini(&out);
}

static bool feed(struct run *r, struct str line, struct buf *out)
{
    struct ir_events loose = {0}, strict = {0};
    struct frame f = {.raw = STR(""), .exception = line.len > 0 && line.p[0] == '!'};
    struct dialect_answer an;
    if (f.exception)
        line = str_make(line.p + 1, line.len - 1);
    f.type = str_cut(&line, ' ');
    f.data = line.p ? line : STR("");
    bool scanned = r->d->scan_event(&f, r->a, &an);
    if (!r->d->read_event(r->reader, &f, STR("seed"), r->a, r->a, &loose)) {
        ASSERT(!scanned); /* what passes can be translated, and the other way round */
        return true;
    }
    ASSERT(scanned && an.is_error == f.exception && !an.is_done);
    if (!flow_push(&r->flow, &loose, &strict, r->a))
        return false;
    for (size_t i = 0; i < strict.n; i++)
        if (strict.v[i].kind != IR_ERROR)
            *ir_event_add(&r->all, r->a, IR_DELTA) = strict.v[i];
    ASSERT(r->d->write_stream(r->writer, &r->w, &strict, out));
    return true;
}

static void finish(struct run *r, struct buf *out)
{
    struct ir_events strict = {0};
    r->flow.usage.input = r->flow.usage.input < 0 ? 0 : r->flow.usage.input;
    r->flow.usage.output = r->flow.usage.output < 0 ? 0 : r->flow.usage.output;
    flow_finish(&r->flow, &r->flow.usage, &strict, r->a);
    ASSERT(r->d->write_stream(r->writer, &r->w, &strict, out));
    check_stream(buf_str(out));
    for (size_t i = 0; i < strict.n; i++)
        *ir_event_add(&r->all, r->a, IR_DELTA) = strict.v[i];
    buf_reset(out);
    ASSERT(r->d->write_answer(&r->w, &r->all, out));
    check_whole(r, buf_str(out));
}

static void run(struct str text)
{
    struct run r = {.d = dialect_find(STR("bedrock")), .a = arena_new(4096)};
    struct buf out;
    bool good = true;
    r.w = (struct dialect_writing){.request = &r.chat,
                                   .scan = &r.scan,
                                   .model = STR("m"),
                                   .extra = {.metadata = STR("")},
                                   .keep = r.a};
    r.reader = arena_calloc(r.a, 1, r.d->reader_bytes);
    r.writer = arena_calloc(r.a, 1, r.d->writer_bytes);
    flow_init(&r.flow, r.a);
    buf_init(&out, OUT_MAX);
    while (good && text.len > 0)
        good = feed(&r, str_cut(&text, '\n'), &out);
    if (good)
        finish(&r, &out);
    buf_fini(&out);
    arena_free(r.a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 65536)
        run(str_make((const char *)data, size));
    return 0;
}
