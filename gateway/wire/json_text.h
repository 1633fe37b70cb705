/* What single JSON tokens mean: escapes, UTF-8, numbers, places. Pure; never reads past its text.
 */
#ifndef DOTEB_WIRE_JSON_TEXT_H
#define DOTEB_WIRE_JSON_TEXT_H

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"

/* Value of a hexadecimal digit, -1 if it is none. */
int json_hex(char c);
/* The character that `\c` stands for (c is one of "\/bfnrt and the quote), '\0' if there is none.
 */
char json_short_escape(char c);
/* Walks `*at` over bytes >= 0x80 while they are valid UTF-8, up to the next ASCII byte or `len`.
 * False where they are not, `*at` at the wrong sequence. */
bool json_utf8_run(const char *t, size_t *at, size_t len);
/* Walks `*i` over a number of RFC 8259; false where the grammar breaks, `*i` at that byte. */
bool json_number_end(const char *t, size_t *i, size_t len);
/* Does raw string text, decoded, equal `want`? */
bool json_text_is(struct str raw, struct str want);
/* Decodes raw string text as json_decode does; `out` has room for raw.len bytes, which is always
 * enough. Returns the bytes written; stops at a wrong escape, which the scanner never lets by. */
size_t json_decode_into(struct str raw, char *out);
/* Bytes that raw string text has once decoded. */
size_t json_decoded_len(struct str raw);
/* A number token of any spelling ("12", "12.0", "1.2e1") whose value is whole and fits. */
MUST_USE bool json_whole(struct str raw, int64_t *out);
/* A plain decimal token of a value >= 0 ("8.4700001", no exponent) as thousandths, rounded up. */
MUST_USE bool json_milli(struct str raw, int64_t *out);
/* Decodes raw string text (escapes, surrogate pairs; lone surrogates as U+FFFD) into `out`. */
MUST_USE bool json_decode(struct str raw, struct buf *out);
/* A number token's text as an integer, when it is one without fraction or exponent that fits. */
MUST_USE bool json_int(struct str raw, int64_t *out);
/* Line and column (1-based) of a byte offset, for error messages. */
void json_position(struct str text, size_t offset, unsigned *line, unsigned *column);

#endif
