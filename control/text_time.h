/* RFC 3339 times as text. Pure. */
#ifndef DOTEB_CONTROL_TEXT_TIME_H
#define DOTEB_CONTROL_TEXT_TIME_H

#include "common/defs.h"
#include "common/str.h"

/* "2026-11-23T01:02:03Z", with any fraction and offset, years 1970 to 9999, to microseconds since
 * 1970. False: malformed or no such day or time. A leap second counts as the second before. */
MUST_USE bool text_time_parse(struct str s, int64_t *wall_us);

#endif
