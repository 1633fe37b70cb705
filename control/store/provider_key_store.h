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
    struct str models;             /* provider_key_store_models; NULL p: all */
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
/* One as edits leave it, without what requests do to it (state, traffic): what is noted and
 * compared. One column; no row: there is none. */
MUST_USE enum pg_err provider_key_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                            struct pg_result **out);

/* The same whole, as the list has it: what is answered. */
MUST_USE enum pg_err provider_key_store_show(struct pg *pg, struct uuid organisation,
                                             struct uuid id, struct pg_result **out);

struct provider_key_patch {
    bool set_disabled, disabled;
    struct str label;           /* NULL p: as it is */
    int64_t position;           /* -1: as it is */
    struct str options, models; /* as in a row; NULL p: as they are */
};

/* `*found` false: there is no such key. */
MUST_USE enum pg_err provider_key_store_patch(struct pg *pg, struct uuid organisation,
                                              struct uuid id, const struct provider_key_patch *p,
                                              bool *found);
MUST_USE enum pg_err provider_key_store_delete(struct pg *pg, struct uuid organisation,
                                               struct uuid id);
/* The organisation's keys of a provider in their order: one row, a JSON array. */
MUST_USE enum pg_err provider_key_store_ids(struct pg *pg, struct uuid organisation,
                                            int64_t provider_id, struct pg_result **out);
/* Puts them in the order of `ids`, a JSON array of UUIDs. `*done` false: these are not all of the
 * provider's keys, each once; nothing is changed. */
MUST_USE enum pg_err provider_key_store_order(struct pg *pg, struct uuid organisation,
                                              int64_t provider_id, struct str ids, bool *done);
/* One row of two columns: the ids of those of `slugs` (a JSON array) that the provider offers, as a
 * row's `models`; and the first one that it does not offer, or null. */
MUST_USE enum pg_err provider_key_store_models(struct pg *pg, int64_t provider_id, struct str slugs,
                                               struct pg_result **out);
/* Does the organisation have an enabled key of that provider and label? */
MUST_USE enum pg_err provider_key_store_exists(struct pg *pg, struct uuid organisation,
                                               int64_t provider_id, struct str label, bool *found);

#endif
