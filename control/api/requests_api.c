/* /organisations/{org}/requests: the activity list, as pages and as a CSV file, and one request in
 * full. */
#include <sodium.h>

#include "common/clock.h"
#include "control/api/api.h"
#include "control/csv.h"
#include "control/filter.h"
#include "control/page.h"

#define DAY_US (INT64_C(86400) * 1000000)

enum { EXPORT_MAX = 20000 };

/* What only looking back can be asked for. */
struct search {
    struct filter_words words;
    struct str q, client_id;
};

#define SEARCH_ROWS(f, s)                                                                          \
    FILTER_ROWS(f, &(s)->words), {.name = "from", .kind = INPUT_TIME, .to = &(f)->from_us},        \
        {.name = "to", .kind = INPUT_TIME, .to = &(f)->to_us},                                     \
        {.name = "q", .kind = INPUT_TEXT, .min = 8, .max = 36, .to = &(s)->q},                     \
        {.name = "end_user", .kind = INPUT_TEXT, .min = 1, .max = 256, .to = &(f)->end_user},      \
    {                                                                                              \
        .name = "client_request_id", .kind = INPUT_TEXT, .min = 1, .max = 256,                     \
        .to = &(s)->client_id                                                                      \
    }

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

/* Ids that a client gave are looked up first: few, and then the list needs only their times. */
static bool take_client_id(struct call *c, struct str client_id, struct request_filter *f)
{
    struct buf ids;
    struct pg_result *r = NULL;
    enum pg_err e = request_store_by_client_id(c->pg, c->org, client_id, &r);
    if (e != PG_OK)
        return call_failed(c, e);
    buf_init(&ids, 4096);
    (void)buf_add_char(&ids, '{');
    for (size_t i = 0; i < pg_rows(r); i++) {
        int64_t at_us = pg_i64(r, i, 1);
        (void)buf_printf(&ids, "%s" STR_FMT, i ? "," : "", STR_ARG(pg_str(r, i, 0)));
        if (i == 0 && (f->to_us == 0 || at_us + 1 < f->to_us))
            f->to_us = at_us + 1;
        if (i + 1 == pg_rows(r) && at_us > f->from_us)
            f->from_us = at_us;
    }
    (void)buf_add_char(&ids, '}');
    f->ids = arena_str(c->arena, buf_str(&ids));
    buf_fini(&ids);
    pg_result_free(r);
    return true;
}

static bool take_search(struct call *c, const struct search *s, struct request_filter *f)
{
    return filter_take(c, f, &s->words) && (!s->q.p || take_prefix(c, s->q, f)) &&
           (!s->client_id.p || take_client_id(c, s->client_id, f));
}

/* The times that can hold a row, from what the filter says. */
static void narrow(struct request_filter *f)
{
    int64_t latest_us = clock_wall_us() + DAY_US; /* a gateway's clock may be ahead */
    if (f->to_us == 0 || f->to_us > latest_us)
        f->to_us = latest_us;
    if (f->after.given && f->after.us + 1 < f->to_us)
        f->to_us = f->after.us + 1;
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
    struct search s = {0};
    struct request_filter f;
    struct pg_result *r = NULL;
    page_init(&page);
    filter_init(&f, &s.words, c->org);
    const struct input_row rows[] = {SEARCH_ROWS(&f, &s), PAGE_INPUT(&page)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_place(c, &page, &f.after) ||
        !take_search(c, &s, &f))
        return;
    f.limit = page.limit + 1;
    narrow(&f);
    enum pg_err e = list_widening(c->pg, &f, &r);
    page_answer(c, &page, e, r, 2);
}

static void write_csv(struct call *c, const struct pg_result *r)
{
    struct str cells[REQUEST_COLUMNS];
    struct buf *out = call_json(c, 200);
    c->reply.content_type = "text/csv; charset=utf-8";
    c->reply.attachment = "requests.csv";
    for (size_t i = 0; i < REQUEST_COLUMNS; i++)
        cells[i] = str_of(request_columns[i]);
    csv_row(out, cells, REQUEST_COLUMNS);
    for (size_t row = 0; row < pg_rows(r); row++) {
        for (int i = 0; i < REQUEST_COLUMNS; i++)
            cells[i] = pg_str(r, row, i);
        csv_row(out, cells, REQUEST_COLUMNS);
    }
}

void api_requests_export(struct call *c)
{
    struct search s = {0};
    struct request_filter f;
    struct pg_result *r = NULL;
    filter_init(&f, &s.words, c->org);
    const struct input_row rows[] = {SEARCH_ROWS(&f, &s)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !take_search(c, &s, &f))
        return;
    f.limit = EXPORT_MAX + 1;
    narrow(&f);
    enum pg_err e = request_store_export(c->pg, &f, &r);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (pg_rows(r) > EXPORT_MAX)
        (void)input_refuse(
            c, "from", "there are over %d requests; give a shorter time or a filter.", EXPORT_MAX);
    else
        write_csv(c, r);
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
