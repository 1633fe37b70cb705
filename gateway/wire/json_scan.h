/* Pull parser over a whole JSON text in memory: full RFC 8259 grammar, no tree, raw spans.
 *
 * Pure; never allocates. It accepts what providers and clients really send: lone surrogate escapes
 * and any number spelling that the grammar allows pass as raw bytes. Depth is at most
 * JSON_DEPTH_MAX. Invalid UTF-8 in strings is refused when `strict_utf8` is set (requests), passed
 * when not (answers).
 *
 *   struct json_scan s;
 *   json_scan_init(&s, text, true);
 *   while ((t = json_scan_next(&s)) > JSON_END) ...
 */
#ifndef DOTEB_WIRE_JSON_SCAN_H
#define DOTEB_WIRE_JSON_SCAN_H

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"
#include "gateway/wire/json_text.h"

enum { JSON_DEPTH_MAX = 128 };

enum json_token {
    JSON_ERROR, /* s->error says what, s->pos where */
    JSON_END,   /* the text is complete */
    JSON_OBJECT_BEGIN,
    JSON_OBJECT_END,
    JSON_ARRAY_BEGIN,
    JSON_ARRAY_END,
    JSON_KEY, /* s->raw is the key's raw text without quotes */
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

enum json_error { JSON_OK, JSON_SYNTAX, JSON_TOO_DEEP, JSON_BAD_UTF8, JSON_CUT };

struct json_scan {
    const char *text;
    size_t len, pos;
    bool strict_utf8;
    bool known; /* the text is known to be well-formed */
    enum json_error error;
    enum json_token token;
    struct str raw;    /* of the last token: strings and keys without quotes, escapes undecoded */
    size_t begin, end; /* byte span of the last token in the text, quotes included */
    bool escaped;      /* the last string or key holds a backslash */
    unsigned depth;
    uint64_t in_object[JSON_DEPTH_MAX / 64]; /* bit per level */
    uint8_t state;                           /* private */
};

void json_scan_init(struct json_scan *s, struct str text, bool strict_utf8);
/* The same for (a part of) a text that was scanned to its end before: json_scan_value passes over
 * objects and arrays by their brackets alone. What is not well-formed after all is an error or some
 * span inside the text. */
void json_scan_init_known(struct json_scan *s, struct str text);
/* The next token; JSON_ERROR and JSON_END repeat. */
enum json_token json_scan_next(struct json_scan *s);
/* After a token that begins a value: goes to the value's end and returns its whole raw span
 * ({...} for objects). For scalars, the token's span. STR_NULL on error. */
struct str json_scan_value(struct json_scan *s, enum json_token t);
/* Does the last key or string, decoded, equal `want`? */
static inline bool json_scan_is(const struct json_scan *s, struct str want)
{
    if (UNLIKELY(s->escaped))
        return json_text_is(s->raw, want);
    return s->raw.len == want.len && memcmp(s->raw.p, want.p, want.len) == 0;
}

#endif
