/* JSON whose numbers keep their text: money must not pass through a double. Every number becomes a
 * string that opens with the character U+001F, then its text as written.
 */
#ifndef DOTEB_CONTROL_DECIMAL_JSON_H
#define DOTEB_CONTROL_DECIMAL_JSON_H

#include <jansson.h>

#include "common/str.h"

enum { DECIMAL_JSON_MAX_BYTES = 64 << 20 };

/* Returns owned, or NULL with the reason in `err`: no JSON, a repeated name, over the limit. */
json_t *decimal_json_parse(struct str text, char err[256]);
/* Is it a number? Then its text, borrowed from `v`; else STR_NULL. */
struct str decimal_json_number(const json_t *v);
/* An integer of 0..2^53; false for anything else. */
bool decimal_json_integer(const json_t *v, int64_t *out);

#endif
