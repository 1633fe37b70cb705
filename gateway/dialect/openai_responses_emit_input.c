/* Writes the messages of the internal form as items. Pure; the caller's buffer and arena. */
#include "gateway/dialect/arguments.h"
#include "gateway/dialect/openai_responses_emit.h"
#include "gateway/wire/json_text.h"

static void text_member(struct emit *e, const char *key, struct str raw)
{
    jw_key(&e->w, key);
    jw_text(&e->w, raw);
}

static void begin_typed(struct emit *e, const char *type)
{
    jw_object(&e->w);
    jw_key(&e->w, "type");
    jw_string(&e->w, str_of(type));
}

/* ------------------------------------------------------------------ content */

static void data_url(struct emit *e, const char *key, const struct ir_media *m,
                     const char *otherwise)
{
    jw_key(&e->w, key);
    jw_text_begin(&e->w);
    jw_text_add(&e->w, STR("data:"));
    jw_text_add(&e->w, m->type.len ? m->type : str_of(otherwise));
    jw_text_add(&e->w, STR(";base64,"));
    jw_text_add(&e->w, m->data);
    jw_text_end(&e->w);
}

static void write_text(struct emit *e, struct str text, bool model)
{
    begin_typed(e, model ? "output_text" : "input_text");
    text_member(e, "text", text);
    if (model) {
        jw_key(&e->w, "annotations");
        jw_lit(&e->w, "[]");
    }
    jw_end(&e->w);
}

static void write_image(struct emit *e, const struct ir_media *m)
{
    begin_typed(e, "input_image");
    if (m->at == IR_MEDIA_FILE_ID)
        text_member(e, "file_id", m->data);
    else if (m->at == IR_MEDIA_URL)
        text_member(e, "image_url", m->data);
    else
        data_url(e, "image_url", m, "image/png");
    text_member(e, "detail", m->detail.len ? m->detail : STR("auto"));
    jw_end(&e->w);
}

static void write_file(struct emit *e, const struct ir_media *m)
{
    if (m->at == IR_MEDIA_TEXT) {
        begin_typed(e, "input_text");
        text_member(e, "text", m->data);
        jw_end(&e->w);
        return;
    }
    begin_typed(e, "input_file");
    if (m->at == IR_MEDIA_BASE64)
        text_member(e, "filename", m->name.len ? m->name : STR("document.pdf"));
    if (m->at == IR_MEDIA_FILE_ID)
        text_member(e, "file_id", m->data);
    else if (m->at == IR_MEDIA_URL)
        text_member(e, "file_url", m->data);
    else
        data_url(e, "file_data", m, "application/pdf");
    jw_end(&e->w);
}

static void write_audio(struct emit *e, const struct ir_media *m)
{
    struct str format = m->type;
    if (str_starts(format, STR("audio/")))
        format = str_make(format.p + 6, format.len - 6);
    begin_typed(e, "input_audio");
    jw_key(&e->w, "input_audio");
    jw_object(&e->w);
    text_member(e, "data", m->data);
    text_member(e, "format", rd_is(format, "mpeg") ? STR("mp3") : format);
    jw_end(&e->w);
    jw_end(&e->w);
}

static enum err cannot(struct emit *e, const struct ir_message *m, const struct ir_part *p)
{
    struct str path = ir_part_path(e->c, m, p, e->a);
    return dialect_cannot(e->loss, e->a, path,
                          "'" STR_FMT "' is content that the model cannot take.", STR_ARG(path));
}

static bool is_media(const struct ir_part *p)
{
    return p->kind == IR_IMAGE || p->kind == IR_FILE || p->kind == IR_AUDIO;
}

static bool is_inline_only(const struct emit *e, const struct ir_media *m)
{
    return m->at == IR_MEDIA_URL && QUIRK_IS(e->to->quirks, NO_URL_MEDIA);
}

/* One part of a message or of a call's output. */
static enum err write_part(struct emit *e, const struct ir_message *m, const struct ir_part *p)
{
    bool model = m->role == IR_ASSISTANT;
    if (is_media(p) && (model || is_inline_only(e, &p->media)))
        return cannot(e, m, p);
    switch (p->kind) {
    case IR_TEXT:
        write_text(e, p->text, model);
        return E_OK;
    case IR_REFUSAL:
        begin_typed(e, "refusal");
        text_member(e, "refusal", p->text);
        jw_end(&e->w);
        return E_OK;
    case IR_IMAGE:
        write_image(e, &p->media);
        return E_OK;
    case IR_FILE:
        write_file(e, &p->media);
        return E_OK;
    case IR_AUDIO:
        write_audio(e, &p->media);
        return E_OK;
    case IR_OTHER:
        if (!responses_is_own(e->c))
            return cannot(e, m, p);
        jw_raw(&e->w, p->raw);
        return E_OK;
    case IR_THINKING:
    case IR_REDACTED:
    case IR_TOOL_CALL:
    case IR_TOOL_RESULT:
    case IR_VIDEO:
    case IR_KINDS:
        break;
    }
    return cannot(e, m, p);
}

/* ------------------------------------------------------------------ items */

static void write_reasoning(struct emit *e, const struct ir_part *p)
{
    if (p->signature.origin != IR_ORIGIN_OPENAI || !p->signature.data.len) {
        dialect_strip(e->loss, STR("reasoning"));
        return;
    }
    begin_typed(e, "reasoning");
    if (p->signature.id.len)
        text_member(e, "id", p->signature.id);
    jw_key(&e->w, "summary");
    jw_array(&e->w);
    if (p->text.len) {
        begin_typed(e, "summary_text");
        text_member(e, "text", p->text);
        jw_end(&e->w);
    }
    jw_end(&e->w);
    text_member(e, "encrypted_content", p->signature.data);
    jw_end(&e->w);
}

/* A custom tool's text stands in its arguments as `input`. */
static void write_input(struct emit *e, const struct ir_json *json)
{
    struct responses_item it = {.custom = true};
    buf_init(&it.text, json->raw.len * 6 + 1);
    if (json->quoted)
        buf_add_str(&it.text, json->raw);
    else
        (void)json_quote_into(json->raw, &it.text);
    jw_text(&e->w, responses_custom_input(&it, e->a));
    buf_fini(&it.text);
}

static void write_call(struct emit *e, const struct ir_part *p)
{
    bool custom = ir_is_custom(e->c, p->name);
    begin_typed(e, custom ? "custom_tool_call" : "function_call");
    text_member(e, "call_id", p->id);
    text_member(e, "name", p->name);
    jw_key(&e->w, custom ? "input" : "arguments");
    if (custom)
        write_input(e, &p->json);
    else
        args_write_string(&e->w, p->json);
    jw_end(&e->w);
}

static bool is_text(const struct ir_part *p)
{
    return p->kind == IR_TEXT && !p->next;
}

static enum err write_result(struct emit *e, const struct ir_message *m, const struct ir_part *p)
{
    const struct ir_part *call = ir_find_call(e->c, p->id);
    bool custom = call && ir_is_custom(e->c, call->name);
    enum err err = E_OK;
    begin_typed(e, custom ? "custom_tool_call_output" : "function_call_output");
    text_member(e, "call_id", p->id);
    jw_key(&e->w, "output");
    if (!p->children && p->json.raw.p) {
        args_write_string(&e->w, p->json);
    } else if (!p->children || is_text(p->children)) {
        jw_text(&e->w, p->children ? p->children->text : STR(""));
    } else {
        jw_array(&e->w);
        for (const struct ir_part *c = p->children; c && err == E_OK; c = c->next)
            err = write_part(e, m, c);
        jw_end(&e->w);
    }
    jw_end(&e->w);
    return err;
}

/* Is it an item of its own, no content of a message? */
static bool is_item(const struct ir_part *p)
{
    return p->kind == IR_THINKING || p->kind == IR_REDACTED || p->kind == IR_TOOL_CALL ||
           p->kind == IR_TOOL_RESULT ||
           (p->kind == IR_OTHER &&
            (responses_is_item(p->name) || rd_is(p->name, "item_reference")));
}

static enum err write_item(struct emit *e, const struct ir_message *m, const struct ir_part *p)
{
    if (p->kind == IR_TOOL_RESULT)
        return write_result(e, m, p);
    if (p->kind == IR_OTHER && (!responses_is_own(e->c) || rd_is(p->name, "item_reference")))
        return cannot(e, m, p);
    if (p->kind == IR_OTHER)
        jw_raw(&e->w, p->raw);
    else if (p->kind == IR_TOOL_CALL)
        write_call(e, p);
    else
        write_reasoning(e, p);
    return E_OK;
}

/* The run of content that begins at `*p`; leaves the part behind it there. */
static enum err write_message(struct emit *e, const struct ir_message *m, const struct ir_part **p)
{
    static const char *const roles[] = {[IR_SYSTEM] = "system",
                                        [IR_DEVELOPER] = "developer",
                                        [IR_USER] = "user",
                                        [IR_ASSISTANT] = "assistant"};
    enum err err = E_OK;
    begin_typed(e, "message");
    jw_key(&e->w, "role");
    jw_string(&e->w, str_of(roles[m->role]));
    jw_key(&e->w, "content");
    if (m->role == IR_ASSISTANT && (*p)->kind == IR_TEXT && (!(*p)->next || is_item((*p)->next))) {
        jw_text(&e->w, (*p)->text);
        jw_end(&e->w);
        *p = (*p)->next;
        return E_OK;
    }
    jw_array(&e->w);
    for (; *p && !is_item(*p) && err == E_OK; *p = (*p)->next)
        err = write_part(e, m, *p);
    jw_end(&e->w);
    jw_end(&e->w);
    return err;
}

static bool is_instructions(const struct ir_message *m)
{
    return m && m->role == IR_SYSTEM && m->parts && is_text(m->parts);
}

enum err responses_emit_input(struct emit *e)
{
    const struct ir_message *m = e->c->messages;
    if (is_instructions(m)) {
        text_member(e, "instructions", m->parts->text);
        m = m->next;
    }
    jw_key(&e->w, "input");
    jw_array(&e->w);
    for (; m; m = m->next)
        for (const struct ir_part *p = m->parts; p;) {
            bool item = is_item(p);
            enum err err = item ? write_item(e, m, p) : write_message(e, m, &p);
            if (err != E_OK)
                return err;
            if (item)
                p = p->next;
        }
    jw_end(&e->w);
    return E_OK;
}
