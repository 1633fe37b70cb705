/* New organisations: each has a data key of its own, sealed by the master key (ARCHITECTURE 8.1),
 * and a project "Default".
 */
#ifndef DOTEB_CONTROL_ORGANISATION_H
#define DOTEB_CONTROL_ORGANISATION_H

#include "control/app.h"

/* In the caller's transaction. Nobody is a member yet. */
MUST_USE enum pg_err organisation_make(const struct app *app, struct pg *pg, struct str name,
                                       bool is_operator, struct uuid *id);

#endif
