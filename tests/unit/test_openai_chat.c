/* The OpenAI chat dialect: requests judged and edited. */
#include "common/mem.h"
#include "gateway/dialect/dialect.h"
#include "tests/unit/unit.h"

#define HEAD "\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static const struct dialect *openai(void)
{
    return dialect_find(STR("openai"));
}

START_TEST(dialects_by_name)
{
    ck_assert_ptr_nonnull(openai());
    ck_assert_str_eq(openai()->name, "openai");
    ck_assert_ptr_null(dialect_find(STR("openai2")));
    ck_assert_ptr_null(dialect_find(STR("")));
}
END_TEST

static const struct {
    const char *body;
    enum err err;
    const char *field, *text; /* text: a part of it, NULL any */
} refusals[] = {
    {"", E_BAD_JSON, "", "empty"},
    {"[]", E_BAD_JSON, "", "object"},
    {"\"x\"", E_BAD_JSON, "", "object"},
    {"{" HEAD, E_BAD_JSON, "", "ends too early, at line 1, column 57"},
    {"{" HEAD "}}", E_BAD_JSON, "", "line 1, column 58"},
    {"{\"model\":\"m\",\r\n  messages:1}", E_BAD_JSON, "", "line 2, column 3"},
    {"{" HEAD ",\"x\":\"\xFF\"}", E_BAD_JSON, "", "UTF-8 at line 1"},
    {"{" HEAD ",\"x\":01}", E_BAD_JSON, "", NULL},
    {"{\"messages\":[{\"role\":\"user\"}]}", E_MISSING_FIELD, "model", NULL},
    {"{\"model\":\"m\"}", E_MISSING_FIELD, "messages", NULL},
    {"{}", E_MISSING_FIELD, "model", NULL},
    {"{" HEAD ",\"model\":\"m\"}", E_REPEATED_KEY, "model", "'model' is given twice"},
    {"{" HEAD ",\"mod\\u0065l\":\"n\"}", E_REPEATED_KEY, "model", NULL},
    {"{\"mess\\u0061ges\":[{\"role\":\"u\"}]," HEAD "}", E_REPEATED_KEY, "messages", NULL},
    {"{" HEAD ",\"stream\":true,\"stream\":false}", E_REPEATED_KEY, "stream", NULL},
    {"{\"x\":1," HEAD ",\"x\":1}", E_REPEATED_KEY, "x", NULL},
    {"{\"\\u0078y\":1," HEAD ",\"xy\":1}", E_REPEATED_KEY, "xy", NULL},
    {"{\"\":1," HEAD ",\"\":1}", E_REPEATED_KEY, "", NULL},
    {"{\"model\":null,\"messages\":[]}", E_BAD_FIELD, "model", "must be a string, not null"},
    {"{\"model\":7}", E_BAD_FIELD, "model", "must be a string, not a number"},
    {"{\"model\":\"\"}", E_BAD_FIELD, "model", "1 to 256"},
    {"{\"model\":[\"m\"]}", E_BAD_FIELD, "model", "not an array"},
    {"{\"model\":\"m\",\"messages\":[]}", E_BAD_FIELD, "messages", "at least one"},
    {"{\"model\":\"m\",\"messages\":{}}", E_BAD_FIELD, "messages", "an array, not an object"},
    {"{\"model\":\"m\",\"messages\":null}", E_BAD_FIELD, "messages", NULL},
    {"{\"model\":\"m\",\"messages\":[\"hi\"]}", E_BAD_FIELD, "messages[0]", NULL},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\"},[]]}", E_BAD_FIELD, "messages[1]", NULL},
    {"{\"model\":\"m\",\"messages\":[{}]}", E_MISSING_FIELD, "messages[0].role", NULL},
    {"{\"model\":\"m\",\"messages\":[{\"role\":1}]}", E_BAD_FIELD, "messages[0].role", NULL},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"u\",\"content\":3}]}", E_BAD_FIELD,
     "messages[0].content", "a string or an array"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"u\",\"content\":{}}]}", E_BAD_FIELD,
     "messages[0].content", NULL},
    {"{" HEAD ",\"stream\":1}", E_BAD_FIELD, "stream", "must be a boolean, not a number"},
    {"{" HEAD ",\"stream\":\"true\"}", E_BAD_FIELD, "stream", NULL},
    {"{" HEAD ",\"stream_options\":true}", E_BAD_FIELD, "stream_options", NULL},
    {"{" HEAD ",\"stream_options\":{\"include_usage\":1}}", E_BAD_FIELD,
     "stream_options.include_usage", "must be a boolean, not a number"},
    {"{" HEAD ",\"stream_options\":{\"include_usage\":true,\"include\\u005fusage\":false}}",
     E_REPEATED_KEY, "stream_options.include_usage", NULL},
    {"{" HEAD ",\"n\":0}", E_BAD_FIELD, "n", "from 1 to 128"},
    {"{" HEAD ",\"n\":129}", E_BAD_FIELD, "n", NULL},
    {"{" HEAD ",\"n\":1.5}", E_BAD_FIELD, "n", NULL},
    {"{" HEAD ",\"n\":-1}", E_BAD_FIELD, "n", NULL},
    {"{" HEAD ",\"n\":99999999999999999999}", E_BAD_FIELD, "n", NULL},
    {"{" HEAD ",\"n\":\"1\"}", E_BAD_FIELD, "n", NULL},
    {"{" HEAD ",\"max_tokens\":0}", E_BAD_FIELD, "max_tokens", "positive"},
    {"{" HEAD ",\"max_tokens\":-5}", E_BAD_FIELD, "max_tokens", NULL},
    {"{" HEAD ",\"max_completion_tokens\":1e30}", E_BAD_FIELD, "max_completion_tokens", NULL},
    {"{" HEAD ",\"max_tokens\":true}", E_BAD_FIELD, "max_tokens", NULL},
    {"{" HEAD ",\"temperature\":\"hot\"}", E_BAD_FIELD, "temperature", NULL},
    {"{" HEAD ",\"user\":5}", E_BAD_FIELD, "user", NULL},
    {"{" HEAD ",\"metadata\":[]}", E_BAD_FIELD, "metadata", NULL},
    {"{" HEAD ",\"service_tier\":1}", E_BAD_FIELD, "service_tier", NULL},
    {"{" HEAD ",\"tools\":{}}", E_BAD_FIELD, "tools", NULL},
    {"{" HEAD ",\"tools\":[{},7]}", E_BAD_FIELD, "tools[1]", NULL},
    {"{" HEAD ",\"response_format\":\"json\"}", E_BAD_FIELD, "response_format", NULL},
    {"{" HEAD ",\"stop\":3}", E_BAD_FIELD, "stop", NULL},
};

START_TEST(refuses)
{
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        struct dialect_request q;
        struct dialect_refusal why;
        enum err e = openai()->scan_request(str_of(refusals[i].body), &(struct dialect_call){0}, a,
                                            &q, &why);
        ck_assert_msg(e == refusals[i].err, "%s: %s, " STR_FMT, refusals[i].body, err_name(e),
                      STR_ARG(why.text));
        ck_assert_int_eq(why.err, e);
        ck_assert_text(why.field, refusals[i].field);
        ck_assert_msg(!refusals[i].text || str_find_str(why.text, str_of(refusals[i].text)) >= 0,
                      "%s: " STR_FMT, refusals[i].body, STR_ARG(why.text));
        ck_assert_uint_gt(why.text.len, 0);
    }
    arena_free(a);
}
END_TEST

START_TEST(refuses_depth_long_names_and_crowds)
{
    struct arena *a = arena_new(4096);
    struct buf b;
    struct dialect_request q;
    struct dialect_refusal why;
    buf_init(&b, 1 << 20);
    buf_add_lit(&b, "{" HEAD ",\"x\":");
    for (int i = 0; i < 128; i++)
        buf_add_char(&b, '[');
    ck_assert_int_eq(openai()->scan_request(buf_str(&b), &(struct dialect_call){0}, a, &q, &why),
                     E_JSON_DEPTH);
    buf_reset(&b);
    buf_add_lit(&b, "{\"model\":\"");
    for (int i = 0; i < 256; i++)
        buf_add_char(&b, 'x');
    buf_add_lit(&b, "\",\"messages\":[{\"role\":\"u\"}]}");
    ck_assert_int_eq(openai()->scan_request(buf_str(&b), &(struct dialect_call){0}, a, &q, &why),
                     E_OK);
    b.p[10] = '\\'; /* as long decoded as before, less one: still 255 */
    b.p[11] = 'n';
    ck_assert_int_eq(openai()->scan_request(buf_str(&b), &(struct dialect_call){0}, a, &q, &why),
                     E_OK);
    ck_assert_uint_eq(q.model.len, 255);
    buf_reset(&b);
    buf_add_lit(&b, "{\"model\":\"");
    for (int i = 0; i < 257; i++)
        buf_add_char(&b, 'x');
    buf_add_lit(&b, "\"}");
    ck_assert_int_eq(openai()->scan_request(buf_str(&b), &(struct dialect_call){0}, a, &q, &why),
                     E_BAD_FIELD);
    buf_reset(&b);
    buf_add_lit(&b, "{" HEAD);
    for (int i = 0; i < 200; i++)
        buf_printf(&b, ",\"field%d\":1", i);
    buf_add_char(&b, '}');
    ck_assert_int_eq(openai()->scan_request(buf_str(&b), &(struct dialect_call){0}, a, &q, &why),
                     E_BAD_FIELD);
    ck_assert_text(why.field, "field128");
    /* A repeated key of any length is named, but not at length. */
    buf_reset(&b);
    buf_add_lit(&b, "{\"");
    for (int i = 0; i < 1000; i++)
        buf_add_lit(&b, "\xC3\xA9");
    struct str key = arena_str(a, buf_str(&b));
    buf_add_lit(&b, "\":1,");
    buf_add(&b, key.p + 1, key.len - 1);
    buf_add_lit(&b, "\":1}");
    ck_assert_int_eq(openai()->scan_request(buf_str(&b), &(struct dialect_call){0}, a, &q, &why),
                     E_REPEATED_KEY);
    ck_assert_uint_le(why.field.len, 128);
    ck_assert(str_is_utf8(why.field) && str_is_utf8(why.text));
    buf_fini(&b);
    arena_free(a);
}
END_TEST

static void scan_ok(const char *body, struct arena *a, struct dialect_request *q)
{
    struct dialect_refusal why;
    enum err e = openai()->scan_request(str_of(body), &(struct dialect_call){0}, a, q, &why);
    ck_assert_msg(e == E_OK, "%s: " STR_FMT, body, STR_ARG(why.text));
}

START_TEST(learns)
{
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    scan_ok("{" HEAD "}", a, &q);
    ck_assert_text(q.model, "m");
    ck_assert(!q.stream && !q.client_wants_usage && q.n == 1 && q.max_output == -1);
    ck_assert(!q.has_tools && !q.has_images && !q.has_audio && !q.wants_json_schema &&
              !q.wants_reasoning && q.metadata.len == 0 && q.end_user.len == 0);
    ck_assert_text(q.params, "{}");
    scan_ok(
        "{\"model\":\"a\\u002fb\",\"messages\":[{\"content\":[{\"type\":\"text\",\"text\":\"\"},"
        "{\"image_url\":{\"url\":\"data:\"},\"type\":\"image_url\"}],\"role\":\"user\"}],"
        "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"n\":2.0,"
        "\"max_tokens\":10,\"max_completion_tokens\":3e1,\"user\":\"u\\n1\","
        "\"safety_identifier\":\"s\",\"metadata\":{\"a\": \"b\"},\"service_tier\":\"flex\","
        "\"tools\":[{}],\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{}},"
        "\"reasoning_effort\":\"low\",\"temperature\":0.70,\"logprobs\":true,\"seed\":null}",
        a, &q);
    ck_assert_text(q.model, "a/b");
    ck_assert(q.stream && q.client_wants_usage && q.n == 2 && q.max_output == 30);
    ck_assert(q.has_tools && q.has_images && !q.has_audio && q.wants_json_schema &&
              q.wants_reasoning);
    ck_assert_text(q.end_user, "u\n1");
    ck_assert_text(q.metadata, "{\"a\": \"b\"}");
    ck_assert_text(q.service_tier, "flex");
    ck_assert_text(q.params, "{\"n\":2.0,\"max_tokens\":10,\"max_completion_tokens\":3e1,"
                             "\"service_tier\":\"flex\",\"reasoning_effort\":\"low\","
                             "\"temperature\":0.70,\"logprobs\":true}");
    arena_free(a);
}
END_TEST

START_TEST(passes_what_only_the_model_can_judge)
{
    static const char *const bodies[] = {
        "{" HEAD ",\"x\":\"\\ud83d\",\"y\":\"\\u0000\",\"z\":{\"a\":1,\"a\":2},\"\\u0000\":1}",
        "{" HEAD ",\"stream\":null,\"stream_options\":null,\"n\":null,\"max_tokens\":null,"
        "\"tools\":null,\"metadata\":null,\"user\":null,\"response_format\":null}",
        "{" HEAD ",\"stream\":false,\"stream_options\":{\"include_usage\":null}}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[]}"
        ","
        "{\"role\":\"made-up\"},{\"role\":\"u\",\"content\":[\"s\",7,null]}]}",
        "\r\n{\"model\":\"m\",\r\n\"messages\":[{\"role\":\"u\"}]}\r\n",
        "{" HEAD ",\"seed\":18446744073709551615,\"temperature\":1e99,\"reasoning\":true,"
        "\"thinking\":false,\"temperatures\":\"x\"}",
    };
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct dialect_request q;
        scan_ok(bodies[i], a, &q);
    }
    arena_free(a);
}
END_TEST

START_TEST(notes_audio_and_reasoning)
{
    static const struct {
        const char *more;
        bool audio, reasoning, tools;
    } rows[] = {
        {",\"modalities\":[\"text\",\"audio\"]", true, false, false},
        {",\"modalities\":[\"text\"]", false, false, false},
        {",\"reasoning_effort\":\"none\"", false, false, false},
        {",\"reasoning_effort\":\"high\"", false, true, false},
        {",\"reasoning\":{\"effort\":\"low\"}", false, true, false},
        {",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1}", false, true, false},
        {",\"thinking\":{\"type\":\"disabled\"}", false, false, false},
        {",\"functions\":[{\"name\":\"f\"}]", false, false, true},
        {",\"tools\":[]", false, false, false},
    };
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dialect_request q;
        const char *body = arena_printf(a, "{" HEAD "%s}", rows[i].more);
        scan_ok(body, a, &q);
        ck_assert_msg(q.has_audio == rows[i].audio && q.wants_reasoning == rows[i].reasoning &&
                          q.has_tools == rows[i].tools,
                      "%s", body);
    }
    struct dialect_request q;
    scan_ok("{\"model\":\"m\",\"messages\":[{\"role\":\"u\",\"content\":[{\"type\":\"input_audio\","
            "\"input_audio\":{}}]}]}",
            a, &q);
    ck_assert(q.has_audio && !q.has_images);
    arena_free(a);
}
END_TEST

static const struct {
    const char *body, *want;
} edits[] = {
    {"{" HEAD "}", "{\"model\":\"p\\\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"},
    {"{ \"messages\" : [ {\"role\":\"u\"} ] , \"model\" : \"m\" , \"t\" : 0.70 } ",
     "{ \"messages\" : [ {\"role\":\"u\"} ] , \"model\" : \"p\\\"x\" , \"t\" : 0.70 } "},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"u\"}],\"stream\":true}",
     "{\"model\":\"p\\\"x\",\"messages\":[{\"role\":\"u\"}],\"stream\":true,"
     "\"stream_options\":{\"include_usage\":true}}"},
    {"{\"stream\":true,\"stream_options\":{},\"model\":\"m\",\"messages\":[{\"role\":\"u\"}]}",
     "{\"stream\":true,\"stream_options\":{\"include_usage\":true},\"model\":\"p\\\"x\","
     "\"messages\":[{\"role\":\"u\"}]}"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"u\"}],\"stream\":true,\"stream_options\": null }",
     "{\"model\":\"p\\\"x\",\"messages\":[{\"role\":\"u\"}],\"stream\":true,"
     "\"stream_options\": {\"include_usage\":true} }"},
    {"{\"stream_options\":{\"include_usage\" : false },\"model\":\"m\",\"stream\":true,"
     "\"messages\":[{\"role\":\"u\"}]}",
     "{\"stream_options\":{\"include_usage\" : true },\"model\":\"p\\\"x\",\"stream\":true,"
     "\"messages\":[{\"role\":\"u\"}]}"},
    {"{\"stream_options\":{\"include_usage\":null,\"include_obfuscation\":false},\"model\":\"m\","
     "\"stream\":true,\"messages\":[{\"role\":\"u\"}]}",
     "{\"stream_options\":{\"include_usage\":true,\"include_obfuscation\":false},"
     "\"model\":\"p\\\"x\",\"stream\":true,\"messages\":[{\"role\":\"u\"}]}"},
    {"{\"stream_options\":{\"include_obfuscation\":false },\"model\":\"m\",\"stream\":true,"
     "\"messages\":[{\"role\":\"u\"}]}",
     "{\"stream_options\":{\"include_obfuscation\":false ,\"include_usage\":true},"
     "\"model\":\"p\\\"x\",\"stream\":true,\"messages\":[{\"role\":\"u\"}]}"},
    {"{\"stream_options\":{\"include_usage\":true},\"model\":\"p\\\"x\",\"stream\":true,"
     "\"messages\":[{\"role\":\"u\"}]}",
     "{\"stream_options\":{\"include_usage\":true},\"model\":\"p\\\"x\",\"stream\":true,"
     "\"messages\":[{\"role\":\"u\"}]}"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"u\"}],\"stream\":false,\"stream_options\":{}}",
     "{\"model\":\"p\\\"x\",\"messages\":[{\"role\":\"u\"}],\"stream\":false,"
     "\"stream_options\":{}}"},
};

static const struct dialect_target target = {.model = {"p\"x", 3}, .max_temperature_milli = -1};

START_TEST(edits_only_spans)
{
    struct arena *a = arena_new(4096);
    for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
        struct dialect_request q, again;
        struct dialect_edit e[DIALECT_EDITS_MAX];
        struct buf out;
        scan_ok(edits[i].body, a, &q);
        size_t n = openai()->edit_request(&q, &target, a, e);
        buf_init(&out, 4096);
        ck_assert(dialect_apply(str_of(edits[i].body), e, n, &out));
        ck_assert_text(buf_str(&out), edits[i].want);
        /* What came out needs nothing more. */
        buf_add_char(&out, '\0');
        scan_ok(out.p, a, &again);
        ck_assert_uint_eq(openai()->edit_request(&again, &target, a, e), 0);
        buf_fini(&out);
    }
    arena_free(a);
}
END_TEST

START_TEST(ten_megabytes)
{
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    struct dialect_refusal why;
    struct buf b;
    buf_init(&b, 64 << 20);
    buf_add_lit(&b, "{\"messages\":[{\"role\":\"user\",\"content\":\"");
    while (b.len < 10 << 20)
        buf_add_lit(&b, "line\\n\xE4\xBD\xA0\xE5\xA5\xBD ");
    buf_add_lit(&b, "\"}],\"model\":\"m\"}");
    ck_assert_int_eq(openai()->scan_request(buf_str(&b), &(struct dialect_call){0}, a, &q, &why),
                     E_OK);
    ck_assert_uint_eq(q.object_end, b.len - 1);
    ck_assert_uint_lt(arena_used_bytes(a), 1000);
    buf_fini(&b);
    arena_free(a);
}
END_TEST

UNIT_MAIN("openai_chat", dialects_by_name, refuses, refuses_depth_long_names_and_crowds, learns,
          passes_what_only_the_model_can_judge, notes_audio_and_reasoning, edits_only_spans,
          ten_megabytes)
