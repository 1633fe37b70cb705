/* Live rows of the request log. One thread with one connection asks, once a second and once an
 * organisation, for the newest rows that it has not seen, and gives them to all who look at that
 * organisation, each through a filter of its own. Nobody's stream holds a thread: viewers are
 * buffers that the HTTP loop reads.
 *
 * Each row has a number in its organisation's feed, the stream's event id; who comes back with the
 * last one gets what it missed as long as the feed remembers it, and is told to read the list anew
 * otherwise. Sessions and memberships are looked at every two seconds, before any row is read.
 */
#ifndef DOTEB_CONTROL_LIVE_H
#define DOTEB_CONTROL_LIVE_H

#include "control/store/request_store.h"

struct live;
struct live_viewer;

struct live_options {
    const char *database_url;
    int64_t viewers_max;
    void (*wake)(void *arg); /* there is something to read; any thread */
    void *arg;
};

struct live_ask {
    const struct request_filter *filter; /* times, search and cursor are of no interest */
    struct uuid user;
    const uint8_t *session_hash; /* 32 bytes */
    struct str last_event_id;    /* STR_NULL: none */
};

/* Returns owned; starts the thread. */
struct live *live_start(const struct live_options *o);
/* Ends the thread and all streams; nobody joins any more. The viewers are still to be left. */
void live_stop(struct live *l);
/* After live_stop and the last live_leave. NULL is fine. */
void live_free(struct live *l);

/* Returns owned, for live_leave; NULL: there is no room. Any thread. Of one person's streams the
 * oldest ends when there are too many. */
struct live_viewer *live_join(struct live *l, const struct live_ask *ask);
/* Any thread; NULL is fine. */
void live_leave(struct live_viewer *v);

/* The HTTP loop's side. Copies at most `max` bytes of events. 0: none now, and `sleeper` is what
 * live_each_awake hands out when there are; -1: the stream has ended. */
ptrdiff_t live_read(struct live_viewer *v, char *out, size_t max, void *sleeper);
/* Calls `fn` for every sleeper that has something to read, once. */
void live_each_awake(struct live *l, void (*fn)(void *sleeper));

#endif
