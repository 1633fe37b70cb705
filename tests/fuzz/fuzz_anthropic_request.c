/* Messages requests: a refusal has words; an accepted body, edited, is accepted again and needs no
 * more edits; translated to its own dialect it is refused with words, or JSON that is accepted
 * again, in which nothing wrapped stands where a signature belongs.
 */
#include "gateway/dialect/dialect.h"
#include "gateway/wire/json_scan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_params.h"

enum { DEPTH_CHECKED = 48 }; /* texts that were strings become blocks in lists */

static const struct dialect_target target = {
    .model = {"claude-m-4-5", 12},
    .caps = CAP_REASONING | CAP_WEB_SEARCH,
    .max_output = 5000,
    .max_temperature_milli = 1000,
};

static enum err scan(const struct dialect *d, struct str body, struct arena *a,
                     struct dialect_request *q)
{
    static const struct dialect_call call = {.model = {"", 0}, .query = {"", 0}};
    struct dialect_refusal why = {.err = E_OK};
    enum err e = d->scan_request(body, &call, a, q, &why);
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
    ASSERT(again.has_tools == q->has_tools && again.max_output == q->max_output);
    ASSERT(str_eq(again.model, target.model));
    ASSERT(d->edit_request(&again, &target, a, edits) == 0);
    buf_fini(&out);
}

static unsigned depth_of(struct str body)
{
    struct json_scan s;
    unsigned depth = 0;
    json_scan_init(&s, body, false);
    while (json_scan_next(&s) > JSON_END)
        depth = s.depth > depth ? s.depth : depth;
    return depth;
}

static void check_signatures(const struct ir_chat *c)
{
    for (const struct ir_message *m = c->messages; m; m = m->next)
        for (const struct ir_part *p = m->parts; p; p = p->next)
            ASSERT(p->kind != IR_THINKING ||
                   (p->signature.origin == IR_ORIGIN_ANTHROPIC && p->signature.data.len > 0));
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
    ASSERT(d->parse_request(body, q, a, &chat, &why) == E_OK);
    if (d->emit_request(&chat, &target, a, &out, &loss) != E_OK) {
        ASSERT(loss.why.text.len > 0 && loss.why.field.len > 0);
    } else if (depth_of(body) < DEPTH_CHECKED) {
        ASSERT(!out.failed);
        enum err e = scan(d, buf_str(&out), a, &again);
        ASSERT(e == E_OK || e == E_BAD_FIELD); /* no message may be left: all of them were empty */
        if (e == E_OK)
            check_signatures(again.chat);
    }
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct dialect *d = dialect_find(STR("anthropic"));
    struct str body = str_make((const char *)data, size);
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    if (scan(d, body, a, &q) == E_OK) {
        ASSERT(q.n == 1 && body.p[q.object_end] == '}' && q.chat && q.model.len > 0);
        check_edits(d, body, &q, a);
        if (!q.foreign)
            fuzz_params(d, &(struct dialect_call){0}, body, &q, &target, a);
        check_translation(d, body, &q, a);
    }
    arena_free(a);
    return 0;
}
