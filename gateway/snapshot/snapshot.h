/* The gateway's configuration as of one moment: immutable, counted, shared by all threads.
 *
 * The loader builds and publishes; workers adopt at loop top; each request pins the one it started
 * with. Small configuration (organisations, projects, catalogue, provider keys) is rebuilt whole;
 * API keys are a sealed base plus a small overlay of changes (ARCHITECTURE A6.2).
 */
#ifndef DOTEB_SNAPSHOT_SNAPSHOT_H
#define DOTEB_SNAPSHOT_SNAPSHOT_H

#include "common/apikey.h"
#include "common/crypto.h"
#include "common/defs.h"
#include "common/str.h"
#include "common/uuid.h"
#include "gateway/dialect/dialect.h"
#include "gateway/ir/price.h"

enum signer_kind {
    SIGNER_BEARER, /* the credential is a bearer token */
    SIGNER_HEADER, /* it stands in a header of its own */
    SIGNER_SIGV4,  /* it is a key pair (sign/sigv4_key.h) that signs the request (sign/sigv4.h) */
    SIGNER_GCP,    /* it is a service account, which gets bearer tokens (tokens.h) */
    SIGNER_COUNT
};

struct snap_provider {
    int32_t id;
    struct str slug, name;
    struct str base_url;    /* no trailing slash; may hold {region} {project} {resource} */
    struct str chat_path;   /* begins with a slash; may hold {model} */
    struct str stream_path; /* the same for streams */
    const struct dialect *dialect;
    enum framing_kind framing;
    enum signer_kind signer;       /* the first of its words; see snap_provider_signer */
    uint8_t signers;               /* bit per enum signer_kind that a credential may be for */
    struct str signer_header;      /* SIGNER_HEADER: lower-case name */
    struct str signer_service;     /* SIGNER_SIGV4: what the signature's scope names */
    int64_t max_temperature_milli; /* -1: none of its own */
    uint32_t quirks;               /* bit per enum dialect_quirk */
    int64_t max_stops;             /* stop sequences, 0 unknown */
    bool own;                      /* an organisation's: an address that a tenant gave */
};

struct snap_offer {
    int32_t id;
    const struct snap_provider *provider;
    const struct snap_model *model;
    struct str provider_model, region; /* region "" none */
    int64_t context, max_output;       /* tokens, -1 unknown */
    uint32_t caps;                     /* enum offer_caps (dialect/dialect.h) */
    uint32_t efforts;                  /* bit per enum ir_effort */
    uint32_t lacks;                    /* bit per enum dialect_param that it does not take */
    int64_t max_stops;                 /* stop sequences, 0 unknown */
    int64_t ends_at_us;                /* INT64_MAX: no end */
    const struct price_list *prices;   /* ascending by effective_from; n_prices may be 0 */
    size_t n_prices;
};

struct snap_model {
    int32_t id;
    struct str slug, name, family;
    struct str short_slug; /* the slug; of an organisation's own model, what follows its provider */
    int64_t released_us;   /* 0 unknown */
    const struct snap_offer **offers;
    size_t n_offers;
};

/* A provider key: sealed until first use. Of a keyless provider: id zero and no credential. */
struct snap_credential;
struct snap_provider_key {
    struct uuid id, organisation_id;
    int32_t provider_id;
    int32_t position;
    struct str base_url; /* override, "" none; holes are filled */
    /* options, "" none; each fits (common/provider_option.h) */
    struct str region, project, resource, deployment, api_version;
    const int32_t *models; /* ids of those it may serve; n_models 0: all */
    size_t n_models;
    struct snap_credential *credential; /* NULL: nothing is signed */
};

enum project_mode { MODE_API_KEYS, MODE_CREDITS, MODE_HYBRID };

struct snap_project {
    struct uuid id, organisation_id;
    enum project_mode mode;
    uint16_t retention_days;
    struct str data_key_sealed; /* the organisation's, under the master key */
    bool active;                /* neither it nor its organisation is archived */
    bool suspended;             /* its organisation is, by the operator */
    /* Whose provider keys it uses. The operator's own organisation has its keys for both. */
    bool own_keys, platform_keys;
};

struct key_restrictions;

struct snap_key {
    struct uuid id, organisation_id, project_id, owner_id;
    int64_t expires_at_us; /* INT64_MAX: never */
    bool revoked, disabled;
    const struct key_restrictions *restrictions; /* NULL none; the snapshot's */
};

/* A key pair with which a client signs, sealed until first use; it belongs to an API key. */
struct snap_signing_key {
    struct uuid id, api_key_id;
    struct str access_key_id;
    struct apikey_hash key_hash; /* the API key's */
    struct snap_credential *credential;
};

struct snapshot;

struct snapshot *snapshot_ref(struct snapshot *s);
/* Accepts NULL. May be called from any thread; the carcass is freed by whoever drops it last. */
void snapshot_unref(struct snapshot *s);
uint64_t snapshot_version(const struct snapshot *s);

/* The pepper's keyed hash of `key`, looked up; fills `*out`. False: unknown, or two rows with one
 * hash (imported into two organisations). Says nothing of expiry, `revoked` or the project's state:
 * the caller judges. Wait-free, any thread. */
MUST_USE bool snapshot_find_key(const struct snapshot *s, struct str key, struct snap_key *out);
/* The two halves of it, for callers that remember hashes. */
struct apikey_hash snapshot_hash_key(const struct snapshot *s, struct str key);
MUST_USE bool snapshot_find_hash(const struct snapshot *s, const struct apikey_hash *hash,
                                 struct snap_key *out);
/* By access key id; NULL: there is none. `*key` gets the API key it belongs to, of which as little
 * is said as by snapshot_find_key. */
const struct snap_signing_key *snapshot_signing_key(const struct snapshot *s,
                                                    struct str access_key_id, struct snap_key *key);
/* Its secret in clear, as snapshot_credential. */
const struct secret *snapshot_signing_secret(const struct snap_signing_key *k);
const struct snap_project *snapshot_project(const struct snapshot *s, struct uuid organisation_id,
                                            struct uuid project_id);
/* The catalogue's, by slug or alias. */
const struct snap_model *snapshot_model(const struct snapshot *s, struct str slug);
/* The catalogue's, by slug, or by LiteLLM's spelling ("gemini" = google-ai-studio, ...). */
const struct snap_provider *snapshot_provider(const struct snapshot *s, struct str slug);
/* The same as an organisation sees it: its own first, never another one's. */
const struct snap_model *snapshot_model_for(const struct snapshot *s, struct uuid organisation_id,
                                            struct str slug);
const struct snap_provider *snapshot_provider_for(const struct snapshot *s,
                                                  struct uuid organisation_id, struct str slug);
/* An offer of `p` by model slug, alias or the provider's own model name; any region if `region` is
 * "" (the one without a region first). */
const struct snap_offer *snapshot_offer(const struct snapshot *s, const struct snap_provider *p,
                                        struct str model, struct str region);
const struct snap_model *const *snapshot_models(const struct snapshot *s, size_t *n);
/* The organisation's own, by slug. */
const struct snap_model *const *snapshot_own_models(const struct snapshot *s,
                                                    struct uuid organisation_id, size_t *n);
/* The organisation's usable keys of a provider, by position. */
const struct snap_provider_key *const *snapshot_provider_keys(const struct snapshot *s,
                                                              struct uuid organisation_id,
                                                              int32_t provider_id, size_t *n);
/* The keys with which a project may call a provider, by position: its organisation's, and the
 * platform's that are lent to it. Of an organisation's own provider the platform has none. */
struct snap_keys {
    const struct snap_provider_key *const *own, *const *platform;
    size_t n_own, n_platform;
};
struct snap_keys snapshot_keys(const struct snapshot *s, const struct snap_project *project,
                               const struct snap_provider *p);
/* May the key serve this model? */
bool snap_provider_key_serves(const struct snap_provider_key *k, const struct snap_model *m);
/* The credential in clear, opened at first use (thread-safe), kept in guarded memory, shared with
 * later snapshots while the row is unchanged, wiped with the last. NULL: it cannot be opened, or
 * the key has none. */
const struct secret *snapshot_credential(const struct snapshot *s,
                                         const struct snap_provider_key *k);
/* How a provider is signed for with this credential: its only signer, or of two the one that the
 * credential has the form of. */
enum signer_kind snap_provider_signer(const struct snap_provider *p, struct str credential);
/* The price list in force at a wall time, or NULL. */
const struct price_list *snap_offer_prices(const struct snap_offer *o, int64_t wall_us);
/* Up to `max` names of models near to `name`, best first, of those the organisation sees: the
 * catalogue's and its own; borrowed. Returns how many. */
size_t snapshot_nearest_models(const struct snapshot *s, struct uuid organisation_id,
                               struct str name, struct str *out, size_t max);

#endif
