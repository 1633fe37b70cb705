/* Writes answers for clients of the Messages API: streams and whole messages. Pure. */
#include "gateway/dialect/anthropic_priv.h"
#include "gateway/dialect/arguments.h"
#include "gateway/dialect/signature.h"

const char *anthropic_stop_reason(enum ir_finish f)
{
    static const char *const words[] = {
        [FINISH_NONE] = "end_turn",
        [FINISH_STOP] = "end_turn",
        [FINISH_LENGTH] = "max_tokens",
        [FINISH_TOOL_CALLS] = "tool_use",
        [FINISH_CONTENT_FILTER] = "refusal",
        [FINISH_ERROR] = "end_turn",
        [FINISH_STOP_SEQUENCE] = "stop_sequence",
        [FINISH_REFUSAL] = "refusal",
        [FINISH_PAUSE] = "pause_turn",
        [FINISH_CONTEXT] = "model_context_window_exceeded",
    };
    static_assert(ARRAY_LEN(words) == FINISHES, "a word per finish");
    return words[f];
}

static int64_t or_none(int64_t n)
{
    return n > 0 ? n : 0;
}

static void write_count(struct json_write *w, const char *key, int64_t n)
{
    jw_key(w, key);
    jw_i64(w, or_none(n));
}

void anthropic_write_usage(struct json_write *w, const struct usage *u, struct str service_tier)
{
    int64_t writes = or_none(u->cache_write_5m) + or_none(u->cache_write_1h);
    int64_t plain = or_none(u->input) - or_none(u->cached) - writes;
    jw_object(w);
    write_count(w, "input_tokens", plain);
    write_count(w, "cache_creation_input_tokens", writes);
    write_count(w, "cache_read_input_tokens", u->cached);
    if (writes > 0) {
        jw_key(w, "cache_creation");
        jw_object(w);
        write_count(w, "ephemeral_5m_input_tokens", u->cache_write_5m);
        write_count(w, "ephemeral_1h_input_tokens", u->cache_write_1h);
        jw_end(w);
    }
    write_count(w, "output_tokens", u->output);
    if (u->reasoning > 0) {
        jw_key(w, "output_tokens_details");
        jw_object(w);
        write_count(w, "thinking_tokens", u->reasoning);
        jw_end(w);
    }
    if (u->web_searches > 0) {
        jw_key(w, "server_tool_use");
        jw_object(w);
        write_count(w, "web_search_requests", u->web_searches);
        write_count(w, "web_fetch_requests", 0);
        jw_end(w);
    }
    if (str_eq(service_tier, STR("standard")) || str_eq(service_tier, STR("priority")) ||
        str_eq(service_tier, STR("batch"))) {
        jw_key(w, "service_tier");
        jw_string(w, service_tier);
    }
    jw_end(w);
}

/* "msg_" and the request's id without its dashes. */
void anthropic_write_id(struct json_write *w, const struct dialect_writing *dw)
{
    char text[UUID_TEXT_LEN + 1], id[4 + UUID_TEXT_LEN];
    size_t n = 4;
    memcpy(id, "msg_", 4);
    uuid_format(dw->request_id, text);
    for (const char *c = text; *c; c++)
        if (*c != '-')
            id[n++] = *c;
    jw_string(w, str_make(id, n));
}

void anthropic_write_signature(struct json_write *w, const struct ir_signature *s)
{
    jw_text_begin(w);
    if (s->origin == IR_ORIGIN_ANTHROPIC)
        jw_text_add(w, s->data);
    else
        (void)signature_wrap(s, w->out);
    jw_text_end(w);
}

/* Can this dialect show the block? */
bool anthropic_shows(const struct ir_event *e)
{
    switch (e->block) {
    case IR_TEXT:
    case IR_REFUSAL:
    case IR_THINKING:
    case IR_REDACTED:
    case IR_TOOL_CALL:
        return true;
    case IR_OTHER: /* what was said in this dialect by its provider */
        return e->signature.origin == IR_ORIGIN_ANTHROPIC;
    case IR_TOOL_RESULT:
    case IR_IMAGE:
    case IR_AUDIO:
    case IR_VIDEO:
    case IR_FILE:
    case IR_KINDS:
        break;
    }
    return false;
}

/* ------------------------------------------------------------------ whole messages */

struct whole {
    const struct dialect_writing *dw;
    struct json_write w;
    const struct ir_events *ev;
    size_t at; /* where the block in hand is opened */
};

/* The next delta of the block in hand behind `*i`; NULL: it is closed. */
static const struct ir_event *next(const struct whole *x, size_t *i)
{
    const struct ir_event *open = &x->ev->v[x->at];
    while (++*i < x->ev->n) {
        const struct ir_event *e = &x->ev->v[*i];
        if (e->index != open->index || e->choice != open->choice)
            continue;
        if (e->kind == IR_CLOSE)
            return NULL;
        if (e->kind == IR_DELTA)
            return e;
    }
    return NULL;
}

/* Texts of the block, joined. */
static void write_texts(struct whole *x, const char *key)
{
    const struct ir_event *e;
    jw_key(&x->w, key);
    jw_text_begin(&x->w);
    for (size_t i = x->at; (e = next(x, &i)) != NULL;)
        jw_text_add(&x->w, e->text);
    jw_text_end(&x->w);
}

static void write_citations(struct whole *x)
{
    const struct ir_event *e;
    bool any = false;
    for (size_t i = x->at; (e = next(x, &i)) != NULL;) {
        if (!anthropic_cites(&e->citation))
            continue;
        if (!any) {
            jw_key(&x->w, "citations");
            jw_array(&x->w);
        }
        any = true;
        (void)anthropic_write_citation(&x->w, &e->citation);
    }
    if (any)
        jw_end(&x->w);
}

/* The first delta of the block that has what is asked for, or NULL. */
static const struct ir_event *find(const struct whole *x, bool signature)
{
    const struct ir_event *e;
    for (size_t i = x->at; (e = next(x, &i)) != NULL;)
        if (signature ? e->signature.data.len > 0 : e->json.raw.len > 0 || e->raw.len > 0)
            return e;
    return NULL;
}

static void write_call(struct whole *x, const struct ir_event *open)
{
    struct buf all;
    struct ir_json json = {.raw = STR(""), .quoted = true};
    const struct ir_event *e;
    buf_init(&all, 64 << 20);
    for (size_t i = x->at; (e = next(x, &i)) != NULL;) {
        if (!e->json.raw.len)
            continue;
        json.quoted = e->json.quoted;
        buf_add_str(&all, e->json.raw);
    }
    json.raw = buf_str(&all);
    jw_key(&x->w, "id");
    jw_text_begin(&x->w);
    (void)signature_id_write(open->id, &open->signature, x->w.out);
    jw_text_end(&x->w);
    jw_key(&x->w, "name");
    jw_text(&x->w, open->name);
    jw_key(&x->w, "input");
    args_write_object_anyhow(&x->w, json);
    buf_fini(&all);
}

static void write_block(struct whole *x)
{
    const struct ir_event *open = &x->ev->v[x->at];
    static const char *const types[IR_KINDS] = {
        [IR_TEXT] = "text",          [IR_REFUSAL] = "text",
        [IR_THINKING] = "thinking",  [IR_REDACTED] = "redacted_thinking",
        [IR_TOOL_CALL] = "tool_use",
    };
    static const struct ir_signature none = {.origin = IR_ORIGIN_CHAT, .data = {"", 0}};
    const struct ir_event *sealed = find(x, true);
    const struct ir_event *other = open->block == IR_OTHER ? find(x, false) : NULL;
    if (other && anthropic_shows(other))
        jw_raw(&x->w, other->raw);
    if (!types[open->block])
        return;
    jw_object(&x->w);
    jw_key(&x->w, "type");
    jw_string(&x->w, str_of(types[open->block]));
    if (open->block == IR_TOOL_CALL) {
        write_call(x, open);
    } else if (open->block == IR_REDACTED) {
        jw_key(&x->w, "data");
        anthropic_write_signature(&x->w, sealed ? &sealed->signature : &none);
    } else if (open->block == IR_THINKING) {
        write_texts(x, "thinking");
        jw_key(&x->w, "signature");
        anthropic_write_signature(&x->w, sealed ? &sealed->signature : &none);
    } else {
        write_texts(x, "text");
        write_citations(x);
    }
    jw_end(&x->w);
}

static void write_end(struct whole *x)
{
    for (size_t i = 0; i < x->ev->n; i++) {
        const struct ir_event *e = &x->ev->v[i];
        if (e->kind == IR_STOP && e->choice == 0) {
            jw_key(&x->w, "stop_reason");
            jw_string(&x->w, str_of(anthropic_stop_reason(e->finish)));
            jw_key(&x->w, "stop_sequence");
            if (e->stop_sequence.p)
                jw_text(&x->w, e->stop_sequence);
            else
                jw_lit(&x->w, "null");
        } else if (e->kind == IR_USAGE) {
            jw_key(&x->w, "usage");
            anthropic_write_usage(&x->w, &e->usage, e->service_tier);
        }
    }
}

bool anthropic_write_answer(const struct dialect_writing *w, const struct ir_events *ev,
                            struct buf *out)
{
    struct whole x = {.dw = w, .ev = ev};
    json_write_init(&x.w, out);
    jw_object(&x.w);
    jw_key(&x.w, "id");
    anthropic_write_id(&x.w, w);
    jw_key(&x.w, "type");
    jw_lit(&x.w, "\"message\"");
    jw_key(&x.w, "role");
    jw_lit(&x.w, "\"assistant\"");
    jw_key(&x.w, "model");
    jw_string(&x.w, w->model);
    jw_key(&x.w, "content");
    jw_array(&x.w);
    for (x.at = 0; x.at < ev->n; x.at++)
        if (ev->v[x.at].kind == IR_OPEN && ev->v[x.at].choice == 0)
            write_block(&x);
    jw_end(&x.w);
    write_end(&x);
    if (w->extra.metadata.len) {
        jw_key(&x.w, "metadata");
        jw_raw(&x.w, w->extra.metadata);
    }
    jw_end(&x.w);
    return !out->failed;
}
