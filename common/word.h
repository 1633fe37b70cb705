/* Eight bytes of text looked at together: is there one of a kind among them? For skipping what
 * needs no attention; any order of bytes will do. Pure.
 */
#ifndef DOTEB_COMMON_WORD_H
#define DOTEB_COMMON_WORD_H

#include <stdint.h>
#include <string.h>

enum { WORD_BYTES = 8 };

#define WORD_ONES  UINT64_C(0x0101010101010101)
#define WORD_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t word_load(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

/* Not 0 if a byte of `w` is less than `n` (at most 0x80). */
static inline uint64_t word_has_less(uint64_t w, unsigned char n)
{
    return (w - WORD_ONES * n) & ~w & WORD_HIGHS;
}

/* Not 0 if a byte of `w` is `c`. */
static inline uint64_t word_has(uint64_t w, unsigned char c)
{
    return word_has_less(w ^ (WORD_ONES * c), 1);
}

/* Not 0 if a byte of `w` is no ASCII. */
static inline uint64_t word_has_high(uint64_t w)
{
    return w & WORD_HIGHS;
}

#endif
