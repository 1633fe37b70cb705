/* The Responses dialect: requests read, edited and put together with what went before. */
#include <time.h>

#include "gateway/dialect/dialect.h"
#include "gateway/dialect/openai_responses_chain.h"
#include "gateway/dialect/openai_responses_priv.h"
#include "gateway/wire/json_scan.h"
#include "tests/unit/unit.h"

static const struct dialect *responses(void)
{
    return dialect_find(STR("openai-responses"));
}

static const struct dialect_call no_call;

/* {body, field that is refused or "", its error} */
static const struct {
    const char *body, *field;
    enum err err;
} refused[] = {
    {"[]", "", E_BAD_JSON},
    {"{\"model\":\"m\",\"input\":\"x\"", "", E_BAD_JSON},
    {"{\"model\":\"m\",\"input\":\"x\"}}", "", E_BAD_JSON},
    {"{\"input\":\"x\"}", "model", E_MISSING_FIELD},
    {"{\"model\":null,\"input\":\"x\"}", "model", E_MISSING_FIELD},
    {"{\"model\":\"\",\"input\":\"x\"}", "model", E_BAD_FIELD},
    {"{\"model\":\"m\"}", "input", E_MISSING_FIELD},
    {"{\"model\":\"m\",\"input\":null}", "input", E_MISSING_FIELD},
    {"{\"model\":\"m\",\"input\":7}", "input", E_BAD_FIELD},
    {"{\"model\":\"m\",\"input\":[\"x\"]}", "input[0]", E_BAD_FIELD},
    {"{\"model\":\"m\",\"input\":[{},7]}", "input[1]", E_BAD_FIELD},
    {"{\"model\":\"m\",\"input\":\"x\",\"model\":\"n\"}", "model", E_REPEATED_KEY},
    {"{\"model\":\"m\",\"input\":\"x\",\"a\":1,\"\\u0061\":2}", "a", E_REPEATED_KEY},
    {"{\"model\":\"m\",\"input\":\"x\",\"stream\":\"yes\"}", "stream", E_BAD_FIELD},
    {"{\"model\":\"m\",\"input\":\"x\",\"max_output_tokens\":0}", "max_output_tokens", E_BAD_FIELD},
    {"{\"model\":\"m\",\"input\":\"x\",\"max_output_tokens\":1.5}", "max_output_tokens",
     E_BAD_FIELD},
    {"{\"model\":\"m\",\"input\":\"x\",\"tools\":{}}", "tools", E_BAD_FIELD},
    {"{\"model\":\"m\",\"input\":\"x\",\"tools\":[1]}", "tools[0]", E_BAD_FIELD},
    {"{\"model\":\"m\",\"input\":\"x\",\"tool_choice\":1}", "tool_choice", E_BAD_FIELD},
    {"{\"model\":\"m\",\"input\":\"x\",\"background\":true}", "background", E_UNSUPPORTED},
    {"{\"model\":\"m\",\"input\":\"x\",\"metadata\":[]}", "metadata", E_BAD_FIELD},
    {"{\"model\":\"m\",\"input\":\"x\",\"instructions\":[]}", "instructions", E_BAD_FIELD},
    {"{\"model\":\"m\",\"input\":\"x\",\"include\":\"a\"}", "include", E_BAD_FIELD},
    {"{\"model\":\"m\",\"input\":\"x\",\"store\":\"no\"}", "store", E_BAD_FIELD},
};

START_TEST(refuses_and_names_the_field)
{
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct arena *a = arena_new(4096);
        struct dialect_request q;
        struct dialect_refusal why;
        enum err e = responses()->scan_request(str_of(refused[i].body), &no_call, a, &q, &why);
        ck_assert_msg(e == refused[i].err && e == why.err, "%s: %s", refused[i].body, err_name(e));
        ck_assert_text(why.field, refused[i].field);
        ck_assert(why.text.len > 0);
        arena_free(a);
    }
}
END_TEST

/* What cannot leave its provider is refused when it would have to be translated, not before. */
START_TEST(state_elsewhere_cannot_be_translated)
{
    static const struct {
        const char *body, *field;
    } cases[] = {
        {"{\"model\":\"m\",\"prompt\":{\"id\":\"p\"}}", "prompt"},
        {"{\"model\":\"m\",\"conversation\":\"c\"}", "conversation"},
        {"{\"model\":\"m\",\"previous_response_id\":\"r\"}", "previous_response_id"},
        {"{\"model\":\"m\",\"input\":\"x\",\"tool_choice\":{\"type\":\"file_search\"}}",
         "tool_choice"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *a = arena_new(4096);
        struct dialect_request q;
        struct dialect_refusal why;
        struct ir_chat chat;
        struct str body = str_of(cases[i].body);
        ck_assert_int_eq(responses()->scan_request(body, &no_call, a, &q, &why), E_OK);
        ck_assert_int_eq(responses()->parse_request(body, &q, a, &chat, &why), E_UNSUPPORTED);
        ck_assert_text(why.field, cases[i].field);
        arena_free(a);
    }
}
END_TEST

START_TEST(learns_the_facts)
{
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    struct dialect_refusal why;
    struct str body = STR(
        "{\"model\":\"\\u006d\",\"stream\":true,\"previous_response_id\":\"resp_1\",\"user\":\"u\","
        "\"safety_identifier\":\"s\",\"service_tier\":\"flex\",\"temperature\":0.5,\"store\":true,"
        "\"reasoning\":{\"effort\":\"none\"},\"tool_choice\":\"none\",\"input\":[{\"type\":"
        "\"function_call_output\",\"call_id\":\"c\",\"output\":[{\"type\":\"input_image\","
        "\"image_url\":\"data:image\\/png;base64,AA==\"}]}]}");
    ck_assert_int_eq(responses()->scan_request(body, &no_call, a, &q, &why), E_OK);
    ck_assert_text(q.model, "m");
    ck_assert_text(q.previous_response_id, "resp_1");
    ck_assert_text(q.end_user, "u");
    ck_assert_text(q.service_tier, "flex");
    ck_assert_text(q.temperature_raw, "0.5");
    ck_assert(q.stream && q.keeps && q.has_images && q.client_wants_usage);
    ck_assert(!q.wants_reasoning && !q.has_tools && !q.foreign);
    ck_assert_text(q.params, "{\"service_tier\":\"flex\",\"temperature\":0.5,\"store\":true,"
                             "\"reasoning\":{\"effort\":\"none\"},\"tool_choice\":\"none\"}");
    const struct ir_part *p = q.chat->messages->parts;
    ck_assert_int_eq(p->kind, IR_TOOL_RESULT);
    ck_assert_int_eq(p->children->kind, IR_IMAGE);
    ck_assert_text(p->children->media.type, "image/png");
    ck_assert_text(p->children->media.data, "AA==");
    arena_free(a);
}
END_TEST

START_TEST(one_turn_of_the_model_is_one_message)
{
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    struct dialect_refusal why;
    struct str body = STR(
        "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":\"a\"},"
        "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[{\"type\":\"summary_text\",\"text\":"
        "\"b\"},{\"type\":\"summary_text\",\"text\":\"c\"}],\"encrypted_content\":\"E\"},"
        "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
        "\"text\":\"d\"}]},{\"type\":\"function_call\",\"call_id\":\"1\",\"name\":\"f\","
        "\"arguments\":\"{\\\"x\\\":1}\"},{\"type\":\"web_search_call\",\"id\":\"w\"},"
        "{\"type\":\"function_call_output\",\"call_id\":\"1\",\"output\":\"r\"},"
        "{\"type\":\"computer_call_output\",\"call_id\":\"2\"},"
        "{\"role\":\"developer\",\"content\":\"e\"}],\"instructions\":\"i\"}");
    ck_assert_int_eq(responses()->scan_request(body, &no_call, a, &q, &why), E_OK);
    static const enum ir_role roles[] = {IR_SYSTEM, IR_USER, IR_ASSISTANT, IR_USER, IR_DEVELOPER};
    static const enum ir_kind turn[] = {IR_THINKING, IR_TEXT, IR_TOOL_CALL, IR_OTHER};
    const struct ir_message *m = q.chat->messages;
    for (size_t i = 0; i < ARRAY_LEN(roles); i++, m = m->next)
        ck_assert(m && m->role == roles[i]);
    ck_assert_ptr_null(m);
    const struct ir_part *p = q.chat->messages->next->next->parts;
    ck_assert_text(p->text, "b\\n\\nc");
    ck_assert_text(p->signature.data, "E");
    ck_assert_text(p->signature.id, "rs_1");
    ck_assert_int_eq(p->signature.origin, IR_ORIGIN_OPENAI);
    for (size_t i = 0; i < ARRAY_LEN(turn); i++, p = p->next)
        ck_assert(p && p->kind == turn[i]);
    ck_assert_ptr_null(p);
    arena_free(a);
}
END_TEST

/* {body, caps, what the provider gets} */
static const struct {
    const char *body;
    uint32_t caps;
    const char *want;
} edits[] = {
    {"{\"model\":\"m\",\"input\":\"x\"}", 0, "{\"model\":\"p\",\"input\":\"x\",\"store\":false}"},
    {"{\"store\":true,\"model\":\"m\",\"input\":\"x\"}", 0,
     "{\"store\":false,\"model\":\"p\",\"input\":\"x\"}"},
    {"{\"store\":false,\"model\":\"m\",\"input\":\"x\"}", CAP_REASONING,
     "{\"store\":false,\"model\":\"p\",\"input\":\"x\"}"},
    {"{\"model\":\"p\",\"input\":\"x\",\"temperature\":1.7}", 0,
     "{\"model\":\"p\",\"input\":\"x\",\"temperature\":1.5,\"store\":false}"},
    {"{\"model\":\"m\",\"input\":\"x\"}", CAP_REASONING,
     "{\"model\":\"p\",\"input\":\"x\",\"store\":false,\"include\":[\"reasoning.encrypted_content\"]"
     "}"},
    {"{\"include\":[],\"model\":\"m\",\"input\":\"x\"}", CAP_REASONING,
     "{\"include\":[\"reasoning.encrypted_content\"],\"model\":\"p\",\"input\":\"x\",\"store\":"
     "false}"},
    {"{\"include\":[ \"a\" ],\"model\":\"m\",\"input\":\"x\"}", CAP_REASONING,
     "{\"include\":[ \"a\" ,\"reasoning.encrypted_content\"],\"model\":\"p\",\"input\":\"x\","
     "\"store\":false}"},
    {"{\"include\":null,\"model\":\"m\",\"input\":\"x\"}", CAP_REASONING,
     "{\"include\":[\"reasoning.encrypted_content\"],\"model\":\"p\",\"input\":\"x\",\"store\":"
     "false}"},
    {"{\"include\":[\"reasoning.encrypted_content\"],\"model\":\"m\",\"input\":\"x\"}",
     CAP_REASONING,
     "{\"include\":[\"reasoning.encrypted_content\"],\"model\":\"p\",\"input\":\"x\",\"store\":"
     "false}"},
};

START_TEST(edits_what_must_change_and_no_more)
{
    for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
        struct arena *a = arena_new(4096);
        struct dialect_request q;
        struct dialect_refusal why;
        struct dialect_edit e[DIALECT_EDITS_MAX];
        struct buf out;
        const struct dialect_target to = {
            .model = STR("p"), .caps = edits[i].caps, .max_temperature_milli = 1500};
        struct str body = str_of(edits[i].body);
        ck_assert_int_eq(responses()->scan_request(body, &no_call, a, &q, &why), E_OK);
        size_t n = responses()->edit_request(&q, &to, a, e);
        buf_init(&out, 4096);
        ck_assert(dialect_apply(body, e, n, &out));
        ck_assert_text(buf_str(&out), edits[i].want);
        buf_fini(&out);
        arena_free(a);
    }
}
END_TEST

/* {body, items before, body that goes on} */
static const struct {
    const char *body, *before, *want;
} chains[] = {
    {"{\"model\":\"m\",\"previous_response_id\":\"r\",\"input\":\"\\u00e9\"}",
     "{\"a\": 1},{\"b\":2}",
     "{\"model\":\"m\",\"input\":[{\"a\": 1},{\"b\":2},{\"type\":\"message\",\"role\":\"user\","
     "\"content\":\"\\u00e9\"}]}"},
    {"{\"previous_response_id\":\"r\", \"input\" : [ {\"c\":3} , {\"d\":4} ],\"model\":\"m\"}",
     "{\"a\":1}", "{\"input\" : [{\"a\":1},{\"c\":3} , {\"d\":4}],\"model\":\"m\"}"},
    {"{\"input\":[],\"model\":\"m\" , \"previous_response_id\":\"r\"}", "{\"a\":1}",
     "{\"input\":[{\"a\":1}],\"model\":\"m\"}"},
    {"{\"model\":\"m\",\"previous_response_id\":\"r\"}", "{\"a\":1}",
     "{\"model\":\"m\",\"input\":[{\"a\":1}]}"},
    {"{\"previous_response_id\":\"r\",\"model\":\"m\"}", "{\"a\":1}",
     "{\"model\":\"m\",\"input\":[{\"a\":1}]}"},
    {"{\"previous_response_id\":\"r\"}", "{\"a\":1}", "{\"input\":[{\"a\":1}]}"},
    {"{\"model\":\"m\",\"input\":null,\"previous_response_id\":\"r\"}", "",
     "{\"model\":\"m\",\"input\":[]}"},
    {"{\"model\":\"m\",\"input\":\"x\",\"previous_response_id\":null}", "",
     "{\"model\":\"m\",\"input\":[{\"type\":\"message\",\"role\":\"user\",\"content\":\"x\"}]}"},
    {"{\"model\":\"m\",\"input\":[{\"c\":3}],\"nested\":{\"previous_response_id\":1}}", "{\"a\":1}",
     "{\"model\":\"m\",\"input\":[{\"a\":1},{\"c\":3}],\"nested\":{\"previous_response_id\":1}}"},
};

START_TEST(earlier_items_come_before_the_input)
{
    for (size_t i = 0; i < ARRAY_LEN(chains); i++) {
        struct buf out;
        buf_init(&out, 4096);
        ck_assert(responses_expand(str_of(chains[i].body), str_of(chains[i].before), &out));
        ck_assert_text(buf_str(&out), chains[i].want);
        buf_fini(&out);
    }
    struct buf small;
    buf_init(&small, 20);
    ck_assert(!responses_expand(str_of(chains[0].body), STR("{\"a\":1}"), &small));
    buf_fini(&small);
    buf_init(&small, 100);
    ck_assert(!responses_expand(STR("{\"a\":"), STR(""), &small));
    ck_assert(!responses_expand(STR("[]"), STR(""), &small));
    buf_fini(&small);
}
END_TEST

START_TEST(items_are_kept_byte_for_byte)
{
    struct buf out;
    buf_init(&out, 4096);
    ck_assert(responses_items_of_request(STR("{\"input\":[ {\"a\": \"\\ud83d\"} ]}"), &out));
    ck_assert(responses_items_of_request(STR("{\"input\":\"x\"}"), &out));
    ck_assert(responses_items_of_request(STR("{\"model\":\"m\"}"), &out));
    ck_assert(responses_items_of_answer(
        STR("{\"id\":\"r\",\"output\":[{\"type\":\"reasoning\",\"summary\":[]},{\"type\": "
            "\"reasoning\",\"encrypted_content\":\"E\"},{\"type\":\"message\", \"id\":\"m\"}]}"),
        &out));
    ck_assert(responses_items_of_answer(
        STR("{\"type\":\"response.completed\",\"response\":{\"output\":[{\"b\":2}]}}"), &out));
    ck_assert(responses_items_of_answer(STR("{\"output\":[]}"), &out));
    ck_assert_text(buf_str(&out),
                   "{\"a\": \"\\ud83d\"},{\"type\":\"message\",\"role\":\"user\",\"content\":\"x\"}"
                   ",{\"type\": \"reasoning\",\"encrypted_content\":\"E\"},{\"type\":\"message\", "
                   "\"id\":\"m\"},{\"b\":2}");
    ck_assert(!responses_items_of_answer(STR("{\"output\":[{]}"), &out));
    buf_fini(&out);
}
END_TEST

START_TEST(references_get_their_items)
{
    struct str body = STR("{\"model\":\"m\",\"input\":[ {\"type\":\"item_reference\",\"id\":\"a\"},"
                          "{\"id\":\"b\"} ,{\"id\":\"c\",\"type\":\"item_reference\"},{\"type\":"
                          "\"item_reference\"}],\"x\":1}");
    struct str ids[2];
    struct uuid of;
    struct buf out;
    ck_assert_uint_eq(responses_references(body, ids, 1), 2);
    ck_assert_uint_eq(responses_references(body, ids, 2), 2);
    ck_assert_text(ids[1], "c");
    ck_assert_uint_eq(responses_references(STR("{\"input\":\"x\"}"), ids, 2), 0);
    buf_init(&out, 4096);
    ck_assert(responses_resolve(body, STR("{\"id\":\"z\"},{ \"id\":\"c\", \"t\":1 }"), &out));
    ck_assert_text(buf_str(&out),
                   "{\"model\":\"m\",\"input\":[ {\"type\":\"item_reference\",\"id\":"
                   "\"a\"},{\"id\":\"b\"} ,{ \"id\":\"c\", \"t\":1 },{\"type\":"
                   "\"item_reference\"}],\"x\":1}");
    buf_reset(&out);
    ck_assert(responses_resolve(STR("{\"input\":\"x\"}"), STR(""), &out));
    ck_assert_text(buf_str(&out), "{\"input\":\"x\"}");
    ck_assert(!responses_resolve(STR("{\"input\":[{]}"), STR(""), &out));
    buf_fini(&out);
    ck_assert(responses_answer_of(STR("msg_0102030405060708090a0b0c0d0e0fff_12"), &of));
    ck_assert_int_eq(of.b[0], 1);
    ck_assert_int_eq(of.b[15], 255);
    ck_assert(!responses_answer_of(STR("msg_0102030405060708090a0b0c0d0e0fff"), &of));
    ck_assert(!responses_answer_of(STR("msg_0102030405060708090a0b0c0d0e0fxx_1"), &of));
    ck_assert(!responses_answer_of(STR("rs_68aa"), &of));
}
END_TEST

/* Each name is looked up, not searched for in all that is known. */
START_TEST(many_references_take_no_time)
{
    enum { MANY = 20000 };
    struct buf body, known, out;
    buf_init(&body, 4 << 20);
    buf_init(&known, 4 << 20);
    buf_init(&out, 8 << 20);
    buf_add_lit(&body, "{\"input\":[");
    for (int i = 0; i < MANY; i++) {
        ck_assert(
            buf_printf(&body, "%s{\"type\":\"item_reference\",\"id\":\"i%d\"}", i ? "," : "", i));
        ck_assert(buf_printf(&known, "%s{\"id\":\"i%d\",\"n\":%d},{\"id\":\"i%d\"}", i ? "," : "",
                             MANY - i, i, MANY - i));
    }
    buf_add_lit(&body, "]}");
    clock_t begun = clock();
    ck_assert(responses_resolve(buf_str(&body), buf_str(&known), &out));
    ck_assert_int_lt(clock() - begun, 3 * CLOCKS_PER_SEC);
    /* the first of an id; i0 is not there */
    ck_assert(
        str_starts(buf_str(&out), STR("{\"input\":[{\"type\":\"item_reference\",\"id\":\"i0\"},"
                                      "{\"id\":\"i1\",\"n\":19999},{\"id\":\"i2\",\"n\":19998},")));
    buf_fini(&body);
    buf_fini(&known);
    buf_fini(&out);
}
END_TEST

/* The answer repeats what it was asked with; words may be written in escapes. */
START_TEST(odd_spellings_mean_the_same)
{
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    struct dialect_refusal why;
    struct str body = STR(
        "{\"model\":\"m\",\"input\":\"x\",\"tools\":null,\"tool_choice\":\"n\\u006fne\"}");
    ck_assert_int_eq(responses()->scan_request(body, &no_call, a, &q, &why), E_OK);
    const struct responses_request *of = (const struct responses_request *)(const void *)q.chat;
    ck_assert_ptr_null(of->tools.p);
    ck_assert(!q.has_tools);
    ck_assert_int_eq(q.chat->choice, IR_CHOICE_NONE);
    arena_free(a);
}
END_TEST

/* A call without an id is answered by a result without one. */
START_TEST(ids_may_be_missing)
{
    static const struct dialect_target to = {
        .model = {"m", 1}, .max_output = -1, .max_temperature_milli = -1};
    static const char *const providers[] = {"openai", "anthropic", "google", "bedrock"};
    struct str body = STR(
        "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":\"x\"},{\"type\":"
        "\"function_call\",\"name\":\"f\"},{\"type\":\"function_call_output\","
        "\"output\":\"r\"}]}");
    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
        struct arena *a = arena_new(4096);
        struct dialect_request q;
        struct dialect_refusal why;
        struct dialect_loss loss = {0};
        struct ir_chat chat;
        struct buf out;
        buf_init(&out, 4096);
        ck_assert_int_eq(responses()->scan_request(body, &no_call, a, &q, &why), E_OK);
        ck_assert_int_eq(responses()->parse_request(body, &q, a, &chat, &why), E_OK);
        ck_assert_int_eq(
            dialect_emit(dialect_find(str_of(providers[i])), &chat, &to, a, &out, &loss), E_OK);
        ck_assert_int_ge(str_find_str(buf_str(&out), STR("\"r\"")), 0);
        buf_fini(&out);
        arena_free(a);
    }
}
END_TEST

UNIT_MAIN("responses_request", refuses_and_names_the_field, state_elsewhere_cannot_be_translated,
          learns_the_facts, one_turn_of_the_model_is_one_message,
          edits_what_must_change_and_no_more, earlier_items_come_before_the_input,
          items_are_kept_byte_for_byte, references_get_their_items, many_references_take_no_time,
          ids_may_be_missing, odd_spellings_mean_the_same)
