/* A listening TCP socket from "host:port" or "[v6]:port". */
#ifndef DOTEB_CONTROL_LISTEN_H
#define DOTEB_CONTROL_LISTEN_H

#include "common/defs.h"

/* Returns the socket (non-blocking, close-on-exec), or -1 with the reason in `err`. Port 0 takes a
 * free one; `*port` is the port in any case. */
int listen_open(const char *address, int *port, char err[256]);

#endif
