/* SQL of API keys. Every function takes the organisation it acts for. */
#ifndef DOTEB_CONTROL_API_KEY_STORE_H
#define DOTEB_CONTROL_API_KEY_STORE_H

#include "common/apikey.h"
#include "common/pg.h"

struct api_key_new {
    struct uuid id, organisation, project, owner;
    struct str name;
    struct apikey_hash hash;
    const char *last4;
    int64_t expires_us; /* wall time; 0: never */
};

MUST_USE enum pg_err api_key_store_add(struct pg *pg, const struct api_key_new *k);

#endif
