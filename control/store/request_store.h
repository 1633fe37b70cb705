/* SQL of the request log, read only (the gateways write it). Every function takes the organisation
 * it acts for. Live rows go by the primary key of the partitions of their days, so that no more is
 * looked at. The list and its file: request_page_store.h.
 */
#ifndef DOTEB_CONTROL_REQUEST_STORE_H
#define DOTEB_CONTROL_REQUEST_STORE_H

#include "common/pg.h"
#include "control/store/place.h"

enum request_status { STATUS_OK, STATUS_ERROR, STATUS_2XX, STATUS_4XX, STATUS_5XX, STATUS_ANY };

struct request_filter {
    struct uuid organisation;
    bool by_project, by_api_key;
    struct uuid project, api_key;
    struct str model, provider; /* slugs; NULL p: any */
    struct str end_user;        /* as the client named it; NULL p: any */
    struct str found;           /* only these: [{"id", "class", "day"}], JSON; NULL p: all */
    enum request_status status;
    int outcome;            /* requests.outcome; -1: any */
    int streamed;           /* 0 no, 1 yes; -1: any */
    int64_t min_cost_pico;  /* 0: any */
    int64_t min_us;         /* of the duration; 0: any */
    int64_t from_us, to_us; /* of created_at, [from, to) */
    bool by_id;
    struct uuid id_low, id_high; /* inclusive, where by_id */
    struct place after;
};

/* What a live row is judged by; texts are borrowed from its result. */
struct request_facts {
    struct uuid project, api_key, id;
    struct str model, provider;
    int64_t status, outcome, cost_pico, duration_us;
    bool streamed;
};

/* Columns of an export, and their names. */
enum { REQUEST_COLUMNS = 24 };
extern const char *const request_columns[REQUEST_COLUMNS];

/* The words of requests.outcome, by number. */
#define OUTCOME_WORDS                                                                              \
    "ok", "client_error", "gateway_error", "upstream_error", "client_gone", "interrupted"

/* The least and the greatest id of the millisecond that `us` lies in. */
struct uuid request_least_id(int64_t us);
struct uuid request_greatest_id(int64_t us);
/* The newest `limit` of an organisation that began since `from_us` and are not among `known` (an
 * array of uuids as text), oldest first. Columns: item's JSON, then what request_store_facts reads.
 */
MUST_USE enum pg_err request_store_newest(struct pg *pg, struct uuid organisation, int64_t from_us,
                                          struct str known, int64_t limit, struct pg_result **out);
/* Of a row of request_store_newest. */
struct request_facts request_store_facts(const struct pg_result *r, size_t row);
/* Does the list with this filter (times, search and cursor aside) hold that row? */
bool request_filter_fits(const struct request_filter *f, const struct request_facts *row);
/* The newest `limit` of the days from `from_us` to `to_us` that the client gave this id, by an
 * index of its own: of at most some 30 days at once, since each is a partition or more. Columns:
 * id, retention_days, day. */
MUST_USE enum pg_err request_store_by_client_id(struct pg *pg, struct uuid organisation,
                                                struct str client_id, int64_t from_us,
                                                int64_t to_us, int64_t limit,
                                                struct pg_result **out);
/* One in full, found by its id's day; `id` is a version 7 UUID. Column: its JSON; no row: none. */
MUST_USE enum pg_err request_store_get(struct pg *pg, struct uuid organisation, struct uuid id,
                                       struct pg_result **out);

#endif
