/* Chat requests and answers through the internal form: what golden cases cannot say in one
 * dialect, and odd input.
 */
#include <time.h>

#include "gateway/dialect/dialect.h"
#include "gateway/dialect/flow.h"

#include "tests/unit/unit.h"

enum { OUT_MAX = 1 << 20 };

static const struct ir_words other_words = {
    .messages = "contents", .parts = "parts", .tools = "tools"};

#define Q(quirk) (1u << QUIRK_BIT_##quirk)

struct request_case {
    const char *members; /* beside the model, of the client's body */
    const char *want;    /* a piece of what goes upstream */
    const char *without; /* what must not be there; NULL */
    uint32_t quirks, caps, efforts;
    bool other;          /* the client speaks another dialect */
    const char *refused; /* the field; `want` is NULL then */
    const char *stripped;
};

#define HI   "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
#define ASK  "\"messages\":[{\"role\":\"user\",\"content\":"
#define SAID "\"messages\":[{\"role\":\"assistant\",\"content\":\"x\","

static const struct request_case requests[] = {
    /* roles and texts */
    {.members = "\"messages\":[{\"role\":\"developer\",\"content\":\"D\"}]",
     .want = "{\"role\":\"developer\",\"content\":\"D\"}",
     .quirks = Q(DEVELOPER_ROLE)},
    {.members = ASK "[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}]",
     .want = "\"content\":\"a\\n\\nb\"",
     .other = true},
    {.members = ASK "[{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\"}}"
                    "]}]",
     .want = "\"content\":\"a\"",
     .other = true,
     .stripped = "cache_control"},
    {.members = "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\","
                "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}]}]",
     .want = "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}"},
    /* media */
    {.members = ASK "[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/gif;base64,R0l\","
                    "\"detail\":\"low\"}}]}]",
     .want = "{\"url\":\"data:image/gif;base64,R0l\",\"detail\":\"low\"}",
     .other = true},
    {.members = ASK "[{\"type\":\"image_url\",\"image_url\":{\"url\":"
                    "\"data:image\\/a\\\"\\f\\\\\\u0001;base64,R0l\"}}]}]",
     .want = "{\"url\":\"data:image/a\\\"\\f\\\\\\u0001;base64,R0l\"}",
     .other = true},
    {.members = ASK "[{\"type\":\"image_url\",\"image_url\":\"https://a/b\"}]}]",
     .other = true,
     .quirks = Q(NO_URL_MEDIA),
     .refused = "contents[0].parts[0]"},
    {.members = ASK "[{\"type\":\"image_url\",\"image_url\":\"https://a/b\"}]}]",
     .quirks = Q(NO_URL_MEDIA),
     .refused = "messages[0].content[0]"},
    {.members = ASK "[{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"UklG\",\"format\":"
                    "\"mp3\"}}]}]",
     .want = "{\"data\":\"UklG\",\"format\":\"mp3\"}",
     .other = true},
    {.members = ASK "[{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"UklG\"}}]}]",
     .want = "\"format\":\"wav\"",
     .other = true},
    {.members = ASK "[{\"type\":\"file\",\"file\":{\"file_data\":\"data:application/pdf;base64,J\"}"
                    "}]}]",
     .want = "{\"filename\":\"document.pdf\",\"file_data\":\"data:application/pdf;base64,J\"}",
     .other = true},
    {.members = ASK "[{\"type\":\"file\",\"file\":{\"file_id\":\"f\"}}]}]",
     .other = true,
     .refused = "contents[0].parts[0]"},
    {.members = ASK "[{\"type\":\"video_url\",\"video_url\":{\"url\":\"https://a\"}}]}]",
     .other = true,
     .refused = "contents[0].parts[0]"},
    {.members = ASK "[{\"type\":\"odd\",\"x\":1}]}]", .want = "[{\"type\":\"odd\",\"x\":1}]"},
    {.members = ASK "[{\"type\":\"odd\",\"x\":1}]}]",
     .other = true,
     .refused = "contents[0].parts[0]"},
    /* reasoning is taken back once, and goes only where it is asked for */
    {.members = SAID "\"reasoning_content\":\"r\",\"reasoning\":\"r\"}]",
     .want = "\"reasoning_content\":\"r\"}",
     .quirks = Q(REPLAY_REASONING)},
    {.members = SAID "\"reasoning\":\"r\"}]", .want = "\"content\":\"x\"}", .without = "reasoning"},
    {.members = SAID "\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":\"t\",\"signature\":"
                     "\"s\"}],\"reasoning_content\":\"t\"}]",
     .want = "\"content\":\"x\"}",
     .without = "\"t\"",
     .quirks = Q(REPLAY_REASONING),
     .stripped = "reasoning"},
    /* calls */
    {.members = "\"messages\":[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":"
                "\"a_dotebsigAwAAWjI5dgAA\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":1.0}}"
                "}]},{\"role\":\"tool\",\"tool_call_id\":\"a_dotebsigAwAAWjI5dgAA\",\"content\":"
                "\"r\"}]",
     .want = "\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{"
             "\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1.0}\"}}]},{\"role\":\"tool\","
             "\"tool_call_id\":\"a\",\"content\":\"r\"}",
     .without = "dotebsig"},
    {.members = "\"messages\":[{\"role\":\"assistant\",\"content\":null,\"function_call\":{"
                "\"name\":\"f\",\"arguments\":\"{}\"}},{\"role\":\"function\",\"name\":\"f\","
                "\"content\":\"r\"}]",
     .want = "\"tool_call_id\":\"call_function_0\",\"content\":\"r\""},
    {.members = "\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":"
                "\"a\",\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"input\":\"\\\"q\"}}]}],"
                "\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}]",
     .want = "\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"input\":\"\\\"q\"}"},
    {.members = "\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":"
                "\"a\",\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"input\":\"\\\"q\"}}]}],"
                "\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}]",
     .want = "\"arguments\":\"{\\\"input\\\":\\\"\\\\\\\"q\\\"}\"",
     .other = true},
    /* tools and choices */
    {.members = HI ",\"tools\":[{\"type\":\"web_search\"}]",
     .want = "\"web_search_options\":{}",
     .without = "\"tools\"",
     .other = true,
     .caps = CAP_WEB_SEARCH},
    {.members = HI ",\"tools\":[{\"type\":\"web_search\"}]",
     .want = "Hi",
     .without = "web_search",
     .other = true,
     .stripped = "tools[0]"},
    {.members = HI ",\"tools\":[{\"type\":\"web_search\"}],\"tool_choice\":\"required\"",
     .other = true,
     .refused = "tools[0]"},
    {.members = HI ",\"tools\":[{\"type\":\"mcp\"}]", .other = true, .refused = "tools[0]"},
    {.members = HI ",\"functions\":[{\"name\":\"f\"}],\"function_call\":{\"name\":\"f\"}",
     .want = "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}}"},
    {.members = HI ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},{\"type\":"
                   "\"function\",\"function\":{\"name\":\"g\"}}],\"tool_choice\":{\"type\":"
                   "\"allowed_tools\",\"allowed_tools\":{\"mode\":\"required\",\"tools\":[{\"type\""
                   ":\"function\",\"function\":{\"name\":\"g\"}}]}}",
     .want = "\"tool_choice\":\"required\"",
     .without = "\"f\""},
    {.members = HI ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\","
                   "\"schema\":{\"type\":\"object\"}}}",
     .want = "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"doteb_answer\"}}",
     .without = "response_format",
     .quirks = Q(SCHEMA_BY_TOOL)},
    /* effort */
    {.members = HI ",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":9000}",
     .want = "\"reasoning_effort\":\"high\"",
     .other = true},
    {.members = HI ",\"reasoning_effort\":\"max\"",
     .want = "\"reasoning_effort\":\"high\"",
     .other = true},
    {.members = HI ",\"reasoning_effort\":\"none\"",
     .want = "\"reasoning_effort\":\"low\"",
     .efforts = 1u << IR_EFFORT_LOW},
    {.members = HI ",\"reasoning_effort\":\"low\"",
     .want = "Hi",
     .without = "effort",
     .caps = CAP_TOOLS,
     .stripped = "reasoning_effort"},
    {.members = HI ",\"reasoning_effort\":\"none\"",
     .want = "Hi",
     .without = "effort",
     .other = true},
    /* parameters */
    {.members = HI ",\"top_k\":4", .want = "\"top_k\":4"},
    {.members = HI ",\"top_k\":4", .want = "Hi", .other = true, .stripped = "top_k"},
    {.members = HI ",\"top_logprobs\":2",
     .want = "\"logprobs\":true,\"top_logprobs\":2",
     .other = true},
    {.members = HI ",\"stream\":true", .want = "\"stream\":true}", .quirks = Q(NO_STREAM_OPTIONS)},
    {.members = HI ",\"temperature\":1.5",
     .want = "\"temperature\":1,"
             "\"seed\":1"},
};

static void check_loss(const struct request_case *t, const struct dialect_loss *loss)
{
    ck_assert_msg(loss->n_stripped == (t->stripped ? 1u : 0u), "%s: %zu stripped", t->members,
                  loss->n_stripped);
    if (t->stripped)
        ck_assert_text(loss->stripped[0], t->stripped);
}

static void check_request(const struct request_case *t, struct arena *a, struct buf *out)
{
    const struct dialect *d = dialect_find(STR("openai"));
    struct dialect_request scan;
    struct dialect_refusal why;
    struct dialect_loss loss = {0};
    struct ir_chat c;
    bool clamp = strstr(t->members, "temperature") != NULL;
    struct str body = str_of(
        arena_printf(a, "{\"model\":\"m\",%s%s}", t->members, clamp ? ",\"seed\":1" : ""));
    ck_assert_int_eq(d->scan_request(body, &(struct dialect_call){0}, a, &scan, &why), E_OK);
    ck_assert_int_eq(d->parse_request(body, &scan, a, &c, &why), E_OK);
    if (t->other)
        c.words = &other_words;
    const struct dialect_target to = {.model = STR("m"),
                                      .stream = c.stream,
                                      .quirks = t->quirks,
                                      .caps = t->caps,
                                      .efforts = t->efforts,
                                      .max_output = -1,
                                      .max_temperature_milli = 1000};
    enum err e = dialect_emit(d, &c, &to, a, out, &loss);
    ck_assert_int_eq(e, t->refused ? E_UNSUPPORTED : E_OK);
    if (t->refused) {
        ck_assert_text(loss.why.field, t->refused);
        return;
    }
    struct str got = buf_str(out);
    ck_assert_msg(str_find_str(got, str_of(t->want)) >= 0, "%s\ngot " STR_FMT, t->want,
                  STR_ARG(got));
    ck_assert_msg(!t->without || str_find_str(got, str_of(t->without)) < 0, "%s\nin " STR_FMT,
                  t->without, STR_ARG(got));
    check_loss(t, &loss);
}

START_TEST(requests_say_what_they_can)
{
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        struct arena *a = arena_new(4096);
        struct buf out;
        buf_init(&out, OUT_MAX);
        check_request(&requests[i], a, &out);
        buf_fini(&out);
        arena_free(a);
    }
}
END_TEST

/* A body of the client's that is refused when it is read: which field, which error. */
static const struct {
    const char *dialect, *body, *field;
    enum err err;
} refusals[] = {
    {"openai", "{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}",
     "messages[0].tool_call_id", E_MISSING_FIELD},
    {"openai", "{\"model\":\"m\",\"messages\":[{\"role\":\"king\",\"content\":\"x\"}]}",
     "messages[0].role", E_BAD_FIELD},
    {"openai", "{\"model\":\"m\"," ASK "[{\"type\":\"text\"}]}]}", "messages[0].content[0].text",
     E_MISSING_FIELD},
    {"openai", "{\"model\":\"m\"," ASK "[{\"text\":\"x\"}]}]}", "messages[0].content[0].type",
     E_MISSING_FIELD},
    {"openai", "{\"model\":\"m\"," HI ",\"tools\":[{\"type\":\"function\",\"function\":{}}]}",
     "tools[0].function.name", E_MISSING_FIELD},
    {"openai", "{\"model\":\"m\"," HI ",\"reasoning_effort\":\"huge\"}", "reasoning_effort",
     E_BAD_FIELD},
    {"openai", "{\"model\":\"m\"," HI ",\"response_format\":{\"type\":\"grammar\"}}",
     "response_format.type", E_UNSUPPORTED},
    {"openai-completions", "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"]}", "prompt", E_UNSUPPORTED},
    {"openai-completions", "{\"model\":\"m\",\"prompt\":[1,2]}", "prompt", E_UNSUPPORTED},
    {"openai-completions", "{\"model\":\"m\"}", "prompt", E_MISSING_FIELD},
    {"openai-completions", "{\"prompt\":\"a\"}", "model", E_MISSING_FIELD},
    {"openai-completions", "{\"model\":\"m\",\"prompt\":\"a\",\"suffix\":\"b\"}", "suffix",
     E_UNSUPPORTED},
    {"openai-completions", "{\"model\":\"m\",\"prompt\":\"a\",\"echo\":true}", "echo",
     E_UNSUPPORTED},
    {"openai-completions", "{\"model\":\"m\",\"prompt\":\"a\",\"best_of\":2}", "best_of",
     E_UNSUPPORTED},
    {"openai-completions", "{\"model\":\"m\",\"prompt\":\"a\",\"logprobs\":3}", "logprobs",
     E_UNSUPPORTED},
    {"openai-completions", "{\"model\":\"m\",\"prompt\":\"a\",\"prompt\":\"a\"}", "prompt",
     E_REPEATED_KEY},
};

START_TEST(refusals_name_the_field)
{
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        const struct dialect *d = dialect_find(str_of(refusals[i].dialect));
        struct arena *a = arena_new(4096);
        struct dialect_request scan;
        struct dialect_refusal why;
        struct ir_chat c;
        struct str body = str_of(refusals[i].body);
        enum err e = d->scan_request(body, &(struct dialect_call){0}, a, &scan, &why);
        if (e == E_OK)
            e = d->parse_request(body, &scan, a, &c, &why);
        ck_assert_msg(e == refusals[i].err, "%s: %d", refusals[i].body, (int)e);
        ck_assert_text(why.field, refusals[i].field);
        arena_free(a);
    }
}
END_TEST

/* Chunks of one stream, and what the client's stream must hold. */
static const struct {
    const char *data[5];
    const char *want, *without;
} streams[] = {
    /* an answer that came through the schema's tool is a text, and so is its finish */
    {{"{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"1\",\"function\":{\"name\":"
      "\"doteb_answer\",\"arguments\":\"{\\\"a\\\"\"}}]}}]}",
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\":1}\"}}"
      "]},\"finish_reason\":\"tool_calls\"}]}"},
     "{\"content\":\":1}\"},\"finish_reason\":null}",
     "tool_calls"},
    /* ids that change with every piece begin no call */
    {{"{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"1\",\"function\":{\"name\":"
      "\"f\",\"arguments\":\"{\"}}]}}]}",
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"2\",\"function\":{"
      "\"arguments\":\"}\"}}]}}]}"},
     "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"}\"}}]}",
     "\"id\":\"2\""},
    /* a custom tool's input comes whole */
    {{"{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"1\",\"function\":{\"name\":"
      "\"c\",\"arguments\":\"{\\\"input\\\":\\\"a\"}}]}}]}",
      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
      "\"\\\\nb\\\"}\"}}]}}]}"},
     "\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"input\":\"a\\nb\"}",
     "arguments"},
    /* one that is held back has its number when it is written */
    {{"{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"1\",\"function\":{\"name\":"
      "\"c\",\"arguments\":\"{\"}},{\"index\":1,\"id\":\"2\",\"function\":{\"name\":\"f\","
      "\"arguments\":\"{}\"}}]}}]}"},
     "{\"tool_calls\":[{\"index\":0,\"id\":\"2\"",
     "\"index\":0,\"id\":\"1\""},
    /* signed thoughts; a refusal; a filter */
    {{"{\"choices\":[{\"delta\":{\"reasoning_content\":\"a\",\"reasoning_details\":[{\"type\":"
      "\"reasoning.text\",\"text\":\"a\"}]}}]}",
      "{\"choices\":[{\"delta\":{\"reasoning_details\":[{\"type\":\"reasoning.text\",\"signature\":"
      "\"c2ln\",\"format\":\"anthropic-claude-v1\"}]}}]}"},
     "{\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"\",\"signature\":"
     "\"dotebsigAgAAYzJsbgAA\",\"format\":\"anthropic-claude-v1\",\"index\":0}]}",
     "\"index\":1"},
    {{"{\"choices\":[{\"delta\":{\"refusal\":\"no\"},\"finish_reason\":\"content_filter\"}]}"},
     "\"delta\":{},\"finish_reason\":\"content_filter\"}",
     NULL},
    /* events that say nothing */
    {{"", "{\"choices\":[]}", "{\"object\":\"chat.completion.chunk\",\"choices\":[{}]}", "{}"},
     "\"finish_reason\":\"stop\"",
     "usage"},
};

static void run_stream(const char *const *data, struct arena *a, struct buf *out)
{
    const struct dialect *d = dialect_find(STR("openai"));
    struct str body = STR("{\"model\":\"m\"," HI
                          ",\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}]}");
    struct dialect_request scan;
    struct dialect_refusal why;
    struct ir_chat c;
    struct flow flow;
    void *reader = arena_calloc(a, 1, d->reader_bytes),
         *writer = arena_calloc(a, 1, d->writer_bytes);
    ck_assert_int_eq(d->scan_request(body, &(struct dialect_call){0}, a, &scan, &why), E_OK);
    ck_assert_int_eq(d->parse_request(body, &scan, a, &c, &why), E_OK);
    const struct dialect_writing w = {
        .request = &c, .scan = &scan, .model = STR("m"), .extra = {.metadata = STR("")}, .keep = a};
    flow_init(&flow, a);
    for (size_t i = 0; i < 5 && data[i]; i++) {
        struct ir_events loose = {0}, strict = {0};
        const struct frame f = {.type = STR(""), .data = str_of(data[i])};
        ck_assert(d->read_event(reader, &f, STR("seed"), a, a, &loose));
        ck_assert(flow_push(&flow, &loose, &strict, a));
        ck_assert(d->write_stream(writer, &w, &strict, out));
    }
    struct ir_events strict = {0};
    flow_finish(&flow, &flow.usage, &strict, a);
    ck_assert(d->write_stream(writer, &w, &strict, out));
}

START_TEST(odd_streams_become_plain_ones)
{
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        struct arena *a = arena_new(4096);
        struct buf out;
        buf_init(&out, OUT_MAX);
        run_stream(streams[i].data, a, &out);
        struct str got = buf_str(&out);
        bool there = str_find_str(got, str_of(streams[i].want)) >= 0;
        ck_assert_msg(there, "%s\nnot in " STR_FMT, streams[i].want, STR_ARG(got));
        if (streams[i].without)
            ck_assert_msg(str_find_str(got, str_of(streams[i].without)) < 0, "%s\nin " STR_FMT,
                          streams[i].without, STR_ARG(got));
        ck_assert(str_ends(got, STR("data: [DONE]\n\n")));
        buf_fini(&out);
        arena_free(a);
    }
}
END_TEST

static const struct {
    const char *body;
    int status;
    const char *text;
} errors[] = {
    {"{\"error\":{\"message\":\"busy\",\"code\":\"overloaded_error\"}}", 503, "busy"},
    {"{\"choices\":[{\"index\":0,\"error\":{\"message\":\"m\",\"code\":502}}]}", 502, "m"},
    {"{\"object\":\"error\",\"message\":\"gone\",\"code\":404}", 404, "gone"},
};

START_TEST(errors_in_good_answers_are_errors)
{
    const struct dialect *d = dialect_find(STR("openai"));
    struct arena *a = arena_new(4096);
    struct ir_events none = {0};
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        struct ir_events ev = {0};
        struct dialect_answer an = {0};
        ck_assert(d->read_answer(str_of(errors[i].body), STR("seed"), a, &ev));
        ck_assert(dialect_note_events(&ev, a, &an));
        ck_assert(an.is_error);
        ck_assert_int_eq(an.error_status, errors[i].status);
        ck_assert_text(an.error_text, errors[i].text);
    }
    ck_assert(!d->read_answer(STR("[]"), STR("seed"), a, &none));
    ck_assert(!d->read_answer(STR("{\"id\":\"x\"}"), STR("seed"), a, &none));
    arena_free(a);
}
END_TEST

/* A call's signature is looked up among those of calls, which are read once. */
START_TEST(many_signatures_take_no_time)
{
    enum { CALLS = 250, DETAILS = 40000 };
    const struct dialect *d = dialect_find(STR("openai"));
    struct arena *a = arena_new(4096);
    struct ir_events ev = {0};
    struct buf b;
    buf_init(&b, 16 << 20);
    buf_add_lit(&b, "{\"choices\":[{\"message\":{\"reasoning_details\":[");
    for (int i = 0; i < DETAILS; i++)
        ck_assert(buf_printf(&b,
                             "{\"type\":\"reasoning.encrypted\",\"format\":\"google-gemini-v1\","
                             "\"id\":\"c%d\",\"data\":\"d%d\"},",
                             i % 4000, i));
    buf_add_lit(&b, "{}],\"tool_calls\":[");
    for (int i = 0; i < CALLS; i++)
        ck_assert(
            buf_printf(&b, "%s{\"id\":\"c%d\",\"function\":{\"name\":\"f\"}}", i ? "," : "", i));
    ck_assert(buf_add_lit(&b, "]}}]}"));
    clock_t begun = clock();
    ck_assert(d->read_answer(buf_str(&b), STR("seed"), a, &ev));
    ck_assert_int_lt(clock() - begun, 3 * CLOCKS_PER_SEC);
    ck_assert_text(ev.v[1].name, "f");
    ck_assert_text(ev.v[1].signature.data, "d4000"); /* the last one within the bound */
    buf_fini(&b);
    arena_free(a);
}
END_TEST

/* What was left out is told in every answer. */
START_TEST(long_names_are_told_short)
{
    static const struct dialect_target to = {
        .model = {"m", 1}, .max_output = -1, .max_temperature_milli = -1};
    const struct dialect *d = dialect_find(STR("openai"));
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    struct dialect_refusal why;
    struct dialect_loss loss = {0};
    struct ir_chat c;
    struct buf out;
    char name[5000];
    memset(name, 'n', sizeof name);
    struct str body = str_of(
        arena_printf(a, "{\"model\":\"m\"," HI ",\"%.*s\":1}", (int)sizeof name, name));
    buf_init(&out, OUT_MAX);
    ck_assert_int_eq(d->scan_request(body, &(struct dialect_call){0}, a, &q, &why), E_OK);
    ck_assert_int_eq(d->parse_request(body, &q, a, &c, &why), E_OK);
    ck_assert_int_eq(dialect_emit(dialect_find(STR("google")), &c, &to, a, &out, &loss), E_OK);
    ck_assert_uint_eq(loss.n_stripped, 1);
    ck_assert_uint_eq(loss.stripped[0].len, 128);
    buf_fini(&out);
    arena_free(a);
}
END_TEST

START_TEST(a_null_model_is_the_default)
{
    static const struct dialect_target to = {.model = {"x", 1}};
    const struct dialect *d = dialect_find(STR("openai-moderations"));
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    struct dialect_refusal why;
    struct dialect_edit edits[DIALECT_EDITS_MAX];
    struct str body = STR("{\"input\":\"a\",\"model\":null}");
    struct buf out;
    buf_init(&out, OUT_MAX);
    ck_assert_int_eq(d->scan_request(body, &(struct dialect_call){0}, a, &q, &why), E_OK);
    ck_assert(dialect_apply(body, edits, d->edit_request(&q, &to, a, edits), &out));
    ck_assert_text(buf_str(&out), "{\"input\":\"a\",\"model\":\"x\"}");
    buf_fini(&out);
    arena_free(a);
}
END_TEST

UNIT_MAIN("openai_translate", requests_say_what_they_can, refusals_name_the_field,
          odd_streams_become_plain_ones, errors_in_good_answers_are_errors,
          many_signatures_take_no_time, long_names_are_told_short, a_null_model_is_the_default)
