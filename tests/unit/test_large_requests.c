/* Requests of very many parts: time and memory grow with their size, not with its square. A client
 * could else hold a worker for minutes with a body of some megabytes.
 */
#include <time.h>

#include "gateway/dialect/bounded.h"
#include "tests/unit/unit.h"

enum {
    MANY = 60000,
    SOME = 2000,          /* where too much memory would be the fault */
    MOST_SECONDS = 3,     /* of the processor; with sanitizers a tenth of that is used */
    MEMORY_PER_BYTE = 100 /* of the body */
};

/* head, n times `element`, middle, n times `again`, tail; in elements # is the number. */
struct large {
    const char *client, *provider; /* provider NULL: it is read only */
    const char *head, *element, *middle, *again, *tail;
    size_t n;
};

#define ASK "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]"
#define CALLS                                                                                      \
    "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
#define CALL   "{\"id\":\"c#\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}"
#define RESULT "{\"role\":\"tool\",\"tool_call_id\":\"c#\",\"content\":\"r\"}"
#define LOOP(p)                                                                                    \
    {                                                                                              \
        "openai", (p), CALLS, CALL, "]},", RESULT, "]}", MANY                                      \
    }

static const struct large cases[] = {
    LOOP("openai"),
    LOOP("openai-responses"),
    LOOP("anthropic"),
    LOOP("google"),
    LOOP("bedrock"),
    /* names of tools that nobody has declared */
    {"openai", "bedrock", CALLS,
     "{\"id\":\"c#\",\"function\":{\"name\":\"f#\",\"arguments\":\"{}\"}}", "]},", RESULT, "]}",
     MANY},
    /* a result of many parts */
    {"openai", "anthropic",
     CALLS
     "{\"id\":\"c\",\"function\":{\"name\":\"f\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"c\","
     "\"content\":[",
     "\"a\"", "]}", "", "]}", MANY},
    {"openai-responses", NULL,
     "{\"model\":\"m\",\"input\":[{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":[",
     "{\"type\":\"input_text\",\"text\":\"a\"}", "]}", "", "]}", MANY},
    /* pieces of one thought */
    {"openai", "openai",
     "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":\"x\","
     "\"reasoning_details\":[",
     "{\"type\":\"reasoning.text\",\"text\":\"0123456789\"}", "]}", "", "]}", SOME},
    {"openai-responses", NULL, "{\"model\":\"m\",\"input\":[{\"type\":\"reasoning\",\"summary\":[",
     "{\"type\":\"summary_text\",\"text\":\"0123456789\"}", "]}", "", "]}", SOME},
    /* signatures of calls */
    {"openai", "openai",
     "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":\"x\","
     "\"reasoning_details\":[",
     "{\"type\":\"reasoning.encrypted\",\"data\":\"s\",\"id\":\"c#\",\"format\":\"google-gemini-v1\"}",
     "],\"tool_calls\":[", CALL, "]}]}", MANY},
    /* tools, all of them allowed */
    {"openai", "openai", "{\"model\":\"m\"," ASK ",\"tools\":[",
     "{\"type\":\"function\",\"function\":{\"name\":\"f#\"}}",
     "],\"tool_choice\":{\"type\":\"allowed_tools\",\"tools\":[", "{\"name\":\"f#\"}", "]}}", MANY},
    {"openai-responses", NULL, "{\"model\":\"m\",\"input\":\"x\",\"tools\":[",
     "{\"type\":\"function\",\"name\":\"f#\"}",
     "],\"tool_choice\":{\"type\":\"allowed_tools\",\"tools\":[",
     "{\"type\":\"function\",\"name\":\"f#\"}", "]}}", MANY},
    {"google", NULL,
     "{\"contents\":[{\"parts\":[{\"text\":\"x\"}]}],\"tools\":[{\"functionDeclarations\":[",
     "{\"name\":\"f#\"}",
     "]}],\"toolConfig\":{\"functionCallingConfig\":{\"mode\":\"ANY\",\"allowedFunctionNames\":[",
     "\"f#\"", "]}}}", MANY},
    /* custom tools and their calls */
    {"openai", "openai-responses", "{\"model\":\"m\",\"tools\":[",
     "{\"type\":\"custom\",\"custom\":{\"name\":\"f#\"}}",
     "],\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[",
     "{\"id\":\"c\",\"custom\":{\"name\":\"f#\",\"input\":\"\"}}", "]}]}", MANY},
    /* results by name alone */
    {"google", NULL, "{\"contents\":[{\"role\":\"model\",\"parts\":[",
     "{\"functionCall\":{\"name\":\"f\",\"args\":{}}}", "]},{\"parts\":[",
     "{\"functionResponse\":{\"name\":\"f\",\"response\":{}}}", "]}]}", MANY},
    /* contents without a role, which may stand behind their parts */
    {"google", NULL, "{\"contents\":[{", "\"parts\":[]", "", "", "}]}", MANY},
    /* documents of one name */
    {"anthropic", "bedrock",
     "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":[",
     "{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"media_type\":\"application/pdf\","
     "\"data\":\"JVBE\"}}",
     "]}", "", "]}", MANY},
};

static void add(struct buf *b, const char *element, size_t n)
{
    for (size_t i = 0; i < n && element[0]; i++) {
        struct str rest = str_of(element);
        if (i > 0)
            buf_add_char(b, ',');
        while (rest.p) {
            buf_add_str(b, str_cut(&rest, '#'));
            if (rest.p)
                buf_add_i64(b, (int64_t)i);
        }
    }
}

static void check(const struct large *c, struct arena *a, struct buf *body, struct buf *out)
{
    static const struct dialect_target to = {
        .model = {"m", 1}, .max_output = -1, .max_temperature_milli = -1};
    const struct dialect_call call = {.model = str_eq(str_of(c->client), STR("google")) ? STR("m")
                                                                                        : STR("")};
    const struct dialect *d = dialect_find(str_of(c->client));
    struct dialect_request q;
    struct dialect_refusal why = {0};
    struct dialect_loss loss = {0};
    struct ir_chat chat;
    buf_add_str(body, str_of(c->head));
    add(body, c->element, c->n);
    buf_add_str(body, str_of(c->middle));
    if (c->again[0] == '{' && c->middle[strlen(c->middle) - 1] == '}')
        buf_add_char(body, ',');
    add(body, c->again, c->n);
    buf_add_str(body, str_of(c->tail));
    clock_t begin = clock();
    ck_assert_int_eq(d->scan_request(buf_str(body), &call, a, &q, &why), E_OK);
    ck_assert_int_eq(d->parse_request(buf_str(body), &q, a, &chat, &why), E_OK);
    if (c->provider)
        ck_assert_int_eq(dialect_emit(dialect_find(str_of(c->provider)), &chat, &to, a, out, &loss),
                         E_OK);
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    ck_assert_msg(seconds < MOST_SECONDS, "%s to %s, %s: %f s", c->client,
                  c->provider ? c->provider : "none", c->element, seconds);
    ck_assert_msg(arena_used_bytes(a) < body->len * MEMORY_PER_BYTE, "%s to %s, %s: %zu bytes",
                  c->client, c->provider ? c->provider : "none", c->element, arena_used_bytes(a));
}

START_TEST(time_and_memory_grow_with_the_body)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *a = arena_new(1 << 20);
        struct buf body, out;
        buf_init(&body, 1 << 26);
        buf_init(&out, 1 << 26);
        check(&cases[i], a, &body, &out);
        buf_fini(&body);
        buf_fini(&out);
        arena_free(a);
    }
}
END_TEST

/* {"requests":[n texts]} */
static void check_batch(int n, enum err want)
{
    const struct dialect_call call = {.model = STR("m")};
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    struct dialect_refusal why;
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_add_lit(&b, "{\"requests\":[");
    for (int i = 0; i < n; i++)
        buf_add_str(&b, i ? STR(",{\"content\":{\"parts\":[{\"text\":\"a\"}]}}")
                          : STR("{\"content\":{\"parts\":[{\"text\":\"a\"}]}}"));
    buf_add_lit(&b, "]}");
    const struct dialect *d = dialect_find(STR("google-batch-embed"));
    ck_assert_int_eq(d->scan_request(buf_str(&b), &call, a, &q, &why), want);
    if (want)
        ck_assert_text(why.field, "requests");
    else
        ck_assert_uint_eq(q.n_inputs, (size_t)n);
    buf_fini(&b);
    arena_free(a);
}

START_TEST(too_many_texts_are_refused)
{
    check_batch(2048, E_OK);
    check_batch(2049, E_BAD_FIELD);
}
END_TEST

/* Two or three bytes make a part that takes a hundred times as many. */
START_TEST(parts_have_a_bound)
{
    enum { PARTS = 1500000 };
    static const struct {
        const char *client, *head, *element, *tail;
    } bombs[] = {
        {"anthropic",
         "{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[", "{},",
         "{}]}]}"},
        {"openai", "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[",
         "{\"type\":\"text\",\"text\":\"\"},", "{}]}]}"},
        {"openai-responses", "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":[", "1,",
         "1]}]}"},
        {"google", "{\"contents\":[{\"parts\":[", "{\"text\":\"a\"},", "{}]}]}"},
        {"bedrock", "{\"messages\":[{\"role\":\"user\",\"content\":[", "{\"text\":\"\"},",
         "{\"text\":\"\"}]}]}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bombs); i++) {
        const struct dialect *d = dialect_find(str_of(bombs[i].client));
        const struct dialect_call call = {.model = STR("m")};
        struct arena *a = arena_new(4096);
        struct dialect_request q;
        struct dialect_refusal why;
        struct ir_chat chat;
        struct buf b;
        buf_init(&b, 64 << 20);
        buf_add_str(&b, str_of(bombs[i].head));
        for (int n = 0; n < PARTS; n++)
            buf_add_str(&b, str_of(bombs[i].element));
        buf_add_str(&b, str_of(bombs[i].tail));
        enum err err = bounded_scan(d, buf_str(&b), &call, a, &q, &why);
        if (err == E_OK) /* one that passes bodies on reads no parts until it must */
            err = bounded_parse(d, buf_str(&b), &q, a, &chat, &why);
        ck_assert_msg(err == E_BODY_TOO_LARGE, "%s: %d", bombs[i].client, (int)err);
        ck_assert_uint_gt(why.text.len, 0);
        ck_assert_uint_lt(arena_used_bytes(a), 70000000 + 4 * b.len);
        buf_fini(&b);
        arena_free(a);
    }
}
END_TEST

UNIT_MAIN("large_requests", parts_have_a_bound, too_many_texts_are_refused,
          time_and_memory_grow_with_the_body)
