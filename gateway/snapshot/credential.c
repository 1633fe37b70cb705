/* Opens a credential at its first use. Any thread: who comes first stores the secret, who comes
 * second drops its own. The organisation's data key is open only meanwhile. Never logs bytes.
 */
#include "gateway/snapshot/credential.h"

#include <stdatomic.h>

#include "common/log.h"
#include "common/mem.h"

enum { CREDENTIAL_MAGIC = 0x63726564 };

struct snap_credential {
    uint32_t magic;
    _Atomic uint32_t refs;
    const struct credential_kind *kind;
    const struct master_keys *master;
    struct uuid organisation, row;
    struct str data_key_sealed, sealed; /* owned */
    _Atomic(struct secret *) opened;
    atomic_bool told; /* that it cannot be opened */
};

const struct credential_kind credential_of_provider_key = {"provider_key.cannot_open",
                                                           aad_provider_key};
const struct credential_kind credential_of_signing_key = {"signing_key.cannot_open",
                                                          aad_signing_key};

static struct str copy(struct str s)
{
    return str_make(xstrndup(s.len ? s.p : "", s.len), s.len);
}

struct snap_credential *credential_new(const struct credential_kind *kind,
                                       const struct master_keys *master, struct uuid organisation,
                                       struct uuid row, struct str data_key_sealed,
                                       struct str sealed)
{
    struct snap_credential *c = xcalloc(1, sizeof *c);
    c->magic = CREDENTIAL_MAGIC;
    atomic_init(&c->refs, 1);
    c->kind = kind;
    c->master = master;
    c->organisation = organisation;
    c->row = row;
    c->data_key_sealed = copy(data_key_sealed);
    c->sealed = copy(sealed);
    return c;
}

struct snap_credential *credential_ref(struct snap_credential *c)
{
    CHECK(c, CREDENTIAL_MAGIC);
    ASSERT(atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed) > 0);
    return c;
}

void credential_unref(struct snap_credential *c)
{
    if (!c)
        return;
    CHECK(c, CREDENTIAL_MAGIC);
    if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    secret_free(atomic_load_explicit(&c->opened, memory_order_acquire));
    xfree((void *)(uintptr_t)c->data_key_sealed.p);
    xfree((void *)(uintptr_t)c->sealed.p);
    c->magic = 0;
    xfree(c);
}

bool credential_matches(const struct snap_credential *c, struct str data_key_sealed,
                        struct str sealed)
{
    CHECK(c, CREDENTIAL_MAGIC);
    return str_eq(c->sealed, sealed) && str_eq(c->data_key_sealed, data_key_sealed);
}

static struct str aad_str(const struct crypto_aad *aad)
{
    return str_make(aad->p, aad->len);
}

/* Returns owned, or NULL. */
static struct secret *unseal(const struct snap_credential *c)
{
    struct crypto_aad key_aad = aad_data_key(c->organisation);
    struct crypto_aad row_aad = c->kind->aad(c->organisation, c->row);
    struct secret *key = master_open(c->master, c->data_key_sealed, aad_str(&key_aad));
    if (!key)
        return NULL;
    struct secret *opened = NULL;
    if (secret_view(key).len == CRYPTO_KEY_BYTES)
        opened = data_open(key, c->sealed, aad_str(&row_aad));
    secret_free(key);
    return opened;
}

const struct secret *credential_open(struct snap_credential *c)
{
    CHECK(c, CREDENTIAL_MAGIC);
    struct secret *there = atomic_load_explicit(&c->opened, memory_order_acquire);
    if (there)
        return there;
    struct secret *mine = unseal(c);
    if (!mine) {
        if (!atomic_exchange_explicit(&c->told, true, memory_order_relaxed))
            log_event(LOG_ERROR, c->kind->event, LOG_ID("row", c->row),
                      LOG_ID("organisation", c->organisation));
        return NULL;
    }
    if (atomic_compare_exchange_strong_explicit(&c->opened, &there, mine, memory_order_acq_rel,
                                                memory_order_acquire))
        return mine;
    secret_free(mine);
    return there;
}
