/* The rows that make up the configuration, read whole in one transaction (loader thread only).
 *
 * Rows are handed over as they stand: judging them is the snapshot builder's. Strings lie in the
 * arena of struct config_rows.
 */
#ifndef DOTEB_STORE_CONFIG_STORE_H
#define DOTEB_STORE_CONFIG_STORE_H

#include "common/arena.h"
#include "common/pg.h"

struct organisation_row {
    struct uuid id;
    int64_t retention_days;
    bool archived, suspended;
    bool is_operator; /* its provider keys are the platform's */
    bool lent;        /* it may use those */
    struct str data_key_sealed;
};

struct project_row {
    struct uuid organisation_id, id;
    struct str mode;
    bool archived;
};

/* Whose own a row is; not set: the catalogue's, for everybody. */
struct owner {
    struct uuid organisation_id;
    bool is_set;
};

struct provider_row {
    int64_t id;
    struct owner owner;
    bool keyless; /* an organisation's own that has no provider key, whatever its state */
    struct str slug, name, base_url, dialect, framing, signer, chat_path;
    int64_t max_temperature_milli; /* -1: none of its own */
    struct str quirks;             /* words separated by commas; numbers as "word:4" */
};

struct model_row {
    int64_t id;
    struct owner owner;
    struct str slug, name, family;
    int64_t released_us; /* 0 unknown */
};

struct alias_row {
    struct str alias;
    int64_t model_id;
};

struct offer_row {
    int64_t id, provider_id, model_id;
    struct str region, provider_model;
    int64_t context, max_output;                /* -1 unknown */
    struct str capabilities, reasoning_efforts; /* separated by commas */
    struct str supported_parameters;            /* the same; "" not stated */
    int64_t ends_at_us;                         /* INT64_MAX: no end */
};

/* By offer, then time. */
struct price_row {
    int64_t offer_id;
    int64_t effective_from_us;
    struct str prices; /* JSON */
};

/* By organisation, provider, position, id. */
struct provider_key_row {
    struct uuid organisation_id, id;
    int64_t provider_id, position;
    struct str sealed;
    struct str base_url; /* "" none */
    struct str options;  /* JSON */
    struct str models;   /* ids with commas between them; "" all */
};

/* Of API keys that are not revoked; by organisation, id. */
struct signing_key_row {
    struct uuid organisation_id, id, api_key_id;
    struct str access_key_id, sealed;
    struct str key_hash; /* the API key's */
};

struct config_rows {
    struct arena *arena;      /* owned; holds everything below */
    struct str pepper_sealed; /* "" while control has not made the instance */
    struct organisation_row *organisations;
    struct project_row *projects;
    struct provider_row *providers;
    struct model_row *models;
    struct alias_row *aliases;
    struct offer_row *offers;
    struct price_row *prices;
    struct provider_key_row *provider_keys;
    struct signing_key_row *signing_keys;
    size_t n_organisations, n_projects, n_providers, n_models, n_aliases, n_offers, n_prices,
        n_provider_keys, n_signing_keys;
};

/* Reads all enabled rows, organisations' own providers and models among the catalogue's, in one
 * repeatable-read transaction. Models that answer with no text and
 * prices that stopped holding over 400 days ago are left out. `*seen` gets the transaction's
 * snapshot (xmalloc'ed text, owned by the caller) for config_store_look. On failure nothing is
 * left in `*out`. */
MUST_USE enum pg_err config_store_read(struct pg *pg, struct config_rows *out, char **seen);
void config_rows_fini(struct config_rows *rows);

/* What another transaction committed since two snapshots. `now` is owned by the caller. */
struct config_look {
    char *now; /* the snapshot of this look */
    bool config, keys;
};
MUST_USE enum pg_err config_store_look(struct pg *pg, const char *config_seen,
                                       const char *keys_seen, struct config_look *out);
/* Subscribes to the channels of both change feeds, and has statements planned for the snapshots
 * they are given: only those tell how few rows are new. */
MUST_USE enum pg_err config_store_listen(struct pg *pg);
/* Names the server process, its address and the database itself: another one may have other (older)
 * rows. `*out` is owned by the caller. */
MUST_USE enum pg_err config_store_server(struct pg *pg, char **out);
/* The server's wall clock. */
MUST_USE enum pg_err config_store_now(struct pg *pg, int64_t *wall_us);

#endif
