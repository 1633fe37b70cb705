/* Chat requests through the internal form: what scanning accepts is refused with words, or written
 * as JSON that is accepted again, for a client of this dialect and for one of another, with every
 * quirk. Legacy completions likewise. Input: a byte of quirks, then the body.
 */
#include "gateway/dialect/dialect.h"
#include "gateway/dialect/refuse.h"
#include "tests/fuzz/fuzz.h"

static const struct ir_words foreign_words = {
    .messages = "contents", .parts = "parts", .tools = "tools"};

static void check_emitted(const struct ir_chat *c, uint32_t quirks, size_t size, struct arena *a)
{
    const struct dialect *d = dialect_find(STR("openai"));
    const struct dialect_target to = {.model = STR("m\"1\""),
                                      .stream = c->stream,
                                      .efforts = quirks & 1 ? 1u << IR_EFFORT_LOW : 0,
                                      .quirks = quirks,
                                      .max_output = 4096,
                                      .max_temperature_milli = 1000};
    struct dialect_request again;
    struct dialect_refusal why;
    struct dialect_loss loss = {0};
    struct buf out;
    buf_init(&out, size * 8 + 65536);
    enum err e = d->emit_request(c, &to, a, &out, &loss);
    if (e != E_OK) {
        ASSERT(e == E_UNSUPPORTED && loss.why.text.len > 0 && loss.why.field.len > 0);
    } else {
        ASSERT(!out.failed);
        e = d->scan_request(buf_str(&out), &(struct dialect_call){0}, a, &again, &why);
        ASSERT(e == E_OK);
        ASSERT(again.stream == c->stream && str_eq(again.model, to.model));
    }
    buf_fini(&out);
}

static void run(const char *name, struct str body, uint32_t quirks)
{
    const struct dialect *d = dialect_find(str_of(name));
    struct arena *a = arena_new(65536);
    struct dialect_request scan;
    struct dialect_refusal why = {0};
    struct ir_chat c;
    if (d->scan_request(body, &(struct dialect_call){0}, a, &scan, &why) == E_OK) {
        enum err e = d->parse_request(body, &scan, a, &c, &why);
        ASSERT(e == why.err);
        if (e != E_OK) {
            ASSERT(why.text.len > 0 && str_is_utf8(why.text) && str_is_utf8(why.field));
        } else {
            check_emitted(&c, quirks, body.len, a);
            c.words = &foreign_words;
            check_emitted(&c, quirks, body.len, a);
        }
    } else {
        ASSERT(why.text.len > 0);
    }
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct str body = str_make((const char *)data + 1, size - 1);
    run("openai", body, data[0]);
    run("openai-completions", body, data[0]);
    return 0;
}
