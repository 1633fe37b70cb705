/* SQL of the catalogue as people look at it: providers, models, offers, prices in force. */
#ifndef DOTEB_CONTROL_CATALOGUE_STORE_H
#define DOTEB_CONTROL_CATALOGUE_STORE_H

#include "common/pg.h"

/* Enabled providers by slug, after `after` (NULL p: from the start). Columns: item's JSON, slug. */
MUST_USE enum pg_err catalogue_store_providers(struct pg *pg, struct str after, int64_t limit,
                                               struct pg_result **out);

struct model_filter {
    struct str q, provider, capability, after; /* NULL p: none */
    int64_t limit;
};

/* Models that have offers left, by slug. Columns: item's JSON, slug. */
MUST_USE enum pg_err catalogue_store_models(struct pg *pg, const struct model_filter *f,
                                            struct pg_result **out);

struct provider_row {
    bool found; /* and enabled */
    bool own;   /* the organisation's: its address is a tenant's word, and is guarded */
    int64_t id;
    char base_url[1025];  /* with {region} and the like */
    char chat_path[1025]; /* likewise */
    char signer[129];
    char dialect[65];
};

/* What the slug names for the organisation: a provider of its own first, then the catalogue's. */
MUST_USE enum pg_err catalogue_store_provider(struct pg *pg, struct uuid organisation,
                                              struct str slug, struct provider_row *out);

#endif
