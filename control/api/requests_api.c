/* /organisations/{org}/requests: the activity list, as pages and as a CSV file, and one request in
 * full. */
#include <sodium.h>

#include "common/clock.h"
#include "control/api/api.h"
#include "control/api/request_walk.h"
#include "control/csv.h"
#include "control/filter.h"
#include "control/page.h"

#define DAY_US (INT64_C(86400) * 1000000)

/* A page may take so many statements, and a file. */
enum { LIST_STEPS = 80, EXPORT_STEPS = 1500, EXPORT_MAX = 20000, EXPORT_BYTES = 64 << 20 };

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

/* Days of details looked into at once: each is a partition for every class of retention. */
enum { DAYS_AT_ONCE = 28, FOUND_MAX = 50 };

static bool add_found(struct call *c, struct str client_id, int64_t from_us, int64_t to_us,
                      struct buf *found, size_t *n)
{
    struct pg_result *r = NULL;
    enum pg_err e = request_store_by_client_id(c->pg, c->org, client_id, from_us, to_us,
                                               FOUND_MAX - (int64_t)*n, &r);
    for (size_t i = 0; e == PG_OK && i < pg_rows(r); i++, ++*n)
        (void)buf_printf(found,
                         "%s{\"id\":\"" STR_FMT "\",\"class\":" STR_FMT ",\"day\":\"" STR_FMT "\"}",
                         *n ? "," : "", STR_ARG(pg_str(r, i, 0)), STR_ARG(pg_str(r, i, 1)),
                         STR_ARG(pg_str(r, i, 2)));
    pg_result_free(r);
    return e == PG_OK || call_failed(c, e);
}

/* Ids that a client gave are looked up first, the newest few within the times: the list is of
 * those. */
static bool take_client_id(struct call *c, struct str client_id, struct request_filter *f)
{
    struct buf found;
    size_t n = 0;
    bool good = true;
    buf_init(&found, 8192);
    (void)buf_add_char(&found, '[');
    for (int64_t to_us = f->to_us; good && n < FOUND_MAX && to_us > f->from_us;) {
        int64_t from_us = to_us - DAYS_AT_ONCE * DAY_US;
        good = add_found(c, client_id, from_us > f->from_us ? from_us : f->from_us, to_us - 1,
                         &found, &n);
        to_us = from_us / DAY_US * DAY_US; /* whose day was looked into */
    }
    (void)buf_add_char(&found, ']');
    f->found = arena_str(c->arena, buf_str(&found));
    buf_fini(&found);
    return good;
}

/* Ends behind the place: rows of its millisecond may still come, unless it lies before them all. */
static int64_t after_us(const struct place *p)
{
    bool before_all = uuid_eq(p->id, request_least_id(p->us));
    return p->us / 1000 * 1000 + (before_all ? 0 : 1000);
}

/* The times that can hold a row, from what the filter says. */
static void narrow(struct request_filter *f)
{
    int64_t latest_us = clock_wall_us() + DAY_US; /* a gateway's clock may be ahead */
    if (f->to_us == 0 || f->to_us > latest_us)
        f->to_us = latest_us;
    if (f->after.given && after_us(&f->after) < f->to_us)
        f->to_us = after_us(&f->after);
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

static bool take_search(struct call *c, const struct search *s, struct request_filter *f)
{
    if (!filter_take(c, f, &s->words) || (s->q.p && !take_prefix(c, s->q, f)))
        return false;
    narrow(f);
    return !s->client_id.p || take_client_id(c, s->client_id, f);
}

/* The rows of a page, and one more if there is. */
struct items {
    struct arena *arena;
    struct str item[PAGE_LIMIT_MAX + 1];
    struct place place[PAGE_LIMIT_MAX + 1];
    size_t n;
};

static void take_item(void *arg, const struct pg_result *r, size_t row)
{
    struct items *list = arg;
    ASSERT(list->n < ARRAY_LEN(list->item));
    list->item[list->n] = arena_str(list->arena, pg_str(r, row, PAGE_CELLS));
    list->place[list->n++] = (struct place){true, pg_i64(r, row, PAGE_AT),
                                            pg_uuid(r, row, PAGE_ID)};
}

void api_requests_list(struct call *c)
{
    struct page page;
    struct search s = {0};
    struct request_filter f;
    page_init(&page);
    filter_init(&f, &s.words, c->org);
    const struct input_row rows[] = {SEARCH_ROWS(&f, &s), PAGE_INPUT(&page)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_place(c, &page, &f.after) ||
        !take_search(c, &s, &f))
        return;
    struct items *list = ARENA_NEW(c->arena, struct items);
    list->arena = c->arena;
    struct request_walk w = {.filter = &f,
                             .read = request_page_list,
                             .limit = page.limit + 1,
                             .steps = LIST_STEPS,
                             .take = take_item,
                             .arg = list};
    enum pg_err e = request_walk(c->pg, &w);
    bool more = list->n > (size_t)page.limit;
    if (e == PG_OK)
        page_write_items(c, list->item, more ? (size_t)page.limit : list->n,
                         more ? &list->place[page.limit - 1] : &w.next);
    else
        (void)call_failed(c, e);
}

static void add_line(void *arg, const struct pg_result *r, size_t row)
{
    struct str cells[REQUEST_COLUMNS];
    for (int i = 0; i < REQUEST_COLUMNS; i++)
        cells[i] = pg_str(r, row, PAGE_CELLS + i);
    csv_row(arg, cells, REQUEST_COLUMNS);
}

static void write_csv(struct call *c, const struct buf *lines)
{
    struct str cells[REQUEST_COLUMNS];
    struct buf *out = call_json(c, 200);
    c->reply.content_type = "text/csv; charset=utf-8";
    c->reply.attachment = "requests.csv";
    for (size_t i = 0; i < REQUEST_COLUMNS; i++)
        cells[i] = str_of(request_columns[i]);
    csv_row(out, cells, REQUEST_COLUMNS);
    (void)buf_add_str(out, buf_str(lines));
}

void api_requests_export(struct call *c)
{
    struct search s = {0};
    struct request_filter f;
    struct buf lines;
    filter_init(&f, &s.words, c->org);
    const struct input_row rows[] = {SEARCH_ROWS(&f, &s)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !take_search(c, &s, &f))
        return;
    buf_init(&lines, EXPORT_BYTES);
    struct request_walk w = {.filter = &f,
                             .read = request_page_export,
                             .limit = EXPORT_MAX + 1,
                             .steps = EXPORT_STEPS,
                             .take = add_line,
                             .arg = &lines};
    enum pg_err e = request_walk(c->pg, &w);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (w.taken > EXPORT_MAX)
        (void)input_refuse(
            c, "from", "there are over %d requests; give a shorter time or a filter.", EXPORT_MAX);
    else if (w.next.given)
        (void)input_refuse(c, "from",
                           "too many requests would have to be looked at; give a shorter time.");
    else
        write_csv(c, &lines);
    buf_fini(&lines);
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
