/* SQL of the instance's one row. */
#ifndef DOTEB_CONTROL_INSTANCE_STORE_H
#define DOTEB_CONTROL_INSTANCE_STORE_H

#include "common/pg.h"

/* The sealed pepper into `out`; `*len` 0: there is no row yet. PG_INVALID if it is over `max`. */
MUST_USE enum pg_err instance_store_pepper(struct pg *pg, uint8_t *out, size_t max, size_t *len);
/* Adds the row; does nothing if there is one. */
MUST_USE enum pg_err instance_store_add(struct pg *pg, struct str pepper_sealed);

#endif
