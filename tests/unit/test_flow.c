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
          too_many_choices_and_calls, signatures_come_back, signatures_in_ids,
          what_was_altered_is_not_unwrapped, the_mark_is_found_wherever_it_is)
