/* Converse requests: a refusal has words; an accepted body, edited, is accepted again and needs no
 * more edits; translated to its own dialect, for each family of models, it is refused with words,
 * or JSON that is accepted again, whose turns alternate and hold results first and no empty text.
 * The first byte chooses the family and what is known of the offer.
 */
#include "gateway/dialect/dialect.h"
#include "gateway/wire/json_scan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_params.h"

enum { DEPTH_CHECKED = 48 }; /* results that are JSON may be written in other places */

static const struct dialect_call call = {.model = {"m", 1}, .query = {"", 0}};

static enum err scan(const struct dialect *d, struct str body, struct arena *a,
                     struct dialect_request *q)
{
    struct dialect_refusal why = {.err = E_OK};
    enum err e = d->scan_request(body, &call, a, q, &why);
    ASSERT(e == why.err);
    ASSERT(e == E_OK || (why.text.len > 0 && str_is_utf8(why.text) && str_is_utf8(why.field)));
    return e;
}

static struct dialect_target target_of(uint8_t bits)
{
    static const char *const models[] = {
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-opus-4-6-v1",
        "amazon.nova-2-lite-v1:0", "openai.gpt-oss-120b-1:0", "meta.llama3-1-8b-instruct-v1:0"};
    return (struct dialect_target){
        .model = str_of(models[(bits & 7) % ARRAY_LEN(models)]),
        .caps = bits & 8 ? CAP_REASONING | CAP_WEB_SEARCH : 0,
        .efforts = bits & 16 ? 1u << IR_EFFORT_LOW | 1u << IR_EFFORT_HIGH : 0,
        .max_output = bits & 32 ? 5000 : -1,
        .max_temperature_milli = bits & 64 ? 1000 : -1,
    };
}

static void check_edits(const struct dialect *d, struct str body, const struct dialect_request *q,
                        const struct dialect_target *to, struct arena *a)
{
    struct dialect_edit edits[DIALECT_EDITS_MAX];
    struct dialect_request again;
    struct buf out;
    buf_init(&out, body.len + 4096);
    size_t n = d->edit_request(q, to, a, edits);
    ASSERT(dialect_apply(body, edits, n, &out));
    ASSERT(scan(d, buf_str(&out), a, &again) == E_OK);
    ASSERT(again.has_tools == q->has_tools && again.max_output == q->max_output);
    ASSERT(d->edit_request(&again, to, a, edits) == 0);
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

static void check_turns(const struct ir_chat *c)
{
    const struct ir_message *before = NULL;
    for (const struct ir_message *m = c->messages; m; m = m->next) {
        bool others = false;
        if (m->role == IR_SYSTEM)
            continue;
        ASSERT(!before || before->role != m->role);
        ASSERT(m->parts);
        before = m;
        for (const struct ir_part *p = m->parts; p; p = p->next) {
            ASSERT(p->kind != IR_TOOL_RESULT || !others);
            others |= p->kind != IR_TOOL_RESULT;
            ASSERT(p->kind != IR_TEXT || p->text.len > 0);
            ASSERT(p->kind != IR_THINKING || p->signature.data.len > 0);
        }
    }
}

static void check_translation(const struct dialect *d, struct str body,
                              const struct dialect_request *q, const struct dialect_target *to,
                              struct arena *a)
{
    struct dialect_refusal why;
    struct dialect_loss loss = {0};
    struct dialect_request again;
    struct ir_chat chat;
    struct buf out;
    buf_init(&out, body.len * 16 + 65536);
    ASSERT(d->parse_request(body, q, a, &chat, &why) == E_OK);
    if (d->emit_request(&chat, to, a, &out, &loss) != E_OK) {
        ASSERT(loss.why.text.len > 0 && loss.why.field.len > 0);
    } else if (depth_of(body) < DEPTH_CHECKED) {
        ASSERT(!out.failed);
        ASSERT(scan(d, buf_str(&out), a, &again) == E_OK);
        check_turns(again.chat);
    }
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct dialect *d = dialect_find(STR("bedrock"));
    if (size < 1)
        return 0;
    struct str body = str_make((const char *)data + 1, size - 1);
    struct arena *a = arena_new(4096);
    const struct dialect_target to = target_of(data[0]);
    struct dialect_request q;
    if (scan(d, body, a, &q) == E_OK) {
        ASSERT(q.n == 1 && body.p[q.object_end] == '}' && q.chat && q.model.len > 0);
        check_edits(d, body, &q, &to, a);
        if (!q.foreign)
            fuzz_params(d, &call, body, &q, &to, a);
        check_translation(d, body, &q, &to, a);
    }
    arena_free(a);
    return 0;
}
