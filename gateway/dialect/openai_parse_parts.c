/* Reads the content of messages: a string, or parts with text, images, audio, video and files.
 * What is none of these is kept as it stood. Pure.
 */
#include "gateway/dialect/openai_parse.h"
#include "gateway/dialect/signature.h"

struct members {
    struct str type, text, refusal, image_url, input_audio, file, video_url, cache_control;
    struct str thinking, signature, data; /* of blocks that came from another dialect */
};

#define AT(n, member)                                                                              \
    {                                                                                              \
        (n), offsetof(struct members, member)                                                      \
    }
static const struct openai_member members[] = {
    AT("type", type),
    AT("text", text),
    AT("refusal", refusal),
    AT("image_url", image_url),
    AT("input_audio", input_audio),
    AT("file", file),
    AT("video_url", video_url),
    AT("cache_control", cache_control),
    AT("thinking", thinking),
    AT("signature", signature),
    AT("data", data),
};
#undef AT

/* Members of image_url, video_url, input_audio and file alike. */
struct medium {
    struct str url, detail, format, data, file_data, file_id, filename;
};

#define AT(n, member)                                                                              \
    {                                                                                              \
        (n), offsetof(struct medium, member)                                                       \
    }
static const struct openai_member medium_members[] = {
    AT("url", url),           AT("detail", detail),       AT("format", format),
    AT("data", data),         AT("file_data", file_data), AT("file_id", file_id),
    AT("filename", filename),
};
#undef AT

struct part {
    struct openai_parse *p;
    const char *path;
    struct members in;
    struct ir_part *to;
};

void openai_take_url(struct arena *a, struct str url, struct ir_media *m)
{
    ptrdiff_t comma = str_starts(url, STR("data:")) ? str_find(url, ',') : -1;
    struct str head = comma < 0 ? STR("") : str_make(url.p + 5, (size_t)comma - 5);
    if (!str_ends(head, STR(";base64"))) {
        m->at = IR_MEDIA_URL;
        m->data = url;
        return;
    }
    m->at = IR_MEDIA_BASE64;
    m->type = rd_slashes(a, str_cut(&head, ';'));
    m->data = str_make(url.p + comma + 1, url.len - (size_t)comma - 1);
}

static bool read_medium(struct part *x, struct str raw, struct medium *out)
{
    *out = (struct medium){.url = STR_NULL};
    if (raw.p && raw.p[0] == '"') { /* "image_url":"https://..." */
        out->url = raw;
        return true;
    }
    if (!raw.p)
        return rd_missing(&x->p->r, x->path);
    struct reader r = openai_sub_reader(x->p, raw);
    if (openai_read_members(&r, x->path, medium_members, ARRAY_LEN(medium_members), out))
        return true;
    x->p->r.failed = true;
    return false;
}

static bool take_visual(struct part *x, struct str raw)
{
    struct medium in;
    if (!read_medium(x, raw, &in))
        return false;
    struct str url = openai_inside(in.url);
    if (!url.p)
        return rd_missing(&x->p->r,
                          arena_printf(x->p->a, "%s.%s.url", x->path,
                                       x->to->kind == IR_VIDEO ? "video_url" : "image_url"));
    openai_take_url(x->p->a, url, &x->to->media);
    x->to->media.detail = openai_inside(in.detail);
    if (openai_inside(in.format).p && x->to->media.type.len == 0)
        x->to->media.type = rd_slashes(x->p->a, openai_inside(in.format));
    return true;
}

static bool take_audio(struct part *x)
{
    struct medium in;
    if (!read_medium(x, x->in.input_audio, &in))
        return false;
    struct str data = openai_inside(in.data), format = openai_inside(in.format);
    if (!data.p)
        return rd_missing(&x->p->r, arena_printf(x->p->a, "%s.input_audio.data", x->path));
    openai_take_url(x->p->a, data, &x->to->media);
    x->to->media.at = IR_MEDIA_BASE64;
    if (format.len && x->to->media.type.len == 0)
        x->to->media.type = str_find(format, '/') >= 0
                                ? rd_slashes(x->p->a, format)
                                : str_of(arena_printf(x->p->a, "audio/" STR_FMT, STR_ARG(format)));
    return true;
}

static bool take_file(struct part *x)
{
    struct medium in;
    if (!read_medium(x, x->in.file, &in))
        return false;
    struct ir_media *m = &x->to->media;
    struct str data = openai_inside(in.file_data), id = openai_inside(in.file_id);
    if (data.p) {
        openai_take_url(x->p->a, data, m);
        if (!str_starts(data, STR("data:")) && !str_starts(data, STR("http")))
            m->at = IR_MEDIA_BASE64;
    } else if (id.p && (str_starts(id, STR("data:")) || str_starts(id, STR("http")))) {
        openai_take_url(x->p->a, id, m);
    } else if (id.p) {
        m->at = IR_MEDIA_FILE_ID;
        m->data = id;
    } else {
        return rd_missing(&x->p->r, arena_printf(x->p->a, "%s.file.file_data", x->path));
    }
    m->name = openai_inside(in.filename);
    if (openai_inside(in.format).p && m->type.len == 0)
        m->type = rd_slashes(x->p->a, openai_inside(in.format));
    return true;
}

static bool take_text(struct part *x, struct str raw, const char *member)
{
    x->to->text = openai_inside(raw);
    if (x->to->text.p)
        return true;
    return rd_missing(&x->p->r, arena_printf(x->p->a, "%s.%s", x->path, member));
}

static bool take_block(struct part *x)
{
    bool redacted = x->to->kind == IR_REDACTED;
    struct str state = openai_inside(redacted ? x->in.data : x->in.signature);
    x->to->text = openai_inside(x->in.thinking);
    if (state.len)
        signature_unwrap(state, IR_ORIGIN_ANTHROPIC, x->p->a, &x->to->signature);
    return true;
}

static bool take_content(struct part *x)
{
    switch (x->to->kind) {
    case IR_TEXT:
        return take_text(x, x->in.text, "text");
    case IR_REFUSAL:
        return take_text(x, x->in.refusal, "refusal");
    case IR_IMAGE:
        return take_visual(x, x->in.image_url);
    case IR_VIDEO:
        return take_visual(x, x->in.video_url);
    case IR_AUDIO:
        return take_audio(x);
    case IR_FILE:
        return take_file(x);
    case IR_THINKING:
    case IR_REDACTED:
        return take_block(x);
    case IR_TOOL_CALL:
    case IR_TOOL_RESULT:
    case IR_OTHER:
    case IR_KINDS:
        break;
    }
    x->to->name = rd_slashes(x->p->a, openai_inside(x->in.type));
    return true;
}

static enum ir_kind kind_of(struct str type)
{
    static const struct {
        const char *word;
        enum ir_kind kind;
    } kinds[] = {
        {"text", IR_TEXT},         {"image_url", IR_IMAGE},
        {"input_audio", IR_AUDIO}, {"file", IR_FILE},
        {"refusal", IR_REFUSAL},   {"video_url", IR_VIDEO},
        {"thinking", IR_THINKING}, {"redacted_thinking", IR_REDACTED},
        {"input_text", IR_TEXT}, /* words of the Responses API, which clients mix in */
        {"output_text", IR_TEXT},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (openai_says(type, kinds[i].word))
            return kinds[i].kind;
    return IR_OTHER;
}

void openai_parse_image(struct openai_parse *p, struct str raw, const char *field,
                        struct ir_part *part)
{
    struct part x = {.p = p, .path = field, .to = part};
    struct reader r = openai_sub_reader(p, raw);
    if (!openai_read_members(&r, field, members, ARRAY_LEN(members), &x.in) ||
        !take_visual(&x, x.in.image_url))
        p->r.failed = true;
}

static bool add_part(struct openai_parse *p, struct str raw, unsigned k, struct ir_message *m,
                     struct ir_part *result)
{
    struct part x = {.p = p};
    struct reader r = openai_sub_reader(p, raw);
    x.path = arena_printf(p->a, "messages[%u].content[%u]", (unsigned)p->message, k);
    if (raw.p[0] == '"') { /* a bare string among the parts */
        x.to = m ? ir_add_part(m, p->a, IR_TEXT) : ir_add_child(result, p->a, IR_TEXT);
        x.to->text = openai_inside(raw);
        x.to->index = k;
        return true;
    }
    if (!openai_read_members(&r, x.path, members, ARRAY_LEN(members), &x.in))
        return false;
    if (!openai_inside(x.in.type).p)
        return rd_missing(&p->r, arena_printf(p->a, "%s.type", x.path));
    enum ir_kind kind = kind_of(x.in.type);
    x.to = m ? ir_add_part(m, p->a, kind) : ir_add_child(result, p->a, kind);
    x.to->raw = raw;
    x.to->index = k;
    x.to->cache = openai_cache(p, x.in.cache_control);
    return take_content(&x);
}

void openai_parse_content(struct openai_parse *p, struct str raw, struct ir_message *m,
                          struct ir_part *result)
{
    struct str text = openai_inside(raw), element;
    if (text.p) {
        struct ir_part *part = NULL;
        if (m && text.len > 0)
            part = ir_add_part(m, p->a, IR_TEXT);
        else if (!m)
            part = ir_add_child(result, p->a, IR_TEXT);
        if (part)
            part->text = text;
        return;
    }
    if (!raw.p || p->r.failed)
        return;
    struct reader r = openai_sub_reader(p, raw);
    if (!rd_array(&r, openai_path(p, "content")))
        p->r.failed = true;
    for (unsigned k = 0; rd_element(&r); k++)
        if (rd_raw(&r, &element) && !add_part(p, element, k, m, result))
            r.failed = p->r.failed = true;
}
