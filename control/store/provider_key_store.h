/* SQL of provider keys. Every function takes the organisation it acts for; none reads a sealed
 * secret back.
 */
#ifndef DOTEB_CONTROL_PROVIDER_KEY_STORE_H
#define DOTEB_CONTROL_PROVIDER_KEY_STORE_H

#include "common/pg.h"

struct provider_key_row {
    struct uuid organisation, id;
    int64_t provider_id;
    struct str label, sealed;
    const char *last4;
    struct str base_url;           /* NULL p: none */
    struct str options;            /* JSON text */
    const struct uuid *created_by; /* NULL: unknown */
};

/* Goes behind the organisation's other keys of that provider. */
MUST_USE enum pg_err provider_key_store_add(struct pg *pg, const struct provider_key_row *k);

struct provider_key_filter {
    struct uuid organisation;
    struct str after_provider; /* NULL p: from the start */
    int64_t after_position;
    struct uuid after_id;
    int64_t limit;
};

/* By provider, position, id. Columns: item's JSON, provider's slug, "position/id". */
MUST_USE enum pg_err provider_key_store_list(struct pg *pg, const struct provider_key_filter *f,
                                             struct pg_result **out);
/* One, in the same columns; no row: there is none. */
MUST_USE enum pg_err provider_key_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                            struct pg_result **out);

struct provider_key_patch {
    bool set_disabled, disabled;
    struct str label; /* NULL p: as it is */
    int64_t position; /* -1: as it is */
};

/* `*found` false: there is no such key. */
MUST_USE enum pg_err provider_key_store_patch(struct pg *pg, struct uuid organisation,
                                              struct uuid id, const struct provider_key_patch *p,
                                              bool *found);
/* Does the organisation have an enabled key of that provider and label? */
MUST_USE enum pg_err provider_key_store_exists(struct pg *pg, struct uuid organisation,
                                               int64_t provider_id, struct str label, bool *found);

#endif
