/* What providers say without measure takes neither time nor memory without measure. */
#include <time.h>

#include "common/mem.h"
#include "gateway/dialect/google_priv.h"
#include "gateway/dialect/openai_responses_priv.h"
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

static void add_times(struct buf *b, size_t n, const char *element)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_str(b, i ? STR(",") : STR(""));
        buf_add_str(b, str_of(element));
    }
}

/* Places of sources are told, and sources moved, without going over all of the answer for each. */
START_TEST(answers_of_many_sources_take_no_time)
{
    enum { TEXT = 400000, MANY = 20000 };
    struct buf b;
    begin();
    char *text = arena_alloc(arena, TEXT);
    memset(text, 'x', TEXT);
    buf_init(&b, 8 << 20);
    buf_add_lit(&b, "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"");
    buf_add(&b, text, TEXT);
    buf_add_lit(&b, "\"},");
    add_times(&b, MANY, "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AA\"}}");
    buf_add_lit(&b, "]},\"groundingMetadata\":{\"groundingChunks\":[{\"web\":{\"uri\":\"u\"}}],"
                    "\"groundingSupports\":[");
    add_times(
        &b, MANY,
        "{\"segment\":{\"startIndex\":399000,\"endIndex\":400000},\"groundingChunkIndices\":[0]}");
    ck_assert(buf_add_lit(&b, "]}}]}"));
    struct ir_events ev = {0};
    clock_t begun = clock();
    ck_assert(google.read_answer(buf_str(&b), STR("seed"), arena, &ev));
    ck_assert_int_lt(clock() - begun, 3 * CLOCKS_PER_SEC);
    ck_assert_uint_eq(ev.n, 2 + 2 * MANY);
    ck_assert_int_eq(ev.v[MANY].citation.start, 399000);
    ck_assert_int_eq(ev.v[MANY].citation.end, 400000);
    buf_fini(&b);
    end();
}
END_TEST

/* A stream's writer keeps what its last chunk needs, and no more: a whole answer's is another. */
START_TEST(streams_for_googles_clients_are_bounded)
{
    enum { MANY = 60000, LONG = 10000 };
    struct buf out;
    begin();
    struct arena *keep = arena_new(4096);
    struct google_writer s = {.array = false};
    const struct dialect_request q = {.n = 1};
    const struct dialect_writing w = {
        .scan = &q, .model = STR("m"), .keep = keep, .extra = {.metadata = STR("")}};
    char *tokens = arena_alloc(arena, LONG);
    memset(tokens, ' ', LONG);
    memcpy(tokens, "[{\"\\u0074oken\":\"x\"}]", 21);
    buf_init(&out, 64 << 20);
    clock_t begun = clock();
    for (size_t i = 0; i < MANY; i++) {
        struct ir_event e = {.kind = IR_DELTA, .block = IR_TEXT, .text = STR("")};
        const struct ir_events one = {.v = &e, .n = 1};
        if (i % 100 == 0)
            e.logprobs = str_make(tokens, LONG);
        e.citation.url = str_of(arena_printf(arena, "u%zu", i));
        ck_assert(google.write_stream(&s, &w, &one, &out));
        buf_reset(&out);
    }
    ck_assert_int_lt(clock() - begun, 3 * CLOCKS_PER_SEC);
    ck_assert_uint_lt(arena_used_bytes(keep), 2 << 20);
    buf_fini(&out);
    arena_free(keep);
    end();
}
END_TEST

START_TEST(pieces_of_calls_have_an_end)
{
    enum { LONG = 1 << 20 };
    begin();
    struct google_state *state = ARENA_NEW(arena, struct google_state);
    char *text = arena_calloc(arena, LONG + 1, 1);
    memset(text, 'x', LONG);
    const char *data = arena_printf(arena,
                                    "{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{"
                                    "\"args\":{\"a\":\"%s\"},\"willContinue\":true}}]}}]}",
                                    text);
    bool good = true;
    for (int i = 0; good && i < 1000; i++) {
        struct ir_events ev = {0};
        const struct frame f = {.data = str_of(data)};
        struct arena *scratch = arena_new(4096);
        good = google.read_event(state, &f, STR("seed"), arena, scratch, &ev);
        arena_free(scratch);
    }
    ck_assert(!good);
    end();
}
END_TEST

START_TEST(counts_of_vectors_are_counts)
{
    static const struct {
        const char *dialect, *body;
        int64_t input;
    } rows[] = {
        {"google-batch-embed", "{\"usageMetadata\":{\"promptTokenCount\":7}}", 7},
        {"google-batch-embed", "{\"usageMetadata\":{\"promptTokenCount\":-7}}", -1},
        {"google-batch-embed", "{\"usageMetadata\":{\"promptTokenCount\":1000000001}}", -1},
        {"google-batch-embed", "{\"usageMetadata\":{\"promptTokenCount\":9223372036854775807}}",
         -1},
        {"google-batch-embed", "{\"usageMetadata\":{\"promptTokenCount\":1.5}}", -1},
        {"bedrock-embed", "{\"inputTextTokenCount\":7}", 7},
        {"bedrock-embed", "{\"inputTextTokenCount\":-7}", -1},
        {"bedrock-embed", "{\"inputTextTokenCount\":9223372036854775807}", -1},
    };
    begin();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct ir_vectors v = {.n = 0};
        usage_clear(&v.usage);
        ck_assert(
            dialect_find(str_of(rows[i].dialect))->read_vectors(str_of(rows[i].body), arena, &v));
        ck_assert_int_eq(v.usage.input, rows[i].input);
        ck_assert_int_eq(v.usage.output, rows[i].input < 0 ? -1 : 0);
    }
    end();
}
END_TEST

/* Parts of reasoning are joined once, and what is no text takes no memory. */
START_TEST(reasoning_of_many_parts_takes_no_memory)
{
    enum { PARTS = 20000 };
    static const char *const parts[] = {"{\"type\":\"summary_text\",\"text\":\"x\"}", "1"};
    struct buf b;
    buf_init(&b, 4 << 20);
    for (size_t k = 0; k < ARRAY_LEN(parts); k++) {
        struct arena *a = arena_new(1024);
        buf_reset(&b);
        for (int i = 0; i < PARTS; i++) {
            buf_add_char(&b, i ? ',' : '[');
            buf_add_str(&b, str_of(parts[k]));
        }
        buf_add_char(&b, ']');
        struct str text = responses_reasoning_text(buf_str(&b), a);
        ck_assert_uint_eq(text.len, k ? 0 : PARTS * strlen("x\\n\\n") - strlen("\\n\\n"));
        ck_assert_uint_lt(arena_used_bytes(a), 2 * b.len);
        arena_free(a);
    }
    struct arena *a = arena_new(1024);
    ck_assert_text(responses_reasoning_text(STR("\"a\\\"b\""), a), "a\\\"b");
    ck_assert_text(responses_reasoning_text(STR_NULL, a), "");
    ck_assert_text(responses_reasoning_text(STR("7"), a), "");
    arena_free(a);
    buf_fini(&b);
}
END_TEST

UNIT_MAIN("bounds", answers_of_many_sources_take_no_time, streams_for_googles_clients_are_bounded,
          pieces_of_calls_have_an_end, counts_of_vectors_are_counts,
          reasoning_of_many_parts_takes_no_memory)
