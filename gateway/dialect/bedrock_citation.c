/* Citations of answers: read from and written as Converse's. Pure. */
#include "gateway/dialect/bedrock_priv.h"

/* Where in the caller's documents something stands. */
static const struct {
    const char *member, *index;
} places[] = {
    [IR_PLACE_CHARS] = {"documentChar", "documentIndex"},
    [IR_PLACE_PAGES] = {"documentPage", "documentIndex"},
    [IR_PLACE_BLOCKS] = {"documentChunk", "documentIndex"},
    [IR_PLACE_RESULT] = {"searchResultLocation", "searchResultIndex"},
};
static_assert(ARRAY_LEN(places) == IR_PLACES, "words per place");

/* ------------------------------------------------------------------ reading */

static void read_inner(struct reader *r, struct ir_citation *c)
{
    struct str key;
    if (!rd_object(r, "location"))
        return;
    while (rd_key(r, &key)) {
        int64_t *to = rd_is(key, "start") ? &c->from
                      : rd_is(key, "end") ? &c->to
                      : rd_is(key, "documentIndex") || rd_is(key, "searchResultIndex")
                          ? &c->document
                          : NULL;
        if (to)
            (void)rd_i64(r, "location", to);
        else if (rd_is(key, "url"))
            (void)rd_text(r, "url", &c->url);
        else
            rd_skip(r);
    }
}

static void read_location(struct reader *r, struct ir_citation *c)
{
    struct str key;
    if (!rd_object(r, "location"))
        return;
    while (rd_key(r, &key)) {
        for (size_t i = IR_PLACE_CHARS; i < IR_PLACES; i++)
            if (rd_is(key, places[i].member))
                c->place = (enum ir_place)i;
        read_inner(r, c);
    }
}

void bedrock_read_citation(struct reader *r, struct ir_event *e)
{
    struct ir_citation *c = &e->citation;
    struct str key;
    if (!rd_object(r, "citation"))
        return;
    size_t begin = r->s.begin;
    while (rd_key(r, &key)) {
        if (rd_is(key, "title"))
            (void)rd_text(r, "title", &c->title);
        else if (rd_is(key, "source"))
            (void)rd_text(r, "source", &c->source);
        else if (rd_is(key, "sourceContent"))
            c->text = bedrock_read_texts(r, "sourceContent");
        else if (rd_is(key, "location"))
            read_location(r, c);
        else
            rd_skip(r);
    }
    c->raw = str_make(r->s.text + begin, r->s.end - begin);
}

/* ------------------------------------------------------------------ writing */

static void write_location(struct json_write *w, const struct ir_citation *c)
{
    jw_key(w, "location");
    jw_object(w);
    if (c->place == IR_PLACE_NONE) {
        jw_key(w, "web");
        jw_object(w);
        jw_key(w, "url");
        jw_text(w, c->url);
    } else {
        jw_key(w, places[c->place].member);
        jw_object(w);
        jw_key(w, places[c->place].index);
        jw_i64(w, c->document);
        jw_key(w, "start");
        jw_i64(w, c->from);
        jw_key(w, "end");
        jw_i64(w, c->to);
    }
    jw_end(w);
    jw_end(w);
}

void bedrock_write_citation(struct json_write *w, const struct ir_citation *c)
{
    jw_object(w);
    if (c->title.p) {
        jw_key(w, "title");
        jw_text(w, c->title);
    }
    if (c->source.p) {
        jw_key(w, "source");
        jw_text(w, c->source);
    }
    if (c->text.p) {
        jw_key(w, "sourceContent");
        jw_array(w);
        jw_object(w);
        jw_key(w, "text");
        jw_text(w, c->text);
        jw_end(w);
        jw_end(w);
    }
    if (c->url.p || c->place != IR_PLACE_NONE)
        write_location(w, c);
    jw_end(w);
}
