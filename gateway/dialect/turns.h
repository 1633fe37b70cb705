/* What strict providers want of a conversation: it begins with the user, and every call is answered
 * by the turn behind it, once. Pure.
 */
#ifndef DOTEB_DIALECT_TURNS_H
#define DOTEB_DIALECT_TURNS_H

#include "gateway/dialect/dialect.h"

/* Changes `c` (the caller's copy, whose lists are shared) for a provider of `d`. E_OK, or
 * E_UNSUPPORTED with loss->why naming the call or result that is alone. */
enum err turns_fit(const struct dialect *d, struct arena *a, struct ir_chat *c,
                   struct dialect_loss *loss);

#endif
