/* SQL of every name that a model or provider goes by: the catalogue's and an organisation's own. */
#ifndef DOTEB_CONTROL_CATALOGUE_NAME_STORE_H
#define DOTEB_CONTROL_CATALOGUE_NAME_STORE_H

#include "common/pg.h"

/* Columns: kind ("provider"; "model", "alias", and "offer" for "provider/model" in each of the
 * names that requests may use), name. Each once. */
MUST_USE enum pg_err catalogue_name_store_all(struct pg *pg, struct uuid organisation,
                                              struct pg_result **out);

#endif
