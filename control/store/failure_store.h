/* SQL of the latest failures, from the index that holds nothing else. */
#ifndef DOTEB_CONTROL_FAILURE_STORE_H
#define DOTEB_CONTROL_FAILURE_STORE_H

#include "common/pg.h"

struct failure_filter {
    struct uuid organisation;
    bool by_project;
    struct uuid project;
    int64_t from_us, to_us; /* [from, to) */
    int64_t limit;
};

/* Newest first. Column: item's JSON. */
MUST_USE enum pg_err failure_store_list(struct pg *pg, const struct failure_filter *f,
                                        struct pg_result **out);

#endif
