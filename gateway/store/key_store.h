/* API keys as a snapshot needs them, streamed (loader thread only). */
#ifndef DOTEB_STORE_KEY_STORE_H
#define DOTEB_STORE_KEY_STORE_H

#include "common/crypto.h"
#include "common/pg.h"

struct key_row {
    uint8_t hash[CRYPTO_HASH_BYTES];
    struct uuid organisation_id, id, project_id, owner_id;
    int64_t expires_at_us; /* INT64_MAX: never */
    bool revoked, disabled;
    struct str restrictions; /* snapshot/restrictions.h; "" none; borrowed while it is told */
    bool previous; /* the row's secret before the present one, as long as it still works */
};

/* Returns false to stop. */
typedef bool key_row_fn(void *arg, const struct key_row *row);

/* All keys (a rotated one is told twice: its secret, and the one before), in one transaction that
 * may take 15 minutes. `*seen` gets its snapshot (owned by the caller): rows that changed since are
 * found by key_store_changed. */
MUST_USE enum pg_err key_store_read(struct pg *pg, key_row_fn *fn, void *arg, char **seen);
/* The keys that were made or changed since the snapshot `seen`; some may be told twice. */
MUST_USE enum pg_err key_store_changed(struct pg *pg, const char *seen, key_row_fn *fn, void *arg);

#endif
