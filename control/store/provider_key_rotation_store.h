/* SQL of what becomes of a provider key's secret: its last check, and its exchange for another. The
 * one place that reads sealed secrets back. Every function takes the organisation it acts for.
 */
#ifndef DOTEB_CONTROL_PROVIDER_KEY_ROTATION_STORE_H
#define DOTEB_CONTROL_PROVIDER_KEY_ROTATION_STORE_H

#include "common/arena.h"
#include "common/pg.h"

struct provider_key_sealed {
    bool found;
    struct str slug, sealed, options; /* in the arena */
    struct str base_url;              /* NULL p: the provider's own */
};

MUST_USE enum pg_err provider_key_rotation_store_sealed(struct pg *pg, struct arena *arena,
                                                        struct uuid organisation, struct uuid id,
                                                        struct provider_key_sealed *out);
/* Keeps the check of the secret in use, the API's object. */
MUST_USE enum pg_err provider_key_rotation_store_checked(struct pg *pg, struct uuid organisation,
                                                         struct uuid id, struct str check);

enum rotation_now { ROTATION_NONE, ROTATION_STARTED, ROTATION_SWITCHED };

/* Of a key that is there; held until the transaction ends. */
MUST_USE enum pg_err provider_key_rotation_store_now(struct pg *pg, struct uuid organisation,
                                                     struct uuid id, enum rotation_now *now);
/* Begins one with the new secret. */
MUST_USE enum pg_err provider_key_rotation_store_start(struct pg *pg, struct uuid organisation,
                                                       struct uuid id, struct str sealed,
                                                       const char *last4, struct str check);
/* The kept secret and the one in use change places, with their checks: forth if `forth`, else back.
 */
MUST_USE enum pg_err provider_key_rotation_store_swap(struct pg *pg, struct uuid organisation,
                                                      struct uuid id, bool forth);
/* Wipes the kept secret. */
MUST_USE enum pg_err provider_key_rotation_store_end(struct pg *pg, struct uuid organisation,
                                                     struct uuid id);

#endif
