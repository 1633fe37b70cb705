/* The labels of a batch's rows: ids of their strings, remembered between batches; and which end
 * users and sources have rows of their own in the sums. One thread.
 */
#ifndef DOTEB_LEDGER_LABELS_H
#define DOTEB_LEDGER_LABELS_H

#include "common/defs.h"
#include "gateway/ledger/batch.h"
#include "gateway/ledger/tally.h"
#include "gateway/store/rollup_store.h"

struct labels {
    struct tally known;    /* of struct known_label: digest of (organisation, kind, value) to id */
    struct tally days;     /* of struct capped_day: how many labels have rows */
    struct tally admitted; /* of struct capped_label: those that have */
};

void labels_init(struct labels *l);
void labels_fini(struct labels *l);
/* Forgets everything: after a failure, when what was remembered may have been rolled back. */
void labels_reset(struct labels *l);
/* Fills in the label ids of the rows, outside a transaction. */
MUST_USE enum pg_err labels_resolve(struct labels *l, struct pg *pg, struct batch_row *rows,
                                    size_t n);
/* First thing in the transaction: admits the rows' end users and sources, at most LABELS_A_DAY of
 * each a day and organisation. */
MUST_USE enum pg_err labels_admit(struct labels *l, struct pg *pg, const struct batch_row *rows,
                                  size_t n);
/* The rows of rollup_end_users and rollup_sources for the row: its label, 0: that of all others,
 * -1: it has none. */
void labels_capped(const struct labels *l, const struct request_row *row, int64_t out[CAPPED]);

#endif
