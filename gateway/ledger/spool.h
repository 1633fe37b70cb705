/* The write-ahead spool: memory-mapped, preallocated segment files, one lane per worker.
 *
 * The keeper thread makes segments (posix_fallocate, prefault), hands over spares and syncs; a
 * worker only copies records into its current segment and takes a spare when it is full: it never
 * does file I/O and never waits. Space for the close is reserved with the open, so a close always
 * fits. What was published survives the process's death in the page cache, and the machine's from
 * the next group sync on.
 */
#ifndef DOTEB_LEDGER_SPOOL_H
#define DOTEB_LEDGER_SPOOL_H

#include "common/defs.h"
#include "common/err.h"
#include "gateway/ledger/record.h"

struct spool;      /* one per process: folder, lock, id */
struct spool_lane; /* one per worker */

struct spool_options {
    const char *dir;       /* created 0700 if missing */
    int64_t segment_bytes; /* >= 64 KiB (the least it is raised to), <= 1 GiB; default 4 MiB */
    int64_t sync_ms;       /* group sync interval, default 50 */
    unsigned lanes;        /* workers, 1..256 */
};

/* Locks the folder (flock), reads or makes its stable gateway id, opens lanes with one segment and
 * one spare each. Returns owned; NULL with the reason and next step in `err` (another gateway holds
 * the folder, no space, not writable). Segments of an earlier run stay for the writer to recover.
 */
struct spool *spool_new(const struct spool_options *o, char err[256]);
/* After workers and writer have stopped. Deletes the segments that PostgreSQL has in full, leaves
 * the others for the next start. Accepts NULL. */
void spool_free(struct spool *s);
struct uuid spool_gateway_id(const struct spool *s);
/* Borrowed; lane i belongs to worker i alone. */
struct spool_lane *spool_lane(struct spool *s, unsigned i);

/* Worker's calls. Open: E_OK, or E_SPOOL_FULL when there is no room for it and its close. */
MUST_USE enum err spool_write_open(struct spool_lane *l, const struct ledger_open *o);
/* Uses the room that the open reserved: cannot fail. Exactly one close for each open. */
void spool_write_close(struct spool_lane *l, const struct ledger_close *c);
/* Does every lane have room for at least one more open now? (readiness) Any thread. */
bool spool_writable(struct spool *s);

#endif
