/* SQL of API keys. Every function takes the organisation it acts for. */
#ifndef DOTEB_CONTROL_API_KEY_STORE_H
#define DOTEB_CONTROL_API_KEY_STORE_H

#include "common/apikey.h"
#include "common/pg.h"
#include "control/store/place.h"

/* Lists as JSON; NULL p: not given. */
struct api_key_restrictions {
    struct str models, providers, ip_ranges;
};

struct api_key_new {
    struct uuid id, organisation, project, owner;
    struct str name;
    struct apikey_hash hash;
    const char *last4;
    bool set_expires;   /* else it and what `restrictions` leaves out are the project's defaults */
    int64_t expires_us; /* wall time; 0: never */
    struct api_key_restrictions restrictions;
};

/* PG_MISSING: no such project, or it is archived. */
MUST_USE enum pg_err api_key_store_add(struct pg *pg, const struct api_key_new *k);

enum api_key_status { API_KEY_ACTIVE, API_KEY_REVOKED, API_KEY_ALL };

struct api_key_filter {
    struct uuid organisation, project;
    enum api_key_status status;
    struct place after;
    int64_t limit;
};

/* Newest first. Columns: the item's JSON, created_at in us, id. */
MUST_USE enum pg_err api_key_store_list(struct pg *pg, const struct api_key_filter *f,
                                        struct pg_result **out);
/* One, in the same columns; no row if there is none. */
MUST_USE enum pg_err api_key_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                       struct pg_result **out);
/* Whose is it? `*found` false: no such key in the project. */
MUST_USE enum pg_err api_key_store_owner(struct pg *pg, struct uuid organisation,
                                         struct uuid project, struct uuid id, struct uuid *owner,
                                         bool *found);
struct api_key_patch {
    struct str name; /* NULL p: as it is */
    bool set_disabled, disabled;
    bool set_expires;
    int64_t expires_us; /* wall time; 0: never */
    struct api_key_restrictions restrictions;
};

/* `*done` false: it is revoked, and stays as it is. */
MUST_USE enum pg_err api_key_store_patch(struct pg *pg, struct uuid organisation, struct uuid id,
                                         const struct api_key_patch *patch, bool *done);

struct api_key_rotation {
    struct apikey_hash hash;
    const char *last4;
    int64_t grace_hours; /* for which the secret that it had works on */
};

/* A new secret; one before the last ends at once. `*done` false: it is revoked or expired. */
MUST_USE enum pg_err api_key_store_rotate(struct pg *pg, struct uuid organisation, struct uuid id,
                                          const struct api_key_rotation *n, bool *done);
/* `*changed` false: it was revoked before, and stays as it is. */
MUST_USE enum pg_err api_key_store_revoke(struct pg *pg, struct uuid organisation, struct uuid id,
                                          bool *changed);

#endif
