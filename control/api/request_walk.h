/* A walk through the request log, newest first, in statements that each read a bounded number of
 * rows. Where the rollups can tell in which half-hours a row may fit, only those are walked
 * through. What fits seldom may take more statements than one call is given: then the walk says
 * where to go on. Job threads.
 */
#ifndef DOTEB_CONTROL_API_REQUEST_WALK_H
#define DOTEB_CONTROL_API_REQUEST_WALK_H

#include "control/store/request_page_store.h"

/* A row that fits. */
typedef void request_take_fn(void *arg, const struct pg_result *r, size_t row);
/* request_page_list or request_page_export. */
typedef enum pg_err request_read_fn(struct pg *pg, const struct request_filter *f,
                                    const struct request_stretch *s, struct pg_result **out);

struct request_walk {
    const struct request_filter *filter; /* with its times */
    request_read_fn *read;
    request_take_fn *take;
    void *arg;
    int64_t limit;     /* of rows to take */
    int steps;         /* statements left */
    int64_t taken;     /* out: rows */
    struct place next; /* out: given if not all was walked through, and fewer than `limit` taken */
};

MUST_USE enum pg_err request_walk(struct pg *pg, struct request_walk *w);

#endif
