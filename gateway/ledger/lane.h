/* A worker's end of the spool: its current segment and the spares that the keeper hands over.
 *
 * One worker writes; the keeper is the only other party, through a ring without locks. The promise
 * that a close always fits is a sum: with room R in the current segment and k spares, at least
 * R / CLOSE_MAX + k * (capacity / CLOSE_MAX) closes fit, and an open is taken only while that
 * covers every open in flight and itself.
 */
#ifndef DOTEB_LEDGER_LANE_H
#define DOTEB_LEDGER_LANE_H

#include <stdatomic.h>

#include "common/defs.h"
#include "gateway/ledger/segment.h"
#include "gateway/ledger/spool.h"

enum { LANE_SPARES_MAX = 1024 };

/* Wakes the keeper before its next turn; shared by the lanes. */
struct lane_bell {
    int fd; /* eventfd, non-blocking */
    _Atomic bool rung;
};

struct spool_lane {
    /* worker */
    struct segment *current;
    size_t at;        /* where the next record goes */
    size_t in_flight; /* opens without a close */
    size_t capacity;  /* of a fresh segment, bytes */
    struct lane_bell *bell;
    uint8_t scratch[RECORD_OPEN_MAX_BYTES];
    /* worker, for the others to look at */
    _Atomic size_t shown_in_flight, shown_room;
    /* the ring: keeper pushes at head, worker pops at tail */
    _Atomic size_t head, tail;
    struct segment *spare[LANE_SPARES_MAX];
    /* keeper: the newest segment of the lane */
    struct segment *newest;
    /* writer: the segment that it reads */
    struct segment *reading;
};

/* Begins with `first` as the current segment (borrowed, like all segments here). */
void lane_init(struct spool_lane *l, struct segment *first, struct lane_bell *bell);
/* Keeper: one more spare. */
void lane_push_spare(struct spool_lane *l, struct segment *s);
size_t lane_spares(const struct spool_lane *l);
/* Keeper: how many spares the lane should have for what is in flight. */
size_t lane_spares_wanted(const struct spool_lane *l);
/* Any thread: would the largest open be taken now? */
bool lane_writable(const struct spool_lane *l);

#endif
