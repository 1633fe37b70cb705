/* The loader thread: LISTENs, rebuilds what changed, publishes; polls as a fallback. The last
 * snapshot serves for as long as PostgreSQL is away. */
#ifndef DOTEB_SNAPSHOT_LOADER_H
#define DOTEB_SNAPSHOT_LOADER_H

#include "common/crypto.h"
#include "common/defs.h"
#include "gateway/snapshot/snapshot.h"

struct loader;

/* Called on the loader's thread after each publication; must only post a message. */
typedef void loader_published_fn(void *arg);

struct loader_options {
    const char *database_url;              /* copied; a server itself, not a pooler: LISTEN */
    const struct master_keys *master_keys; /* borrowed until the last snapshot is gone */
    int64_t poll_ms;                       /* default 1,000 */
    loader_published_fn *published;
    void *arg;
};

/* Starts the thread. Returns owned. Without a database it keeps trying; nothing is published then.
 */
struct loader *loader_new(const struct loader_options *o);
void loader_free(struct loader *l);
/* The newest snapshot with a reference for the caller, or NULL before the first. Any thread. */
struct snapshot *loader_current(struct loader *l);
/* Milliseconds since PostgreSQL was last read or found unchanged; -1: never. */
int64_t loader_age_ms(const struct loader *l);

#endif
