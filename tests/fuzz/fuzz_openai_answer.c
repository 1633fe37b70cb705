/* Chat answers and events: what is spliced is JSON as before, has our values once each, tells the
 * same of itself as the original did, and no key is repeated that was not before.
 */
#include "common/mem.h"
#include "gateway/dialect/dialect.h"
#include "gateway/wire/json_scan.h"
#include "gateway/wire/sse.h"
#include "tests/fuzz/fuzz.h"

#define METADATA STR("{\"doteb\":1}")

static const struct cost cost = {
    .n = 1, .line = {{.kind = PRICE_INPUT, .amount_pico = 1500000}}, .total_pico = 1500000};

/* Members of the top-level object, and of its last `usage` if that is an object, by name. */
struct tally {
    size_t cost, cost_details, metadata, usage, choices;
    bool ours; /* the last metadata is ours */
};

static void tally_usage(struct json_scan *s, struct tally *t)
{
    t->cost = t->cost_details = 0;
    while (json_scan_next(s) == JSON_KEY) {
        t->cost += json_scan_is(s, STR("cost"));
        t->cost_details += json_scan_is(s, STR("cost_details"));
        ASSERT(json_scan_value(s, json_scan_next(s)).p);
    }
}

static struct tally tally(struct str body)
{
    struct json_scan s;
    struct tally t = {0};
    json_scan_init(&s, body, false);
    ASSERT(json_scan_next(&s) == JSON_OBJECT_BEGIN);
    while (json_scan_next(&s) == JSON_KEY) {
        bool usage = json_scan_is(&s, STR("usage")), metadata = json_scan_is(&s, STR("metadata"));
        t.usage += usage;
        t.metadata += metadata;
        t.choices += json_scan_is(&s, STR("choices"));
        enum json_token token = json_scan_next(&s);
        if (usage && token == JSON_OBJECT_BEGIN) {
            tally_usage(&s, &t);
            continue;
        }
        struct str raw = json_scan_value(&s, token);
        if (metadata)
            t.ours = str_eq(raw, METADATA);
    }
    ASSERT(s.token == JSON_OBJECT_END && json_scan_next(&s) == JSON_END);
    return t;
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void check_same(const struct dialect_answer *a, const struct dialect_answer *b)
{
    ASSERT(a->has_content == b->has_content && a->content_bytes == b->content_bytes);
    ASSERT(a->is_error == b->is_error && a->finish == b->finish);
    ASSERT(a->error_status == b->error_status && str_eq(a->error_text, b->error_text));
    ASSERT(str_eq(a->id, b->id) && str_eq(a->model, b->model));
}

static void check_spliced(const struct dialect *d, struct str body, const struct dialect_answer *an,
                          struct arena *a)
{
    struct dialect_extra extra = {.cost = &cost, .metadata = METADATA};
    struct dialect_answer again;
    struct buf out;
    buf_init(&out, body.len + 4096);
    ASSERT(d->splice_answer(body, an, &extra, &out));
    struct tally was = tally(body), is = tally(buf_str(&out));
    ASSERT(is.ours && is.metadata == most(was.metadata, 1) && is.usage == was.usage);
    if (an->usage_end) {
        ASSERT(is.cost == most(was.cost, 1) && is.cost_details == most(was.cost_details, 1));
    }
    ASSERT(d->scan_answer(buf_str(&out), a, &again));
    check_same(an, &again);
    ASSERT(memcmp(&an->usage, &again.usage, sizeof again.usage) == 0);
    buf_fini(&out);
}

/* An event as the client's parser sees it. */
static void check_event(const struct dialect *d, struct str data, const struct dialect_answer *an,
                        const struct dialect_extra *extra, struct arena *a)
{
    struct buf out;
    struct sse sse;
    struct sse_event e;
    struct dialect_answer again;
    buf_init(&out, data.len * 8 + 4096);
    ASSERT(d->write_event(an, &(struct frame){.type = STR("t"), .data = data}, extra, &out));
    sse_init(&sse, SSE_EVENT_MAX_BYTES);
    ASSERT(sse_feed(&sse, buf_str(&out)) && sse_next(&sse, &e));
    ASSERT(str_eq(e.type, STR("t")));
    if (!extra)
        ASSERT(str_eq(e.data, data));
    ASSERT(d->scan_event(&(struct frame){.type = STR(""), .data = e.data}, a, &again));
    check_same(an, &again);
    if (!an->is_done && !an->is_empty && extra && extra->strip_usage && an->usage_end)
        ASSERT(tally(e.data).usage + 1 == tally(data).usage);
    if (an->only_usage && extra && !an->has_choices)
        ASSERT(again.has_choices);
    ASSERT(!sse_next(&sse, &e) && !sse_partial(&sse));
    sse_fini(&sse);
    buf_fini(&out);
}

static void check_usage_event(const struct dialect *d, struct str like, struct arena *a)
{
    struct buf out;
    struct usage u;
    struct dialect_answer an;
    usage_clear(&u);
    u.input = u.output = 7;
    buf_init(&out, like.len + 4096);
    ASSERT(d->write_usage_event(like, &u, NULL, &out));
    ASSERT(d->scan_event(&(struct frame){.type = STR(""), .data = str_make(out.p + 6, out.len - 8)},
                         a, &an));
    ASSERT(an.only_usage && an.usage.input == 7 && an.usage.output == 7);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct dialect *d = dialect_find(STR("openai"));
    const struct dialect_extra extra = {.cost = &cost, .metadata = METADATA};
    const struct dialect_extra strip = {.metadata = METADATA, .strip_usage = true};
    struct str body = str_make((const char *)data, size);
    struct arena *a = arena_new(4096);
    struct dialect_answer an;
    if (d->scan_answer(body, a, &an))
        check_spliced(d, body, &an, a);
    /* An event's data has passed the event parser: no CR. */
    if (str_find(body, '\r') < 0 &&
        d->scan_event(&(struct frame){.type = STR(""), .data = body}, a, &an)) {
        check_event(d, body, &an, NULL, a);
        check_event(d, body, &an, &extra, a);
        check_event(d, body, &an, &strip, a);
    }
    check_usage_event(d, body, a);
    arena_free(a);
    return 0;
}
