/* SQL of the sums: usage by grain, by tag, end user and source; provider keys; running spend. All
 * inside the caller's transaction, in the order of their keys, so that gateways cannot deadlock.
 * The ledger's writer thread.
 */
#ifndef DOTEB_STORE_ROLLUP_STORE_H
#define DOTEB_STORE_ROLLUP_STORE_H

#include "common/pg.h"

enum { HISTOGRAM_BUCKETS = 64, OUTCOMES = 6, LABELS_A_DAY = 1000 };

/* Keys are compared as bytes: made by zeroing the whole struct first. */
struct usage_key {
    struct uuid organisation_id, project_id, api_key_id, user_id;
    int64_t grain_us;
    int32_t model_id, provider_id; /* 0: none */
};

struct usage_sum {
    struct usage_key key;
    int64_t requests;
    int64_t by_outcome[OUTCOMES]; /* requests.outcome */
    int64_t streamed;
    int64_t input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens;
    int64_t cost_pico;
    int64_t duration_us, overhead_us;
    int64_t duration_hist[HISTOGRAM_BUCKETS], ttft_hist[HISTOGRAM_BUCKETS];
};

/* A tag's, an end user's or a source's. */
struct label_key {
    struct uuid organisation_id, project_id;
    int64_t grain_us;
    int64_t label_id;
};

struct label_sum {
    struct label_key key;
    int64_t requests, errors, input_tokens, output_tokens;
    int64_t cost_pico;
};

struct provider_key_key {
    struct uuid organisation_id; /* whose key it is; zero: the operator's */
    struct uuid provider_key_id;
    int64_t grain_us;
};

/* Times are 0 where there was none. */
struct provider_key_sum {
    struct provider_key_key key;
    int64_t provider_id;
    int64_t attempts, ok, refused, rate_limited, failed;
    int64_t cost_pico;
    int64_t last_ok_us, last_refused_us, last_limited_us;
    int64_t last_refused_status; /* 0: none came */
};

struct spend_key {
    struct uuid organisation_id, scope_id;
    int64_t start_us;
    int32_t scope, window; /* spend_windows.scope, .window_kind */
};

struct spend_sum {
    struct spend_key key;
    int64_t requests, tokens;
    int64_t cost_pico;
    int64_t last_us;
};

/* Once a connection, before the others. */
MUST_USE enum pg_err rollup_store_prepare(struct pg *pg);
MUST_USE enum pg_err rollup_store_add_usage(struct pg *pg, const struct usage_sum *s, size_t n);
MUST_USE enum pg_err rollup_store_add_tags(struct pg *pg, const struct label_sum *s, size_t n);
MUST_USE enum pg_err rollup_store_add_end_users(struct pg *pg, const struct label_sum *s, size_t n);
MUST_USE enum pg_err rollup_store_add_sources(struct pg *pg, const struct label_sum *s, size_t n);
MUST_USE enum pg_err rollup_store_add_provider_keys(struct pg *pg, const struct provider_key_sum *s,
                                                    size_t n);
MUST_USE enum pg_err rollup_store_add_spend(struct pg *pg, const struct spend_sum *s, size_t n);

/* What callers can make up any number of: LABELS_A_DAY of an organisation's UTC day have rows of
 * their own. */
enum capped { CAPPED_END_USERS, CAPPED_SOURCES, CAPPED };

/* Keeps other gateways from adding such labels of the organisation's UTC day until the transaction
 * ends, and lists those that have rows of their own in column 0. Take the locks in ascending order
 * of (organisation, day, kind), before anything else. `*labels` is owned by the caller. */
MUST_USE enum pg_err rollup_store_lock_labels(struct pg *pg, struct uuid organisation_id,
                                              int64_t day_us, enum capped kind,
                                              struct pg_result **labels);

#endif
