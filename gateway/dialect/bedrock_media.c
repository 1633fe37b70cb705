/* Writes images, documents, video and audio for Converse: inline or at S3, never by other URLs;
 * documents need a name in Bedrock's letters, and no two the same. Pure.
 */
#include <stdio.h>

#include "gateway/dialect/bedrock_priv.h"

enum { NAME_MAX_BYTES = 150 }; /* of 200; leaves room for a number */

static bool is_name_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(" ()[]-", c) != NULL);
}

/* Letters, digits, single blanks, hyphens and brackets are left of a name. */
static struct str clean_name(struct str raw, struct arena *a)
{
    char *decoded = arena_alloc(a, raw.len + 1), *p = arena_alloc(a, NAME_MAX_BYTES);
    size_t n = json_decode_into(raw, decoded), len = 0;
    for (size_t i = 0; i < n && len < NAME_MAX_BYTES; i++) {
        char c = is_name_letter(decoded[i]) ? decoded[i] : '-';
        bool again = (c == ' ' || c == '-') && len > 0 && p[len - 1] == c;
        if (!again)
            p[len++] = c;
    }
    struct str name = str_trim(str_make(p, len));
    return name.len > 0 && !str_eq(name, STR("-")) ? name : STR("document");
}

static struct str document_name(struct bedrock_emit *e, struct str raw)
{
    struct str name = clean_name(raw.p ? raw : STR(""), e->a);
    e->n_documents++;
    if (map_get(&e->documents, name))
        name = str_of(arena_printf(e->a, STR_FMT " (%u)", STR_ARG(name), e->n_documents));
    (void)map_put(&e->documents, name, e);
    return name;
}

static bool write_source(struct bedrock_emit *e, const struct ir_message *m,
                         const struct ir_part *p)
{
    const struct ir_media *media = &p->media;
    bool s3 = media->at == IR_MEDIA_URL && str_starts(media->data, STR("s3://"));
    if (media->at == IR_MEDIA_FILE_ID)
        return bedrock_cannot(e, m, p, "The provider has no files by id.");
    if (media->at == IR_MEDIA_URL && !s3)
        return bedrock_cannot(e, m, p, "The provider fetches no URLs but s3://.");
    if (media->at == IR_MEDIA_TEXT && p->kind != IR_FILE)
        return bedrock_cannot(e, m, p, "The provider takes this as bytes only.");
    jw_key(&e->w, "source");
    jw_object(&e->w);
    if (s3) {
        jw_key(&e->w, "s3Location");
        jw_object(&e->w);
        jw_key(&e->w, "uri");
        jw_text(&e->w, media->data);
        jw_end(&e->w);
    } else {
        jw_key(&e->w, media->at == IR_MEDIA_TEXT ? "text" : "bytes");
        jw_text(&e->w, media->data);
    }
    jw_end(&e->w);
    return true;
}

bool bedrock_emit_media(struct bedrock_emit *e, const struct ir_message *m, const struct ir_part *p)
{
    static const char *const keys[IR_KINDS] = {
        [IR_IMAGE] = "image", [IR_FILE] = "document", [IR_VIDEO] = "video", [IR_AUDIO] = "audio"};
    struct str format = bedrock_media_format(p->kind, &p->media);
    if (!format.p && p->media.at != IR_MEDIA_FILE_ID && p->media.at != IR_MEDIA_URL)
        return bedrock_cannot(e, m, p, "The provider takes no media of the type '" STR_FMT "'.",
                              STR_ARG(p->media.type));
    jw_key(&e->w, keys[p->kind]);
    jw_object(&e->w);
    if (format.p) {
        jw_key(&e->w, "format");
        jw_text(&e->w, format);
    }
    if (p->kind == IR_FILE) {
        jw_key(&e->w, "name");
        jw_text(&e->w, document_name(e, p->media.name));
    }
    if (!write_source(e, m, p))
        return false;
    if (p->kind == IR_FILE && p->media.citations) {
        jw_key(&e->w, "citations");
        jw_lit(&e->w, "{\"enabled\":true}");
    }
    jw_end(&e->w);
    return true;
}
