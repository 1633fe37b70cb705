/* /organisations/{org}/requests: the activity list and one request in full. */
#include <sodium.h>

#include "common/clock.h"
#include "control/api/api.h"
#include "control/page.h"
#include "control/store/request_store.h"

#define DAY_US (INT64_C(86400) * 1000000)

static const char *const status_words[] = {"ok", "error", "2xx", "4xx", "5xx", NULL};
static const char *const outcome_words[] = {OUTCOME_WORDS, NULL};

/* A beginning of a version 7 id gives its time, to 2^16 ms at worst: the list needs no look at
 * other days. */
static bool take_prefix(struct call *c, struct str q, struct request_filter *f)
{
    char low[32], high[32];
    size_t n = 0;
    for (size_t i = 0; i < q.len; i++) {
        char ch = q.p[i];
        bool hex = (ch >= '0' && ch <= '9') || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'f');
        if (ch == '-')
            continue;
        if (!hex || n == 32)
            return input_refuse(c, "q", "give a request id or at least its first 8 digits.");
        low[n] = high[n] = ch;
        n++;
    }
    if (n < 8)
        return input_refuse(c, "q", "give a request id or at least its first 8 digits.");
    for (; n < 32; n++) {
        low[n] = '0';
        high[n] = 'f';
    }
    f->by_id = true;
    return sodium_hex2bin(f->id_low.b, 16, low, 32, NULL, NULL, NULL) == 0 &&
           sodium_hex2bin(f->id_high.b, 16, high, 32, NULL, NULL, NULL) == 0;
}

static bool open_cursor(struct call *c, struct page *page, struct request_filter *f)
{
    if (!page_open(c, page, 2))
        return false;
    f->after = page->after;
    return !page->after ||
           (str_to_i64(page->key[0], &f->after_us) && uuid_parse(page->key[1], &f->after_id)) ||
           page_bad_cursor(c);
}

static bool read_filter(struct call *c, struct page *page, struct request_filter *f)
{
    int status = STATUS_ANY;
    struct str q = STR_NULL;
    const struct input_row rows[] = {
        {.name = "project", .kind = INPUT_UUID, .to = &f->project, .given = &f->by_project},
        {.name = "from", .kind = INPUT_TIME, .to = &f->from_us},
        {.name = "to", .kind = INPUT_TIME, .to = &f->to_us},
        {.name = "api_key", .kind = INPUT_UUID, .to = &f->api_key, .given = &f->by_api_key},
        {.name = "model", .kind = INPUT_TEXT, .max = 256, .to = &f->model},
        {.name = "provider", .kind = INPUT_TEXT, .max = 63, .to = &f->provider},
        {.name = "status", .kind = INPUT_WORD, .words = status_words, .to = &status},
        {.name = "outcome", .kind = INPUT_WORD, .words = outcome_words, .to = &f->outcome},
        {.name = "q", .kind = INPUT_TEXT, .min = 8, .max = 36, .to = &q},
        PAGE_INPUT(page),
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !open_cursor(c, page, f) ||
        (q.p && !take_prefix(c, q, f)))
        return false;
    f->status = (enum request_status)status;
    f->limit = page->limit + 1;
    return true;
}

/* The times that can hold a row, from what the filter says. */
static void narrow(struct request_filter *f)
{
    int64_t latest_us = clock_wall_us() + DAY_US; /* a gateway's clock may be ahead */
    if (f->to_us == 0 || f->to_us > latest_us)
        f->to_us = latest_us;
    if (f->after && f->after_us + 1 < f->to_us)
        f->to_us = f->after_us + 1;
    if (f->by_id) {
        int64_t low_us = uuid_v7_ms(f->id_low) * 1000, high_us = uuid_v7_ms(f->id_high) * 1000;
        if (low_us > f->from_us)
            f->from_us = low_us;
        if (high_us + 1000 < f->to_us)
            f->to_us = high_us + 1000;
    }
    int64_t oldest_us = latest_us - 370 * DAY_US; /* older partitions are gone */
    if (f->from_us < oldest_us)
        f->from_us = oldest_us;
}

/* Most pages lie within the last days: those partitions are tried first, then more of them. */
static enum pg_err list_widening(struct pg *pg, const struct request_filter *f,
                                 struct pg_result **out)
{
    static const int days[] = {2, 14, 100, 400};
    enum pg_err e = PG_OK;
    for (size_t i = 0; i < ARRAY_LEN(days) && e == PG_OK; i++) {
        struct request_filter part = *f;
        bool all = f->to_us - days[i] * DAY_US <= f->from_us;
        if (!all)
            part.from_us = f->to_us - days[i] * DAY_US;
        pg_result_free(*out);
        *out = NULL;
        e = request_store_list(pg, &part, out);
        if (e != PG_OK || all || (int64_t)pg_rows(*out) == f->limit)
            break;
    }
    return e;
}

void api_requests_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct request_filter f = {.organisation = c->org, .outcome = -1};
    page_init(&page);
    if (!read_filter(c, &page, &f))
        return;
    narrow(&f);
    enum pg_err e = list_widening(c->pg, &f, &r);
    if (e == PG_OK)
        page_write(c, &page, r, 2);
    else
        (void)call_failed(c, e);
    pg_result_free(r);
}

void api_requests_get(struct call *c)
{
    struct pg_result *r = NULL;
    if (!input_query(c, NULL, 0))
        return;
    /* Times beyond what PostgreSQL can hold are no request's. */
    enum pg_err e = uuid_v7_ms(c->id) < INT64_C(253402300800000)
                        ? request_store_get(c->pg, c->org, c->id, &r)
                        : PG_OK;
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (!r || pg_rows(r) == 0)
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such request.");
    else
        (void)buf_add_str(call_json(c, 200), pg_str(r, 0, 0));
    pg_result_free(r);
}
