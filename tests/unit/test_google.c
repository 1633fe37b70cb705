/* Google's dialect: requests judged and read, odd answers and events, errors. */
#include "common/mem.h"
#include "gateway/dialect/flow.h"
#include "gateway/dialect/google_priv.h"
#include "gateway/dialect/signature.h"
#include "tests/unit/unit.h"

#define HI "\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]"

static struct arena *arena;
static struct dialect_request scan;
static struct dialect_refusal why;

static const struct ir_chat *read_as(const char *body, bool stream, const char *query)
{
    const struct dialect_call call = {
        .model = STR("models/m"), .stream = stream, .query = str_of(query)};
    enum err e = google.scan_request(str_of(body), &call, arena, &scan, &why);
    ck_assert_int_eq(e, why.err);
    return e == E_OK ? scan.chat : NULL;
}

static const struct ir_chat *read_request(const char *body)
{
    return read_as(body, false, "");
}

static void begin(void)
{
    arena = arena_new(4096);
}

static void end(void)
{
    arena_free(arena);
}

static const struct {
    const char *body;
    enum err err;
    const char *field;
} refusals[] = {
    {"", E_BAD_JSON, ""},
    {"[]", E_BAD_JSON, ""},
    {"{" HI "}}", E_BAD_JSON, ""},
    {"{" HI ",\"x\":\"\xFF\"}", E_BAD_JSON, ""},
    {"{}", E_MISSING_FIELD, "contents"},
    {"{\"contents\":[]}", E_BAD_FIELD, "contents"},
    {"{\"contents\":null}", E_MISSING_FIELD, "contents"},
    {"{\"contents\":\"hi\"}", E_BAD_FIELD, "contents"},
    {"{\"contents\":[1]}", E_BAD_FIELD, "contents[]"},
    {"{" HI "," HI "}", E_REPEATED_KEY, "contents"},
    {"{" HI ",\"toolConfig\":{},\"tool_config\":{}}", E_REPEATED_KEY, "toolConfig"},
    {"{\"contents\":[{\"role\":\"bot\",\"parts\":[]}]}", E_BAD_FIELD, "contents[0].role"},
    {"{\"contents\":[{\"parts\":[{\"text\":1}]}]}", E_BAD_FIELD, "contents[0].text"},
    {"{\"contents\":[{\"parts\":[]},{\"parts\":[{\"functionCall\":{\"args\":{}}}]}]}",
     E_MISSING_FIELD, "contents[1].parts[].functionCall.name"},
    {"{\"contents\":[{\"parts\":[{\"functionCall\":{\"name\":\"f\",\"args\":[]}}]}]}", E_BAD_FIELD,
     "contents[0].functionCall.args"},
    {"{" HI ",\"tools\":[{\"functionDeclarations\":[{}]}]}", E_MISSING_FIELD,
     "tools[].functionDeclarations[].name"},
    {"{" HI ",\"generationConfig\":{\"maxOutputTokens\":1.5}}", E_BAD_FIELD,
     "generationConfig.maxOutputTokens"},
    {"{" HI ",\"generationConfig\":{\"temperature\":{}}}", E_BAD_FIELD,
     "generationConfig.temperature"},
    {"{" HI ",\"generationConfig\":{\"candidateCount\":0}}", E_BAD_FIELD,
     "generationConfig.candidateCount"},
};

START_TEST(refusals_name_the_field)
{
    begin();
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        ck_assert_ptr_null(read_request(refusals[i].body));
        ck_assert_int_eq(why.err, refusals[i].err);
        ck_assert_text(why.field, refusals[i].field);
        ck_assert_uint_gt(why.text.len, 0);
    }
    end();
}
END_TEST

START_TEST(both_spellings_are_one)
{
    static const char *const bodies[] = {
        "{" HI ",\"systemInstruction\":{\"parts\":[{\"text\":\"s\"}]},\"generationConfig\":"
        "{\"maxOutputTokens\":5,\"topK\":3,\"stopSequences\":[\"x\"],\"thinkingConfig\":"
        "{\"thinkingBudget\":0}},\"safetySettings\":[]}",
        "{" HI ",\"system_instruction\":{\"parts\":{\"text\":\"s\"}},\"generation_config\":"
        "{\"max_output_tokens\":5,\"top_k\":3,\"stop_sequences\":[\"x\"],\"thinking_config\":"
        "{\"thinking_budget\":0}},\"safety_settings\":[]}"};
    begin();
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        const struct ir_chat *c = read_request(bodies[i]);
        ck_assert_ptr_nonnull(c);
        ck_assert_int_eq(c->messages->role, IR_SYSTEM); /* in front, wherever it stood */
        ck_assert_int_eq(c->messages->next->role, IR_USER);
        ck_assert_int_eq(c->max_output, 5);
        ck_assert(str_eq(c->top_k.raw, STR("3")) && str_eq(c->stop->text, STR("x")));
        ck_assert_int_eq(c->reasoning.effort, IR_EFFORT_NONE);
        ck_assert(str_eq(c->unknown->text, STR("safetySettings")) && !c->unknown->next);
        ck_assert(!scan.wants_reasoning && str_eq(scan.model, STR("m")));
        ck_assert_text(scan.params, "{\"maxOutputTokens\":5,\"topK\":3}");
    }
    end();
}
END_TEST

START_TEST(numbers_in_strings_are_numbers)
{
    begin();
    const struct ir_chat *c = read_request(
        "{" HI ",\"generationConfig\":{\"temperature\":\"0.5\",\"maxOutputTokens\":\"7\",\"topP\":"
        "\"x\",\"seed\":\"1\\u0030\",\"thinkingConfig\":{\"thinkingBudget\":\"-1\"}}}");
    ck_assert_ptr_nonnull(c);
    ck_assert_text(c->temperature.raw, "0.5");
    ck_assert_text(c->top_p.raw, "\"x\""); /* for the provider to judge */
    ck_assert_text(c->seed.raw, "\"1\\u0030\"");
    ck_assert_int_eq(c->max_output, 7);
    ck_assert(c->reasoning.adaptive && c->reasoning.budget_tokens == -1);
    ck_assert_ptr_null(read_request("{" HI ",\"generationConfig\":{\"maxOutputTokens\":\"x\"}}"));
    ck_assert_int_eq(why.err, E_BAD_FIELD);
    end();
}
END_TEST

START_TEST(only_sse_is_passed)
{
    static const struct {
        bool stream;
        const char *query;
        bool foreign;
    } calls[] = {{false, "", false},         {true, "", true},
                 {true, "alt=sse", false},   {true, "key=x&alt=sse", false},
                 {true, "alt=json", true},   {true, "xalt=sse", true},
                 {false, "alt=json", false}, {true, "alt=ssex", true}};
    begin();
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        ck_assert_ptr_nonnull(read_as("{" HI "}", calls[i].stream, calls[i].query));
        ck_assert_int_eq(scan.foreign, calls[i].foreign);
        ck_assert_int_eq(scan.stream_type != NULL, calls[i].foreign);
        ck_assert_int_eq(scan.stream, calls[i].stream);
    }
    end();
}
END_TEST

/* SDKs keep each chunk of a stream as a content of its own. */
START_TEST(pieces_of_a_turn_become_one)
{
    struct buf b;
    begin();
    buf_init(&b, 1 << 20);
    buf_add_lit(&b, "{\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}");
    for (int i = 0; i < 500; i++)
        buf_add_lit(&b, ",{\"role\":\"model\",\"parts\":[{\"text\":\"ab\",\"thought\":true}]}");
    buf_add_lit(&b, ",{\"parts\":[{\"thought\":true,\"thoughtSignature\":\"QUJD\"}],\"role\":"
                    "\"model\"}");
    for (int i = 0; i < 500; i++)
        buf_add_lit(&b, ",{\"role\":\"model\",\"parts\":[{\"text\":\"cd\"}]}");
    buf_add_lit(&b, ",{\"role\":\"model\",\"parts\":[{\"text\":\"\",\"thoughtSignature\":\"REVG\"}"
                    "]},{\"parts\":[{\"text\":\"a\"},{\"text\":\"b\"}]}]}");
    const struct ir_chat *c = read_request(arena_strdup(arena, buf_str(&b)));
    buf_fini(&b);
    ck_assert_ptr_nonnull(c);
    const struct ir_message *m = c->messages->next;
    const struct ir_part *p = m->parts;
    ck_assert_int_eq(m->role, IR_ASSISTANT);
    ck_assert(p->kind == IR_THINKING && p->text.len == 1000);
    ck_assert(str_eq(p->signature.data, STR("QUJD")) && p->signature.origin == IR_ORIGIN_GOOGLE);
    p = p->next;
    ck_assert(p->kind == IR_TEXT && p->text.len == 1000 && !p->signature.data.len);
    p = p->next; /* a signed text stays apart */
    ck_assert(p->kind == IR_TEXT && p->text.len == 0 && p->signature.data.len == 4 && !p->next);
    m = m->next; /* what users say is left as it is */
    ck_assert(m->role == IR_USER && m->parts->text.len == 1 && m->parts->next->text.len == 1);
    ck_assert_ptr_null(m->next);
    end();
}
END_TEST

START_TEST(results_find_their_calls)
{
    begin();
    const struct ir_chat *c = read_request(
        "{\"contents\":[{\"parts\":[{\"text\":\"x\"}]},{\"role\":\"model\",\"parts\":["
        "{\"functionCall\":{\"name\":\"f\"}},{\"functionCall\":{\"name\":\"g\",\"id\":\"own\"}},"
        "{\"functionCall\":{\"name\":\"f\"}}]},{\"parts\":["
        "{\"functionResponse\":{\"name\":\"g\",\"response\":{\"result\":\"1\"}}},"
        "{\"functionResponse\":{\"name\":\"f\",\"response\":{\"error\":\"no\"}}},"
        "{\"functionResponse\":{\"name\":\"f\",\"response\":{\"result\":\"1\",\"n\":2}}},"
        "{\"functionResponse\":{\"name\":\"f\",\"response\":{}}}]}]}");
    ck_assert_ptr_nonnull(c);
    const struct ir_part *call = c->messages->next->parts;
    const struct ir_part *result = c->messages->next->next->parts;
    ck_assert(str_eq(call->json.raw, STR("{}")) && !str_eq(call->id, call->next->next->id));
    ck_assert(str_eq(result->id, STR("own")) && str_eq(result->children->text, STR("1")));
    result = result->next;
    ck_assert(str_eq(result->id, call->id) && result->is_error);
    result = result->next;
    ck_assert(str_eq(result->id, call->next->next->id) && !result->children);
    ck_assert(str_eq(result->json.raw, STR("{\"result\":\"1\",\"n\":2}")));
    result = result->next; /* one too many */
    ck_assert_ptr_null(ir_find_call(c, result->id));
    end();
}
END_TEST

static struct ir_events read_frames(const char *const *frames, size_t n)
{
    struct ir_events ev = {0};
    struct google_state *state = ARENA_NEW(arena, struct google_state);
    for (size_t i = 0; i < n; i++) {
        const struct frame f = {.type = STR(""), .data = str_of(frames[i])};
        ck_assert(google.read_event(state, &f, STR("seed"), arena, arena, &ev));
    }
    return ev;
}

START_TEST(odd_events_do_no_harm)
{
    static const char *const frames[] = {
        "",
        " ",
        "{}",
        "[]",
        "{\"candidates\":[]}",
        "{\"candidates\":null,\"usageMetadata\":3}",
        "{\"candidates\":[{\"content\":{\"parts\":[{}]}}]}",
        "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}]}}]}",
        "{\"candidates\":[1,{\"index\":-1,\"content\":7,\"finishReason\":2}],\"later\":{}}",
        "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\\ud83d\"}]}}]}",
        "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\\ude00\"}]}}]}",
        ("{\"candidates\":[{\"groundingMetadata\":{\"groundingSupports\":[{\"segment\":"
         "{\"endIndex\":4000},\"groundingChunkIndices\":[-1,0,99]}],\"groundingChunks\":[{}]}}]}"),
    };
    begin();
    struct ir_events ev = read_frames(frames, ARRAY_LEN(frames)), strict = {0};
    struct flow f;
    unsigned deltas = 0;
    flow_init(&f, arena);
    ck_assert(flow_push(&f, &ev, &strict, arena));
    for (size_t i = 0; i < strict.n; i++)
        deltas += strict.v[i].kind == IR_DELTA;
    ck_assert_uint_eq(deltas, 2); /* the halves of a pair */
    static const char *const broken[] = {"{", "null", "\"x\"", "[{]", "{\"candidates\":[}"};
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct google_state *state = ARENA_NEW(arena, struct google_state);
        const struct frame frame = {.type = STR(""), .data = str_of(broken[i])};
        ck_assert(!google.read_event(state, &frame, STR("s"), arena, arena, &ev));
    }
    end();
}
END_TEST

START_TEST(an_answer_must_be_one)
{
    static const struct {
        const char *body;
        bool is_answer, is_error;
        int status;
        const char *text;
    } answers[] = {
        {"{}", false, false, 0, ""},
        {"{\"modelVersion\":\"m\"}", false, false, 0, ""},
        {"{\"candidates\":[]}", true, false, 0, ""},
        {"{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}", true, false, 0, ""},
        {"[{\"error\":{\"code\":429,\"message\":\"too\\nmuch\",\"status\":\"X\"}}]", false, true,
         429, "too\nmuch"},
        {"{\"error\":{\"status\":\"UNAVAILABLE\"}}", false, true, 503, ""},
        {"{\"error\":{\"code\":7,\"message\":\"m\"}}", false, true, 0, "m"},
        {"{\"error\":\"text\"}", false, true, 0, "text"},
    };
    begin();
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct dialect_answer an;
        ck_assert(google.scan_answer(str_of(answers[i].body), arena, &an));
        ck_assert_int_eq(an.has_choices, answers[i].is_answer);
        ck_assert_int_eq(an.is_error, answers[i].is_error);
        ck_assert_int_eq(an.error_status, answers[i].status);
        ck_assert_text(an.error_text, answers[i].text);
    }
    end();
}
END_TEST

static const struct {
    const char *usage;
    int64_t input, cached, output, reasoning, audio_in, audio_out, image_out;
} usages[] = {
    {"{\"promptTokenCount\":5,\"totalTokenCount\":5}", 5, -1, 0, -1, -1, -1, -1},
    {"{\"promptTokenCount\":5}", 5, -1, -1, -1, -1, -1, -1},
    {"{\"promptTokenCount\":5,\"candidatesTokenCount\":3,\"thoughtsTokenCount\":2,"
     "\"totalTokenCount\":10}",
     5, -1, 5, 2, -1, -1, -1},
    {"{\"promptTokenCount\":5,\"candidatesTokenCount\":5,\"thoughtsTokenCount\":2,"
     "\"totalTokenCount\":10}", /* a total that counts thoughts once */
     5, -1, 5, 2, -1, -1, -1},
    {"{\"promptTokenCount\":5,\"thoughtsTokenCount\":2,\"totalTokenCount\":7}", 5, -1, 2, 2, -1, -1,
     -1},
    {"{\"prompt_token_count\":5,\"toolUsePromptTokenCount\":7,\"candidatesTokenCount\":1,"
     "\"cachedContentTokenCount\":4}",
     12, 4, 1, -1, -1, -1, -1},
    {"{\"promptTokenCount\":9,\"candidatesTokenCount\":4,\"promptTokensDetails\":[{\"modality\":"
     "\"TEXT\",\"tokenCount\":1},{\"modality\":\"AUDIO\",\"tokenCount\":8}],"
     "\"candidatesTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":3}]}",
     9, -1, 4, -1, 8, 3, -1},
    {"{\"promptTokenCount\":9,\"candidatesTokenCount\":1300,\"promptTokensDetails\":[{\"modality\":"
     "\"IMAGE\",\"tokenCount\":5}],\"candidatesTokensDetails\":[{\"modality\":\"IMAGE\","
     "\"tokenCount\":1290},{\"modality\":\"TEXT\",\"tokenCount\":10}]}",
     9, -1, 1300, -1, -1, -1, 1290},
    {"{\"promptTokenCount\":-1,\"candidatesTokenCount\":99999999999}", -1, -1, -1, -1, -1, -1, -1},
};

START_TEST(usage_is_read)
{
    begin();
    for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
        struct dialect_answer an;
        const char *body = arena_printf(arena, "{\"usageMetadata\":%s}", usages[i].usage);
        ck_assert(google.scan_answer(str_of(body), arena, &an));
        ck_assert_int_eq(an.usage.input, usages[i].input);
        ck_assert_int_eq(an.usage.cached, usages[i].cached);
        ck_assert_int_eq(an.usage.output, usages[i].output);
        ck_assert_int_eq(an.usage.reasoning, usages[i].reasoning);
        ck_assert_int_eq(an.usage.audio_input, usages[i].audio_in);
        ck_assert_int_eq(an.usage.audio_output, usages[i].audio_out);
        ck_assert_int_eq(an.usage.image_output, usages[i].image_out);
        ck_assert_uint_eq(an.usage_end, str_of(body).len - 2);
    }
    end();
}
END_TEST

START_TEST(every_finish_has_a_word)
{
    static const struct {
        const char *own;
        enum ir_finish finish;
        const char *word;
    } words[] = {{"STOP", FINISH_STOP, "STOP"},
                 {"MAX_TOKENS", FINISH_LENGTH, "MAX_TOKENS"},
                 {"SPII", FINISH_CONTENT_FILTER, "SPII"},
                 {"MALFORMED_FUNCTION_CALL", FINISH_ERROR, "MALFORMED_FUNCTION_CALL"},
                 {"FINISH_REASON_UNSPECIFIED", FINISH_NONE, "STOP"},
                 {"SOMETHING_NEW", FINISH_STOP, "STOP"},
                 {"", FINISH_NONE, "STOP"}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        ck_assert_int_eq(google_finish(str_of(words[i].own)), words[i].finish);
        ck_assert(str_eq(google_finish_word(words[i].finish, str_of(words[i].own)),
                         str_of(words[i].word)));
    }
    ck_assert(str_eq(google_finish_word(FINISH_REFUSAL, STR("refusal")), STR("SAFETY")));
    ck_assert(str_eq(google_finish_word(FINISH_CONTEXT, STR_NULL), STR("MAX_TOKENS")));
}
END_TEST

START_TEST(places_in_bytes_and_characters)
{
    static const struct {
        int64_t byte, character;
    } places[] = {{0, 0}, {1, 1}, {3, 2}, {6, 3}, {10, 4}, {11, 5}, {13, 6}, {17, 7}, {18, 8}};
    struct google_places p = {0};
    begin();
    google_places_add(&p, arena, STR("aé€\xF0\x9F\x98\x80\\n\\u00e9"));
    google_places_add(&p, arena, STR("\\ud83d"));
    google_places_add(&p, arena, STR("\\uDE00\\u0041"));
    ck_assert_uint_eq(p.bytes, 18);
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        ck_assert_int_eq(google_places_chars(&p, places[i].byte), places[i].character);
        ck_assert_int_eq(google_places_byte(&p, places[i].character), places[i].byte);
    }
    ck_assert_int_eq(google_places_chars(&p, 19), -1);
    ck_assert_int_eq(google_places_byte(&p, 9), -1);
    ck_assert_int_eq(google_places_byte(&p, -1), -1);
    end();
}
END_TEST

START_TEST(errors_have_googles_shape)
{
    const struct dialect_error e = {.err = E_BAD_FIELD,
                                    .status = 400,
                                    .message = STR("say \"a\""),
                                    .param = STR("contents[0]"),
                                    .details = STR("\"attempts\":[{\"x\":1}],\"word\":\"w\"")};
    struct uuid none = {0};
    struct google_writer array = {.array = true, .begun = true};
    struct buf b;
    buf_init(&b, 4096);
    ck_assert(google.write_error(&e, none, &b));
    ck_assert_text(
        buf_str(&b),
        "{\"error\":{\"code\":400,\"message\":\"say \\\"a\\\"\",\"status\":\"INVALID_ARGUMENT\","
        "\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
        "\"invalid_value\",\"domain\":\"doteb\",\"metadata\":{\"type\":\"invalid_request_error\","
        "\"attempts\":\"[{\\\"x\\\":1}]\",\"word\":\"w\"}},{\"@type\":"
        "\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":[{\"field\":"
        "\"contents[0]\",\"description\":\"say \\\"a\\\"\"}]}]}}");
    size_t len = b.len;
    buf_reset(&b);
    ck_assert(google.write_error_event(NULL, &e, none, &b));
    ck_assert(str_starts(buf_str(&b), STR("data: {\"error\"")) && b.len == len + 8);
    buf_reset(&b);
    ck_assert(google.write_error_event(&array, &e, none, &b));
    ck_assert(str_starts(buf_str(&b), STR(",\n{\"error\"")) && str_ends(buf_str(&b), STR("}}\n]")));
    buf_fini(&b);
}
END_TEST

/* A call that Google's client has seen signed by another comes back as it was. */
START_TEST(foreign_signatures_come_back)
{
    const struct ir_signature s = {.origin = IR_ORIGIN_ANTHROPIC, .data = STR("Eq+/=")};
    struct json_write w;
    struct buf b;
    begin();
    buf_init(&b, 4096);
    buf_add_lit(&b,
                "{\"contents\":[{\"role\":\"model\",\"parts\":[{\"thought\":true,\"text\":\"\",");
    for (int redacted = 0; redacted < 2; redacted++) {
        struct buf body;
        buf_init(&body, 4096);
        buf_add_str(&body, buf_str(&b));
        struct buf member;
        buf_init(&member, 4096);
        json_write_init(&w, &member);
        jw_object(&w);
        google_write_signature(&w, &s, redacted);
        buf_add_str(&body, str_make(member.p + 1, member.len - 1));
        buf_add_lit(&body, "}]}]}");
        const struct ir_chat *c = read_request(arena_strdup(arena, buf_str(&body)));
        ck_assert_ptr_nonnull(c);
        const struct ir_part *p = c->messages->parts;
        ck_assert_int_eq(p->kind, redacted ? IR_REDACTED : IR_THINKING);
        ck_assert(p->signature.origin == IR_ORIGIN_ANTHROPIC && !p->signature.id.len);
        ck_assert(str_eq(p->signature.data, s.data));
        ck_assert(scan.foreign && !signature_present(c->body));
        buf_fini(&member);
        buf_fini(&body);
    }
    buf_fini(&b);
    end();
}
END_TEST

START_TEST(altered_signatures_are_none)
{
    begin();
    const struct ir_chat *c = read_request(
        "{\"contents\":[{\"role\":\"model\",\"parts\":[{\"functionCall\":{\"name\":"
        "\"f\"},\"thoughtSignature\":\"dotebsigAg\"}]}]}");
    ck_assert_ptr_nonnull(c);
    ck_assert_int_eq(c->messages->parts->signature.origin, IR_ORIGIN_NONE);
    ck_assert_uint_eq(c->messages->parts->signature.data.len, 0);
    ck_assert(scan.foreign && !signature_present(c->body));
    ck_assert_int_ge(str_find_str(c->body, STR(GOOGLE_NO_SIGNATURE)), 0);
    end();
}
END_TEST

/* Sources come behind all parts; they belong to the text's block, before what followed it. */
START_TEST(citations_stand_behind_their_text)
{
    static const char *const frames[] = {
        "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"},{\"functionCall\":{\"name\":"
        "\"f\"}}]},\"groundingMetadata\":{\"groundingChunks\":[{\"web\":{\"uri\":\"u1\"}},"
        "{\"web\":{\"uri\":\"u2\"}},{\"web\":{\"uri\":\"u3\"}}]}}]}"};
    begin();
    struct ir_events ev = read_frames(frames, 1);
    ck_assert_uint_eq(ev.n, 6);
    ck_assert_text(ev.v[1].text, "a");
    ck_assert_text(ev.v[2].citation.url, "u1");
    ck_assert_text(ev.v[3].citation.url, "u2");
    ck_assert_text(ev.v[4].citation.url, "u3");
    ck_assert_text(ev.v[5].name, "f");
    end();
}
END_TEST

UNIT_MAIN("google", numbers_in_strings_are_numbers, altered_signatures_are_none,
          refusals_name_the_field, usage_is_read, both_spellings_are_one, only_sse_is_passed,
          pieces_of_a_turn_become_one, results_find_their_calls, odd_events_do_no_harm,
          an_answer_must_be_one, every_finish_has_a_word, places_in_bytes_and_characters,
          errors_have_googles_shape, foreign_signatures_come_back,
          citations_stand_behind_their_text)
