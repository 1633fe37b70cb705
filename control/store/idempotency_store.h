/* SQL of answers kept for repeated creates, and of the locks that keep changes of one thing apart.
 */
#ifndef DOTEB_CONTROL_IDEMPOTENCY_STORE_H
#define DOTEB_CONTROL_IDEMPOTENCY_STORE_H

#include "common/arena.h"
#include "common/pg.h"
#include "common/uuid.h"
#include "control/http.h"

struct kept_answer {
    struct uuid caller;
    uint8_t key_hash[32], request_hash[32];
    struct uuid made_in; /* the organisation whose data key seals it */
    int status;
    char etag[ETAG_LEN + 1];
    struct str sealed;
};

/* Holds caller and key until the transaction ends; `*free` is false if another one does. */
MUST_USE enum pg_err idempotency_store_hold(struct pg *pg, const struct kept_answer *k, bool *free);
/* By caller and key, of the last 24 hours: fills the rest. */
MUST_USE enum pg_err idempotency_store_find(struct pg *pg, struct arena *arena,
                                            struct kept_answer *k, bool *found);
MUST_USE enum pg_err idempotency_store_keep(struct pg *pg, const struct kept_answer *k);
/* Waits until no other transaction changes the thing, and holds it until this one ends. */
MUST_USE enum pg_err change_store_lock(struct pg *pg, struct uuid thing);
/* What was changed so far stays, if the transaction is committed after change_store_back, which
 * undoes the rest. */
MUST_USE enum pg_err change_store_keep(struct pg *pg);
MUST_USE enum pg_err change_store_back(struct pg *pg);

#endif
