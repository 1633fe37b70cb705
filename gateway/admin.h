/* The admin server: /healthz, /readyz, /metrics on an address of its own. */
#ifndef DOTEB_GATEWAY_ADMIN_H
#define DOTEB_GATEWAY_ADMIN_H

#include <stdatomic.h>

#include "common/defs.h"
#include "gateway/ledger/spool.h"
#include "gateway/ledger/writer.h"
#include "gateway/snapshot/loader.h"

struct admin;

struct admin_options {
    int listen_fd; /* taken */
    struct loader *loader;
    struct spool *spool;
    struct writer *writer;
    const atomic_bool *draining;
};

/* Starts a thread of the HTTP server. Returns owned, or NULL. */
struct admin *admin_new(const struct admin_options *o);
void admin_free(struct admin *a);

#endif
