/* Writes answers of the Responses API, streams and whole ones: which event comes when, and the
 * items as they grow. One block of the answer is one item with one part. The worker's thread; pure
 * but for the arena that lives as long as the stream.
 */
#include "gateway/dialect/openai_responses_priv.h"
#include "gateway/dialect/signature.h"

enum { WRITER_MAGIC = 0x72657377, ITEM_MAX_BYTES = 64 << 20, WRAP_MAX_BYTES = 8 << 20 };

struct writer {
    uint32_t magic;
    struct responses_out x;
    struct dialect_writing w; /* as it was last, for an error */
    struct str model;
    struct arena *keep;
    struct responses_item *items, **tail;
    struct responses_item *block; /* the open one that is no call; its item may come later */
    uint32_t n_items;
    bool said_start;
    enum ir_finish finish;
    enum ir_finish ends; /* the finish in the list in hand */
    struct usage usage;
    struct str service_tier;
};
static_assert(sizeof(struct writer) <= RESPONSES_WRITER_BYTES, "room for the state");

static void writer_begin(struct writer *s, const struct dialect_writing *w, struct buf *out)
{
    if (!s->magic) {
        s->magic = WRITER_MAGIC;
        s->tail = &s->items;
        s->keep = w->keep;
        usage_clear(&s->usage);
    }
    CHECK(s, WRITER_MAGIC);
    if (!s->w.model.p || !str_eq(s->w.model, w->model))
        s->model = arena_str(s->keep, w->model);
    s->w = *w;
    s->w.model = s->model;
    s->w.extra = (struct dialect_extra){.metadata = STR("")};
    s->x.w = w;
    s->x.out = out;
}

/* ------------------------------------------------------------------ items */

static void free_item(void *arg)
{
    struct responses_item *it = arg;
    buf_fini(&it->text);
    buf_fini(&it->annotations);
    buf_fini(&it->logprobs);
}

static struct responses_item *add_item(struct writer *s, const struct ir_event *e)
{
    struct responses_item *it = ARENA_NEW(s->keep, struct responses_item);
    it->block = e->block;
    it->index = e->index;
    it->status = "in_progress";
    buf_init(&it->text, ITEM_MAX_BYTES);
    buf_init(&it->annotations, ITEM_MAX_BYTES);
    buf_init(&it->logprobs, ITEM_MAX_BYTES);
    arena_defer(s->keep, free_item, it);
    return it;
}

/* "msg_<the answer's id>_<number>": unlike anything else in the conversation, and it says which
 * answer it is of. */
static struct str item_id(struct writer *s, const struct responses_item *it)
{
    const char *prefix = it->block == IR_TOOL_CALL ? (it->custom ? "ctc" : "fc")
                         : it->block == IR_IMAGE   ? "ig"
                         : it->block == IR_THINKING || it->block == IR_REDACTED ? "rs"
                                                                                : "msg";
    char id[RESPONSES_ID_BYTES];
    responses_id(s->w.request_id, id);
    return str_of(arena_printf(s->keep, "%s_%s_%u", prefix, id + 5, (unsigned)it->output_index));
}

/* Puts an item into the output and says so. */
static void open_item(struct writer *s, struct responses_item *it)
{
    if (it->open)
        return;
    it->open = true;
    it->output_index = s->n_items++;
    if (!it->id.p)
        it->id = item_id(s, it);
    *s->tail = it;
    s->tail = &it->next;
    responses_say_item(&s->x, "response.output_item.added", it);
}

static void open_part(struct writer *s, struct responses_item *it)
{
    open_item(s, it);
    if (it->part_open)
        return;
    responses_say_part(&s->x, it, false);
    it->part_open = true;
}

/* ------------------------------------------------------------------ calls */

static struct str kept(struct writer *s, struct str text)
{
    return text.p ? arena_str(s->keep, text) : STR_NULL;
}

/* Whose call it is: custom tools and namespaces are known by the request. */
static void name_call(struct writer *s, struct responses_item *it, struct str name)
{
    const struct responses_request *q = responses_request_of(&s->w);
    const struct ir_tool *t = q->chat.tools;
    while (t && !(ir_tool_is_called(t) && str_eq(t->name, name)))
        t = t->next;
    it->custom = t && t->kind == IR_TOOL_CUSTOM;
    if (t && t->space.p) {
        it->space = kept(s, t->space);
        name = str_make(name.p + t->space.len + 2, name.len - t->space.len - 2);
    }
    it->name = kept(s, name);
}

static void open_call(struct writer *s, const struct ir_event *e)
{
    struct responses_item *it = add_item(s, e);
    struct buf id;
    buf_init(&id, WRAP_MAX_BYTES);
    (void)signature_id_write(e->id, &e->signature, &id);
    it->call_id = arena_str(s->keep, buf_str(&id));
    buf_fini(&id);
    name_call(s, it, e->name);
    open_item(s, it);
}

/* ------------------------------------------------------------------ deltas */

/* OpenAI sends encrypted reasoning to those who ask. An answer that may be asked for again must
 * hold it, too, since there is no other memory. */
static bool wants_encrypted(const struct writer *s)
{
    return responses_request_of(&s->w)->wants_encrypted || s->w.scan->keeps;
}

static void take_signature(struct writer *s, struct responses_item *it,
                           const struct ir_signature *sig)
{
    if (sig->origin == IR_ORIGIN_OPENAI && sig->id.p && !it->open)
        it->id = kept(s, sig->id);
    if (sig->data.len == 0 || sig->origin == IR_ORIGIN_NONE || !wants_encrypted(s))
        return;
    if (sig->origin == IR_ORIGIN_OPENAI) {
        it->encrypted = kept(s, sig->data);
        return;
    }
    struct ir_signature wrapped = *sig;
    struct buf b;
    wrapped.id = it->block == IR_REDACTED ? STR("redacted") : STR_NULL;
    buf_init(&b, WRAP_MAX_BYTES);
    if (signature_wrap(&wrapped, &b))
        it->encrypted = arena_str(s->keep, buf_str(&b));
    buf_fini(&b);
}

static void add_element(struct buf *list, struct str element)
{
    if (list->len > 0)
        buf_add_char(list, ',');
    buf_add_str(list, element);
}

/* The elements of a raw array, without its brackets. */
static struct str inside(struct str array)
{
    array = str_trim(array);
    return array.len >= 2 ? str_trim(str_make(array.p + 1, array.len - 2)) : STR("");
}

static void write_citation(const struct ir_citation *c, struct buf *out)
{
    struct json_write w;
    json_write_init(&w, out);
    if (c->origin == IR_ORIGIN_OPENAI && c->raw.p) {
        jw_raw_line(&w, c->raw);
        return;
    }
    jw_object(&w);
    jw_key(&w, "type");
    jw_lit(&w, "\"url_citation\"");
    jw_key(&w, "url");
    jw_text(&w, c->url);
    jw_key(&w, "start_index");
    jw_i64(&w, c->start < 0 ? 0 : c->start);
    jw_key(&w, "end_index");
    jw_i64(&w, c->end < 0 ? 0 : c->end);
    jw_key(&w, "title");
    jw_text(&w, c->title);
    jw_end(&w);
}

static void take_citation(struct writer *s, struct responses_item *it, const struct ir_citation *c)
{
    bool own = c->origin == IR_ORIGIN_OPENAI && c->raw.p;
    struct buf b;
    if (!own && !c->url.p) /* documents of other APIs have no place in this one */
        return;
    buf_init(&b, ITEM_MAX_BYTES);
    write_citation(c, &b);
    open_part(s, it);
    responses_say_annotation(&s->x, it, it->n_annotations++, buf_str(&b));
    add_element(&it->annotations, buf_str(&b));
    buf_fini(&b);
}

static void text_delta(struct writer *s, struct responses_item *it, const struct ir_event *e)
{
    if (e->text.len > 0 || e->logprobs.p) {
        open_part(s, it);
        buf_add_str(&it->text, e->text);
        struct str logprobs = e->logprobs.p ? inside(e->logprobs) : STR("");
        if (logprobs.len)
            add_element(&it->logprobs, logprobs);
        responses_say_delta(&s->x, it, e->text, e->logprobs);
    }
    if (it->block == IR_TEXT && (e->citation.raw.p || e->citation.url.p))
        take_citation(s, it, &e->citation);
}

static void thinking_delta(struct writer *s, struct responses_item *it, const struct ir_event *e)
{
    take_signature(s, it, &e->signature);
    if (e->text.len == 0)
        return;
    open_part(s, it);
    buf_add_str(&it->text, e->text);
    responses_say_delta(&s->x, it, e->text, STR_NULL);
}

static void call_delta(struct writer *s, struct responses_item *it, const struct ir_event *e)
{
    size_t begin = it->text.len;
    if (e->json.quoted)
        buf_add_str(&it->text, e->json.raw);
    else
        (void)json_quote_into(e->json.raw, &it->text);
    if (it->custom || it->text.failed || it->text.len == begin)
        return; /* a custom tool's input is known when its arguments are complete */
    responses_say_delta(&s->x, it, str_make(it->text.p + begin, it->text.len - begin), STR_NULL);
}

static void delta(struct writer *s, struct responses_item *it, const struct ir_event *e)
{
    switch (e->block) {
    case IR_TEXT:
    case IR_REFUSAL:
        text_delta(s, it, e);
        break;
    case IR_THINKING:
    case IR_REDACTED:
        thinking_delta(s, it, e);
        break;
    case IR_TOOL_CALL:
        call_delta(s, it, e);
        break;
    case IR_IMAGE:
        open_item(s, it);
        buf_add_str(&it->text, e->media.at == IR_MEDIA_BASE64 ? e->media.data : STR(""));
        break;
    case IR_OTHER:
        it->raw = responses_is_item(e->name) ? kept(s, e->raw) : STR_NULL;
        if (it->raw.p)
            open_item(s, it);
        break;
    case IR_TOOL_RESULT:
    case IR_AUDIO:
    case IR_VIDEO:
    case IR_FILE:
    case IR_KINDS:
        break; /* this API has no place for them */
    }
}

/* ------------------------------------------------------------------ ends */

static void close_call(struct writer *s, struct responses_item *it)
{
    if (it->custom) {
        struct buf json = it->text;
        struct str input = responses_custom_input(it, s->keep);
        buf_init(&it->text, ITEM_MAX_BYTES);
        buf_add_str(&it->text, input);
        buf_fini(&json);
        if (it->text.len)
            responses_say_delta(&s->x, it, buf_str(&it->text), STR_NULL);
    } else if (it->text.len == 0) {
        buf_add_lit(&it->text, "{}");
        responses_say_delta(&s->x, it, STR("{}"), STR_NULL);
    }
    responses_say_text(&s->x, it);
}

static void close_item(struct writer *s, struct responses_item *it, bool cut)
{
    if (!it->open && it->encrypted.p)
        open_item(s, it); /* reasoning that only its provider reads */
    if (!it->open)
        return;
    it->status = cut ? "incomplete" : "completed";
    if (it->block == IR_TOOL_CALL) {
        close_call(s, it);
    } else if (it->part_open) {
        responses_say_text(&s->x, it);
        responses_say_part(&s->x, it, true);
    } else if (it->block == IR_IMAGE) {
        responses_say_image(&s->x, it);
    }
    responses_say_item(&s->x, "response.output_item.done", it);
}

/* The finish that this list of events ends with; FINISH_NONE: the answer goes on. */
static enum ir_finish finish_in(const struct ir_events *ev)
{
    for (size_t i = ev->n; i > 0; i--)
        if (ev->v[i - 1].kind == IR_STOP && ev->v[i - 1].choice == 0)
            return ev->v[i - 1].finish;
    return FINISH_NONE;
}

/* Is this the answer's last block to close, cut off? */
static bool is_cut(const struct writer *s, const struct ir_events *ev, size_t at)
{
    if (!responses_is_incomplete(s->ends))
        return false;
    for (size_t i = at + 1; i < ev->n; i++)
        if (ev->v[i].kind == IR_OPEN || ev->v[i].kind == IR_CLOSE)
            return false;
    return true;
}

static void say_start(struct writer *s)
{
    const struct responses_object o = {.state = RESPONSES_IN_PROGRESS};
    if (s->said_start)
        return;
    s->said_start = true;
    responses_say_response(&s->x, "response.created", &o);
    responses_say_response(&s->x, "response.in_progress", &o);
}

static struct responses_object complete(const struct writer *s)
{
    return (struct responses_object){.state = RESPONSES_DONE,
                                     .finish = s->finish,
                                     .items = s->items,
                                     .usage = &s->usage,
                                     .service_tier = s->service_tier};
}

static struct responses_item *item_of(struct writer *s, const struct ir_event *e)
{
    if (e->block != IR_TOOL_CALL)
        return s->block;
    for (struct responses_item *it = s->items; it; it = it->next)
        if (it->block == IR_TOOL_CALL && it->index == e->index)
            return it;
    return NULL;
}

static void take(struct writer *s, const struct ir_events *ev, size_t i)
{
    const struct ir_event *e = &ev->v[i];
    struct responses_object o;
    switch (e->kind) {
    case IR_START:
        say_start(s);
        break;
    case IR_OPEN:
        if (e->block == IR_TOOL_CALL)
            open_call(s, e);
        else
            s->block = add_item(s, e);
        break;
    case IR_DELTA:
        delta(s, item_of(s, e), e);
        break;
    case IR_CLOSE:
        close_item(s, item_of(s, e), is_cut(s, ev, i));
        break;
    case IR_STOP:
        s->finish = e->finish;
        break;
    case IR_USAGE:
        s->usage = e->usage;
        s->service_tier = kept(s, e->service_tier);
        break;
    case IR_END:
        o = complete(s);
        responses_say_response(
            &s->x,
            responses_is_incomplete(s->finish) ? "response.incomplete" : "response.completed", &o);
        break;
    case IR_ERROR:
        break; /* loose only */
    }
}

static void take_all(struct writer *s, const struct ir_events *ev)
{
    s->ends = finish_in(ev);
    for (size_t i = 0; i < ev->n; i++)
        if (ev->v[i].choice == 0) /* this API has one */
            take(s, ev, i);
}

bool responses_write_stream(void *state, const struct dialect_writing *w,
                            const struct ir_events *ev, struct buf *out)
{
    writer_begin(state, w, out);
    take_all(state, ev);
    return !out->failed;
}

bool responses_write_answer(const struct dialect_writing *w, const struct ir_events *ev,
                            struct buf *out)
{
    struct writer s = {.magic = 0};
    struct json_write json;
    writer_begin(&s, w, NULL);
    take_all(&s, ev);
    const struct responses_object o = complete(&s);
    json_write_init(&json, out);
    responses_write_object(&json, w, &o);
    return !out->failed;
}

/* `error` is what the SDKs throw, `response.failed` what others wait for. */
bool responses_write_error_event(void *state, const struct dialect_error *e, struct uuid request_id,
                                 struct buf *out)
{
    struct writer *s = state;
    struct responses_out x = {.out = out};
    if (!s || !s->magic) {
        responses_say_error(&x, e, request_id);
        return !out->failed;
    }
    CHECK(s, WRITER_MAGIC);
    const struct responses_object o = {
        .state = RESPONSES_FAILED, .error = e, .items = s->items, .service_tier = STR("")};
    s->x.out = out;
    s->x.w = &s->w;
    responses_say_error(&s->x, e, request_id);
    responses_say_response(&s->x, "response.failed", &o);
    return !out->failed;
}
