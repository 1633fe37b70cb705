/* Chat streams, read and written again by the same dialect: every chunk is JSON, the first of a
 * choice says the role, calls are begun in order and once, nothing follows a choice's finish, and
 * [DONE] comes last; the whole answer reads again. Input: frames' data, a line each.
 */
#include "gateway/dialect/dialect.h"
#include "gateway/dialect/flow.h"
#include "gateway/dialect/read.h"
#include "gateway/wire/sse.h"
#include "tests/fuzz/fuzz.h"

enum { OUT_MAX = 8 << 20, CHOICES = 128 };

struct order {
    struct {
        bool role, finished;
        int64_t calls;
    } choice[CHOICES];
    struct arena *a;
    bool done, usage;
};

static void check_call(struct order *o, struct reader *r, int64_t choice)
{
    struct str key, id = STR_NULL;
    int64_t index = -1;
    ASSERT(rd_object(r, ""));
    while (rd_key(r, &key)) {
        if (rd_is(key, "index"))
            ASSERT(rd_i64(r, "", &index));
        else if (rd_is(key, "id"))
            ASSERT(rd_text(r, "", &id));
        else
            rd_skip(r);
    }
    int64_t *calls = &o->choice[choice].calls;
    if (id.p)
        ASSERT(index == (*calls)++ && id.len > 0);
    else
        ASSERT(index >= 0 && index < *calls);
}

static void check_delta(struct order *o, struct str raw, int64_t choice)
{
    struct reader r;
    struct str key;
    rd_init(&r, raw, o->a, NULL);
    ASSERT(rd_object(&r, ""));
    while (rd_key(&r, &key)) {
        o->choice[choice].role |= rd_is(key, "role");
        ASSERT(o->choice[choice].role);
        if (!rd_is(key, "tool_calls")) {
            rd_skip(&r);
            continue;
        }
        ASSERT(rd_array(&r, ""));
        while (rd_element(&r))
            check_call(o, &r, choice);
    }
    ASSERT(rd_done(&r));
}

static void check_choice(struct order *o, struct reader *r)
{
    struct str key, delta = STR_NULL, finish = STR_NULL;
    int64_t index = -1;
    ASSERT(rd_object(r, ""));
    while (rd_key(r, &key)) {
        if (rd_is(key, "index"))
            ASSERT(rd_i64(r, "", &index));
        else if (rd_is(key, "delta"))
            ASSERT(rd_raw(r, &delta));
        else if (rd_is(key, "finish_reason"))
            (void)rd_text(r, "", &finish);
        else
            rd_skip(r);
    }
    ASSERT(index >= 0 && index < CHOICES && delta.p && !o->choice[index].finished && !o->usage);
    check_delta(o, delta, index);
    o->choice[index].finished = finish.p != NULL;
}

static void check_event(struct order *o, struct str data)
{
    struct reader r;
    struct str key;
    ASSERT(!o->done);
    o->done = str_eq(data, STR("[DONE]"));
    if (o->done)
        return;
    rd_init(&r, data, o->a, NULL);
    ASSERT(rd_object(&r, ""));
    while (rd_key(&r, &key)) {
        o->usage |= rd_is(key, "usage");
        if (!rd_is(key, "choices")) {
            rd_skip(&r);
            continue;
        }
        ASSERT(rd_array(&r, ""));
        while (rd_element(&r))
            check_choice(o, &r);
    }
    ASSERT(rd_done(&r));
}

static void check_stream(struct str text, struct arena *a)
{
    struct order o = {.a = a};
    struct sse sse;
    struct sse_event e;
    sse_init(&sse, OUT_MAX);
    ASSERT(sse_feed(&sse, text));
    while (sse_next(&sse, &e))
        check_event(&o, e.data);
    ASSERT(!sse_partial(&sse) && o.done && o.usage);
    sse_fini(&sse);
    for (size_t i = 0; i < CHOICES; i++)
        ASSERT(o.choice[i].finished == o.choice[i].role);
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
    check_stream(buf_str(out), r->a);
    for (size_t i = 0; i < strict.n; i++)
        *ir_event_add(&r->all, r->a, IR_DELTA) = strict.v[i];
    buf_reset(out);
    ASSERT(r->d->write_answer(&r->w, &r->all, out));
    ASSERT(r->d->read_answer(buf_str(out), STR("seed"), r->a, &read));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char request[] =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"tools\":[{"
        "\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}],\"stream_options\":{\"include_usage\":"
        "true}}";
    struct run r = {.d = dialect_find(STR("openai")), .a = arena_new(65536)};
    struct str text = str_make((const char *)data, size), body = str_of(request);
    struct dialect_request scan;
    struct dialect_refusal why;
    struct ir_chat chat;
    struct buf out;
    ASSERT(r.d->scan_request(body, &(struct dialect_call){0}, r.a, &scan, &why) == E_OK);
    ASSERT(r.d->parse_request(body, &scan, r.a, &chat, &why) == E_OK);
    r.w = (struct dialect_writing){.request = &chat,
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
