/* The endpoints of route.h. */
#include "tests/simulator/route.h"

#include "tests/simulator/head.h"
#include "tests/simulator/readout.h"
#include "tests/simulator/render.h"

#define JSON_TYPE "application/json"
#define LIST_MAX  100000

struct call {
    struct sim *sim;
    const struct http_request *r;
    const char *run;
    struct str method, path, query;
    struct buf *out;
};

static void respond(const struct call *c, unsigned status, struct str body)
{
    head_respond(c->out, status, JSON_TYPE, body, c->r->keep_alive);
}

static void respond_error_of(const struct call *c, const struct protocol *p,
                             const struct api_error *e)
{
    struct buf body;
    buf_init(&body, 1 << 16);
    p->error(&body, e, STR("req_list"));
    respond(c, e->status, buf_str(&body));
    buf_fini(&body);
}

static void respond_error(const struct call *c, const struct api_error *e)
{
    struct buf body;
    buf_init(&body, 1 << 16);
    render_error(&body, e);
    respond(c, e->status, buf_str(&body));
    buf_fini(&body);
}

static uint64_t query_number(struct str query, struct str name, uint64_t otherwise)
{
    int64_t n;
    return str_to_i64(site_query(query, name), &n) && n >= 0 ? (uint64_t)n : otherwise;
}

/* The status that a key asks for with its end: "...status=429". 0: none. */
static unsigned status_of_key(struct str key)
{
    int64_t n;
    struct str word = STR("status=");
    ptrdiff_t at = str_find_str(key, word);
    if (at < 0) {
        return 0;
    }
    size_t from = (size_t)at + word.len;
    bool number = str_to_i64(str_make(key.p + from, key.len - from), &n);
    return number && n >= 400 && n <= 599 ? (unsigned)n : 0;
}

static bool allowed(const struct call *c, const struct protocol *p)
{
    struct api_error e;
    struct site site = {.protocol = p, .http = c->r, .run = c->run, .query = c->query};
    bool ok = answer_check_key(c->sim, &site, &e);
    struct str key = site_key(&site);
    unsigned status = ok && key.p ? status_of_key(key) : 0;
    if (status) {
        ok = fault_set(&e, p, status, STR_NULL);
    }
    if (!ok) {
        respond_error_of(c, p, &e);
    }
    return ok;
}

static const char *const MODELS[] = {"sim-echo", "sim-small", "sim-large"};

static void one_model(struct buf *b, const struct sim *sim, struct str id)
{
    buf_add_lit(b, "{\"id\":");
    buf_add_json(b, id);
    buf_printf(b, ",\"object\":\"model\",\"created\":%lld,\"owned_by\":\"doteb-simulator\"}",
               (long long)sim->started);
}

static void models(const struct call *c)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    buf_add_lit(&b, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < ARRAY_LEN(MODELS); i++) {
        if (i > 0) {
            buf_add_char(&b, ',');
        }
        one_model(&b, c->sim, str_of(MODELS[i]));
    }
    buf_add_lit(&b, "]}");
    respond(c, 200, buf_str(&b));
    buf_fini(&b);
}

/* Lists of models that are not OpenAI's: one page, each model with the members that tell it. */
static const struct list {
    const struct protocol *protocol;
    const char *open, *before, *after, *close;
} LISTS[] = {
    {&ANTHROPIC_MESSAGES, "{\"data\":[", "{\"type\":\"model\",\"id\":\"",
     "\",\"display_name\":\"Simulated\",\"created_at\":\"2026-01-01T00:00:00Z\"}",
     "],\"has_more\":false,\"first_id\":\"sim-echo\",\"last_id\":\"sim-large\"}"},
    {&GOOGLE_GENERATE, "{\"models\":[", "{\"name\":\"models/",
     "\",\"version\":\"001\",\"supportedGenerationMethods\":[\"generateContent\"]}", "]}"},
    {&BEDROCK_CONVERSE, "{\"modelSummaries\":[", "{\"modelId\":\"",
     "\",\"modelName\":\"Simulated\",\"providerName\":\"doteb\"}", "]}"},
};

/* Which of them this is; NULL: none. The path is the provider's own. */
static const struct list *list_of(const struct call *c)
{
    if (str_eq(c->path, STR("/foundation-models"))) {
        return &LISTS[2];
    }
    bool v1 = str_eq(c->path, STR("/v1/models"));
    bool google = http_value(c->r, c->run, STR("x-goog-api-key")).p != NULL;
    if (str_eq(c->path, STR("/v1beta/models")) || (v1 && google)) {
        return &LISTS[1];
    }
    bool anthropic = http_value(c->r, c->run, STR("x-api-key")).p ||
                     http_value(c->r, c->run, STR("anthropic-version")).p;
    return anthropic && v1 ? &LISTS[0] : NULL;
}

static void list(const struct call *c, const struct list *l)
{
    struct buf b;
    if (l->protocol == &ANTHROPIC_MESSAGES &&
        !http_value(c->r, c->run, STR("anthropic-version")).p) {
        struct api_error e;
        (void)fault_set(&e, l->protocol, 400, STR_NULL);
        respond_error_of(c, l->protocol, &e);
        return;
    }
    buf_init(&b, 1 << 16);
    buf_add_str(&b, str_of(l->open));
    for (size_t i = 0; i < ARRAY_LEN(MODELS); i++) {
        buf_printf(&b, "%s%s%s%s", i > 0 ? "," : "", l->before, MODELS[i], l->after);
    }
    buf_add_str(&b, str_of(l->close));
    respond(c, 200, buf_str(&b));
    buf_fini(&b);
}

static void model(const struct call *c, struct str id)
{
    if (id.len == 0 || str_starts(id, STR("sim-missing"))) {
        struct api_error e;
        api_error_set(&e, 404, "model_not_found", "model", "The model '%.*s' does not exist",
                      (int)(id.len < 200 ? id.len : 200), id.p);
        respond_error(c, &e);
        return;
    }
    struct buf b;
    buf_init(&b, 1 << 20);
    one_model(&b, c->sim, id);
    respond(c, 200, buf_str(&b));
    buf_fini(&b);
}

/* GET /_sim/..., POST /_sim/reset */
static bool readout(const struct call *c, struct buf *b)
{
    uint64_t limit = query_number(c->query, STR("limit"), LIST_MAX);
    if (str_eq(c->path, STR("/_sim/requests"))) {
        readout_requests(b, c->sim, query_number(c->query, STR("since"), 0),
                         limit < LIST_MAX ? limit : LIST_MAX);
    } else if (str_starts(c->path, STR("/_sim/requests/"))) {
        readout_request(b, c->sim, str_make(c->path.p + 15, c->path.len - 15));
    } else if (str_eq(c->path, STR("/_sim/last"))) {
        readout_last(b, c->sim, query_number(c->query, STR("n"), 0),
                     site_query(c->query, STR("id")));
    } else if (str_eq(c->path, STR("/_sim/counters"))) {
        readout_counters(b, c->sim);
    } else if (str_eq(c->path, STR("/_sim/reset")) && str_eq(c->method, STR("POST"))) {
        sim_reset(c->sim);
        buf_add_lit(b, "{\"ok\":true}");
    } else {
        return false;
    }
    return true;
}

static void wrong_url(const struct call *c)
{
    struct api_error e;
    char space[512];
    struct site site;
    bool post_only = site_find(&site, c->path, c->query, space, sizeof(space));
    api_error_set(&e, post_only ? 405 : 404, NULL, NULL,
                  post_only ? "Not allowed to %.*s on %.*s. (HINT: POST)"
                            : "Invalid URL (%.*s %.*s)",
                  (int)(c->method.len < 20 ? c->method.len : 20), c->method.p,
                  (int)(c->path.len < 200 ? c->path.len : 200), c->path.p);
    respond_error(c, &e);
}

static void other(const struct call *c)
{
    bool get = str_eq(c->method, STR("GET"));
    if (str_starts(c->path, STR("/_sim/"))) {
        struct buf b;
        buf_init(&b, (size_t)256 << 20);
        if (readout(c, &b)) {
            respond(c, 200, buf_str(&b));
        } else {
            wrong_url(c);
        }
        buf_fini(&b);
        return;
    }
    if (get && str_eq(c->path, STR("/healthz"))) {
        respond(c, 200, STR("{\"status\":\"ok\"}"));
        return;
    }
    records_keep(&c->sim->records, sim_now_us(), str_make(c->run, c->r->head_len),
                 http_body(c->r, c->run));
    const struct list *other_list = get ? list_of(c) : NULL;
    if (!allowed(c, other_list ? other_list->protocol : &OPENAI_CHAT)) {
        return;
    }
    if (other_list) {
        list(c, other_list);
    } else if (get && str_eq(c->path, STR("/v1/models"))) {
        models(c);
    } else if (get && str_starts(c->path, STR("/v1/models/"))) {
        model(c, str_make(c->path.p + 11, c->path.len - 11));
    } else {
        wrong_url(c);
    }
}

bool route_request(struct sim *sim, const struct http_request *r, const char *run, struct answer *a,
                   struct buf *out)
{
    struct str query = http_str(run, r->target);
    struct str path = str_cut(&query, '?');
    struct call c = {sim, r, run, http_str(run, r->method), path, query, out};
    struct site site = {.http = r, .run = run};
    if (str_eq(c.method, STR("POST")) &&
        site_find(&site, path, query, a->path_model, sizeof(a->path_model))) {
        answer_start(a, sim, &site);
        return true;
    }
    other(&c);
    return false;
}

void route_refuse(struct sim *sim, enum http_result why, struct buf *out)
{
    unsigned status = why == HTTP_BODY_TOO_BIG ? 413 : why == HTTP_HEAD_TOO_BIG ? 431 : 400;
    pthread_mutex_lock(&sim->records.lock);
    sim->records.counters.bad_http++;
    pthread_mutex_unlock(&sim->records.lock);
    head_respond(out, status, "text/plain", STR("the simulator could not read this request\n"),
                 false);
}
