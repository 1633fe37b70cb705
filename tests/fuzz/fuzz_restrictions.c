/* Restrictions of keys: any text is read, and what is not empty restricts something. */
#include "gateway/snapshot/restrictions.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nobody[16];
    struct key_restrictions *k = restrictions_new(str_make((const char *)data, size));
    ASSERT(size == 0 || k->by_address || k->by_provider || k->by_model);
    ASSERT(k->by_address || restrictions_address(k, nobody));
    ASSERT(k->n_networks == 0 || k->by_address);
    for (size_t i = 0; i < k->n_models; i++)
        ASSERT(!memchr(k->models[i].p, '\n', k->models[i].len));
    restrictions_free(k);
    return 0;
}
