/* Which addresses are a process's own (ARCHITECTURE A9.5). */
#ifndef DOTEB_COMMON_GUARD_SELF_H
#define DOTEB_COMMON_GUARD_SELF_H

#include "common/defs.h"
#include "common/guard.h"

/* Tells a guard that what this socket listens at is our own: its address, or all of this machine's
 * if it listens at any. False: they cannot be told. */
MUST_USE bool guard_add_listener(struct guard *g, int fd);

#endif
