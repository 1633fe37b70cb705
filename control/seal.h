/* Seals secrets under an organisation's data key (ARCHITECTURE A9.2). */
#ifndef DOTEB_CONTROL_SEAL_H
#define DOTEB_CONTROL_SEAL_H

#include "common/arena.h"
#include "control/app.h"

/* `out` holds plain.len + CRYPTO_SEAL_OVERHEAD bytes. PG_INVALID also if the organisation's data
 * key does not open (logged). */
MUST_USE enum pg_err seal_for(const struct app *app, struct pg *pg, struct uuid organisation,
                              const struct crypto_aad *aad, struct str plain, uint8_t *out);

/* Opens it again: `*plain` is in the arena. PG_INVALID also if it does not open (logged). */
MUST_USE enum pg_err open_for(const struct app *app, struct pg *pg, struct uuid organisation,
                              const struct crypto_aad *aad, struct str sealed, struct arena *arena,
                              struct str *plain);

#endif
