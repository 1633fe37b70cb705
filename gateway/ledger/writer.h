/* The writer thread drains the spool into PostgreSQL: first what earlier runs left, then this run's
 * lanes. It starts and stops the keeper (keeper.h) with itself.
 *
 * Rows, rollups and running spend change in one transaction that also advances the watermark. With
 * PostgreSQL away it keeps trying (backoff to 5 s) and the spool grows up to its cap on disk.
 */
#ifndef DOTEB_LEDGER_WRITER_H
#define DOTEB_LEDGER_WRITER_H

#include "common/defs.h"
#include "gateway/ledger/spool.h"

struct writer;

struct writer_options {
    const char *database_url;
    int64_t batch_rows;      /* at most a transaction; default 2,000 */
    int64_t flush_ms;        /* longest wait of a closed record for its transaction; default 100 */
    int64_t spool_max_bytes; /* all segments together; beyond it no new ones (default 4 GiB) */
};

/* Starts the threads. Borrows `spool` until writer_free. Returns owned. */
struct writer *writer_new(struct spool *spool, const struct writer_options *o);
/* After the workers have stopped: drains what PostgreSQL will take within `deadline_ms`, then stops
 * the threads, about a second later even if PostgreSQL hangs. Accepts NULL. */
void writer_free(struct writer *w, int64_t deadline_ms);
/* For readiness: milliseconds since the last successful transaction or idle look (every 2 s); -1:
 * never. Any thread. */
int64_t writer_lag_ms(const struct writer *w);

/* Drains a folder that no gateway uses (`doteb-gateway drain DIR`): all its records, the open ones
 * as interrupted. 0, or 1 with the reason in `err`. Prints progress to stderr. */
int writer_drain_dir(const char *dir, const char *database_url, char err[256]);

#endif
