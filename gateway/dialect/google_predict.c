/* Vectors of Google's own models by `:predict` (Vertex AI, "text embeddings API": instances with
 * content, task_type and title; predictions with values and statistics). Providers only. Pure.
 */
#include "gateway/dialect/google_embed.h"
#include "gateway/dialect/google_priv.h"

enum { PREDICTIONS_MAX = 2048 };

/* ------------------------------------------------------------------ requests */

static bool is_title(struct str field)
{
    return rd_is(field, "title") || str_ends(field, STR(".title"));
}

/* What a client of Google's wrote for this text alone: its own words for task and title. */
static void put_own(struct json_write *w, struct arena *a, struct str members)
{
    static const struct {
        const char *theirs, *here;
    } names[] = {{"taskType", "task_type"}, {"title", "title"}};
    struct reader r;
    struct str key, raw;
    rd_init_known(&r, members, a);
    (void)rd_object(&r, "");
    while (google_key(&r, &key)) {
        size_t i = 0;
        while (i < ARRAY_LEN(names) && !rd_is(key, names[i].theirs))
            i++;
        if (!rd_raw(&r, &raw) || i == ARRAY_LEN(names))
            continue;
        jw_key(w, names[i].here);
        jw_raw(w, raw);
    }
}

static enum err put_instance(struct json_write *w, const struct ir_embed *e,
                             const struct ir_embed_input *in, struct arena *a,
                             struct dialect_loss *loss)
{
    if (!in->text.p)
        return dialect_cannot(loss, a, in->field, "This model's provider takes only text here.");
    jw_object(w);
    jw_key(w, "content");
    jw_text(w, in->text);
    if (in->members.p) {
        put_own(w, a, in->members);
    } else if (e->task.raw.p) {
        jw_key(w, "task_type");
        jw_raw(w, e->task.raw);
    }
    jw_end(w);
    return E_OK;
}

/* Fields that cannot be told, and what this family takes one at a time. */
static enum err check(const struct ir_embed *e, const struct dialect_target *to, struct arena *a,
                      struct dialect_loss *loss)
{
    for (const struct ir_name *n = e->unknown; n; n = n->next)
        if (!is_title(n->text))
            return dialect_cannot(loss, a, n->text,
                                  "'" STR_FMT "' cannot be told to this model's provider.",
                                  STR_ARG(n->text));
    if (e->n > 1 && str_starts(to->model, STR("gemini-embedding")))
        return dialect_cannot(loss, a, e->inputs->next->field,
                              "This model's provider takes one text a request.");
    return E_OK;
}

static enum err emit(const struct ir_embed *e, const struct dialect_target *to, struct arena *a,
                     struct buf *out, struct dialect_loss *loss)
{
    struct json_write w;
    enum err err = check(e, to, a, loss);
    json_write_init(&w, out);
    jw_object(&w);
    jw_key(&w, "instances");
    jw_array(&w);
    for (const struct ir_embed_input *in = e->inputs; in && !err; in = in->next)
        err = put_instance(&w, e, in, a, loss);
    if (err)
        return err;
    jw_end(&w);
    if (e->dimensions.raw.p) {
        jw_key(&w, "parameters");
        jw_object(&w);
        jw_key(&w, "outputDimensionality");
        jw_raw(&w, e->dimensions.raw);
        jw_end(&w);
    }
    jw_end(&w);
    dialect_strip_param(loss, &e->end_user);
    return E_OK;
}

/* ------------------------------------------------------------------ answers */

static void read_statistics(struct reader *r, struct usage *u)
{
    struct str key;
    int64_t tokens;
    if (!rd_object(r, ""))
        return;
    while (rd_key(r, &key)) {
        if (!rd_is(key, "token_count") && !rd_is(key, "tokenCount"))
            rd_skip(r);
        else if (rd_i64(r, "", &tokens) && tokens >= 0 && tokens <= USAGE_COUNT_MAX &&
                 u->input <= USAGE_COUNT_MAX)
            u->input = (u->input < 0 ? 0 : u->input) + tokens;
    }
    u->output = u->input < 0 ? -1 : 0;
}

static void read_embeddings(struct reader *r, size_t index, struct ir_vectors *out)
{
    struct str key, raw = STR_NULL;
    if (!rd_object(r, ""))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "values"))
            (void)rd_raw(r, &raw);
        else if (rd_is(key, "statistics"))
            read_statistics(r, &out->usage);
        else
            rd_skip(r);
    }
    if (!raw.p || raw.p[0] != '[' || index >= PREDICTIONS_MAX ||
        !ir_vectors_put(out, r->a, index, raw))
        r->failed = true;
}

static void read_prediction(struct reader *r, size_t index, struct ir_vectors *out)
{
    struct str key;
    size_t before = out->n;
    if (rd_object(r, ""))
        while (rd_key(r, &key)) {
            if (rd_is(key, "embeddings"))
                read_embeddings(r, index, out);
            else
                rd_skip(r);
        }
    if (out->n == before)
        r->failed = true;
}

static bool read_vectors(struct str body, struct arena *a, struct ir_vectors *out)
{
    struct reader r;
    struct str key;
    rd_init(&r, body, a, NULL);
    if (!rd_body(&r))
        return false;
    while (rd_key(&r, &key)) {
        if (!rd_is(key, "predictions") || !rd_array(&r, "")) {
            rd_skip(&r);
            continue;
        }
        for (size_t i = 0; rd_element(&r); i++)
            read_prediction(&r, i, out);
    }
    return !r.failed;
}

const struct dialect google_predict = {
    .name = "google-predict",
    .beside = "google",
    .beside_cap = CAP_EMBEDDINGS,
    .beside_quirks = 1u << QUIRK_BIT_PREDICT_EMBED,
    .beside_path = "/models/{model}:predict",
    .operation = CAP_EMBEDDINGS,
    .no_output = true,
    .emit_embed = emit,
    .read_vectors = read_vectors,
    .scan_answer = google_scan_answer,
};
