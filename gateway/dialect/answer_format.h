/* Answers that must be JSON of a schema, at providers that have no such format, or a narrower one:
 * the format itself if it can be said, else a tool that the model must call (its arguments are the
 * answer), else an instruction. Schemas of anything but an object are put in {"value": ...} where
 * only objects may stand. dialect/flow.h makes the plain answer of it again. Pure.
 */
#ifndef DOTEB_DIALECT_ANSWER_FORMAT_H
#define DOTEB_DIALECT_ANSWER_FORMAT_H

#include "gateway/dialect/dialect.h"

/* The tool through which answers come. */
#define ANSWER_TOOL "doteb_answer"

/* Changes `c` (the caller's copy, whose lists are shared) into what `d` can say to `to`. What the
 * answer's reader must know is noted in `loss`. E_OK, or E_UNSUPPORTED with loss->why. */
enum err answer_format_fit(const struct dialect *d, const struct dialect_target *to,
                           struct arena *a, struct ir_chat *c, struct dialect_loss *loss);

/* Takes {"value": ...} off a text that comes in pieces; zeroed at first. */
struct unwrap {
    uint32_t depth;
    bool begun, is_plain; /* a token has come; it was no object: nothing is taken off */
    bool in_string, escape;
    bool inside, over; /* behind the colon; behind the value */
};
/* What of a raw piece belongs to the value. */
struct str unwrap_next(struct unwrap *u, struct str raw);

#endif
