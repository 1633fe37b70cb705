/* Records that can never become rows: kept in `refused-<run>.rec` in the spool's folder, one after
 * the other as they were, and told in the log. One thread.
 */
#ifndef DOTEB_LEDGER_REFUSED_H
#define DOTEB_LEDGER_REFUSED_H

#include "common/defs.h"
#include "common/str.h"
#include "common/uuid.h"

struct refused {
    int dir_fd;         /* borrowed */
    struct uuid run_id; /* of the process that refuses */
};

/* Appends the records (each may be "") and syncs. `why` goes to the log. False: the disk did not
 * take them; the caller must try again later and not go on. */
MUST_USE bool refused_keep(struct refused *r, struct str open_bytes, struct str close_bytes,
                           const char *why);

#endif
