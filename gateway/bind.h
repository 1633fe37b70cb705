/* Listening sockets of the gateway. */
#ifndef DOTEB_GATEWAY_BIND_H
#define DOTEB_GATEWAY_BIND_H

#include "common/defs.h"

/* "host:port", "[::1]:port", ":port" (any address): a non-blocking listening socket, or
 * -1 with the reason and next step in `err`. `shared` sockets (SO_REUSEPORT) can have one address
 * together, as workers do. Port 0 takes any; the port in use goes to `*port`. When `*port` is not 0
 * on entry it overrides a port 0 in `address` (further workers). */
int bind_listen(const char *address, bool shared, int *port, char err[256]);

#endif
