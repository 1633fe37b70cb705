/* SQL of everything that is sealed by a master key itself. */
#ifndef DOTEB_CONTROL_RESEAL_STORE_H
#define DOTEB_CONTROL_RESEAL_STORE_H

#include "common/crypto.h"
#include "common/pg.h"
#include "common/uuid.h"

enum { RESEAL_BATCH = 100 };

struct sealed_kind {
    const char *what;
    struct crypto_aad (*aad)(struct uuid row);
    struct pg_stmt batch, put;
};

/* A new column under the master key gets a row here. */
extern const struct sealed_kind sealed_kinds[];
extern const size_t sealed_kinds_len;

/* The next rows after `after` (NULL: from the first) that another key than `id` sealed, by id, and
 * held until the transaction ends: id and blob. */
MUST_USE enum pg_err reseal_store_batch(struct pg *pg, const struct sealed_kind *kind,
                                        const uint8_t id[CRYPTO_MASTER_ID_BYTES],
                                        const struct uuid *after, struct pg_result **out);
MUST_USE enum pg_err reseal_store_put(struct pg *pg, const struct sealed_kind *kind,
                                      struct uuid row, struct str sealed);

#endif
