/* SQL of spans: sums of rollup_usage over whole local days or three hours of one time zone, made
 * when first asked for (migrations/0010_analytics.sql). Every function takes the organisation it
 * acts for.
 */
#ifndef DOTEB_CONTROL_SPAN_STORE_H
#define DOTEB_CONTROL_SPAN_STORE_H

#include "common/pg.h"

/* Ends of steps that are over for so long that what is written later is rare and voids the span. */
#define SPAN_CLOSED_US (INT64_C(5400) * 1000000)

struct span_set {
    struct uuid organisation;
    struct str zone;  /* IANA name that PostgreSQL knows */
    const char *step; /* "3h" or "1d" */
    int64_t id;       /* of span_store_make */
};

/* Makes the spans [times[i], times[i + 1]) that are not there, each at most a day and some hours.
 * Spans that the zone's rules no longer give are dropped. Transactions of its own. */
MUST_USE enum pg_err span_store_make(struct pg *pg, struct span_set *set, const int64_t *times,
                                     size_t n);
/* A transaction whose statements all see the same moment. It ends with pg_rollback. */
MUST_USE enum pg_err span_store_begin(struct pg *pg);
/* Are all of them there? Asked in the transaction that reads them: they may be voided at any time.
 */
MUST_USE enum pg_err span_store_whole(struct pg *pg, const struct span_set *set,
                                      const int64_t *times, size_t n, bool *whole);

#endif
