/* May this organisation have a base URL of its own, and this one? */
#ifndef DOTEB_CONTROL_OWN_URL_H
#define DOTEB_CONTROL_OWN_URL_H

#include "common/guard.h"
#include "control/call.h"

/* The operator's settings and the guard (A9.5). False after writing the problem of `base_url`. */
MUST_USE bool own_url_judge(struct call *c, struct str url);
/* The addresses such a URL may lead to. Always true. */
bool own_url_guard(const struct call *c, struct guard *out);
/* Scheme, host and port: whom a key is sent to. Borrowed. */
struct str own_url_server(struct str url);

#endif
