/* SQL of the latest failures: those of a project from the index that holds nothing else, those of
 * an organisation from that of whatever did not end well, so that projects are not asked one by
 * one.
 */
#ifndef DOTEB_CONTROL_FAILURE_STORE_H
#define DOTEB_CONTROL_FAILURE_STORE_H

#include "control/store/request_page_store.h"

/* The newest `limit` of the filter's project within its times. Column: item's JSON. */
MUST_USE enum pg_err failure_store_of_project(struct pg *pg, const struct request_filter *f,
                                              int64_t limit, struct pg_result **out);
/* One step of the way through an organisation's, as request_page_list. */
MUST_USE enum pg_err failure_store_walk(struct pg *pg, const struct request_filter *f,
                                        const struct request_stretch *s, struct pg_result **out);

#endif
