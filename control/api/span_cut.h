/* Which part of a period spans can answer (span_store.h), and the making of those. Job threads. */
#ifndef DOTEB_CONTROL_API_SPAN_CUT_H
#define DOTEB_CONTROL_API_SPAN_CUT_H

#include "control/call.h"
#include "control/store/analytics_store.h"
#include "control/store/span_store.h"

/* A period and, in the middle of it, the whole spans (times[first] to times[last]). Of the day that
 * follows and is not over, shorter ones. */
struct span_cut {
    struct analytics_period t;
    size_t first, last;
    struct span_set tail_set;
    const int64_t *tail; /* from times[last] on; in the call's arena */
    size_t tails;        /* of tail, 0 none */
};

/* Starts of the steps of `tz` that hold [from, to), and the end of the last; in the call's arena.
 * False after writing the problem. */
MUST_USE bool span_cut_times(struct call *c, int64_t from_us, int64_t to_us,
                             enum analytics_step step, struct str tz, int64_t **times, size_t *n);
/* The set whose spans are such steps; with the steps of hours it is not used. */
struct span_set span_cut_set(struct uuid organisation, struct str tz, enum analytics_step step);
/* Makes the spans that the cut can use. Transactions of its own. */
MUST_USE enum pg_err span_cut_make(struct call *c, enum analytics_step step, struct span_cut *cut,
                                   struct span_set *set);
/* In the transaction that reads: says in cut->t which part spans have. Were they voided meanwhile,
 * the half-hours have it all. */
MUST_USE enum pg_err span_cut_use(struct call *c, enum analytics_step step, struct span_cut *cut,
                                  const struct span_set *set);

#endif
