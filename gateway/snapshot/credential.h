/* A credential - a provider key's, or the secret of a client that signs - sealed until its first
 * use, then open in guarded memory.
 *
 * Counted, so that snapshots made while the row stays as it is share one; the last one wipes it.
 */
#ifndef DOTEB_SNAPSHOT_CREDENTIAL_H
#define DOTEB_SNAPSHOT_CREDENTIAL_H

#include "common/crypto.h"
#include "common/str.h"
#include "common/uuid.h"

struct snap_credential;

/* What a credential belongs to: names it in the log, and binds what is sealed to its row. */
struct credential_kind {
    const char *event; /* it cannot be opened */
    struct crypto_aad (*aad)(struct uuid organisation, struct uuid row);
};
extern const struct credential_kind credential_of_provider_key, credential_of_signing_key;

/* Returns owned; copies both texts. `data_key_sealed` is the organisation's; the master keys are
 * borrowed until the last reference is gone. */
struct snap_credential *credential_new(const struct credential_kind *kind,
                                       const struct master_keys *master, struct uuid organisation,
                                       struct uuid row, struct str data_key_sealed,
                                       struct str sealed);
struct snap_credential *credential_ref(struct snap_credential *c);
/* Accepts NULL. */
void credential_unref(struct snap_credential *c);
/* Is it made from the same sealed bytes? */
bool credential_matches(const struct snap_credential *c, struct str data_key_sealed,
                        struct str sealed);
/* In clear, borrowed from the reference; opened now if it was not. Any thread. NULL: it cannot be
 * opened (logged once). */
const struct secret *credential_open(struct snap_credential *c);

#endif
