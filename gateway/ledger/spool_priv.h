/* The spool's inside, for the ledger folder only: what keeper, writer and recovery share. */
#ifndef DOTEB_LEDGER_SPOOL_PRIV_H
#define DOTEB_LEDGER_SPOOL_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "common/defs.h"
#include "gateway/ledger/folder.h"
#include "gateway/ledger/lane.h"
#include "gateway/ledger/segment.h"
#include "gateway/ledger/spool.h"

struct spool {
    char *dir;
    struct folder folder; /* `old`: recovery's */
    struct uuid run_id;
    size_t segment_bytes;
    int64_t sync_ms;
    struct lane_bell bell;
    _Atomic int64_t disk_bytes; /* of all segment files; recovery lowers, the keeper both */
    _Atomic int64_t oldest_us;  /* wall time of the oldest close being written; 0: none */
    /* keeper (before its start: spool_new; after its end: spool_free) */
    uint64_t next_seq;
    struct segment *segments; /* all that exist, by keeper_next */
    /* numbers of deleted segments whose watermark rows may go; under the lock */
    pthread_mutex_t lock;
    uint64_t *deleted;
    size_t n_deleted;
    unsigned n_lanes;
    struct spool_lane *lane; /* array */
};

/* Keeper: makes a segment for lane `i`; NULL with errno's value in `*error`. */
struct segment *spool_make_segment(struct spool *s, unsigned i, int *error);
/* Keeper: deletes the segments that are done. */
void spool_reap(struct spool *s);
/* Writer: takes the list of deleted segments: returns owned (NULL: none), its length in `*n`. */
uint64_t *spool_take_deleted(struct spool *s, size_t *n);

#endif
