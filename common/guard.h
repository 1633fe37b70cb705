/* Which addresses a tenant's URL may reach (ARCHITECTURE A9.5). Pure; any thread. */
#ifndef DOTEB_COMMON_GUARD_H
#define DOTEB_COMMON_GUARD_H

#include <sys/socket.h>

#include "common/address.h"

struct guard {
    bool allow_private; /* everything goes (development, tests) */
    struct address_nets nets;
};

/* "10.1.0.0/16, fd00::/8, private": networks that are allowed besides the public ones; the word
 * `private` allows all. False if a part is malformed. */
MUST_USE bool guard_parse(struct guard *g, struct str allowed);
/* Public addresses, and the allowed networks. Loopback, private, link-local, shared (100.64/10),
 * multicast, documentation, benchmark and metadata ranges are refused, also v4-mapped, 6to4 and
 * NAT64 forms of them. */
bool guard_permits(const struct guard *g, const struct sockaddr *sa);

#endif
