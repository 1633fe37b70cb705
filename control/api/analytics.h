/* What the two analytics routes share: the question, and the answer as cells of groups and buckets.
 */
#ifndef DOTEB_CONTROL_API_ANALYTICS_H
#define DOTEB_CONTROL_API_ANALYTICS_H

#include "control/call.h"
#include "control/percentile.h"
#include "control/store/analytics_store.h"

/* Measures: sums by their number, then those that take a statement of their own. */
enum {
    MEASURE_SAVINGS = SUMS,
    MEASURE_PERCENTILES, /* the first of six */
    PERCENTILES = 6,
    MEASURES = MEASURE_PERCENTILES + PERCENTILES,
};
extern const char *const analytics_measures[MEASURES + 1];

enum { ANALYTICS_GROUPS_MAX = 200 };

struct analytics_query {
    struct analytics_filter f;
    struct str tz;
    enum analytics_step step;
    enum analytics_sum sort;
    int64_t limit;
    uint32_t measures; /* bits */
    bool compare;
    int64_t from_us, to_us; /* as asked; `to` is at most now */
};

/* Of one period. Rows are groups 1..groups, row 0 the others, the last row all together; columns
 * are buckets from 1, column 0 the whole period. */
struct analytics_cells {
    size_t rows, columns;
    struct pg_result *sums, *savings;   /* NULL: not asked for */
    uint32_t *sum_row, *saving_row;     /* row of the result + 1; 0: none */
    double (*percentiles)[PERCENTILES]; /* milliseconds, -1: none; NULL: not asked for */
};

struct analytics_answer {
    int64_t *times; /* of the period asked for: buckets + 1 */
    size_t buckets;
    int64_t before_from_us, before_to_us;
    struct pg_result *groups; /* analytics_store_groups; NULL: not grouped */
    size_t n_groups;
    int64_t others; /* groups beyond them */
    struct analytics_cells now, before;
};

/* Appends one measure of one cell as JSON; the decimal text of money in quotes. */
void analytics_value(struct buf *out, const struct analytics_query *q,
                     const struct analytics_cells *cells, size_t row, size_t column, int measure,
                     bool quoted);
void analytics_write_json(struct call *c, const struct analytics_query *q,
                          const struct analytics_answer *a);
void analytics_write_csv(struct call *c, const struct analytics_query *q,
                         const struct analytics_answer *a);

/* Reads the question's answer; analytics_answer_free in any case. False after writing the problem.
 */
MUST_USE bool analytics_read(struct call *c, struct analytics_query *q, struct analytics_answer *a);
void analytics_answer_free(struct analytics_answer *a);

extern const char *const analytics_steps[];
extern const char *const analytics_dims[];

#endif
