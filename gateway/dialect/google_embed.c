/* Vectors in Google's form (google-genai types._EmbedContentParameters, BatchEmbedContents as AI
 * Studio has it), both sides. Clients ask for one or for many; providers are always asked for many.
 * What a client of Google's wrote for a text goes to Google's models member by member. Pure.
 */
#include "gateway/dialect/google_embed.h"

#include "gateway/dialect/google_priv.h"

enum { REQUESTS_MAX = 2048 };

struct request {
    struct reader r;
    struct ir_embed *e;
    bool batch;
};

/* ------------------------------------------------------------------ requests */

static const char *place(struct request *q, const char *member)
{
    if (!q->batch)
        return member;
    return arena_printf(q->r.a, "requests[%zu].%s", q->e->n - 1, member);
}

/* {"parts":[{"text":"..."}]}: the text, if there is nothing but one. */
static void read_content(struct request *q, struct ir_embed_input *in)
{
    struct str key;
    size_t parts = 0;
    struct google_list l;
    if (!rd_object(&q->r, in->field.p))
        return;
    while (google_key(&q->r, &key)) {
        if (!rd_is(key, "parts") || !google_list(&q->r, in->field.p, &l)) {
            rd_skip(&q->r);
            continue;
        }
        for (; google_next(&q->r, &l); parts++) {
            struct google_part p;
            if (google_read_part(&q->r, &p) && p.what == GOOGLE_TEXT)
                in->text = p.text;
        }
    }
    if (parts != 1)
        in->text = STR_NULL;
    if (parts == 0)
        (void)rd_missing(&q->r, in->field.p);
}

static void read_dimensions(struct request *q, bool first)
{
    int64_t v;
    const char *field = place(q, "outputDimensionality");
    (void)rd_peek(&q->r);
    struct str raw = q->r.s.raw;
    struct ir_param *p = &q->e->dimensions;
    if (!rd_i64(&q->r, field, &v))
        return;
    if (v < 1)
        (void)rd_refuse(&q->r, E_BAD_FIELD, str_of(field), "'%s' must be a positive integer.",
                        field);
    if (first)
        *p = (struct ir_param){raw, field};
    else if (!p->raw.p || !str_eq(p->raw, raw))
        ir_embed_unknown(q->e, q->r.a, str_of(field)); /* one size each: only Google can */
}

/* What one text's vector is for; .p NULL: it did not say. */
static void note_task(struct request *q, struct ir_param task, bool first)
{
    struct ir_param *all = &q->e->task;
    q->e->tasks_differ |= !first && !(all->raw.p && task.raw.p ? str_eq(all->raw, task.raw)
                                                               : all->raw.p == task.raw.p);
    if (task.raw.p)
        *all = task;
}

/* One text and what goes with it; the object's `{` is next. */
static void read_one(struct request *q, struct str *model)
{
    struct str key, raw;
    struct ir_param task = {.raw = STR_NULL};
    size_t begin = 0;
    struct ir_embed_input *in = ARENA_NEW(q->r.a, struct ir_embed_input);
    struct rd_keys seen = {.n = 0};
    bool first = q->e->n == 0, given = false;
    *q->e->inputs_tail = in;
    q->e->inputs_tail = &in->next;
    q->e->n++;
    *in = (struct ir_embed_input){.field = str_of(place(q, "content"))};
    if (!google_enter(&q->r, q->batch ? "requests" : "", &begin))
        return;
    while (google_key(&q->r, &key) && rd_once(&q->r, &seen, key)) {
        given |= rd_is(key, "content");
        if (rd_is(key, "content"))
            read_content(q, in);
        else if (rd_is(key, "model"))
            (void)rd_string(&q->r, place(q, "model"), model);
        else if (rd_is(key, "outputDimensionality"))
            read_dimensions(q, first);
        else if (rd_is(key, "taskType"))
            rd_param(&q->r, place(q, "taskType"), &task);
        else if (rd_raw(&q->r, &raw))
            ir_embed_unknown(q->e, q->r.a, str_of(place(q, arena_strdup(q->r.a, key))));
    }
    in->members = google_leave(&q->r, begin);
    note_task(q, task, first);
    if (!q->r.failed && !given)
        (void)rd_missing(&q->r, in->field.p);
}

static void read_batch(struct request *q)
{
    struct str key, model = STR("");
    struct rd_keys seen = {.n = 0};
    if (!rd_body(&q->r))
        return;
    while (rd_key(&q->r, &key) && rd_once(&q->r, &seen, key)) {
        if (!rd_is(key, "requests")) {
            rd_skip(&q->r);
            continue;
        }
        if (!rd_array(&q->r, "requests"))
            continue;
        while (rd_element(&q->r)) {
            if (q->e->n == REQUESTS_MAX)
                (void)rd_refuse(&q->r, E_BAD_FIELD, STR("requests"),
                                "'requests' has over %d members.", REQUESTS_MAX);
            else
                read_one(q, &model);
        }
    }
    if (!q->r.failed && q->e->n == 0)
        (void)rd_missing(&q->r, "requests");
}

static enum err scan(struct request *q, struct str body, const struct dialect_call *call,
                     struct arena *a, struct dialect_request *out, struct dialect_refusal *why)
{
    struct str model = call->model;
    if (str_starts(model, STR("models/")))
        model = str_make(model.p + 7, model.len - 7);
    q->e = ir_embed_new(a);
    *out = (struct dialect_request){.model = model,
                                    .n = 1,
                                    .max_output = -1,
                                    .params = STR("{}"),
                                    .embed = q->e,
                                    .foreign = true};
    rd_init(&q->r, body, a, why);
    if (q->batch)
        read_batch(q);
    else
        read_one(q, &model);
    out->n_inputs = q->e->n;
    return rd_done(&q->r) ? E_OK : why->err;
}

static enum err scan_one(struct str body, const struct dialect_call *call, struct arena *a,
                         struct dialect_request *out, struct dialect_refusal *why)
{
    struct request q = {.batch = false};
    return scan(&q, body, call, a, out, why);
}

static enum err scan_batch(struct str body, const struct dialect_call *call, struct arena *a,
                           struct dialect_request *out, struct dialect_refusal *why)
{
    struct request q = {.batch = true};
    return scan(&q, body, call, a, out, why);
}

/* The members that the client wrote, but for the model. */
static void put_members(struct json_write *w, struct str object)
{
    struct json_scan s;
    json_scan_init(&s, object, false);
    (void)json_scan_next(&s);
    while (json_scan_next(&s) == JSON_KEY) {
        struct str key = s.raw;
        bool model = json_scan_is(&s, STR("model"));
        struct str value = json_scan_value(&s, json_scan_next(&s));
        if (model || !value.p)
            continue;
        jw_key_raw(w, key);
        jw_raw(w, value);
    }
}

static enum err put_text(struct json_write *w, const struct ir_embed *e,
                         const struct ir_embed_input *in, struct arena *a,
                         struct dialect_loss *loss)
{
    if (!in->text.p)
        return dialect_cannot(loss, a, in->field,
                              "This model's provider takes no tokens, only "
                              "text.");
    jw_key(w, "content");
    jw_object(w);
    jw_key(w, "parts");
    jw_array(w);
    jw_object(w);
    jw_key(w, "text");
    jw_text(w, in->text);
    jw_end(w);
    jw_end(w);
    jw_end(w);
    if (e->dimensions.raw.p) {
        jw_key(w, "outputDimensionality");
        jw_raw(w, e->dimensions.raw);
    }
    return E_OK;
}

static enum err emit(const struct ir_embed *e, const struct dialect_target *to, struct arena *a,
                     struct buf *out, struct dialect_loss *loss)
{
    struct json_write w;
    struct str model = str_of(arena_printf(a, "models/" STR_FMT, STR_ARG(to->model)));
    bool own = e->inputs->members.p != NULL;
    if (!own && e->unknown)
        return dialect_cannot(loss, a, e->unknown->text,
                              "'" STR_FMT "' cannot be told to this "
                              "model's provider.",
                              STR_ARG(e->unknown->text));
    json_write_init(&w, out);
    jw_object(&w);
    jw_key(&w, "requests");
    jw_array(&w);
    for (const struct ir_embed_input *in = e->inputs; in; in = in->next) {
        enum err err = E_OK;
        jw_object(&w);
        jw_key(&w, "model");
        jw_string(&w, model);
        if (in->members.p)
            put_members(&w, in->members);
        else
            err = put_text(&w, e, in, a, loss);
        if (err)
            return err;
        jw_end(&w);
    }
    jw_end(&w);
    jw_end(&w);
    dialect_strip_param(loss, &e->end_user);
    return E_OK;
}

/* ------------------------------------------------------------------ answers */

static void read_values(struct reader *r, size_t index, struct ir_vectors *out)
{
    struct str key, raw = STR_NULL;
    if (!rd_object(r, ""))
        return;
    while (google_key(r, &key)) {
        if (rd_is(key, "values"))
            (void)rd_raw(r, &raw);
        else
            rd_skip(r);
    }
    if (!raw.p || raw.p[0] != '[' || index >= REQUESTS_MAX ||
        !ir_vectors_put(out, r->a, index, raw))
        r->failed = true;
}

static void read_usage(struct reader *r, struct usage *u)
{
    struct str key;
    int64_t tokens;
    if (!rd_object(r, ""))
        return;
    while (google_key(r, &key)) {
        if (!rd_is(key, "promptTokenCount")) {
            rd_skip(r);
        } else if (rd_i64(r, "", &tokens) && tokens >= 0 && tokens <= USAGE_COUNT_MAX) {
            u->input = tokens;
            u->output = 0;
        }
    }
}

static bool read_vectors(struct str body, struct arena *a, struct ir_vectors *out)
{
    struct reader r;
    struct str key;
    rd_init(&r, body, a, NULL);
    if (!rd_body(&r))
        return false;
    while (google_key(&r, &key)) {
        if (rd_is(key, "usageMetadata")) {
            read_usage(&r, &out->usage);
        } else if (!rd_is(key, "embeddings")) {
            rd_skip(&r);
        } else if (rd_array(&r, "")) {
            for (size_t i = 0; rd_element(&r); i++)
                read_values(&r, i, out);
        }
    }
    return !r.failed;
}

static void put_values(struct json_write *w, struct str values)
{
    jw_object(w);
    jw_key(w, "values");
    jw_raw(w, values);
    jw_end(w);
}

static void put_extra(struct json_write *w, const struct dialect_writing *x)
{
    if (x->extra.cost) {
        jw_key(w, "usageMetadata");
        jw_object(w);
        google_write_cost(w, x->extra.cost);
        jw_end(w);
    }
    if (x->extra.metadata.len) {
        jw_key(w, "metadata");
        jw_raw(w, x->extra.metadata);
    }
    jw_end(w);
}

static bool write_one(const struct dialect_writing *x, const struct ir_vectors *v, struct buf *out)
{
    struct json_write w;
    json_write_init(&w, out);
    jw_object(&w);
    jw_key(&w, "embedding");
    put_values(&w, v->v[0]);
    put_extra(&w, x);
    return !out->failed;
}

static bool write_batch(const struct dialect_writing *x, const struct ir_vectors *v,
                        struct buf *out)
{
    struct json_write w;
    json_write_init(&w, out);
    jw_object(&w);
    jw_key(&w, "embeddings");
    jw_array(&w);
    for (size_t i = 0; i < v->n; i++)
        put_values(&w, v->v[i]);
    jw_end(&w);
    put_extra(&w, x);
    return !out->failed;
}

#define ROUTES(method)                                                                             \
    {"/models/{model}:" method, ASK_CHAT, ENDPOINT_EMBEDDINGS, false},                             \
        {"/v1beta/models/{model}:" method, ASK_CHAT, ENDPOINT_EMBEDDINGS, false},                  \
        {"/v1alpha/models/{model}:" method, ASK_CHAT, ENDPOINT_EMBEDDINGS, false},                 \
    {                                                                                              \
        NULL, ASK_CHAT, ENDPOINT_EMBEDDINGS, false                                                 \
    }
static const struct dialect_route one_routes[] = {ROUTES("embedContent")};
static const struct dialect_route batch_routes[] = {ROUTES("batchEmbedContents")};

#define CLIENT                                                                                     \
    .operation = CAP_EMBEDDINGS, .no_output = true, .write_error = google_write_error,             \
    .write_error_event = google_write_error_event, .write_models = google_write_models

const struct dialect google_embed = {
    CLIENT,
    .name = "google-embed",
    .routes = one_routes,
    .scan_request = scan_one,
    .write_vectors = write_one,
};

const struct dialect google_batch_embed = {
    CLIENT,
    .name = "google-batch-embed",
    .routes = batch_routes,
    .scan_request = scan_batch,
    .write_vectors = write_batch,
    .beside = "google",
    .beside_cap = CAP_EMBEDDINGS,
    .beside_quirks = 1u << QUIRK_BIT_BATCH_EMBED,
    .beside_path = "/models/{model}:batchEmbedContents",
    .emit_embed = emit,
    .read_vectors = read_vectors,
    .scan_answer = google_scan_answer,
};
