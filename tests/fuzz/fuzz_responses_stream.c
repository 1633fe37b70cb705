/* Responses streams, read and written again by the same dialect: every event written is JSON, the
 * sequence numbers have no gaps, items are added before they are done and each once, and the whole
 * answer is one that reads again. Input: frames' data, a line each.
 */
#include "gateway/dialect/dialect.h"
#include "gateway/dialect/flow.h"
#include "gateway/wire/json_scan.h"
#include "gateway/wire/sse.h"
#include "tests/fuzz/fuzz.h"

enum { OUT_MAX = 8 << 20, ITEMS_MAX = 8192 };

struct order {
    int64_t sequence, added;
    bool done[ITEMS_MAX];
};

static void check_json(struct str text)
{
    struct json_scan s;
    json_scan_init(&s, text, false);
    while (json_scan_next(&s) > JSON_END)
        continue;
    ASSERT(s.token == JSON_END);
}

static int64_t number_in(struct str data, struct str key)
{
    struct json_scan s;
    int64_t v = -1;
    json_scan_init(&s, data, false);
    ASSERT(json_scan_next(&s) == JSON_OBJECT_BEGIN);
    while (json_scan_next(&s) == JSON_KEY) {
        bool is = json_scan_is(&s, key);
        enum json_token t = json_scan_next(&s);
        if (is && t == JSON_NUMBER)
            ASSERT(json_int(s.raw, &v));
        (void)json_scan_value(&s, t);
    }
    return v;
}

static void check_event(struct order *o, const struct sse_event *e)
{
    int64_t i = number_in(e->data, STR("output_index"));
    check_json(e->data);
    ASSERT(number_in(e->data, STR("sequence_number")) == o->sequence++);
    if (str_eq(e->type, STR("response.output_item.added")))
        ASSERT(i == o->added++ && i < ITEMS_MAX);
    if (i >= 0)
        ASSERT(i < o->added && !o->done[i]);
    if (str_eq(e->type, STR("response.output_item.done")))
        o->done[i] = true;
}

static void check_stream(struct str text)
{
    static struct order o;
    struct sse sse;
    struct sse_event e;
    o = (struct order){.sequence = 0};
    sse_init(&sse, OUT_MAX);
    ASSERT(sse_feed(&sse, text));
    while (sse_next(&sse, &e))
        check_event(&o, &e);
    ASSERT(!sse_partial(&sse));
    sse_fini(&sse);
    for (int64_t i = 0; i < o.added; i++)
        ASSERT(o.done[i]);
}

struct run {
    const struct dialect *d;
    struct arena *a;
    struct dialect_writing w;
    struct flow flow;
    void *reader, *writer;
    struct ir_events all;
};

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
    struct ir_events strict = {0}, read = {0};
    struct usage usage;
    usage_clear(&usage);
    flow_finish(&r->flow, &usage, &strict, r->a);
    ASSERT(r->d->write_stream(r->writer, &r->w, &strict, out));
    check_stream(buf_str(out));
    for (size_t i = 0; i < strict.n; i++)
        *ir_event_add(&r->all, r->a, IR_DELTA) = strict.v[i];
    buf_reset(out);
    ASSERT(r->d->write_answer(&r->w, &r->all, out));
    check_json(buf_str(out));
    ASSERT(r->d->read_answer(buf_str(out), STR("seed"), r->a, &read));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str body = {
        "{\"model\":\"m\",\"input\":\"x\",\"tools\":[{\"type\":\"custom\",\"name\":\"c\"},{\"type\":"
        "\"namespace\",\"name\":\"n\",\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]}]}",
        137};
    struct run r = {.d = dialect_find(STR("openai-responses")), .a = arena_new(4096)};
    struct str text = str_make((const char *)data, size);
    struct dialect_request scan;
    struct dialect_refusal why;
    struct buf out;
    ASSERT(r.d->scan_request(body, &(struct dialect_call){0}, r.a, &scan, &why) == E_OK);
    r.w = (struct dialect_writing){.request = scan.chat,
                                   .scan = &scan,
                                   .model = STR("m"),
                                   .extra = {.metadata = STR("")},
                                   .keep = r.a};
    r.reader = arena_calloc(r.a, 1, r.d->reader_bytes);
    r.writer = arena_calloc(r.a, 1, r.d->writer_bytes);
    flow_init(&r.flow, r.a);
    buf_init(&out, OUT_MAX);
    bool good = size < 65536;
    while (good && text.len > 0)
        good = feed(&r, str_cut(&text, '\n'), &out);
    if (good)
        finish(&r, &out);
    buf_fini(&out);
    arena_free(r.a);
    return 0;
}
