/* Writes answers for Google's clients: streams (SSE, or a JSON array in pieces for those who did
 * not ask for SSE) and whole ones. A call is written once it is complete. Pure.
 */
#include "gateway/dialect/google_priv.h"

/* ------------------------------------------------------------------ streams */

struct stream {
    struct google_writer *s;
    const struct dialect_writing *dw;
    struct json_write w;
    struct buf *out;
};

static void begin_chunk(struct stream *st)
{
    json_write_init(&st->w, st->out);
    if (!st->s->array)
        buf_add_lit(st->out, "data: ");
    else
        buf_add_str(st->out, st->s->begun ? STR(",\n") : STR("["));
    st->s->begun = true;
    jw_object(&st->w);
    jw_key(&st->w, "candidates");
    jw_array(&st->w);
}

static void end_chunk(struct stream *st, const struct usage *u)
{
    jw_end(&st->w);
    google_write_tail(st->s, st->dw, &st->w, u);
    jw_end(&st->w);
    buf_add_str(st->out, st->s->array ? STR("\n") : STR("\n\n"));
}

static void begin_content(struct json_write *w)
{
    jw_object(w);
    jw_key(w, "content");
    jw_object(w);
    jw_key(w, "role");
    jw_lit(w, "\"model\"");
    jw_key(w, "parts");
    jw_array(w);
}

static void end_content(struct json_write *w)
{
    jw_end(w);
    jw_end(w);
}

static bool is_words(const struct ir_event *e)
{
    return e->kind == IR_DELTA && (e->block == IR_TEXT || e->block == IR_REFUSAL ||
                                   e->block == IR_THINKING || e->block == IR_REDACTED);
}

static void write_words(struct json_write *w, const struct ir_event *e)
{
    jw_object(w);
    if (e->block == IR_THINKING || e->block == IR_REDACTED) {
        jw_key(w, "thought");
        jw_bool(w, true);
    }
    jw_key(w, "text");
    jw_text(w, e->text.p ? e->text : STR(""));
    google_write_signature(w, &e->signature, e->block == IR_REDACTED);
    jw_end(w);
}

static bool has_words(const struct ir_event *e)
{
    return e->text.len || e->signature.data.len || e->logprobs.p;
}

/* A content event as a chunk of its own. */
static void write_piece(struct stream *st, const struct ir_event *e)
{
    size_t begin = st->out->len;
    bool begun = st->s->begun, wrote = true;
    begin_chunk(st);
    begin_content(&st->w);
    if (is_words(e))
        write_words(&st->w, e);
    else
        wrote = google_write_part(st->s, &st->w, e);
    if (!wrote && !st->out->failed) {
        st->out->len = begin;
        st->s->begun = begun;
        return;
    }
    end_content(&st->w);
    jw_key(&st->w, "index");
    jw_i64(&st->w, e->choice);
    if (e->logprobs.p) {
        struct arena *a = arena_new(0); /* nothing of it outlives the chunk */
        google_write_logprobs(&st->w, &(struct ir_name){.text = e->logprobs}, a);
        arena_free(a);
    }
    jw_end(&st->w);
    end_chunk(st, NULL);
}

/* Finishes and usage of all choices: the last chunk. */
static void write_last(struct stream *st, const struct usage *u)
{
    begin_chunk(st);
    for (const struct google_writer_choice *c = st->s->choices; c; c = c->next) {
        begin_content(&st->w);
        jw_lit(&st->w, "{\"text\":\"\"}");
        end_content(&st->w);
        google_write_end_of_choice(&st->w, c);
        jw_end(&st->w);
    }
    end_chunk(st, u);
}

bool google_write_stream(void *state, const struct dialect_writing *w, const struct ir_events *ev,
                         struct buf *out)
{
    struct stream st = {.s = state, .dw = w, .out = out};
    st.s->array = w->scan->stream_type != NULL;
    for (size_t i = 0; i < ev->n; i++) {
        const struct ir_event *e = &ev->v[i];
        google_note(st.s, w, e);
        if (e->kind == IR_USAGE)
            write_last(&st, &e->usage);
        else if (is_words(e) ? has_words(e) : e->kind == IR_DELTA || e->kind == IR_CLOSE)
            write_piece(&st, e);
        else if (e->kind == IR_END && st.s->array)
            buf_add_str(out, st.s->begun ? STR("]") : STR("[]"));
    }
    return !out->failed;
}

/* ------------------------------------------------------------------ whole answers */

/* A choice's parts while they are written: text goes on in one part until it is signed or ends. */
struct parts {
    struct google_writer *s;
    struct json_write *w;
    bool open; /* a text part is */
    enum ir_kind kind;
};

static void end_run(struct parts *p, const struct ir_signature *signature)
{
    if (!p->open)
        return;
    jw_text_end(p->w);
    if (signature)
        google_write_signature(p->w, signature, false);
    jw_end(p->w);
    p->open = false;
}

static void add_words(struct parts *p, const struct ir_event *e)
{
    bool is_signed = e->signature.data.len > 0;
    if (!e->text.len && !is_signed)
        return;
    if (p->open && p->kind == e->block && (!is_signed || e->block == IR_THINKING)) {
        jw_text_add(p->w, e->text);
        if (is_signed)
            end_run(p, &e->signature);
        return;
    }
    end_run(p, NULL);
    if (is_signed) {
        write_words(p->w, e);
        return;
    }
    jw_object(p->w);
    if (e->block == IR_THINKING) {
        jw_key(p->w, "thought");
        jw_bool(p->w, true);
    }
    jw_key(p->w, "text");
    jw_text_begin(p->w);
    jw_text_add(p->w, e->text);
    p->open = true;
    p->kind = e->block;
}

static void write_parts(struct google_writer *s, struct json_write *w, const struct ir_events *ev,
                        uint32_t choice)
{
    struct parts p = {.s = s, .w = w};
    for (size_t i = 0; i < ev->n; i++) {
        const struct ir_event *e = &ev->v[i];
        if (e->choice != choice || (e->kind != IR_DELTA && e->kind != IR_CLOSE))
            continue;
        if (is_words(e)) {
            add_words(&p, e);
            continue;
        }
        end_run(&p, NULL);
        (void)google_write_part(s, w, e);
    }
    end_run(&p, NULL);
}

bool google_write_answer(const struct dialect_writing *w, const struct ir_events *ev,
                         struct buf *out)
{
    struct google_writer s = {.whole = true};
    struct json_write j;
    const struct usage *usage = NULL;
    for (size_t i = 0; i < ev->n; i++) {
        google_note(&s, w, &ev->v[i]);
        if (ev->v[i].kind == IR_USAGE)
            usage = &ev->v[i].usage;
    }
    json_write_init(&j, out);
    jw_object(&j);
    jw_key(&j, "candidates");
    jw_array(&j);
    for (const struct google_writer_choice *c = s.choices; c; c = c->next) {
        begin_content(&j);
        write_parts(&s, &j, ev, c->number);
        end_content(&j);
        google_write_end_of_choice(&j, c);
        if (c->logprobs)
            google_write_logprobs(&j, c->logprobs, w->keep);
        jw_end(&j);
    }
    jw_end(&j);
    google_write_tail(&s, w, &j, usage);
    jw_end(&j);
    return !out->failed;
}
