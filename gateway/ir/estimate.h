/* Token estimates, one file for all of them: `upper` for money, `mean` for the rest. Pure. */
#ifndef DOTEB_IR_ESTIMATE_H
#define DOTEB_IR_ESTIMATE_H

#include "common/defs.h"

enum { ESTIMATE_OUTPUT_DEFAULT = 32768 };

/* The most prompt tokens that a body of so many bytes can hold: one per byte. */
int64_t estimate_upper_input(int64_t body_bytes);
/* The most tokens an answer can have: what the request asked, what the offer allows (-1: not
 * given), else ESTIMATE_OUTPUT_DEFAULT; times n choices. */
int64_t estimate_upper_output(int64_t asked, int64_t offer_max, int64_t n);
/* A fair guess: a token is about four bytes of text. At least 1 for any text. */
int64_t estimate_mean(int64_t text_bytes);

#endif
