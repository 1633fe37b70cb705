/* Makes organisations. Job threads and the command line. The data key is open only meanwhile. */
#include "control/organisation.h"

#include <sodium.h>

#include "common/clock.h"
#include "control/store/organisation_store.h"
#include "control/store/project_store.h"

enum { DATA_KEY_BYTES = 32 };

enum pg_err organisation_make(const struct app *app, struct pg *pg, struct str name,
                              bool is_operator, struct uuid *id)
{
    uint8_t key[DATA_KEY_BYTES], sealed[DATA_KEY_BYTES + CRYPTO_SEAL_OVERHEAD];
    *id = uuid_v7(clock_wall_us());
    struct crypto_aad aad = aad_data_key(*id);
    randombytes_buf(key, sizeof key);
    master_seal(app->master, str_make((const char *)key, sizeof key), str_make(aad.p, aad.len),
                sealed);
    sodium_memzero(key, sizeof key);
    const struct organisation_new o = {
        .id = *id,
        .name = name,
        .is_operator = is_operator,
        .data_key_sealed = str_make((const char *)sealed, sizeof sealed),
    };
    const struct project_new p = {.organisation = *id,
                                  .id = uuid_v7(clock_wall_us()),
                                  .name = STR("Default"),
                                  .mode = PROJECT_HYBRID};
    enum pg_err e = organisation_store_add(pg, &o);
    return e == PG_OK ? project_store_add(pg, &p) : e;
}
