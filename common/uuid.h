/* UUIDs as 16 bytes: version 7 for ids of ours (time-ordered), text form at the edges. */
#ifndef DOTEB_COMMON_UUID_H
#define DOTEB_COMMON_UUID_H

#include "common/defs.h"
#include "common/str.h"

struct uuid {
    uint8_t b[16];
};

enum { UUID_TEXT_LEN = 36 };

/* Version 7 (RFC 9562): milliseconds of `unix_us`, then 12 bits of sub-millisecond time, then
 * random bits (libsodium's, drawn in blocks for each thread: not for use after fork). unix_us >= 0.
 */
struct uuid uuid_v7(int64_t unix_us);
/* Random version 4. */
struct uuid uuid_v4(void);
/* The Unix time in milliseconds that a version 7 UUID carries. */
int64_t uuid_v7_ms(struct uuid u);
/* Writes 36 characters and a NUL to `out` (37 bytes). */
void uuid_format(struct uuid u, char out[UUID_TEXT_LEN + 1]);
/* Accepts the 36-character form, either case. */
MUST_USE bool uuid_parse(struct str s, struct uuid *out);
bool uuid_eq(struct uuid a, struct uuid b);
bool uuid_is_zero(struct uuid u);

#endif
