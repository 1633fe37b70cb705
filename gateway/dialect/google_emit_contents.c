/* Writes messages as Google's contents: two roles, neighbours of one role made one, results of
 * calls by the calls' names and in their order, signatures of Google's own only. Pure.
 */
#include "gateway/dialect/google_priv.h"
#include "gateway/wire/json_text.h"

static void write_text(struct google_emit *e, struct str raw)
{
    jw_object(&e->w);
    jw_key(&e->w, "text");
    jw_text(&e->w, raw);
    jw_end(&e->w);
}

static void write_signature(struct google_emit *e, const struct ir_signature *s)
{
    if (s->origin != IR_ORIGIN_GOOGLE || s->data.len == 0)
        return;
    jw_key(&e->w, "thoughtSignature");
    jw_text(&e->w, s->data);
}

static bool is_google(const struct ir_signature *s)
{
    return s->origin == IR_ORIGIN_GOOGLE && s->data.len > 0;
}

/* ------------------------------------------------------------------ media */

/* Google wants a media type; who gave none gets what the bytes or the address look like. */
static struct str guess_type(const struct ir_part *p)
{
    static const struct {
        const char *head, *end, *type;
    } guesses[] = {
        {"iVBOR", ".png", "image/png"},   {"/9j/", ".jpg", "image/jpeg"},
        {"\\/9j", ".jpeg", "image/jpeg"}, {"R0lGOD", ".gif", "image/gif"},
        {"UklGR", ".webp", "image/webp"}, {"JVBERi", ".pdf", "application/pdf"},
        {"SUQz", ".mp3", "audio/mp3"},    {NULL, ".wav", "audio/wav"},
        {NULL, ".mp4", "video/mp4"},      {NULL, ".mov", "video/mov"},
        {NULL, ".webm", "video/webm"},    {NULL, ".txt", "text/plain"},
        {NULL, ".heic", "image/heic"},
    };
    static const char *const otherwise[IR_KINDS] = {
        [IR_IMAGE] = "image/jpeg", [IR_AUDIO] = "audio/wav", [IR_VIDEO] = "video/mp4"};
    struct str path = p->media.data;
    bool inside = p->media.at == IR_MEDIA_BASE64;
    path = str_cut(&path, '?');
    for (size_t i = 0; i < ARRAY_LEN(guesses); i++) {
        bool fits = inside ? guesses[i].head && str_starts(p->media.data, str_of(guesses[i].head))
                           : path.len > strlen(guesses[i].end) &&
                                 str_ieq(str_make(path.p + path.len - strlen(guesses[i].end),
                                                  strlen(guesses[i].end)),
                                         str_of(guesses[i].end));
        if (fits)
            return str_of(guesses[i].type);
    }
    return str_of(otherwise[p->kind] ? otherwise[p->kind] : "application/pdf");
}

static void write_media(struct google_emit *e, const struct ir_part *p, bool inside)
{
    struct json_write *w = &e->w;
    jw_object(w);
    jw_key(w, inside ? "inlineData" : "fileData");
    jw_object(w);
    jw_key(w, "mimeType");
    jw_text(w, p->media.type.len ? p->media.type : guess_type(p));
    jw_key(w, inside ? "data" : "fileUri");
    jw_text(w, p->media.data);
    jw_end(w);
    write_signature(e, &p->signature);
    jw_end(w);
}

void google_emit_media(struct google_emit *e, const struct ir_message *m, const struct ir_part *p,
                       struct str path)
{
    struct str field = path.p ? path : ir_part_path(e->c, m, p, e->a);
    switch (p->media.at) {
    case IR_MEDIA_BASE64:
        write_media(e, p, true);
        return;
    case IR_MEDIA_TEXT:
        write_text(e, p->media.data);
        return;
    case IR_MEDIA_URL:
        if (QUIRK_IS(e->to->quirks, NO_URL_MEDIA))
            e->err = dialect_cannot(e->loss, e->a, field,
                                    "This provider takes media inside the request only.");
        else
            write_media(e, p, false);
        return;
    case IR_MEDIA_FILE_ID:
        if (str_starts(p->media.data, STR("gs://")) || str_starts(p->media.data, STR("https://")))
            write_media(e, p, false);
        else
            e->err = dialect_cannot(e->loss, e->a, field,
                                    "The file lies at another provider: send its contents.");
        return;
    }
}

/* ------------------------------------------------------------------ calls and results */

/* Arguments are an object; what is none, or broken, is refused. */
static void write_args(struct google_emit *e, const struct ir_message *m, const struct ir_part *p)
{
    struct json_scan s;
    struct str raw = p->json.raw;
    if (p->json.quoted) {
        char *text = arena_alloc(e->a, raw.len);
        raw = str_make(text, json_decode_into(raw, text));
    }
    raw = str_trim(raw);
    if (raw.len == 0)
        raw = STR("{}");
    json_scan_init(&s, raw, false);
    bool good = json_scan_next(&s) == JSON_OBJECT_BEGIN &&
                json_scan_value(&s, JSON_OBJECT_BEGIN).p && json_scan_next(&s) == JSON_END;
    if (good) {
        jw_raw(&e->w, raw);
        return;
    }
    jw_lit(&e->w, "{}");
    e->err = dialect_cannot(e->loss, e->a, ir_part_path(e->c, m, p, e->a),
                            "The arguments of the call are no JSON object.");
}

/* The first call of a turn must be signed; for one that Google's models have not made there is a
 * word that says so. */
static void write_call(struct google_emit *e, const struct ir_message *m, const struct ir_part *p,
                       bool first)
{
    struct json_write *w = &e->w;
    bool thinks = !e->to->caps || (e->to->caps & CAP_REASONING);
    jw_object(w);
    jw_key(w, "functionCall");
    jw_object(w);
    jw_key(w, "name");
    jw_text(w, p->name);
    jw_key(w, "args");
    write_args(e, m, p);
    jw_end(w);
    write_signature(e, &p->signature);
    if (first && thinks && !is_google(&p->signature)) {
        jw_key(w, "thoughtSignature");
        jw_lit(w, "\"" GOOGLE_NO_SIGNATURE "\"");
    }
    jw_end(w);
}

/* A result's text as one, lines between its pieces. Raw. */
static struct str result_text(struct google_emit *e, const struct ir_part *p)
{
    struct buf b;
    size_t room = 0;
    for (const struct ir_part *c = p->children; c; c = c->next)
        room += c->text.len + 2;
    buf_init(&b, room);
    for (const struct ir_part *c = p->children; c; c = c->next) {
        if (c->kind != IR_TEXT && c->kind != IR_REFUSAL)
            continue;
        if (b.len)
            buf_add_lit(&b, "\\n");
        buf_add_str(&b, c->text);
    }
    struct str text = arena_str(e->a, buf_str(&b));
    buf_fini(&b);
    return text;
}

/* Text that is itself a JSON object is one; STR_NULL if it is none. */
static struct str as_object(struct google_emit *e, struct str raw)
{
    struct json_scan s;
    if (raw.len < 2 || raw.p[0] != '{')
        return STR_NULL;
    char *text = arena_alloc(e->a, raw.len);
    struct str json = str_make(text, json_decode_into(raw, text));
    json_scan_init(&s, json, true);
    bool good = json_scan_next(&s) == JSON_OBJECT_BEGIN &&
                json_scan_value(&s, JSON_OBJECT_BEGIN).p && json_scan_next(&s) == JSON_END;
    return good ? json : STR_NULL;
}

static void write_response(struct google_emit *e, const struct ir_part *p)
{
    struct json_write *w = &e->w;
    struct str object = STR_NULL, text = STR_NULL;
    if (p->json.raw.p && !p->json.quoted && p->json.raw.p[0] == '{') {
        object = p->json.raw;
    } else {
        text = p->json.raw.p && p->json.quoted ? p->json.raw : result_text(e, p);
        object = p->is_error ? STR_NULL : as_object(e, text);
    }
    if (object.p) {
        jw_raw(w, object);
        return;
    }
    jw_object(w);
    jw_key(w, p->is_error ? "error" : "output");
    if (p->json.raw.p && !p->json.quoted)
        jw_raw(w, p->json.raw);
    else
        jw_text(w, text);
    jw_end(w);
}

void google_emit_result(struct google_emit *e, const struct ir_message *m, const struct ir_part *p)
{
    struct json_write *w = &e->w;
    const struct ir_part *call = ir_find_call(e->c, p->id);
    struct str name = call ? call->name : p->name;
    if (name.len == 0) {
        e->err = dialect_cannot(e->loss, e->a, ir_part_path(e->c, m, p, e->a),
                                "The call that this result belongs to is not in the messages.");
        return;
    }
    jw_object(w);
    jw_key(w, "functionResponse");
    jw_object(w);
    jw_key(w, "name");
    jw_text(w, name);
    jw_key(w, "response");
    write_response(e, p);
    jw_end(w);
    jw_end(w);
}

/* ------------------------------------------------------------------ parts */

static void write_thinking(struct google_emit *e, const struct ir_part *p)
{
    bool other = p->signature.data.len && p->signature.origin != IR_ORIGIN_GOOGLE;
    if (other || p->kind == IR_REDACTED)
        dialect_strip(e->loss, STR("reasoning"));
    if (p->kind == IR_REDACTED || !is_google(&p->signature))
        return;
    jw_object(&e->w);
    jw_key(&e->w, "text");
    jw_text(&e->w, p->text);
    jw_key(&e->w, "thought");
    jw_bool(&e->w, true);
    write_signature(e, &p->signature);
    jw_end(&e->w);
}

static void write_other(struct google_emit *e, const struct ir_message *m, const struct ir_part *p)
{
    if (e->c->words == &google_words)
        jw_raw(&e->w, p->raw);
    else
        e->err = dialect_cannot(e->loss, e->a, ir_part_path(e->c, m, p, e->a),
                                "This provider knows no content of that kind.");
}

static void write_part(struct google_emit *e, const struct ir_message *m, const struct ir_part *p,
                       bool *called)
{
    switch (p->kind) {
    case IR_TEXT:
    case IR_REFUSAL:
        if (p->text.len == 0 && !is_google(&p->signature))
            return;
        jw_object(&e->w);
        jw_key(&e->w, "text");
        jw_text(&e->w, p->text);
        write_signature(e, &p->signature);
        jw_end(&e->w);
        return;
    case IR_THINKING:
    case IR_REDACTED:
        write_thinking(e, p);
        return;
    case IR_TOOL_CALL:
        write_call(e, m, p, !*called);
        *called = true;
        return;
    case IR_IMAGE:
    case IR_AUDIO:
    case IR_VIDEO:
    case IR_FILE:
        google_emit_media(e, m, p, STR_NULL);
        return;
    case IR_OTHER:
        write_other(e, m, p);
        return;
    case IR_TOOL_RESULT:
    case IR_KINDS:
        return; /* results come before the rest */
    }
}

/* ------------------------------------------------------------------ contents */

/* Neighbouring messages of one role: [first, end). */
struct turn {
    const struct ir_message *first, *end;
};

static bool is_system(const struct ir_message *m)
{
    return m->role == IR_SYSTEM || m->role == IR_DEVELOPER;
}

static bool is_model(const struct ir_message *m)
{
    return m->role == IR_ASSISTANT;
}

/* A result and its message. */
struct result {
    const struct ir_message *m;
    const struct ir_part *part;
};

/* A turn's results by the ids of their calls, the first of each. */
static void find_results(struct google_emit *e, const struct turn *t, struct map *results)
{
    for (const struct ir_message *m = t->first; m != t->end; m = m->next)
        for (const struct ir_part *p = is_system(m) ? NULL : m->parts; p; p = p->next) {
            if (p->kind != IR_TOOL_RESULT || map_get(results, ir_key(p->id)))
                continue;
            struct result *r = ARENA_NEW(e->a, struct result);
            *r = (struct result){m, p};
            (void)map_put(results, ir_key(p->id), r);
        }
}

/* Results in the order of the turn's calls before, since there are no ids; then those that belong
 * to none of them. */
static void write_results(struct google_emit *e, const struct turn *calls, const struct turn *t)
{
    struct map results, called;
    map_init(&results);
    map_init(&called);
    find_results(e, t, &results);
    for (const struct ir_message *m = calls->first; m != calls->end; m = m->next) {
        for (const struct ir_part *p = is_model(m) ? m->parts : NULL; p && !e->err; p = p->next) {
            if (p->kind != IR_TOOL_CALL)
                continue;
            const struct result *r = map_get(&results, ir_key(p->id));
            (void)map_put(&called, ir_key(p->id), e);
            if (r)
                google_emit_result(e, r->m, r->part);
        }
    }
    for (const struct ir_message *m = t->first; m != t->end; m = m->next)
        for (const struct ir_part *p = is_system(m) ? NULL : m->parts; p && !e->err; p = p->next)
            if (p->kind == IR_TOOL_RESULT && !map_get(&called, ir_key(p->id)))
                google_emit_result(e, m, p);
    map_fini(&results);
    map_fini(&called);
}

/* What results hold besides text follows them. */
static void write_result_media(struct google_emit *e, const struct ir_message *m,
                               const struct ir_part *p)
{
    struct str path = ir_part_path(e->c, m, p, e->a);
    for (const struct ir_part *c = p->children; c && !e->err; c = c->next) {
        bool media = c->kind == IR_IMAGE || c->kind == IR_AUDIO || c->kind == IR_VIDEO ||
                     c->kind == IR_FILE;
        if (media)
            google_emit_media(e, m, c, path);
        else if (c->kind != IR_TEXT && c->kind != IR_REFUSAL)
            e->err = dialect_cannot(e->loss, e->a, path,
                                    "This provider takes no such content in a call's result.");
    }
}

static void write_turn(struct google_emit *e, const struct turn *calls, const struct turn *t)
{
    bool called = false;
    if (!is_model(t->first))
        write_results(e, calls, t);
    for (const struct ir_message *m = t->first; m != t->end; m = m->next) {
        for (const struct ir_part *p = is_system(m) ? NULL : m->parts; p && !e->err; p = p->next) {
            if (p->kind == IR_TOOL_RESULT)
                write_result_media(e, m, p);
            else
                write_part(e, m, p, &called);
        }
    }
}

/* The run of messages of `first`'s role; instructions in between stand elsewhere. */
static struct turn turn_from(const struct ir_message *first)
{
    struct turn t = {first, first->next};
    while (t.end && (is_system(t.end) || is_model(t.end) == is_model(first)))
        t.end = t.end->next;
    return t;
}

static const struct ir_message *after_system(const struct ir_message *m)
{
    while (m && is_system(m))
        m = m->next;
    return m;
}

static void write_system_parts(struct google_emit *e)
{
    for (const struct ir_message *m = e->c->messages; m; m = m->next)
        for (const struct ir_part *p = is_system(m) ? m->parts : NULL; p && !e->err; p = p->next) {
            if (p->kind == IR_TEXT && p->text.len)
                write_text(e, p->text);
            else if (p->kind != IR_TEXT)
                e->err = dialect_cannot(e->loss, e->a, ir_part_path(e->c, m, p, e->a),
                                        "This provider's instructions are text only.");
        }
}

void google_emit_contents(struct google_emit *e)
{
    struct json_write *w = &e->w;
    struct turn before = {NULL, NULL};
    const struct ir_message *m = after_system(e->c->messages);
    jw_key(w, "contents");
    jw_array(w);
    size_t none = w->out->len;
    if (!m) { /* instructions alone are the question */
        jw_object(w);
        jw_key(w, "role");
        jw_lit(w, "\"user\"");
        jw_key(w, "parts");
        jw_array(w);
        write_system_parts(e);
        jw_end(w);
        jw_end(w);
    }
    while (m && !e->err) {
        struct turn t = turn_from(m);
        size_t begin = w->out->len;
        struct json_write back = *w;
        jw_object(w);
        jw_key(w, "role");
        jw_string(w, is_model(m) ? STR("model") : STR("user"));
        jw_key(w, "parts");
        jw_array(w);
        size_t empty = w->out->len;
        write_turn(e, &before, &t);
        bool wrote = w->out->len > empty;
        jw_end(w);
        jw_end(w);
        if (!wrote && !w->out->failed) { /* Google refuses contents without parts */
            *w = back;
            w->out->len = begin;
        }
        before = t;
        m = t.end;
    }
    if (w->out->len == none && !e->err && !w->out->failed)
        e->err = dialect_cannot(e->loss, e->a, str_of(e->c->words->messages),
                                "There is nothing to send: no message has content.");
    jw_end(w);
}

void google_emit_system(struct google_emit *e)
{
    bool any = false;
    for (const struct ir_message *m = e->c->messages; m && !any; m = m->next)
        for (const struct ir_part *p = is_system(m) ? m->parts : NULL; p; p = p->next)
            any |= p->kind != IR_TEXT || p->text.len > 0;
    if (!any || !after_system(e->c->messages))
        return;
    jw_key(&e->w, "systemInstruction");
    jw_object(&e->w);
    jw_key(&e->w, "parts");
    jw_array(&e->w);
    write_system_parts(e);
    jw_end(&e->w);
    jw_end(&e->w);
}
