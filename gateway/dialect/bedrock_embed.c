/* Vectors by Bedrock's InvokeModel, whose bodies are the model maker's: Amazon's Titan text
 * embeddings (one text a request) and Cohere's Embed (up to 96; Bedrock user guide, "Inference
 * request parameters"). The prompt's tokens stand in a header of the answer. Providers only. Pure.
 */
#include "gateway/dialect/bedrock_priv.h"
#include "gateway/dialect/read.h"
#include "gateway/wire/json_write.h"

enum { COHERE_TEXTS_MAX = 96 };

/* How a family is asked; the model's name tells the family, a region may stand before it. */
struct family {
    const char *mark;      /* in the model's name */
    const char *dimension; /* what it calls the vectors' size; NULL: it has one size */
    size_t texts;          /* at most */
    bool cohere;
};

static const struct family families[] = {
    {"amazon.titan-embed-text-v1", NULL, 1, false},
    {"amazon.titan-embed-g1-text", NULL, 1, false},
    {"amazon.titan-embed-text-v", "dimensions", 1, false},
    {"cohere.embed-english-v3", NULL, COHERE_TEXTS_MAX, true},
    {"cohere.embed-multilingual-v3", NULL, COHERE_TEXTS_MAX, true},
    {"cohere.embed-v", "output_dimension", COHERE_TEXTS_MAX, true},
};

static const struct family *family_of(struct str model)
{
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        if (str_find_str(model, str_of(families[i].mark)) >= 0)
            return &families[i];
    return NULL;
}

/* ------------------------------------------------------------------ requests */

static enum err check(const struct ir_embed *e, const struct family *f, struct arena *a,
                      struct dialect_loss *loss)
{
    if (!f)
        return dialect_cannot(loss, a, STR("model"),
                              "This model's form of vectors is not known to the gateway.");
    if (e->unknown)
        return dialect_cannot(loss, a, e->unknown->text,
                              "'" STR_FMT "' cannot be told to this model's provider.",
                              STR_ARG(e->unknown->text));
    if (e->dimensions.raw.p && !f->dimension)
        return dialect_cannot(loss, a, str_of(e->dimensions.field),
                              "This model's vectors have one size.");
    if (f->cohere && e->tasks_differ)
        return dialect_cannot(loss, a, str_of(e->task.field),
                              "This model's provider takes one task for all texts.");
    size_t n = 0;
    for (const struct ir_embed_input *in = e->inputs; in; in = in->next) {
        if (!in->text.p)
            return dialect_cannot(loss, a, in->field, "This model's provider takes only text.");
        if (++n > f->texts)
            return dialect_cannot(loss, a, in->field,
                                  "This model's provider takes at most %zu text(s) a request.",
                                  f->texts);
    }
    return E_OK;
}

static void put_dimension(struct json_write *w, const struct ir_embed *e, const struct family *f)
{
    if (!e->dimensions.raw.p)
        return;
    jw_key(w, f->dimension);
    jw_raw(w, e->dimensions.raw);
}

static void put_titan(struct json_write *w, const struct ir_embed *e, const struct family *f,
                      struct dialect_loss *loss)
{
    jw_key(w, "inputText");
    jw_text(w, e->inputs->text);
    put_dimension(w, e, f);
    dialect_strip_param(loss, &e->task);
}

/* Cohere must be told what the vectors are for: documents, unless the client says so. */
static void put_purpose(struct json_write *w, const struct ir_embed *e, struct dialect_loss *loss)
{
    static const struct {
        const char *task, *purpose;
    } purposes[] = {
        {"\"RETRIEVAL_DOCUMENT\"", "search_document"},
        {"\"RETRIEVAL_QUERY\"", "search_query"},
        {"\"QUESTION_ANSWERING\"", "search_query"},
        {"\"FACT_VERIFICATION\"", "search_query"},
        {"\"CODE_RETRIEVAL_QUERY\"", "search_query"},
        {"\"CLASSIFICATION\"", "classification"},
        {"\"CLUSTERING\"", "clustering"},
    };
    const char *purpose = NULL;
    for (size_t i = 0; e->task.raw.p && i < ARRAY_LEN(purposes); i++)
        if (str_eq(e->task.raw, str_of(purposes[i].task)))
            purpose = purposes[i].purpose;
    if (!purpose)
        dialect_strip_param(loss, &e->task);
    jw_key(w, "input_type");
    jw_string(w, str_of(purpose ? purpose : "search_document"));
}

static void put_cohere(struct json_write *w, const struct ir_embed *e, const struct family *f,
                       struct dialect_loss *loss)
{
    jw_key(w, "texts");
    jw_array(w);
    for (const struct ir_embed_input *in = e->inputs; in; in = in->next)
        jw_text(w, in->text);
    jw_end(w);
    put_purpose(w, e, loss);
    jw_key(w, "embedding_types");
    jw_lit(w, "[\"float\"]");
    put_dimension(w, e, f);
}

static enum err emit(const struct ir_embed *e, const struct dialect_target *to, struct arena *a,
                     struct buf *out, struct dialect_loss *loss)
{
    struct json_write w;
    const struct family *f = family_of(to->model);
    enum err err = check(e, f, a, loss);
    if (err)
        return err;
    json_write_init(&w, out);
    jw_object(&w);
    (f->cohere ? put_cohere : put_titan)(&w, e, f, loss);
    jw_end(&w);
    dialect_strip_param(loss, &e->end_user);
    return E_OK;
}

/* ------------------------------------------------------------------ answers */

static void take(struct reader *r, size_t index, struct ir_vectors *out)
{
    struct str raw = STR_NULL;
    if (!rd_raw(r, &raw) || raw.p[0] != '[' || index >= COHERE_TEXTS_MAX ||
        !ir_vectors_put(out, r->a, index, raw))
        r->failed = true;
}

static void read_list(struct reader *r, struct ir_vectors *out)
{
    if (rd_array(r, ""))
        for (size_t i = 0; rd_element(r); i++)
            take(r, i, out);
}

/* A list of vectors, or an object with one under the name of their type. */
static void read_embeddings(struct reader *r, struct ir_vectors *out)
{
    struct str key;
    if (rd_peek(r) != JSON_OBJECT_BEGIN) {
        read_list(r, out);
        return;
    }
    (void)rd_object(r, "");
    while (rd_key(r, &key)) {
        if (rd_is(key, "float"))
            read_list(r, out);
        else
            rd_skip(r);
    }
}

static void read_count(struct reader *r, struct usage *u)
{
    int64_t tokens;
    if (!rd_i64(r, "", &tokens) || tokens < 0 || tokens > USAGE_COUNT_MAX)
        return;
    u->input = tokens;
    u->output = 0;
}

static bool read_vectors(struct str body, struct arena *a, struct ir_vectors *out)
{
    struct reader r;
    struct str key;
    rd_init(&r, body, a, NULL);
    if (!rd_body(&r))
        return false;
    while (rd_key(&r, &key)) {
        if (rd_is(key, "embedding"))
            take(&r, 0, out);
        else if (rd_is(key, "embeddings"))
            read_embeddings(&r, out);
        else if (rd_is(key, "inputTextTokenCount"))
            read_count(&r, &out->usage);
        else if (rd_is(key, "id"))
            (void)rd_string(&r, "", &out->id);
        else
            rd_skip(&r);
    }
    return !r.failed;
}

const struct dialect bedrock_embed = {
    .name = "bedrock-embed",
    .beside = "bedrock",
    .beside_cap = CAP_EMBEDDINGS,
    .beside_path = "/model/{model}/invoke",
    .operation = CAP_EMBEDDINGS,
    .no_output = true,
    .input_tokens_header = "x-amzn-bedrock-input-token-count",
    .emit_embed = emit,
    .read_vectors = read_vectors,
    .scan_answer = bedrock_scan_answer,
};
