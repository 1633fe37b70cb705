/* Parameters that an offer does not take: what its list tells, and what becomes of a body that is
 * passed. */
#include "gateway/dialect/params.h"

#include "common/buf.h"
#include "tests/unit/unit.h"

#define Q(e)   (1u << QUIRK_BIT_##e)
#define BIT(e) (1u << PARAM_BIT_##e)
#define SAMPLING                                                                                   \
    (BIT(TEMPERATURE) | BIT(TOP_P) | BIT(TOP_K) | BIT(FREQUENCY_PENALTY) | BIT(PRESENCE_PENALTY))

static const struct {
    const char *words;
    uint32_t caps, lacks;
    int64_t stops;
} lists[] = {
    {"", CAP_TOOLS, 0, -1},
    {"stop:4", 0, 0, 4},
    {"stop:0", 0, BIT(STOP), 0},
    /* capabilities stand beside the list */
    {"max_tokens,effort", CAP_TOOLS | CAP_JSON_SCHEMA, SAMPLING, -1},
    {"reasoning_effort,response_format,stop:0", CAP_TOOLS, SAMPLING | BIT(STOP), 0},
    {"temperature,top_p,max_tokens", CAP_JSON_OUTPUT,
     BIT(FREQUENCY_PENALTY) | BIT(PRESENCE_PENALTY) | BIT(TOOLS), -1},
    {"temperature,top_p,frequency_penalty,presence_penalty,tools", 0, BIT(FORMAT), -1},
    /* a whole list */
    {"messages,model,temperature,top_p,frequency_penalty,presence_penalty,tools,response_format", 0,
     BIT(SEED) | BIT(LOGIT_BIAS) | BIT(LOGPROBS) | BIT(TOP_LOGPROBS) | BIT(STOP), -1},
    {"messages,temperature,top_p,frequency_penalty,presence_penalty,tools,response_format,seed,"
     "logit_bias,logprobs,top_logprobs,stop:2",
     0, 0, 2},
};

START_TEST(reads_lists)
{
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct str words = str_of(lists[i].words);
        ck_assert_msg(params_lacking(words, lists[i].caps) == lists[i].lacks, "%s: %x",
                      lists[i].words, params_lacking(words, lists[i].caps));
        ck_assert_int_eq(params_bound(words, "stop"), lists[i].stops);
    }
}
END_TEST

#define CHAT(members)                                                                              \
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]" members "}"
#define MESSAGES(members)                                                                            \
    "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]" members \
    "}"
#define CONVERSE(members)                                                                          \
    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"x\"}]}]" members "}"
#define CONTENTS(members) "{\"contents\":[{\"parts\":[{\"text\":\"x\"}]}]" members "}"
#define INPUT(members)    "{\"model\":\"m\",\"store\":false,\"input\":\"x\"" members "}"

static const struct body_case {
    const char *dialect, *body;
    uint32_t lacks, quirks, efforts;
    int64_t max_stops;
    const char *want;     /* NULL: refused */
    const char *stripped; /* separated by commas; refused: the field */
} bodies[] = {
    {"openai", CHAT(",\"temperature\":0.5,\"n\":1"), SAMPLING, .want = CHAT(",\"n\":1"),
     .stripped = "temperature"},
    {"openai", CHAT(",\"n\":1 , \"temperature\" : 0.5 "), SAMPLING, .want = CHAT(",\"n\":1  "),
     .stripped = "temperature"},
    /* the last ones, and all of them */
    {"openai", CHAT(",\"top_p\":1,\"seed\":2,\"top_k\":3"), SAMPLING | BIT(SEED), .want = CHAT(""),
     .stripped = "top_p,seed,top_k"},
    {"openai",
     "{\"top_p\":1,\"model\":\"m\",\"temperature\":1,\"messages\":[{\"role\":\"user\"}],\"top_k\":3}",
     SAMPLING, .want = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}",
     .stripped = "top_p,temperature,top_k"},
    {"openai", CHAT(",\"temp\\u0065rature\":0.5,\"seed\":1"), SAMPLING, .want = CHAT(",\"seed\":1"),
     .stripped = "temperature"},
    {"openai", CHAT(",\"temperature\":null"), SAMPLING, .want = CHAT(",\"temperature\":null"),
     .stripped = ""},
    {"openai", CHAT(",\"logit_bias\":{\"1\":{}},\"logprobs\":false,\"n\":1"),
     BIT(LOGIT_BIAS) | BIT(LOGPROBS), .want = CHAT(",\"n\":1"), .stripped = "logit_bias,logprobs"},
    {"openai", CHAT(",\"logprobs\":true"), BIT(LOGPROBS), .stripped = "logprobs"},
    {"openai", CHAT(",\"stop\":[\"a\",\"b\",\"c\"]"), .max_stops = 2, .stripped = "stop"},
    {"openai", CHAT(",\"stop\":[\"a\",\"b\"]"), .max_stops = 2,
     .want = CHAT(",\"stop\":[\"a\",\"b\"]"), .stripped = ""},
    {"openai", CHAT(",\"stop\":\"a\""), BIT(STOP), .stripped = "stop"},
    {"openai", CHAT(",\"stop\":[]"), BIT(STOP), .want = CHAT(",\"stop\":[]"), .stripped = ""},
    {"openai", CHAT(",\"tools\":[{}]"), BIT(TOOLS), .stripped = "tools"},
    {"openai", CHAT(",\"response_format\":{\"type\":\"json_schema\"}"), BIT(FORMAT),
     .stripped = "response_format"},
    /* a bounded value that falls away is not bounded as well (2000 thousandths in this test) */
    {"openai", CHAT(",\"temperature\":9,\"n\":1"), SAMPLING, .want = CHAT(",\"n\":1"),
     .stripped = "temperature"},
    {"openai", CHAT(",\"temperature\":9,\"n\":1"), 0, .want = CHAT(",\"temperature\":2,\"n\":1"),
     .stripped = ""},
    /* sampling of a model that reasons, only while it does */
    {"openai", CHAT(",\"top_p\":1,\"reasoning_effort\":\"low\""), 0, Q(COOL_REASONING),
     1u << IR_EFFORT_NONE, .want = CHAT(",\"reasoning_effort\":\"low\""), .stripped = "top_p"},
    {"openai", CHAT(",\"top_p\":1,\"reasoning_effort\":\"none\""), 0, Q(COOL_REASONING),
     1u << IR_EFFORT_NONE, .want = CHAT(",\"top_p\":1,\"reasoning_effort\":\"none\""),
     .stripped = ""},
    {"openai", CHAT(",\"top_p\":1"), 0, Q(COOL_REASONING), 1u << IR_EFFORT_LOW, .want = CHAT(""),
     .stripped = "top_p"},
    {"openai-responses", INPUT(",\"temperature\":1,\"reasoning\":{\"effort\":\"high\"}"), 0,
     Q(COOL_REASONING), 1u << IR_EFFORT_NONE, .want = INPUT(",\"reasoning\":{\"effort\":\"high\"}"),
     .stripped = "temperature"},
    {"openai-responses", INPUT(",\"top_p\":1"), SAMPLING, .want = INPUT(""), .stripped = "top_p"},
    {"openai-responses", INPUT(",\"text\":{\"format\":{\"type\":\"json_object\"}}"), BIT(FORMAT),
     .stripped = "text.format"},
    {"anthropic", MESSAGES(",\"top_k\":3,\"temperature\":1,\"top_p\":0.5"), SAMPLING,
     .want = MESSAGES(""), .stripped = "top_k,temperature,top_p"},
    {"anthropic",
     MESSAGES(",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{}}}"),
     BIT(FORMAT),
     .want = MESSAGES(",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{}}}"),
     .stripped = ""},
    {"anthropic", MESSAGES(",\"stop_sequences\":[\"a\"]"), BIT(STOP), .stripped = "stop_sequences"},
    {"google", CONTENTS(",\"generationConfig\":{\"temperature\":\"0.5\",\"topK\":3}"), SAMPLING,
     .want = CONTENTS(",\"generationConfig\":{}"),
     .stripped = "generationConfig.temperature,generationConfig.topK"},
    {"google", CONTENTS(",\"generationConfig\":{\"topP\":1,\"stopSequences\":[\"a\",\"b\"]}"), 0,
     .max_stops = 1, .stripped = "generationConfig.stopSequences"},
    {"bedrock", CONVERSE(",\"inferenceConfig\":{\"maxTokens\":5,\"topP\":1}"), SAMPLING,
     .want = CONVERSE(",\"inferenceConfig\":{\"maxTokens\":5}"),
     .stripped = "inferenceConfig.topP"},
    {"bedrock", CONVERSE(",\"additionalModelRequestFields\":{\"top_k\":5}"), SAMPLING,
     .want = CONVERSE(",\"additionalModelRequestFields\":{}"),
     .stripped = "additionalModelRequestFields.top_k"},
};

static void check_stripped(const struct body_case *t, const struct dialect_loss *loss)
{
    struct buf names;
    buf_init(&names, 1024);
    for (size_t i = 0; i < loss->n_stripped; i++) {
        buf_add_str(&names, i ? STR(",") : STR(""));
        buf_add_str(&names, loss->stripped[i]);
    }
    ck_assert_text(names.len ? buf_str(&names) : STR(""), t->stripped);
    buf_fini(&names);
}

static void check_body(const struct body_case *t)
{
    struct arena *a = arena_new(4096);
    const struct dialect *d = dialect_find(str_of(t->dialect));
    const struct dialect_call call = {.model = STR("m")};
    struct str body = arena_str(a, str_of(t->body)); /* right behind it another one may lie */
    struct dialect_target to = {.model = STR("m"),
                                .caps = CAP_REASONING,
                                .efforts = t->efforts,
                                .quirks = t->quirks,
                                .max_output = -1,
                                .max_temperature_milli = 2000,
                                .lacks = t->lacks,
                                .max_stops = t->max_stops};
    struct dialect_request q;
    struct dialect_refusal why;
    struct dialect_loss loss = {0};
    struct dialect_edit edits[DIALECT_EDITS_MAX];
    struct buf out;
    enum err err = d->scan_request(body, &call, a, &q, &why);
    ck_assert_msg(err == E_OK, "%s: " STR_FMT, t->body, STR_ARG(why.text));
    size_t n = d->edit_request(&q, &to, a, edits);
    err = params_fit_body(d, &q, body, &to, a, edits, &n, &loss);
    ck_assert_msg((err == E_OK) == (t->want != NULL), "%s: %d", t->body, err);
    if (!t->want) {
        ck_assert_text(loss.why.field, t->stripped);
    } else {
        buf_init(&out, 4096);
        ck_assert(dialect_apply(body, edits, n, &out));
        ck_assert_text(buf_str(&out), t->want);
        buf_fini(&out);
        check_stripped(t, &loss);
    }
    arena_free(a);
}

START_TEST(passes_what_is_taken)
{
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        check_body(&bodies[i]);
}
END_TEST

UNIT_MAIN("params", reads_lists, passes_what_is_taken)
