/* Reads Google's answers, whole ones and stream events, into loose events, and says where the
 * gateway's own words may be spliced in. Pure; it never judges content.
 */
#include "gateway/dialect/google_priv.h"

static void read_feedback(struct google_answer *g)
{
    struct reader *r = &g->r;
    struct str key, word = STR_NULL;
    if (!rd_object(r, ""))
        return;
    while (google_key(r, &key)) {
        if (rd_is(key, "blockReason"))
            rd_text(r, "", &word);
        else
            rd_skip(r);
    }
    if (word.len == 0)
        return;
    struct ir_event *e = ir_event_add(g->ev, r->a, IR_STOP);
    e->finish = FINISH_CONTENT_FILTER;
    e->finish_word = word;
}

/* What an answer says of itself. */
struct self {
    struct str id, model;
    bool is_answer;
};

static void read_member(struct google_answer *g, struct str key, struct self *self)
{
    struct reader *r = &g->r;
    self->is_answer |= rd_is(key, "candidates") || rd_is(key, "promptFeedback") ||
                       rd_is(key, "usageMetadata");
    if (rd_is(key, "candidates"))
        google_read_candidates(g);
    else if (rd_is(key, "promptFeedback"))
        read_feedback(g);
    else if (rd_is(key, "usageMetadata"))
        google_read_usage(g);
    else if (rd_is(key, "modelVersion"))
        (void)rd_string(r, "", &self->model);
    else if (rd_is(key, "responseId"))
        rd_text(r, "", &self->id);
    else if (rd_is(key, "error"))
        google_read_error(g);
    else
        rd_skip(r);
}

/* START stands before the events of what has begun at `first`. */
static void put_start(struct google_answer *g, size_t first, const struct self *self)
{
    if (g->state->started || !self->is_answer)
        return;
    g->state->started = true;
    (void)ir_event_add(g->ev, g->r.a, IR_START);
    struct ir_event *v = g->ev->v;
    struct ir_event start = v[g->ev->n - 1];
    start.id = self->id;
    start.model = self->model;
    memmove(v + first + 1, v + first, (g->ev->n - 1 - first) * sizeof *v);
    v[first] = start;
}

/* One response object. */
static void read_response(struct google_answer *g)
{
    struct reader *r = &g->r;
    struct str key;
    struct self self = {0};
    size_t first = g->ev->n, members = 0;
    if (!rd_object(r, ""))
        return;
    for (; google_key(r, &key); members++)
        read_member(g, key, &self);
    put_start(g, first, &self);
    if (!g->an || r->failed)
        return;
    g->an->object_end = r->s.begin;
    g->an->members = members;
}

/* One object, or an array of them: streams that are no SSE, and their errors. */
static bool read_body(struct google_answer *g)
{
    enum json_token t = rd_peek(&g->r);
    if (t == JSON_OBJECT_BEGIN) {
        read_response(g);
        return rd_done(&g->r);
    }
    if (t != JSON_ARRAY_BEGIN)
        return false;
    (void)rd_array(&g->r, "");
    while (rd_element(&g->r))
        read_response(g);
    if (g->an)
        g->an->object_end = g->an->usage_end = 0; /* nothing can be spliced in */
    return rd_done(&g->r);
}

static bool read(struct str body, struct google_answer *g, struct arena *a)
{
    rd_init(&g->r, body, a, NULL);
    return read_body(g);
}

bool google_read_answer(struct str body, struct str id_seed, struct arena *a, struct ir_events *out)
{
    struct google_state *state = ARENA_NEW(a, struct google_state);
    struct google_answer g = {.keep = a, .ev = out, .state = state, .id_seed = id_seed};
    return read(body, &g, a);
}

bool google_read_event(void *state, const struct frame *f, struct str id_seed, struct arena *keep,
                       struct arena *a, struct ir_events *out)
{
    struct google_answer g = {.keep = keep, .ev = out, .state = state, .id_seed = id_seed};
    return str_trim(f->data).len == 0 || read(f->data, &g, a);
}

bool google_scan_answer(struct str body, struct arena *a, struct dialect_answer *out)
{
    struct google_state *state = ARENA_NEW(a, struct google_state);
    struct ir_events ev = {0};
    struct google_answer g = {
        .keep = a, .ev = &ev, .state = state, .an = out, .id_seed = STR("scan")};
    *out = (struct dialect_answer){0};
    usage_clear(&out->usage);
    if (!read(body, &g, a))
        return false;
    if (!dialect_note_events(&ev, a, out))
        return false;
    return true;
}

bool google_scan_event(const struct frame *f, struct arena *a, struct dialect_answer *out)
{
    if (str_trim(f->data).len > 0)
        return google_scan_answer(f->data, a, out);
    *out = (struct dialect_answer){.is_empty = true};
    usage_clear(&out->usage);
    return true;
}
