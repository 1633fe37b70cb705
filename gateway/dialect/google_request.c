/* Reads Google's requests: all of it at once, into the internal form. The model and whether it is a
 * stream stand in the path; without `alt=sse` a stream is a JSON array that comes in pieces. Pure.
 */
#include "gateway/dialect/google_priv.h"
#include "gateway/dialect/signature.h"

const struct ir_words google_words = {.messages = "contents",
                                      .parts = "parts",
                                      .tools = "tools",
                                      .image_url = "fileData.fileUri",
                                      .file_url = "fileData.fileUri"};

/* "flex" in whatever case; "standard" is what others call "default". */
static void read_tier(struct google_parse *p)
{
    struct str word;
    char text[16];
    if (!rd_string(&p->r, "serviceTier", &word) || word.len > sizeof text)
        return;
    for (size_t i = 0; i < word.len; i++)
        text[i] = (char)(word.p[i] >= 'A' && word.p[i] <= 'Z' ? word.p[i] - 'A' + 'a' : word.p[i]);
    word = arena_str(p->r.a, str_make(text, word.len));
    if (str_eq(word, STR("unspecified")))
        return;
    if (str_eq(word, STR("standard")))
        word = STR("default");
    p->out->service_tier = word;
    p->c->service_tier = (struct ir_param){dialect_json_string(word, p->r.a), "serviceTier"};
}

static void read_labels(struct google_parse *p)
{
    bool object = rd_peek(&p->r) == JSON_OBJECT_BEGIN;
    struct str raw;
    if (rd_raw(&p->r, &raw) && object)
        p->out->metadata = raw;
    ir_add_unknown(p->c, p->r.a, STR("labels"));
}

static void read_member(struct google_parse *p, struct str key)
{
    static const struct {
        const char *key;
        void (*read)(struct google_parse *p);
    } members[] = {{"contents", google_parse_contents},
                   {"systemInstruction", google_parse_system},
                   {"tools", google_parse_tools},
                   {"toolConfig", google_parse_tool_config},
                   {"generationConfig", google_parse_config},
                   {"serviceTier", read_tier},
                   {"labels", read_labels}};
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (!rd_is(key, members[i].key))
            continue;
        members[i].read(p);
        return;
    }
    if (p->counting && rd_is(key, "generateContentRequest") && rd_object(&p->r, "")) {
        while (google_key(&p->r, &key))
            read_member(p, key);
        return;
    }
    if (!rd_is(key, "model")) /* SDKs of old repeat it; the path counts */
        ir_add_unknown(p->c, p->r.a, arena_str(p->r.a, key));
    rd_skip(&p->r);
}

static void read_body(struct google_parse *p)
{
    struct rd_keys seen = {0};
    struct str key;
    bool any = false;
    if (!rd_body(&p->r))
        return;
    while (google_key(&p->r, &key) && rd_once(&p->r, &seen, key)) {
        any = true;
        read_member(p, key);
    }
    if (p->r.failed)
        return;
    p->out->object_empty = !any;
    p->out->object_end = p->r.s.begin;
    if (!p->counting && !p->got_contents)
        rd_missing(&p->r, "contents");
}

/* `name` has the value `value` in the query. */
static bool query_has(struct str query, struct str want)
{
    while (query.p) {
        struct str one = str_cut(&query, '&');
        if (str_eq(one, want))
            return true;
    }
    return false;
}

/* The body without wrapped words. */
static struct str own_body(struct google_parse *p, struct str body)
{
    struct buf b;
    size_t more = 0;
    if (p->n_edits == 0)
        return body;
    for (size_t i = 0; i < p->n_edits; i++)
        more += p->edits[i].with.len;
    dialect_sort_edits(p->edits, p->n_edits);
    buf_init(&b, body.len + more);
    bool good = dialect_apply(body, p->edits, p->n_edits, &b);
    struct str text = good ? arena_str(p->r.a, buf_str(&b)) : STR_NULL;
    buf_fini(&b);
    return signature_present(text) ? STR_NULL : text;
}

static void note_call(struct dialect_request *out, const struct dialect_call *call)
{
    struct str model = call->model;
    if (str_starts(model, STR("models/")))
        model = str_make(model.p + 7, model.len - 7);
    out->model = model;
    out->stream = call->stream;
    out->client_wants_usage = true;
    if (call->stream && !query_has(call->query, STR("alt=sse"))) {
        out->stream_type = "application/json; charset=utf-8";
        out->foreign = true;
    }
}

enum err google_scan_request(struct str body, const struct dialect_call *call, struct arena *a,
                             struct dialect_request *out, struct dialect_refusal *why)
{
    struct google_parse p = {.out = out, .counting = call->counting};
    struct ir_chat *chat = ARENA_NEW(a, struct ir_chat);
    *out = (struct dialect_request){.n = 1, .max_output = -1};
    note_call(out, call);
    ir_chat_init(chat, &google_words);
    rd_init(&p.r, body, a, why);
    p.c = chat;
    map_init(&p.calls_of_id);
    map_init(&p.calls_of_name);
    p.allowed_tail = &p.allowed;
    p.mime = STR("");
    buf_init(&p.params, GOOGLE_PARAMS_MAX_BYTES);
    read_body(&p);
    if (!p.r.failed) {
        google_settle_tools(&p);
        google_settle_config(&p);
    }
    if (rd_done(&p.r)) {
        chat->stream = out->stream;
        chat->body = own_body(&p, body);
        out->foreign |= signature_present(body);
        out->params = str_of(arena_printf(a, "{" STR_FMT "}", STR_ARG(buf_str(&p.params))));
        out->chat = chat;
    }
    buf_fini(&p.params);
    map_fini(&p.calls_of_id);
    map_fini(&p.calls_of_name);
    return why->err;
}

enum err google_parse_request(struct str body, const struct dialect_request *scan, struct arena *a,
                              struct ir_chat *out, struct dialect_refusal *why)
{
    (void)body;
    (void)a;
    (void)why;
    ASSERT(scan->chat);
    *out = *scan->chat;
    /* the ends of empty lists point into the list's owner */
    if (!out->messages)
        out->messages_tail = &out->messages;
    if (!out->tools)
        out->tools_tail = &out->tools;
    if (!out->stop)
        out->stop_tail = &out->stop;
    if (!out->unknown)
        out->unknown_tail = &out->unknown;
    return E_OK;
}

size_t google_edit_request(const struct dialect_request *in, const struct dialect_target *to,
                           struct arena *a, struct dialect_edit edits[DIALECT_EDITS_MAX])
{
    if (to->max_temperature_milli < 0 || in->temperature.end == 0 ||
        !dialect_number_above(in->temperature_raw, to->max_temperature_milli))
        return 0;
    edits[0] = (struct dialect_edit){in->temperature.begin, in->temperature.end,
                                     dialect_milli(to->max_temperature_milli, a)};
    return 1;
}
