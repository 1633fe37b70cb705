/* SQL of organisations. */
#ifndef DOTEB_CONTROL_ORGANISATION_STORE_H
#define DOTEB_CONTROL_ORGANISATION_STORE_H

#include "common/pg.h"

struct organisation_new {
    struct uuid id;
    struct str name;
    bool is_operator;
    struct str data_key_sealed;
};

MUST_USE enum pg_err organisation_store_add(struct pg *pg, const struct organisation_new *o);
/* The operator's organisation; `*found` false if there is none. */
MUST_USE enum pg_err organisation_store_operator(struct pg *pg, struct uuid *id, bool *found);
/* By name, in any case, NULL name: the operator's. `*found` counts them: 0, 1, or more. */
MUST_USE enum pg_err organisation_store_by_name(struct pg *pg, const char *name, struct uuid *id,
                                                size_t *found);
/* The sealed data key into `out`; `*len` 0: no such organisation. PG_INVALID if it is over `max`.
 */
MUST_USE enum pg_err organisation_store_data_key(struct pg *pg, struct uuid organisation,
                                                 uint8_t *out, size_t max, size_t *len);
/* Columns: the API's object, its name, is it the operator's. `id` is the organisation again. */
MUST_USE enum pg_err organisation_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                            struct pg_result **out);
MUST_USE enum pg_err organisation_store_rename(struct pg *pg, struct uuid organisation,
                                               struct str name);
/* For good: its keys stop working, nobody is a member of it any more as far as calls go. */
MUST_USE enum pg_err organisation_store_archive(struct pg *pg, struct uuid organisation);
/* Has the operator suspended it? Column 0 of the one row: the reason; no row: it may go on. */
MUST_USE enum pg_err organisation_store_suspended(struct pg *pg, struct uuid organisation,
                                                  struct pg_result **out);
/* Until the transaction's end nobody else changes who is a member. */
MUST_USE enum pg_err organisation_store_lock(struct pg *pg, struct uuid organisation);

#endif
