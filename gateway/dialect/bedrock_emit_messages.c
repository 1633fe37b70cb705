/* Writes messages and system of a Converse request. Bedrock wants turns of user and assistant in
 * alternation, a turn's tool results before all else, no empty text, and system apart. Pure.
 */
#include <stdarg.h>
#include <stdio.h>

#include "gateway/dialect/arguments.h"
#include "gateway/dialect/bedrock_priv.h"
#include "gateway/dialect/refuse.h"

enum { ID_MAX = 64, ID_KEPT = 40 };

bool bedrock_cannot(struct bedrock_emit *e, const struct ir_message *m, const struct ir_part *p,
                    const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    dialect_refuse_va(e->a, &e->loss->why, E_UNSUPPORTED, ir_part_path(e->c, m, p, e->a), fmt, ap);
    va_end(ap);
    e->err = E_UNSUPPORTED;
    return false;
}

/* ------------------------------------------------------------------ ids */

static bool fits(struct str raw)
{
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.p[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-';
        if (!good)
            return false;
    }
    return raw.len > 0 && raw.len <= ID_MAX;
}

struct str bedrock_tool_id(struct str raw, struct arena *a)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a: what was cut off tells ids apart */
    if (fits(raw))
        return raw;
    char kept[ID_KEPT + 1] = {0};
    for (size_t i = 0; i < raw.len; i++) {
        hash = (hash ^ (unsigned char)raw.p[i]) * UINT64_C(1099511628211);
        if (i < ID_KEPT)
            kept[i] = fits(str_make(raw.p + i, 1)) ? raw.p[i] : '_';
    }
    return str_of(arena_printf(a, "%s_%016llx", kept, (unsigned long long)hash));
}

/* ------------------------------------------------------------------ parts */

bool bedrock_emits(struct bedrock_emit *e, const struct ir_part *p)
{
    /* Its own clients give what they got, and do not say by which model. */
    bool mine = p->signature.data.len > 0 && ir_signs_thought(p->signature.origin) &&
                (e->own || p->signature.origin == bedrock_signer(e->to->model));
    switch (p->kind) {
    case IR_TEXT:
    case IR_REFUSAL:
        return !ir_is_blank(p->text);
    case IR_THINKING:
        if (!mine && p->text.len > 0)
            dialect_strip(e->loss, STR("reasoning"));
        return mine;
    case IR_REDACTED:
        return mine && bedrock_is_blob(p->signature.data);
    case IR_TOOL_CALL:
    case IR_TOOL_RESULT:
    case IR_IMAGE:
    case IR_AUDIO:
    case IR_VIDEO:
    case IR_FILE:
    case IR_OTHER:
    case IR_KINDS:
        break;
    }
    return true;
}

void bedrock_emit_cache_point(struct bedrock_emit *e, enum ir_cache cache)
{
    if (cache == IR_CACHE_NONE)
        return;
    if (e->family != BEDROCK_CLAUDE && e->family != BEDROCK_NOVA) {
        dialect_strip(e->loss, STR("cache_control"));
        return;
    }
    jw_object(&e->w);
    jw_key(&e->w, "cachePoint");
    jw_object(&e->w);
    jw_key(&e->w, "type");
    jw_lit(&e->w, "\"default\"");
    if (cache == IR_CACHE_1H && e->family == BEDROCK_CLAUDE) {
        jw_key(&e->w, "ttl");
        jw_lit(&e->w, "\"1h\"");
    }
    jw_end(&e->w);
    jw_end(&e->w);
}

static bool emit_call(struct bedrock_emit *e, const struct ir_message *m, const struct ir_part *p)
{
    jw_key(&e->w, "toolUse");
    jw_object(&e->w);
    jw_key(&e->w, "toolUseId");
    jw_text(&e->w, bedrock_tool_id(p->id, e->a));
    jw_key(&e->w, "name");
    jw_text(&e->w, p->name);
    jw_key(&e->w, "input");
    if (!args_write_object(&e->w, p->json))
        return bedrock_cannot(e, m, p, "The arguments of a call must be a JSON object.");
    jw_end(&e->w);
    return true;
}

static void emit_reasoning(struct bedrock_emit *e, const struct ir_part *p)
{
    jw_key(&e->w, "reasoningContent");
    jw_object(&e->w);
    if (p->kind == IR_REDACTED) {
        jw_key(&e->w, "redactedContent");
        jw_text(&e->w, p->signature.data);
    } else {
        jw_key(&e->w, "reasoningText");
        jw_object(&e->w);
        jw_key(&e->w, "text");
        jw_text(&e->w, p->text);
        jw_key(&e->w, "signature");
        jw_text(&e->w, p->signature.data);
        jw_end(&e->w);
    }
    jw_end(&e->w);
}

/* A JSON value of a result: models take objects as such, anything else as text. */
static void emit_json(struct bedrock_emit *e, const struct ir_json *json)
{
    struct str value = bedrock_json_value(json, e->a);
    if (value.p && value.p[0] == '{') {
        jw_key(&e->w, "json");
        jw_raw(&e->w, value);
        return;
    }
    jw_key(&e->w, "text");
    jw_text_begin(&e->w);
    if (json->quoted)
        jw_text_add(&e->w, json->raw);
    else
        json_quote_into(json->raw, e->w.out);
    jw_text_end(&e->w);
}

static bool emit_child(struct bedrock_emit *e, const struct ir_message *m,
                       const struct ir_part *result, const struct ir_part *p)
{
    if (p->kind != IR_OTHER && !bedrock_emits(e, p))
        return true;
    jw_object(&e->w);
    switch (p->kind) {
    case IR_TEXT:
    case IR_REFUSAL:
        if (p->json.raw.p) {
            emit_json(e, &p->json);
            break;
        }
        jw_key(&e->w, "text");
        jw_text(&e->w, p->text);
        break;
    case IR_IMAGE:
    case IR_FILE:
    case IR_VIDEO:
        if (!bedrock_emit_media(e, m, p))
            return false;
        break;
    case IR_THINKING:
    case IR_REDACTED:
    case IR_TOOL_CALL:
    case IR_TOOL_RESULT:
    case IR_AUDIO:
    case IR_OTHER:
    case IR_KINDS:
        if (!e->own || !p->raw.p || p->raw.len < 2)
            return bedrock_cannot(e, m, result, "The result of a call cannot hold this.");
        buf_add(e->w.out, p->raw.p + 1, p->raw.len - 2); /* the one member */
        break;
    }
    jw_end(&e->w);
    return true;
}

static bool emit_result(struct bedrock_emit *e, const struct ir_message *m, const struct ir_part *p)
{
    jw_key(&e->w, "toolResult");
    jw_object(&e->w);
    jw_key(&e->w, "toolUseId");
    jw_text(&e->w, bedrock_tool_id(p->id, e->a));
    jw_key(&e->w, "content");
    jw_array(&e->w);
    if (p->json.raw.p) {
        jw_object(&e->w);
        emit_json(e, &p->json);
        jw_end(&e->w);
    }
    for (const struct ir_part *child = p->children; child; child = child->next)
        if (!emit_child(e, m, p, child))
            return false;
    jw_end(&e->w);
    if (p->is_error) {
        jw_key(&e->w, "status");
        jw_lit(&e->w, "\"error\"");
    }
    jw_end(&e->w);
    return true;
}

static bool emit_member(struct bedrock_emit *e, const struct ir_message *m, const struct ir_part *p)
{
    switch (p->kind) {
    case IR_TEXT:
    case IR_REFUSAL:
        jw_key(&e->w, "text");
        jw_text(&e->w, p == e->final && !e->own ? ir_trim_end(p->text) : p->text);
        break;
    case IR_THINKING:
    case IR_REDACTED:
        emit_reasoning(e, p);
        break;
    case IR_TOOL_CALL:
        return emit_call(e, m, p);
    case IR_TOOL_RESULT:
        return emit_result(e, m, p);
    case IR_IMAGE:
    case IR_AUDIO:
    case IR_VIDEO:
    case IR_FILE:
        return bedrock_emit_media(e, m, p);
    case IR_OTHER:
    case IR_KINDS:
        break; /* emit_part's */
    }
    return true;
}

static bool emit_part(struct bedrock_emit *e, const struct ir_message *m, const struct ir_part *p)
{
    if (p->kind == IR_OTHER) {
        if (!e->own)
            return bedrock_cannot(e, m, p, "The provider knows no content of this type.");
        jw_raw(&e->w, p->raw);
    } else {
        jw_object(&e->w);
        if (!emit_member(e, m, p))
            return false;
        jw_end(&e->w);
    }
    bedrock_emit_cache_point(e, p->cache);
    return true;
}

/* ------------------------------------------------------------------ turns */

static bool is_system(const struct ir_message *m)
{
    return m->role == IR_SYSTEM || m->role == IR_DEVELOPER;
}

static bool says_something(struct bedrock_emit *e, const struct ir_message *m)
{
    for (const struct ir_part *p = m->parts; p && !is_system(m); p = p->next)
        if (bedrock_emits(e, p))
            return true;
    return false;
}

/* The next message of the other side that says something. What is silent ends no turn. */
static const struct ir_message *turn_end(struct bedrock_emit *e, const struct ir_message *first)
{
    const struct ir_message *m = first->next;
    while (m && (m->role == first->role || !says_something(e, m)))
        m = m->next;
    return m;
}

/* The parts of a turn: results (or all else) of the messages from `m` to `end`. */
static bool emit_parts(struct bedrock_emit *e, const struct ir_message *first,
                       const struct ir_message *end, bool results)
{
    for (const struct ir_message *m = first; m != end; m = m->next)
        for (const struct ir_part *p = m->parts; p && m->role == first->role; p = p->next)
            if ((p->kind == IR_TOOL_RESULT) == results && bedrock_emits(e, p) &&
                !emit_part(e, m, p))
                return false;
    return true;
}

static bool emit_turn(struct bedrock_emit *e, const struct ir_message *first,
                      const struct ir_message *end)
{
    jw_object(&e->w);
    jw_key(&e->w, "role");
    jw_raw(&e->w, first->role == IR_ASSISTANT ? STR("\"assistant\"") : STR("\"user\""));
    jw_key(&e->w, "content");
    jw_array(&e->w);
    if (!emit_parts(e, first, end, true) || !emit_parts(e, first, end, false))
        return false;
    jw_end(&e->w);
    jw_end(&e->w);
    return true;
}

/* ------------------------------------------------------------------ system */

static bool emit_system_parts(struct bedrock_emit *e)
{
    for (const struct ir_message *m = e->c->messages; m; m = m->next)
        for (const struct ir_part *p = m->parts; p && is_system(m); p = p->next) {
            if (p->kind != IR_TEXT && p->kind != IR_OTHER)
                return bedrock_cannot(e, m, p, "A system message can hold text only.");
            if (bedrock_emits(e, p) && !emit_part(e, m, p))
                return false;
        }
    return true;
}

static bool has_turns(struct bedrock_emit *e)
{
    for (const struct ir_message *m = e->c->messages; m; m = m->next)
        if (says_something(e, m))
            return true;
    return false;
}

static bool has_system(struct bedrock_emit *e)
{
    for (const struct ir_message *m = e->c->messages; m; m = m->next)
        for (const struct ir_part *p = m->parts; p && is_system(m); p = p->next)
            if (bedrock_emits(e, p))
                return true;
    return false;
}

bool bedrock_emit_system(struct bedrock_emit *e)
{
    bool turns = has_turns(e), system = has_system(e) && turns;
    if (!system && e->c->format != IR_FORMAT_JSON)
        return true;
    jw_key(&e->w, "system");
    jw_array(&e->w);
    if (system && !emit_system_parts(e))
        return false;
    if (e->c->format == IR_FORMAT_JSON) {
        jw_object(&e->w);
        jw_key(&e->w, "text");
        jw_lit(&e->w, "\"Answer with one JSON object and nothing else.\"");
        jw_end(&e->w);
    }
    jw_end(&e->w);
    return true;
}

/* Bedrock wants a turn of the user's: a request of system messages only has them there. */
static bool emit_system_as_turn(struct bedrock_emit *e)
{
    jw_object(&e->w);
    jw_key(&e->w, "role");
    jw_lit(&e->w, "\"user\"");
    jw_key(&e->w, "content");
    jw_array(&e->w);
    if (!emit_system_parts(e))
        return false;
    jw_end(&e->w);
    jw_end(&e->w);
    return true;
}

bool bedrock_emit_messages(struct bedrock_emit *e)
{
    jw_key(&e->w, "messages");
    jw_array(&e->w);
    const struct ir_message *m = e->c->messages;
    while (m && !says_something(e, m))
        m = m->next;
    if (!m && has_system(e) && !emit_system_as_turn(e))
        return false;
    while (m) {
        const struct ir_message *end = turn_end(e, m);
        if (!emit_turn(e, m, end))
            return false;
        m = end;
    }
    jw_end(&e->w);
    return true;
}
