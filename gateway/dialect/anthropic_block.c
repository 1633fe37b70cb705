/* Content blocks of the Messages API, as requests and answers have them. Pure. */
#include "gateway/dialect/anthropic_priv.h"
#include "gateway/dialect/signature.h"

static enum anthropic_type type_of(struct str word)
{
    static const struct {
        const char *word;
        enum anthropic_type type;
    } types[] = {
        {"text", ANTHROPIC_TEXT},
        {"image", ANTHROPIC_IMAGE},
        {"document", ANTHROPIC_DOCUMENT},
        {"thinking", ANTHROPIC_THINKING},
        {"redacted_thinking", ANTHROPIC_REDACTED},
        {"tool_use", ANTHROPIC_TOOL_USE},
        {"tool_result", ANTHROPIC_TOOL_RESULT},
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (rd_is(word, types[i].word))
            return types[i].type;
    return ANTHROPIC_OTHER;
}

enum ir_cache anthropic_read_cache(struct reader *r)
{
    struct str key, ttl = STR("");
    bool given = false;
    if (!rd_object(r, "cache_control"))
        return IR_CACHE_NONE;
    while (rd_key(r, &key)) {
        given |= rd_is(key, "type");
        if (rd_is(key, "ttl"))
            (void)rd_text(r, "cache_control.ttl", &ttl);
        else
            rd_skip(r);
    }
    if (!given)
        return IR_CACHE_NONE;
    return rd_is(ttl, "1h") ? IR_CACHE_1H : IR_CACHE_5M;
}

static void read_source(struct reader *r, struct anthropic_source *out)
{
    struct str key;
    if (!rd_object(r, "source"))
        return;
    while (rd_key(r, &key)) {
        struct str *to = rd_is(key, "type")         ? &out->type
                         : rd_is(key, "media_type") ? &out->media_type
                         : rd_is(key, "data")       ? &out->data
                         : rd_is(key, "url")        ? &out->url
                         : rd_is(key, "file_id")    ? &out->file_id
                                                    : NULL;
        if (to)
            (void)rd_text(r, "source", to);
        else if (rd_is(key, "content"))
            (void)rd_raw(r, &out->content);
        else
            rd_skip(r);
    }
    out->media_type = rd_slashes(r->a, out->media_type);
}

/* In requests an object that switches them on, in answers the list itself. */
static void read_citations(struct reader *r, struct anthropic_block *b)
{
    if (rd_peek(r) != JSON_OBJECT_BEGIN) {
        (void)rd_raw(r, &b->citations);
        return;
    }
    struct str key;
    if (!rd_object(r, "citations"))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "enabled"))
            (void)rd_bool(r, "citations.enabled", &b->wants_citations);
        else
            rd_skip(r);
    }
}

static void read_field(struct reader *r, struct str key, struct anthropic_block *b)
{
    const struct {
        const char *name;
        struct str *to;
    } texts[] = {{"text", &b->text},
                 {"thinking", &b->thinking},
                 {"signature", &b->signature},
                 {"data", &b->data},
                 {"id", &b->id},
                 {"name", &b->name},
                 {"tool_use_id", &b->tool_use_id},
                 {"title", &b->title}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!rd_is(key, texts[i].name))
            continue;
        if (rd_peek(r) == JSON_STRING)
            (void)rd_text(r, texts[i].name, texts[i].to);
        else
            rd_skip(r);
        return;
    }
    if (rd_is(key, "type"))
        (void)rd_string(r, "type", &b->word);
    else if (rd_is(key, "input"))
        (void)rd_raw(r, &b->input);
    else if (rd_is(key, "content"))
        (void)rd_raw(r, &b->content);
    else if (rd_is(key, "source") && rd_peek(r) == JSON_OBJECT_BEGIN)
        read_source(r, &b->source);
    else if (rd_is(key, "citations"))
        read_citations(r, b);
    else if (rd_is(key, "cache_control"))
        b->cache = anthropic_read_cache(r);
    else if (rd_is(key, "is_error"))
        (void)rd_bool(r, "is_error", &b->is_error);
    else
        rd_skip(r);
}

bool anthropic_read_block(struct reader *r, struct anthropic_block *out)
{
    struct str key;
    *out = (struct anthropic_block){.word = STR("")};
    if (!rd_object(r, "content"))
        return false;
    size_t begin = r->s.begin;
    while (rd_key(r, &key))
        read_field(r, key, out);
    out->type = type_of(out->word);
    out->raw = str_make(r->s.text + begin, r->s.end - begin);
    return !r->failed;
}

/* ------------------------------------------------------------------ into the internal form */

static void add_media(const struct anthropic_block *b, struct ir_part *p)
{
    const struct anthropic_source *s = &b->source;
    struct ir_media *m = &p->media;
    m->type = s->media_type.p ? s->media_type : STR("");
    m->name = b->title;
    m->citations = b->wants_citations;
    if (rd_is(s->type, "base64")) {
        m->at = IR_MEDIA_BASE64;
        m->data = s->data;
    } else if (rd_is(s->type, "url")) {
        m->at = IR_MEDIA_URL;
        m->data = s->url;
    } else if (rd_is(s->type, "file")) {
        m->at = IR_MEDIA_FILE_ID;
        m->data = s->file_id;
    } else if (rd_is(s->type, "text")) {
        m->at = IR_MEDIA_TEXT;
        m->data = s->data;
    }
    if (!m->data.p) { /* blocks inside a document, or a source of a later day */
        p->kind = IR_OTHER;
        p->name = b->word;
    }
}

static void read_result(struct reader *r, const struct anthropic_block *b, struct ir_part *p)
{
    struct reader sub;
    struct ir_message inner = {.tail = &inner.parts};
    p->id = b->tool_use_id.p ? b->tool_use_id : STR("");
    p->is_error = b->is_error;
    if (!b->content.p)
        return;
    rd_init(&sub, b->content, r->a, r->why);
    anthropic_read_content(&sub, &inner, "content");
    if (!rd_done(&sub))
        r->failed = true;
    p->children = inner.parts;
    for (struct ir_part *c = p->children; c; c = c->next)
        if (c->kind == IR_TOOL_RESULT) { /* no API has these within one: it stays as it stood */
            c->kind = IR_OTHER;
            c->name = b->word;
            c->children = NULL;
        }
}

static const enum ir_kind kinds[] = {
    [ANTHROPIC_OTHER] = IR_OTHER,        [ANTHROPIC_TEXT] = IR_TEXT,
    [ANTHROPIC_IMAGE] = IR_IMAGE,        [ANTHROPIC_DOCUMENT] = IR_FILE,
    [ANTHROPIC_THINKING] = IR_THINKING,  [ANTHROPIC_REDACTED] = IR_REDACTED,
    [ANTHROPIC_TOOL_USE] = IR_TOOL_CALL, [ANTHROPIC_TOOL_RESULT] = IR_TOOL_RESULT,
};

static void fill_part(struct reader *r, const struct anthropic_block *b, struct ir_part *p)
{
    switch (b->type) {
    case ANTHROPIC_TEXT:
        p->text = b->text.p ? b->text : STR("");
        p->citations = b->citations;
        break;
    case ANTHROPIC_IMAGE:
    case ANTHROPIC_DOCUMENT:
        add_media(b, p);
        break;
    case ANTHROPIC_THINKING:
        p->text = b->thinking.p ? b->thinking : STR("");
        if (b->signature.len)
            signature_unwrap(b->signature, IR_ORIGIN_ANTHROPIC, r->a, &p->signature);
        break;
    case ANTHROPIC_REDACTED:
        signature_unwrap(b->data.p ? b->data : STR(""), IR_ORIGIN_ANTHROPIC, r->a, &p->signature);
        break;
    case ANTHROPIC_TOOL_USE:
        p->id = signature_id_read(b->id.p ? b->id : STR(""), r->a, &p->signature);
        p->name = b->name.p ? b->name : STR("");
        p->json = (struct ir_json){.raw = b->input.p ? b->input : STR("{}")};
        break;
    case ANTHROPIC_TOOL_RESULT:
        read_result(r, b, p);
        p->id = signature_id_read(p->id, r->a, &(struct ir_signature){.origin = IR_ORIGIN_NONE});
        break;
    case ANTHROPIC_OTHER:
        p->name = b->word;
        break;
    }
}

static void add_block(struct reader *r, struct ir_message *m, uint32_t index)
{
    struct anthropic_block b;
    if (!anthropic_read_block(r, &b))
        return;
    struct ir_part *p = ir_add_part(m, r->a, kinds[b.type]);
    p->cache = b.cache;
    p->raw = b.raw;
    p->index = index;
    fill_part(r, &b, p);
}

void anthropic_read_content(struct reader *r, struct ir_message *m, const char *field)
{
    uint32_t n = 0;
    if (rd_peek(r) == JSON_STRING) {
        struct ir_part *p = ir_add_part(m, r->a, IR_TEXT);
        (void)rd_text(r, field, &p->text);
        return;
    }
    if (!rd_array(r, field))
        return;
    while (rd_element(r))
        add_block(r, m, n++);
}
