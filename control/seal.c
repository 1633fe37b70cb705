/* Sealing for an organisation. Job threads and the command line. The data key is open only
 * meanwhile.
 */
#include "control/seal.h"

#include "common/log.h"
#include "control/store/organisation_store.h"

/* The organisation's opened data key, owned; NULL with the reason in `*e`. */
static struct secret *open_data_key(const struct app *app, struct pg *pg, struct uuid organisation,
                                    enum pg_err *e)
{
    uint8_t sealed[256];
    size_t len;
    struct crypto_aad aad = aad_data_key(organisation);
    *e = organisation_store_data_key(pg, organisation, sealed, sizeof sealed, &len);
    if (*e != PG_OK)
        return NULL;
    struct secret *key = master_open(app->master, str_make((const char *)sealed, len),
                                     str_make(aad.p, aad.len));
    if (!key) {
        log_event(LOG_ERROR, "data_key_does_not_open", LOG_ID("organisation", organisation));
        *e = PG_INVALID;
    }
    return key;
}

enum pg_err seal_for(const struct app *app, struct pg *pg, struct uuid organisation,
                     const struct crypto_aad *aad, struct str plain, uint8_t *out)
{
    enum pg_err e;
    struct secret *key = open_data_key(app, pg, organisation, &e);
    if (!key)
        return e;
    data_seal(key, plain, str_make(aad->p, aad->len), out);
    secret_free(key);
    return PG_OK;
}

enum pg_err open_for(const struct app *app, struct pg *pg, struct uuid organisation,
                     const struct crypto_aad *aad, struct str sealed, struct arena *arena,
                     struct str *plain)
{
    enum pg_err e;
    if (sealed.len < CRYPTO_SEAL_OVERHEAD)
        return PG_INVALID;
    struct secret *key = open_data_key(app, pg, organisation, &e);
    if (!key)
        return e;
    size_t len = sealed.len - CRYPTO_SEAL_OVERHEAD;
    uint8_t *out = arena_alloc(arena, len + 1);
    bool ok = data_open_into(key, sealed, str_make(aad->p, aad->len), out);
    secret_free(key);
    *plain = str_make((const char *)out, len);
    if (ok)
        return PG_OK;
    log_event(LOG_ERROR, "kept_answer_does_not_open", LOG_ID("organisation", organisation));
    return PG_INVALID;
}
