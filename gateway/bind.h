/* Listening sockets of the gateway. */
#ifndef DOTEB_GATEWAY_BIND_H
#define DOTEB_GATEWAY_BIND_H

#include "common/defs.h"
#include "common/guard.h"

/* "host:port", "[::1]:port", ":port" (any address): a non-blocking listening socket with
 * SO_REUSEPORT, or -1 with the reason and next step in `err`. Port 0 takes any; the port in use
 * goes to `*port`. When `*port` is not 0 on entry it overrides a port 0 in `address` (further
 * workers). */
int bind_listen(const char *address, int *port, char err[256]);
/* Tells a guard that what this socket listens at is our own: its address, or all of this machine's
 * if it listens at any. False: they cannot be told. */
MUST_USE bool bind_guard(int fd, struct guard *g);

#endif
