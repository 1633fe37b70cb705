/* SQL of labels: strings that many requests share, by id. The ledger's writer thread. */
#ifndef DOTEB_STORE_LABEL_STORE_H
#define DOTEB_STORE_LABEL_STORE_H

#include "common/pg.h"

enum label_kind { LABEL_SOURCE = 1, LABEL_END_USER, LABEL_TAG, LABEL_REQUESTED_MODEL };

struct label_want {
    struct uuid organisation_id;
    enum label_kind kind;
    struct str value;
    int64_t label_id; /* out; 0: the organisation does not exist */
};

/* Once a connection, before the other. */
MUST_USE enum pg_err label_store_prepare(struct pg *pg);
/* Finds or makes the labels, in a transaction of its own. */
MUST_USE enum pg_err label_store_resolve(struct pg *pg, struct label_want *wants, size_t n);

#endif
