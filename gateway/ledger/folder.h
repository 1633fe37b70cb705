/* The spool's folder: its lock, its stable gateway id, the segments that an earlier run left.
 * Opened by one process at a time.
 */
#ifndef DOTEB_LEDGER_FOLDER_H
#define DOTEB_LEDGER_FOLDER_H

#include "common/defs.h"
#include "common/uuid.h"

struct folder {
    int fd;      /* of the directory */
    int lock_fd; /* holds the flock */
    struct uuid gateway_id;
    uint64_t *old; /* numbers of the segments found, ascending; owned */
    size_t n_old;
    int64_t old_bytes;
};

/* Locks `dir` (made 0700 if missing and `create`), reads or makes its gateway id, lists segments.
 * False with the reason and the next step in `err`; nothing is held then. */
MUST_USE bool folder_open(struct folder *f, const char *dir, bool create, char err[256]);
void folder_close(struct folder *f);

#endif
