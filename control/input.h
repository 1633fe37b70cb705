/* Reads a call's query string or JSON body by a table of fields. Every refusal names the field;
 * unknown and repeated ones are refused. Texts are valid UTF-8 without control characters.
 */
#ifndef DOTEB_CONTROL_INPUT_H
#define DOTEB_CONTROL_INPUT_H

#include <jansson.h>

#include "control/call.h"

enum input_kind {
    INPUT_TEXT,   /* struct str; min and max in characters */
    INPUT_SECRET, /* struct str, control characters too; the body it lies in is wiped by the server
                   */
    INPUT_UUID,   /* struct uuid */
    INPUT_TIME,   /* int64_t, microseconds since 1970 */
    INPUT_INT,    /* int64_t; min and max */
    INPUT_BOOL,   /* bool; bodies only */
    INPUT_WORD,   /* int: index in `words`, which ends with NULL */
    INPUT_OBJECT, /* const json_t *; bodies only, borrowed until the call ends */
    INPUT_ARRAY,  /* the same; min and max elements */
    INPUT_TEXTS,  /* the same of an array of strings that differ; min and max of them, 256 bytes
                     each */
};

struct input_row {
    const char *name;
    enum input_kind kind;
    bool required;
    bool nullable; /* null leaves `to` as it is, and is `given` */
    int64_t min, max;
    const char *const *words;
    void *to;    /* untouched if absent */
    bool *given; /* may be NULL */
};

/* False after writing the problem to the call's reply. */
MUST_USE bool input_query(struct call *c, const struct input_row *rows, size_t n);
MUST_USE bool input_body(struct call *c, const struct input_row *rows, size_t n);
/* Writes "field: ..." as a 422. Always false. */
bool input_refuse(struct call *c, const char *field, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
