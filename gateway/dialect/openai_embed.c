/* Vectors in OpenAI's form (openai-python types/embedding_create_params.py,
 * create_embedding_response.py), both sides. Pure.
 */
#include "gateway/dialect/openai_embed.h"

#include <stdlib.h>

#include "gateway/dialect/openai_priv.h"
#include "gateway/wire/base64.h"
#include "gateway/wire/json_write.h"

enum { INPUTS_MAX = 2048, NUMBER_MAX_BYTES = 64 };

/* ------------------------------------------------------------------ requests */

struct request {
    struct reader r;
    struct dialect_request *out;
    struct ir_embed *e;
};

static struct ir_embed_input *add_input(struct request *q)
{
    struct ir_embed_input *in = ARENA_NEW(q->r.a, struct ir_embed_input);
    *in = (struct ir_embed_input){.field = STR("input")};
    *q->e->inputs_tail = in;
    q->e->inputs_tail = &in->next;
    if (++q->e->n > INPUTS_MAX)
        (void)rd_refuse(&q->r, E_BAD_FIELD, STR("input"), "'input' has over %d members.",
                        INPUTS_MAX);
    return in;
}

static void refuse_input(struct request *q)
{
    (void)rd_refuse(&q->r, E_BAD_FIELD, STR("input"),
                    "'input' must be a string, a list of strings, or tokens: a list of integers or "
                    "of such lists, none of them empty.");
}

/* A string or a list of tokens. */
static void read_one(struct request *q)
{
    enum json_token t = rd_peek(&q->r);
    struct ir_embed_input *in;
    if (t != JSON_STRING && t != JSON_ARRAY_BEGIN) {
        refuse_input(q);
        return;
    }
    in = add_input(q);
    (void)(t == JSON_STRING ? rd_text(&q->r, "input", &in->text) : rd_raw(&q->r, &in->tokens));
}

static void read_input(struct request *q)
{
    struct str raw;
    if (rd_peek(&q->r) != JSON_ARRAY_BEGIN) {
        read_one(q);
        return;
    }
    struct reader before = q->r;
    (void)rd_array(&q->r, "input");
    bool first = true, tokens = false;
    while (!tokens && rd_element(&q->r)) {
        tokens = first && rd_peek(&q->r) == JSON_NUMBER;
        first = false;
        if (!tokens)
            read_one(q);
    }
    if (!tokens)
        return;
    q->r = before; /* the list is one text's tokens */
    if (rd_raw(&q->r, &raw))
        add_input(q)->tokens = raw;
}

static void read_format(struct request *q)
{
    struct str word;
    if (!rd_string(&q->r, "encoding_format", &word))
        return;
    q->e->base64 = rd_is(word, "base64");
    if (!q->e->base64 && !rd_is(word, "float"))
        (void)rd_refuse(&q->r, E_BAD_FIELD, STR("encoding_format"),
                        "'encoding_format' must be 'float' or 'base64'.");
}

static void read_user(struct request *q)
{
    if (rd_string(&q->r, "user", &q->out->end_user))
        q->e->end_user = (struct ir_param){
            str_make(q->r.s.text + q->r.s.begin, q->r.s.end - q->r.s.begin), "user"};
}

static void read_dimensions(struct request *q)
{
    int64_t v;
    (void)rd_peek(&q->r);
    struct str raw = q->r.s.raw;
    if (!rd_i64(&q->r, "dimensions", &v))
        return;
    if (v < 1)
        (void)rd_refuse(&q->r, E_BAD_FIELD, STR("dimensions"),
                        "'dimensions' must be a positive integer.");
    q->e->dimensions = (struct ir_param){raw, "dimensions"};
}

static void read_member(struct request *q, struct str key)
{
    static const struct {
        const char *name;
        void (*read)(struct request *q);
    } fields[] = {
        {"input", read_input},
        {"encoding_format", read_format},
        {"user", read_user},
        {"dimensions", read_dimensions},
    };
    struct str raw;
    if (rd_is(key, "model")) {
        plain_read_model(&q->r, q->out);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (rd_is(key, fields[i].name)) {
            fields[i].read(q);
            return;
        }
    }
    if (rd_raw(&q->r, &raw))
        ir_embed_unknown(q->e, q->r.a, key);
}

static enum err scan_request(struct str body, const struct dialect_call *call, struct arena *a,
                             struct dialect_request *out, struct dialect_refusal *why)
{
    struct request q = {.out = out, .e = ir_embed_new(a)};
    struct rd_keys seen = {.n = 0};
    struct str key;
    (void)call;
    *out = (struct dialect_request){.n = 1, .max_output = -1, .params = STR("{}"), .embed = q.e};
    rd_init(&q.r, body, a, why);
    if (rd_body(&q.r))
        while (rd_key(&q.r, &key) && rd_once(&q.r, &seen, key))
            read_member(&q, key);
    if (!q.r.failed && out->model.len == 0)
        (void)rd_missing(&q.r, "model");
    if (!q.r.failed && q.e->n == 0) {
        bool given = false;
        for (size_t i = 0; i < seen.n; i++)
            given |= rd_is(seen.key[i], "input");
        if (given)
            refuse_input(&q);
        else
            (void)rd_missing(&q.r, "input");
    }
    out->n_inputs = q.e->n;
    return rd_done(&q.r) ? E_OK : why->err;
}

static enum err emit(const struct ir_embed *e, const struct dialect_target *to, struct arena *a,
                     struct buf *out, struct dialect_loss *loss)
{
    struct json_write w;
    if (e->unknown)
        return dialect_cannot(loss, a, e->unknown->text,
                              "'" STR_FMT "' cannot be told to this "
                              "model's provider.",
                              STR_ARG(e->unknown->text));
    json_write_init(&w, out);
    jw_object(&w);
    jw_key(&w, "model");
    jw_string(&w, to->model);
    jw_key(&w, "input");
    jw_array(&w);
    for (const struct ir_embed_input *in = e->inputs; in; in = in->next) {
        if (!in->text.p && !in->tokens.p)
            return dialect_cannot(loss, a, in->field, "This model's provider takes one text.");
        if (in->text.p)
            jw_text(&w, in->text);
        else
            jw_raw(&w, in->tokens);
    }
    jw_end(&w);
    jw_key(&w, "encoding_format");
    jw_lit(&w, "\"float\"");
    if (e->dimensions.raw.p) {
        jw_key(&w, "dimensions");
        jw_raw(&w, e->dimensions.raw);
    }
    dialect_strip_param(loss, &e->task);
    jw_end(&w);
    return E_OK;
}

/* ------------------------------------------------------------------ answers */

static void read_vector(struct reader *r, size_t place, struct ir_vectors *out)
{
    struct str key, raw = STR_NULL;
    int64_t index = (int64_t)place;
    if (!rd_object(r, ""))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "index"))
            (void)rd_i64(r, "", &index);
        else if (rd_is(key, "embedding"))
            (void)rd_raw(r, &raw);
        else
            rd_skip(r);
    }
    if (index < 0 || index >= INPUTS_MAX || !raw.p || raw.p[0] != '[' ||
        !ir_vectors_put(out, r->a, (size_t)index, raw))
        r->failed = true;
}

static bool read_vectors(struct str body, struct arena *a, struct ir_vectors *out)
{
    struct reader r;
    struct dialect_answer an;
    struct str key;
    rd_init(&r, body, a, NULL);
    if (!plain_scan_answer(body, a, &an) || !rd_body(&r))
        return false;
    while (rd_key(&r, &key)) {
        if (!rd_is(key, "data") || !rd_array(&r, "")) {
            rd_skip(&r);
            continue;
        }
        for (size_t i = 0; rd_element(&r); i++)
            read_vector(&r, i, out);
    }
    out->usage = an.usage;
    out->model = an.model;
    out->id = an.id;
    return !r.failed;
}

/* Numbers as little-endian 32 bit floats. */
static void put_floats(struct str array, struct arena *a, struct buf *out)
{
    struct json_scan s;
    size_t n = 0;
    uint8_t *bytes = arena_alloc(a, array.len * 2 + 4); /* a number and its comma: two bytes */
    json_scan_init(&s, array, false);
    (void)json_scan_next(&s);
    while (json_scan_next(&s) == JSON_NUMBER) {
        char text[NUMBER_MAX_BYTES];
        size_t len = s.raw.len < sizeof text ? s.raw.len : sizeof text - 1;
        memcpy(text, s.raw.p, len);
        text[len] = '\0';
        float f = strtof(text, NULL);
        uint32_t v;
        memcpy(&v, &f, sizeof v);
        for (int i = 0; i < 4; i++)
            bytes[n++] = (uint8_t)(v >> 8 * i);
    }
    buf_add_char(out, '"');
    (void)base64_add(out, bytes, n);
    buf_add_char(out, '"');
}

static bool write_vectors(const struct dialect_writing *w, const struct ir_vectors *v,
                          struct buf *out)
{
    buf_add_lit(out, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < v->n; i++) {
        buf_printf(out, "%s{\"object\":\"embedding\",\"index\":%zu,\"embedding\":", i ? "," : "",
                   i);
        if (w->scan->embed->base64)
            put_floats(v->v[i], w->keep, out);
        else
            buf_add_str(out, v->v[i]);
        buf_add_char(out, '}');
    }
    buf_add_lit(out, "],\"model\":");
    buf_add_json(out, w->model);
    buf_add_lit(out, ",\"usage\":");
    openai_add_usage(&v->usage, w->extra.cost, out);
    if (w->extra.metadata.len) {
        buf_add_lit(out, ",\"metadata\":");
        buf_add_str(out, w->extra.metadata);
    }
    return buf_add_char(out, '}');
}

static const struct dialect_route routes[] = {
    {"/embeddings", ASK_CHAT, ENDPOINT_EMBEDDINGS, false},
    {NULL, ASK_CHAT, ENDPOINT_EMBEDDINGS, false},
};

const struct dialect openai_embeddings = {
    .name = "openai-embeddings",
    .routes = routes,
    .beside = "openai",
    .beside_cap = CAP_EMBEDDINGS,
    .operation = CAP_EMBEDDINGS,
    .beside_path = "/embeddings",
    .no_output = true,
    .headers = openai_headers,
    .scan_request = scan_request,
    .edit_request = plain_edit_request,
    .scan_answer = plain_scan_answer,
    .splice_answer = openai_splice_answer,
    .emit_embed = emit,
    .read_vectors = read_vectors,
    .write_vectors = write_vectors,
    .metadata_unasked = true,
    .write_error = openai_write_error,
    .write_error_event = openai_write_error_event,
    .write_models = openai_write_models,
};
