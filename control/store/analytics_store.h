/* SQL of analytics, from the rollups only: what is over from spans (span_store.h), the rest from
 * rollup_usage. Every function takes the organisation it acts for. What a statement reads grows
 * with the keys, models and providers in use and with the length of the range, never with the
 * requests.
 */
#ifndef DOTEB_CONTROL_ANALYTICS_STORE_H
#define DOTEB_CONTROL_ANALYTICS_STORE_H

#include "common/pg.h"

enum analytics_step { ASTEP_30M, ASTEP_1H, ASTEP_3H, ASTEP_1D };
enum analytics_dim {
    DIM_NONE,
    DIM_MODEL,
    DIM_PROVIDER,
    DIM_API_KEY,
    DIM_PROJECT,
    DIM_USER,
    DIM_OUTCOME, /* splits the number of requests; other sums are not kept by outcome */
    DIM_TAG,     /* these three are counted apart: label_usage_store.h */
    DIM_END_USER,
    DIM_SOURCE,
};
/* The words of a query string, by number. */
#define ANALYTICS_STEP_WORDS "30m", "1h", "3h", "1d"
#define ANALYTICS_DIM_WORDS                                                                        \
    "none", "model", "provider", "api_key", "project", "user", "outcome", "tag", "end_user",       \
        "source"

/* Columns of a cell after its group and bucket. */
enum analytics_sum {
    SUM_REQUESTS,
    SUM_OK,
    SUM_ERRORS,
    SUM_CLIENT_ERRORS,
    SUM_GATEWAY_ERRORS,
    SUM_UPSTREAM_ERRORS,
    SUM_CLIENT_GONE,
    SUM_INTERRUPTED,
    SUM_STREAMED,
    SUM_INPUT_TOKENS,
    SUM_CACHED_TOKENS,
    SUM_CACHE_WRITE_TOKENS,
    SUM_OUTPUT_TOKENS,
    SUM_REASONING_TOKENS,
    SUM_COST,       /* decimal text */
    SUM_THROUGHPUT, /* output tokens a second, decimal text; null without */
    SUMS,
};

struct analytics_filter {
    struct uuid organisation;
    bool by_project, by_api_key, by_user;
    struct uuid project, api_key, user;
    struct str model, provider;       /* slugs, "none" for what reached none; NULL p: any */
    struct str tag, end_user, source; /* NULL p: any */
    enum analytics_dim group[2];
};

/* A stretch of time, cut into buckets [times[i], times[i + 1]). Spans have what lies in
 * [span_from, span_to), rollup_usage has [raw_from, raw_to). What lies between them, if the raw
 * comes after a gap, shorter spans have: of the day that is not over. Together they are the whole.
 */
struct analytics_period {
    const int64_t *times;
    size_t n;              /* of times: buckets + 1 */
    int64_t set, tail_set; /* of span_store.h */
    int64_t span_from_us, span_to_us, raw_from_us, raw_to_us;
};

/* What each statement begins with, $1 to $8: organisation, times, the two sets of spans, the two
 * stretches, project. `times` is the caller's, empty, with room for ANALYTICS_TIMES_MAX; the values
 * borrow it.
 */
enum { ANALYTICS_COMMON = 8, ANALYTICS_TIMES_MAX = 64 << 10 };
void analytics_common(const struct analytics_filter *f, const struct analytics_period *t,
                      struct buf *times, struct pg_param p[ANALYTICS_COMMON]);

/* The groups that have rows of their own, as text arrays for PostgreSQL. */
struct analytics_keys {
    struct str first, second;
};

/* Starts of the steps of `tz` that hold [from, to), and the end of the last: column 0,
 * microseconds. PG_INVALID: the time zone is not known. */
MUST_USE enum pg_err analytics_store_bounds(struct pg *pg, int64_t from_us, int64_t to_us,
                                            enum analytics_step step, struct str tz,
                                            struct pg_result **out);
/* The `limit` groups with most of `sort`, an enum analytics_sum. Columns: first and second key as
 * analytics_keys takes them, the same as the API writes them, first and second label, how many
 * groups there are. */
MUST_USE enum pg_err analytics_store_groups(struct pg *pg, const struct analytics_filter *f,
                                            const struct analytics_period *t,
                                            enum analytics_sum sort, int64_t limit,
                                            struct pg_result **out);
/* Columns: group (from 1 as in `keys`, 0: all others, -1: all together), bucket (from 1, 0: all),
 * then those of enum analytics_sum. Cells without requests are left out. */
MUST_USE enum pg_err analytics_store_cells(struct pg *pg, const struct analytics_filter *f,
                                           const struct analytics_period *t,
                                           const struct analytics_keys *keys,
                                           struct pg_result **out);
/* Columns: group, bucket, histogram bucket from 1, counts of durations, of times to first token. */
MUST_USE enum pg_err analytics_store_histograms(struct pg *pg, const struct analytics_filter *f,
                                                const struct analytics_period *t,
                                                const struct analytics_keys *keys,
                                                struct pg_result **out);
/* Columns: group, bucket, what caching saved at the offers' prices of now, decimal text. */
MUST_USE enum pg_err analytics_store_savings(struct pg *pg, const struct analytics_filter *f,
                                             const struct analytics_period *t,
                                             const struct analytics_keys *keys,
                                             struct pg_result **out);

#endif
