/* Management tokens: `sk-doteb-mgmt-` + 49 characters, the secret of scripts at the control API. In
 * place of cookie and CSRF token, on routes that scopes.def names. */
#ifndef DOTEB_CONTROL_MANAGEMENT_TOKEN_H
#define DOTEB_CONTROL_MANAGEMENT_TOKEN_H

#include "control/call.h"

enum { MANAGEMENT_TOKEN_LEN = 14 + 49 };

/* New, NUL-terminated. The caller wipes it. */
void management_token_make(char out[MANAGEMENT_TOKEN_LEN + 1]);
/* Does the call come with a secret of ours in Authorization? Others' (a proxy's) do not count. */
bool management_token_given(const struct call *c);
/* Finds the call's token, fills c->token and c->session.user (its maker), and holds it against the
 * route. False after writing 401 or 403 (or the database's failure). */
MUST_USE bool management_token_open(struct call *c);

#endif
