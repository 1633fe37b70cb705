/* Citations of answers: read from and written as the Messages API's. Pure. */
#include "gateway/dialect/anthropic_priv.h"

/* Where in the caller's documents something stands. */
static const struct {
    const char *type, *index, *from, *to;
} places[] = {
    [IR_PLACE_CHARS] = {"char_location", "document_index", "start_char_index", "end_char_index"},
    [IR_PLACE_PAGES] = {"page_location", "document_index", "start_page_number", "end_page_number"},
    [IR_PLACE_BLOCKS] = {"content_block_location", "document_index", "start_block_index",
                         "end_block_index"},
    [IR_PLACE_RESULT] = {"search_result_location", "search_result_index", "start_block_index",
                         "end_block_index"},
};
static_assert(ARRAY_LEN(places) == IR_PLACES, "words per place");

/* ------------------------------------------------------------------ reading */

static void read_text(struct reader *r, struct str key, struct ir_citation *c)
{
    bool title = rd_is(key, "title") || rd_is(key, "document_title");
    struct str *to = rd_is(key, "url")          ? &c->url
                     : title                    ? &c->title
                     : rd_is(key, "cited_text") ? &c->text
                     : rd_is(key, "source")     ? &c->source
                                                : NULL;
    struct str type;
    if (to) {
        (void)rd_text(r, "citation", to);
    } else if (rd_is(key, "type") && rd_string(r, "citation", &type)) {
        for (size_t i = IR_PLACE_CHARS; i < IR_PLACES; i++)
            if (rd_is(type, places[i].type))
                c->place = (enum ir_place)i;
    } else if (!rd_is(key, "type")) {
        rd_skip(r);
    }
}

/* The names do not tell more than one thing, whatever the type. */
static void read_number(struct reader *r, struct str key, struct ir_citation *c)
{
    int64_t *to = NULL;
    for (size_t i = IR_PLACE_CHARS; i < IR_PLACES && !to; i++)
        to = rd_is(key, places[i].index)  ? &c->document
             : rd_is(key, places[i].from) ? &c->from
             : rd_is(key, places[i].to)   ? &c->to
                                          : NULL;
    if (to)
        (void)rd_i64(r, "citation", to);
    else
        rd_skip(r);
}

void anthropic_read_citation(struct reader *r, struct str raw, struct ir_citation *c)
{
    struct str key;
    c->origin = IR_ORIGIN_ANTHROPIC;
    c->raw = raw;
    while (rd_key(r, &key)) {
        enum json_token t = rd_peek(r);
        if (t == JSON_STRING)
            read_text(r, key, c);
        else if (t == JSON_NUMBER)
            read_number(r, key, c);
        else
            rd_skip(r);
    }
}

/* ------------------------------------------------------------------ writing */

bool anthropic_cites(const struct ir_citation *c)
{
    return c->url.p || c->place != IR_PLACE_NONE || (c->raw.p && c->origin == IR_ORIGIN_ANTHROPIC);
}

static void write_text(struct json_write *w, const char *key, struct str raw)
{
    jw_key(w, key);
    jw_text(w, raw.p ? raw : STR(""));
}

static void write_web(struct json_write *w, const struct ir_citation *c)
{
    jw_lit(w, "\"web_search_result_location\"");
    write_text(w, "url", c->url);
    write_text(w, "title", c->title);
    write_text(w, "cited_text", c->text);
    write_text(w, "encrypted_index", STR(""));
}

static void write_place(struct json_write *w, const struct ir_citation *c)
{
    bool result = c->place == IR_PLACE_RESULT;
    jw_string(w, str_of(places[c->place].type));
    write_text(w, "cited_text", c->text);
    if (result)
        write_text(w, "source", c->source);
    jw_key(w, places[c->place].index);
    jw_i64(w, c->document);
    jw_key(w, result ? "title" : "document_title");
    if (c->title.p)
        jw_text(w, c->title);
    else
        jw_lit(w, "null");
    jw_key(w, places[c->place].from);
    jw_i64(w, c->from);
    jw_key(w, places[c->place].to);
    jw_i64(w, c->to);
    if (result)
        return;
    jw_key(w, "file_id");
    jw_lit(w, "null");
}

bool anthropic_write_citation(struct json_write *w, const struct ir_citation *c)
{
    if (c->origin == IR_ORIGIN_ANTHROPIC && c->raw.p) {
        jw_raw_line(w, c->raw);
        return true;
    }
    if (!anthropic_cites(c))
        return false;
    jw_object(w);
    jw_key(w, "type");
    if (c->place != IR_PLACE_NONE)
        write_place(w, c);
    else
        write_web(w, c);
    jw_end(w);
    return true;
}
