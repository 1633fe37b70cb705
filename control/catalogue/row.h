/* Reads the members of one row of a catalogue file by a table, into a row of the document. */
#ifndef DOTEB_CONTROL_ROW_H
#define DOTEB_CONTROL_ROW_H

#include "control/catalogue/document.h"

enum row_kind {
    ROW_TEXT,   /* a string, at most `max` bytes */
    ROW_SLUG_P, /* a provider's slug */
    ROW_SLUG_M, /* a model's slug */
    ROW_NUMBER, /* a number, kept as text */
    ROW_INT,    /* an integer >= 0 */
    ROW_DATE,   /* "2026-11-23" */
    ROW_TIME,   /* RFC 3339 */
    ROW_TEXTS,  /* an array of short strings */
    ROW_OBJECT, /* any object; marked numbers become numbers again */
    ROW_EXTRA,  /* any value; goes into the row's `extra` object */
    ROW_OTHER,  /* read elsewhere */
};

struct row_member {
    const char *name;
    enum row_kind kind;
    bool required;
    size_t max;
    const char *as; /* name in the document's row; NULL: the same */
};

/* Adds the members of `from` to `row`. Null is absent. False after refusing the row: a member that
 * is unknown, missing or malformed. */
MUST_USE bool row_read(struct document *d, const char *where, const json_t *from,
                       const struct row_member *table, size_t n, json_t *row);
/* A price list (catalogue/README.md) with its decimals made short, owned; NULL after refusing. */
json_t *row_price_list(struct document *d, const char *where, const json_t *from);

#endif
