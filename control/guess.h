/* Limits on guessing passwords: per e-mail address and per network address, in memory, with a delay
 * that grows. Counted before the password is looked at, so that parallel guesses count too.
 */
#ifndef DOTEB_CONTROL_GUESS_H
#define DOTEB_CONTROL_GUESS_H

#include "common/defs.h"
#include "common/str.h"

struct guesses;

/* Returns owned. Any thread may use it. */
struct guesses *guesses_new(void);
void guesses_free(struct guesses *g);
/* Counts a guess. 0: go on; else the seconds until the next one is looked at. `now_us` is
 * monotonic. */
int guess_take(struct guesses *g, struct str email, const uint8_t client[16], int64_t now_us);
/* The guess was right: forgets the e-mail address's count and takes this one off the other. */
void guess_right(struct guesses *g, struct str email, const uint8_t client[16]);

#endif
