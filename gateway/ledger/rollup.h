/* The sums of a batch: usage by grain, tags, end users, sources, provider keys, running spend. One
 * thread.
 */
#ifndef DOTEB_LEDGER_ROLLUP_H
#define DOTEB_LEDGER_ROLLUP_H

#include "common/defs.h"
#include "gateway/ledger/tally.h"
#include "gateway/store/request_store.h"
#include "gateway/store/rollup_store.h"

struct rollup {
    struct tally usage, tags, end_users, sources, provider_keys,
        spend; /* of the structs of rollup_store.h */
};

void rollup_init(struct rollup *r);
void rollup_fini(struct rollup *r);
void rollup_reset(struct rollup *r);
/* Adds a row. `tag_labels` has row->n_tags ids (0: none). `capped` are the rows of rollup_end_users
 * and rollup_sources to count on: a label, 0 for all others, -1: none. */
void rollup_add(struct rollup *r, const struct request_row *row, const int64_t *tag_labels,
                const int64_t capped[CAPPED]);
/* Writes the sums inside the caller's transaction. */
MUST_USE enum pg_err rollup_write(struct rollup *r, struct pg *pg);
/* The histogram bucket of a duration: i for [2^(i/2), 2^((i+1)/2)) microseconds. */
unsigned rollup_bucket(int64_t us);
/* The beginning of the row's UTC day. */
int64_t rollup_day_us(int64_t wall_us);

#endif
