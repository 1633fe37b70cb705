/* SQL of looking through the request log: stretches of it, newest first, each statement bounded in
 * what it reads. Every function takes the organisation it acts for.
 */
#ifndef DOTEB_CONTROL_REQUEST_PAGE_STORE_H
#define DOTEB_CONTROL_REQUEST_PAGE_STORE_H

#include "control/store/request_store.h"

/* The index that leads to the rows. All but the last two are in the order of ids, which is that of
 * time to the millisecond; those of one millisecond go by id. */
enum request_route {
    ROUTE_ALL,      /* everything: the primary key, a UTC day at a time */
    ROUTE_KEY,      /* of one API key */
    ROUTE_NOT_OK,   /* whatever did not end well */
    ROUTE_END_USER, /* of one end user */
    ROUTE_PROJECT,  /* of one project, in the order of time and id */
    ROUTE_FOUND,    /* those of request_filter.found, by their whole key */
};

enum request_route request_page_route(const struct request_filter *f);
/* Do the rollups tell in which half-hours a row may fit? */
bool request_page_guided(const struct request_filter *f);

/* One step of the way: rows of [from, to), at most `looked` of them; no more than `limit` that fit.
 * With ROUTE_ALL the stretch lies within a UTC day. */
struct request_stretch {
    int64_t from_us, to_us;
    int64_t looked, limit;
};

/* The ids that rows of [from_us, *to_us) can have which come after the filter's place; *to_us is
 * lowered to that place's millisecond. */
void request_page_bounds(const struct request_filter *f, int64_t from_us, int64_t *to_us,
                         struct uuid *low, struct uuid *high);

/* Columns of both: does the row fit; is it the last one that was to be looked at (it comes in any
 * case); created_at in us; id; then the item's JSON, or the cells of request_columns. */
enum { PAGE_FITS, PAGE_LAST, PAGE_AT, PAGE_ID, PAGE_CELLS };
MUST_USE enum pg_err request_page_list(struct pg *pg, const struct request_filter *f,
                                       const struct request_stretch *s, struct pg_result **out);
MUST_USE enum pg_err request_page_export(struct pg *pg, const struct request_filter *f,
                                         const struct request_stretch *s, struct pg_result **out);
/* The half-hours within [from, to), at most a day, that may hold a row that fits, newest first,
 * from the rollups: column 0, their starts in us. */
MUST_USE enum pg_err request_page_guide(struct pg *pg, const struct request_filter *f,
                                        int64_t from_us, int64_t to_us, struct pg_result **out);
/* The organisation's newest half-hour with requests that began before `before_us`: its start, or
 * -1. */
MUST_USE enum pg_err request_page_newest_before(struct pg *pg, struct uuid organisation,
                                                int64_t before_us, int64_t *grain_us);

#endif
