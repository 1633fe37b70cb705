/* What counts as an e-mail address. */
#ifndef DOTEB_CONTROL_EMAIL_H
#define DOTEB_CONTROL_EMAIL_H

#include "common/defs.h"
#include "common/str.h"

enum { EMAIL_MAX = 254 };

/* Something, an @, something: no spaces, no control characters, UTF-8. Whether mail arrives there
 * only mail can tell. */
bool email_fits(struct str s);

#endif
