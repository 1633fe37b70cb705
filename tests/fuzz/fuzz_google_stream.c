/* Google streams, read and written again by the same dialect, as SSE and as a JSON array: every
 * event written is JSON, usage and finishes stand in the last one only, and both ways and the whole
 * answer read again as an answer. Input: frames' data, a line each.
 */
#include "gateway/dialect/dialect.h"
#include "gateway/dialect/flow.h"
#include "gateway/wire/json_scan.h"
#include "gateway/wire/sse.h"
#include "tests/fuzz/fuzz.h"

enum { OUT_MAX = 8 << 20 };

struct run {
    const struct dialect *d;
    struct arena *a;
    struct dialect_request scan;
    struct dialect_writing w;
    struct flow flow;
    void *reader, *writer;
    struct ir_events all;
};

/* The text is JSON; has its top level the key? */
static bool has_key(struct str text, struct str key)
{
    struct json_scan s;
    enum json_token t;
    bool found = false;
    json_scan_init(&s, text, false);
    while ((t = json_scan_next(&s)) > JSON_END)
        found |= t == JSON_KEY && s.depth == 1 && json_scan_is(&s, key);
    ASSERT(t == JSON_END);
    return found;
}

static void check_sse(struct str text)
{
    struct sse sse;
    struct sse_event e;
    bool last = false;
    sse_init(&sse, OUT_MAX);
    ASSERT(sse_feed(&sse, text));
    while (sse_next(&sse, &e)) {
        ASSERT(!last && e.type.len == 0);
        last = has_key(e.data, STR("usageMetadata"));
        ASSERT(has_key(e.data, STR("candidates")) && has_key(e.data, STR("responseId")));
    }
    ASSERT(last && !sse_partial(&sse));
    sse_fini(&sse);
}

static void check_whole(struct run *r, struct str text)
{
    struct ir_events read = {0};
    struct dialect_answer an = {0};
    (void)has_key(text, STR(""));
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
    struct usage usage;
    usage_clear(&usage);
    flow_finish(&r->flow, &usage, &strict, r->a);
    ASSERT(r->d->write_stream(r->writer, &r->w, &strict, out));
    if (r->scan.stream_type)
        check_whole(r, buf_str(out));
    else
        check_sse(buf_str(out));
    for (size_t i = 0; i < strict.n; i++)
        *ir_event_add(&r->all, r->a, IR_DELTA) = strict.v[i];
    buf_reset(out);
    ASSERT(r->d->write_answer(&r->w, &r->all, out));
    check_whole(r, buf_str(out));
}

static void run(struct str text, bool array)
{
    const struct dialect_call call = {
        .model = STR("m"), .stream = true, .query = array ? STR("") : STR("alt=sse")};
    struct run r = {.d = dialect_find(STR("google")), .a = arena_new(4096)};
    struct dialect_refusal why;
    struct buf out;
    bool good = true;
    ASSERT(r.d->scan_request(STR("{\"contents\":[{\"parts\":[{\"text\":\"x\"}]}]}"), &call, r.a,
                             &r.scan, &why) == E_OK);
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
    struct str text = str_make((const char *)data, size);
    if (size < 65536) {
        run(text, false);
        run(text, true);
    }
    return 0;
}
