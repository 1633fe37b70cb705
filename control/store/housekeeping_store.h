/* SQL of housekeeping, over all organisations (it acts for the instance). */
#ifndef DOTEB_CONTROL_HOUSEKEEPING_STORE_H
#define DOTEB_CONTROL_HOUSEKEEPING_STORE_H

#include "common/pg.h"

/* The request log's day partitions from yesterday to a week ahead. */
MUST_USE enum pg_err housekeeping_store_partitions(struct pg *pg);
/* Drops partitions that are older than their class allows; how many into `*dropped`. */
MUST_USE enum pg_err housekeeping_store_drop_expired(struct pg *pg, int64_t *dropped);
/* Deletes change feed rows older than a day and sessions that ended over a day ago. */
MUST_USE enum pg_err housekeeping_store_purge(struct pg *pg);

#endif
