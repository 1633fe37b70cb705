/* Stored answers of the Responses API: rows as they stand, contents sealed. One thread with a
 * connection of its own. */
#ifndef DOTEB_STORE_RESPONSE_STORE_H
#define DOTEB_STORE_RESPONSE_STORE_H

#include "common/arena.h"
#include "common/pg.h"

struct response_row {
    struct uuid id, previous; /* previous: zero if there is none */
    struct str sealed;        /* arena */
};

enum { RESPONSE_CHAIN_MAX = 1000 };

/* Puts one; a second one of the same id is PG_CONFLICT. `previous` zero: none. */
MUST_USE enum pg_err response_store_put(struct pg *pg, struct uuid organisation_id,
                                        struct uuid project_id, struct uuid id,
                                        struct uuid previous, struct str sealed);
/* The chain that ends with `id`, oldest first, at most `max` (<= RESPONSE_CHAIN_MAX); n = 0: there
 * is no such answer in that project. The rows lie in the arena. */
MUST_USE enum pg_err response_store_chain(struct pg *pg, struct uuid organisation_id,
                                          struct uuid project_id, struct uuid id, size_t max,
                                          struct arena *a, struct response_row **rows, size_t *n);
/* `*found` false: there was none. */
MUST_USE enum pg_err response_store_delete(struct pg *pg, struct uuid organisation_id,
                                           struct uuid project_id, struct uuid id, bool *found);

#endif
