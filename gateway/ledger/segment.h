/* One segment file of the spool: `<seq>.seg`, a 64-byte head, then records, 8-byte aligned, zeros
 * where nothing was written yet. Made at full size before a worker sees it.
 */
#ifndef DOTEB_LEDGER_SEGMENT_H
#define DOTEB_LEDGER_SEGMENT_H

#include <stdatomic.h>

#include "common/defs.h"
#include "common/str.h"
#include "common/uuid.h"
#include "gateway/ledger/record.h"

enum { SEGMENT_HEAD_BYTES = 64, SEGMENT_NAME_BYTES = 32 };

/* Who wrote the file. (run, seq) names a segment for ever: a number may come again only in another
 * run. */
struct segment_id {
    struct uuid gateway_id;
    struct uuid run_id;
    uint64_t seq; /* ascending in a folder; within a lane, in the order of writing */
    uint32_t lane;
};

/* A segment of this run, mapped. Each group of fields has one writing thread. */
struct segment {
    struct segment_id id;
    uint8_t *map;
    size_t bytes; /* whole file */
    /* worker */
    _Atomic size_t committed; /* bytes of head and whole records */
    _Atomic bool sealed;      /* the worker went on to the next one */
    /* keeper */
    _Atomic(struct segment *) next; /* of the lane; set before the worker can get it */
    struct segment *keeper_next;
    size_t synced;
    size_t prefaulted; /* bytes that a write need not fault in */
    /* writer */
    size_t read;          /* bytes taken into a batch */
    _Atomic size_t saved; /* bytes whose effects are in PostgreSQL */
    int64_t unclosed;     /* opens here whose row is not in PostgreSQL */
    bool passed;          /* the writer went on to the next one */
    bool touched;         /* listed in reader.touched */
    _Atomic bool done;    /* all is saved: the keeper may delete it; the writer let go */
};

/* Creates and maps a segment of `bytes` in the folder `dir_fd`: allocated on disk, its
 * first half prefaulted, its head synced. Returns owned; NULL with errno's value in `*error`,
 * nothing left behind. */
struct segment *segment_make(int dir_fd, const struct segment_id *id, size_t bytes, int *error);
/* Unmaps; deletes the file if `remove`. */
void segment_free(struct segment *s, int dir_fd, bool remove);
/* Writes back what was committed since the last sync, and prefaults ahead of it. False: the disk
 * failed. */
MUST_USE bool segment_sync(struct segment *s);

void segment_name(uint64_t seq, char out[SEGMENT_NAME_BYTES]);
/* Is `name` a segment's? */
MUST_USE bool segment_parse_name(const char *name, uint64_t *seq);
/* The head of a file's bytes; false: damaged, or never completed. */
MUST_USE bool segment_parse_head(struct str file, struct segment_id *out);

/* The next record of `bytes` at or after `*at` (8-byte aligned), searching on behind damage: its
 * kind, where it begins in `*at`, its length in `*len`; `*torn` grows by the damaged or unwritten
 * stretches that were not zero. RECORD_NONE: no more. The caller goes on at *at + *len. */
enum record_kind segment_next(struct str bytes, size_t *at, size_t *len, size_t *torn);

#endif
