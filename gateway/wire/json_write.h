/* Writes JSON straight into a capped buffer: commas by itself, no tree. Pure.
 *
 *   struct json_write w;
 *   json_write_init(&w, out);
 *   jw_object(&w);
 *   jw_key(&w, "role"); jw_lit(&w, "\"user\"");
 *   jw_end(&w);
 *
 * A failed append sticks in the buffer (common/buf.h): look at `out->failed` once, at the end.
 */
#ifndef DOTEB_WIRE_JSON_WRITE_H
#define DOTEB_WIRE_JSON_WRITE_H

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"

enum { JSON_WRITE_DEPTH_MAX = 64 }; /* of what we write ourselves; raw values may be deeper */

struct json_write {
    struct buf *out;
    unsigned depth;
    uint64_t array;  /* bit per level: an array, else an object */
    uint64_t filled; /* bit per level: a comma is due before the next element */
    bool after_key;
};

void json_write_init(struct json_write *w, struct buf *out);
/* Values; in an object each follows a jw_key. */
void jw_object(struct json_write *w);
void jw_array(struct json_write *w);
/* Ends the innermost object or array. */
void jw_end(struct json_write *w);
/* A key that needs no escaping. */
void jw_key(struct json_write *w, const char *key);
/* A key given as raw string text. */
void jw_key_raw(struct json_write *w, struct str raw);
/* A key of decoded text that may need escaping. */
void jw_key_string(struct json_write *w, struct str key);
/* A value as it stands: JSON text. */
void jw_raw(struct json_write *w, struct str json);
/* The same, line ends between tokens made blanks (for framings whose lines end a field). */
void jw_raw_line(struct json_write *w, struct str json);
#define jw_lit(w, lit) jw_raw((w), STR(lit))
/* A string given as raw text (the inside of a JSON string, escapes and all). */
void jw_text(struct json_write *w, struct str raw);
/* A string given decoded: escaped here. */
void jw_string(struct json_write *w, struct str decoded);
void jw_i64(struct json_write *w, int64_t v);
void jw_bool(struct json_write *w, bool v);

/* For strings made of several raw pieces: begin, any number of pieces, end. */
void jw_text_begin(struct json_write *w);
void jw_text_add(struct json_write *w, struct str raw);
void jw_text_end(struct json_write *w);

/* Escapes a JSON text so that it can stand inside a JSON string, without quotes. */
bool json_quote_into(struct str json, struct buf *out);

#endif
