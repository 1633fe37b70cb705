/* Places where a test makes the gateway die, fail or wait on purpose.
 *
 * DOTEB_FAILPOINT="ledger.before_commit=kill@3,spool.fallocate=error" names points and actions:
 * kill (SIGKILL to ourselves), error (the point reports a failure), sleep:MS. With @N the action
 * happens at the N-th hit only, without it at every hit. Without the CMake option DOTEB_FAILPOINTS
 * (off in Release) failpoint_hit is the constant false and nothing of this is in the program.
 *
 * The ledger's: spool.fallocate (error: disk full), ledger.before_commit, ledger.after_commit,
 * ledger.recovery_read (all old segments are read), ledger.recovery_deleted (after each file).
 */
#ifndef DOTEB_GATEWAY_FAILPOINT_H
#define DOTEB_GATEWAY_FAILPOINT_H

#include "common/defs.h"

#ifdef DOTEB_FAILPOINTS
/* True: the caller pretends that the thing it was about to do failed. Any thread. */
bool failpoint_hit(const char *name);
/* Replaces the list that the environment gave (NULL: none) and forgets all counts. For tests, while
 * no other thread hits. */
void failpoint_set(const char *list);
#else
#define failpoint_hit(name) (false)
#endif

#endif
