/* SQL of spans. Any thread with a connection. */
#include "control/store/span_store.h"

#include "control/store/sql.h"

/* An organisation keeps spans of so many zones and steps; the one longest unused gives way. */
#define SETS_MAX "16"
enum { MADE_AT_ONCE = 10 };

/* spans.shape: those of an older daemon, which lack what this one sums, are made again. */
#define SHAPE "2"

/* $n as microseconds since 1970. */
#define SQL_TIMES(n)                                                                               \
    "(select timestamptz 'epoch' + x * interval '1 microsecond', n from unnest(" n                 \
    "::bigint[]) with ordinality as x(x, n))"

static const struct pg_stmt lock_stmt = {
    "spans.lock", "select pg_advisory_xact_lock(hashtextextended('doteb.spans/' || $1::uuid, 0))"};
static const struct pg_stmt use_stmt = {
    "spans.use", "insert into span_sets as s (organisation_id, zone, step) values ($1, $2, $3) "
                 "on conflict (organisation_id, zone, step) do update set used_at = now() "
                 "where s.used_at < now() - interval '1 hour' returning set_id, true"};
static const struct pg_stmt find_stmt = {
    "spans.find", "select set_id, used_at > now() - interval '1 hour' from span_sets "
                  "where organisation_id = $1 and zone = $2 and step = $3"};
static const struct pg_stmt evict_stmt = {
    "spans.evict",
    "delete from span_sets s where organisation_id = $1 and set_id in (select set_id "
    "from span_sets where organisation_id = $1 order by used_at desc, set_id desc "
    "offset " SETS_MAX ")"};

#define SQL_WANTED                                                                                 \
    "(select f.t as starts_at, e.t as ends_at from " SQL_TIMES("$3") " f(t, n) join " SQL_TIMES(   \
        "$3") " e(t, n) on e.n = f.n + 1)"

static const struct pg_stmt missing_stmt = {
    "spans.missing",
    "select " SQL_US("w.starts_at") ", " SQL_US(
        "w.ends_at") " from " SQL_WANTED
                     " w left join spans s on s.organisation_id = $1 and s.set_id = $2 "
                     "and s.starts_at = w.starts_at and s.ends_at = w.ends_at and s.shape >= " SHAPE
                     " where s.set_id is null order by 1"};

/* A changed rule of the zone leaves spans that overlap those wanted now. */
static const struct pg_stmt clear_stmt = {
    "spans.clear", "delete from spans s using " SQL_WANTED
                   " w where s.organisation_id = $1 and s.set_id = $2 and s.starts_at < w.ends_at "
                   "and s.ends_at > w.starts_at and ((s.starts_at, s.ends_at) <> (w.starts_at, "
                   "w.ends_at) or s.shape < " SHAPE ")"};

#define SQL_KEYS "project_id, api_key_id, user_id, model_id, provider_id"
/* What rollup_spans has of rollup_usage, histograms aside. */
#define SQL_SUM(x) "sum(" #x ")"
#define SQL_SUMMED                                                                                 \
    "requests, ok, client_errors, gateway_errors, upstream_errors, client_gone, interrupted, "     \
    "streamed, input_tokens, cached_tokens, cache_write_tokens, output_tokens, reasoning_tokens, " \
    "cost, duration_us, overhead_us"
/* clang-format off */
#define SQL_LABELS(kind, table)                                                                    \
    "select m.starts_at, " kind " as kind, u.project_id, u.label_id, sum(u.requests) as requests, " \
    "sum(u.errors) as errors, sum(u.input_tokens) as input_tokens, "                               \
    "sum(u.output_tokens) as output_tokens, sum(u.cost) as cost from made m join " table " u "     \
    "on u.organisation_id = $1 and u.grain >= m.starts_at and u.grain < m.ends_at "                \
    "group by m.starts_at, u.project_id, u.label_id "

static const struct pg_stmt make_stmt = {
    "spans.make",
    "with made as (insert into spans (organisation_id, set_id, starts_at, ends_at, shape) "
    "  select $1, $2, w.starts_at, w.ends_at, " SHAPE " from " SQL_WANTED
    "  w where " SQL_US("w.starts_at") " = any($4::bigint[]) "
    "  on conflict do nothing returning starts_at, ends_at), "
    "labels as (insert into rollup_label_spans (organisation_id, set_id, starts_at, kind, project_id, "
    "  label_id, requests, errors, input_tokens, output_tokens, cost) "
    "  select $1, $2, x.* from (" SQL_LABELS("2", "rollup_end_users") "union all "
    SQL_LABELS("3", "rollup_tags") "union all " SQL_LABELS("1", "rollup_sources") ") x order by kind, starts_at), "
    "raw as materialized (select m.starts_at, u.* from made m join rollup_usage u "
    "  on u.organisation_id = $1 and u.grain >= m.starts_at and u.grain < m.ends_at), "
    "sums as (select starts_at, " SQL_KEYS
    ", " SQL_SUM(requests) " as requests" ", " SQL_SUM(ok) " as ok"
    ", " SQL_SUM(client_errors) " as client_errors" ", " SQL_SUM(gateway_errors) " as gateway_errors"
    ", " SQL_SUM(upstream_errors) " as upstream_errors" ", " SQL_SUM(client_gone) " as client_gone"
    ", " SQL_SUM(interrupted) " as interrupted" ", " SQL_SUM(streamed) " as streamed"
    ", " SQL_SUM(input_tokens) " as input_tokens" ", " SQL_SUM(cached_tokens) " as cached_tokens"
    ", " SQL_SUM(cache_write_tokens) " as cache_write_tokens" ", " SQL_SUM(output_tokens) " as output_tokens"
    ", " SQL_SUM(reasoning_tokens) " as reasoning_tokens" ", " SQL_SUM(cost) " as cost"
    ", " SQL_SUM(duration_us) " as duration_us" ", " SQL_SUM(overhead_us) " as overhead_us"
    "  from raw group by starts_at, " SQL_KEYS "), "
    "buckets as (select starts_at, " SQL_KEYS ", h.i, sum(h.d) as d, sum(h.t) as t "
    "  from raw, unnest(duration_hist, ttft_hist) with ordinality as h(d, t, i) "
    "  where h.d > 0 or h.t > 0 group by starts_at, " SQL_KEYS ", h.i), "
    "hists as (select starts_at, " SQL_KEYS ", array_agg(i::smallint order by i) as i, "
    "  array_agg(coalesce(d, 0)::bigint order by i) as d, "
    "  array_agg(coalesce(t, 0)::bigint order by i) as t from buckets group by starts_at, " SQL_KEYS ") "
    "insert into rollup_spans (organisation_id, set_id, starts_at, " SQL_KEYS ", " SQL_SUMMED
    ", hist_bucket, duration_hist, ttft_hist) select $1, $2, starts_at, " SQL_KEYS ", " SQL_SUMMED
    ", coalesce(h.i, '{}'), coalesce(h.d, '{}'), coalesce(h.t, '{}') "
    "from sums left join hists h using (starts_at, " SQL_KEYS ") order by starts_at"};
/* clang-format on */

static const struct pg_stmt whole_stmt = {
    "spans.whole", "select count(*) from " SQL_WANTED " w join spans s on s.organisation_id = $1 "
                   "and s.set_id = $2 and s.starts_at = w.starts_at and s.ends_at = w.ends_at "
                   "and s.shape >= " SHAPE};

/* Microseconds as an array's text. */
static void list_times(struct buf *b, const int64_t *times, size_t n)
{
    (void)buf_add_char(b, '{');
    for (size_t i = 0; i < n; i++) {
        if (i)
            (void)buf_add_char(b, ',');
        (void)buf_add_i64(b, times[i]);
    }
    (void)buf_add_char(b, '}');
}

static enum pg_err read_set(struct pg *pg, const struct pg_stmt *st, struct span_set *set,
                            bool *fresh)
{
    struct pg_result *r = NULL;
    const struct pg_param p[] = {pgp_uuid(set->organisation), pgp_text(set->zone),
                                 pgp_cstr(set->step)};
    enum pg_err e = pg_run(pg, st, p, ARRAY_LEN(p), &r);
    if (e == PG_OK && pg_rows(r) > 0) {
        set->id = pg_i64(r, 0, 0);
        *fresh = pg_bool(r, 0, 1);
    }
    pg_result_free(r);
    return e;
}

/* The set of that zone and step, made if need be, and marked as used (once an hour). */
static enum pg_err use(struct pg *pg, struct span_set *set)
{
    bool fresh = false;
    set->id = 0;
    enum pg_err e = read_set(pg, &find_stmt, set, &fresh);
    if (e == PG_OK && !fresh)
        e = read_set(pg, &use_stmt, set, &fresh);
    if (e == PG_OK && set->id == 0) /* somebody else made it in between */
        e = read_set(pg, &find_stmt, set, &fresh);
    return e;
}

enum pg_err span_store_begin(struct pg *pg)
{
    return pg_exec(pg, "begin isolation level repeatable read read only", NULL);
}

/* Those of $3 whose starts are in $4, in one transaction. */
static enum pg_err make_some(struct pg *pg, const struct span_set *set, struct str wanted,
                             const int64_t *starts, size_t n)
{
    struct buf list;
    buf_init(&list, 1024);
    list_times(&list, starts, n);
    const struct pg_param p[] = {pgp_uuid(set->organisation), pgp_i64(set->id), pgp_text(wanted),
                                 pgp_text(buf_str(&list))};
    enum pg_err e = pg_begin(pg);
    if (e == PG_OK)
        e = pg_run(pg, &lock_stmt, p, 1, NULL);
    if (e == PG_OK)
        e = pg_run(pg, &clear_stmt, p, 3, NULL);
    if (e == PG_OK)
        e = pg_run(pg, &make_stmt, p, 4, NULL);
    if (e == PG_OK)
        e = pg_commit(pg);
    if (e != PG_OK)
        pg_rollback(pg);
    buf_fini(&list);
    return e;
}

/* A day's worth in one statement, so that none takes long. */
static enum pg_err make_all(struct pg *pg, const struct span_set *set, struct str wanted,
                            const struct pg_result *missing)
{
    enum pg_err e = PG_OK;
    size_t rows = pg_rows(missing);
    for (size_t i = 0; i < rows && e == PG_OK;) {
        int64_t starts[MADE_AT_ONCE];
        int64_t first_us = pg_i64(missing, i, 0);
        size_t n = 0;
        while (i < rows && n < MADE_AT_ONCE &&
               (n == 0 || pg_i64(missing, i, 1) - first_us <= INT64_C(86400) * 1000000))
            starts[n++] = pg_i64(missing, i++, 0);
        e = make_some(pg, set, wanted, starts, n);
    }
    return e;
}

enum pg_err span_store_make(struct pg *pg, struct span_set *set, const int64_t *times, size_t n)
{
    struct buf list;
    struct pg_result *missing = NULL;
    enum pg_err e = use(pg, set);
    if (e != PG_OK || n < 2)
        return e;
    buf_init(&list, 64 << 10);
    list_times(&list, times, n);
    const struct pg_param p[] = {pgp_uuid(set->organisation), pgp_i64(set->id),
                                 pgp_text(buf_str(&list))};
    e = pg_run(pg, &missing_stmt, p, ARRAY_LEN(p), &missing);
    if (e == PG_OK && pg_rows(missing) > 0)
        e = pg_run(pg, &evict_stmt, p, 1, NULL);
    if (e == PG_OK)
        e = make_all(pg, set, buf_str(&list), missing);
    pg_result_free(missing);
    buf_fini(&list);
    return e;
}

enum pg_err span_store_whole(struct pg *pg, const struct span_set *set, const int64_t *times,
                             size_t n, bool *whole)
{
    struct buf list;
    struct pg_result *r = NULL;
    *whole = false;
    buf_init(&list, 64 << 10);
    list_times(&list, times, n);
    const struct pg_param p[] = {pgp_uuid(set->organisation), pgp_i64(set->id),
                                 pgp_text(buf_str(&list))};
    enum pg_err e = pg_run(pg, &whole_stmt, p, ARRAY_LEN(p), &r);
    if (e == PG_OK)
        *whole = n >= 1 && pg_i64(r, 0, 0) == (int64_t)n - 1;
    pg_result_free(r);
    buf_fini(&list);
    return e;
}
