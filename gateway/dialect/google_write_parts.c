/* What streams and whole answers for Google's clients share: parts, sources, usage. Pure; what must
 * outlive a call is copied into the stream's arena.
 */
#include "gateway/dialect/google_priv.h"
#include "gateway/dialect/signature.h"
#include "gateway/wire/json_text.h"

struct google_writer_choice *google_choice(struct google_writer *s, struct arena *keep,
                                           uint32_t number)
{
    struct google_writer_choice **link = &s->choices;
    while (*link && (*link)->number < number)
        link = &(*link)->next;
    if (*link && (*link)->number == number)
        return *link;
    struct google_writer_choice *c = ARENA_NEW(keep, struct google_writer_choice);
    *c = (struct google_writer_choice){.next = *link, .number = number};
    c->cites_tail = &c->cites;
    c->logprobs_tail = &c->logprobs;
    *link = c;
    return c;
}

/* ------------------------------------------------------------------ keeping */

static struct str kept(struct arena *keep, struct str s)
{
    return s.p ? arena_str(keep, s) : STR_NULL;
}

static struct ir_signature kept_signature(struct arena *keep, const struct ir_signature *s)
{
    return (struct ir_signature){s->origin, kept(keep, s->data), kept(keep, s->id)};
}

static struct google_writer_call *call_of(struct google_writer *s, const struct ir_event *e)
{
    for (struct google_writer_call *c = s->calls; c; c = c->next)
        if (c->choice == e->choice && c->index == e->index)
            return c;
    return NULL;
}

static void open_call(struct google_writer *s, struct arena *keep, const struct ir_event *e)
{
    struct google_writer_call *c = ARENA_NEW(keep, struct google_writer_call);
    *c = (struct google_writer_call){.next = s->calls,
                                     .choice = e->choice,
                                     .index = e->index,
                                     .id = kept(keep, e->id),
                                     .name = kept(keep, e->name),
                                     .args = STR(""),
                                     .signature = kept_signature(keep, &e->signature)};
    s->calls = c;
}

static void add_args(struct google_writer *s, struct arena *keep, const struct ir_event *e)
{
    struct google_writer_call *c = call_of(s, e);
    struct str more = e->json.raw;
    if (!c)
        return;
    if (e->signature.data.len)
        c->signature = kept_signature(keep, &e->signature);
    if (!e->json.quoted)
        c->args.len = 0; /* a value is all of it */
    c->quoted = e->json.quoted;
    if (c->args.len + more.len > c->args_cap) {
        c->args_cap = (c->args.len + more.len) * 2;
        char *room = arena_alloc(keep, c->args_cap);
        memcpy(room, c->args.p, c->args.len);
        c->args.p = room;
    }
    if (more.len)
        memcpy((char *)(uintptr_t)c->args.p + c->args.len, more.p, more.len);
    c->args.len += more.len;
}

static int64_t byte_of(const struct google_writer_choice *c, int64_t character)
{
    int64_t before = google_places_chars(&c->places, (int64_t)c->block_byte);
    return character < 0 ? -1 : google_places_byte(&c->places, before + character);
}

enum { CITES_MAX = 4096 }; /* of a choice; each is compared with those before it */

static void add_citation(struct google_writer_choice *c, struct arena *keep,
                         const struct ir_citation *from)
{
    if (c->n_cites == CITES_MAX)
        return;
    c->n_cites++;
    struct google_writer_cite *cite = ARENA_NEW(keep, struct google_writer_cite);
    *cite = (struct google_writer_cite){.url = kept(keep, from->url),
                                        .title = kept(keep, from->title),
                                        .text = kept(keep, from->text),
                                        .start = byte_of(c, from->start),
                                        .end = byte_of(c, from->end)};
    cite->first = true;
    for (const struct google_writer_cite *o = c->cites; o && cite->first; o = o->next) {
        cite->first = !str_eq(o->url, cite->url);
        cite->source = o->source;
    }
    if (cite->first)
        cite->source = c->n_sources++;
    *c->cites_tail = cite;
    c->cites_tail = &cite->next;
}

static void note_text(struct google_writer *s, const struct dialect_writing *w,
                      const struct ir_event *e)
{
    struct google_writer_choice *c = google_choice(s, w->keep, e->choice);
    google_places_add(&c->places, w->keep, e->text);
    if (e->citation.url.p)
        add_citation(c, w->keep, &e->citation);
    if (e->logprobs.p && s->whole) {
        struct ir_name *n = ARENA_NEW(w->keep, struct ir_name);
        n->text = kept(w->keep, e->logprobs);
        *c->logprobs_tail = n;
        c->logprobs_tail = &n->next;
    }
}

void google_note(struct google_writer *s, const struct dialect_writing *w, const struct ir_event *e)
{
    struct google_writer_choice *c;
    switch (e->kind) {
    case IR_START:
        s->id = kept(w->keep, e->id);
        break;
    case IR_OPEN:
        if (e->block == IR_TOOL_CALL)
            open_call(s, w->keep, e);
        c = google_choice(s, w->keep, e->choice);
        c->block_byte = c->places.bytes;
        break;
    case IR_DELTA:
        if (e->block == IR_TOOL_CALL)
            add_args(s, w->keep, e);
        else if (e->block == IR_TEXT)
            note_text(s, w, e);
        break;
    case IR_STOP:
        c = google_choice(s, w->keep, e->choice);
        c->finish = e->finish;
        c->finish_word = kept(w->keep, e->finish_word);
        break;
    case IR_CLOSE:
    case IR_USAGE:
    case IR_ERROR:
    case IR_END:
        break;
    }
}

/* ------------------------------------------------------------------ parts */

void google_write_signature(struct json_write *w, const struct ir_signature *s, bool redacted)
{
    struct ir_signature wrapped = *s;
    if (s->data.len == 0)
        return;
    jw_key(w, "thoughtSignature");
    jw_text_begin(w);
    if (s->origin == IR_ORIGIN_GOOGLE) {
        jw_text_add(w, s->data);
    } else {
        if (redacted && ir_signs_thought(s->origin))
            wrapped.id = STR("redacted"); /* told from a thought without words when it comes back */
        (void)signature_wrap(&wrapped, w->out);
    }
    jw_text_end(w);
}

/* Arguments must be an object; a model's broken ones are kept where they can be seen. */
static void write_args(struct json_write *w, const struct google_writer_call *c)
{
    struct json_scan s;
    struct buf b;
    struct str raw = c->args;
    buf_init(&b, raw.len + 1);
    if (c->quoted && json_decode(raw, &b))
        raw = buf_str(&b);
    raw = str_trim(raw);
    json_scan_init(&s, raw, false);
    bool good = json_scan_next(&s) == JSON_OBJECT_BEGIN &&
                json_scan_value(&s, JSON_OBJECT_BEGIN).p && json_scan_next(&s) == JSON_END;
    if (good || raw.len == 0) {
        jw_raw_line(w, raw.len ? raw : STR("{}"));
    } else {
        jw_object(w);
        jw_key(w, "_raw");
        if (c->quoted)
            jw_text(w, c->args);
        else
            jw_string(w, raw);
        jw_end(w);
    }
    buf_fini(&b);
}

static bool write_call(struct google_writer *s, struct json_write *w, const struct ir_event *e)
{
    const struct google_writer_call *c = call_of(s, e);
    if (!c)
        return false;
    jw_object(w);
    jw_key(w, "functionCall");
    jw_object(w);
    if (c->id.len) {
        jw_key(w, "id");
        jw_text(w, c->id);
    }
    jw_key(w, "name");
    jw_text(w, c->name.p ? c->name : STR(""));
    jw_key(w, "args");
    write_args(w, c);
    jw_end(w);
    google_write_signature(w, &c->signature, false);
    jw_end(w);
    return true;
}

static bool write_media(struct json_write *w, const struct ir_event *e)
{
    bool inside = e->media.at == IR_MEDIA_BASE64;
    if (e->media.data.len == 0)
        return false;
    jw_object(w);
    jw_key(w, inside ? "inlineData" : "fileData");
    jw_object(w);
    jw_key(w, "mimeType");
    jw_text(w, e->media.type.len      ? e->media.type
               : e->block == IR_AUDIO ? STR("audio/wav")
                                      : STR("image/png"));
    jw_key(w, inside ? "data" : "fileUri");
    jw_text(w, e->media.data);
    jw_end(w);
    google_write_signature(w, &e->signature, false);
    jw_end(w);
    return true;
}

/* Kinds that Google's clients know: what another dialect's block of its own holds, they do not. */
static bool is_own_kind(struct str name)
{
    static const char *const kinds[] = {"executableCode", "codeExecutionResult", "inlineData",
                                        "fileData",       "functionResponse",    "toolCall",
                                        "toolResponse"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_eq(name, str_of(kinds[i])))
            return true;
    return false;
}

bool google_write_part(struct google_writer *s, struct json_write *w, const struct ir_event *e)
{
    if (e->kind == IR_CLOSE)
        return e->block == IR_TOOL_CALL && write_call(s, w, e);
    if (e->kind != IR_DELTA)
        return false;
    if (e->block == IR_IMAGE || e->block == IR_AUDIO)
        return write_media(w, e);
    if (e->block != IR_OTHER || !e->raw.len || !is_own_kind(e->name))
        return false;
    jw_raw_line(w, e->raw);
    return true;
}

/* ------------------------------------------------------------------ behind the content */

static void write_sources(struct json_write *w, const struct google_writer_choice *c)
{
    jw_key(w, "groundingChunks");
    jw_array(w);
    for (const struct google_writer_cite *cite = c->cites; cite; cite = cite->next) {
        if (!cite->first)
            continue;
        jw_object(w);
        jw_key(w, "web");
        jw_object(w);
        jw_key(w, "uri");
        jw_text(w, cite->url);
        if (cite->title.p) {
            jw_key(w, "title");
            jw_text(w, cite->title);
        }
        jw_end(w);
        jw_end(w);
    }
    jw_end(w);
}

static void write_support(struct json_write *w, const struct google_writer_cite *cite)
{
    jw_object(w);
    jw_key(w, "segment");
    jw_object(w);
    if (cite->start >= 0 && cite->end >= 0) {
        jw_key(w, "startIndex");
        jw_i64(w, cite->start);
        jw_key(w, "endIndex");
        jw_i64(w, cite->end);
    }
    if (cite->text.p) {
        jw_key(w, "text");
        jw_text(w, cite->text);
    }
    jw_end(w);
    jw_key(w, "groundingChunkIndices");
    jw_array(w);
    jw_i64(w, cite->source);
    jw_end(w);
    jw_end(w);
}

static void write_grounding(struct json_write *w, const struct google_writer_choice *c)
{
    jw_key(w, "groundingMetadata");
    jw_object(w);
    write_sources(w, c);
    jw_key(w, "groundingSupports");
    jw_array(w);
    for (const struct google_writer_cite *cite = c->cites; cite; cite = cite->next)
        if (cite->text.p || cite->end >= 0)
            write_support(w, cite);
    jw_end(w);
    jw_end(w);
}

void google_write_end_of_choice(struct json_write *w, const struct google_writer_choice *c)
{
    jw_key(w, "finishReason");
    jw_text(w, google_finish_word(c->finish, c->finish_word));
    jw_key(w, "index");
    jw_i64(w, c->number);
    if (c->cites)
        write_grounding(w, c);
}

static int64_t at_least_zero(int64_t n)
{
    return n < 0 ? 0 : n;
}

static void write_usage(struct json_write *w, const struct usage *u, const struct cost *cost)
{
    int64_t input = at_least_zero(u->input), output = at_least_zero(u->output);
    int64_t thoughts = at_least_zero(u->reasoning) < output ? at_least_zero(u->reasoning) : output;
    jw_key(w, "usageMetadata");
    jw_object(w);
    jw_key(w, "promptTokenCount");
    jw_i64(w, input);
    jw_key(w, "candidatesTokenCount");
    jw_i64(w, output - thoughts);
    jw_key(w, "totalTokenCount");
    jw_i64(w, input + output);
    if (u->reasoning >= 0) {
        jw_key(w, "thoughtsTokenCount");
        jw_i64(w, thoughts);
    }
    if (u->cached >= 0) {
        jw_key(w, "cachedContentTokenCount");
        jw_i64(w, u->cached);
    }
    if (cost)
        google_write_cost(w, cost);
    jw_end(w);
}

void google_write_tail(struct google_writer *s, const struct dialect_writing *dw,
                       struct json_write *w, const struct usage *u)
{
    char id[UUID_TEXT_LEN + 1];
    if (u)
        write_usage(w, u, dw->extra.cost);
    jw_key(w, "modelVersion");
    jw_string(w, dw->model);
    jw_key(w, "responseId");
    if (s->id.len) {
        jw_text(w, s->id);
    } else {
        uuid_format(dw->request_id, id);
        jw_string(w, str_make(id, UUID_TEXT_LEN));
    }
    if (u && dw->extra.metadata.len) {
        jw_key(w, "metadata");
        jw_raw_line(w, dw->extra.metadata);
    }
}
