/* Reads `contents` and `systemInstruction` of Google's requests. What one model turn said in many
 * contents (SDKs keep each piece of a stream as one) becomes one message; calls and their results,
 * which need no id here, get ids that match. Pure.
 */
#include "gateway/dialect/google_priv.h"
#include "gateway/dialect/signature.h"

/* ------------------------------------------------------------------ ids */

static struct google_calls *calls_of(struct google_parse *p, struct map *m, struct str key)
{
    struct google_calls *calls = map_get(m, ir_key(key));
    if (calls)
        return calls;
    calls = ARENA_NEW(p->r.a, struct google_calls);
    (void)map_put(m, ir_key(key), calls);
    return calls;
}

static void add_call(struct google_parse *p, struct str id, struct str name)
{
    struct google_call *call = ARENA_NEW(p->r.a, struct google_call);
    struct google_calls *of_id = calls_of(p, &p->calls_of_id, id);
    struct google_calls *of_name = calls_of(p, &p->calls_of_name, name);
    *call = (struct google_call){.id = id, .name = name};
    *(of_id->first ? &of_id->last->next_of_id : &of_id->first) = call;
    *(of_name->first ? &of_name->last->next_of_name : &of_name->first) = call;
    of_id->last = of_name->last = call;
}

static struct str make_id(struct google_parse *p)
{
    return str_of(arena_printf(p->r.a, "call_%u", p->n_made_ids++));
}

/* A result without an id answers the oldest call of its name that has none yet. */
static struct str answered_id(struct google_parse *p, struct str id, struct str name)
{
    struct google_calls *calls = id.len ? map_get(&p->calls_of_id, id)
                                        : map_get(&p->calls_of_name, ir_key(name));
    while (calls && calls->first && calls->first->answered)
        calls->first = id.len ? calls->first->next_of_id : calls->first->next_of_name;
    struct google_call *found = calls ? calls->first : NULL;
    if (found)
        found->answered = true;
    return id.len ? id : found ? found->id : make_id(p);
}

/* ------------------------------------------------------------------ signatures */

void google_parse_edit(struct google_parse *p, struct dialect_span at, struct str with)
{
    if (p->n_edits == p->cap_edits) {
        size_t cap = p->cap_edits ? p->cap_edits * 2 : 8;
        struct dialect_edit *more = arena_calloc(p->r.a, cap, sizeof *more);
        if (p->n_edits)
            memcpy(more, p->edits, p->n_edits * sizeof *more);
        p->edits = more;
        p->cap_edits = cap;
    }
    p->edits[p->n_edits++] = (struct dialect_edit){at.begin, at.end, with};
}

static struct str quoted(struct google_parse *p, struct str raw)
{
    return str_of(arena_printf(p->r.a, "\"" STR_FMT "\"", STR_ARG(raw)));
}

/* A foreign signature becomes the word that stands for none when the body itself is sent on; a
 * wrapped one that was altered on its way is none at all. */
static void read_signature(struct google_parse *p, const struct google_part *g,
                           struct ir_signature *out)
{
    if (g->signature.len == 0 || str_eq(g->signature, STR(GOOGLE_NO_SIGNATURE)))
        return;
    signature_unwrap(g->signature, IR_ORIGIN_GOOGLE, p->r.a, out);
    if (!str_starts(g->signature, STR(SIGNATURE_MARK)))
        return;
    if (str_eq(out->data, g->signature))
        *out = (struct ir_signature){0};
    bool own = out->origin == IR_ORIGIN_GOOGLE && out->data.len;
    google_parse_edit(p, g->signature_at,
                      own ? quoted(p, out->data) : STR("\"" GOOGLE_NO_SIGNATURE "\""));
}

static struct str read_id(struct google_parse *p, const struct google_part *g,
                          struct ir_signature *out)
{
    struct str id = signature_id_read(g->id, p->r.a, out);
    if (id.len != g->id.len)
        google_parse_edit(p, g->id_at, quoted(p, id));
    return id;
}

/* ------------------------------------------------------------------ parts */

/* Adds text to the part before, if both are of one kind and neither is signed. */
static bool append(struct google_parse *p, enum ir_kind kind, struct str text)
{
    struct ir_part *run = p->run;
    if (!run || run->kind != kind || run->signature.data.len)
        return false;
    size_t len = run->text.len + text.len;
    if (len > p->run_cap) {
        p->run_cap = len * 2;
        char *room = arena_alloc(p->r.a, p->run_cap);
        memcpy(room, run->text.p, run->text.len);
        run->text.p = room;
    }
    memcpy((char *)(uintptr_t)run->text.p + run->text.len, text.p, text.len);
    run->text.len = len;
    return true;
}

static struct ir_part *add(struct google_parse *p, struct ir_message *m, enum ir_kind kind,
                           const struct google_part *g, uint32_t index)
{
    struct ir_part *part = ir_add_part(m, p->r.a, kind);
    part->index = index;
    part->raw = g->raw;
    p->run = NULL;
    return part;
}

static void add_text(struct google_parse *p, struct ir_message *m, const struct google_part *g,
                     uint32_t index)
{
    struct ir_signature sig = {0};
    struct str text = g->text.p ? g->text : STR("");
    enum ir_kind kind = g->thought ? IR_THINKING : IR_TEXT;
    bool model = m->role == IR_ASSISTANT;
    read_signature(p, g, &sig);
    bool redacted = g->thought && text.len == 0 && ir_signs_thought(sig.origin) && sig.id.len;
    if (redacted) {
        sig.id = STR_NULL;
        add(p, m, IR_REDACTED, g, index)->signature = sig;
        return;
    }
    if (model && text.len == 0 && !sig.data.len)
        return; /* SDKs keep the empty text of a stream's last chunk */
    /* A thought's signature stands for all of it, Google's text signature for its own part. */
    bool joins = model && (kind == IR_THINKING || !sig.data.len) && append(p, kind, text);
    if (joins) {
        p->run->signature = sig;
    } else {
        struct ir_part *part = add(p, m, kind, g, index);
        part->text = text;
        part->signature = sig;
        p->run = part;
        p->run_cap = 0;
    }
    if (sig.data.len || !model)
        p->run = NULL;
}

static void add_call_part(struct google_parse *p, struct ir_message *m, const struct google_part *g,
                          uint32_t index)
{
    struct ir_signature of_id = {0};
    struct ir_part *part = add(p, m, IR_TOOL_CALL, g, index);
    read_signature(p, g, &part->signature);
    part->id = read_id(p, g, &of_id);
    if (!part->signature.data.len)
        part->signature = of_id;
    if (part->id.len == 0)
        part->id = make_id(p);
    if (g->name.len == 0)
        rd_missing(&p->r, "parts[].functionCall.name");
    part->name = g->name;
    part->json.raw = g->json.p ? g->json : STR("{}");
    add_call(p, part->id, part->name);
}

/* {"result": "text"} and the like, which SDKs make of a string, is that text. */
static bool only_text(struct google_parse *p, struct str json, struct str *text, bool *is_error)
{
    struct reader r;
    struct str key;
    unsigned n = 0;
    bool found = false;
    rd_init(&r, json, p->r.a, NULL);
    if (!rd_object(&r, ""))
        return false;
    for (; rd_key(&r, &key); n++) {
        bool known = rd_is(key, "result") || rd_is(key, "output") || rd_is(key, "error");
        *is_error = rd_is(key, "error");
        if (known && rd_peek(&r) == JSON_STRING)
            found = rd_text(&r, "", text);
        else
            rd_skip(&r);
    }
    *is_error = *is_error && n == 1;
    return found && n == 1;
}

static void add_result(struct google_parse *p, struct ir_message *m, const struct google_part *g,
                       uint32_t index)
{
    struct ir_signature ignored = {0};
    struct str text;
    struct ir_part *part = add(p, m, IR_TOOL_RESULT, g, index);
    part->name = g->name;
    part->id = answered_id(p, read_id(p, g, &ignored), g->name);
    struct str json = g->json.p ? g->json : STR("{}");
    if (only_text(p, json, &text, &part->is_error))
        ir_add_child(part, p->r.a, IR_TEXT)->text = text;
    else
        part->json.raw = json;
    for (const struct google_blob *b = g->blobs; b; b = b->next) {
        struct ir_part *child = ir_add_child(part, p->r.a,
                                             google_media_kind(b->mime.p ? b->mime : STR("")));
        google_media(b, p->r.a, &child->media);
    }
}

static void note(struct google_parse *p, enum ir_kind kind)
{
    p->out->has_images |= kind == IR_IMAGE;
    p->out->has_audio |= kind == IR_AUDIO;
}

static void read_part(struct google_parse *p, struct ir_message *m, uint32_t index)
{
    struct google_part g;
    struct ir_part *part;
    if (!google_read_part(&p->r, &g) || p->r.failed)
        return;
    switch (g.what) {
    case GOOGLE_NOTHING:
        break;
    case GOOGLE_TEXT:
        add_text(p, m, &g, index);
        break;
    case GOOGLE_CALL:
        add_call_part(p, m, &g, index);
        break;
    case GOOGLE_RESPONSE:
        add_result(p, m, &g, index);
        break;
    case GOOGLE_BLOB:
        part = add(p, m, google_media_kind(g.blob.mime.p ? g.blob.mime : STR("")), &g, index);
        google_media(&g.blob, p->r.a, &part->media);
        read_signature(p, &g, &part->signature);
        note(p, part->kind);
        break;
    case GOOGLE_OTHER:
        part = add(p, m, IR_OTHER, &g, index);
        part->name = g.other;
        read_signature(p, &g, &part->signature);
        break;
    }
}

/* ------------------------------------------------------------------ contents */

static bool find_role(struct google_parse *p, struct str role, enum ir_role *out)
{
    static const struct {
        const char *word;
        enum ir_role role;
    } roles[] = {{"user", IR_USER},     {"model", IR_ASSISTANT}, {"function", IR_USER},
                 {"tool", IR_USER},     {"", IR_USER},           {"assistant", IR_ASSISTANT},
                 {"system", IR_SYSTEM}, {"developer", IR_SYSTEM}};
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (!rd_is(role, roles[i].word))
            continue;
        *out = roles[i].role;
        return true;
    }
    return rd_refuse(&p->r, E_BAD_FIELD, STR("role"), "The role must be 'user' or 'model'.");
}

static void read_parts(struct google_parse *p, struct ir_message *m)
{
    struct google_list l;
    if (!google_list(&p->r, "parts", &l))
        return;
    for (uint32_t i = 0; google_next(&p->r, &l); i++)
        read_part(p, m, i);
}

/* The role may stand behind the parts: it is looked for first, once. The key `parts` was read. */
static bool look_ahead(struct google_parse *p, struct str *role)
{
    struct reader ahead = p->r;
    struct str key;
    bool found = false;
    rd_skip(&ahead);
    while (!found && google_key(&ahead, &key)) {
        found = rd_is(key, "role") && rd_string(&ahead, "role", role);
        if (!rd_is(key, "role"))
            rd_skip(&ahead);
    }
    if (ahead.failed)
        p->r = ahead;
    if (!role->p)
        *role = STR("");
    return !ahead.failed;
}

/* The message that parts of this role belong to. */
static struct ir_message *message_for(struct google_parse *p, enum ir_role role, uint32_t index)
{
    if (p->turn && role == IR_ASSISTANT)
        return p->turn;
    struct ir_message *m = ir_add_message(p->c, p->r.a, role);
    m->index = index;
    p->run = NULL;
    p->turn = role == IR_ASSISTANT ? m : NULL;
    return m;
}

static void read_content(struct google_parse *p, uint32_t index)
{
    struct str key, word = STR_NULL;
    enum ir_role role = IR_USER;
    if (!rd_object(&p->r, "contents[]"))
        return;
    while (google_key(&p->r, &key)) {
        if (rd_is(key, "role")) {
            (void)rd_string(&p->r, "role", &word);
        } else if (!rd_is(key, "parts")) {
            rd_skip(&p->r);
        } else if ((word.p || look_ahead(p, &word)) && find_role(p, word, &role)) {
            read_parts(p, message_for(p, role, index));
        }
    }
}

void google_parse_contents(struct google_parse *p)
{
    struct google_list l;
    uint32_t n = 0;
    if (!google_list(&p->r, "contents", &l))
        return;
    p->got_contents = true;
    for (; google_next(&p->r, &l); n++) {
        read_content(p, n);
        struct dialect_refusal *why = p->r.why;
        if (p->r.failed && why->err != E_OK && !str_starts(why->field, STR("contents")))
            why->field = str_of(
                arena_printf(p->r.a, "contents[%u]." STR_FMT, (unsigned)n, STR_ARG(why->field)));
    }
    if (n == 0)
        rd_refuse(&p->r, E_BAD_FIELD, STR("contents"),
                  "'contents' must hold at least one content.");
}

/* In front of all messages, wherever it stood. */
void google_parse_system(struct google_parse *p)
{
    struct str key;
    struct ir_message *m = ARENA_NEW(p->r.a, struct ir_message);
    struct ir_message *turn = p->turn;
    struct ir_part *run = p->run;
    *m = (struct ir_message){.role = IR_SYSTEM, .next = p->c->messages};
    m->tail = &m->parts;
    if (!p->c->messages)
        p->c->messages_tail = &m->next;
    p->c->messages = m;
    if (!rd_object(&p->r, "systemInstruction"))
        return;
    while (google_key(&p->r, &key)) {
        if (rd_is(key, "parts"))
            read_parts(p, m);
        else
            rd_skip(&p->r);
    }
    p->turn = turn;
    p->run = run;
}
