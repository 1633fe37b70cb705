/* What a call changed, for the audit log. Every route that changes something names an action
 * (routes.def): route.c opens a transaction around its handler, and the handler says here what it
 * did. The row and the change are committed together, or neither is; an answer of 400 and more
 * rolls back. A handler that succeeds without a word here ends the process: the tests call every
 * route.
 */
#ifndef DOTEB_CONTROL_AUDIT_H
#define DOTEB_CONTROL_AUDIT_H

#include "control/call.h"

/* What became of `target`: the API's objects before and after, NULL p if it was not there. They are
 * copied, and must hold no secret. */
void audit_note(struct call *c, struct uuid target, struct str before, struct str after);
/* The same for what was there and still is: nothing, if both are equal. */
void audit_change(struct call *c, struct uuid target, struct str before, struct str after);
/* The call asked for what was so already. */
void audit_nothing(struct call *c);
/* For routes without {org}: the change is this organisation's. Without it the row goes to every
 * organisation of the person (the operator's, if there is none). */
void audit_organisation(struct call *c, struct uuid organisation);

/* Writes the row of the note now: what comes after it takes away whose it is. */
MUST_USE enum pg_err audit_now(struct call *c);
/* A row beside the note's, in the log of the organisation that the operator's change concerns: the
 * same action, without who of the operators did it and from where. None if both are equal. */
MUST_USE enum pg_err audit_concerns(struct call *c, struct uuid organisation, struct str before,
                                    struct str after);

/* route.c only: writes the row of the call's note. */
MUST_USE enum pg_err audit_write(struct call *c);

#endif
