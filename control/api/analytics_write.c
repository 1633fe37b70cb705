/* Analytics: how an answer is written, as JSON and as CSV. */
#include "control/api/analytics.h"
#include "control/csv.h"

static bool is_count(int measure)
{
    return measure < SUM_COST;
}

/* Sums that a split by outcome does not have. */
static bool is_known(const struct analytics_query *q, int measure)
{
    bool split = q->f.group[0] == DIM_OUTCOME || q->f.group[1] == DIM_OUTCOME;
    return !split || measure == SUM_REQUESTS;
}

static void add_text(struct buf *out, struct str s, bool quoted)
{
    if (quoted)
        (void)buf_add_char(out, '"');
    (void)buf_add_str(out, s);
    if (quoted)
        (void)buf_add_char(out, '"');
}

void analytics_value(struct buf *out, const struct analytics_query *q,
                     const struct analytics_cells *cells, size_t row, size_t column, int measure,
                     bool quoted)
{
    size_t cell = row * cells->columns + column;
    const struct str none = quoted ? STR("null") : STR("");
    bool money = measure == SUM_COST || measure == MEASURE_SAVINGS;
    if (!is_known(q, measure)) {
        (void)buf_add_str(out, none);
    } else if (measure >= MEASURE_PERCENTILES) {
        double ms = cells->percentiles[cell][measure - MEASURE_PERCENTILES];
        if (ms < 0)
            (void)buf_add_str(out, none);
        else
            (void)buf_printf(out, "%.3f", ms);
    } else {
        const struct pg_result *r = measure == MEASURE_SAVINGS ? cells->savings : cells->sums;
        uint32_t at = measure == MEASURE_SAVINGS ? cells->saving_row[cell] : cells->sum_row[cell];
        int column_of = measure == MEASURE_SAVINGS ? 2 : 2 + measure;
        if (at && !pg_is_null(r, at - 1, column_of))
            add_text(out, pg_str(r, at - 1, column_of), quoted && money);
        else if (is_count(measure) || money)
            add_text(out, STR("0"), quoted && money);
        else
            (void)buf_add_str(out, none);
    }
}

static void write_totals(struct buf *out, const struct analytics_query *q, const char *name,
                         const struct analytics_cells *cells, size_t row)
{
    const char *comma = "";
    (void)buf_printf(out, ",\"%s\":{", name);
    for (int m = 0; m < MEASURES; m++) {
        if (!(q->measures >> m & 1))
            continue;
        (void)buf_printf(out, "%s\"%s\":", comma, analytics_measures[m]);
        analytics_value(out, q, cells, row, 0, m, true);
        comma = ",";
    }
    (void)buf_add_char(out, '}');
}

static void write_row(struct buf *out, const struct analytics_query *q,
                      const struct analytics_answer *a, size_t row, size_t before_row)
{
    const char *comma = "";
    write_totals(out, q, "totals", &a->now, row);
    if (q->compare)
        write_totals(out, q, "previous", &a->before, before_row);
    else
        (void)buf_add_lit(out, ",\"previous\":null");
    (void)buf_add_lit(out, ",\"points\":{");
    for (int m = 0; m < MEASURES; m++) {
        if (!(q->measures >> m & 1))
            continue;
        (void)buf_printf(out, "%s\"%s\":[", comma, analytics_measures[m]);
        for (size_t b = 1; b <= a->buckets; b++) {
            if (b > 1)
                (void)buf_add_char(out, ',');
            analytics_value(out, q, &a->now, row, b, m, true);
        }
        (void)buf_add_char(out, ']');
        comma = ",";
    }
    (void)buf_add_lit(out, "}}");
}

static void write_words(struct buf *out, const struct pg_result *r, size_t row, int first, int n)
{
    (void)buf_add_char(out, '[');
    for (int i = 0; i < n; i++) {
        if (i)
            (void)buf_add_char(out, ',');
        (void)buf_add_json(out, pg_str(r, row, first + i));
    }
    (void)buf_add_char(out, ']');
}

static int depth_of(const struct analytics_query *q)
{
    return (q->f.group[0] != DIM_NONE) + (q->f.group[1] != DIM_NONE);
}

static void write_head(struct buf *out, const struct analytics_query *q,
                       const struct analytics_answer *a)
{
    (void)buf_add_lit(out, "{\"from\":");
    json_time(out, a->times[0]);
    (void)buf_add_lit(out, ",\"to\":");
    json_time(out, a->times[a->buckets]);
    (void)buf_printf(out, ",\"step\":\"%s\",\"tz\":", analytics_steps[q->step]);
    (void)buf_add_json(out, q->tz);
    (void)buf_add_lit(out, ",\"compared_with\":");
    if (q->compare) {
        (void)buf_add_lit(out, "{\"from\":");
        json_time(out, a->before_from_us);
        (void)buf_add_lit(out, ",\"to\":");
        json_time(out, a->before_to_us);
        (void)buf_add_char(out, '}');
    } else {
        (void)buf_add_lit(out, "null");
    }
    (void)buf_add_lit(out, ",\"group_by\":[");
    for (int i = 0; i < depth_of(q); i++)
        (void)buf_printf(out, "%s\"%s\"", i ? "," : "", analytics_dims[q->f.group[i]]);
    (void)buf_add_lit(out, "],\"times\":[");
    for (size_t i = 0; i < a->buckets; i++) {
        if (i)
            (void)buf_add_char(out, ',');
        json_time(out, a->times[i]);
    }
    (void)buf_add_char(out, ']');
}

void analytics_write_json(struct call *c, const struct analytics_query *q,
                          const struct analytics_answer *a)
{
    struct buf *out = call_json(c, 200);
    write_head(out, q, a);
    (void)buf_add_lit(out, ",\"total\":{\"groups\":");
    (void)buf_add_i64(out, (int64_t)a->n_groups + a->others);
    write_row(out, q, a, a->now.rows - 1, a->before.rows - 1);
    (void)buf_add_lit(out, ",\"groups\":[");
    for (size_t i = 0; i < a->n_groups; i++) {
        if (i)
            (void)buf_add_char(out, ',');
        (void)buf_add_lit(out, "{\"key\":");
        write_words(out, a->groups, i, 2, depth_of(q));
        (void)buf_add_lit(out, ",\"label\":");
        write_words(out, a->groups, i, 4, depth_of(q));
        write_row(out, q, a, i + 1, i + 1);
    }
    (void)buf_add_lit(out, "],\"other\":");
    if (a->others > 0) {
        (void)buf_add_lit(out, "{\"groups\":");
        (void)buf_add_i64(out, a->others);
        write_row(out, q, a, 0, 0);
    } else {
        (void)buf_add_lit(out, "null");
    }
    (void)buf_add_lit(out, "}\n");
}

/* A bucket of a group as a line; groups without requests in it have none. */
static void write_line(struct buf *out, const struct analytics_query *q,
                       const struct analytics_answer *a, size_t row, size_t bucket,
                       const char *word)
{
    if (!a->now.sum_row[row * a->now.columns + bucket])
        return;
    json_time(out, a->times[bucket - 1]);
    for (int i = 0; i < depth_of(q); i++) {
        (void)buf_add_char(out, ',');
        csv_cell(out, word ? str_of(word) : pg_str(a->groups, row - 1, 2 + i));
        (void)buf_add_char(out, ',');
        csv_cell(out, word ? str_of(word) : pg_str(a->groups, row - 1, 4 + i));
    }
    for (int m = 0; m < MEASURES; m++)
        if (q->measures >> m & 1) {
            (void)buf_add_char(out, ',');
            analytics_value(out, q, &a->now, row, bucket, m, false);
        }
    (void)buf_add_lit(out, "\r\n");
}

void analytics_write_csv(struct call *c, const struct analytics_query *q,
                         const struct analytics_answer *a)
{
    struct buf *out = call_json(c, 200);
    c->reply.content_type = "text/csv; charset=utf-8";
    c->reply.attachment = "analytics.csv";
    (void)buf_add_lit(out, "\"time\"");
    for (int i = 0; i < depth_of(q); i++)
        (void)buf_printf(out, ",\"%s\",\"%s name\"", analytics_dims[q->f.group[i]],
                         analytics_dims[q->f.group[i]]);
    for (int m = 0; m < MEASURES; m++)
        if (q->measures >> m & 1)
            (void)buf_printf(out, ",\"%s\"", analytics_measures[m]);
    (void)buf_add_lit(out, "\r\n");
    for (size_t b = 1; b <= a->buckets; b++) {
        for (size_t i = 0; i < a->n_groups; i++)
            write_line(out, q, a, i + 1, b, NULL);
        if (a->others > 0)
            write_line(out, q, a, 0, b, "other");
        if (depth_of(q) == 0)
            write_line(out, q, a, a->now.rows - 1, b, NULL);
    }
}
