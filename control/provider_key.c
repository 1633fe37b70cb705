/* Seals provider secrets. Job threads and the command line. A secret is in memory only as long as
 * its request, and never in a log.
 */
#include "control/provider_key.h"

#include "common/clock.h"
#include "common/mem.h"
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

enum pg_err provider_key_add(const struct app *app, struct pg *pg, const struct provider_key_new *k,
                             struct uuid *id)
{
    char last4[5] = "";
    *id = uuid_v7(clock_wall_us());
    struct crypto_aad aad = aad_provider_key(k->organisation, *id);
    size_t len = k->secret.len + CRYPTO_SEAL_OVERHEAD;
    uint8_t *sealed = xmalloc(len);
    enum pg_err e = seal_for(app, pg, k->organisation, &aad, k->secret, sealed);
    if (k->secret.len >= SHOWN_FROM)
        memcpy(last4, k->secret.p + k->secret.len - 4, 4);
    const struct provider_key_row row = {
        .organisation = k->organisation,
        .id = *id,
        .provider_id = k->provider_id,
        .label = k->label,
        .sealed = str_make((const char *)sealed, len),
        .last4 = last4,
        .base_url = k->base_url,
        .options = k->options,
        .models = k->models,
        .created_by = k->created_by,
    };
    if (e == PG_OK)
        e = provider_key_store_add(pg, &row);
    xfree(sealed);
    return e;
}
