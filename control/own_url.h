/* May this organisation have a base URL of its own, and this one? */
#ifndef DOTEB_CONTROL_OWN_URL_H
#define DOTEB_CONTROL_OWN_URL_H

#include "control/call.h"

/* The operator's settings and the guard (A9.5). False after writing the problem of `base_url`. */
MUST_USE bool own_url_judge(struct call *c, struct str url);
/* Scheme, host and port: whom a key is sent to. Borrowed. */
struct str own_url_server(struct str url);

#endif
