/* SQL of organisations' own providers and their models. Every function takes the organisation it
 * acts for. Deleted ones stay for the names in the log, and no function but the views shows them.
 */
#ifndef DOTEB_CONTROL_CUSTOM_PROVIDER_STORE_H
#define DOTEB_CONTROL_CUSTOM_PROVIDER_STORE_H

#include "common/pg.h"

struct custom_provider {
    struct uuid organisation, id;
    struct str slug, name, protocol, base_url; /* NULL p in a patch: as it is */
};

/* Holds the organisation for this transaction, and counts its providers. */
MUST_USE enum pg_err custom_provider_store_hold(struct pg *pg, struct uuid organisation,
                                                int64_t *count);
/* Is the slug one of the catalogue's providers'? */
MUST_USE enum pg_err custom_provider_store_slug_taken(struct pg *pg, struct str slug, bool *taken);
/* A way in which a server may be spoken to. */
struct custom_protocol {
    char signer[129]; /* "" there is none such */
    char models_path[129], models_headers[129];
};
MUST_USE enum pg_err custom_provider_store_protocol(struct pg *pg, struct str protocol,
                                                    struct custom_protocol *out);
/* `*number` is what provider keys name it by, 0: there is one of that slug. One that was deleted
 * comes back, without its models and keys. */
MUST_USE enum pg_err custom_provider_store_add(struct pg *pg, const struct custom_provider *p,
                                               int64_t *number);
/* Holds the provider until the transaction ends: before what is done depends on its keys. */
MUST_USE enum pg_err custom_provider_store_lock(struct pg *pg, struct uuid organisation,
                                                struct uuid id);
/* Is the provider with this number there, at this address? Then it is until the transaction ends.
 */
MUST_USE enum pg_err custom_provider_store_stays(struct pg *pg, struct uuid organisation,
                                                 int64_t number, struct str base_url, bool *stays);
/* By slug. Columns: item's JSON, slug. `after` NULL p: from the start. */
MUST_USE enum pg_err custom_provider_store_list(struct pg *pg, struct uuid organisation,
                                                struct str after, int64_t limit,
                                                struct pg_result **out);
MUST_USE enum pg_err custom_provider_store_get(struct pg *pg, struct uuid organisation,
                                               struct uuid id, struct pg_result **out);
MUST_USE enum pg_err custom_provider_store_patch(struct pg *pg, const struct custom_provider *p);
/* Its models are these from now on: a JSON array of custom_model.h's objects. */
MUST_USE enum pg_err custom_provider_store_models(struct pg *pg, struct uuid organisation,
                                                  struct uuid id, struct str models);
/* With its models and keys. */
MUST_USE enum pg_err custom_provider_store_delete(struct pg *pg, struct uuid organisation,
                                                  struct uuid id);
/* What deleting it would break: one row, a JSON object; none: there is no such provider. */
MUST_USE enum pg_err custom_provider_store_impact(struct pg *pg, struct uuid organisation,
                                                  struct uuid id, struct pg_result **out);

#endif
