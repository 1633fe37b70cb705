/* Writes strict events as a whole chat answer. Pure. A member at a time over the list of events:
 * answers have few of them, and nothing is copied.
 */
#include "gateway/dialect/openai_write_pieces.h"

struct out {
    struct json_write w;
    const struct dialect_writing *x;
    const struct ir_events *ev;
    uint32_t choice;
};

/* The next event of that kind and block in the choice, from `*i` on; NULL: none. */
static const struct ir_event *next(const struct out *o, size_t *i, enum ir_event_kind kind,
                                   enum ir_kind block)
{
    while (*i < o->ev->n) {
        const struct ir_event *e = &o->ev->v[(*i)++];
        if (e->kind == kind && e->choice == o->choice && (kind == IR_STOP || e->block == block))
            return e;
    }
    return NULL;
}

static bool has_text(const struct out *o, enum ir_kind block)
{
    const struct ir_event *e;
    for (size_t i = 0; (e = next(o, &i, IR_DELTA, block)) != NULL;)
        if (e->text.len > 0)
            return true;
    return false;
}

static bool has(const struct out *o, enum ir_event_kind kind, enum ir_kind block)
{
    size_t i = 0;
    return next(o, &i, kind, block) != NULL;
}

/* All texts of a kind; `otherwise` where there are none ("" leaves the member out). */
static void put_texts(struct out *o, const char *key, enum ir_kind block, struct str otherwise)
{
    const struct ir_event *e;
    bool some = has_text(o, block);
    if (!some && otherwise.len == 0)
        return;
    jw_key(&o->w, key);
    if (!some) {
        jw_raw(&o->w, otherwise);
        return;
    }
    jw_text_begin(&o->w);
    for (size_t i = 0; (e = next(o, &i, IR_DELTA, block)) != NULL;)
        jw_text_add(&o->w, e->text);
    jw_text_end(&o->w);
}

/* ------------------------------------------------------------------ reasoning */

static bool is_thought(const struct ir_event *e)
{
    return e->block == IR_THINKING || e->block == IR_REDACTED;
}

/* A thought's deltas as one: its whole text and its signature. */
static void put_thought(struct out *o, size_t i, uint32_t n)
{
    struct ir_event whole = o->ev->v[i];
    struct buf text;
    buf_init(&text, o->w.out->max);
    for (; i < o->ev->n; i++) {
        const struct ir_event *e = &o->ev->v[i];
        if (e->choice != o->choice || e->index != whole.index)
            continue;
        if (e->kind == IR_CLOSE)
            break;
        buf_add_str(&text, e->text);
        if (e->kind == IR_DELTA && e->signature.data.len > 0)
            whole.signature = e->signature;
    }
    whole.text = buf_str(&text);
    openai_put_details(&o->w, &whole, n);
    buf_fini(&text);
}

static bool carries_state(const struct ir_event *e)
{
    bool call = e->kind == IR_OPEN && e->block == IR_TOOL_CALL;
    bool text = e->kind == IR_DELTA && e->block == IR_TEXT;
    return (call || text) && e->signature.data.len > 0 && e->signature.origin != IR_ORIGIN_NONE;
}

static void put_reasoning(struct out *o)
{
    uint32_t n = 0;
    put_texts(o, "reasoning_content", IR_THINKING, STR(""));
    for (size_t i = 0; i < o->ev->n; i++) {
        const struct ir_event *e = &o->ev->v[i];
        bool thought = e->kind == IR_OPEN && is_thought(e);
        if (e->choice != o->choice || !(thought || carries_state(e)))
            continue;
        if (n == 0) {
            jw_key(&o->w, "reasoning_details");
            jw_array(&o->w);
        }
        if (thought)
            put_thought(o, i, n++);
        else
            openai_put_state(&o->w, &e->signature, e->id.len ? &e->id : NULL, n++);
    }
    if (n > 0)
        jw_end(&o->w);
}

/* ------------------------------------------------------------------ calls and the rest */

static void put_call(struct out *o, size_t i)
{
    const struct ir_event *open = &o->ev->v[i];
    struct buf arguments;
    buf_init(&arguments, o->w.out->max);
    for (; i < o->ev->n; i++) {
        const struct ir_event *e = &o->ev->v[i];
        if (e->choice != o->choice || e->index != open->index)
            continue;
        if (e->kind == IR_CLOSE)
            break;
        if (e->json.quoted)
            buf_add_str(&arguments, e->json.raw);
        else if (e->json.raw.len)
            json_quote_into(e->json.raw, &arguments);
    }
    openai_put_call(&o->w, open, -1, &arguments, openai_calls_custom(o->x, open->name));
    o->w.out->failed |= arguments.failed;
    buf_fini(&arguments);
}

static void put_calls(struct out *o)
{
    if (!has(o, IR_OPEN, IR_TOOL_CALL))
        return;
    jw_key(&o->w, "tool_calls");
    jw_array(&o->w);
    for (size_t i = 0; i < o->ev->n; i++) {
        const struct ir_event *e = &o->ev->v[i];
        if (e->kind == IR_OPEN && e->block == IR_TOOL_CALL && e->choice == o->choice)
            put_call(o, i);
    }
    jw_end(&o->w);
}

static void put_annotations(struct out *o)
{
    int64_t before = 0, within = 0;
    bool any = false;
    for (size_t i = 0; i < o->ev->n; i++) {
        const struct ir_event *e = &o->ev->v[i];
        if (e->choice != o->choice || e->block != IR_TEXT)
            continue;
        if (e->kind == IR_CLOSE) {
            before += within;
            within = 0;
        }
        if (e->kind != IR_DELTA)
            continue;
        within += openai_chars(e->text);
        if (!e->citation.url.p)
            continue;
        if (!any) {
            jw_key(&o->w, "annotations");
            jw_array(&o->w);
        }
        any = true;
        openai_put_annotation(&o->w, e, before, before + within);
    }
    if (any)
        jw_end(&o->w);
}

static void put_images(struct out *o)
{
    const struct ir_event *e;
    uint32_t n = 0;
    if (!has(o, IR_DELTA, IR_IMAGE))
        return;
    jw_key(&o->w, "images");
    jw_array(&o->w);
    for (size_t i = 0; (e = next(o, &i, IR_DELTA, IR_IMAGE)) != NULL;)
        openai_put_image(&o->w, &e->media, n++);
    jw_end(&o->w);
}

static void put_audio(struct out *o)
{
    const struct ir_event *e;
    struct str id = STR("");
    if (!has(o, IR_DELTA, IR_AUDIO))
        return;
    for (size_t i = 0; id.len == 0 && (e = next(o, &i, IR_DELTA, IR_AUDIO)) != NULL;)
        id = e->id;
    jw_key(&o->w, "audio");
    jw_object(&o->w);
    openai_put_audio_id(&o->w, o->x, id);
    jw_key(&o->w, "data");
    jw_text_begin(&o->w);
    for (size_t i = 0; (e = next(o, &i, IR_DELTA, IR_AUDIO)) != NULL;)
        jw_text_add(&o->w, e->media.data);
    jw_text_end(&o->w);
    put_texts(o, "transcript", IR_AUDIO, STR("\"\""));
    jw_key(&o->w, "expires_at");
    jw_i64(&o->w, o->x->created_s);
    jw_end(&o->w);
}

/* The arrays of tokens of all deltas as one. */
static void put_logprobs(struct out *o)
{
    const struct ir_event *e;
    bool any = false;
    jw_key(&o->w, "logprobs");
    for (size_t i = 0; (e = next(o, &i, IR_DELTA, IR_TEXT)) != NULL;) {
        struct str inner = str_trim(e->logprobs);
        if (inner.len < 2 || inner.p[0] != '[')
            continue;
        inner = str_trim(str_make(inner.p + 1, inner.len - 2));
        if (!any) {
            jw_object(&o->w);
            jw_key(&o->w, "content");
            jw_array(&o->w);
        }
        any = true;
        if (inner.len)
            jw_raw(&o->w, inner);
    }
    if (!any) {
        jw_lit(&o->w, "null");
        return;
    }
    jw_end(&o->w);
    jw_key(&o->w, "refusal");
    jw_lit(&o->w, "null");
    jw_end(&o->w);
}

static void put_choice(struct out *o, const struct ir_event *stop)
{
    struct json_write *w = &o->w;
    o->choice = stop->choice;
    bool calls = has(o, IR_OPEN, IR_TOOL_CALL), refuses = has_text(o, IR_REFUSAL);
    bool audio = has(o, IR_DELTA, IR_AUDIO);
    jw_object(w);
    jw_key(w, "index");
    jw_i64(w, stop->choice);
    jw_key(w, "message");
    jw_object(w);
    jw_key(w, "role");
    jw_lit(w, "\"assistant\"");
    put_texts(o, "content", IR_TEXT, calls || refuses || audio ? STR("null") : STR("\"\""));
    put_texts(o, "refusal", IR_REFUSAL, STR("null"));
    put_reasoning(o);
    put_annotations(o);
    put_images(o);
    put_audio(o);
    put_calls(o);
    jw_end(w);
    put_logprobs(o);
    jw_key(w, "finish_reason");
    jw_string(w, str_of(openai_finish_word(stop->finish)));
    jw_end(w);
}

bool openai_write_answer(const struct dialect_writing *x, const struct ir_events *ev,
                         struct buf *out)
{
    struct out o = {.x = x, .ev = ev};
    const struct ir_event *usage = NULL;
    json_write_init(&o.w, out);
    jw_object(&o.w);
    openai_put_head(&o.w, x, "chatcmpl-", "chat.completion");
    jw_key(&o.w, "choices");
    jw_array(&o.w);
    for (size_t i = 0; i < ev->n; i++) {
        if (ev->v[i].kind == IR_STOP)
            put_choice(&o, &ev->v[i]);
        if (ev->v[i].kind == IR_USAGE)
            usage = &ev->v[i];
    }
    jw_end(&o.w);
    if (usage)
        openai_put_tail(&o.w, x, usage);
    jw_end(&o.w);
    return !out->failed;
}
