/* Puts batches into PostgreSQL, each exactly once, however often it has to try. One thread, but for
 * committer_stop and committer_lag_ms.
 */
#ifndef DOTEB_LEDGER_COMMITTER_H
#define DOTEB_LEDGER_COMMITTER_H

#include "common/defs.h"
#include "gateway/ledger/batch.h"

struct committer;

struct committer_options {
    const char *database_url;
    struct uuid gateway_id;
    struct uuid run_id; /* of this process */
    int dir_fd;         /* the spool's folder, for refused records; borrowed */
    int failures_most;  /* gives up after so many failures in a row; 0: never */
};

/* Returns owned. Connects at the first use. */
struct committer *committer_new(const struct committer_options *o);
void committer_free(struct committer *c);

/* Rows, sums and marks in one transaction. Rows that PostgreSQL refuses for their data are found
 * and kept in the file of refused.h; the others are in all the same. On return every row is in the
 * database or refused. False: it was stopped or gave up first; nothing can be said of the rows. */
MUST_USE bool committer_commit(struct committer *c, struct batch *b);
/* Keeps a record that belongs to no row, like committer_commit does. */
MUST_USE bool committer_refuse(struct committer *c, struct str bytes, const char *why);
/* The gateway's watermarks of all runs. `*out` is owned by the caller. */
MUST_USE bool committer_watermarks(struct committer *c, struct pg_result **out);
/* Tells that the gateway lives, forgets the segments of this run (takes `deleted`) whose files are
 * gone. One try: false if it failed. */
bool committer_idle(struct committer *c, uint64_t *deleted, size_t n);
/* Forgets the watermarks of other runs. One try. */
bool committer_forget_runs(struct committer *c);

/* Waits at most `ms`; returns early when stopped. */
void committer_wait(struct committer *c, int64_t ms);
/* Any thread: retries end `deadline_ms` from now. */
void committer_stop(struct committer *c, int64_t deadline_ms);
bool committer_stopping(const struct committer *c);
/* Stopped, and the deadline has passed. */
bool committer_expired(const struct committer *c);
/* Any thread: breaks the connection off under a call that does not return. */
void committer_break(struct committer *c);
/* Any thread: see writer_lag_ms. */
int64_t committer_lag_ms(const struct committer *c);
/* Rows really added since the start, and records refused. */
int64_t committer_rows(const struct committer *c);
int64_t committer_refused(const struct committer *c);
/* Why the last try failed. Borrowed. */
const char *committer_error(const struct committer *c);

#endif
