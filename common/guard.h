/* Which addresses a tenant's URL may reach (ARCHITECTURE A9.5). Pure; any thread. */
#ifndef DOTEB_COMMON_GUARD_H
#define DOTEB_COMMON_GUARD_H

#include <sys/socket.h>

#include "common/address.h"

enum { GUARD_OWN_MAX = 128 };

struct guard {
    bool allow_private; /* everything goes (development, tests), but what is our own */
    struct address_nets nets;
    size_t n_own;
    struct {
        struct address_net net;
        uint16_t port;
    } own[GUARD_OWN_MAX];
};

/* "10.1.0.0/16, fd00::/8, private": networks that are allowed besides the public ones; the word
 * `private` allows all. False if a part is malformed. */
MUST_USE bool guard_parse(struct guard *g, struct str allowed);
/* What listens on `port` at the addresses of `net` is our own: never permitted, whatever is
 * allowed. False: there are too many. */
MUST_USE bool guard_add_own(struct guard *g, const struct address_net *net, uint16_t port);
/* Public addresses, and the allowed networks. Loopback, private, link-local, shared (100.64/10),
 * multicast, documentation, benchmark and metadata ranges are refused, also v4-mapped, 6to4 and
 * NAT64 forms of them, and what is our own. */
bool guard_permits(const struct guard *g, const struct sockaddr *sa);

#endif
