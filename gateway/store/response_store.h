/* Stored answers of the Responses API: rows as they stand, contents sealed. One thread with a
 * connection of its own. */
#ifndef DOTEB_STORE_RESPONSE_STORE_H
#define DOTEB_STORE_RESPONSE_STORE_H

#include "common/arena.h"
#include "common/pg.h"

/* Who asks, and for what. */
struct response_key {
    struct uuid organisation_id, project_id;
    struct str id;
};

struct response_row {
    struct str id, previous; /* previous: "" if there is none */
    struct str sealed;
};

enum { RESPONSE_CHAIN_MAX = 1000, RESPONSE_ID_MAX = 256 };

/* Puts one; a second one of the same id and day is PG_CONFLICT. `previous` "": none. */
/* `item_ids`: JSON array of strings. */
MUST_USE enum pg_err response_store_put(struct pg *pg, const struct response_key *k,
                                        struct str previous, struct str item_ids,
                                        struct str sealed);
/* Answers that have any of these items (`k->id`: a JSON array of their ids), at most `max`. */
MUST_USE enum pg_err response_store_items(struct pg *pg, const struct response_key *k, size_t max,
                                          struct arena *a, struct response_row **rows, size_t *n);
/* The chain that ends with `k->id`, oldest first, at most `max` (<= RESPONSE_CHAIN_MAX) of it; n =
 * 0: a link of it is not there. The rows lie in the arena. */
MUST_USE enum pg_err response_store_chain(struct pg *pg, const struct response_key *k, size_t max,
                                          struct arena *a, struct response_row **rows, size_t *n);
/* `*found` false: there was none. */
MUST_USE enum pg_err response_store_delete(struct pg *pg, const struct response_key *k,
                                           bool *found);

#endif
