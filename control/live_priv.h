/* What live.c (viewers) and live_feed.c (the thread that feeds them) share. Everything here is
 * under the one lock but `known`, which the thread alone touches, and the list of feeds while the
 * thread walks it: only it removes one. No query runs under the lock.
 */
#ifndef DOTEB_CONTROL_LIVE_PRIV_H
#define DOTEB_CONTROL_LIVE_PRIV_H

#include <pthread.h>

#include "control/live.h"

enum {
    LIVE_ROWS = 100, /* of one poll: a page of the list */
    LIVE_KNOWN = 4 * LIVE_ROWS,
    LIVE_RING = 256, /* rows kept for who comes back */
    LIVE_HASH_BYTES = 32,
};

struct event {
    char *json, *names; /* of its row; the facts borrow from `names` */
    size_t len;
    struct request_facts facts;
};

struct feed {
    struct feed *next;
    struct uuid organisation;
    uint64_t epoch;       /* random: another daemon's numbers mean nothing here */
    uint64_t last, first; /* numbers of the newest row, and of the oldest still in the ring */
    bool primed;
    size_t viewers;
    int64_t idle_since_us;
    struct event ring[LIVE_RING]; /* by number */
    struct uuid known[LIVE_KNOWN];
    size_t n_known;
};

struct live_viewer {
    uint32_t magic;
    struct live *live;
    struct live_viewer *next, **at;
    struct feed *feed;
    uint64_t number;
    struct uuid user;
    uint8_t session_hash[LIVE_HASH_BYTES];
    struct request_filter filter;
    char *model, *provider;
    struct buf out;
    size_t sent;
    bool greeted, ended;
    void *sleeper; /* NULL: awake */
    int64_t beat_us;
};

struct live {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct live_options o;
    char *database_url;
    bool stop, hurry;
    struct feed *feeds;
    struct live_viewer *viewers; /* newest first */
    size_t n_viewers;
    uint64_t numbers;
    int64_t check_us;
};

/* All of it under the lock. */
void live_end(struct live_viewer *v);
void live_say_reload(struct live_viewer *v);
/* The row of that number, if it fits the viewer's filter. */
void live_say_row(struct live_viewer *v, uint64_t number);
/* A position without a row: it keeps proxies from giving up, and shows us who has gone. */
void live_beat(struct live_viewer *v);

/* Returns owned, with a NUL behind it. */
char *live_copy(struct str s);

/* live_feed.c */
void *live_feed_main(void *live);
void live_feed_free(struct feed *f);

#endif
