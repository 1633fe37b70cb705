/* Anthropic's dialect: threads, which no other provider can go on with, and their errors. */
#include <time.h>

#include "common/mem.h"
#include "gateway/dialect/anthropic_priv.h"
#include "gateway/dialect/flow.h"
#include "tests/unit/unit.h"

static struct arena *arena;

static void begin(void)
{
    arena = arena_new(4096);
}

static void end(void)
{
    arena_free(arena);
}

static struct str error_text(enum err err, const char *param)
{
    const struct dialect_error e = {
        .err = err, .status = 400, .message = STR("no"), .param = str_of(param)};
    struct buf b;
    buf_init(&b, 4096);
    ck_assert(anthropic.write_error(&e, (struct uuid){0}, &b));
    struct str text = arena_str(arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

/* @anthropic-ai/sdk looks for error.details.error_code and then sends the whole conversation. */
START_TEST(a_refused_thread_says_so)
{
    begin();
    ck_assert_text(error_text(E_UNSUPPORTED, "thread"),
                   "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"
                   "\"no\",\"code\":\"unsupported_parameter\",\"param\":\"thread\",\"details\":"
                   "{\"error_code\":\"thread_unsupported_request\"}}}");
    ck_assert_int_lt(str_find_str(error_text(E_UNSUPPORTED, "n"), STR("details")), 0);
    ck_assert_int_lt(str_find_str(error_text(E_BAD_FIELD, "thread"), STR("details")), 0);
    end();
}
END_TEST

static struct dialect_answer scan_error(const char *details)
{
    struct dialect_answer an;
    const char *body = arena_printf(arena,
                                    "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\","
                                    "\"message\":\"gone\"%s}}",
                                    details);
    ck_assert(anthropic.scan_answer(str_of(body), arena, &an));
    ck_assert(an.is_error);
    ck_assert_text(an.error_text, "gone");
    return an;
}

START_TEST(errors_of_threads_are_the_clients)
{
    begin();
    ck_assert(scan_error(",\"details\":{\"error_code\":\"thread_not_found\"}").error_for_client);
    ck_assert(!scan_error(",\"details\":{\"error_code\":\"file_expired\"}").error_for_client);
    ck_assert(!scan_error(",\"details\":{\"error_code\":7,\"x\":[]}").error_for_client);
    ck_assert(!scan_error(",\"details\":null").error_for_client);
    ck_assert(!scan_error("").error_for_client);
    end();
}
END_TEST

static enum err scan(const char *members, struct dialect_request *out)
{
    const struct dialect_call call = {.model = STR("")};
    struct dialect_refusal why;
    const char *body = arena_printf(arena, "{\"model\":\"m\",\"max_tokens\":9%s}", members);
    return anthropic.scan_request(str_of(body), &call, arena, out, &why);
}

/* A thread goes on from an unfinished answer without a new message. */
START_TEST(only_threads_need_no_message)
{
    struct dialect_request q;
    begin();
    ck_assert_int_eq(scan(",\"messages\":[]", &q), E_BAD_FIELD);
    ck_assert_int_eq(scan(",\"messages\":[],\"thread\":null", &q), E_BAD_FIELD);
    ck_assert_int_eq(scan(",\"messages\":[],\"thread\":{\"type\":\"continue\"}", &q), E_OK);
    ck_assert(!q.foreign); /* passed as it is to who can hold it */
    ck_assert_str_eq(q.chat->held_field, "thread");
    ck_assert_int_eq(scan(",\"thread\":{\"type\":\"create\"},\"messages\":[]", &q), E_OK);
    end();
}
END_TEST

/* Each block is written from its own events, not from all. */
START_TEST(answers_of_many_blocks_take_no_time)
{
    enum { BLOCKS = FLOW_BLOCKS_MAX };
    begin();
    struct ir_events loose = {0}, strict = {0};
    struct usage usage;
    struct flow f;
    struct buf out;
    const struct dialect_writing w = {.model = STR("m"), .extra = {.metadata = STR("")}};
    for (size_t i = 0; i < BLOCKS; i++) {
        struct ir_event *e = ir_event_add(&loose, arena, IR_DELTA);
        e->block = i % 2 ? IR_TEXT : IR_THINKING;
        e->text = STR("x");
    }
    usage_clear(&usage);
    flow_init(&f, arena);
    ck_assert(flow_push(&f, &loose, &strict, arena));
    flow_finish(&f, &usage, &strict, arena);
    buf_init(&out, 8 << 20);
    clock_t begun = clock();
    ck_assert(anthropic.write_answer(&w, &strict, &out));
    ck_assert_int_lt(clock() - begun, 3 * CLOCKS_PER_SEC);
    ck_assert_uint_gt(out.len, BLOCKS * sizeof "{'type':'text','text':'x'},");
    buf_fini(&out);
    end();
}
END_TEST

static void read_frame(struct anthropic_reader *s, struct str data, struct ir_events *out)
{
    const struct frame f = {.data = data};
    ck_assert(anthropic.read_event(s, &f, STR("id"), arena, arena, out));
}

/* A block is held back until the next one begins, and no longer: not all of a stream's. */
START_TEST(held_blocks_take_one_anothers_place)
{
    enum { LONG = 100000, BLOCKS = 50 };
    begin();
    struct anthropic_reader s = {.scanning = false};
    struct arena *keep = arena_new(4096);
    char *text = arena_alloc(arena, LONG + 1);
    memset(text, 'x', LONG);
    text[LONG] = '\0';
    const char *data = arena_printf(arena,
                                    "{\"type\":\"content_block_start\",\"content_block\":{\"type\":"
                                    "\"server_tool_use\",\"input\":{\"query\":\"%s\"}}}",
                                    text);
    for (size_t i = 0; i < BLOCKS; i++) {
        const struct frame f = {.data = str_of(data)};
        struct ir_events out = {0};
        struct arena *scratch = arena_new(4096);
        ck_assert(anthropic.read_event(&s, &f, STR("id"), keep, scratch, &out));
        ck_assert_uint_eq(out.n, i > 0);
        arena_free(scratch);
    }
    ck_assert_uint_lt(arena_used_bytes(keep), 4 * LONG);
    arena_free(keep);
    end();
}
END_TEST

START_TEST(a_held_block_is_not_the_next_one)
{
    begin();
    struct anthropic_reader s = {.scanning = false};
    struct ir_events out = {0};
#define BLOCK(n)                                                                                   \
    STR("{\"type\":\"content_block_start\",\"content_block\":{\"type\":\"x\",\"input\":" n "}}")
    read_frame(&s, BLOCK("1"), &out);
    read_frame(&s, BLOCK("2"), &out);
    read_frame(&s, STR("{\"type\":\"content_block_stop\"}"), &out);
    ck_assert_uint_eq(out.n, 2);
    ck_assert_text(out.v[0].raw, "{\"type\":\"x\",\"input\":1}");
    ck_assert_text(out.v[1].raw, "{\"type\":\"x\",\"input\":2}");
    end();
}
END_TEST

/* No API has results within results; written anew, so many levels would be more than the writer
 * has. */
START_TEST(results_in_results_stay_as_they_stood)
{
    enum { LEVELS = 40 };
    static const struct dialect_target to = {.model = {"m", 1}, .max_temperature_milli = -1};
    struct dialect_request q;
    struct dialect_loss loss = {0};
    struct buf b, out;
    begin();
    buf_init(&b, 1 << 16);
    for (int i = 0; i < LEVELS; i++)
        buf_add_lit(&b, "{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":[");
    for (int i = 0; i < LEVELS; i++)
        buf_add_lit(&b, "]}");
    const char *result = arena_strdup(arena, buf_str(&b));
    ck_assert_int_eq(scan(arena_printf(arena,
                                       ",\"anthropic_version\":\"v\",\"messages\":[{\"role\":"
                                       "\"user\",\"content\":[%s]}]",
                                       result),
                          &q),
                     E_OK);
    ck_assert(q.foreign); /* it is written anew */
    buf_init(&out, 1 << 16);
    ck_assert_int_eq(dialect_emit(&anthropic, q.chat, &to, arena, &out, &loss), E_OK);
    ck_assert_int_ge(str_find_str(buf_str(&out), str_of(result)), 0);
    buf_fini(&out);
    buf_fini(&b);
    end();
}
END_TEST

UNIT_MAIN("anthropic", a_refused_thread_says_so, errors_of_threads_are_the_clients,
          only_threads_need_no_message, answers_of_many_blocks_take_no_time,
          held_blocks_take_one_anothers_place, a_held_block_is_not_the_next_one,
          results_in_results_stay_as_they_stood)
