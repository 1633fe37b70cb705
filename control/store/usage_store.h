/* SQL of usage, from the rollups only: what spans have of the period, from them. Every function
 * takes the organisation it acts for. */
#ifndef DOTEB_CONTROL_USAGE_STORE_H
#define DOTEB_CONTROL_USAGE_STORE_H

#include "common/pg.h"
#include "control/percentile.h"
#include "control/store/analytics_store.h"

enum usage_step { STEP_30M, STEP_1H, STEP_3H, STEP_1D };
enum usage_group { GROUP_NONE, GROUP_MODEL, GROUP_PROVIDER, GROUP_API_KEY, GROUP_PROJECT };

struct usage_query {
    struct uuid organisation;
    bool by_project;
    struct uuid project;
    int64_t from_us, to_us; /* wall time, [from, to) */
    enum usage_step step;
    struct str tz; /* IANA name */
    enum usage_group group;
    int64_t limit; /* series before "other" */
};

struct usage_bounds {
    int64_t from_us, to_us; /* moved to whole steps */
    int64_t points;
};

/* PG_INVALID: the time zone is not known. */
MUST_USE enum pg_err usage_store_bounds(struct pg *pg, const struct usage_query *q,
                                        struct usage_bounds *out);
/* Bounds must be those of usage_store_bounds, and the period's times for steps of three hours and
 * more those of the same steps. Column: a series' JSON, greatest cost first. */
MUST_USE enum pg_err usage_store_series(struct pg *pg, const struct usage_query *q,
                                        const struct analytics_period *t, struct pg_result **out);

struct usage_totals {
    char counts[512]; /* members of the API's totals as JSON text, without braces */
    int64_t duration[HISTOGRAM_BUCKETS], ttft[HISTOGRAM_BUCKETS];
};

MUST_USE enum pg_err usage_store_totals(struct pg *pg, const struct usage_query *q,
                                        const struct analytics_period *t, struct usage_totals *out);

#endif
