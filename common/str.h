/* A borrowed run of bytes: pointer and length, not NUL-terminated, never freed through. */
#ifndef DOTEB_COMMON_STR_H
#define DOTEB_COMMON_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/defs.h"

struct str {
    const char *p;
    size_t len;
};

#define STR(lit)   ((struct str){.p = (lit), .len = sizeof(lit) - 1})
#define STR_NULL   ((struct str){.p = NULL, .len = 0})
#define STR_FMT    "%.*s"
#define STR_ARG(s) (int)(s).len, (s).p

static inline struct str str_of(const char *z)
{
    return (struct str){.p = z, .len = z ? strlen(z) : 0};
}

static inline struct str str_make(const char *p, size_t len)
{
    return (struct str){.p = p, .len = len};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* ASCII case-insensitive equality. */
bool str_ieq(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* First index of `c`, or -1. */
ptrdiff_t str_find(struct str s, char c);
/* First index of `needle`, or -1. */
ptrdiff_t str_find_str(struct str s, struct str needle);
/* Cuts `*s` at the first `sep`: returns the part before, leaves the rest in `*s` (STR_NULL when
 * there was no separator). */
struct str str_cut(struct str *s, char sep);
/* Without leading and trailing spaces and tabs, CR and LF. */
struct str str_trim(struct str s);
/* Whole string is a decimal integer that fits: true and `*out`; else false. */
MUST_USE bool str_to_i64(struct str s, int64_t *out);
/* Edit distance of at most `limit` (above it: limit + 1); ASCII case ignored. For "did you mean".
 */
unsigned str_distance(struct str a, struct str b, unsigned limit);
/* Bytes of the valid UTF-8 sequence that `s` begins with, 1..4; 0 if it begins with none (no
 * overlongs, no surrogates) or is empty. */
size_t str_utf8_len(struct str s);
/* Valid UTF-8 in full? */
bool str_is_utf8(struct str s);

#endif
