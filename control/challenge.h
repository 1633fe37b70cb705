/* Challenges that nobody need remember: what a stranger is asked to sign carries its own time,
 * under a code of the instance's. So asking costs no row, and who asks without end fills nothing.
 * Pure.
 */
#ifndef DOTEB_CONTROL_CHALLENGE_H
#define DOTEB_CONTROL_CHALLENGE_H

#include "common/crypto.h"
#include "control/token.h"

enum { CHALLENGE_S = 300 /* so long it can be answered */ };

/* As base64url, of a token's length. `now_us` is wall time. */
void challenge_make(const struct secret *pepper, int64_t now_us, char out[TOKEN_TEXT_LEN + 1]);
/* Is it one of this instance, and young enough? A clock a minute behind the maker's is forgiven. */
MUST_USE bool challenge_holds(const struct secret *pepper, struct str text, int64_t now_us);

#endif
