/* SQL of the request log: day partitions, and rows in through a staging table. The ledger's writer
 * thread.
 */
#ifndef DOTEB_STORE_REQUEST_STORE_H
#define DOTEB_STORE_REQUEST_STORE_H

#include "common/pg.h"

enum { REQUEST_TAGS_MAX = 20 };

/* One attempt, as the sums of provider keys need it. */
struct request_attempt {
    struct uuid provider_key_id; /* zero: none */
    bool lent;                   /* that is the platform's */
    int64_t provider_id, status; /* status 0: none came */
    int64_t end_us;              /* wall time */
    bool blamed;                 /* that error is the key's: refused, no secret, or no token */
};

/* The columns of requests and request_details. Strings are borrowed UTF-8 without NUL; "" and ids
 * that are 0 become NULL. */
struct request_row {
    struct uuid organisation_id, request_id, project_id, api_key_id, user_id, provider_key_id;
    int64_t created_us; /* its UTC day is the row's day */
    int64_t retention_days;
    int64_t provider_id, model_id, offer_id;
    int64_t requested_model_id, source_id, end_user_id; /* labels */
    int64_t endpoint, status, outcome, finish_reason, n_attempts;
    bool streamed, estimated;
    bool lent; /* the provider key is the platform's */
    int64_t input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens;
    int64_t cost_pico;
    int64_t duration_us, overhead_us;
    int64_t ttft_us; /* -1: NULL */
    struct str error;
    struct str upstream_model, upstream_request_id, client_request_id, session, title, referer,
        user_agent, error_detail;
    uint8_t client_ip[16]; /* zeros: NULL */
    size_t n_tags;
    struct str tag[REQUEST_TAGS_MAX];
    struct str metadata, params;            /* JSON that jsonb takes */
    struct str cost_lines, attempts, steps; /* JSON arrays, never "" */
    const struct request_attempt *tried;    /* n_attempts of them; borrowed */
};

/* Once a connection, before the others: the staging table. */
MUST_USE enum pg_err request_store_prepare(struct pg *pg);
/* Day partitions of all classes for `days` days from the UTC day of `wall_us` on. */
MUST_USE enum pg_err request_store_ensure_days(struct pg *pg, int64_t wall_us, int64_t days);
/* Inside a transaction: adds the rows that are not there yet. `*inserted` (owned by the caller) has
 * the ids of the rows really added in column 0. */
MUST_USE enum pg_err request_store_insert(struct pg *pg, const struct request_row *const *rows,
                                          size_t n, struct pg_result **inserted);

#endif
