/* Refusals in plain words that name the field: one wording for all dialects. Memory from the arena.
 */
#ifndef DOTEB_DIALECT_REFUSE_H
#define DOTEB_DIALECT_REFUSE_H

#include <stdarg.h>

#include "gateway/dialect/dialect.h"
#include "gateway/wire/json_scan.h"

/* Fills `why`; returns false. */
bool dialect_refuse_va(struct arena *a, struct dialect_refusal *why, enum err err, struct str field,
                       const char *fmt, va_list ap) PRINTF_LIKE(5, 0);
bool dialect_refuse(struct arena *a, struct dialect_refusal *why, enum err err, struct str field,
                    const char *fmt, ...) PRINTF_LIKE(5, 6);
/* "'field' must be a string or a number, not an object." `types`: bit per json_token. */
bool dialect_refuse_type(struct arena *a, struct dialect_refusal *why, struct str field,
                         unsigned types, enum json_token got);
/* What is wrong with the JSON, and where. */
bool dialect_refuse_syntax(struct arena *a, struct dialect_refusal *why, const struct json_scan *s);
/* A name of the caller's, cut to what fits a sentence. */
struct str dialect_short(struct str s);

#endif
