/* Brings what earlier runs left in the spool's folder into the database: records past the
 * watermarks as rows, opens without a close as interrupted ones; then deletes the files.
 */
#ifndef DOTEB_LEDGER_RECOVERY_H
#define DOTEB_LEDGER_RECOVERY_H

#include <stdatomic.h>

#include "common/defs.h"
#include "gateway/ledger/batch.h"
#include "gateway/ledger/committer.h"
#include "gateway/ledger/folder.h"

/* Called after each segment: `done` of `all`. */
typedef void recovery_progress_fn(size_t done, size_t all);

struct recovery {
    struct folder *folder;
    struct committer *committer;
    struct batch *batch;            /* scratch, empty */
    _Atomic int64_t *disk_bytes;    /* lowered by deleted files; may be NULL */
    recovery_progress_fn *progress; /* may be NULL */
    /* out */
    int64_t interrupted; /* opens without a close */
    size_t kept;         /* files that could not be read or are another gateway's */
};

/* Can be repeated from any point where it was broken off. False: stopped or given up. */
MUST_USE bool recovery_run(struct recovery *r);

#endif
