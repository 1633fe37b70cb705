/* Reads the content of messages and of call outputs into parts. What is no content that other APIs
 * know stays as it came (IR_OTHER). Pure but for the arena; it refuses nothing.
 */
#include "gateway/dialect/openai_responses_priv.h"

/* A part's members, whatever its type: raw, .p NULL where not given. */
struct content {
    struct str type; /* decoded */
    struct str text, refusal, image_url, file_id, file_url, file_data, filename, detail;
    struct str data, format; /* of input_audio */
};

struct ir_part *responses_add(const struct responses_to *to, enum ir_kind kind)
{
    return to->result ? ir_add_child(to->result, to->a, kind)
                      : ir_add_part(to->message, to->a, kind);
}

static void read_audio(struct reader *r, struct content *c)
{
    struct str key;
    if (!rd_object(r, ""))
        return;
    while (rd_key(r, &key)) {
        if (rd_is(key, "data"))
            (void)rd_text(r, "", &c->data);
        else if (rd_is(key, "format"))
            (void)rd_text(r, "", &c->format);
        else
            rd_skip(r);
    }
}

static struct str *member_of(struct content *c, struct str key)
{
    const struct {
        const char *name;
        struct str *at;
    } members[] = {{"text", &c->text},           {"refusal", &c->refusal},
                   {"image_url", &c->image_url}, {"file_id", &c->file_id},
                   {"file_url", &c->file_url},   {"file_data", &c->file_data},
                   {"filename", &c->filename},   {"detail", &c->detail}};
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (rd_is(key, members[i].name))
            return members[i].at;
    return NULL;
}

static struct content read_part(struct str raw, struct arena *a)
{
    struct content c = {.type = STR("")};
    struct reader r;
    struct str key;
    responses_reader(&r, raw, a);
    if (!rd_object(&r, ""))
        return c;
    while (rd_key(&r, &key)) {
        struct str *to = member_of(&c, key);
        if (to)
            (void)rd_text(&r, "", to);
        else if (rd_is(key, "type"))
            (void)rd_string(&r, "", &c.type);
        else if (rd_is(key, "input_audio"))
            read_audio(&r, &c);
        else
            rd_skip(&r);
    }
    return c;
}

/* "data:image/png;base64,..." is taken apart; all else is a URL. */
static void set_url(struct ir_media *m, struct str url, struct arena *a)
{
    static const struct str mark = {";base64,", 8};
    ptrdiff_t cut = str_starts(url, STR("data:")) ? str_find_str(url, mark) : -1;
    m->at = IR_MEDIA_URL;
    m->data = url;
    if (cut < 0)
        return;
    size_t begin = (size_t)cut + mark.len;
    m->at = IR_MEDIA_BASE64;
    m->data = str_make(url.p + begin, url.len - begin);
    struct str type = str_make(url.p + 5, (size_t)cut - 5);
    m->type = rd_slashes(a, str_cut(&type, ';')); /* without parameters */
}

static void add_image(const struct responses_to *to, const struct content *c, struct ir_part *p)
{
    p->media.type = STR("");
    p->media.detail = c->detail;
    if (c->image_url.p) {
        set_url(&p->media, c->image_url, to->a);
    } else {
        p->media.at = IR_MEDIA_FILE_ID;
        p->media.data = c->file_id;
    }
    if (to->facts)
        to->facts->has_images = true;
}

static void add_file(const struct responses_to *to, const struct content *c, struct ir_part *p)
{
    p->media.type = STR("");
    if (c->file_data.p) {
        set_url(&p->media, c->file_data, to->a);
        p->media.at = IR_MEDIA_BASE64; /* bare base64, if it is no data URL */
    } else if (c->file_url.p) {
        set_url(&p->media, c->file_url, to->a);
    } else {
        p->media.at = IR_MEDIA_FILE_ID;
        p->media.data = c->file_id;
    }
    p->media.name = c->filename;
}

static void add_audio(const struct responses_to *to, const struct content *c, struct ir_part *p)
{
    p->media.at = IR_MEDIA_BASE64;
    p->media.type = str_of(arena_printf(to->a, "audio/" STR_FMT, STR_ARG(c->format)));
    p->media.data = c->data;
    if (to->facts)
        to->facts->has_audio = true;
}

static enum ir_kind kind_of(const struct content *c)
{
    bool text = rd_is(c->type, "input_text") || rd_is(c->type, "output_text") ||
                rd_is(c->type, "text") || rd_is(c->type, "summary_text") ||
                rd_is(c->type, "reasoning_text");
    if (text && c->text.p)
        return IR_TEXT;
    if (rd_is(c->type, "refusal") && c->refusal.p)
        return IR_REFUSAL;
    if (rd_is(c->type, "input_image") && (c->image_url.p || c->file_id.p))
        return IR_IMAGE;
    if (rd_is(c->type, "input_file") && (c->file_data.p || c->file_url.p || c->file_id.p))
        return IR_FILE;
    if (rd_is(c->type, "input_audio") && c->data.p)
        return IR_AUDIO;
    return IR_OTHER;
}

static void add_part(const struct responses_to *to, struct str raw, uint32_t index)
{
    struct content c = read_part(raw, to->a);
    enum ir_kind kind = kind_of(&c);
    struct ir_part *p = responses_add(to, kind);
    p->raw = raw;
    p->index = index;
    p->name = c.type;
    if (kind == IR_TEXT)
        p->text = c.text;
    else if (kind == IR_REFUSAL)
        p->text = c.refusal;
    else if (kind == IR_IMAGE)
        add_image(to, &c, p);
    else if (kind == IR_FILE)
        add_file(to, &c, p);
    else if (kind == IR_AUDIO)
        add_audio(to, &c, p);
    if (kind != IR_OTHER)
        p->name = STR_NULL;
}

void responses_read_content(struct str raw, const struct responses_to *to)
{
    struct reader r;
    struct str part;
    responses_reader(&r, raw, to->a);
    if (rd_peek(&r) == JSON_STRING) {
        struct ir_part *p = responses_add(to, IR_TEXT);
        (void)rd_text(&r, "", &p->text);
        p->raw = raw;
        return;
    }
    if (!rd_array(&r, ""))
        return;
    for (uint32_t i = 0; rd_element(&r); i++)
        if (rd_raw(&r, &part))
            add_part(to, part, i);
}

struct str responses_reasoning_text(struct str list, struct arena *a)
{
    struct reader r;
    struct str part, text = STR("");
    struct buf all;
    responses_reader(&r, list, a);
    if (rd_peek(&r) == JSON_STRING) {
        (void)rd_text(&r, "", &text);
        return text;
    }
    if (!rd_array(&r, ""))
        return text;
    buf_init(&all, list.len * 2); /* a part has more letters around it than stand between two */
    while (rd_element(&r)) {
        struct content c = {.type = STR("")};
        if (rd_raw(&r, &part))
            c = read_part(part, a);
        if (kind_of(&c) != IR_TEXT)
            continue;
        if (all.len > 0)
            buf_add_lit(&all, "\\n\\n");
        buf_add_str(&all, c.text);
    }
    text = arena_str(a, buf_str(&all));
    buf_fini(&all);
    return text;
}
