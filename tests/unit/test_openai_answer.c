/* The OpenAI chat dialect: answers and stream events read, spliced and written. */
#include "common/mem.h"
#include "gateway/dialect/dialect.h"
#include "tests/unit/unit.h"

static const struct dialect *openai(void)
{
    return dialect_find(STR("openai"));
}

/* USD 0.0000425 in two lines. */
static const struct cost cost = {
    .n = 2,
    .line = {{.kind = PRICE_INPUT, .quantity = 10, .amount_pico = 2500000},
             {.kind = PRICE_OUTPUT, .quantity = 4, .amount_pico = 40000000}},
    .total_pico = 42500000,
};
#define COST    "0.0000425"
#define DETAILS "{\"input\":0.0000025,\"output\":0.00004}"

static const struct {
    const char *usage;
    int64_t input, output, cached, w5m, w1h, audio, reasoning, audio_out, searches;
} usages[] = {
    {"{\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21}", 9, 12, -1, -1, -1, -1,
     -1, -1, -1},
    {"{\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21,\"prompt_tokens_details\":"
     "{\"cached_tokens\":5,\"audio_tokens\":2},\"completion_tokens_details\":{\"reasoning_tokens\":"
     "7,\"audio_tokens\":1,\"accepted_prediction_tokens\":99}}",
     9, 12, 5, -1, -1, 2, 7, 1, -1},
    /* hits and misses of a cache */
    {"{\"prompt_tokens\":100,\"completion_tokens\":5,\"prompt_cache_hit_tokens\":64,"
     "\"prompt_cache_miss_tokens\":36}",
     100, 5, 64, -1, -1, -1, -1, -1, -1},
    {"{\"prompt_tokens\":100,\"completion_tokens\":5,\"cached_tokens\":64,"
     "\"prompt_tokens_details\":{\"cached_tokens\":0}}",
     100, 5, 64, -1, -1, -1, -1, -1, -1},
    /* reasoning counted beside the answer: the total says so, or there is too much of it */
    {"{\"prompt_tokens\":12,\"completion_tokens\":2,\"total_tokens\":305,"
     "\"completion_tokens_details\":{\"reasoning_tokens\":291}}",
     12, 293, -1, -1, -1, -1, 291, -1, -1},
    {"{\"prompt_tokens\":12,\"completion_tokens\":200,\"total_tokens\":303,"
     "\"completion_tokens_details\":{\"reasoning_tokens\":91}}",
     12, 291, -1, -1, -1, -1, 91, -1, -1},
    {"{\"prompt_tokens\":12,\"completion_tokens\":293,\"total_tokens\":305,"
     "\"completion_tokens_details\":{\"reasoning_tokens\":291}}",
     12, 293, -1, -1, -1, -1, 291, -1, -1},
    {"{\"prompt_tokens\":12,\"completion_tokens\":2,\"reasoning_tokens\":10}", 12, 12, -1, -1, -1,
     -1, 10, -1, -1},
    /* cache writes */
    {"{\"prompt_tokens\":100,\"completion_tokens\":1,\"prompt_tokens_details\":{\"cached_tokens\":"
     "20,\"cache_write_tokens\":30}}",
     100, 1, 20, 30, -1, -1, -1, -1, -1},
    {"{\"prompt_tokens\":100,\"completion_tokens\":1,\"prompt_tokens_details\":"
     "{\"cache_creation_tokens\":50,\"cache_creation\":{\"ephemeral_5m_input_tokens\":10,"
     "\"ephemeral_1h_input_tokens\":40}}}",
     100, 1, -1, 10, 40, -1, -1, -1, -1},
    {"{\"prompt_tokens\":100,\"completion_tokens\":1,\"total_tokens\":101,"
     "\"cache_read_input_tokens\":60,\"cache_creation_input_tokens\":20}",
     100, 1, 60, 20, -1, -1, -1, -1, -1},
    {"{\"prompt_tokens\":10,\"completion_tokens\":1,\"total_tokens\":91,"
     "\"cache_read_input_tokens\":60,\"cache_creation_input_tokens\":20}",
     90, 1, 60, 20, -1, -1, -1, -1, -1},
    {"{\"input_tokens\":10,\"output_tokens\":1,\"cache_read_input_tokens\":60,"
     "\"cache_creation_input_tokens\":20,\"server_tool_use\":{\"web_search_requests\":3}}",
     90, 1, 60, 20, -1, -1, -1, -1, 3},
    {"{\"input_tokens\":100,\"output_tokens\":9,\"input_tokens_details\":{\"cached_tokens\":60},"
     "\"output_tokens_details\":{\"reasoning_tokens\":4}}",
     100, 9, 60, -1, -1, -1, 4, -1, -1},
    /* spellings and nonsense */
    {"{\"prompt_tokens\":9.0,\"completion_tokens\":1.2e1}", 9, 12, -1, -1, -1, -1, -1, -1, -1},
    {"{\"prompt_\\u0074okens\":9,\"completion_tokens\":12}", 9, 12, -1, -1, -1, -1, -1, -1, -1},
    {"{\"prompt_tokens\":-3,\"completion_tokens\":null}", -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {"{\"prompt_tokens\":\"9\",\"completion_tokens\":[12]}", -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {"{\"prompt_tokens\":99999999999999999999,\"completion_tokens\":1000000001}", -1, -1, -1, -1,
     -1, -1, -1, -1, -1},
    {"{\"prompt_tokens\":9,\"completion_tokens\":1,\"prompt_tokens_details\":null,"
     "\"completion_tokens_details\":{\"reasoning_tokens\":null,\"x\":{\"reasoning_tokens\":5}}}",
     9, 1, -1, -1, -1, -1, -1, -1, -1},
    {"{\"prompt_tokens\":9,\"total_tokens\":9}", 9, 0, -1, -1, -1, -1, -1, -1, -1},
    {"{\"x\":{\"prompt_tokens\":9}}", -1, -1, -1, -1, -1, -1, -1, -1, -1},
    {"{}", -1, -1, -1, -1, -1, -1, -1, -1, -1},
};

START_TEST(reads_usage)
{
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
        struct dialect_answer an;
        const char *body = arena_printf(a, "{\"choices\":[],\"usage\":%s}", usages[i].usage);
        const struct usage *u = &an.usage;
        ck_assert(openai()->scan_answer(str_of(body), a, &an) && an.has_usage);
        const int64_t got[] = {u->input,          u->output,         u->cached,
                               u->cache_write_5m, u->cache_write_1h, u->audio_input,
                               u->reasoning,      u->audio_output,   u->web_searches};
        const int64_t want[] = {usages[i].input,     usages[i].output,    usages[i].cached,
                                usages[i].w5m,       usages[i].w1h,       usages[i].audio,
                                usages[i].reasoning, usages[i].audio_out, usages[i].searches};
        for (size_t k = 0; k < ARRAY_LEN(got); k++)
            ck_assert_msg(got[k] == want[k], "%s: count %zu is %lld, not %lld", usages[i].usage, k,
                          (long long)got[k], (long long)want[k]);
    }
    arena_free(a);
}
END_TEST

START_TEST(null_or_no_usage)
{
    struct arena *a = arena_new(4096);
    struct dialect_answer an;
    ck_assert(openai()->scan_answer(STR("{\"choices\":[],\"usage\":null}"), a, &an));
    ck_assert(!an.has_usage && an.usage_end == 0 && !an.only_usage && an.has_choices);
    ck_assert(openai()->scan_answer(STR("{}"), a, &an));
    ck_assert(!an.has_usage && !an.has_choices && !an.is_error && an.usage.input == -1);
    ck_assert(openai()->scan_event(
        &(struct frame){.data = STR("{\"choices\":[{\"delta\":{}}],\"x_groq\":{\"id\":\"r\","
                                    "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6}}}")},
        a, &an));
    ck_assert(an.has_usage && an.usage.input == 5 && an.usage.output == 6);
    ck_assert(an.usage_end == 0 && !an.only_usage);
    arena_free(a);
}
END_TEST

START_TEST(refuses_what_is_no_object)
{
    static const char *const bodies[] = {
        "",      "null",   "[]",
        "\"x\"", "{",      "{\"a\":1",
        "{} x",  "<html>", "{\"choices\":[{\"delta\":{\"content\":\"cut"};
    struct arena *a = arena_new(4096);
    struct dialect_answer an;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        ck_assert(!openai()->scan_answer(str_of(bodies[i]), a, &an));
        ck_assert(openai()->scan_event(&(struct frame){.type = STR(""), .data = str_of(bodies[i])},
                                       a, &an) == (i == 0));
    }
    ck_assert(
        openai()->scan_event(&(struct frame){.type = STR(""), .data = STR(" [DONE] ")}, a, &an) &&
        an.is_done);
    ck_assert(openai()->scan_event(&(struct frame){.type = STR(""), .data = STR(" \n")}, a, &an) &&
              an.is_empty && !an.is_done);
    arena_free(a);
}
END_TEST

START_TEST(errors_inside)
{
    static const struct {
        const char *type, *body;
        bool is_error;
        int status;
        const char *text;
    } rows[] = {
        {"", "{\"error\":{\"message\":\"Slow \\u0064own\",\"code\":429}}", true, 429, "Slow down"},
        {"", "{\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":null}}", true, 429, ""},
        {"", "{\"error\":{\"type\":\"server_error\",\"code\":null,\"message\":\"x\"}}", true, 500,
         "x"},
        {"", "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"insufficient_quota\"}}",
         true, 429, ""},
        {"", "{\"error\":{\"code\":\"502\"}}", true, 502, ""},
        {"", "{\"error\":{\"code\":7,\"status\":\"UNAVAILABLE\"}}", true, 503, ""},
        {"", "{\"error\":\"out of memory\"}", true, 0, "out of memory"},
        {"", "{\"error\":null,\"choices\":[{\"index\":0}]}", false, 0, ""},
        {"", "{\"error\":{},\"choices\":[]}", false, 0, ""},
        {"", "{\"error\":\"\",\"choices\":[]}", false, 0, ""},
        {"", "{\"error\":false,\"choices\":[]}", false, 0, ""},
        {"",
         "{\"id\":\"x\",\"error\":{\"message\":\"m\"},\"choices\":[{\"finish_reason\":\"error\"}]}",
         true, 0, "m"},
        {"", "{\"object\":\"error\",\"message\":\"no such model\",\"code\":404}", true, 404,
         "no such model"},
        {"", "{\"detail\":\"Not Found\"}", true, 0, "Not Found"},
        {"", "{\"message\":\"m\",\"choices\":[]}", false, 0, ""},
        {"error", "{\"message\":\"m\",\"code\":\"503\"}", true, 503, "m"},
        {"error", "{}", true, 0, ""},
        {"", "{\"choices\":[{\"error\":{\"message\":\"inner\"}}]}", false, 0, ""},
    };
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dialect_answer an;
        ck_assert(openai()->scan_event(
            &(struct frame){.type = str_of(rows[i].type), .data = str_of(rows[i].body)}, a, &an));
        ck_assert_msg(an.is_error == rows[i].is_error, "%s", rows[i].body);
        ck_assert_msg(an.error_status == rows[i].status, "%s: %d", rows[i].body, an.error_status);
        ck_assert_text(an.error_text, rows[i].text);
    }
    arena_free(a);
}
END_TEST

START_TEST(error_text_is_cut_between_characters)
{
    struct arena *a = arena_new(4096);
    struct dialect_answer an;
    struct buf b;
    for (int shift = 0; shift < 3; shift++) {
        buf_init(&b, 1 << 20);
        buf_add_lit(&b, "{\"error\":{\"message\":\"");
        buf_add(&b, "aaa", (size_t)shift);
        for (int i = 0; i < 10000; i++)
            buf_add_lit(&b, "\xE2\x82\xAC\\u20ac");
        buf_add_lit(&b, "\"}}");
        ck_assert(openai()->scan_answer(buf_str(&b), a, &an));
        ck_assert(an.error_text.len > 500 && an.error_text.len <= 512);
        ck_assert(str_is_utf8(an.error_text));
        buf_fini(&b);
    }
    arena_free(a);
}
END_TEST

START_TEST(what_is_content)
{
    static const struct {
        const char *choice;
        bool content;
        size_t bytes;
        enum ir_finish finish;
    } rows[] = {
        {"{\"delta\":{\"role\":\"assistant\"}}", false, 0, FINISH_NONE},
        {"{\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}}", false, 0,
         FINISH_NONE},
        {"{\"delta\":{\"content\":null,\"tool_calls\":null}}", false, 0, FINISH_NONE},
        {"{\"delta\":{\"content\":\"\",\"tool_calls\":[],\"reasoning_content\":\"\"}}", false, 0,
         FINISH_NONE},
        {"{\"delta\":{},\"finish_reason\":null}", false, 0, FINISH_NONE},
        {"{\"delta\":{},\"finish_reason\":\"\"}", false, 0, FINISH_NONE},
        {"{\"delta\":null}", false, 0, FINISH_NONE},
        {"{\"delta\":{\"content\":\"hi\"}}", true, 2, FINISH_NONE},
        {"{\"delta\":{\"content\":\"\\u20ac\\n\"}}", true, 4, FINISH_NONE},
        {"{\"delta\":{\"content\":\"\\ud83d\"}}", true, 3, FINISH_NONE},
        {"{\"delta\":{\"content\":\"\xFF\"}}", true, 1, FINISH_NONE},
        {"{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"abc\"}]}}", true, 3, FINISH_NONE},
        {"{\"delta\":{\"reasoning_content\":\"hmm\"}}", true, 3, FINISH_NONE},
        {"{\"delta\":{\"reasoning\":\"hmm\",\"reasoning_details\":[{\"text\":\"hmm\"}]}}", true, 3,
         FINISH_NONE},
        {"{\"delta\":{\"reasoning\":\"hm\",\"reasoning_content\":\"hm\",\"content\":\"x\"}}", true,
         3, FINISH_NONE},
        {"{\"delta\":{\"refusal\":\"no\"}}", true, 2, FINISH_NONE},
        {"{\"delta\":{\"audio\":{\"id\":\"a\"}}}", true, 0, FINISH_NONE},
        {"{\"delta\":{\"audio\":{}}}", false, 0, FINISH_NONE},
        {"{\"delta\":{\"function_call\":{\"name\":\"f\",\"arguments\":\"{}\"}}}", true, 3,
         FINISH_NONE},
        {"{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"function\":{\"name\":"
         "\"get\","
         "\"arguments\":\"\"}}]}}",
         true, 3, FINISH_NONE},
        {"{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\"}}]}}",
         true, 3, FINISH_NONE},
        {"{\"delta\":{},\"finish_reason\":\"stop\"}", true, 0, FINISH_STOP},
        {"{\"delta\":{},\"finish_reason\":\"length\"}", true, 0, FINISH_LENGTH},
        {"{\"delta\":{},\"finish_reason\":\"max_tokens\"}", true, 0, FINISH_LENGTH},
        {"{\"delta\":{},\"finish_reason\":\"tool_calls\"}", true, 0, FINISH_TOOL_CALLS},
        {"{\"delta\":{},\"finish_reason\":\"function_call\"}", true, 0, FINISH_TOOL_CALLS},
        {"{\"delta\":{},\"finish_reason\":\"content_filter\"}", true, 0, FINISH_CONTENT_FILTER},
        {"{\"delta\":{},\"finish_reason\":\"error\"}", true, 0, FINISH_ERROR},
        {"{\"delta\":{},\"finish_reason\":\"something_new\"}", true, 0, FINISH_STOP},
        {"{\"message\":{\"role\":\"assistant\",\"content\":\"whole\"},\"finish_reason\":\"stop\"}",
         true, 5, FINISH_STOP},
        {"{\"text\":\"old\",\"finish_reason\":\"length\"}", true, 3, FINISH_LENGTH},
        {"{\"delta\":{\"content\":\"a\"}},{\"delta\":{\"content\":\"bc\"}}", true, 3, FINISH_NONE},
        {"{\"finish_reason\":\"content_filter\"},{\"finish_reason\":\"stop\"}", true, 0,
         FINISH_CONTENT_FILTER},
        {"", false, 0, FINISH_NONE},
    };
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dialect_answer an;
        const char *body = arena_printf(a, "{\"choices\":[%s]}", rows[i].choice);
        ck_assert(
            openai()->scan_event(&(struct frame){.type = STR(""), .data = str_of(body)}, a, &an));
        ck_assert_msg(an.has_content == rows[i].content, "%s", body);
        ck_assert_msg(an.content_bytes == rows[i].bytes, "%s: %zu", body, an.content_bytes);
        ck_assert_msg(an.finish == rows[i].finish, "%s: %d", body, an.finish);
        ck_assert(!an.only_usage);
    }
    arena_free(a);
}
END_TEST

START_TEST(names_and_leading_chunks)
{
    struct arena *a = arena_new(4096);
    struct dialect_answer an;
    char text[] =
        "{\"id\":\"c\\u002d1\",\"model\":\"gpt-x\",\"service_tier\":\"flex\",\"choices\":[],"
        "\"prompt_filter_results\":[{\"prompt_index\":0}]}";
    ck_assert(openai()->scan_event(&(struct frame){.type = STR(""), .data = str_of(text)}, a, &an));
    memset(text, 'x', sizeof text); /* what was learnt outlives the bytes */
    ck_assert_text(an.id, "c-1");
    ck_assert_text(an.model, "gpt-x");
    ck_assert_text(an.service_tier, "flex");
    ck_assert(!an.only_usage && !an.has_content && an.has_choices && !an.is_error);
    arena_free(a);
}
END_TEST

static const struct {
    const char *body, *want;
} splices[] = {
    {"{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}",
     "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"cost\":" COST ",\"cost_details\":" DETAILS
     "},\"metadata\":{\"m\":1}}"},
    {"{ \"usage\" : { } , \"choices\" : [ ] }\n",
     "{ \"usage\" : { \"cost\":" COST ",\"cost_details\":" DETAILS
     "} , \"choices\" : [ ] ,\"metadata\":{\"m\":1}}\n"},
    {"{\"usage\":null,\"choices\":[]}", "{\"usage\":null,\"choices\":[],\"metadata\":{\"m\":1}}"},
    {"{}", "{\"metadata\":{\"m\":1}}"},
    {"{\"metadata\":{\"own\":[1,2]},\"usage\":{\"a\":{},\"cost\": 0.5 ,\"b\":1}}",
     "{\"metadata\":{\"m\":1},\"usage\":{\"a\":{},\"cost\": " COST
     " ,\"b\":1,\"cost_details\":" DETAILS "}}"},
    {"{\"usage\":{\"cost_details\":null,\"cost\":{\"x\":1}},\"metadata\":null}",
     "{\"usage\":{\"cost_details\":" DETAILS ",\"cost\":" COST "},\"metadata\":{\"m\":1}}"},
    {"{\"usage\":{\"cost_details\":{}}}",
     "{\"usage\":{\"cost_details\":" DETAILS ",\"cost\":" COST "},\"metadata\":{\"m\":1}}"},
    {"{\"usage\":{\"c\\u006fst\":1},\"met\\u0061data\":2}",
     "{\"usage\":{\"c\\u006fst\":" COST ",\"cost_details\":" DETAILS
     "},\"met\\u0061data\":{\"m\":1}}"},
    {"{\"choices\":[{\"metadata\":1,\"usage\":{}}]}",
     "{\"choices\":[{\"metadata\":1,\"usage\":{}}],\"metadata\":{\"m\":1}}"},
    {"{\"x\":\"\xFF\\ud800\",\"n\":1.50}",
     "{\"x\":\"\xFF\\ud800\",\"n\":1.50,\"metadata\":{\"m\":1}}"},
};

START_TEST(splices_before_the_closing_braces)
{
    struct arena *a = arena_new(4096);
    const struct dialect_extra extra = {.cost = &cost, .metadata = STR("{\"m\":1}")};
    for (size_t i = 0; i < ARRAY_LEN(splices); i++) {
        struct dialect_answer an;
        struct buf out;
        buf_init(&out, 4096);
        ck_assert(openai()->scan_answer(str_of(splices[i].body), a, &an));
        ck_assert(openai()->splice_answer(str_of(splices[i].body), &an, &extra, &out));
        ck_assert_text(buf_str(&out), splices[i].want);
        buf_reset(&out);
        ck_assert(openai()->splice_answer(str_of(splices[i].body), &an,
                                          &(struct dialect_extra){.cost = NULL}, &out));
        ck_assert_text(buf_str(&out), splices[i].body);
        buf_fini(&out);
    }
    arena_free(a);
}
END_TEST

static const struct {
    const char *type, *data, *plain, *stripped;
} events[] = {
    {"", "{\"a\":1}", "data: {\"a\":1}\n\n", "data: {\"a\":1}\n\n"},
    {"", "[DONE]", "data: [DONE]\n\n", "data: [DONE]\n\n"},
    {"chunk", "{\"a\":1,\n\"b\":2}", "event: chunk\ndata: {\"a\":1,\ndata: \"b\":2}\n\n",
     "event: chunk\ndata: {\"a\":1,\ndata: \"b\":2}\n\n"},
    {"", "{\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"usage\":{\"prompt_tokens\":1}}",
     "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"usage\":{\"prompt_tokens\":1}}\n\n",
     "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n"},
    {"", "{\"usage\":{}, \"choices\":[{}]}", "data: {\"usage\":{}, \"choices\":[{}]}\n\n",
     "data: {\"choices\":[{}]}\n\n"},
    {"", "{\"id\":1 , \"usage\" : {\"a\":1} , \"choices\":[{}]}",
     "data: {\"id\":1 , \"usage\" : {\"a\":1} , \"choices\":[{}]}\n\n",
     "data: {\"id\":1 , \"choices\":[{}]}\n\n"},
    {"", "{ \"usage\":{} }", "data: { \"usage\":{} }\n\n", "data: {  \"choices\":[]}\n\n"},
    {"", "{\"choices\":[{}],\"usage\":null}", "data: {\"choices\":[{}],\"usage\":null}\n\n",
     "data: {\"choices\":[{}],\"usage\":null}\n\n"},
};

START_TEST(writes_events)
{
    struct arena *a = arena_new(4096);
    const struct dialect_extra strip = {.strip_usage = true, .cost = &cost};
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        struct dialect_answer an;
        struct buf out;
        struct str type = str_of(events[i].type), data = str_of(events[i].data);
        buf_init(&out, 4096);
        ck_assert(openai()->scan_event(&(struct frame){.type = type, .data = data}, a, &an));
        ck_assert(
            openai()->write_event(&an, &(struct frame){.type = type, .data = data}, NULL, &out));
        ck_assert_text(buf_str(&out), events[i].plain);
        buf_reset(&out);
        ck_assert(
            openai()->write_event(&an, &(struct frame){.type = type, .data = data}, &strip, &out));
        ck_assert_text(buf_str(&out), events[i].stripped);
        buf_fini(&out);
    }
    arena_free(a);
}
END_TEST

START_TEST(usage_chunks_for_strict_clients)
{
    struct arena *a = arena_new(4096);
    const struct dialect_extra extra = {.cost = &cost, .metadata = STR("{\"m\":1}")};
    struct dialect_answer an;
    struct buf out;
    struct str data = STR("{\"id\":\"i\",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}");
    buf_init(&out, 4096);
    ck_assert(openai()->scan_event(&(struct frame){.type = STR(""), .data = data}, a, &an) &&
              an.only_usage);
    ck_assert(
        openai()->write_event(&an, &(struct frame){.type = STR(""), .data = data}, &extra, &out));
    ck_assert_text(buf_str(&out),
                   "data: {\"id\":\"i\",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,"
                   "\"cost\":" COST ",\"cost_details\":" DETAILS
                   "},\"choices\":[],\"metadata\":{\"m\":1}}\n\n");
    buf_reset(&out);
    struct usage u;
    usage_clear(&u);
    u.input = 10;
    u.output = 4;
    u.cached = 3;
    u.reasoning = 2;
    struct str like = STR(
        "{\"choices\":[{\"id\":\"no\"}],\"id\":\"i\\n\",\"created\":17,\"model\":\"m\"}");
    ck_assert(openai()->write_usage_event(like, &u, &extra, &out));
    ck_assert_text(buf_str(&out),
                   "data: {\"id\":\"i\\n\",\"object\":\"chat.completion.chunk\",\"created\":17,"
                   "\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,"
                   "\"completion_tokens\":4,\"total_tokens\":14,\"prompt_tokens_details\":"
                   "{\"cached_tokens\":3},\"completion_tokens_details\":{\"reasoning_tokens\":2},"
                   "\"cost\":" COST ",\"cost_details\":" DETAILS "},\"metadata\":{\"m\":1}}\n\n");
    buf_reset(&out);
    usage_clear(&u);
    ck_assert(openai()->write_usage_event(STR("{\"id\":7"), &u, NULL, &out));
    ck_assert_text(buf_str(&out),
                   "data: {\"id\":\"\",\"object\":\"chat.completion.chunk\",\"created\":0,"
                   "\"model\":\"\",\"choices\":[],\"usage\":{\"prompt_tokens\":0,"
                   "\"completion_tokens\":0,\"total_tokens\":0}}\n\n");
    buf_fini(&out);
    arena_free(a);
}
END_TEST

START_TEST(writes_errors)
{
    struct buf out;
    struct dialect_error e = {.err = E_BAD_FIELD,
                              .message = STR("Say \"what\"."),
                              .param = STR("messages[0]"),
                              .details = STR("\"attempts\":[]")};
    struct uuid id = {{1, 2, 3}}, none = {{0}};
    buf_init(&out, 4096);
    ck_assert(openai()->write_error(&e, id, &out));
    ck_assert_text(buf_str(&out),
                   "{\"error\":{\"message\":\"Say \\\"what\\\".\",\"type\":"
                   "\"invalid_request_error\",\"param\":\"messages[0]\",\"code\":\"invalid_value\","
                   "\"attempts\":[],\"request_id\":\"01020300-0000-0000-0000-000000000000\"}}");
    buf_reset(&out);
    e = (struct dialect_error){.err = E_UPSTREAM_CUT};
    ck_assert(openai()->write_error_event(NULL, &e, none, &out));
    ck_assert(openai()->write_done(&out));
    ck_assert_text(buf_str(&out),
                   "data: {\"error\":{\"message\":\"The provider broke off its answer."
                   "\",\"type\":\"upstream_error\",\"param\":null,\"code\":"
                   "\"upstream_interrupted\"}}\n\ndata: [DONE]\n\n");
    buf_fini(&out);
    buf_init(&out, 20);
    ck_assert(!openai()->write_error(&e, none, &out)); /* the cap is told */
    buf_fini(&out);
}
END_TEST

UNIT_MAIN("openai_answer", reads_usage, null_or_no_usage, refuses_what_is_no_object, errors_inside,
          error_text_is_cut_between_characters, what_is_content, names_and_leading_chunks,
          splices_before_the_closing_braces, writes_events, usage_chunks_for_strict_clients,
          writes_errors)
