/* The labels of a batch's rows: ids of their strings, remembered between batches; and which end
 * users have rows of their own in the sums. One thread.
 */
#ifndef DOTEB_LEDGER_LABELS_H
#define DOTEB_LEDGER_LABELS_H

#include "common/defs.h"
#include "gateway/ledger/batch.h"
#include "gateway/ledger/tally.h"

struct labels {
    struct tally known;    /* of struct known_label: digest of (organisation, kind, value) to id */
    struct tally days;     /* of struct end_user_day: how many end users have rows */
    struct tally admitted; /* of struct end_user_row: those that have */
};

void labels_init(struct labels *l);
void labels_fini(struct labels *l);
/* Forgets everything: after a failure, when what was remembered may have been rolled back. */
void labels_reset(struct labels *l);
/* Fills in the label ids of the rows, outside a transaction. */
MUST_USE enum pg_err labels_resolve(struct labels *l, struct pg *pg, struct batch_row *rows,
                                    size_t n);
/* First thing in the transaction: admits the rows' end users, at most END_USERS_A_DAY a day and
 * organisation. */
MUST_USE enum pg_err labels_admit(struct labels *l, struct pg *pg, const struct batch_row *rows,
                                  size_t n);
/* The row of rollup_end_users for the row: its label, 0: everybody else's, -1: it has none. */
int64_t labels_end_user(const struct labels *l, const struct request_row *row);

#endif
