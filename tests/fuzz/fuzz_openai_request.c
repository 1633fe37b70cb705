/* Chat requests: a refusal has words; an accepted body, edited, is accepted again, has the
 * provider's model, asks for usage in streams, needs no more edits, and is unchanged outside the
 * edits.
 */
#include "gateway/dialect/dialect.h"
#include "gateway/wire/json_scan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_params.h"

#define MODEL STR("provider/m\"1\"")

static const struct dialect_target target = {
    .model = {"provider/m\"1\"", 13},
    .max_temperature_milli = -1,
};

static void check_params(struct str params)
{
    struct json_scan s;
    json_scan_init(&s, params, true);
    while (json_scan_next(&s) > JSON_END)
        continue;
    ASSERT(s.token == JSON_END);
}

static void check_edited(const struct dialect *d, const struct dialect_request *was,
                         struct str body, struct arena *a)
{
    struct dialect_request q;
    struct dialect_refusal why;
    struct dialect_edit edits[DIALECT_EDITS_MAX];
    ASSERT(d->scan_request(body, &(struct dialect_call){0}, a, &q, &why) == E_OK);
    ASSERT(str_eq(q.model, MODEL));
    ASSERT(q.stream == was->stream && (!q.stream || q.client_wants_usage));
    ASSERT(q.n == was->n && q.max_output == was->max_output && q.has_tools == was->has_tools);
    ASSERT(str_eq(q.metadata, was->metadata) && str_eq(q.params, was->params));
    ASSERT(str_eq(q.end_user, was->end_user) && str_eq(q.service_tier, was->service_tier));
    ASSERT(d->edit_request(&q, &target, a, edits) == 0);
}

/* In pieces it is the same text. */
static void check_pieces(struct str body, const struct dialect_edit *edits, size_t n,
                         struct str applied)
{
    struct str pieces[2 * DIALECT_EDITS_MAX + 1];
    size_t n_pieces = dialect_cut(body, edits, n, pieces), at = 0;
    for (size_t i = 0; i < n_pieces; i++) {
        ASSERT(pieces[i].len > 0 && pieces[i].len <= applied.len - at);
        ASSERT(memcmp(applied.p + at, pieces[i].p, pieces[i].len) == 0);
        at += pieces[i].len;
    }
    ASSERT(at == applied.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct dialect *d = dialect_find(STR("openai"));
    struct str body = str_make((const char *)data, size);
    struct arena *a = arena_new(4096);
    struct dialect_request q;
    struct dialect_refusal why;
    struct dialect_edit edits[DIALECT_EDITS_MAX];
    enum err e = d->scan_request(body, &(struct dialect_call){0}, a, &q, &why);
    ASSERT(e == why.err);
    if (e != E_OK) {
        ASSERT(why.text.len > 0 && str_is_utf8(why.text) && str_is_utf8(why.field));
        arena_free(a);
        return 0;
    }
    ASSERT(q.model.len >= 1 && q.model.len <= 256 && q.n >= 1 && q.n <= 128);
    ASSERT(body.p[q.object_end] == '}' && body.p[q.model_begin] == '"');
    check_params(q.params);
    size_t n = d->edit_request(&q, &target, a, edits), inserted = 0, removed = 0;
    struct buf out;
    buf_init(&out, size + 4096);
    ASSERT(n <= 2 && dialect_apply(body, edits, n, &out));
    for (size_t i = 0; i < n; i++) {
        inserted += edits[i].with.len;
        removed += edits[i].end - edits[i].begin;
    }
    ASSERT(out.len == size + inserted - removed);
    check_pieces(body, edits, n, buf_str(&out));
    check_edited(d, &q, buf_str(&out), a);
    fuzz_params(d, &(struct dialect_call){0}, body, &q, &target, a);
    buf_fini(&out);
    arena_free(a);
    return 0;
}
