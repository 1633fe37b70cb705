/* Loose events become strict ones: blocks are opened once, closed once, never overlap but for calls
 * whose arguments are unfinished; finish and usage come last. */
#include "gateway/dialect/flow.h"

#include <stdio.h>

#include "common/mem.h"
#include "gateway/dialect/signature.h"
#include "tests/unit/unit.h"

/* One loose event a word: "t:text" text, "k:thought", "s:signature" of the thought, "r:refusal",
 * "c<key>:id" a call begins, "a<key>:{\"x\":1}" a fragment of its arguments (raw string text),
 * "A<key>:{}" all of them as a value, "f:" finish stop, "F<choice>:". */
static void say(struct ir_events *l, struct arena *a, const char *word)
{
    struct str rest = str_of(word);
    struct str head = str_cut(&rest, ':');
    uint32_t number = head.len > 1 ? (uint32_t)(head.p[1] - '0') : 0;
    struct ir_event *e = ir_event_add(l, a, head.p[0] == 'f' ? IR_STOP : IR_DELTA);
    e->block = IR_TEXT;
    e->index = number;
    switch (head.p[0]) {
    case 'k':
        e->block = IR_THINKING;
        e->text = rest;
        break;
    case 's':
        e->block = IR_THINKING;
        e->signature = (struct ir_signature){.origin = IR_ORIGIN_ANTHROPIC, .data = rest};
        break;
    case 'r':
        e->block = IR_REFUSAL;
        e->text = rest;
        break;
    case 'c':
        e->block = IR_TOOL_CALL;
        e->id = e->name = rest;
        break;
    case 'a':
    case 'A':
        e->block = IR_TOOL_CALL;
        e->json = (struct ir_json){.raw = rest, .quoted = head.p[0] == 'a'};
        break;
    case 'f':
        e->finish = FINISH_STOP;
        break;
    default:
        e->text = rest;
    }
}

static void tell(const struct ir_events *l, struct buf *out)
{
    static const char *const kinds[] = {"start", "open",  "delta", "close",
                                        "stop",  "usage", "error", "end"};
    static const char blocks[IR_KINDS] = {'t', 'r', 'k', 'x', 'c'};
    for (size_t i = 0; i < l->n; i++) {
        const struct ir_event *e = &l->v[i];
        bool block = e->kind == IR_OPEN || e->kind == IR_DELTA || e->kind == IR_CLOSE;
        ck_assert(buf_printf(out, "%s%s", out->len ? " " : "", kinds[e->kind]));
        if (block)
            ck_assert(buf_printf(out, "-%c%u", blocks[e->block], (unsigned)e->index));
        if (e->kind == IR_STOP)
            ck_assert(buf_printf(out, "-%d", (int)e->finish));
    }
}

static const struct {
    const char *said[12];
    const char *want;
} cases[] = {
    {{NULL}, "start stop-1 usage end"},
    {{"t:a", "t:b", "f:"}, "start open-t0 delta-t0 delta-t0 close-t0 stop-1 usage end"},
    /* empty pieces open nothing */
    {{"t:", "k:", "t:a"}, "start open-t0 delta-t0 close-t0 stop-1 usage end"},
    /* a signature ends its thought; the next one is another block */
    {{"k:a", "s:x", "k:b", "t:c"},
     "start open-k0 delta-k0 delta-k0 close-k0 open-k1 delta-k1 close-k1 open-t2 delta-t2 close-t2 "
     "stop-1 usage end"},
    /* calls turn the finish into one that clients act upon */
    {{"t:a", "c0:one", "a0:{\\\"x\\\":", "a0:1}", "c1:two", "a1:{}", "f:"},
     "start open-t0 delta-t0 close-t0 open-c1 delta-c1 delta-c1 close-c1 open-c2 delta-c2 close-c2 "
     "stop-3 usage end"},
    /* interleaved arguments: the first call stays open until it is complete */
    {{"c0:one", "a0:{\\\"x\\\":\\\"}", "c1:two", "a1:{}", "a0:\\\"}"},
     "start open-c0 delta-c0 open-c1 delta-c1 delta-c0 close-c0 close-c1 stop-3 usage end"},
    /* the same number with another id is another call (ollama#7881 has index 0 for all) */
    {{"c0:one", "a0:{}", "t:x", "c0:two", "A0:{}"},
     "start open-c0 delta-c0 close-c0 open-t1 delta-t1 close-t1 open-c2 delta-c2 close-c2 stop-3 "
     "usage end"},
    {{"t:a", "r:no"}, "start open-t0 delta-t0 close-t0 open-r1 delta-r1 close-r1 stop-1 usage end"},
};

START_TEST(strict_order)
{
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ir_events strict = {0};
        struct flow f;
        struct usage usage;
        struct buf out;
        usage_clear(&usage);
        flow_init(&f, a);
        for (size_t k = 0; k < ARRAY_LEN(cases[i].said) && cases[i].said[k]; k++) {
            struct ir_events loose = {0};
            say(&loose, a, cases[i].said[k]);
            ck_assert(flow_push(&f, &loose, &strict, a));
        }
        ck_assert(!f.bad);
        flow_finish(&f, &usage, &strict, a);
        buf_init(&out, 4096);
        tell(&strict, &out);
        ck_assert_text(buf_str(&out), cases[i].want);
        buf_fini(&out);
    }
    arena_free(a);
}
END_TEST

START_TEST(arguments_behind_a_closed_call_are_a_fault)
{
    struct arena *a = arena_new(4096);
    struct ir_events strict = {0};
    struct flow f;
    const char *const said[] = {"c0:one", "a0:{}", "t:x", "a0:1"};
    flow_init(&f, a);
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        struct ir_events loose = {0};
        ck_assert(!f.bad);
        say(&loose, a, said[i]);
        ck_assert(flow_push(&f, &loose, &strict, a));
    }
    ck_assert(f.bad);
    arena_free(a);
}
END_TEST

START_TEST(too_many_choices_and_calls)
{
    struct arena *a = arena_new(4096);
    struct ir_events strict = {0}, loose = {0};
    struct flow f;
    flow_init(&f, a);
    struct ir_event *e = ir_event_add(&loose, a, IR_DELTA);
    e->block = IR_TEXT;
    e->text = STR("x");
    e->choice = FLOW_CHOICES_MAX;
    ck_assert(!flow_push(&f, &loose, &strict, a));
    flow_init(&f, a);
    bool good = true;
    for (uint32_t i = 0; i <= FLOW_CALLS_MAX && good; i++) {
        struct ir_events one = {0};
        struct ir_event *c = ir_event_add(&one, a, IR_DELTA);
        c->block = IR_TOOL_CALL;
        c->index = i;
        c->id = c->name = STR("n");
        good = flow_push(&f, &one, &strict, a);
    }
    ck_assert(!good);
    arena_free(a);
}
END_TEST

/* Answers of one dialect that begin and end so, of as many elements as one likes. */
static const struct {
    const char *dialect, *begin, *element, *end;
} many[] = {
    {"openai", "{\"choices\":[{\"message\":{\"content\":[", "\"a\"", "]}}]}"},
    {"anthropic", "{\"type\":\"message\",\"content\":[", "{}", "]}"},
    {"google", "{\"candidates\":[{\"content\":{\"parts\":[", "{\"text\":\"a\"}", "]}}]}"},
    {"bedrock", "{\"output\":{\"message\":{\"content\":[", "{\"a\":1}", "]}}}"},
    {"bedrock", "{\"output\":{\"message\":{\"content\":[{\"toolResult\":{\"content\":[",
     "{\"a\":1}", "]}}]}}}"},
    {"openai-responses",
     "{\"status\":\"completed\",\"output\":[{\"type\":\"message\",\"content\":[",
     "{\"text\":\"a\"}", "]}]}"},
};

/* An answer of a few bytes an event must not take all memory: sixty megabytes would be gigabytes.
 */
START_TEST(events_without_end_are_no_answer)
{
    enum { ELEMENTS = IR_EVENTS_MAX * 4 };
    struct arena *a = arena_new(4096);
    struct buf body;
    buf_init(&body, ELEMENTS * 32);
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        const struct dialect *d = dialect_find(str_of(many[i].dialect));
        struct ir_events loose = {0}, strict = {0};
        struct flow f;
        buf_reset(&body);
        buf_add_str(&body, str_of(many[i].begin));
        for (size_t n = 0; n < ELEMENTS; n++) {
            buf_add_str(&body, n ? STR(",") : STR(""));
            buf_add_str(&body, str_of(many[i].element));
        }
        buf_add_str(&body, str_of(many[i].end));
        flow_init(&f, a);
        bool good = d->read_answer(buf_str(&body), STR("id"), a, &loose) &&
                    flow_push(&f, &loose, &strict, a);
        ck_assert_msg(!good, "%s: %zu events", many[i].dialect, loose.n);
        ck_assert_msg(arena_used_bytes(a) < 4 * IR_EVENTS_MAX * sizeof *loose.v,
                      "%s takes %zu bytes", many[i].dialect, arena_used_bytes(a));
        arena_reset(a);
    }
    buf_fini(&body);
    arena_free(a);
}
END_TEST

/* What is needed once is not made anew for each element or repetition. */
START_TEST(repetitions_take_no_memory)
{
    static const struct {
        const char *dialect, *begin, *element, *end;
    } rows[] = {
        {"google", "{\"candidates\":[", "{\"groundingMetadata\":{\"groundingSupports\":[]}}", "]}"},
        {"openai-embeddings", "{", "\"data\":[]", "}"},
    };
    enum { ELEMENTS = 20000 };
    struct buf body;
    buf_init(&body, ELEMENTS * 64);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena *a = arena_new(4096);
        const struct dialect *d = dialect_find(str_of(rows[i].dialect));
        struct dialect_answer an;
        struct ir_events loose = {0};
        buf_reset(&body);
        buf_add_str(&body, str_of(rows[i].begin));
        for (size_t n = 0; n < ELEMENTS; n++) {
            buf_add_str(&body, n ? STR(",") : STR(""));
            buf_add_str(&body, str_of(rows[i].element));
        }
        buf_add_str(&body, str_of(rows[i].end));
        ck_assert(d->scan_answer(buf_str(&body), a, &an));
        ck_assert(!d->read_answer || d->read_answer(buf_str(&body), STR("id"), a, &loose));
        ck_assert_msg(arena_used_bytes(a) < body.len + 65536, "%s takes %zu bytes", rows[i].dialect,
                      arena_used_bytes(a));
        arena_free(a);
    }
    buf_fini(&body);
}
END_TEST

START_TEST(a_full_list_stays_within_its_memory)
{
    struct arena *a = arena_new(4096);
    struct ir_events l = {0};
    for (size_t i = 0; i < IR_EVENTS_MAX; i++)
        (void)ir_event_add(&l, a, IR_DELTA);
    ck_assert(!l.full);
    for (size_t i = 0; i < 3; i++)
        ck_assert_ptr_eq(ir_event_add(&l, a, IR_STOP), &l.v[IR_EVENTS_MAX - 1]);
    ck_assert(l.full);
    ck_assert_uint_eq(l.n, IR_EVENTS_MAX);
    arena_free(a);
}
END_TEST

/* Pushes an event of a stream that never ends until it is refused; how many were taken. */
static size_t push_on(const struct ir_event *e, size_t most, struct arena *keep)
{
    struct arena *scratch = arena_new(4096);
    struct flow f;
    size_t n = 0;
    bool good = true;
    flow_init(&f, keep);
    for (; good && n < most; n++) {
        struct ir_event one = *e;
        const struct ir_events loose = {.v = &one, .n = 1};
        struct ir_events strict = {0};
        one.signature.origin = n % 2 ? IR_ORIGIN_ANTHROPIC : IR_ORIGIN_CHAT;
        one.block = e->block == IR_THINKING && n % 2 ? IR_REFUSAL : e->block;
        one.stop_sequence = one.finish_word = one.service_tier = str_make(e->text.p, n % 9000);
        good = flow_push(&f, &loose, &strict, scratch);
        arena_reset(scratch);
    }
    arena_free(scratch);
    return n;
}

START_TEST(no_stream_takes_memory_without_end)
{
    enum { LONG = 1 << 20, WORDS = 20000 };
    struct arena *a = arena_new(4096);
    struct str text = str_make(arena_calloc(a, LONG, 1), LONG);
    struct ir_event e = {.kind = IR_DELTA, .block = IR_TEXT, .text = text};
    memset((char *)(uintptr_t)text.p, 'x', LONG);
    usage_clear(&e.usage);
    ck_assert_uint_lt(push_on(&e, 4096, a), 1024);
    e = (struct ir_event){
        .kind = IR_DELTA, .block = IR_TOOL_CALL, .name = STR("f"), .json = {.quoted = true}};
    e.json.raw = text;
    ck_assert_uint_lt(push_on(&e, 4096, a), 1024);
    e = (struct ir_event){.kind = IR_DELTA, .block = IR_THINKING, .text = STR("x")};
    ck_assert_uint_lt(push_on(&e, 4 * FLOW_BLOCKS_MAX, a), 2 * FLOW_BLOCKS_MAX);
    for (enum ir_event_kind k = IR_STOP; k <= IR_USAGE; k++) {
        size_t before = arena_used_bytes(a);
        e = (struct ir_event){.kind = k, .text = text};
        usage_clear(&e.usage);
        ck_assert_uint_eq(push_on(&e, WORDS, a), WORDS);
        ck_assert_uint_lt(arena_used_bytes(a) - before, 8 * LONG);
    }
    arena_free(a);
}
END_TEST

/* Writers add to places: those that no text has would overflow. */
START_TEST(places_beyond_any_text_are_unknown)
{
    struct arena *a = arena_new(4096);
    struct ir_events loose = {0}, strict = {0};
    struct flow f;
    struct ir_event *e = ir_event_add(&loose, a, IR_DELTA);
    e->block = IR_TEXT;
    e->citation = (struct ir_citation){.url = STR("u"), .start = 3, .end = INT64_MAX};
    flow_init(&f, a);
    ck_assert(flow_push(&f, &loose, &strict, a));
    const struct ir_citation *c = &strict.v[strict.n - 1].citation;
    ck_assert_int_eq(c->start, 3);
    ck_assert_int_eq(c->end, -1);
    arena_free(a);
}
END_TEST

static const struct ir_signature signatures[] = {
    {.origin = IR_ORIGIN_ANTHROPIC,
     .data = {"EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk=", 48}},
    {.origin = IR_ORIGIN_GOOGLE, .data = {"a+/b==", 6}},
    {.origin = IR_ORIGIN_OPENAI, .data = {"gAAAAABo", 8}, .id = {"rs_0123", 7}},
    {.origin = IR_ORIGIN_CHAT, .data = {"", 0}},
};

START_TEST(signatures_come_back)
{
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(signatures); i++) {
        const struct ir_signature *s = &signatures[i];
        struct ir_signature back = {0};
        struct buf b;
        buf_init(&b, 4096);
        ck_assert(signature_wrap(s, &b) && b.len % 4 == 0);
        ck_assert(str_starts(buf_str(&b), STR(SIGNATURE_MARK)));
        ck_assert(signature_present(buf_str(&b)));
        for (size_t k = 0; k < b.len; k++)
            ck_assert_ptr_nonnull(
                strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", b.p[k]));
        signature_unwrap(buf_str(&b), IR_ORIGIN_NONE, a, &back);
        ck_assert_int_eq(back.origin, s->origin);
        ck_assert(str_eq(back.data, s->data) && str_eq(back.id, s->id));
        buf_fini(&b);
    }
    arena_free(a);
}
END_TEST

START_TEST(signatures_in_ids)
{
    struct arena *a = arena_new(4096);
    struct ir_signature back = {0};
    struct buf b;
    buf_init(&b, 4096);
    ck_assert(signature_id_write(STR("call_1"), &signatures[1], &b));
    ck_assert_text(signature_id_read(buf_str(&b), a, &back), "call_1");
    ck_assert(back.origin == IR_ORIGIN_GOOGLE && str_eq(back.data, STR("a+/b==")));
    /* What is no whole wrap stays part of the id. */
    struct str cut = str_make(b.p, b.len - 1);
    ck_assert(str_eq(signature_id_read(cut, a, &back), cut));
    buf_reset(&b);
    ck_assert(signature_id_write(STR("call_2"), NULL, &b) && str_eq(buf_str(&b), STR("call_2")));
    ck_assert_text(signature_id_read(STR("toolu_dotebsig"), a, &back), "toolu_dotebsig");
    buf_fini(&b);
    arena_free(a);
}
END_TEST

START_TEST(what_was_altered_is_not_unwrapped)
{
    struct arena *a = arena_new(4096);
    static const char *const bad[] = {"dotebsig", "dotebsigAA", "dotebsig////",
                                      "dotebsigCf__eA==", "dotebsigAgAAIgoi"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct ir_signature s;
        signature_unwrap(str_of(bad[i]), IR_ORIGIN_GOOGLE, a, &s);
        ck_assert(s.origin == IR_ORIGIN_GOOGLE && str_eq(s.data, str_of(bad[i])));
    }
    arena_free(a);
}
END_TEST

/* At each place of texts of each length, among words that nearly are the mark; the text ends where
 * its memory does. */
START_TEST(the_mark_is_found_wherever_it_is)
{
    enum { MOST = 100 };
    static const char near[] = "dotebsiGdotedsig";
    const size_t mark = strlen(SIGNATURE_MARK);
    for (size_t len = 0; len <= MOST; len++) {
        char *text = xmalloc(len + 1), *edge = text + 1;
        for (size_t at = 0; at <= len; at++) {
            for (size_t i = 0; i < len; i++)
                edge[i] = near[i % (sizeof near - 1)];
            ck_assert(!signature_present(str_make(edge, len)));
            if (len - at < mark)
                continue;
            memcpy(edge + at, SIGNATURE_MARK, mark);
            ck_assert(signature_present(str_make(edge, len)));
            ck_assert(!signature_present(str_make(edge, at + mark - 1)));
        }
        xfree(text);
    }
}
END_TEST

UNIT_MAIN("flow", strict_order, arguments_behind_a_closed_call_are_a_fault,
          events_without_end_are_no_answer, repetitions_take_no_memory,
          a_full_list_stays_within_its_memory, no_stream_takes_memory_without_end,
          places_beyond_any_text_are_unknown, too_many_choices_and_calls, signatures_come_back,
          signatures_in_ids, what_was_altered_is_not_unwrapped, the_mark_is_found_wherever_it_is)
