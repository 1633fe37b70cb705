/* /organisations/{org}/failures: the latest requests that failed. */
#include "common/clock.h"
#include "control/api/api.h"
#include "control/input.h"
#include "control/store/failure_store.h"

#define DAY_US (INT64_C(86400) * 1000000)

enum { LIMIT = 8, LIMIT_MAX = 50 };

/* Most lists fill within the last days: those partitions are tried first, then more of them. */
static enum pg_err list_widening(struct pg *pg, const struct failure_filter *f,
                                 struct pg_result **out)
{
    static const int days[] = {2, 14, 400};
    enum pg_err e = PG_OK;
    for (size_t i = 0; i < ARRAY_LEN(days) && e == PG_OK; i++) {
        struct failure_filter part = *f;
        bool all = f->to_us - days[i] * DAY_US <= f->from_us;
        if (!all)
            part.from_us = f->to_us - days[i] * DAY_US;
        pg_result_free(*out);
        *out = NULL;
        e = failure_store_list(pg, &part, out);
        if (e != PG_OK || all || (int64_t)pg_rows(*out) == f->limit)
            break;
    }
    return e;
}

static void write_items(struct call *c, const struct pg_result *r)
{
    struct buf *out = call_json(c, 200);
    (void)buf_add_lit(out, "{\"items\":[");
    for (size_t i = 0; i < pg_rows(r); i++) {
        if (i)
            (void)buf_add_char(out, ',');
        (void)buf_add_str(out, pg_str(r, i, 0));
    }
    (void)buf_add_lit(out, "]}\n");
}

void api_failures_list(struct call *c)
{
    struct pg_result *r = NULL;
    struct failure_filter f = {.organisation = c->org, .limit = LIMIT};
    const struct input_row rows[] = {
        {.name = "from", .kind = INPUT_TIME, .to = &f.from_us},
        {.name = "to", .kind = INPUT_TIME, .to = &f.to_us},
        {.name = "project", .kind = INPUT_UUID, .to = &f.project, .given = &f.by_project},
        {.name = "limit", .kind = INPUT_INT, .min = 1, .max = LIMIT_MAX, .to = &f.limit},
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)))
        return;
    int64_t latest_us = clock_wall_us() + DAY_US; /* a gateway's clock may be ahead */
    if (f.to_us == 0 || f.to_us > latest_us)
        f.to_us = latest_us;
    if (f.from_us < f.to_us - 400 * DAY_US) /* older partitions are gone */
        f.from_us = f.to_us - 400 * DAY_US;
    enum pg_err e = list_widening(c->pg, &f, &r);
    if (e == PG_OK)
        write_items(c, r);
    else
        (void)call_failed(c, e);
    pg_result_free(r);
}
