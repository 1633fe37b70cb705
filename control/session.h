/* Sessions: a random token in the cookie `doteb_session`, its SHA-256 in the table. */
#ifndef DOTEB_CONTROL_SESSION_H
#define DOTEB_CONTROL_SESSION_H

#include "control/call.h"

/* Finds the session of the call's cookie and fills c->session. False after writing 401 (or the
 * database's failure). */
MUST_USE bool session_open(struct call *c);
/* Ends the session that the cookie names, if any, and starts a new one for `user`: cookie and
 * c->session are set. False after writing the failure. */
MUST_USE bool session_start(struct call *c, struct uuid user);
/* The same, but the session is good for nothing yet but the second factor, and for ten minutes. */
MUST_USE bool session_start_half(struct call *c, struct uuid user);
/* Finds the half session of the call's cookie and fills c->session.user. False after writing 401
 * (or the database's failure). */
MUST_USE bool session_open_half(struct call *c);
/* Gives c->session another token: whoever has the cookie of before has nothing any more. */
MUST_USE bool session_renew(struct call *c);
/* Ends c->session and clears the cookie. */
MUST_USE bool session_end(struct call *c);
/* The session object of the API as the answer. */
void session_answer(struct call *c);
/* The same, with this organisation among those that it shows, if it is one of theirs. */
void session_answer_with(struct call *c, struct uuid organisation);

#endif
