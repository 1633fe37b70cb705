/* SQL of analytics by tag, by end user and by source, which have rollups of their own: requests,
 * failures, tokens and cost by project. A request counts once for each of its tags, one without
 * tags not at all, and so with the others; end users and sources beyond the first of a day
 * (LABELS_A_DAY of the gateway) are one, whose key is empty. Columns are as those of
 * analytics_store.h; sums that are not kept are null.
 */
#ifndef DOTEB_CONTROL_LABEL_USAGE_STORE_H
#define DOTEB_CONTROL_LABEL_USAGE_STORE_H

#include "control/store/analytics_store.h"

/* DIM_TAG, DIM_END_USER or DIM_SOURCE if the question is about those, else DIM_NONE. The functions
 * below are for the former alone, and for no other group or filter than projects. */
enum analytics_dim label_usage_dim(const struct analytics_filter *f);

/* `sort`: requests, errors, input or output tokens, cost. */
MUST_USE enum pg_err label_usage_store_groups(struct pg *pg, const struct analytics_filter *f,
                                              const struct analytics_period *t,
                                              enum analytics_sum sort, int64_t limit,
                                              struct pg_result **out);
MUST_USE enum pg_err label_usage_store_cells(struct pg *pg, const struct analytics_filter *f,
                                             const struct analytics_period *t,
                                             const struct analytics_keys *keys,
                                             struct pg_result **out);

#endif
