/* Writes whole Converse answers from strict events, and what whole answers and streams share. Pure;
 * output into the caller's capped buffer.
 */
#include "gateway/dialect/arguments.h"
#include "gateway/dialect/bedrock_priv.h"
#include "gateway/dialect/signature.h"

/* ------------------------------------------------------------------ shared with streams */

static int64_t known(int64_t n)
{
    return n > 0 ? n : 0;
}

static void write_count(struct json_write *w, const char *key, int64_t n)
{
    jw_key(w, key);
    jw_i64(w, n);
}

void bedrock_write_usage(struct json_write *w, const struct usage *u)
{
    int64_t written = known(u->cache_write_5m) + known(u->cache_write_1h);
    int64_t plain = known(u->input) - known(u->cached) - written;
    jw_key(w, "usage");
    jw_object(w);
    write_count(w, "inputTokens", known(plain));
    write_count(w, "outputTokens", known(u->output));
    write_count(w, "totalTokens", known(u->input) + known(u->output));
    if (u->cached >= 0)
        write_count(w, "cacheReadInputTokens", u->cached);
    if (u->cache_write_5m >= 0 || u->cache_write_1h >= 0)
        write_count(w, "cacheWriteInputTokens", written);
    if (u->cache_write_1h > 0) {
        jw_key(w, "cacheDetails");
        jw_array(w);
        for (int hour = 0; hour < 2; hour++) {
            jw_object(w);
            jw_key(w, "ttl");
            jw_string(w, hour ? STR("1h") : STR("5m"));
            write_count(w, "inputTokens", known(hour ? u->cache_write_1h : u->cache_write_5m));
            jw_end(w);
        }
        jw_end(w);
    }
    jw_end(w);
    jw_key(w, "metrics");
    jw_lit(w, "{\"latencyMs\":0}");
}

void bedrock_write_tier(struct json_write *w, struct str tier)
{
    if (!tier.p)
        return;
    jw_key(w, "serviceTier");
    jw_object(w);
    jw_key(w, "type");
    jw_string(w, tier);
    jw_end(w);
}

void bedrock_write_signature(struct json_write *w, const struct ir_signature *s)
{
    jw_text_begin(w);
    if (ir_signs_thought(s->origin))
        jw_text_add(w, s->data);
    else
        signature_wrap(s, w->out);
    jw_text_end(w);
}

void bedrock_write_tool_id(struct json_write *w, const struct ir_event *e)
{
    jw_text_begin(w);
    signature_id_write(e->id, &e->signature, w->out);
    jw_text_end(w);
}

/* ------------------------------------------------------------------ blocks of a whole answer */

struct block {
    const struct ir_event *open, *end; /* end: of the list */
};

/* The next event of the block behind `e`, NULL at its CLOSE. */
static const struct ir_event *next_of(const struct block *b, const struct ir_event *e)
{
    for (e++; e < b->end; e++)
        if (e->choice == b->open->choice && e->index == b->open->index) {
            if (e->kind == IR_CLOSE)
                return NULL;
            if (e->kind == IR_DELTA)
                return e;
        }
    return NULL;
}

static void write_texts(struct json_write *w, const struct block *b)
{
    jw_text_begin(w);
    for (const struct ir_event *e = next_of(b, b->open); e; e = next_of(b, e))
        jw_text_add(w, e->text);
    jw_text_end(w);
}

static bool is_cited(const struct ir_event *e)
{
    return e->citation.raw.p || e->citation.url.p;
}

static void write_text(struct json_write *w, const struct block *b)
{
    bool cited = false;
    for (const struct ir_event *e = next_of(b, b->open); e; e = next_of(b, e))
        cited |= is_cited(e);
    if (!cited) {
        jw_key(w, "text");
        write_texts(w, b);
        return;
    }
    jw_key(w, "citationsContent");
    jw_object(w);
    jw_key(w, "content");
    jw_array(w);
    jw_object(w);
    jw_key(w, "text");
    write_texts(w, b);
    jw_end(w);
    jw_end(w);
    jw_key(w, "citations");
    jw_array(w);
    for (const struct ir_event *e = next_of(b, b->open); e; e = next_of(b, e))
        if (is_cited(e))
            bedrock_write_citation(w, &e->citation);
    jw_end(w);
    jw_end(w);
}

static const struct ir_signature *signature_of(const struct block *b)
{
    const struct ir_signature *s = NULL;
    for (const struct ir_event *e = next_of(b, b->open); e; e = next_of(b, e))
        if (e->signature.data.len > 0)
            s = &e->signature;
    return s;
}

static void write_thinking(struct json_write *w, const struct block *b)
{
    const struct ir_signature *s = signature_of(b);
    bool blob = b->open->block == IR_REDACTED && s && ir_signs_thought(s->origin) &&
                bedrock_is_blob(s->data);
    jw_key(w, "reasoningContent");
    jw_object(w);
    if (blob) {
        jw_key(w, "redactedContent");
        jw_text(w, s->data);
    } else {
        jw_key(w, "reasoningText");
        jw_object(w);
        jw_key(w, "text");
        write_texts(w, b);
        if (s) {
            jw_key(w, "signature");
            bedrock_write_signature(w, s);
        }
        jw_end(w);
    }
    jw_end(w);
}

/* The arguments, which come as one value or as fragments of a string. */
static void write_arguments(struct json_write *w, const struct block *b)
{
    struct buf all;
    struct ir_json json = {.quoted = true};
    buf_init(&all, SIZE_MAX / 4);
    for (const struct ir_event *e = next_of(b, b->open); e; e = next_of(b, e)) {
        if (e->json.quoted && e->json.raw.len > 0)
            (void)buf_add_str(&all, e->json.raw);
        else if (e->json.raw.len > 0)
            json = e->json;
    }
    if (json.quoted)
        json.raw = buf_str(&all);
    args_write_object_anyhow(w, json);
    buf_fini(&all);
}

static void write_call(struct json_write *w, const struct block *b)
{
    jw_key(w, "toolUse");
    jw_object(w);
    jw_key(w, "toolUseId");
    bedrock_write_tool_id(w, b->open);
    jw_key(w, "name");
    jw_text(w, b->open->name);
    jw_key(w, "input");
    write_arguments(w, b);
    jw_end(w);
}

static void write_media(struct json_write *w, const struct block *b)
{
    const struct ir_event *e = next_of(b, b->open);
    struct ir_media none = {.at = IR_MEDIA_URL, .data = STR("")};
    const struct ir_media *m = e ? &e->media : &none;
    struct str format = bedrock_media_format(b->open->block, m);
    if (m->at != IR_MEDIA_BASE64 || !format.p) {
        jw_key(w, "text");
        jw_text(w, m->at == IR_MEDIA_URL ? m->data : STR(""));
        return;
    }
    jw_key(w, b->open->block == IR_IMAGE ? "image" : "audio");
    jw_object(w);
    jw_key(w, "format");
    jw_text(w, format);
    jw_key(w, "source");
    jw_object(w);
    jw_key(w, "bytes");
    jw_text_begin(w);
    for (; e; e = next_of(b, e))
        jw_text_add(w, e->media.data);
    jw_text_end(w);
    jw_end(w);
    jw_end(w);
}

static void write_block(struct json_write *w, const struct block *b)
{
    if (b->open->block == IR_OTHER) {
        const struct ir_event *e = next_of(b, b->open);
        if (e && bedrock_is_block(e->name))
            jw_raw(w, e->raw);
        return;
    }
    jw_object(w);
    switch (b->open->block) {
    case IR_THINKING:
    case IR_REDACTED:
        write_thinking(w, b);
        break;
    case IR_TOOL_CALL:
        write_call(w, b);
        break;
    case IR_IMAGE:
    case IR_AUDIO:
        write_media(w, b);
        break;
    case IR_TEXT:
    case IR_REFUSAL:
    case IR_TOOL_RESULT:
    case IR_VIDEO:
    case IR_FILE:
    case IR_OTHER:
    case IR_KINDS:
        write_text(w, b);
        break;
    }
    jw_end(w);
}

/* ------------------------------------------------------------------ the answer */

static void write_message(struct json_write *w, const struct ir_events *ev)
{
    jw_key(w, "output");
    jw_object(w);
    jw_key(w, "message");
    jw_object(w);
    jw_key(w, "role");
    jw_lit(w, "\"assistant\"");
    jw_key(w, "content");
    jw_array(w);
    for (size_t i = 0; i < ev->n; i++) {
        const struct block b = {&ev->v[i], ev->v + ev->n};
        if (ev->v[i].kind == IR_OPEN && ev->v[i].choice == 0)
            write_block(w, &b);
    }
    for (int i = 0; i < 3; i++)
        jw_end(w);
}

bool bedrock_write_answer(const struct dialect_writing *wr, const struct ir_events *ev,
                          struct buf *out)
{
    struct json_write w;
    json_write_init(&w, out);
    jw_object(&w);
    write_message(&w, ev);
    for (size_t i = 0; i < ev->n; i++) {
        const struct ir_event *e = &ev->v[i];
        if (e->kind == IR_STOP && e->choice == 0) {
            jw_key(&w, "stopReason");
            jw_text(&w, bedrock_stop_reason(e->finish, e->finish_word));
            if (e->stop_sequence.p) {
                jw_key(&w, "additionalModelResponseFields");
                jw_object(&w);
                jw_key(&w, "stop_sequence");
                jw_text(&w, e->stop_sequence);
                jw_end(&w);
            }
        } else if (e->kind == IR_USAGE) {
            bedrock_write_usage(&w, &e->usage);
            bedrock_write_tier(&w, bedrock_tier(e->service_tier));
        }
    }
    if (wr->extra.metadata.len > 0) {
        jw_key(&w, "metadata");
        jw_raw(&w, wr->extra.metadata);
    }
    jw_end(&w);
    return !out->failed;
}
