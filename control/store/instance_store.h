/* SQL of the instance's one row. */
#ifndef DOTEB_CONTROL_INSTANCE_STORE_H
#define DOTEB_CONTROL_INSTANCE_STORE_H

#include "common/pg.h"

/* The sealed pepper into `out`; `*len` 0: there is no row yet. PG_INVALID if it is over `max`. */
MUST_USE enum pg_err instance_store_pepper(struct pg *pg, uint8_t *out, size_t max, size_t *len);
/* Adds the row; does nothing if there is one. */
MUST_USE enum pg_err instance_store_add(struct pg *pg, struct str pepper_sealed);
/* What is set at run time. Columns: the item's JSON, the sign-up mode that holds: `sign_up` is what
 * the environment says. */
MUST_USE enum pg_err instance_store_settings(struct pg *pg, const char *sign_up,
                                             struct pg_result **out);
/* NULL: what the environment says. */
MUST_USE enum pg_err instance_store_set_sign_up(struct pg *pg, const char *word);
MUST_USE enum pg_err instance_store_set_announcement(struct pg *pg, struct str text);
/* May organisations made from now on use the platform's keys? */
MUST_USE enum pg_err instance_store_set_lend_to_new(struct pg *pg, bool lend);
/* Column 0: {"created_at","database","migrations","gateways","master_keys","retention"}. */
MUST_USE enum pg_err instance_store_state(struct pg *pg, struct pg_result **out);

#endif
