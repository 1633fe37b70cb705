/* Converse: the passed way, odd answers and frames, errors, and requests that are refused. */
#include "gateway/dialect/dialect.h"
#include "gateway/dialect/flow.h"
#include "tests/unit/unit.h"

enum { MAX = 1 << 20 };

static const struct dialect *bedrock(void)
{
    const struct dialect *d = dialect_find(STR("bedrock"));
    ck_assert_ptr_nonnull(d);
    return d;
}

static const struct dialect_call call = {.model = {"claude", 6}, .stream = true, .query = {"", 0}};

/* ------------------------------------------------------------------ requests */

static const struct {
    const char *body, *field;
    enum err err;
} refused[] = {
    {"[]", "", E_BAD_JSON},
    {"{\"messages\":[", "", E_BAD_JSON},
    {"{}", "messages", E_MISSING_FIELD},
    {"{\"messages\":[],\"messages\":[]}", "messages", E_REPEATED_KEY},
    {"{\"messages\":{}}", "messages", E_BAD_FIELD},
    {"{\"messages\":[{\"content\":[]}]}", "messages[0].role", E_MISSING_FIELD},
    {"{\"messages\":[{\"role\":\"tool\",\"content\":[]}]}", "messages[0].role", E_BAD_FIELD},
    {"{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", "messages[0].content", E_BAD_FIELD},
    {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":1}]}]}", "messages[0].content",
     E_BAD_FIELD},
    {"{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"x\",\"new\":{}}]}]}",
     "messages[0].content", E_BAD_FIELD},
    {"{\"messages\":[],\"toolConfig\":{\"tools\":[{\"a\":{},\"b\":{}}]}}", "toolConfig.tools",
     E_BAD_FIELD},
    {"{\"messages\":[],\"inferenceConfig\":{\"maxTokens\":1.5}}", "inferenceConfig.maxTokens",
     E_BAD_FIELD},
    {"{\"messages\":[],\"inferenceConfig\":{\"temperature\":\"1\"}}", "inferenceConfig.temperature",
     E_BAD_FIELD},
    {"{\"messages\":[],\"toolConfig\":{\"tools\":[{\"toolSpec\":{}}]}}",
     "toolConfig.tools.toolSpec.name", E_MISSING_FIELD},
    {"{\"messages\":[],\"outputConfig\":{\"textFormat\":{\"structure\":{\"jsonSchema\":{"
     "\"schema\":\"{\"}}}}}",
     "outputConfig.textFormat.structure.jsonSchema.schema", E_BAD_FIELD},
};

START_TEST(what_is_refused_is_named)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct arena *a = arena_new(4096);
        struct dialect_request q;
        struct dialect_refusal why;
        enum err e = bedrock()->scan_request(str_of(refused[i].body), &call, a, &q, &why);
        ck_assert_msg(e == refused[i].err && why.err == e, "%s: %d", refused[i].body, (int)e);
        ck_assert_text(why.field, refused[i].field);
        ck_assert_uint_gt(why.text.len, 0);
        arena_free(a);
    }
}
END_TEST

#define REQUEST                                                                                    \
    "{\"system\":[{\"text\":\"s\"}],\"messages\":[{\"role\":\"user\",\"content\":[{\"image\":{"    \
    "\"format\":\"png\",\"source\":{\"bytes\":\"iVBO\"}}},{\"audio\":{\"format\":\"wav\","         \
    "\"source\":{\"bytes\":\"AAAA\"}}}]}],\"inferenceConfig\":{\"temperature\":1.5,"               \
    "\"maxTokens\":7},\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"f\"}}]},"               \
    "\"serviceTier\":{\"type\":\"flex\"},\"requestMetadata\":{\"a\":\"b\"},"                       \
    "\"additionalModelRequestFields\":{\"thinking\":{\"type\":\"adaptive\"}}} "

START_TEST(a_request_tells_what_the_gateway_wants_to_know)
{
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    struct dialect_refusal why;
    ck_assert(bedrock()->scan_request(STR(REQUEST), &call, a, &q, &why) == E_OK);
    ck_assert_text(q.model, "claude");
    ck_assert(q.stream && q.client_wants_usage && q.has_images && q.has_audio && q.has_tools);
    ck_assert(q.wants_reasoning && !q.wants_json_schema && !q.foreign && q.model_end == 0);
    ck_assert_int_eq(q.max_output, 7);
    ck_assert_int_eq(q.n, 1);
    ck_assert_int_eq(REQUEST[q.object_end], '}');
    ck_assert_text(q.service_tier, "flex");
    ck_assert_text(q.metadata, "{\"a\":\"b\"}");
    ck_assert_text(q.params, "{\"maxTokens\":7,\"temperature\":1.5,\"serviceTier\":\"flex\"}");
    arena_free(a);
}
END_TEST

START_TEST(only_the_temperature_is_edited)
{
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    struct dialect_refusal why;
    struct dialect_edit edits[DIALECT_EDITS_MAX];
    struct dialect_target to = {.model = STR("us.claude"), .max_temperature_milli = 1000};
    struct buf out;
    ck_assert(bedrock()->scan_request(STR(REQUEST), &call, a, &q, &why) == E_OK);
    ck_assert_uint_eq(bedrock()->edit_request(&q, &to, a, edits), 1);
    buf_init(&out, MAX);
    ck_assert(dialect_apply(STR(REQUEST), edits, 1, &out));
    ck_assert(str_find_str(buf_str(&out), STR("\"temperature\":1,\"maxTokens\":7")) > 0);
    to.max_temperature_milli = -1;
    ck_assert_uint_eq(bedrock()->edit_request(&q, &to, a, edits), 0);
    to.max_temperature_milli = 1500;
    ck_assert_uint_eq(bedrock()->edit_request(&q, &to, a, edits), 0);
    buf_fini(&out);
    arena_free(a);
}
END_TEST

/* A wrapped signature of another provider's makes a request foreign; what goes on does not hold
 * it. */
START_TEST(wrapped_state_is_unwrapped)
{
    static const char body[] =
        "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"toolUse\":{\"toolUseId\":"
        "\"call_seed_0_dotebsigAwAAYzJsbmJtVmsA\",\"name\":\"f\",\"input\":{}}}]}]}";
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    struct dialect_refusal why;
    struct dialect_loss loss = {0};
    const struct dialect_target to = {
        .model = STR("anthropic.claude-sonnet-4-5"), .max_output = -1, .max_temperature_milli = -1};
    struct buf out;
    buf_init(&out, MAX);
    ck_assert(bedrock()->scan_request(STR(body), &call, a, &q, &why) == E_OK);
    ck_assert(q.foreign);
    ck_assert_int_eq(q.chat->messages->parts->signature.origin, IR_ORIGIN_GOOGLE);
    ck_assert(bedrock()->emit_request(q.chat, &to, a, &out, &loss) == E_OK);
    ck_assert(str_find_str(buf_str(&out), STR("\"toolUseId\":\"call_seed_0\"")) > 0);
    buf_fini(&out);
    arena_free(a);
}
END_TEST

/* ------------------------------------------------------------------ answers */

static void check_splice(const char *body, const char *want)
{
    static const struct cost cost = {.total_pico = 1500000};
    struct arena *a = arena_new(4096);
    struct dialect_answer an;
    struct dialect_extra extra = {.cost = &cost, .metadata = STR("{\"m\":1}")};
    struct buf out;
    buf_init(&out, MAX);
    ck_assert(bedrock()->scan_answer(str_of(body), a, &an));
    ck_assert(bedrock()->splice_answer(str_of(body), &an, &extra, &out));
    ck_assert_text(buf_str(&out), want);
    buf_reset(&out);
    extra = (struct dialect_extra){.metadata = STR("")};
    ck_assert(bedrock()->splice_answer(str_of(body), &an, &extra, &out));
    ck_assert_text(buf_str(&out), body);
    buf_fini(&out);
    arena_free(a);
}

START_TEST(answers_pass_with_ours_spliced_in)
{
    check_splice("{}", "{\"metadata\":{\"m\":1}}");
    check_splice(" {\"a\":[{}]} \n", " {\"a\":[{}],\"metadata\":{\"m\":1}} \n");
    check_splice("{\"usage\":{ },\"a\":1}",
                 "{\"usage\":{ \"cost\":0.0000015},\"a\":1,\"metadata\":{\"m\":1}}");
    check_splice("{\"usage\":{\"inputTokens\":1}}",
                 "{\"usage\":{\"inputTokens\":1,\"cost\":0.0000015},\"metadata\":{\"m\":1}}");
    check_splice("{\"metadata\":7,\"usage\":3}", "{\"metadata\":{\"m\":1},\"usage\":3}");
}
END_TEST

static const struct {
    const char *body;
    int64_t input, cached, write_5m, write_1h, output;
} usages[] = {
    {"{}", -1, -1, -1, -1, -1},
    {"{\"inputTokens\":3,\"outputTokens\":4}", 3, -1, -1, -1, 4},
    {"{\"inputTokens\":3,\"cacheReadInputTokens\":5,\"cacheWriteInputTokens\":7}", 15, 5, 7, -1,
     -1},
    {"{\"cacheDetails\":[{\"ttl\":\"1h\",\"inputTokens\":2},{\"ttl\":\"5m\",\"inputTokens\":5}],"
     "\"inputTokens\":0,\"cacheWriteInputTokens\":7}",
     7, -1, 5, 2, -1},
    {"{\"cacheDetails\":[{\"ttl\":\"1h\",\"inputTokens\":9}],\"inputTokens\":1,"
     "\"cacheWriteInputTokens\":7}",
     8, -1, 0, 7, -1},
    {"{\"inputTokens\":9223372036854775807,\"cacheReadInputTokens\":9223372036854775807}", -1, -1,
     -1, -1, -1},
    {"{\"inputTokens\":-3,\"outputTokens\":\"x\"}", -1, -1, -1, -1, -1},
};

START_TEST(usage_is_the_whole_prompt)
{
    for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
        struct arena *a = arena_new(4096);
        struct dialect_answer an;
        char *body = arena_printf(a, "{\"output\":{\"message\":{}},\"usage\":%s}", usages[i].body);
        ck_assert(bedrock()->scan_answer(str_of(body), a, &an));
        ck_assert(an.has_choices);
        ck_assert_int_eq(an.usage.input, usages[i].input);
        ck_assert_int_eq(an.usage.cached, usages[i].cached);
        ck_assert_int_eq(an.usage.cache_write_5m, usages[i].write_5m);
        ck_assert_int_eq(an.usage.cache_write_1h, usages[i].write_1h);
        ck_assert_int_eq(an.usage.output, usages[i].output);
        arena_free(a);
    }
}
END_TEST

static const struct {
    const char *body, *text;
    int status;
} errors[] = {
    {"{\"message\":\"no \\u00e9\"}", "no é", 0},
    {"{\"Message\":\"User is not authorized\"}", "User is not authorized", 0},
    {"{\"__type\":\"com.amazon.coral.service#ThrottlingException:http://x\",\"message\":\"slow\"}",
     "slow", 429},
    {"{\"__type\":\"ModelTimeoutException\"}", "ModelTimeoutException", 504},
};

START_TEST(errors_are_read)
{
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        struct arena *a = arena_new(4096);
        struct dialect_answer an;
        struct ir_events ev = {0};
        ck_assert(bedrock()->scan_answer(str_of(errors[i].body), a, &an));
        ck_assert(an.is_error && !an.has_choices);
        ck_assert_text(an.error_text, errors[i].text);
        ck_assert_int_eq(an.error_status, errors[i].status);
        ck_assert(bedrock()->read_answer(str_of(errors[i].body), STR("s"), a, &ev));
        ck_assert(ev.n == 1 && ev.v[0].kind == IR_ERROR);
        arena_free(a);
    }
}
END_TEST

/* ------------------------------------------------------------------ streams */

static struct ir_events read_frame(struct arena *a, void *state, const char *type, const char *data,
                                   bool exception)
{
    struct ir_events ev = {0};
    const struct frame f = {
        .type = str_of(type), .data = str_of(data), .raw = STR(""), .exception = exception};
    ck_assert_msg(bedrock()->read_event(state, &f, STR("seed"), a, a, &ev), "%s", data);
    return ev;
}

static const struct {
    const char *type, *data;
    size_t events;
} odd_frames[] = {
    {"contentBlockStop", "{\"contentBlockIndex\":0}", 0},
    {"initial-response", "{}", 0},
    {"", "not JSON at all", 0},
    {"contentBlockDelta", "{}", 0},
    {"contentBlockDelta", "{\"delta\":{},\"contentBlockIndex\":0}", 0},
    {"contentBlockDelta", "{\"delta\":{\"text\":\"\"}}", 1},
    {"contentBlockDelta", "{\"delta\":{\"text\":\"\\ud83d\"}}", 1},
    {"contentBlockDelta", "{\"delta\":{\"text\":null}}", 0},
    {"contentBlockDelta", "{\"delta\":{\"reasoningContent\":{\"signature\":\"\"}}}", 0},
    {"contentBlockDelta", "{\"delta\":{\"futureThing\":{\"text\":\"x\"}}}", 0},
    {"contentBlockDelta", "{\"contentBlockIndex\":-1,\"delta\":{\"text\":\"x\"}}", 1},
    {"messageStart", "{\"role\":\"assistant\",\"p\":\"abc\"}", 1},
    {"messageStop", "{\"stopReason\":\"never_heard\"}", 1},
    {"metadata", "{\"usage\":{\"inputTokens\":1,\"outputTokens\":2}}", 2},
};

START_TEST(odd_frames_are_taken)
{
    for (size_t i = 0; i < ARRAY_LEN(odd_frames); i++) {
        struct arena *a = arena_new(4096);
        void *state = arena_calloc(a, 1, bedrock()->reader_bytes);
        struct ir_events ev = read_frame(a, state, odd_frames[i].type, odd_frames[i].data, false);
        ck_assert_msg(ev.n == odd_frames[i].events, "%s", odd_frames[i].data);
        arena_free(a);
    }
}
END_TEST

/* Only the table's word for an image's format is kept, however many come and whatever they say. */
START_TEST(formats_of_images_take_no_memory)
{
    struct arena *a = arena_new(4096), *keep = arena_new(4096);
    void *state = arena_calloc(a, 1, bedrock()->reader_bytes);
    const struct frame image = {
        .type = STR("contentBlockStart"),
        .data = STR("{\"start\":{\"image\":{\"format\":\"pneumonoultramicroscopic\"}}}"),
        .raw = STR("")};
    struct ir_events ev = {0};
    for (int i = 0; i < 1000; i++)
        ck_assert(bedrock()->read_event(state, &image, STR("seed"), keep, a, &ev));
    ck_assert_uint_eq(arena_used_bytes(keep), 0);
    (void)read_frame(a, state, "contentBlockStart", "{\"start\":{\"image\":{\"format\":\"webp\"}}}",
                     false);
    ev = read_frame(a, state, "contentBlockDelta",
                    "{\"delta\":{\"image\":{\"source\":{\"bytes\":\"AA==\"}}}}", false);
    ck_assert_text(ev.v[0].media.type, "image/webp");
    arena_free(keep);
    arena_free(a);
}
END_TEST

/* The index may come behind the delta, and a provider may leave the id out. */
START_TEST(calls_are_numbered)
{
    struct arena *a = arena_new(4096);
    void *state = arena_calloc(a, 1, bedrock()->reader_bytes);
    struct ir_events ev = read_frame(
        a, state, "contentBlockStart",
        "{\"start\":{\"toolUse\":{\"name\":\"f\"}},\"contentBlockIndex\":3}", false);
    ck_assert_uint_eq(ev.n, 1);
    ck_assert_uint_eq(ev.v[0].index, 3);
    ck_assert_text(ev.v[0].id, "tooluse_seed_3");
    ev = read_frame(a, state, "contentBlockDelta",
                    "{\"delta\":{\"toolUse\":{\"input\":\"{}\"}},\"contentBlockIndex\":3}", false);
    ck_assert(ev.n == 1 && ev.v[0].index == 3 && ev.v[0].json.quoted);
    arena_free(a);
}
END_TEST

/* Usage behind a call that Bedrock itself runs: metadata has no index, and 0 is that call's. */
START_TEST(server_side_calls_hide_nothing_else)
{
    struct arena *a = arena_new(4096);
    void *state = arena_calloc(a, 1, bedrock()->reader_bytes);
    struct ir_events ev = read_frame(a, state, "contentBlockStart",
                                     "{\"start\":{\"toolUse\":{\"toolUseId\":\"x\",\"name\":\"f\","
                                     "\"type\":\"server_tool_use\"}},\"contentBlockIndex\":0}",
                                     false);
    ck_assert_uint_eq(ev.n, 0);
    ev = read_frame(a, state, "contentBlockDelta",
                    "{\"delta\":{\"toolUse\":{\"input\":\"{}\"}},\"contentBlockIndex\":0}", false);
    ck_assert_uint_eq(ev.n, 0);
    ev = read_frame(a, state, "messageStop", "{\"stopReason\":\"end_turn\"}", false);
    ck_assert_uint_eq(ev.n, 1);
    ev = read_frame(a, state, "metadata", "{\"usage\":{\"inputTokens\":1,\"outputTokens\":2}}",
                    false);
    ck_assert(ev.n == 2 && ev.v[0].usage.input == 1 && ev.v[1].kind == IR_END);
    arena_free(a);
}
END_TEST

static const struct {
    const char *type, *data;
    int status;
} exceptions[] = {
    {"throttlingException", "{\"message\":\"m\"}", 429},
    {"validationException", "{\"message\":\"m\"}", 400},
    {"internalServerException", "{\"message\":\"m\"}", 500},
    {"serviceUnavailableException", "{\"message\":\"m\"}", 503},
    {"modelStreamErrorException", "{\"message\":\"m\",\"originalStatusCode\":424}", 502},
    {"modelStreamErrorException", "{\"originalStatusCode\":529,\"message\":\"m\"}", 529},
    {"modelTimeoutException", "{\"message\":\"m\"}", 504},
    {"newException", "{\"message\":\"m\"}", 0},
};

START_TEST(exceptions_have_a_status)
{
    for (size_t i = 0; i < ARRAY_LEN(exceptions); i++) {
        struct arena *a = arena_new(4096);
        const struct frame f = {.type = str_of(exceptions[i].type),
                                .data = str_of(exceptions[i].data),
                                .raw = STR(""),
                                .exception = true};
        struct dialect_answer an;
        ck_assert(bedrock()->scan_event(&f, a, &an));
        ck_assert(an.is_error && an.error_status == exceptions[i].status);
        ck_assert_text(an.error_text, "m");
        arena_free(a);
    }
}
END_TEST

/* A frame as it came on the wire, read again. */
static void frame_of(struct buf *b, struct framing *framing, const char *type, const char *data,
                     struct frame *out)
{
    size_t begin = awsevent_begin(b, str_of(type), false);
    buf_add_str(b, str_of(data));
    ck_assert(awsevent_end(b, begin));
    framing_init(framing, FRAMING_AWS, MAX);
    ck_assert(framing_feed(framing, buf_str(b)) && framing_next(framing, out));
}

START_TEST(frames_pass_as_they_came)
{
    static const char metadata[] =
        "{\"usage\":{\"inputTokens\":1,\"outputTokens\":2},\"p\":\"a\"} ";
    const struct dialect_extra extra = {.metadata = STR("{\"m\":1}")};
    const char *const data[] = {"{\"delta\":{\"text\":\"x\"},\"p\":\"ab\"}", metadata};
    for (int i = 0; i < 2; i++) {
        struct arena *a = arena_new(4096);
        struct buf in, out;
        struct framing framing, again;
        struct frame f, spliced;
        struct dialect_answer an;
        buf_init(&in, MAX);
        buf_init(&out, MAX);
        frame_of(&in, &framing, i ? "metadata" : "contentBlockDelta", data[i], &f);
        ck_assert(bedrock()->scan_event(&f, a, &an));
        ck_assert(!an.is_done && !an.is_last && an.only_usage == (i == 1));
        ck_assert(an.has_content == (i == 0) && an.has_usage == (i == 1));
        ck_assert(bedrock()->write_event(&an, &f, NULL, &out));
        ck_assert(str_eq(buf_str(&out), buf_str(&in)));
        buf_reset(&out);
        ck_assert(bedrock()->write_event(&an, &f, &extra, &out));
        framing_init(&again, FRAMING_AWS, MAX);
        ck_assert(framing_feed(&again, buf_str(&out)) && framing_next(&again, &spliced));
        ck_assert_text(spliced.data, i ? "{\"usage\":{\"inputTokens\":1,\"outputTokens\":2},"
                                         "\"p\":\"a\",\"metadata\":{\"m\":1}}"
                                       : data[0]);
        ck_assert(str_eq(spliced.type, f.type));
        framing_fini(&again);
        framing_fini(&framing);
        buf_fini(&in);
        buf_fini(&out);
        arena_free(a);
    }
}
END_TEST

/* ------------------------------------------------------------------ errors of our own */

static const struct {
    int status;
    const char *name, *in_stream;
} ours[] = {
    {400, "ValidationException", "validationException"},
    {401, "UnrecognizedClientException", "validationException"},
    {403, "AccessDeniedException", "validationException"},
    {404, "ResourceNotFoundException", "validationException"},
    {413, "ValidationException", "validationException"},
    {429, "ThrottlingException", "throttlingException"},
    {500, "InternalServerException", "internalServerException"},
    {502, "ModelErrorException", "modelStreamErrorException"},
    {503, "ServiceUnavailableException", "serviceUnavailableException"},
    {504, "ModelTimeoutException", "internalServerException"},
    {529, "ServiceUnavailableException", "serviceUnavailableException"},
};

START_TEST(our_errors_have_the_dialects_names)
{
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        const struct dialect_error e = {.err = E_INTERNAL,
                                        .status = ours[i].status,
                                        .message = STR("why \"so\""),
                                        .param = STR("p"),
                                        .details = STR("\"attempts\":[]")};
        struct framing framing;
        struct frame f;
        struct buf out;
        buf_init(&out, MAX);
        ck_assert_str_eq(bedrock()->error_header_value(&e), ours[i].name);
        ck_assert(bedrock()->write_error_event(NULL, &e, (struct uuid){0}, &out));
        framing_init(&framing, FRAMING_AWS, MAX);
        ck_assert(framing_feed(&framing, buf_str(&out)) && framing_next(&framing, &f));
        ck_assert(f.exception);
        ck_assert_text(f.type, ours[i].in_stream);
        ck_assert_text(f.data,
                       "{\"message\":\"why \\\"so\\\" (p)\",\"param\":\"p\",\"attempts\":[]}");
        framing_fini(&framing);
        buf_fini(&out);
    }
}
END_TEST

/* A name of a field that holds a zero byte is not the one before that byte. */
START_TEST(unknown_names_stay_whole)
{
    static const struct dialect_target to = {
        .model = {"m", 1}, .max_output = -1, .max_temperature_milli = -1};
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    struct dialect_refusal why;
    struct dialect_loss loss = {0};
    struct buf out;
    struct str body = STR("{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"x\"}]}],"
                          "\"inferenceConfig\":{\"maxTokens\":7},"
                          "\"inferenceConfig\\u0000\":{\"maxTokens\":9}}");
    ck_assert_int_eq(bedrock()->scan_request(body, &call, a, &q, &why), E_OK);
    buf_init(&out, MAX);
    ck_assert_int_eq(dialect_emit(bedrock(), q.chat, &to, a, &out, &loss), E_OK);
    ck_assert_int_ge(str_find_str(buf_str(&out), STR("\"inferenceConfig\":{\"maxTokens\":7}")), 0);
    ck_assert_int_lt(str_find_str(buf_str(&out), STR("\"inferenceConfig\":{\"maxTokens\":9}")), 0);
    buf_fini(&out);
    arena_free(a);
}
END_TEST

UNIT_MAIN("bedrock", what_is_refused_is_named, a_request_tells_what_the_gateway_wants_to_know,
          only_the_temperature_is_edited, wrapped_state_is_unwrapped,
          answers_pass_with_ours_spliced_in, usage_is_the_whole_prompt, errors_are_read,
          odd_frames_are_taken, formats_of_images_take_no_memory, calls_are_numbered,
          server_side_calls_hide_nothing_else, exceptions_have_a_status, frames_pass_as_they_came,
          our_errors_have_the_dialects_names, unknown_names_stay_whole)
