/* SQL of second factors and recovery codes. */
#ifndef DOTEB_CONTROL_SECOND_FACTOR_STORE_H
#define DOTEB_CONTROL_SECOND_FACTOR_STORE_H

#include "common/pg.h"
#include "common/uuid.h"

enum { SECOND_FACTOR_SEALED_MAX = 128 };

struct second_factor_row {
    bool found, confirmed;
    uint8_t sealed[SECOND_FACTOR_SEALED_MAX];
    size_t len;
};

MUST_USE enum pg_err second_factor_store_get(struct pg *pg, struct uuid user,
                                             struct second_factor_row *out);
/* Takes the place of one that was never confirmed. `*done` is false if one is confirmed. */
MUST_USE enum pg_err second_factor_store_begin(struct pg *pg, struct uuid user, struct str sealed,
                                               bool *done);
MUST_USE enum pg_err second_factor_store_confirm(struct pg *pg, struct uuid user);
/* The recovery codes too. */
MUST_USE enum pg_err second_factor_store_remove(struct pg *pg, struct uuid user);
/* Notes that the code of `step` was taken; `*fresh` is false if that or a later one was before. */
MUST_USE enum pg_err second_factor_store_step(struct pg *pg, struct uuid user, int64_t step,
                                              bool *fresh);
/* Takes a recovery code; `*right` is false if there is no such unused one. */
MUST_USE enum pg_err recovery_store_take(struct pg *pg, struct uuid user, const uint8_t hash[32],
                                         bool *right);
MUST_USE enum pg_err recovery_store_clear(struct pg *pg, struct uuid user);
MUST_USE enum pg_err recovery_store_add(struct pg *pg, struct uuid user, const uint8_t hash[32]);

#endif
