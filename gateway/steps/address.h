/* The URL of an attempt. */
#ifndef DOTEB_STEPS_ADDRESS_H
#define DOTEB_STEPS_ADDRESS_H

#include "gateway/request.h"

/* NUL-terminated, request's memory; NULL: an option that the address needs is missing. `path`
 * replaces the provider's own chat path (NULL: it stands). */
const char *address_make(struct req *r, const struct candidate *c, const char *path);

#endif
