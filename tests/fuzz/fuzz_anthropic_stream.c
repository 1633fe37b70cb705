/* Messages streams, read and written again by the same dialect: every event is JSON that names its
 * own type; blocks are numbered without gaps, each opened once before its deltas and closed once;
 * message_start is first, message_delta and message_stop are last. The whole answer reads again as
 * one. Input: frames' data, a line each.
 */
#include "gateway/dialect/dialect.h"
#include "gateway/dialect/flow.h"
#include "gateway/wire/json_scan.h"
#include "gateway/wire/sse.h"
#include "tests/fuzz/fuzz.h"

enum { OUT_MAX = 8 << 20, BLOCKS_MAX = 4096 };

struct run {
    const struct dialect *d;
    struct arena *a;
    struct dialect_request scan;
    struct dialect_writing w;
    struct flow flow;
    void *reader, *writer;
    struct ir_events all;
};

enum place { BEFORE, WITHIN, USAGE_TOLD, OVER };

struct order {
    enum place place;
    int64_t opened;
    uint8_t state[BLOCKS_MAX]; /* 0 unseen, 1 open, 2 closed */
};

/* The text is JSON; its top-level `type`, and `index` or -1. */
static struct str read_top(struct str text, struct arena *a, int64_t *index)
{
    struct json_scan s;
    enum json_token t;
    struct str type = STR(""), key = STR("");
    *index = -1;
    json_scan_init(&s, text, false);
    while ((t = json_scan_next(&s)) > JSON_END) {
        if (t == JSON_KEY && s.depth == 1) {
            key = json_scan_is(&s, STR("type"))    ? STR("type")
                  : json_scan_is(&s, STR("index")) ? STR("index")
                                                   : STR("");
        } else if (s.depth == 1 && t == JSON_STRING && str_eq(key, STR("type"))) {
            type = arena_str(a, str_make(text.p + s.begin + 1, s.end - s.begin - 2));
            key = STR("");
        } else if (s.depth == 1 && t == JSON_NUMBER && str_eq(key, STR("index"))) {
            ASSERT(str_to_i64(str_make(text.p + s.begin, s.end - s.begin), index));
            key = STR("");
        } else {
            key = STR("");
        }
    }
    ASSERT(t == JSON_END);
    return type;
}

static void check_event(struct order *o, struct str type, int64_t index)
{
    if (str_eq(type, STR("message_start"))) {
        ASSERT(o->place == BEFORE);
        o->place = WITHIN;
    } else if (str_eq(type, STR("message_delta"))) {
        ASSERT(o->place == WITHIN);
        for (int64_t i = 0; i < o->opened && i < BLOCKS_MAX; i++)
            ASSERT(o->state[i] == 2);
        o->place = USAGE_TOLD;
    } else if (str_eq(type, STR("message_stop"))) {
        ASSERT(o->place == USAGE_TOLD);
        o->place = OVER;
    } else if (str_eq(type, STR("content_block_start"))) {
        ASSERT(o->place == WITHIN && index == o->opened++);
        if (index < BLOCKS_MAX)
            o->state[index] = 1;
    } else {
        bool stop = str_eq(type, STR("content_block_stop"));
        ASSERT(stop || str_eq(type, STR("content_block_delta")));
        ASSERT(o->place == WITHIN && index >= 0 && index < o->opened);
        ASSERT(index >= BLOCKS_MAX || o->state[index] == 1);
        if (stop && index < BLOCKS_MAX)
            o->state[index] = 2;
    }
}

static void check_sse(struct run *r, struct str text)
{
    struct sse sse;
    struct sse_event e;
    struct order o = {.place = BEFORE};
    int64_t index;
    sse_init(&sse, OUT_MAX);
    ASSERT(sse_feed(&sse, text));
    while (sse_next(&sse, &e)) {
        struct str type = read_top(e.data, r->a, &index);
        ASSERT(str_eq(e.type, type));
        check_event(&o, type, index);
    }
    ASSERT(o.place == OVER && !sse_partial(&sse));
    sse_fini(&sse);
}

static void check_whole(struct run *r, struct str text)
{
    struct ir_events read = {0};
    struct dialect_answer an = {0};
    int64_t index;
    ASSERT(str_eq(read_top(text, r->a, &index), STR("message")));
    ASSERT(r->d->read_answer(text, STR("seed"), r->a, &read));
    usage_clear(&an.usage);
    (void)dialect_note_events(&read, r->a, &an);
    ASSERT(an.has_choices && an.has_usage && an.finish != FINISH_NONE && !an.is_error);
}

static bool feed(struct run *r, struct str line, struct buf *out)
{
    struct ir_events loose = {0}, strict = {0};
    const struct frame f = {.type = STR(""), .data = line};
    struct dialect_answer an;
    bool scanned = r->d->scan_event(&f, r->a, &an);
    if (!r->d->read_event(r->reader, &f, STR("seed"), r->a, r->a, &loose))
        return true;
    ASSERT(scanned); /* what can be translated can be passed */
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
    flow_finish(&r->flow, &r->flow.usage, &strict, r->a);
    ASSERT(r->d->write_stream(r->writer, &r->w, &strict, out));
    check_sse(r, buf_str(out));
    for (size_t i = 0; i < strict.n; i++)
        *ir_event_add(&r->all, r->a, IR_DELTA) = strict.v[i];
    buf_reset(out);
    ASSERT(r->d->write_answer(&r->w, &r->all, out));
    check_whole(r, buf_str(out));
}

static void run(struct str text)
{
    const struct dialect_call call = {.model = STR(""), .query = STR("")};
    struct run r = {.d = dialect_find(STR("anthropic")), .a = arena_new(4096)};
    struct dialect_refusal why = {.err = E_OK};
    struct buf out;
    bool good = true;
    ASSERT(r.d->scan_request(STR("{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":"
                                 "\"user\",\"content\":\"x\"}]}"),
                             &call, r.a, &r.scan, &why) == E_OK);
    r.w = (struct dialect_writing){.request = r.scan.chat,
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
