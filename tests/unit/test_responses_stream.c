/* The Responses dialect: what it writes for any strict events, and what it reads of odd answers. */
#include <time.h>

#include "gateway/dialect/dialect.h"
#include "gateway/dialect/flow.h"
#include "gateway/dialect/openai_responses_priv.h"
#include "gateway/wire/sse.h"
#include "tests/unit/unit.h"

struct bench {
    struct arena *a;
    struct dialect_request scan;
    struct dialect_writing w;
    struct ir_events loose;
    struct buf out;
};

static void set_up(struct bench *b, const char *body)
{
    struct dialect_refusal why;
    const struct dialect_call call = {0};
    *b = (struct bench){.a = arena_new(4096)};
    ck_assert_int_eq(responses_scan_request(str_of(body), &call, b->a, &b->scan, &why), E_OK);
    b->w = (struct dialect_writing){.request = b->scan.chat,
                                    .scan = &b->scan,
                                    .created_s = 1,
                                    .model = STR("m"),
                                    .extra = {.metadata = STR("")},
                                    .keep = b->a};
    buf_init(&b->out, 1 << 20);
}

static void tear_down(struct bench *b)
{
    buf_fini(&b->out);
    arena_free(b->a);
}

static struct ir_event *say(struct bench *b, enum ir_kind block)
{
    struct ir_event *e = ir_event_add(&b->loose, b->a, IR_DELTA);
    e->block = block;
    return e;
}

static void say_text(struct bench *b, enum ir_kind block, const char *text)
{
    say(b, block)->text = str_of(text);
}

static struct ir_event *say_call(struct bench *b, uint32_t key, const char *name, const char *args)
{
    struct ir_event *e = say(b, IR_TOOL_CALL);
    e->index = key;
    e->id = *name ? STR("call_1") : STR("");
    e->name = str_of(name);
    e->json = (struct ir_json){.raw = str_of(args), .quoted = true};
    return e;
}

/* Writes what was said as a stream, an event at a time, and then as a whole answer. */
static void write_stream(struct bench *b, enum ir_finish finish)
{
    void *state = arena_calloc(b->a, 1, RESPONSES_WRITER_BYTES);
    struct usage usage;
    struct flow f;
    usage_clear(&usage);
    flow_init(&f, b->a);
    ir_event_add(&b->loose, b->a, IR_STOP)->finish = finish;
    for (size_t i = 0; i < b->loose.n; i++) {
        struct ir_events one = {.v = &b->loose.v[i], .n = 1}, strict = {0};
        ck_assert(flow_push(&f, &one, &strict, b->a));
        ck_assert(responses_write_stream(state, &b->w, &strict, &b->out));
    }
    struct ir_events strict = {0};
    flow_finish(&f, &usage, &strict, b->a);
    ck_assert(responses_write_stream(state, &b->w, &strict, &b->out));
}

static void write_answer(struct bench *b)
{
    struct ir_events strict = {0};
    struct usage usage;
    struct flow f;
    usage_clear(&usage);
    flow_init(&f, b->a);
    ck_assert(flow_push(&f, &b->loose, &strict, b->a));
    flow_finish(&f, &usage, &strict, b->a);
    buf_reset(&b->out);
    ck_assert(responses_write_answer(&b->w, &strict, &b->out));
}

/* ------------------------------------------------------------------ order */

enum { ITEMS_MAX = 64 };

/* How far an item is: 0 nothing, 1 added, 2 a part is open, 3 its text is done, 4 the part is, 5
 * the item is. */
struct order {
    int at[ITEMS_MAX];
    int64_t sequence, items;
    bool begun, ended;
};

static int64_t number_in(struct str data, const char *key)
{
    struct json_scan s;
    int64_t v = -1;
    json_scan_init(&s, data, true);
    ck_assert_int_eq(json_scan_next(&s), JSON_OBJECT_BEGIN);
    while (json_scan_next(&s) == JSON_KEY) {
        bool is = json_scan_is(&s, str_of(key));
        enum json_token t = json_scan_next(&s);
        if (is && t == JSON_NUMBER)
            ck_assert(json_int(s.raw, &v));
        ck_assert_ptr_nonnull(json_scan_value(&s, t).p);
    }
    ck_assert_int_eq(json_scan_next(&s), JSON_END);
    return v;
}

static void step(struct order *o, struct str type, int64_t i)
{
    int *at = &o->at[i];
    ck_assert(i >= 0 && i < ITEMS_MAX);
    if (str_eq(type, STR("response.output_item.added"))) {
        ck_assert(*at == 0 && i == o->items++);
        *at = 1;
    } else if (str_ends(type, STR("part.added"))) {
        ck_assert_int_eq(*at, 1);
        *at = 2;
    } else if (str_ends(type, STR(".delta"))) {
        bool call = str_find_str(type, STR("call")) >= 0;
        ck_assert_int_eq(*at, call ? 1 : 2);
    } else if (str_ends(type, STR("part.done"))) {
        ck_assert_int_eq(*at, 3);
        *at = 4;
    } else if (str_eq(type, STR("response.output_item.done"))) {
        ck_assert(*at == 1 || *at == 3 || *at == 4);
        *at = 5;
    } else if (str_ends(type, STR(".done"))) {
        ck_assert(*at == 1 || *at == 2);
        *at = 3;
    }
}

static void check_order(struct bench *b)
{
    struct order o = {.items = 0};
    struct sse sse;
    struct sse_event e;
    sse_init(&sse, 1 << 20);
    ck_assert(sse_feed(&sse, buf_str(&b->out)));
    while (sse_next(&sse, &e)) {
        ck_assert(!o.ended);
        ck_assert_int_eq(number_in(e.data, "sequence_number"), o.sequence++);
        ck_assert_int_eq(str_eq(e.type, STR("response.created")), !o.begun);
        o.begun = true;
        o.ended = responses_is_last(e.type);
        int64_t index = number_in(e.data, "output_index");
        if (index >= 0)
            step(&o, e.type, index);
    }
    sse_fini(&sse);
    ck_assert(o.ended);
    for (int64_t i = 0; i < o.items; i++)
        ck_assert_int_eq(o.at[i], 5);
}

static bool holds(const struct bench *b, const char *text)
{
    return str_find_str(buf_str(&b->out), str_of(text)) >= 0;
}

#define ASK "{\"model\":\"m\",\"input\":\"x\",\"store\":false"

START_TEST(items_open_and_close_in_order)
{
    struct bench b;
    set_up(&b, ASK "}");
    say_text(&b, IR_TEXT, "");
    say_text(&b, IR_THINKING, "t");
    say(&b, IR_THINKING)->signature = (struct ir_signature){.origin = IR_ORIGIN_ANTHROPIC,
                                                            .data = STR("sig")};
    say(&b, IR_REDACTED)->signature = (struct ir_signature){.origin = IR_ORIGIN_ANTHROPIC,
                                                            .data = STR("data")};
    say_text(&b, IR_TEXT, "a");
    say_text(&b, IR_REFUSAL, "b");
    say_call(&b, 0, "f", "{\\\"x\\\":");
    say_call(&b, 1, "g", "");
    say_call(&b, 0, "", "1}");
    say(&b, IR_AUDIO)->media = (struct ir_media){.data = STR("AA")};
    say(&b, IR_TEXT)->choice = 1;
    b.loose.v[b.loose.n - 1].text = STR("another choice");
    say(&b, IR_OTHER)->raw = STR("{\"type\":\"server_tool_use\"}");
    b.loose.v[b.loose.n - 1].name = STR("server_tool_use");
    say_text(&b, IR_TEXT, "c");
    write_stream(&b, FINISH_STOP);
    check_order(&b);
    ck_assert(holds(&b, "event: response.completed"));
    ck_assert(!holds(&b, "another choice") && !holds(&b, "server_tool_use"));
    ck_assert(!holds(&b, "encrypted_content") && !holds(&b, "dotebsig"));
    ck_assert(holds(&b, "\"arguments\":\"{\\\"x\\\":1}\""));
    ck_assert(holds(&b, "\"arguments\":\"{}\""));
    tear_down(&b);
}
END_TEST

START_TEST(nothing_at_all_is_an_answer_too)
{
    struct bench b;
    set_up(&b, ASK "}");
    write_stream(&b, FINISH_CONTENT_FILTER);
    check_order(&b);
    ck_assert(holds(&b, "event: response.incomplete"));
    ck_assert(holds(&b, "{\"reason\":\"content_filter\"}"));
    tear_down(&b);
}
END_TEST

START_TEST(only_the_cut_item_is_incomplete)
{
    struct bench b;
    set_up(&b, ASK "}");
    say_text(&b, IR_TEXT, "a");
    say_call(&b, 0, "f", "{}");
    say_call(&b, 1, "g", "{\\\"x");
    write_stream(&b, FINISH_LENGTH);
    check_order(&b);
    ck_assert(holds(&b, "\"status\":\"incomplete\",\"call_id\":\"call_1\",\"name\":\"g\""));
    ck_assert(holds(&b, "\"status\":\"completed\",\"call_id\":\"call_1\",\"name\":\"f\""));
    tear_down(&b);
}
END_TEST

/* ------------------------------------------------------------------ sealed state */

static struct str between(struct str s, const char *before, char end)
{
    ptrdiff_t at = str_find_str(s, str_of(before));
    ck_assert_int_ge(at, 0);
    size_t begin = (size_t)at + strlen(before);
    struct str rest = str_make(s.p + begin, s.len - begin);
    return str_cut(&rest, end);
}

/* What the client was given comes back as it was. */
static struct ir_part come_back(struct bench *b, const char *type, const char *key,
                                const char *more)
{
    struct str value = between(buf_str(&b->out), key, '"');
    const char *body = arena_printf(
        b->a, "{\"model\":\"m\",\"input\":[{\"type\":\"%s\",%s,%s" STR_FMT "\"}]}", type, more, key,
        STR_ARG(value));
    struct dialect_request q;
    struct dialect_refusal why;
    const struct dialect_call call = {0};
    ck_assert_int_eq(responses_scan_request(str_of(body), &call, b->a, &q, &why), E_OK);
    ck_assert(q.foreign);
    return *q.chat->messages->parts;
}

START_TEST(foreign_reasoning_comes_back_unharmed)
{
    struct bench b;
    set_up(&b, ASK ",\"include\":[\"reasoning.encrypted_content\"]}");
    say_text(&b, IR_THINKING, "t");
    say(&b, IR_THINKING)->signature = (struct ir_signature){.origin = IR_ORIGIN_ANTHROPIC,
                                                            .data = STR("sig+/=")};
    write_answer(&b);
    struct ir_part p = come_back(&b, "reasoning", "\"encrypted_content\":\"",
                                 "\"summary\":[{\"type\":\"summary_text\",\"text\":\"t\"}]");
    ck_assert_int_eq(p.kind, IR_THINKING);
    ck_assert_int_eq(p.signature.origin, IR_ORIGIN_ANTHROPIC);
    ck_assert_text(p.signature.data, "sig+/=");
    ck_assert_text(p.text, "t");
    b.loose.n = 0;
    say(&b, IR_REDACTED)->signature = (struct ir_signature){.origin = IR_ORIGIN_ANTHROPIC,
                                                            .data = STR("red")};
    write_answer(&b);
    p = come_back(&b, "reasoning", "\"encrypted_content\":\"", "\"summary\":[]");
    ck_assert_int_eq(p.kind, IR_REDACTED);
    ck_assert_int_eq(p.signature.origin, IR_ORIGIN_ANTHROPIC);
    ck_assert_text(p.signature.data, "red");
    b.loose.n = 0;
    say_call(&b, 0, "f", "{}")->signature = (struct ir_signature){.origin = IR_ORIGIN_GOOGLE,
                                                                  .data = STR("thought")};
    write_answer(&b);
    p = come_back(&b, "function_call", "\"call_id\":\"", "\"name\":\"f\",\"arguments\":\"{}\"");
    ck_assert_text(p.id, "call_1");
    ck_assert_int_eq(p.signature.origin, IR_ORIGIN_GOOGLE);
    ck_assert_text(p.signature.data, "thought");
    tear_down(&b);
}
END_TEST

/* ------------------------------------------------------------------ names */

START_TEST(tools_get_their_own_form_back)
{
    static const struct {
        const char *name, *args, *want;
    } calls[] = {
        {"patch", "{\\\"input\\\":\\\"a\\\\nb \\\\\\\"c\\\\\\\"\\\"}",
         "\"name\":\"patch\",\"input\":\"a\\nb \\\"c\\\"\""},
        {"patch", "", "\"name\":\"patch\",\"input\":\"\""},
        {"patch", "no json", "\"name\":\"patch\",\"input\":\"no json\""},
        {"ns__f", "{}", "\"name\":\"f\",\"namespace\":\"ns\",\"arguments\":\"{}\""},
        {"ns__c", "{\\\"input\\\":\\\"x\\\"}",
         "\"name\":\"c\",\"namespace\":\"ns\",\"input\":\"x\""},
        {"ns__g", "{}", "\"name\":\"ns__g\",\"arguments\":\"{}\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        struct bench b;
        set_up(&b, ASK ",\"tools\":[{\"type\":\"custom\",\"name\":\"patch\"},{\"type\":"
                       "\"namespace\",\"name\":\"ns\",\"description\":\"d\",\"tools\":[{\"type\":"
                       "\"function\",\"name\":\"f\"},{\"type\":\"custom\",\"name\":\"c\"}]}]}");
        say_call(&b, 0, calls[i].name, calls[i].args);
        write_stream(&b, FINISH_STOP);
        check_order(&b);
        ck_assert_msg(holds(&b, calls[i].want), "%s: " STR_FMT, calls[i].want,
                      STR_ARG(buf_str(&b.out)));
        tear_down(&b);
    }
}
END_TEST

/* ------------------------------------------------------------------ errors */

START_TEST(errors_end_a_stream_in_both_ways)
{
    struct bench b;
    const struct dialect_error e = {.err = E_UPSTREAM_CUT, .status = 502, .message = STR("cut")};
    void *state;
    set_up(&b, ASK "}");
    state = arena_calloc(b.a, 1, RESPONSES_WRITER_BYTES);
    say_text(&b, IR_TEXT, "a");
    struct ir_events strict = {0};
    struct flow f;
    flow_init(&f, b.a);
    ck_assert(flow_push(&f, &b.loose, &strict, b.a));
    ck_assert(responses_write_stream(state, &b.w, &strict, &b.out));
    buf_reset(&b.out);
    ck_assert(responses_write_error_event(state, &e, (struct uuid){{1}}, &b.out));
    ck_assert(holds(&b, "event: error\ndata: {\"type\":\"error\",\"sequence_number\":5,\"code\":"
                        "\"upstream_interrupted\",\"message\":\"cut\",\"param\":null,\"error\":{"));
    ck_assert(holds(&b, "event: response.failed\n"));
    ck_assert(holds(&b, "\"status\":\"failed\""));
    buf_reset(&b.out);
    ck_assert(responses_write_error_event(NULL, &e, (struct uuid){{0}}, &b.out));
    ck_assert(holds(&b, "event: error\n") && !holds(&b, "response.failed"));
    tear_down(&b);
}
END_TEST

/* ------------------------------------------------------------------ reading */

/* Frames in, loose events out as a word each. */
static struct str read_frames(struct bench *b, const char *const *frames)
{
    static const char *const kinds[] = {"start", "open",  "delta", "close",
                                        "stop",  "usage", "error", "end"};
    void *state = arena_calloc(b->a, 1, RESPONSES_READER_BYTES);
    struct ir_events out = {0};
    for (; *frames; frames++) {
        const struct frame f = {.type = STR(""), .data = str_of(*frames)};
        if (!responses_read_event(state, &f, STR("seed"), b->a, b->a, &out))
            return STR("refused");
    }
    buf_reset(&b->out);
    for (size_t i = 0; i < out.n; i++) {
        const struct ir_event *e = &out.v[i];
        buf_printf(&b->out, "%s%s", i ? " " : "", kinds[e->kind]);
        if (e->kind == IR_ERROR)
            buf_printf(&b->out, "(%d," STR_FMT ")", e->status, STR_ARG(e->text));
        if (e->kind == IR_STOP)
            buf_printf(&b->out, "(%d)", (int)e->finish);
        if (e->kind == IR_DELTA)
            buf_printf(&b->out, "(%d," STR_FMT STR_FMT STR_FMT ")", (int)e->block, STR_ARG(e->name),
                       STR_ARG(e->text), STR_ARG(e->json.raw));
    }
    return buf_str(&b->out);
}

START_TEST(odd_streams_are_read)
{
    static const struct {
        const char *frames[6];
        const char *want;
    } cases[] = {
        {{"", "[DONE]", "{}", "{\"type\":\"keepalive\"}"}, ""},
        {{"{\"type\":\"response.new_thing.delta\",\"delta\":\"x\"}"}, ""},
        {{"{\"type\":"}, "refused"},
        {{"[]"}, "refused"},
        {{"{\"type\":\"response.output_text.delta\",\"delta\":\"\\ud83d\"}"}, "delta(0,\\ud83d)"},
        {{"{\"type\":\"response.output_text.delta\",\"delta\":7}"}, "delta(0,)"},
        /* arguments of a call that was never named are taken when it is */
        {{"{\"type\":\"response.function_call_arguments.delta\",\"output_index\":1,\"delta\":\"{\"}",
          "{\"type\":\"response.output_item.done\",\"output_index\":1,\"item\":{\"type\":"
          "\"function_call\",\"name\":\"f\",\"arguments\":\"{}\"}}"},
         "delta(4,f{})"},
        {{"{\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"slow\"}"},
         "error(429,slow)"},
        {{"{\"type\":\"error\",\"error\":{\"type\":\"server_error\",\"message\":\"bad\"}}"},
         "error(500,bad)"},
        {{"{\"type\":\"response.failed\",\"response\":{\"status\":\"failed\",\"error\":{\"code\":"
          "\"server_error\",\"message\":\"bad\"}}}"},
         "error(500,bad)"},
        {{"{\"type\":\"response.failed\",\"response\":{}}"}, "error(500,)"},
        {{"{\"type\":\"response.incomplete\",\"response\":{\"status\":\"incomplete\","
          "\"incomplete_details\":{\"reason\":\"content_filter\"}}}"},
         "stop(4) usage end"},
        {{"{\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"output\":[{"
          "\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"a\"}]}]}}"},
         "delta(0,a) stop(1) usage end"},
        {{"{\"type\":\"response.output_text.delta\",\"output_index\":-1,\"delta\":\"a\"}"}, ""},
        /* an input that is no text is none */
        {{"{\"type\":\"response.output_item.added\",\"item\":{\"type\":\"custom_tool_call\","
          "\"name\":\"f\"}}",
          "{\"type\":\"response.output_item.done\",\"item\":{\"type\":\"custom_tool_call\","
          "\"name\":\"f\",\"input\":{\"a\":\"b\"}}}"},
         "delta(4,f) delta(4,{\\\"input\\\":\\\") delta(4,) delta(4,\\\"})"},
        /* the same thoughts twice, as summary and as text */
        {{"{\"type\":\"response.reasoning_summary_text.delta\",\"delta\":\"a\"}",
          "{\"type\":\"response.reasoning_text.delta\",\"delta\":\"b\"}"},
         "delta(2,a)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bench b;
        set_up(&b, ASK "}");
        ck_assert_text(read_frames(&b, cases[i].frames), cases[i].want);
        tear_down(&b);
    }
}
END_TEST

START_TEST(odd_answers_are_read)
{
    static const struct {
        const char *body;
        bool good;
        size_t n;
    } cases[] = {
        {"", false, 0},
        {"[]", false, 0},
        {"{}", false, 0},
        {"{\"output\":[]}", true, 4},
        {"{\"output\":[null,1,{}]}", true, 4},
        {"{\"error\":{\"message\":\"m\"}}", true, 1},
        {"{\"status\":\"failed\",\"output\":[],\"error\":null}", true, 1},
        {"{\"output\":[{\"type\":\"function_call\"}]}", true, 5},
        {"{\"output\":[{\"type\":\"message\",\"content\":\"x\"}]}", true, 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *a = arena_new(1024);
        struct ir_events out = {0};
        ck_assert_int_eq(responses_read_answer(str_of(cases[i].body), STR("seed"), a, &out),
                         cases[i].good);
        ck_assert_uint_eq(out.n, cases[i].n);
        arena_free(a);
    }
}
END_TEST

/* Whether a block is the cut one is not asked of all events for each of them. */
START_TEST(frames_of_many_blocks_take_no_time)
{
    struct bench b;
    struct ir_events strict = {0};
    struct flow f;
    set_up(&b, ASK "}");
    void *state = arena_calloc(b.a, 1, RESPONSES_WRITER_BYTES);
    for (int i = 0; i < FLOW_BLOCKS_MAX; i++)
        say_text(&b, i % 2 ? IR_REFUSAL : IR_TEXT, "x");
    flow_init(&f, b.a);
    ck_assert(flow_push(&f, &b.loose, &strict, b.a));
    buf_fini(&b.out);
    buf_init(&b.out, 64 << 20);
    clock_t begun = clock();
    ck_assert(responses_write_stream(state, &b.w, &strict, &b.out));
    ck_assert_int_lt(clock() - begun, CLOCKS_PER_SEC);
    tear_down(&b);
}
END_TEST

UNIT_MAIN("responses_stream", items_open_and_close_in_order, nothing_at_all_is_an_answer_too,
          only_the_cut_item_is_incomplete, foreign_reasoning_comes_back_unharmed,
          tools_get_their_own_form_back, errors_end_a_stream_in_both_ways, odd_streams_are_read,
          odd_answers_are_read, frames_of_many_blocks_take_no_time)
