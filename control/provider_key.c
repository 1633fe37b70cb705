/* Seals provider secrets. Job threads and the command line. A secret is in memory only as long as
 * its request, and never in a log.
 */
#include "control/provider_key.h"

#include "common/clock.h"
#include "control/seal.h"
#include "control/store/provider_key_store.h"

enum { SHOWN_FROM = 12 }; /* shorter secrets show nothing of themselves */

bool provider_key_secret_fits(struct str s)
{
    if (s.len == 0 || s.len > PROVIDER_SECRET_MAX || s.p[0] == ' ' || s.p[s.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((s.p[i] < ' ' && s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t') || s.p[i] > '~')
            return false;
    return true;
}

enum pg_err provider_key_seal(const struct app *app, struct pg *pg, struct uuid organisation,
                              struct uuid id, struct str secret, struct provider_key_blob *out)
{
    struct crypto_aad aad = aad_provider_key(organisation, id);
    ASSERT(secret.len <= PROVIDER_SECRET_MAX);
    out->len = secret.len + CRYPTO_SEAL_OVERHEAD;
    memset(out->last4, 0, sizeof out->last4);
    if (secret.len >= SHOWN_FROM)
        memcpy(out->last4, secret.p + secret.len - 4, 4);
    return seal_for(app, pg, organisation, &aad, secret, out->sealed);
}

enum pg_err provider_key_add(const struct app *app, struct pg *pg, const struct provider_key_new *k,
                             struct uuid *id)
{
    struct provider_key_blob blob;
    *id = uuid_v7(clock_wall_us());
    enum pg_err e = provider_key_seal(app, pg, k->organisation, *id, k->secret, &blob);
    const struct provider_key_row row = {
        .organisation = k->organisation,
        .id = *id,
        .provider_id = k->provider_id,
        .label = k->label,
        .sealed = str_make((const char *)blob.sealed, blob.len),
        .last4 = blob.last4,
        .base_url = k->base_url,
        .options = k->options,
        .models = k->models,
        .created_by = k->created_by,
    };
    return e == PG_OK ? provider_key_store_add(pg, &row) : e;
}
