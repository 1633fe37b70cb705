/* Requests of every client's dialect for every provider's, the whole way of a translation: what
 * scanning and parsing accept is refused with words, or written as one JSON object. Input: a byte
 * of the provider's peculiarities, then the body, which is given to all clients' dialects.
 */
#include "gateway/dialect/dialect.h"
#include "gateway/wire/json_scan.h"
#include "tests/fuzz/fuzz.h"

static const char *const clients[] = {
    "openai", "openai-completions", "openai-responses", "anthropic", "google", "bedrock"};
static const struct {
    const char *dialect, *model;
} providers[] = {
    {"openai", "gpt"},
    {"openai-responses", "gpt"},
    {"anthropic", "claude-sonnet-4-5"},
    {"anthropic", "claude-opus-4-7"},
    {"google", "gemini"},
    {"bedrock", "anthropic.claude-sonnet-4-5"},
    {"bedrock", "amazon.nova-2"},
    {"bedrock", "openai.gpt-oss"},
};

static bool is_object(struct str text)
{
    struct json_scan s;
    json_scan_init(&s, text, true);
    return json_scan_next(&s) == JSON_OBJECT_BEGIN && json_scan_value(&s, s.token).p &&
           json_scan_next(&s) == JSON_END;
}

static void check_provider(const struct ir_chat *c, size_t i, uint8_t bits, size_t size,
                           struct arena *a)
{
    const struct dialect_target to = {
        .model = str_of(providers[i].model),
        .stream = c->stream,
        .caps = bits & 1 ? CAP_STREAMING | CAP_TOOLS | CAP_WEB_SEARCH : 0,
        .efforts = bits & 2 ? 1u << IR_EFFORT_LOW | 1u << IR_EFFORT_HIGH : 0,
        .max_output = bits & 4 ? 5000 : -1,
        .quirks = bits & 8 ? UINT32_MAX : 0,
        .max_temperature_milli = bits & 16 ? 1000 : -1,
        .lacks = bits & 32 ? (1u << PARAM_COUNT) - 1 : 0,
    };
    struct dialect_loss loss = {0};
    struct buf out;
    buf_init(&out, size * 64 + 65536);
    enum err e = dialect_emit(dialect_find(str_of(providers[i].dialect)), c, &to, a, &out, &loss);
    if (e == E_OK)
        ASSERT(!out.failed && is_object(buf_str(&out)));
    else
        ASSERT(e == loss.why.err && loss.why.text.len > 0 && str_is_utf8(loss.why.text));
    buf_fini(&out);
}

static void check_client(const char *name, struct str body, uint8_t bits)
{
    const struct dialect *d = dialect_find(str_of(name));
    bool in_path = !d->routes[0].path || str_find(str_of(d->routes[0].path), '{') >= 0;
    const struct dialect_call call = {.model = in_path ? STR("m") : STR(""), .query = STR("")};
    struct arena *a = arena_new(65536);
    struct dialect_request q;
    struct dialect_refusal why = {.err = E_OK};
    struct ir_chat c;
    if (d->scan_request(body, &call, a, &q, &why) == E_OK &&
        d->parse_request(body, &q, a, &c, &why) == E_OK)
        for (size_t i = 0; i < ARRAY_LEN(providers); i++)
            check_provider(&c, i, bits, body.len, a);
    else
        ASSERT(why.text.len > 0);
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct str body = str_make((const char *)data + 1, size - 1);
    for (size_t i = 0; i < ARRAY_LEN(clients); i++)
        check_client(clients[i], body, data[0]);
    return 0;
}
