/* The current snapshot, and those before it that somebody still holds. Private to the folder. */
#ifndef DOTEB_SNAPSHOT_PUBLISH_H
#define DOTEB_SNAPSHOT_PUBLISH_H

#include <pthread.h>

#include "gateway/snapshot/snapshot.h"

struct publisher {
    pthread_mutex_t lock;     /* over `current` only */
    struct snapshot *current; /* NULL before the first */
    struct snapshot **retired;
    size_t n_retired, cap_retired;
};

void publisher_init(struct publisher *p);
/* Lets go of all; those still held elsewhere live on. */
void publisher_fini(struct publisher *p);
/* Takes `s` as the current one. One thread. */
void publisher_put(struct publisher *p, struct snapshot *s);
/* The current one with a reference for the caller, or NULL. Any thread. */
struct snapshot *publisher_current(struct publisher *p);
/* Frees retired snapshots that nobody else holds: so the work of freeing a million keys never falls
 * to a worker. The thread of publisher_put. */
void publisher_sweep(struct publisher *p);

#endif
