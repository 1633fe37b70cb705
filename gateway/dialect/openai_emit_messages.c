/* Writes `messages`: every result right behind the calls it answers, whatever stands in between,
 * since this dialect's providers refuse all else. Pure.
 */
#include "gateway/dialect/arguments.h"
#include "gateway/dialect/openai_emit.h"
#include "gateway/dialect/read.h"

enum {
    ID_MAX_BYTES = 40
}; /* OpenAI: "string too long. Expected a string with maximum length 40" */

static uint64_t hash(struct str s, uint64_t h)
{
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    return h;
}

/* Ids are the client's or another provider's: a long one becomes a short one, the same each time.
 */
static void emit_id(struct openai_emit *e, struct str id)
{
    if (id.len <= ID_MAX_BYTES) {
        jw_text(&e->w, id);
        return;
    }
    const char *text = arena_printf(e->a, "call_%016llx%016llx",
                                    (unsigned long long)hash(id, UINT64_C(0xcbf29ce484222325)),
                                    (unsigned long long)hash(id, UINT64_C(0x9e3779b97f4a7c15)));
    jw_text(&e->w, str_of(text));
}

static void begin(struct openai_emit *e, const char *role, const struct ir_message *m)
{
    jw_object(&e->w);
    jw_key(&e->w, "role");
    jw_string(&e->w, str_of(role));
    if (m && m->name.len) {
        jw_key(&e->w, "name");
        jw_text(&e->w, m->name);
    }
}

/* ------------------------------------------------------------------ results */

static bool is_media(const struct ir_part *p)
{
    return p->kind != IR_TEXT && p->kind != IR_REFUSAL;
}

static bool has_media(const struct ir_part *result)
{
    for (const struct ir_part *p = result->children; p; p = p->next)
        if (is_media(p))
            return true;
    return false;
}

static bool has_text(const struct ir_part *parts)
{
    for (; parts; parts = parts->next)
        if (!is_media(parts) && parts->text.len > 0)
            return true;
    return false;
}

/* A tool message holds text only: what else there is follows in a message of the user's. */
static void emit_result(struct openai_emit *e, const struct ir_part *p)
{
    begin(e, "tool", NULL);
    jw_key(&e->w, "tool_call_id");
    emit_id(e, p->id);
    jw_key(&e->w, "content");
    openai_note_part(e, p);
    if (p->json.raw.p && !p->children)
        args_write_string(&e->w, p->json);
    else if (has_media(p) && !has_text(p->children))
        jw_lit(&e->w, "\"The result is in the user's next message.\"");
    else
        openai_emit_texts(e, p->children, p->is_error ? STR("Error: ") : STR(""));
    jw_end(&e->w);
}

static void emit_result_media(struct openai_emit *e, const struct ir_message *m,
                              const struct ir_part *result)
{
    struct json_write *w = &e->w;
    begin(e, "user", NULL);
    jw_key(w, "content");
    jw_array(w);
    jw_object(w);
    jw_key(w, "type");
    jw_lit(w, "\"text\"");
    jw_key(w, "text");
    jw_text_begin(w);
    jw_text_add(w, STR("Result of the call "));
    const struct ir_part *call = ir_find_call(e->c, result->id);
    jw_text_add(w, call ? call->name : result->id);
    if (call) {
        jw_text_add(w, STR(" ("));
        jw_text_add(w, result->id);
        jw_text_add(w, STR(")"));
    }
    jw_text_add(w, STR(":"));
    jw_text_end(w);
    jw_end(w);
    for (const struct ir_part *p = result->children; p; p = p->next)
        if (is_media(p))
            openai_emit_medium(e, m, p);
    jw_end(w);
    jw_end(w);
}

static bool has_words(const struct ir_message *m)
{
    bool has_result = false;
    for (const struct ir_part *p = m->parts; p; p = p->next) {
        if (p->kind != IR_TOOL_RESULT)
            return true;
        has_result = true;
    }
    return !has_result; /* an empty message stays one */
}

static void emit_user(struct openai_emit *e, const struct ir_message *m)
{
    for (const struct ir_part *p = m->parts; p; p = p->next)
        if (p->kind == IR_TOOL_RESULT && has_media(p))
            emit_result_media(e, m, p);
    if (!has_words(m))
        return;
    begin(e, "user", m);
    jw_key(&e->w, "content");
    openai_emit_parts(e, m, m->parts);
    jw_end(&e->w);
}

/* A run of the user's messages: all results first. Returns the last one of the run. */
static const struct ir_message *emit_users(struct openai_emit *e, const struct ir_message *first)
{
    const struct ir_message *last = first;
    while (last->next && last->next->role == IR_USER)
        last = last->next;
    for (const struct ir_message *m = first;; m = m->next) {
        for (const struct ir_part *p = m->parts; p; p = p->next)
            if (p->kind == IR_TOOL_RESULT)
                emit_result(e, p);
        if (m == last)
            break;
    }
    for (const struct ir_message *m = first;; m = m->next) {
        emit_user(e, m);
        if (m == last)
            return last;
    }
}

/* ------------------------------------------------------------------ the assistant */

/* Reasoning goes back only where it is asked for, and only such as nobody has signed. */
static bool is_replayed(const struct openai_emit *e, const struct ir_part *p)
{
    return p->kind == IR_THINKING && p->signature.origin == IR_ORIGIN_CHAT && p->text.len > 0 &&
           QUIRK_IS(e->to->quirks, REPLAY_REASONING);
}

static void emit_reasoning(struct openai_emit *e, const struct ir_message *m)
{
    bool first = true;
    for (const struct ir_part *p = m->parts; p; p = p->next) {
        if (p->kind != IR_THINKING && p->kind != IR_REDACTED)
            continue;
        if (!is_replayed(e, p)) {
            if (p->signature.data.len > 0)
                dialect_strip(e->loss, STR("reasoning"));
            continue;
        }
        if (first) {
            jw_key(&e->w, "reasoning_content");
            jw_text_begin(&e->w);
        }
        jw_text_add(&e->w, first ? STR("") : STR("\\n\\n"));
        jw_text_add(&e->w, p->text);
        first = false;
    }
    if (!first)
        jw_text_end(&e->w);
}

/* The input of a custom tool stands in the object {"input":"..."}. */
static bool emit_custom(struct openai_emit *e, const struct ir_part *p)
{
    struct reader r;
    struct str key, input = STR_NULL;
    if (p->json.quoted || !openai_is_custom(e, p->name))
        return false;
    rd_init(&r, p->json.raw, e->a, NULL);
    for (bool in = rd_object(&r, ""); in && rd_key(&r, &key);) {
        if (rd_is(key, "input"))
            (void)rd_text(&r, "", &input);
        else
            rd_skip(&r);
    }
    if (!input.p)
        return false;
    jw_key(&e->w, "type");
    jw_lit(&e->w, "\"custom\"");
    jw_key(&e->w, "custom");
    jw_object(&e->w);
    jw_key(&e->w, "name");
    jw_text(&e->w, p->name);
    jw_key(&e->w, "input");
    jw_text(&e->w, input);
    jw_end(&e->w);
    return true;
}

static void emit_call(struct openai_emit *e, const struct ir_part *p)
{
    struct json_write *w = &e->w;
    jw_object(w);
    jw_key(w, "id");
    emit_id(e, p->id);
    if (!emit_custom(e, p)) {
        jw_key(w, "type");
        jw_lit(w, "\"function\"");
        jw_key(w, "function");
        jw_object(w);
        jw_key(w, "name");
        jw_text(w, p->name);
        jw_key(w, "arguments");
        args_write_string(w, p->json);
        jw_end(w);
    }
    jw_end(w);
}

static unsigned count(const struct ir_message *m, enum ir_kind kind)
{
    unsigned n = 0;
    for (const struct ir_part *p = m->parts; p; p = p->next)
        n += p->kind == kind;
    return n;
}

/* Pictures that the model made before, and what only the client's dialect knows. */
static void emit_odd_parts(struct openai_emit *e, const struct ir_message *m)
{
    for (const struct ir_part *p = m->parts; p; p = p->next) {
        bool odd = p->kind == IR_OTHER || p->kind == IR_IMAGE || p->kind == IR_AUDIO ||
                   p->kind == IR_VIDEO || p->kind == IR_FILE;
        if (odd && e->own && str_eq(p->name, STR("audio"))) {
            jw_key(&e->w, "audio");
            jw_raw_line(&e->w, p->raw);
        } else if (odd && p->kind == IR_IMAGE) {
            dialect_strip(e->loss, ir_part_path(e->c, m, p, e->a));
        } else if (odd) {
            openai_cannot(e, ir_part_path(e->c, m, p, e->a),
                          "Content of this kind cannot be sent to this model.");
        }
    }
}

static void emit_assistant(struct openai_emit *e, const struct ir_message *m)
{
    unsigned calls = count(m, IR_TOOL_CALL);
    begin(e, "assistant", m);
    jw_key(&e->w, "content");
    if (calls > 0 && !has_text(m->parts))
        jw_lit(&e->w, "null");
    else
        openai_emit_texts(e, m->parts, STR(""));
    for (const struct ir_part *p = m->parts; p; p = p->next)
        openai_note_part(e, p);
    emit_reasoning(e, m);
    emit_odd_parts(e, m);
    if (calls > 0) {
        jw_key(&e->w, "tool_calls");
        jw_array(&e->w);
        for (const struct ir_part *p = m->parts; p; p = p->next)
            if (p->kind == IR_TOOL_CALL)
                emit_call(e, p);
        jw_end(&e->w);
    }
    jw_end(&e->w);
}

static void emit_system(struct openai_emit *e, const struct ir_message *m)
{
    bool developer = m->role == IR_DEVELOPER && QUIRK_IS(e->to->quirks, DEVELOPER_ROLE);
    begin(e, developer ? "developer" : "system", m);
    jw_key(&e->w, "content");
    openai_emit_parts(e, m, m->parts);
    jw_end(&e->w);
}

void openai_emit_messages(struct openai_emit *e)
{
    jw_key(&e->w, "messages");
    jw_array(&e->w);
    for (const struct ir_message *m = e->c->messages; m; m = m->next) {
        if (m->role == IR_USER)
            m = emit_users(e, m);
        else if (m->role == IR_ASSISTANT)
            emit_assistant(e, m);
        else
            emit_system(e, m);
    }
    jw_end(&e->w);
}
