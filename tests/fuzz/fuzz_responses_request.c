/* Responses requests: a refusal has words; an accepted body, edited, is accepted again and needs no
 * more edits; with items put before its input it is accepted again; translated to its own dialect
 * it is refused with words, or JSON that is accepted, and what is wrapped does not get through.
 */
#include "gateway/dialect/dialect.h"
#include "gateway/dialect/openai_responses_chain.h"
#include "gateway/dialect/signature.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_params.h"

#define MODEL STR("provider/m\"1\"")

static const struct dialect_target target = {
    .model = {"provider/m\"1\"", 13},
    .caps = CAP_REASONING | CAP_WEB_SEARCH,
    .max_output = -1,
    .max_temperature_milli = 1500,
};

static enum err scan(const struct dialect *d, struct str body, struct arena *a,
                     struct dialect_request *q)
{
    struct dialect_refusal why;
    enum err e = d->scan_request(body, &(struct dialect_call){0}, a, q, &why);
    ASSERT(e == why.err);
    ASSERT(e == E_OK || (why.text.len > 0 && str_is_utf8(why.text) && str_is_utf8(why.field)));
    return e;
}

static void check_edits(const struct dialect *d, struct str body, const struct dialect_request *q,
                        struct arena *a)
{
    struct dialect_edit edits[DIALECT_EDITS_MAX];
    struct dialect_request again;
    struct buf out;
    buf_init(&out, body.len + 4096);
    size_t n = d->edit_request(q, &target, a, edits);
    ASSERT(dialect_apply(body, edits, n, &out));
    ASSERT(scan(d, buf_str(&out), a, &again) == E_OK);
    ASSERT(str_eq(again.model, MODEL) && !again.keeps);
    ASSERT(again.stream == q->stream && again.has_tools == q->has_tools);
    ASSERT(d->edit_request(&again, &target, a, edits) == 0);
    buf_fini(&out);
}

static void check_chain(const struct dialect *d, struct str body, struct arena *a)
{
    struct dialect_request again;
    struct buf out, items;
    buf_init(&out, body.len * 2 + 4096);
    buf_init(&items, body.len + 4096);
    ASSERT(responses_items_of_request(body, &items));
    ASSERT(responses_expand(body, STR("{\"role\":\"user\",\"content\":\"x\"}"), &out));
    ASSERT(scan(d, buf_str(&out), a, &again) == E_OK);
    ASSERT(again.previous_response_id.len == 0 && again.chat->messages);
    struct str known = arena_str(a, buf_str(&items));
    buf_reset(&out);
    ASSERT(responses_resolve(body, known, &out));
    ASSERT(scan(d, buf_str(&out), a, &again) == E_OK);
    buf_fini(&items);
    buf_fini(&out);
}

static void check_translation(const struct dialect *d, struct str body,
                              const struct dialect_request *q, struct arena *a)
{
    struct dialect_refusal why;
    struct dialect_loss loss = {0};
    struct dialect_request again;
    struct ir_chat chat;
    struct buf out;
    buf_init(&out, body.len * 16 + 65536);
    if (d->parse_request(body, q, a, &chat, &why) != E_OK) {
        ASSERT(why.text.len > 0 && why.field.len > 0);
    } else if (d->emit_request(&chat, &target, a, &out, &loss) != E_OK) {
        ASSERT(loss.why.text.len > 0 && loss.why.field.len > 0);
    } else {
        ASSERT(!out.failed);
        ASSERT(scan(d, buf_str(&out), a, &again) == E_OK);
        ASSERT(str_eq(again.model, MODEL) && !again.keeps);
    }
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct dialect *d = dialect_find(STR("openai-responses"));
    struct str body = str_make((const char *)data, size);
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    if (scan(d, body, a, &q) == E_OK) {
        ASSERT(q.model.len >= 1 && q.model.len <= 256 && body.p[q.object_end] == '}');
        check_edits(d, body, &q, a);
        if (!q.foreign)
            fuzz_params(d, &(struct dialect_call){0}, body, &q, &target, a);
        check_chain(d, body, a);
        check_translation(d, body, &q, a);
    }
    arena_free(a);
    return 0;
}
