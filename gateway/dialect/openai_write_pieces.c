/* Pieces of chat answers that whole ones and chunks share. Pure. */
#include "gateway/dialect/openai_write_pieces.h"

#include "gateway/dialect/arguments.h"
#include "gateway/dialect/read.h"
#include "gateway/dialect/signature.h"

const char *openai_finish_word(enum ir_finish f)
{
    static const char *const words[] = {
        [FINISH_NONE] = "stop",
        [FINISH_STOP] = "stop",
        [FINISH_LENGTH] = "length",
        [FINISH_TOOL_CALLS] = "tool_calls",
        [FINISH_CONTENT_FILTER] = "content_filter",
        [FINISH_ERROR] = "stop",
        [FINISH_STOP_SEQUENCE] = "stop",
        [FINISH_REFUSAL] = "content_filter",
        [FINISH_PAUSE] = "stop",
        [FINISH_CONTEXT] = "length",
    };
    static_assert(ARRAY_LEN(words) == FINISHES, "a word per finish");
    return words[f];
}

static void put_id(struct json_write *w, const char *prefix, struct uuid id)
{
    char text[UUID_TEXT_LEN + 1];
    uuid_format(id, text);
    jw_text_begin(w);
    jw_text_add(w, str_of(prefix));
    jw_text_add(w, str_make(text, UUID_TEXT_LEN));
    jw_text_end(w);
}

void openai_put_head(struct json_write *w, const struct dialect_writing *x, const char *prefix,
                     const char *object)
{
    jw_key(w, "id");
    put_id(w, prefix, x->request_id);
    jw_key(w, "object");
    jw_string(w, str_of(object));
    jw_key(w, "created");
    jw_i64(w, x->created_s);
    jw_key(w, "model");
    jw_string(w, x->model);
}

/* OpenAI's words for tiers; others have another word for what it calls "default". */
static struct str tier_of(struct str tier)
{
    static const char *const words[] = {"auto", "default", "flex", "scale", "priority"};
    if (str_eq(tier, STR("standard")))
        return STR("default");
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_eq(tier, str_of(words[i])))
            return tier;
    return STR("");
}

void openai_put_tail(struct json_write *w, const struct dialect_writing *x,
                     const struct ir_event *usage)
{
    jw_key(w, "usage");
    jw_raw(w, STR(""));
    openai_add_usage(&usage->usage, x->extra.cost, w->out);
    if (tier_of(usage->service_tier).len) {
        jw_key(w, "service_tier");
        jw_string(w, tier_of(usage->service_tier));
    }
    if (x->extra.metadata.len) {
        jw_key(w, "metadata");
        jw_raw(w, x->extra.metadata);
    }
}

/* ------------------------------------------------------------------ calls */

bool openai_calls_custom(const struct dialect_writing *x, struct str name)
{
    if (x->request->words != &openai_words)
        return false;
    for (const struct ir_tool *t = x->request->tools; t; t = t->next)
        if (t->kind == IR_TOOL_CUSTOM && str_eq(t->name, name))
            return true;
    return false;
}

/* The text in {"input":"..."}; what is not of that form is the input itself. */
static void put_input(struct json_write *w, const struct buf *arguments)
{
    struct json_scan s;
    struct buf json;
    struct str input = STR_NULL;
    buf_init(&json, arguments->len + 1);
    bool good = json_decode(buf_str(arguments), &json);
    json_scan_init(&s, buf_str(&json), false);
    if (good && json_scan_next(&s) == JSON_OBJECT_BEGIN)
        while (!input.p && json_scan_next(&s) == JSON_KEY) {
            bool is_input = json_scan_is(&s, STR("input"));
            enum json_token t = json_scan_next(&s);
            if (is_input && t == JSON_STRING)
                input = s.raw;
            else if (!json_scan_value(&s, t).p)
                break;
        }
    jw_text(w, input.p ? input : buf_str(arguments));
    buf_fini(&json);
}

void openai_put_call(struct json_write *w, const struct ir_event *open, int64_t n,
                     const struct buf *arguments, bool custom)
{
    const char *kind = custom ? "custom" : "function";
    jw_object(w);
    if (n >= 0) {
        jw_key(w, "index");
        jw_i64(w, n);
    }
    jw_key(w, "id");
    jw_text_begin(w);
    signature_id_write(open->id, &open->signature, w->out);
    jw_text_end(w);
    jw_key(w, "type");
    jw_string(w, str_of(kind));
    jw_key(w, kind);
    jw_object(w);
    jw_key(w, "name");
    jw_text(w, open->name);
    jw_key(w, custom ? "input" : "arguments");
    if (!arguments)
        jw_lit(w, "\"\"");
    else if (custom)
        put_input(w, arguments);
    else
        args_write_string(w, (struct ir_json){buf_str(arguments), true});
    jw_end(w);
    jw_end(w);
}

/* ------------------------------------------------------------------ reasoning */

static void begin_detail(struct json_write *w, const char *type)
{
    jw_object(w);
    jw_key(w, "type");
    jw_string(w, str_of(type));
}

/* Wrapped: what comes back tells whose it is, whatever else the client keeps. */
static void end_detail(struct json_write *w, const char *key, const struct ir_signature *s,
                       uint32_t n)
{
    const char *format = s ? openai_format_word(s->origin) : NULL;
    if (s) {
        jw_key(w, key);
        jw_text_begin(w);
        signature_wrap(s, w->out);
        jw_text_end(w);
    }
    if (format) {
        jw_key(w, "format");
        jw_string(w, str_of(format));
    }
    jw_key(w, "index");
    jw_i64(w, n);
    jw_end(w);
}

void openai_put_details(struct json_write *w, const struct ir_event *e, uint32_t n)
{
    const struct ir_signature *s = e->signature.data.len > 0 ? &e->signature : NULL;
    bool signs = s && e->block == IR_THINKING && ir_signs_thought(s->origin);
    if (e->text.len > 0 || signs) {
        begin_detail(w, "reasoning.text");
        jw_key(w, "text");
        jw_text(w, e->text);
        end_detail(w, "signature", signs ? s : NULL, n);
    }
    if (s && !signs)
        openai_put_state(w, s, s->id.len ? &s->id : NULL, n);
}

void openai_put_state(struct json_write *w, const struct ir_signature *s, const struct str *id,
                      uint32_t n)
{
    begin_detail(w, "reasoning.encrypted");
    if (id) {
        jw_key(w, "id");
        jw_text(w, *id);
    }
    end_detail(w, "data", s, n);
}

/* ------------------------------------------------------------------ other */

int64_t openai_chars(struct str raw)
{
    int64_t n = 0;
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.p[i];
        if (c == '\\' && i + 1 < raw.len) {
            bool low = i + 3 < raw.len && raw.p[i + 1] == 'u' && (raw.p[i + 2] | 0x20) == 'd' &&
                       (raw.p[i + 3] | 0x20) >= 'c';
            i += raw.p[i + 1] == 'u' ? 5 : 1;
            n += !low; /* the second half of a pair */
        } else {
            n += (c & 0xC0) != 0x80;
        }
    }
    return n;
}

void openai_put_annotation(struct json_write *w, const struct ir_event *e, int64_t begin,
                           int64_t end)
{
    const struct ir_citation *c = &e->citation;
    jw_object(w);
    jw_key(w, "type");
    jw_lit(w, "\"url_citation\"");
    jw_key(w, "url_citation");
    jw_object(w);
    jw_key(w, "url");
    jw_text(w, c->url);
    jw_key(w, "title");
    jw_text(w, c->title.p ? c->title : c->url);
    if (c->text.len) {
        jw_key(w, "content");
        jw_text(w, c->text);
    }
    jw_key(w, "start_index");
    jw_i64(w, c->start >= 0 ? begin + c->start : begin);
    jw_key(w, "end_index");
    jw_i64(w, c->end >= 0 ? begin + c->end : end);
    jw_end(w);
    jw_end(w);
}

void openai_put_image(struct json_write *w, const struct ir_media *m, uint32_t n)
{
    jw_object(w);
    jw_key(w, "type");
    jw_lit(w, "\"image_url\"");
    jw_key(w, "image_url");
    jw_object(w);
    jw_key(w, "url");
    jw_text_begin(w);
    if (m->at == IR_MEDIA_BASE64) {
        jw_text_add(w, STR("data:"));
        jw_text_add(w, m->type.len ? m->type : STR("image/png"));
        jw_text_add(w, STR(";base64,"));
    }
    jw_text_add(w, m->data);
    jw_text_end(w);
    jw_end(w);
    jw_key(w, "index");
    jw_i64(w, n);
    jw_end(w);
}

void openai_put_audio_id(struct json_write *w, const struct dialect_writing *x, struct str id)
{
    jw_key(w, "id");
    if (id.len)
        jw_text(w, id);
    else
        put_id(w, "audio_", x->request_id);
}
