/* Writes messages as the Messages API's: system texts apart, messages of one role joined, results
 * of calls first in theirs. Pure. */
#include "gateway/dialect/anthropic_priv.h"
#include "gateway/dialect/arguments.h"

enum pass { RESULTS, OTHERS, ALL };

static bool is_system(const struct ir_message *m)
{
    return m->role == IR_SYSTEM || m->role == IR_DEVELOPER;
}

/* Does it stand apart, in `system`? Within the conversation only where the caller put it there in
 * this dialect (a beta of its provider's). */
static bool is_apart(const struct anthropic_emit *e, const struct ir_message *m)
{
    return is_system(m) && !(e->first_turn && m->index > e->first_turn->index);
}

/* Texts of nothing but blanks are refused, and blanks at the end of the model's own last words. Its
 * own clients say what they will. */
static struct str text_of(const struct anthropic_emit *e, const struct ir_part *p)
{
    if (e->c->words == &anthropic_words)
        return p->text;
    if (p == e->final)
        return ir_trim_end(p->text);
    return ir_is_blank(p->text) ? STR("") : p->text;
}

static bool is_own_thought(const struct ir_part *p)
{
    return (p->kind == IR_THINKING || p->kind == IR_REDACTED) &&
           p->signature.origin == IR_ORIGIN_ANTHROPIC && p->signature.data.len > 0;
}

/* ------------------------------------------------------------------ parts */

/* Ids match ^[a-zA-Z0-9_-]+$: another byte becomes `_`, in calls and results alike. */
static void write_call_id(struct anthropic_emit *e, const char *key, struct str id)
{
    char *p = arena_strdup(e->a, id.len ? id : STR("call"));
    for (char *c = p; *c; c++) {
        bool good = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                    (*c >= '0' && *c <= '9') || *c == '_' || *c == '-';
        *c = good ? *c : '_';
    }
    jw_key(&e->w, key);
    jw_text(&e->w, str_of(p));
}

static void write_type(struct anthropic_emit *e, const char *type)
{
    jw_object(&e->w);
    jw_key(&e->w, "type");
    jw_string(&e->w, str_of(type));
}

static void write_text(struct anthropic_emit *e, struct str text, const struct ir_part *p)
{
    write_type(e, "text");
    jw_key(&e->w, "text");
    jw_text(&e->w, text);
    if (p->citations.p && e->c->words == &anthropic_words) {
        jw_key(&e->w, "citations");
        jw_raw(&e->w, p->citations);
    }
    anthropic_emit_cache(e, p->cache);
    jw_end(&e->w);
}

static void write_source(struct anthropic_emit *e, const struct ir_media *m, struct str type)
{
    static const char *const words[] = {
        [IR_MEDIA_BASE64] = "base64",
        [IR_MEDIA_URL] = "url",
        [IR_MEDIA_FILE_ID] = "file",
        [IR_MEDIA_TEXT] = "text",
    };
    static const char *const keys[] = {
        [IR_MEDIA_BASE64] = "data",
        [IR_MEDIA_URL] = "url",
        [IR_MEDIA_FILE_ID] = "file_id",
        [IR_MEDIA_TEXT] = "data",
    };
    jw_key(&e->w, "source");
    write_type(e, words[m->at]);
    if (m->at == IR_MEDIA_BASE64 || m->at == IR_MEDIA_TEXT) {
        jw_key(&e->w, "media_type");
        jw_text(&e->w, type);
    }
    jw_key(&e->w, keys[m->at]);
    jw_text(&e->w, m->data);
    jw_end(&e->w);
}

/* Why a medium cannot be sent, or NULL. */
static const char *check_media(const struct anthropic_emit *e, const struct ir_part *p)
{
    const struct ir_media *m = &p->media;
    if (p->kind == IR_AUDIO || p->kind == IR_VIDEO)
        return "This provider takes no audio or video.";
    if (m->at == IR_MEDIA_FILE_ID && e->c->words != &anthropic_words)
        return "A file kept at another provider cannot be sent to this one.";
    if (m->at == IR_MEDIA_URL && QUIRK_IS(e->to->quirks, NO_URL_MEDIA))
        return "This provider takes images and documents only inline, not by URL.";
    bool document = p->kind == IR_FILE && m->at == IR_MEDIA_BASE64;
    if (document && m->type.len && !str_eq(m->type, STR("application/pdf")))
        return "This provider takes PDF and plain text documents.";
    return NULL;
}

static void write_media(struct anthropic_emit *e, const struct ir_message *m,
                        const struct ir_part *p)
{
    const char *why = check_media(e, p);
    bool image = p->kind == IR_IMAGE;
    if (why) {
        e->err = dialect_cannot(e->loss, e->a, ir_part_path(e->c, m, p, e->a), "%s", why);
        return;
    }
    struct str type = p->media.at == IR_MEDIA_TEXT ? STR("text/plain") : p->media.type;
    if (type.len == 0)
        type = image ? STR("image/png") : STR("application/pdf");
    write_type(e, image ? "image" : "document");
    write_source(e, &p->media, type);
    if (!image && p->media.name.len) {
        jw_key(&e->w, "title");
        jw_text(&e->w, p->media.name);
    }
    if (!image && p->media.citations) {
        jw_key(&e->w, "citations");
        jw_lit(&e->w, "{\"enabled\":true}");
    }
    anthropic_emit_cache(e, p->cache);
    jw_end(&e->w);
}

/* Reasoning of others would be refused: they alone can read what they have sealed. */
static void write_thought(struct anthropic_emit *e, const struct ir_part *p)
{
    if (!is_own_thought(p)) {
        dialect_strip(e->loss, STR("reasoning"));
        return;
    }
    bool sealed = p->kind == IR_REDACTED;
    write_type(e, sealed ? "redacted_thinking" : "thinking");
    if (!sealed) {
        jw_key(&e->w, "thinking");
        jw_text(&e->w, p->text.p ? p->text : STR(""));
    }
    jw_key(&e->w, sealed ? "data" : "signature");
    jw_text(&e->w, p->signature.data);
    jw_end(&e->w);
}

static void write_call(struct anthropic_emit *e, const struct ir_message *m,
                       const struct ir_part *p)
{
    write_type(e, "tool_use");
    write_call_id(e, "id", p->id);
    jw_key(&e->w, "name");
    jw_text(&e->w, p->name);
    jw_key(&e->w, "input");
    if (!args_write_object(&e->w, p->json)) {
        e->err = dialect_cannot(e->loss, e->a, ir_part_path(e->c, m, p, e->a),
                                "The arguments of this call are no JSON object.");
        return;
    }
    anthropic_emit_cache(e, p->cache);
    jw_end(&e->w);
}

static void write_part(struct anthropic_emit *e, const struct ir_message *m,
                       const struct ir_part *p);

static void write_result(struct anthropic_emit *e, const struct ir_message *m,
                         const struct ir_part *p)
{
    write_type(e, "tool_result");
    write_call_id(e, "tool_use_id", p->id);
    if (p->children || p->json.raw.p) {
        jw_key(&e->w, "content");
        jw_array(&e->w);
        for (const struct ir_part *c = p->children; c && !e->err; c = c->next)
            write_part(e, m, c);
        if (!p->children) {
            write_type(e, "text");
            jw_key(&e->w, "text");
            args_write_string(&e->w, p->json);
            jw_end(&e->w);
        }
        if (!e->err)
            jw_end(&e->w);
    }
    if (e->err)
        return;
    if (p->is_error) {
        jw_key(&e->w, "is_error");
        jw_bool(&e->w, true);
    }
    anthropic_emit_cache(e, p->cache);
    jw_end(&e->w);
}

static void write_part(struct anthropic_emit *e, const struct ir_message *m,
                       const struct ir_part *p)
{
    switch (p->kind) {
    case IR_TEXT:
    case IR_REFUSAL:
        if (text_of(e, p).len) /* empty blocks are refused */
            write_text(e, text_of(e, p), p);
        break;
    case IR_THINKING:
    case IR_REDACTED:
        write_thought(e, p);
        break;
    case IR_TOOL_CALL:
        write_call(e, m, p);
        break;
    case IR_TOOL_RESULT:
        write_result(e, m, p);
        break;
    case IR_IMAGE:
    case IR_AUDIO:
    case IR_VIDEO:
    case IR_FILE:
        write_media(e, m, p);
        break;
    case IR_OTHER:
    case IR_KINDS:
        if (e->c->words == &anthropic_words)
            jw_raw(&e->w, p->raw);
        else
            e->err = dialect_cannot(e->loss, e->a, ir_part_path(e->c, m, p, e->a),
                                    "This provider knows no content of that kind.");
        break;
    }
}

/* ------------------------------------------------------------------ messages */

/* Would anything be written for the part? Empty texts and thoughts of others are not. */
static bool shows(const struct anthropic_emit *e, const struct ir_part *p)
{
    if (p->kind == IR_TEXT || p->kind == IR_REFUSAL)
        return text_of(e, p).len > 0;
    return (p->kind != IR_THINKING && p->kind != IR_REDACTED) || is_own_thought(p);
}

/* A message without content is refused, so one of which nothing would be left is left out. */
static bool is_empty(struct anthropic_emit *e, const struct ir_message *m)
{
    for (const struct ir_part *p = m->parts; p; p = p->next)
        if (shows(e, p))
            return false;
    for (const struct ir_part *p = m->parts; p; p = p->next)
        if (p->kind == IR_THINKING || p->kind == IR_REDACTED)
            dialect_strip(e->loss, STR("reasoning"));
    return true;
}

/* The next one that stands among the messages. */
static const struct ir_message *find_message(struct anthropic_emit *e, const struct ir_message *m)
{
    while (m && (is_apart(e, m) != e->only_system || is_empty(e, m)))
        m = m->next;
    return m;
}

/* System texts alone are no conversation: the provider wants at least one message, of the user. */
static bool has_only_system(const struct ir_chat *c)
{
    for (const struct ir_message *m = c->messages; m; m = m->next)
        if (!is_system(m))
            return false;
    return c->messages != NULL;
}

static void write_parts(struct anthropic_emit *e, const struct ir_message *m, enum pass pass)
{
    for (const struct ir_part *p = m->parts; p && !e->err; p = p->next) {
        bool result = p->kind == IR_TOOL_RESULT;
        if (pass == ALL || (pass == RESULTS) == result)
            write_part(e, m, p);
    }
}

/* A run of messages of one role; returns what comes behind it. */
static const struct ir_message *write_run(struct anthropic_emit *e, const struct ir_message *first)
{
    bool user = first->role == IR_USER || e->only_system;
    const struct ir_message *behind = first;
    jw_object(&e->w);
    jw_key(&e->w, "role");
    jw_string(&e->w, user ? STR("user") : is_system(first) ? STR("system") : STR("assistant"));
    jw_key(&e->w, "content");
    jw_array(&e->w);
    for (const struct ir_message *m = first; user && m && !e->err && m->role == first->role;
         m = find_message(e, m->next))
        write_parts(e, m, RESULTS);
    for (; behind && !e->err && behind->role == first->role; behind = find_message(e, behind->next))
        write_parts(e, behind, user ? OTHERS : ALL);
    if (e->err)
        return NULL;
    jw_end(&e->w);
    jw_end(&e->w);
    return behind;
}

void anthropic_emit_messages(struct anthropic_emit *e)
{
    jw_key(&e->w, "messages");
    jw_array(&e->w);
    const struct ir_message *m = find_message(e, e->c->messages);
    while (m && !e->err)
        m = write_run(e, m);
    if (!e->err)
        jw_end(&e->w);
}

void anthropic_emit_system(struct anthropic_emit *e)
{
    bool json = e->c->format == IR_FORMAT_JSON, any = json;
    e->only_system = has_only_system(e->c);
    for (const struct ir_message *m = e->c->messages; m && e->c->words == &anthropic_words;
         m = m->next)
        e->first_turn = e->first_turn || is_system(m) ? e->first_turn : m;
    for (const struct ir_message *m = e->c->messages; m; m = m->next)
        any |= is_apart(e, m) && !e->only_system && !is_empty(e, m);
    if (!any)
        return;
    jw_key(&e->w, "system");
    jw_array(&e->w);
    for (const struct ir_message *m = e->c->messages; m && !e->err; m = m->next)
        if (is_apart(e, m) && !e->only_system)
            write_parts(e, m, ALL);
    if (json && !e->err)
        jw_lit(&e->w, "{\"type\":\"text\",\"text\":\"Answer with a single JSON object and nothing "
                      "else.\"}");
    if (!e->err)
        jw_end(&e->w);
}

bool anthropic_lacks_thought(const struct ir_chat *c)
{
    const struct ir_message *turn = NULL, *before = NULL;
    bool results = false;
    for (const struct ir_message *m = c->messages; m; m = m->next) {
        if (m->role == IR_ASSISTANT && !(before && before->role == IR_ASSISTANT)) {
            turn = m;
            results = false;
        }
        before = is_system(m) ? before : m;
        for (const struct ir_part *p = m->parts; p && m->role == IR_USER; p = p->next)
            results |= p->kind == IR_TOOL_RESULT;
    }
    if (!turn || !results)
        return false;
    for (const struct ir_message *m = turn; m && m->role != IR_USER; m = m->next)
        for (const struct ir_part *p = m->parts; p; p = p->next)
            if (is_own_thought(p))
                return false;
    return true;
}
