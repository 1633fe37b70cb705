/* SQL of the request log, read only (the gateways write it). Every function takes the organisation
 * it acts for. The list goes by the index (organisation, project, time) and bounds the day, so that
 * only partitions of those days are looked at.
 */
#ifndef DOTEB_CONTROL_REQUEST_STORE_H
#define DOTEB_CONTROL_REQUEST_STORE_H

#include "common/pg.h"

enum request_status { STATUS_OK, STATUS_ERROR, STATUS_2XX, STATUS_4XX, STATUS_5XX, STATUS_ANY };

struct request_filter {
    struct uuid organisation;
    bool by_project, by_api_key;
    struct uuid project, api_key;
    struct str model, provider; /* slugs; NULL p: any */
    enum request_status status;
    int outcome;            /* requests.outcome; -1: any */
    int64_t from_us, to_us; /* of created_at, [from, to) */
    bool by_id;
    struct uuid id_low, id_high; /* inclusive, where by_id */
    bool after;                  /* go on after this one, in the order of the list */
    int64_t after_us;
    struct uuid after_id;
    int64_t limit;
};

/* The words of requests.outcome, by number. */
#define OUTCOME_WORDS                                                                              \
    "ok", "client_error", "gateway_error", "upstream_error", "client_gone", "interrupted"

/* Newest first. Columns: item's JSON, created_at in us, id. */
MUST_USE enum pg_err request_store_list(struct pg *pg, const struct request_filter *f,
                                        struct pg_result **out);
/* One in full, found by its id's day; `id` is a version 7 UUID. Column: its JSON; no row: none. */
MUST_USE enum pg_err request_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                       struct pg_result **out);

#endif
