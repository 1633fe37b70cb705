/* SQL of analytics by tag, by end user and by source. Any thread with a connection. */
#include "control/store/label_usage_store.h"

#include "control/store/sql.h"

/* labels.kind */
#define KIND_SOURCE   "1"
#define KIND_END_USER "2"
#define KIND_TAG      "3"

/* clang-format off */
#define SQL_BOUNDS                                                                                 \
    "(select array_agg(timestamptz 'epoch' + x * interval '1 microsecond' order by x) "            \
    "from unnest($2::bigint[]) x)"
#define SQL_COLUMNS "project_id, label_id, requests, errors, input_tokens, output_tokens, cost"
#define SQL_FILTERS(kind)                                                                          \
    "and ($8::uuid is null or project_id = $8) and ($9::text is null or label_id = "               \
    "(select l.label_id from labels l where l.organisation_id = $1 and l.kind = " kind             \
    " and l.value = $9)) "
#define SQL_SPANS(kind, nth, from, to)                                                             \
    "select width_bucket(starts_at, " SQL_BOUNDS ") as b, " SQL_COLUMNS                            \
    " from rollup_label_spans where organisation_id = $1 and set_id = ($3::bigint[])" nth          \
    " and starts_at >= " from " and starts_at < " to " and kind = " kind " " SQL_FILTERS(kind)
#define SQL_ROWS(table, kind)                                                                      \
    "(select width_bucket(grain, " SQL_BOUNDS ") as b, " SQL_COLUMNS " from " table                \
    " where organisation_id = $1 and grain >= $6 and grain < $7 " SQL_FILTERS(kind)                \
    "union all " SQL_SPANS(kind, "[1]", "$4", "$5") "union all " SQL_SPANS(kind, "[2]", "$5", "$6") ") u "
#define SQL_KEY(p)                                                                                 \
    "case " p " when 'none' then '' when 'project' then project_id::text else label_id::text end"

/* Names are read for the groups that are answered alone. */
#define SQL_NAME(p, k)                                                                             \
    "left join lateral (select l.value as key, l.value as name from labels l "                     \
    "where " p " not in ('none', 'project') and l.organisation_id = $1 "                           \
    "and l.label_id = case when " p " not in ('none', 'project') then " k "::bigint end "          \
    "union all select " k ", j.name from projects j where " p " = 'project' "                      \
    "and j.organisation_id = $1 "                                                                  \
    "and j.project_id = case when " p " = 'project' then " k "::uuid end) "
#define SQL_OR(x, p, k, none) "coalesce(" x ", case when " p " = 'project' then " k " else " none " end)"
#define SQL_GROUPS(table, kind, others)                                                                    \
    "select k1, k2, " SQL_OR("a.key", "$10", "k1", "''") ", " SQL_OR("c.key", "$11", "k2", "''") ", " \
    SQL_OR("a.name", "$10", "k1", others) ", "                                         \
    SQL_OR("c.name", "$11", "k2", others) ", y.n from (select k1, k2, count(*) over () as n, "         \
    "  row_number() over (order by case $12 when 'requests' then requests "                        \
    "    when 'errors' then errors when 'input_tokens' then input when 'output_tokens' then output " \
    "    else cost end desc, requests desc, k1, k2) as place "                                     \
    "  from (select " SQL_KEY("$10") " as k1, " SQL_KEY("$11") " as k2, sum(requests) as requests, " \
    "    sum(errors) as errors, sum(input_tokens) as input, sum(output_tokens) as output, "        \
    "    sum(cost) as cost from " SQL_ROWS(table, kind) "group by 1, 2) x) y "                     \
    SQL_NAME("$10", "k1") "a on true " SQL_NAME("$11", "k2") "c on true "                          \
    "where place <= $13 order by place"
#define SQL_CELLS(table, kind)                                                                     \
    "select case grouping(n) when 1 then -1 else n end, case grouping(b) when 1 then 0 else b end, " \
    "sum(requests)::bigint, sum(requests - errors)::bigint, sum(errors)::bigint, "                 \
    "null, null, null, null, null, null, sum(input_tokens)::bigint, null, null, "                  \
    "sum(output_tokens)::bigint, null, " SQL_MONEY("sum(cost)") ", null "                          \
    "from (select coalesce(g.n, 0) as n, u.* from " SQL_ROWS(table, kind)                          \
    "left join unnest($12::text[], $13::text[]) with ordinality as g(k1, k2, n) "                  \
    "on g.k1 = " SQL_KEY("$10") " and g.k2 = " SQL_KEY("$11") ") c "                               \
    "group by grouping sets ((n, b), (n), (b), ())"

/* Of everything else together there are no tags. */
static const struct {
    struct pg_stmt groups, cells;
} stmts[] = {
    [DIM_TAG] = {{"label_usage.tag_groups", SQL_GROUPS("rollup_tags", KIND_TAG, "''")},
                 {"label_usage.tag_cells", SQL_CELLS("rollup_tags", KIND_TAG)}},
    [DIM_END_USER] = {{"label_usage.end_user_groups",
                       SQL_GROUPS("rollup_end_users", KIND_END_USER, "'Everybody else'")},
                      {"label_usage.end_user_cells", SQL_CELLS("rollup_end_users", KIND_END_USER)}},
    [DIM_SOURCE] = {{"label_usage.source_groups",
                     SQL_GROUPS("rollup_sources", KIND_SOURCE, "'All other sources'")},
                    {"label_usage.source_cells", SQL_CELLS("rollup_sources", KIND_SOURCE)}},
};
/* clang-format on */
static_assert(SUMS == 16, "SQL_CELLS has a column for each sum");

static const char *const dims[] = {ANALYTICS_DIM_WORDS};
enum { PARAMS = 13 };

static bool about(const struct analytics_filter *f, enum analytics_dim dim)
{
    return f->group[0] == dim || f->group[1] == dim;
}

static struct str value_of(const struct analytics_filter *f, enum analytics_dim dim)
{
    return dim == DIM_TAG ? f->tag : dim == DIM_END_USER ? f->end_user : f->source;
}

enum analytics_dim label_usage_dim(const struct analytics_filter *f)
{
    for (enum analytics_dim dim = DIM_TAG; dim <= DIM_SOURCE; dim++)
        if (value_of(f, dim).p || about(f, dim))
            return dim;
    return DIM_NONE;
}

/* Fills $1 to $11, runs, with $12 and $13 as given. */
static enum pg_err run(struct pg *pg, const struct pg_stmt *st, const struct analytics_filter *f,
                       const struct analytics_period *t, struct pg_param p12, struct pg_param p13,
                       struct pg_result **out)
{
    struct str value = value_of(f, label_usage_dim(f));
    struct buf times;
    struct pg_param p[PARAMS];
    const struct pg_param rest[] = {
        value.p ? pgp_text(value) : pgp_null(),
        pgp_cstr(dims[f->group[0]]),
        pgp_cstr(dims[f->group[1]]),
        p12,
        p13,
    };
    static_assert(ANALYTICS_COMMON + ARRAY_LEN(rest) == PARAMS, "a value for each");
    buf_init(&times, ANALYTICS_TIMES_MAX);
    analytics_common(f, t, &times, p);
    memcpy(p + ANALYTICS_COMMON, rest, sizeof rest);
    enum pg_err e = pg_run(pg, st, p, PARAMS, out);
    buf_fini(&times);
    return e;
}

enum pg_err label_usage_store_groups(struct pg *pg, const struct analytics_filter *f,
                                     const struct analytics_period *t, enum analytics_sum sort,
                                     int64_t limit, struct pg_result **out)
{
    static const char *const words[SUMS] = {
        [SUM_REQUESTS] = "requests",
        [SUM_ERRORS] = "errors",
        [SUM_INPUT_TOKENS] = "input_tokens",
        [SUM_OUTPUT_TOKENS] = "output_tokens",
        [SUM_COST] = "cost",
    };
    ASSERT(words[sort]);
    return run(pg, &stmts[label_usage_dim(f)].groups, f, t, pgp_cstr(words[sort]), pgp_i64(limit),
               out);
}

enum pg_err label_usage_store_cells(struct pg *pg, const struct analytics_filter *f,
                                    const struct analytics_period *t,
                                    const struct analytics_keys *keys, struct pg_result **out)
{
    return run(pg, &stmts[label_usage_dim(f)].cells, f, t, pgp_text(keys->first),
               pgp_text(keys->second), out);
}
