/* The URL of an attempt. */
#ifndef DOTEB_STEPS_ADDRESS_H
#define DOTEB_STEPS_ADDRESS_H

#include "gateway/request.h"

/* The provider's name for the model, the region before it where the provider wants that
 * ("us.vendor.model"). Request's memory or borrowed. */
struct str address_model(struct req *r, const struct candidate *c);
/* The region that the address names, "" none. */
struct str address_region(const struct candidate *c);
/* May this key serve that offer, as far as regions go? */
bool address_fits(const struct snap_offer *o, const struct snap_provider_key *k);

/* NUL-terminated, request's memory; NULL: an option that the address needs is missing. `path`
 * replaces the provider's own chat path (NULL: it stands). */
const char *address_make(struct req *r, const struct candidate *c, const char *path);

#endif
