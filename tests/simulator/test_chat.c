/* Reading chat requests: the cheap scan and the full parser agree wherever the scan speaks up, the
 * refusals name the field at fault, directives are read or refused, schemas are satisfied.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/simulator/chat.h"
#include "tests/simulator/schema.h"
#include "tests/simulator/script.h"
#include "tests/simulator/seal.h"

#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static const char *const PLAIN[] = {
    "{\"model\":\"m\"," HI "}",
    " { \"messages\" : [ { \"content\" : \"a b\" , \"role\" : \"user\" } ] , \"model\" : \"m\" } "
    "\n",
    "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true}," HI "}",
    "{\"model\":\"m\",\"stream\":false,\"temperature\":0.7,\"top_p\":1.0,\"max_tokens\":100," HI
    "}",
    "{\"model\":\"m\",\"max_completion_tokens\":7,\"temperature\":0,\"messages\":[{\"role\":"
    "\"system\","
    "\"content\":\"be brief\"},{\"role\":\"user\",\"content\":\"one\"},{\"role\":\"assistant\","
    "\"content\":\"two\"},{\"role\":\"developer\",\"content\":\"\"}]}",
};

/* Not for the scan: wrong, or with something it does not know. */
static const char *const NOT_PLAIN[] = {
    "",
    "{}",
    "[]",
    "{\"model\":\"m\"}",
    "{\"model\":\"m\"," HI "} x",
    "{\"model\":\"m\"," HI ",}",
    "{\"model\":\"m\"," HI,
    "{\"model\":\"\"," HI "}",
    "{\"model\":\"sim-missing\"," HI "}",
    "{\"model\":\"m\",\"model\":\"n\"," HI "}",
    "{\"model\":\"m\",\"temperature\":3," HI "}",
    "{\"model\":\"m\",\"temperature\":1.5," HI "}",
    "{\"model\":\"m\",\"temperature\":01," HI "}",
    "{\"model\":\"m\",\"temperature\":0.," HI "}",
    "{\"model\":\"m\",\"temperature\":\"1\"," HI "}",
    "{\"model\":\"m\",\"max_tokens\":0," HI "}",
    "{\"model\":\"m\",\"max_tokens\":1.5," HI "}",
    "{\"model\":\"m\",\"n\":2," HI "}",
    "{\"model\":\"m\",\"stream_options\":{\"include_usage\":true}," HI "}",
    "{\"model\":\"m\",\"messages\":[]}",
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}",
    "{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}",
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"role\":\"user\"}]}",
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\\nb\"}]}",
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\xc3\xa4\"}]}",
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"[sim status=429]\"}]}",
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]}",
};

static void same_str(struct str a, struct str b)
{
    ck_assert_msg(str_eq(a, b), "'" STR_FMT "' is not '" STR_FMT "'", STR_ARG(a), STR_ARG(b));
}

START_TEST(scan_agrees_with_the_parser)
{
    struct chat_request scanned;
    struct chat_request parsed;
    struct api_error e;
    chat_init(&scanned);
    ck_assert(chat_scan(&scanned, str_of(PLAIN[_i])));
    ck_assert_msg(chat_parse(&parsed, str_of(PLAIN[_i]), &e), "%s", e.message);
    same_str(scanned.model, parsed.model);
    same_str(scanned.last_user, parsed.last_user);
    ck_assert_int_eq(scanned.stream, parsed.stream);
    ck_assert_int_eq(scanned.include_usage, parsed.include_usage);
    ck_assert_uint_eq(scanned.n, parsed.n);
    ck_assert_uint_eq(scanned.max_tokens, parsed.max_tokens);
    ck_assert_uint_eq(scanned.content_bytes, parsed.content_bytes);
    chat_fini(&parsed);
}
END_TEST

START_TEST(scan_leaves_the_rest_alone)
{
    struct chat_request c;
    chat_init(&c);
    ck_assert_msg(!chat_scan(&c, str_of(NOT_PLAIN[_i])), "%s", NOT_PLAIN[_i]);
}
END_TEST

static const struct {
    const char *body, *param, *code;
} REFUSED[] = {
    {"{\"model\":\"m\"", "", ""},
    {"[1]", "", ""},
    {"{" HI "}", "model", "missing_required_parameter"},
    {"{\"model\":7," HI "}", "model", "invalid_type"},
    {"{\"model\":\"m\"}", "messages", "missing_required_parameter"},
    {"{\"model\":\"m\",\"messages\":\"hi\"}", "messages", "invalid_type"},
    {"{\"model\":\"m\",\"messages\":[]}", "messages", "empty_array"},
    {"{\"model\":\"m\",\"messages\":[\"hi\"]}", "messages[0]", "invalid_type"},
    {"{\"model\":\"m\",\"messages\":[{\"content\":\"hi\"}]}", "messages[0].role",
     "missing_required_parameter"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"king\",\"content\":\"hi\"}]}", "messages[0].role",
     "invalid_value"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}", "messages[0].content",
     "missing_required_parameter"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":7}]}", "messages[0].content",
     "invalid_type"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{}]}]}",
     "messages[0].content[0].type", "missing_required_parameter"},
    {"{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}",
     "messages[0].tool_call_id", "missing_required_parameter"},
    {"{\"model\":\"m\",\"temperature\":\"hot\"," HI "}", "temperature", "invalid_type"},
    {"{\"model\":\"m\",\"temperature\":2.5," HI "}", "temperature", "decimal_above_max_value"},
    {"{\"model\":\"m\",\"n\":0," HI "}", "n", "integer_below_min_value"},
    {"{\"model\":\"m\",\"max_tokens\":1.5," HI "}", "max_tokens", "invalid_type"},
    {"{\"model\":\"m\",\"stream\":\"yes\"," HI "}", "stream", "invalid_type"},
    {"{\"model\":\"m\",\"stream_options\":{\"include_usage\":true}," HI "}", "stream_options", ""},
    {"{\"model\":\"m\",\"tools\":{}," HI "}", "tools", "invalid_type"},
    {"{\"model\":\"m\",\"tools\":[{}]," HI "}", "tools[0].type", "missing_required_parameter"},
    {"{\"model\":\"m\",\"tools\":[{\"type\":\"function\"}]," HI "}", "tools[0].function.name",
     "missing_required_parameter"},
};

START_TEST(refusals_name_the_field)
{
    struct chat_request c;
    struct api_error e;
    ck_assert_msg(!chat_parse(&c, str_of(REFUSED[_i].body), &e), "%s", REFUSED[_i].body);
    ck_assert_uint_eq(e.status, 400);
    ck_assert_str_eq(e.type, "invalid_request_error");
    ck_assert_str_eq(e.param, REFUSED[_i].param);
    ck_assert_str_eq(e.code ? e.code : "", REFUSED[_i].code);
    chat_fini(&c);
}
END_TEST

START_TEST(directives_are_read)
{
    struct script s = SCRIPT_DEFAULT;
    char err[200];
    size_t at;
    size_t len;
    struct str text = STR("before [sim status=429 text=\"two ] words\" gap_ms=7 flush "
                          "fail_first=3:500 usage=every tag=a/b] after");
    ck_assert(script_read_text(&s, text, &at, &len, err, sizeof(err)));
    ck_assert_uint_eq(at, 7);
    same_str(str_make(text.p + at + len, text.len - at - len), STR(" after"));
    ck_assert_uint_eq(s.status, 429);
    ck_assert_uint_eq(s.gap_ms, 7);
    ck_assert_uint_eq(s.flush, 1);
    ck_assert_uint_eq(s.fail_first, 3);
    ck_assert_uint_eq(s.fail_status, 500);
    ck_assert_uint_eq(s.usage, USAGE_EVERY);
    same_str(s.text, STR("two ] words"));
    same_str(s.tag, STR("a/b"));
    ck_assert(script_read_model(&s, STR("sim+ttfb_ms=5+gap_ms=9"), err, sizeof(err)));
    ck_assert_uint_eq(s.ttfb_ms, 5);
    ck_assert_uint_eq(s.gap_ms, 9);
    ck_assert(script_set(&s, STR("cut-chunk"), STR("4"), err, sizeof(err)));
    ck_assert_uint_eq(s.cut_chunk, 4);
}
END_TEST

/* A backslash keeps a quote or a backslash inside a quoted value; others stay. */
START_TEST(escapes_in_values)
{
    struct script s = SCRIPT_DEFAULT;
    struct buf spare;
    char err[200];
    size_t at;
    size_t len;
    struct str text = STR("[sim call=f args=\"{\\\"a\\\":\\\"b ] \\n \\\\\\\" c\\\"}\" call2=g "
                          "call3=h args3=\"{}\" text=\"a\\b\"] after");
    buf_init(&spare, 4096);
    s.spare = &spare;
    ck_assert(script_read_text(&s, text, &at, &len, err, sizeof(err)));
    same_str(s.args, STR("{\"a\":\"b ] \\n \\\" c\"}"));
    same_str(s.call, STR("f"));
    same_str(s.call2, STR("g"));
    same_str(s.call3, STR("h"));
    same_str(s.args3, STR("{}"));
    same_str(s.text, STR("a\\b"));
    ck_assert_uint_eq(at, 0);
    same_str(str_make(text.p + len, text.len - len), STR(" after"));
    buf_fini(&spare);
}
END_TEST

#define USER(text) "{\"role\":\"user\",\"content\":\"" text "\"}"
#define CALL(id)                                                                                   \
    "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"" id                                        \
    "\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}"
#define RESULT(text) "{\"role\":\"tool\",\"tool_call_id\":\"x\",\"content\":\"" text "\"}"
#define SAID         "{\"role\":\"assistant\",\"content\":\"done\"}"

static const struct {
    const char *messages, *directive, *result;
    uint32_t n_results;
} TURNS[] = {
    {USER("[sim a]"), "[sim a]", NULL, 0},
    {USER("[sim a]") "," USER("more"), "[sim a]", NULL, 0},
    {USER("[sim a]") "," USER("[sim b]"), "[sim b]", NULL, 0},
    {USER("[sim a]") "," SAID "," USER("hi"), NULL, NULL, 0},
    {USER("[sim a]") "," CALL("x") "," RESULT("r"), "[sim a]", "r", 1},
    {USER("[sim a]") "," CALL("x") "," RESULT("r") "," CALL("x") "," RESULT("s"), "[sim a]", "s",
     2},
    {USER("[sim a]") "," CALL("x") "," RESULT("r") "," USER("note"), "[sim a]", "r", 1},
    {USER("[sim a]") "," CALL("x") "," RESULT("r") "," USER("[sim b]"), "[sim b]", NULL, 0},
    {USER("[sim a]") "," CALL("x") "," RESULT("r") "," SAID "," USER("[sim b]"), "[sim b]", NULL,
     0},
    {USER("a") "," CALL("x") "," RESULT("r") "," USER("note"), NULL, NULL, 1},
    {USER("a") "," CALL("x") "," RESULT("[sim c]"), NULL, "[sim c]", 1},
};

/* Whose turn it is and which directive is in force. */
START_TEST(turns_are_told_apart)
{
    struct buf body;
    struct chat_request c;
    struct api_error e;
    buf_init(&body, 4096);
    buf_printf(&body, "{\"model\":\"m\",\"messages\":[%s]}", TURNS[_i].messages);
    chat_init(&c);
    if (!chat_scan(&c, buf_str(&body))) {
        ck_assert_msg(chat_parse(&c, buf_str(&body), &e), "%s", e.message);
    } else {
        ck_assert_ptr_null(TURNS[_i].directive); /* the scan knows of none */
    }
    same_str(chat_directive(&c), str_of(TURNS[_i].directive));
    same_str(c.tool_result, str_of(TURNS[_i].result));
    ck_assert_uint_eq(c.n_results, TURNS[_i].n_results);
    chat_fini(&c);
    buf_fini(&body);
}
END_TEST

START_TEST(seals_tell_what_was_changed)
{
    struct seal s = seal_make(SEAL_ANTHROPIC, STR("some text"));
    ck_assert_uint_eq(strlen(s.text), SEAL_LEN);
    ck_assert(seal_fits(SEAL_ANTHROPIC, str_of(s.text), STR("some text")));
    ck_assert(!seal_fits(SEAL_ANTHROPIC, str_of(s.text), STR("some texts")));
    ck_assert(!seal_fits(SEAL_GOOGLE, str_of(s.text), STR("some text")));
    ck_assert(seal_is_ours(SEAL_ANTHROPIC, str_of(s.text)));
    ck_assert(!seal_is_ours(SEAL_OPENAI, str_of(s.text)));
    for (size_t i = 0; i < SEAL_LEN; i++) {
        struct seal bad = s;
        bad.text[i] = bad.text[i] == 'A' ? 'B' : 'A';
        ck_assert(!seal_is_ours(SEAL_ANTHROPIC, str_of(bad.text)));
        ck_assert(!seal_fits(SEAL_ANTHROPIC, str_of(bad.text), STR("some text")));
    }
    ck_assert(!seal_is_ours(SEAL_ANTHROPIC, STR_NULL));
}
END_TEST

START_TEST(text_without_a_directive_asks_for_nothing)
{
    static const char *const TEXTS[] = {"", "sim status=429", "[simple status=429]", "[sim"};
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        struct script s = SCRIPT_DEFAULT;
        char err[200];
        size_t at;
        size_t len;
        ck_assert(script_read_text(&s, str_of(TEXTS[i]), &at, &len, err, sizeof(err)));
        ck_assert_uint_eq(len, 0);
        ck_assert_uint_eq(s.status, 0);
    }
}
END_TEST

static const struct {
    const char *text, *says;
} WRONG[] = {
    {"[sim statsu=429]", "statsu"},      {"[sim status=42]", "status"},
    {"[sim status=4x9]", "status"},      {"[sim usage=weird]", "usage"},
    {"[sim cut_chunk=-1]", "cut_chunk"}, {"[sim fail_first=2:200]", "fail_first"},
    {"[sim status=429", "bracket"},      {"[sim text=\"open]", "bracket"},
};

START_TEST(wrong_directives_are_refused_by_name)
{
    struct script s = SCRIPT_DEFAULT;
    char err[200] = "";
    size_t at;
    size_t len;
    ck_assert(!script_read_text(&s, str_of(WRONG[_i].text), &at, &len, err, sizeof(err)));
    ck_assert_msg(strstr(err, WRONG[_i].says), "%s", err);
}
END_TEST

static const struct {
    const char *schema, *value;
} SAMPLES[] = {
    {"{}", "\"simulated\""},
    {"{\"type\":\"object\"}", "{}"},
    {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":"
     "\"boolean\"}},\"required\":[\"b\"]}",
     "{\"b\":true}"},
    {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":5}}}",
     "{\"a\":5}"},
    {"{\"type\":\"string\",\"enum\":[\"x\",\"y\"]}", "\"x\""},
    {"{\"type\":[\"string\",\"null\"],\"maxLength\":3}", "\"sim\""},
    {"{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\"}]}", "null"},
    {"{\"$ref\":\"#/$defs/P\",\"$defs\":{\"P\":{\"type\":\"array\",\"minItems\":2,\"items\":"
     "{\"const\":7}}}}",
     "[7,7]"},
    {"{\"type\":\"number\",\"exclusiveMinimum\":1}", "2.0"},
    {"{\"type\":\"string\",\"format\":\"date\"}", "\"2026-01-31\""},
};

START_TEST(samples_satisfy_their_schema)
{
    json_t *schema = json_loads(SAMPLES[_i].schema, 0, NULL);
    ck_assert_ptr_nonnull(schema);
    json_t *value = schema_sample(schema);
    json_t *want = json_loads(SAMPLES[_i].value, JSON_DECODE_ANY, NULL);
    char text[256];
    size_t n = json_dumpb(value, text, sizeof(text) - 1, JSON_COMPACT | JSON_ENCODE_ANY);
    text[n] = 0;
    ck_assert_msg(json_equal(value, want), "%s gives %s", SAMPLES[_i].schema, text);
    json_decref(schema);
    json_decref(value);
    json_decref(want);
}
END_TEST

/* A schema that contains itself ends somewhere. */
START_TEST(endless_schemas_end)
{
    json_t *schema = json_loads("{\"type\":\"object\",\"required\":[\"n\"],\"properties\":"
                                "{\"n\":{\"$ref\":\"#\"}}}",
                                0, NULL);
    json_t *value = schema_sample(schema);
    ck_assert(json_is_object(value));
    json_decref(value);
    json_decref(schema);
    schema = json_loads("{\"$ref\":\"#\"}", 0, NULL);
    json_decref(schema_sample(schema));
    json_decref(schema);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("simulator chat");
    TCase *t = tcase_create("all");
    tcase_add_loop_test(t, scan_agrees_with_the_parser, 0, ARRAY_LEN(PLAIN));
    tcase_add_loop_test(t, scan_leaves_the_rest_alone, 0, ARRAY_LEN(NOT_PLAIN));
    tcase_add_loop_test(t, refusals_name_the_field, 0, ARRAY_LEN(REFUSED));
    tcase_add_test(t, directives_are_read);
    tcase_add_test(t, escapes_in_values);
    tcase_add_loop_test(t, turns_are_told_apart, 0, ARRAY_LEN(TURNS));
    tcase_add_test(t, seals_tell_what_was_changed);
    tcase_add_test(t, text_without_a_directive_asks_for_nothing);
    tcase_add_loop_test(t, wrong_directives_are_refused_by_name, 0, ARRAY_LEN(WRONG));
    tcase_add_loop_test(t, samples_satisfy_their_schema, 0, ARRAY_LEN(SAMPLES));
    tcase_add_test(t, endless_schemas_end);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
