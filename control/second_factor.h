/* The second factor of a person: codes of an authenticator app, and recovery codes for when it is
 * lost. Each writes the refusal to the call's reply and answers false.
 */
#ifndef DOTEB_CONTROL_SECOND_FACTOR_H
#define DOTEB_CONTROL_SECOND_FACTOR_H

#include "control/call.h"

enum { RECOVERY_CODES = 10 };

/* Is `code` the app's at this moment, or a recovery code? Either is taken once. `confirmed`: of a
 * factor that is on, else of one that is being set up (no recovery codes there). */
MUST_USE bool second_factor_check(struct call *c, struct uuid user, bool confirmed,
                                  struct str code);
/* Draws and seals a new secret, and writes {"secret": ..., "uri": ...} as the answer. */
MUST_USE bool second_factor_begin(struct call *c, struct str email);
/* New recovery codes in place of all before, written as the answer, this once. */
MUST_USE bool second_factor_new_codes(struct call *c);

#endif
