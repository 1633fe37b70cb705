/* /organisations/{org}/analytics and its export: the question. What it may cost is bounded here. */
#include "control/api/analytics.h"

#include "common/clock.h"
#include "control/api/api.h"
#include "control/input.h"
#include "control/store/label_usage_store.h"

#define HOUR_US (INT64_C(3600) * 1000000)
#define DAY_US  (24 * HOUR_US)

enum { GROUPS = 8, CELLS_MAX = 30000 };

const char *const analytics_steps[] = {ANALYTICS_STEP_WORDS, NULL};
const char *const analytics_dims[] = {ANALYTICS_DIM_WORDS, NULL};
const char *const analytics_measures[MEASURES + 1] = {
    "requests",       "ok",
    "errors",         "client_errors",
    "gateway_errors", "upstream_errors",
    "client_gone",    "interrupted",
    "streamed",       "input_tokens",
    "cached_tokens",  "cache_write_tokens",
    "output_tokens",  "reasoning_tokens",
    "cost",           "throughput",
    "cache_savings",  "p50_ms",
    "p95_ms",         "p99_ms",
    "ttft_p50_ms",    "ttft_p95_ms",
    "ttft_p99_ms",    NULL,
};

/* How long a range each step may have, so that no answer reads more than it must: steps of hours
 * are read from the half-hours themselves, longer ones from spans. */
static const struct {
    int64_t step_us, range_us;
    const char *range;
} limits[] = {
    [ASTEP_30M] = {HOUR_US / 2, 3 * DAY_US, "3 days"},
    [ASTEP_1H] = {HOUR_US, 8 * DAY_US, "8 days"},
    [ASTEP_3H] = {3 * HOUR_US, 32 * DAY_US, "32 days"},
    [ASTEP_1D] = {DAY_US, 400 * DAY_US, "400 days"},
};

static int word_of(struct str s, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (str_eq(s, str_of(words[i])))
            return i;
    return -1;
}

static bool take_measures(struct call *c, struct analytics_query *q, struct str list)
{
    while (list.len) {
        struct str word = str_cut(&list, ',');
        int m = word_of(word, analytics_measures);
        if (m < 0)
            return input_refuse(c, "measures", "there is no measure \"%.*s\".", STR_ARG(word));
        q->measures |= 1u << m;
    }
    return true;
}

static bool take_groups(struct call *c, struct analytics_query *q, struct str list)
{
    for (int i = 0; list.len; i++) {
        struct str word = str_cut(&list, ',');
        int dim = word_of(word, analytics_dims);
        if (dim < 0)
            return input_refuse(c, "group_by", "there is no group \"%.*s\".", STR_ARG(word));
        if (i == 2 || (i == 1 && (dim == DIM_NONE || q->f.group[0] == DIM_NONE ||
                                  (enum analytics_dim)dim == q->f.group[0])))
            return input_refuse(c, "group_by", "give one or two different groups.");
        q->f.group[i] = (enum analytics_dim)dim;
    }
    return true;
}

static bool by_outcome(const struct analytics_query *q)
{
    return q->f.group[0] == DIM_OUTCOME || q->f.group[1] == DIM_OUTCOME;
}

/* Tags, end users and sources are counted by project, in sums, and by nothing else. */
static bool check_labels(struct call *c, const struct analytics_query *q)
{
    const uint32_t kept = 1u << SUM_REQUESTS | 1u << SUM_OK | 1u << SUM_ERRORS |
                          1u << SUM_INPUT_TOKENS | 1u << SUM_OUTPUT_TOKENS | 1u << SUM_COST;
    enum analytics_dim label = label_usage_dim(&q->f);
    if (label == DIM_NONE)
        return true;
    const char *what = label == DIM_TAG ? "tag" : label == DIM_END_USER ? "end user" : "source";
    const struct {
        const char *field;
        bool given;
    } others[] = {
        {"api_key", q->f.by_api_key},
        {"user", q->f.by_user},
        {"model", q->f.model.p},
        {"provider", q->f.provider.p},
        {"end_user", label != DIM_END_USER && q->f.end_user.p},
        {"source", label != DIM_SOURCE && q->f.source.p},
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (others[i].given)
            return input_refuse(c, others[i].field,
                                "what is counted by %s can be limited to a project alone.", what);
    for (int i = 0; i < 2; i++) {
        enum analytics_dim dim = q->f.group[i];
        if (dim != DIM_NONE && dim != DIM_PROJECT && dim != label)
            return input_refuse(c, "group_by",
                                "what is counted by %s can be grouped by project "
                                "and %s alone.",
                                what, what);
    }
    for (int m = 0; m < MEASURES; m++)
        if ((q->measures & ~kept) >> m & 1)
            return input_refuse(c, "measures", "%s is not counted by %s.", analytics_measures[m],
                                what);
    return q->sort != SUM_CACHED_TOKENS ||
           input_refuse(c, "sort", "cached_tokens is not counted by %s.", what);
}

/* "UTC" or "Area/Place": PostgreSQL would take POSIX rules and abbreviations too. */
static bool is_zone(struct str s)
{
    if (str_eq(s, STR("UTC")))
        return true;
    for (size_t i = 0; i < s.len; i++) {
        char b = s.p[i];
        bool word = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');
        if (!word && (b == '\0' || !strchr("_+-/", b)))
            return false;
    }
    return str_find(s, '/') > 0;
}

static bool take_times(struct call *c, struct analytics_query *q, int step)
{
    int64_t now_us = clock_wall_us();
    if (!is_zone(q->tz))
        return input_refuse(c, "tz", "give an IANA time zone as Europe/Vienna.");
    if (q->to_us == 0 || q->to_us > now_us)
        q->to_us = now_us;
    if (q->from_us == 0)
        q->from_us = q->to_us - DAY_US;
    if (q->from_us >= q->to_us || q->from_us < 0)
        return input_refuse(c, "from", "it must be before `to`, and not in the future.");
    int64_t range_us = q->to_us - q->from_us;
    q->step = step >= 0                  ? (enum analytics_step)step
              : range_us <= 30 * HOUR_US ? ASTEP_30M
              : range_us <= 15 * DAY_US  ? ASTEP_3H
                                         : ASTEP_1D;
    if (range_us > limits[ASTEP_1D].range_us)
        return input_refuse(c, "from", "at most 400 days at once.");
    if (range_us > limits[q->step].range_us)
        return input_refuse(c, "step", "steps of %s are for at most %s; give a longer one.",
                            analytics_steps[q->step], limits[q->step].range);
    int64_t cells = (range_us / limits[q->step].step_us + 3) * (q->limit + 2);
    return cells <= CELLS_MAX ||
           input_refuse(c, "limit",
                        "that would be %lld points, over %d; give fewer groups or a "
                        "longer step.",
                        (long long)cells, CELLS_MAX);
}

static bool read_query(struct call *c, struct analytics_query *q)
{
    int step = -1, compare = 0, sort = SUM_COST;
    static const char *const compares[] = {"none", "previous", NULL};
    static const char *const sorts[] = {"cost",          "requests",      "errors", "input_tokens",
                                        "output_tokens", "cached_tokens", NULL};
    static const enum analytics_sum sums[] = {
        SUM_COST, SUM_REQUESTS, SUM_ERRORS, SUM_INPUT_TOKENS, SUM_OUTPUT_TOKENS, SUM_CACHED_TOKENS};
    struct str group_by = STR(""), measures = {0};
    bool sort_given = false;
    const struct input_row rows[] = {
        {.name = "from", .kind = INPUT_TIME, .to = &q->from_us},
        {.name = "to", .kind = INPUT_TIME, .to = &q->to_us},
        {.name = "step", .kind = INPUT_WORD, .words = analytics_steps, .to = &step},
        {.name = "tz", .kind = INPUT_TEXT, .min = 1, .max = 64, .to = &q->tz},
        {.name = "group_by", .kind = INPUT_TEXT, .max = 64, .to = &group_by},
        {.name = "measures", .kind = INPUT_TEXT, .min = 1, .max = 400, .to = &measures},
        {.name = "sort", .kind = INPUT_WORD, .words = sorts, .to = &sort, .given = &sort_given},
        {.name = "limit",
         .kind = INPUT_INT,
         .min = 1,
         .max = ANALYTICS_GROUPS_MAX,
         .to = &q->limit},
        {.name = "compare", .kind = INPUT_WORD, .words = compares, .to = &compare},
        {.name = "project", .kind = INPUT_UUID, .to = &q->f.project, .given = &q->f.by_project},
        {.name = "api_key", .kind = INPUT_UUID, .to = &q->f.api_key, .given = &q->f.by_api_key},
        {.name = "user", .kind = INPUT_UUID, .to = &q->f.user, .given = &q->f.by_user},
        {.name = "model", .kind = INPUT_TEXT, .min = 1, .max = 256, .to = &q->f.model},
        {.name = "provider", .kind = INPUT_TEXT, .min = 1, .max = 63, .to = &q->f.provider},
        {.name = "tag", .kind = INPUT_TEXT, .min = 1, .max = 256, .to = &q->f.tag},
        {.name = "end_user", .kind = INPUT_TEXT, .min = 1, .max = 256, .to = &q->f.end_user},
        {.name = "source", .kind = INPUT_TEXT, .min = 1, .max = 256, .to = &q->f.source},
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !take_groups(c, q, group_by))
        return false;
    if (!measures.p)
        measures = label_usage_dim(&q->f) == DIM_NONE
                       ? STR("requests,ok,errors,input_tokens,cached_tokens,output_tokens,cost")
                       : STR("requests,ok,errors,input_tokens,output_tokens,cost");
    if (!take_measures(c, q, measures) || !take_times(c, q, step))
        return false;
    q->compare = compare == 1;
    q->sort = sort_given ? sums[sort] : by_outcome(q) ? SUM_REQUESTS : SUM_COST;
    if (by_outcome(q) && q->sort != SUM_REQUESTS)
        return input_refuse(c, "sort", "outcomes have requests alone.");
    return check_labels(c, q);
}

static void answer(struct call *c, void (*write)(struct call *, const struct analytics_query *,
                                                 const struct analytics_answer *))
{
    struct analytics_query q = {.f = {.organisation = c->org}, .tz = STR("UTC"), .limit = GROUPS};
    struct analytics_answer a = {0};
    if (read_query(c, &q) && analytics_read(c, &q, &a))
        write(c, &q, &a);
    analytics_answer_free(&a);
}

void api_analytics_get(struct call *c)
{
    answer(c, analytics_write_json);
}

void api_analytics_export(struct call *c)
{
    answer(c, analytics_write_csv);
}
