/* Requests for vectors in each client's form, and what providers answer to them. The first byte
 * picks the form. A refusal has words; what is accepted is told to both kinds of providers, or
 * refused with a field; what they are told is accepted again, with as many texts. An answer that is
 * read is written for each client as JSON.
 */
#include "gateway/dialect/dialect.h"
#include "gateway/wire/json_scan.h"
#include "tests/fuzz/fuzz.h"

static const char *const clients[] = {"openai-embeddings", "google-embed", "google-batch-embed"};
static const struct {
    const char *name, *model;
} providers[] = {
    {"openai-embeddings", "m"},
    {"google-batch-embed", "m"},
    {"google-predict", "text-embedding-005"},
    {"google-predict", "gemini-embedding-001"},
    {"bedrock-embed", "us.cohere.embed-v4:0"},
    {"bedrock-embed", "amazon.titan-embed-text-v2:0"},
};

static bool is_json(struct str text)
{
    struct json_scan s;
    enum json_token t;
    json_scan_init(&s, text, false);
    while ((t = json_scan_next(&s)) > JSON_END)
        continue;
    return t == JSON_END;
}

static enum err scan(const struct dialect *d, struct str body, struct arena *a,
                     struct dialect_request *q)
{
    static const struct dialect_call call = {.model = {"m", 1}, .query = {"", 0}};
    struct dialect_refusal why;
    enum err e = d->scan_request(body, &call, a, q, &why);
    ASSERT(e == why.err);
    ASSERT(e == E_OK || (why.text.len > 0 && str_is_utf8(why.text) && str_is_utf8(why.field)));
    return e;
}

static void check_emit(const struct dialect_request *q, size_t size, struct arena *a)
{
    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
        const struct dialect *p = dialect_find(str_of(providers[i].name));
        const struct dialect_target target = {
            .model = str_of(providers[i].model), .max_output = -1, .max_temperature_milli = -1};
        struct dialect_loss loss = {0};
        struct dialect_request again;
        struct buf out;
        buf_init(&out, size * 64 + 65536);
        if (p->emit_embed(q->embed, &target, a, &out, &loss) != E_OK) {
            /* a field whose name is empty is named by it */
            ASSERT(loss.why.err == E_UNSUPPORTED && loss.why.text.len > 0);
        } else {
            ASSERT(!out.failed && is_json(buf_str(&out)));
            ASSERT(!p->scan_request || scan(p, buf_str(&out), a, &again) == E_OK);
            ASSERT(!p->scan_request || again.n_inputs == q->n_inputs);
        }
        buf_fini(&out);
    }
}

static void check_request(struct str body, struct arena *a)
{
    for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
        struct dialect_request q;
        if (scan(dialect_find(str_of(clients[i])), body, a, &q) != E_OK)
            continue;
        ASSERT(q.embed && q.n_inputs > 0 && q.n_inputs == q.embed->n);
        check_emit(&q, body.len, a);
    }
}

static void check_write(const struct ir_vectors *v, size_t size, struct arena *a)
{
    for (int base64 = 0; base64 < 2; base64++) {
        struct ir_embed e = {.n = v->n, .base64 = base64};
        struct dialect_request q = {.embed = &e};
        struct dialect_writing w = {.scan = &q, .model = STR("m"), .keep = a};
        w.extra.metadata = STR("{}");
        for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
            struct buf out;
            buf_init(&out, size * 16 + v->n * 256 + 4096);
            ASSERT(dialect_find(str_of(clients[i]))->write_vectors(&w, v, &out));
            ASSERT(is_json(buf_str(&out)));
            buf_fini(&out);
        }
    }
}

static void check_answer(struct str body, struct arena *a)
{
    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
        const struct dialect *p = dialect_find(str_of(providers[i].name));
        struct dialect_answer an;
        struct ir_vectors v = {.n = 0};
        bool whole = true;
        usage_clear(&v.usage);
        if (!p->scan_answer(body, a, &an) || !p->read_vectors(body, a, &v))
            continue;
        for (size_t k = 0; k < v.n; k++)
            whole = whole && v.v[k].p;
        if (whole && v.n > 0)
            check_write(&v, body.len, a);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(4096);
    if (size > 0) {
        struct str body = str_make((const char *)data + 1, size - 1);
        if (data[0] & 1)
            check_answer(body, a);
        else
            check_request(body, a);
    }
    arena_free(a);
    return 0;
}
