/* Reads content blocks, of requests and of whole answers, into parts. Blocks are unions: an object
 * of one member, whose name says what it is. Pure but for the arena.
 */
#include <stdio.h>

#include "gateway/dialect/bedrock_priv.h"
#include "gateway/dialect/signature.h"
#include "gateway/ir/event.h"

enum { TEXTS_MAX_BYTES = 1 << 30 };

static struct ir_part *add(struct bedrock_blocks *b, enum ir_kind kind)
{
    struct ir_part *p;
    if (b->children) {
        p = ARENA_NEW(b->r->a, struct ir_part);
        p->kind = kind;
        *b->children = p;
        b->children = &p->next;
    } else {
        p = ir_add_part(b->m, b->r->a, kind);
    }
    p->index = b->index;
    b->n_parts++;
    return b->last = p;
}

static void unknown(struct bedrock_blocks *b, const char *name)
{
    if (b->c)
        ir_add_unknown(b->c, b->r->a, str_of(name));
}

/* {"text":...} */
static bool read_one_text(struct reader *r, const char *field, struct str *text)
{
    struct str key;
    bool found = false;
    if (!rd_object(r, field))
        return false;
    while (rd_key(r, &key)) {
        if (rd_is(key, "text"))
            found |= rd_text(r, field, text);
        else
            rd_skip(r);
    }
    return found;
}

struct str bedrock_read_texts(struct reader *r, const char *field)
{
    struct str text, all = STR_NULL;
    struct buf joined;
    size_t n = 0;
    buf_init(&joined, TEXTS_MAX_BYTES);
    if (rd_array(r, field))
        while (rd_element(r)) {
            if (!read_one_text(r, field, &text))
                continue;
            all = text;
            n++;
            (void)buf_add_str(&joined, text);
        }
    if (n > 1)
        all = arena_str(r->a, buf_str(&joined));
    buf_fini(&joined);
    return all;
}

static void read_s3(struct bedrock_blocks *b, struct ir_media *m)
{
    struct str key;
    if (!rd_object(b->r, b->field))
        return;
    while (rd_key(b->r, &key)) {
        if (rd_is(key, "uri")) {
            m->at = IR_MEDIA_URL;
            (void)rd_text(b->r, b->field, &m->data);
        } else {
            unknown(b, "s3Location.bucketOwner");
            rd_skip(b->r);
        }
    }
}

static void read_source(struct bedrock_blocks *b, struct ir_media *m)
{
    struct str key;
    if (!rd_object(b->r, b->field))
        return;
    while (rd_key(b->r, &key)) {
        if (rd_is(key, "bytes")) {
            m->at = IR_MEDIA_BASE64;
            (void)rd_text(b->r, b->field, &m->data);
        } else if (rd_is(key, "s3Location")) {
            read_s3(b, m);
        } else if (rd_is(key, "text")) {
            m->at = IR_MEDIA_TEXT;
            (void)rd_text(b->r, b->field, &m->data);
        } else if (rd_is(key, "content")) {
            m->at = IR_MEDIA_TEXT;
            m->data = bedrock_read_texts(b->r, b->field);
        } else {
            rd_skip(b->r);
        }
    }
}

static bool read_citations_flag(struct reader *r, const char *field)
{
    struct str key;
    bool on = false;
    if (!rd_object(r, field))
        return false;
    while (rd_key(r, &key)) {
        if (rd_is(key, "enabled"))
            (void)rd_bool(r, field, &on);
        else
            rd_skip(r);
    }
    return on;
}

static void read_media(struct bedrock_blocks *b, enum ir_kind kind)
{
    struct str key, format = STR("");
    if (!rd_object(b->r, b->field))
        return;
    struct ir_part *p = add(b, kind);
    p->media.data = STR("");
    while (rd_key(b->r, &key)) {
        if (rd_is(key, "format")) {
            (void)rd_string(b->r, b->field, &format);
        } else if (rd_is(key, "name")) {
            (void)rd_text(b->r, b->field, &p->media.name);
        } else if (rd_is(key, "source")) {
            read_source(b, &p->media);
        } else if (rd_is(key, "citations")) {
            p->media.citations = read_citations_flag(b->r, b->field);
        } else {
            if (rd_is(key, "context"))
                unknown(b, "document.context");
            rd_skip(b->r);
        }
    }
    p->media.type = arena_str(b->r->a, bedrock_media_type(kind, format));
    if (p->media.type.len == 0 && p->media.at == IR_MEDIA_TEXT)
        p->media.type = STR("text/plain");
}

static void read_image(struct bedrock_blocks *b)
{
    read_media(b, IR_IMAGE);
}

static void read_document(struct bedrock_blocks *b)
{
    read_media(b, IR_FILE);
}

static void read_video(struct bedrock_blocks *b)
{
    read_media(b, IR_VIDEO);
}

static void read_audio(struct bedrock_blocks *b)
{
    read_media(b, IR_AUDIO);
}

static void read_text(struct bedrock_blocks *b)
{
    struct str text;
    if (rd_text(b->r, b->field, &text))
        add(b, IR_TEXT)->text = text;
}

static void read_tool_use(struct bedrock_blocks *b)
{
    struct str key;
    if (!rd_object(b->r, b->field))
        return;
    struct ir_part *p = add(b, IR_TOOL_CALL);
    while (rd_key(b->r, &key)) {
        if (rd_is(key, "toolUseId")) {
            if (rd_text(b->r, b->field, &p->id))
                p->id = signature_id_read(p->id, b->r->a, &p->signature);
        } else if (rd_is(key, "name")) {
            (void)rd_text(b->r, b->field, &p->name);
        } else if (rd_is(key, "input")) {
            (void)rd_raw(b->r, &p->json.raw);
        } else if (rd_is(key, "type")) {
            p->kind = IR_OTHER; /* a call that Bedrock itself runs */
            rd_skip(b->r);
        } else {
            rd_skip(b->r);
        }
    }
    if (p->kind == IR_OTHER)
        p->name = STR("toolUse");
}

/* JSON as a text. */
static void read_json(struct bedrock_blocks *b)
{
    struct str raw;
    struct buf quoted;
    if (!rd_raw(b->r, &raw))
        return;
    struct ir_part *p = add(b, IR_TEXT);
    buf_init(&quoted, raw.len * 6 + 1);
    ASSERT(json_quote_into(raw, &quoted));
    p->text = arena_str(b->r->a, buf_str(&quoted));
    p->json.raw = raw;
    buf_fini(&quoted);
}

static void read_tool_result(struct bedrock_blocks *b)
{
    struct str key, status = STR("");
    struct ir_signature ignored = {0};
    if (!rd_object(b->r, b->field))
        return;
    struct ir_part *p = add(b, IR_TOOL_RESULT);
    while (rd_key(b->r, &key)) {
        if (rd_is(key, "toolUseId")) {
            if (rd_text(b->r, b->field, &p->id))
                p->id = signature_id_read(p->id, b->r->a, &ignored);
        } else if (rd_is(key, "status")) {
            (void)rd_string(b->r, b->field, &status);
        } else if (rd_is(key, "content") && !b->children) {
            struct bedrock_blocks inner = {.r = b->r,
                                           .c = b->c,
                                           .children = &p->children,
                                           .field = b->field,
                                           .n_parts = b->n_parts};
            bedrock_read_blocks(&inner);
            b->n_parts = inner.n_parts;
        } else {
            rd_skip(b->r);
        }
    }
    p->is_error = rd_is(status, "error");
    /* One JSON value and nothing else is the result itself. */
    if (p->children && !p->children->next && p->children->json.raw.p) {
        p->json = p->children->json;
        p->children = NULL;
    }
}

static void read_reasoning_text(struct bedrock_blocks *b)
{
    struct str key, signature;
    if (!rd_object(b->r, b->field))
        return;
    struct ir_part *p = add(b, IR_THINKING);
    p->text = STR("");
    while (rd_key(b->r, &key)) {
        if (rd_is(key, "text")) {
            (void)rd_text(b->r, b->field, &p->text);
        } else if (rd_is(key, "signature")) {
            if (rd_text(b->r, b->field, &signature) && signature.len > 0)
                signature_unwrap(signature, IR_ORIGIN_ANTHROPIC, b->r->a, &p->signature);
        } else {
            rd_skip(b->r);
        }
    }
}

static void read_reasoning(struct bedrock_blocks *b)
{
    struct str key, data;
    if (!rd_object(b->r, b->field))
        return;
    while (rd_key(b->r, &key)) {
        if (rd_is(key, "reasoningText"))
            read_reasoning_text(b);
        else if (!rd_is(key, "redactedContent"))
            rd_skip(b->r);
        else if (rd_text(b->r, b->field, &data))
            signature_unwrap(data, IR_ORIGIN_ANTHROPIC, b->r->a, &add(b, IR_REDACTED)->signature);
    }
}

static void read_cited(struct bedrock_blocks *b)
{
    struct str key, text;
    if (!rd_object(b->r, b->field))
        return;
    struct ir_part *p = add(b, IR_TEXT);
    p->text = STR("");
    while (rd_key(b->r, &key)) {
        if (rd_is(key, "content")) {
            text = bedrock_read_texts(b->r, b->field);
            p->text = text.p ? text : p->text;
        } else if (rd_is(key, "citations") && !b->c) {
            (void)rd_raw(b->r, &p->citations); /* answers only: it is not what others write */
        } else {
            unknown(b, "citationsContent.citations");
            rd_skip(b->r);
        }
    }
}

enum ir_cache bedrock_read_cache_point(struct reader *r)
{
    struct str key, ttl = STR("");
    if (!rd_object(r, "cachePoint"))
        return IR_CACHE_NONE;
    while (rd_key(r, &key)) {
        if (rd_is(key, "ttl"))
            (void)rd_string(r, "cachePoint.ttl", &ttl);
        else
            rd_skip(r);
    }
    return rd_is(ttl, "1h") ? IR_CACHE_1H : IR_CACHE_5M;
}

static void read_cache_point(struct bedrock_blocks *b)
{
    enum ir_cache cache = bedrock_read_cache_point(b->r);
    if (b->last && cache != IR_CACHE_NONE)
        b->last->cache = cache;
}

static const struct {
    const char *name;
    void (*read)(struct bedrock_blocks *b);
} blocks[] = {
    {"text", read_text},
    {"image", read_image},
    {"document", read_document},
    {"video", read_video},
    {"audio", read_audio},
    {"toolUse", read_tool_use},
    {"toolResult", read_tool_result},
    {"reasoningContent", read_reasoning},
    {"citationsContent", read_cited},
    {"cachePoint", read_cache_point},
    {"json", read_json},
};

static void read_member(struct bedrock_blocks *b, struct str key)
{
    for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
        if (rd_is(key, blocks[i].name)) {
            blocks[i].read(b);
            return;
        }
    add(b, IR_OTHER)->name = arena_str(b->r->a, key);
    rd_skip(b->r);
}

void bedrock_one_member(struct reader *r, const char *field)
{
    if (r->why)
        rd_refuse(r, E_BAD_FIELD, str_of(field), "Each element of '%s' must have one member.",
                  field);
    else
        rd_skip(r);
}

static void read_block(struct bedrock_blocks *b)
{
    struct str key;
    struct ir_part *before = b->last;
    if (!rd_object(b->r, b->field))
        return;
    size_t begin = b->r->s.begin, n = 0;
    while (rd_key(b->r, &key)) {
        if (n++ == 0)
            read_member(b, key);
        else
            bedrock_one_member(b->r, b->field);
    }
    if (b->last && b->last != before)
        b->last->raw = str_make(b->r->s.text + begin, b->r->s.end - begin);
}

void bedrock_read_blocks(struct bedrock_blocks *b)
{
    if (!rd_array(b->r, b->field))
        return;
    for (b->index = 0; rd_element(b->r); b->index++) {
        read_block(b);
        if (!b->r->why && b->n_parts > IR_EVENTS_MAX) /* an answer: each would be an event */
            b->r->failed = true;
    }
}
