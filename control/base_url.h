/* Base URLs that tenants give for a provider. */
#ifndef DOTEB_CONTROL_BASE_URL_H
#define DOTEB_CONTROL_BASE_URL_H

#include "common/guard.h"

/* An absolute http or https URL without user, query or fragment, at most 1,024 bytes, whose host
 * resolves to addresses that `guard` permits (NULL: not looked at). "" or what is wrong with it.
 * Resolves names: job threads and the command line only. The gateway checks again when it
 * connects, since a name may point elsewhere by then. */
const char *base_url_complaint(struct str url, const struct guard *guard);

#endif
