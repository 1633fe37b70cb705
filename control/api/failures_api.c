/* /organisations/{org}/failures: the latest requests that failed. */
#include "common/clock.h"
#include "control/api/api.h"
#include "control/api/request_walk.h"
#include "control/input.h"
#include "control/store/failure_store.h"

#define DAY_US (INT64_C(86400) * 1000000)

enum { LIMIT = 8, LIMIT_MAX = 50, STEPS = 40 };

struct failures {
    struct buf *out;
    int64_t n;
};

static void add_item(struct failures *list, struct str item)
{
    if (list->n++ > 0)
        (void)buf_add_char(list->out, ',');
    (void)buf_add_str(list->out, item);
}

static void take_item(void *arg, const struct pg_result *r, size_t row)
{
    add_item(arg, pg_str(r, row, PAGE_CELLS));
}

static enum pg_err list_all(struct pg *pg, const struct request_filter *f, int64_t limit,
                            struct failures *list)
{
    struct request_walk w = {.filter = f,
                             .read = failure_store_walk,
                             .limit = limit,
                             .steps = STEPS,
                             .take = take_item,
                             .arg = list};
    return request_walk(pg, &w);
}

/* Most lists fill within the last days: those partitions are tried first, then more of them. */
static enum pg_err list_project(struct pg *pg, const struct request_filter *f, int64_t limit,
                                struct failures *list)
{
    static const int days[] = {2, 14, 400};
    struct pg_result *r = NULL;
    enum pg_err e = PG_OK;
    for (size_t i = 0; i < ARRAY_LEN(days) && e == PG_OK; i++) {
        struct request_filter part = *f;
        bool all = f->to_us - days[i] * DAY_US <= f->from_us;
        if (!all)
            part.from_us = f->to_us - days[i] * DAY_US;
        pg_result_free(r);
        r = NULL;
        e = failure_store_of_project(pg, &part, limit, &r);
        if (e != PG_OK || all || (int64_t)pg_rows(r) == limit)
            break;
    }
    for (size_t i = 0; e == PG_OK && i < pg_rows(r); i++)
        add_item(list, pg_str(r, i, 0));
    pg_result_free(r);
    return e;
}

void api_failures_list(struct call *c)
{
    int64_t limit = LIMIT;
    struct request_filter f = {
        .organisation = c->org, .status = STATUS_ERROR, .outcome = -1, .streamed = -1};
    const struct input_row rows[] = {
        {.name = "from", .kind = INPUT_TIME, .to = &f.from_us},
        {.name = "to", .kind = INPUT_TIME, .to = &f.to_us},
        {.name = "project", .kind = INPUT_UUID, .to = &f.project, .given = &f.by_project},
        {.name = "limit", .kind = INPUT_INT, .min = 1, .max = LIMIT_MAX, .to = &limit},
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)))
        return;
    int64_t latest_us = clock_wall_us() + DAY_US; /* a gateway's clock may be ahead */
    if (f.to_us == 0 || f.to_us > latest_us)
        f.to_us = latest_us;
    if (f.from_us < f.to_us - 400 * DAY_US) /* older partitions are gone */
        f.from_us = f.to_us - 400 * DAY_US;
    struct failures list = {.out = call_json(c, 200)};
    (void)buf_add_lit(list.out, "{\"items\":[");
    enum pg_err e = (f.by_project ? list_project : list_all)(c->pg, &f, limit, &list);
    if (e == PG_OK)
        (void)buf_add_lit(list.out, "]}\n");
    else
        (void)call_failed(c, e);
}
