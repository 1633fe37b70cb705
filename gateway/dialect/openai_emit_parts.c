/* Writes the content of messages: one string where texts are all there is, which every compatible
 * provider takes, else an array of parts. Pure.
 */
#include "gateway/dialect/openai_emit.h"

static struct str cache_words(enum ir_cache cache)
{
    return cache == IR_CACHE_1H ? STR("{\"type\":\"ephemeral\",\"ttl\":\"1h\"}")
                                : STR("{\"type\":\"ephemeral\"}");
}

void openai_note_part(struct openai_emit *e, const struct ir_part *p)
{
    if (p->cache != IR_CACHE_NONE && !e->own)
        dialect_strip(e->loss, STR("cache_control"));
    if (p->media.citations || p->citations.p)
        dialect_strip(e->loss, STR("citations"));
}

static void emit_text(struct openai_emit *e, const struct ir_part *p, struct str text)
{
    jw_object(&e->w);
    jw_key(&e->w, "type");
    jw_lit(&e->w, "\"text\"");
    jw_key(&e->w, "text");
    jw_text(&e->w, text);
    if (e->own && p->cache != IR_CACHE_NONE) {
        jw_key(&e->w, "cache_control");
        jw_raw(&e->w, cache_words(p->cache));
    }
    jw_end(&e->w);
}

static void emit_data_url(struct openai_emit *e, const struct ir_media *m, const char *otherwise)
{
    jw_text_begin(&e->w);
    jw_text_add(&e->w, STR("data:"));
    jw_text_add(&e->w, m->type.len ? m->type : str_of(otherwise));
    jw_text_add(&e->w, STR(";base64,"));
    jw_text_add(&e->w, m->data);
    jw_text_end(&e->w);
}

static void emit_image(struct openai_emit *e, const struct ir_part *p)
{
    struct json_write *w = &e->w;
    jw_object(w);
    jw_key(w, "type");
    jw_lit(w, "\"image_url\"");
    jw_key(w, "image_url");
    jw_object(w);
    jw_key(w, "url");
    if (p->media.at == IR_MEDIA_URL)
        jw_text(w, p->media.data);
    else
        emit_data_url(e, &p->media, "image/png");
    if (p->media.detail.p) {
        jw_key(w, "detail");
        jw_text(w, p->media.detail);
    }
    jw_end(w);
    jw_end(w);
}

/* The bare format of an audio type: "wav", "mp3". */
static struct str audio_format(struct str type)
{
    ptrdiff_t slash = str_find(type, '/');
    if (type.len == 0)
        return STR("wav");
    struct str format = str_make(type.p + slash + 1, type.len - (size_t)(slash + 1));
    format = str_cut(&format, ';');
    if (str_starts(format, STR("x-")))
        format = str_make(format.p + 2, format.len - 2);
    if (str_eq(format, STR("mpeg")))
        return STR("mp3");
    return format.len == 0 || str_eq(format, STR("wave")) ? STR("wav") : format;
}

static void emit_audio(struct openai_emit *e, const struct ir_part *p)
{
    struct json_write *w = &e->w;
    jw_object(w);
    jw_key(w, "type");
    jw_lit(w, "\"input_audio\"");
    jw_key(w, "input_audio");
    jw_object(w);
    jw_key(w, "data");
    jw_text(w, p->media.data);
    jw_key(w, "format");
    jw_text(w, audio_format(p->media.type));
    jw_end(w);
    jw_end(w);
}

static void emit_file(struct openai_emit *e, const struct ir_part *p)
{
    struct json_write *w = &e->w;
    jw_object(w);
    jw_key(w, "type");
    jw_lit(w, "\"file\"");
    jw_key(w, "file");
    jw_object(w);
    jw_key(w, "filename");
    jw_text(w, p->media.name.len ? p->media.name : STR("document.pdf"));
    jw_key(w, "file_data");
    emit_data_url(e, &p->media, "application/pdf");
    jw_end(w);
    jw_end(w);
}

/* Can it be said in this dialect's words? A file of text is a text. */
static bool can(struct openai_emit *e, const struct ir_message *m, const struct ir_part *p)
{
    static const char *const kinds[IR_KINDS] = {
        [IR_IMAGE] = "Images", [IR_AUDIO] = "Audio clips", [IR_FILE] = "Documents"};
    struct str path = ir_part_path(e->c, m, p, e->a);
    bool by_url = p->media.at == IR_MEDIA_URL;
    if (!kinds[p->kind])
        return openai_cannot(e, path, "Content of this kind cannot be sent to this model.");
    if (by_url && QUIRK_IS(e->to->quirks, NO_URL_MEDIA))
        return openai_cannot(e, path, "%s by URL are not supported by this model: send the bytes.",
                             kinds[p->kind]);
    bool good = p->media.at == IR_MEDIA_BASE64 || (by_url && p->kind == IR_IMAGE);
    return good || openai_cannot(e, path, "%s by %s cannot be sent to this model.", kinds[p->kind],
                                 by_url ? "URL" : "file id");
}

static bool is_raw(const struct openai_emit *e, const struct ir_part *p)
{
    bool url = p->media.at == IR_MEDIA_URL && (p->kind == IR_IMAGE || p->kind == IR_FILE);
    return e->own && p->raw.p && !(url && QUIRK_IS(e->to->quirks, NO_URL_MEDIA));
}

void openai_emit_medium(struct openai_emit *e, const struct ir_message *m, const struct ir_part *p)
{
    if (is_raw(e, p)) {
        jw_raw_line(&e->w, p->raw);
        return;
    }
    if (p->media.at == IR_MEDIA_TEXT && p->kind == IR_FILE) {
        emit_text(e, p, p->media.data);
        return;
    }
    if (!can(e, m, p))
        return;
    if (p->kind == IR_IMAGE)
        emit_image(e, p);
    else if (p->kind == IR_AUDIO)
        emit_audio(e, p);
    else
        emit_file(e, p);
}

static bool is_text(const struct ir_part *p)
{
    return p->kind == IR_TEXT || p->kind == IR_REFUSAL;
}

/* Reasoning and calls have no place in a user's content. */
static bool is_content(const struct ir_part *p)
{
    return p->kind != IR_TOOL_RESULT && p->kind != IR_TOOL_CALL && p->kind != IR_THINKING &&
           p->kind != IR_REDACTED;
}

void openai_emit_texts(struct openai_emit *e, const struct ir_part *parts, struct str before)
{
    bool first = true;
    jw_text_begin(&e->w);
    jw_text_add(&e->w, before);
    for (const struct ir_part *p = parts; p; p = p->next) {
        if (!is_text(p))
            continue;
        if (!first)
            jw_text_add(&e->w, STR("\\n\\n"));
        jw_text_add(&e->w, p->text);
        first = false;
    }
    jw_text_end(&e->w);
}

void openai_emit_parts(struct openai_emit *e, const struct ir_message *m,
                       const struct ir_part *parts)
{
    bool only_texts = true;
    unsigned n = 0;
    for (const struct ir_part *p = parts; p; p = p->next) {
        if (!is_content(p))
            continue;
        n++;
        only_texts = only_texts && is_text(p) && !(e->own && p->cache != IR_CACHE_NONE);
        openai_note_part(e, p);
    }
    if (only_texts && (n <= 1 || !e->own)) {
        openai_emit_texts(e, parts, STR(""));
        return;
    }
    jw_array(&e->w);
    for (const struct ir_part *p = parts; p; p = p->next) {
        if (is_content(p) && is_text(p))
            emit_text(e, p, p->text);
        else if (is_content(p))
            openai_emit_medium(e, m, p);
    }
    jw_end(&e->w);
}
