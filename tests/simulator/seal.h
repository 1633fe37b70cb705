/* Signatures the simulator can recognise: of thinking, of function calls, of encrypted reasoning.
 * A fixed key, so that every simulator takes every other's, as a provider's machines do. No
 * cryptography: it only has to tell what was changed or made up.
 */
#ifndef DOTEB_SIM_SEAL_H
#define DOTEB_SIM_SEAL_H

#include "common/str.h"

enum { SEAL_LEN = 32 }; /* characters of base64 */

/* Who sealed: one maker does not take another's. */
enum seal_maker { SEAL_ANTHROPIC = 1, SEAL_GOOGLE, SEAL_OPENAI };

struct seal {
    char text[SEAL_LEN + 1];
};

struct seal seal_make(enum seal_maker maker, struct str text);
/* Is it one of ours, whatever it seals? */
MUST_USE bool seal_is_ours(enum seal_maker maker, struct str seal);
/* Is it ours and of this text? */
MUST_USE bool seal_fits(enum seal_maker maker, struct str seal, struct str text);

#endif
