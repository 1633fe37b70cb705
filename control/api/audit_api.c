/* /organisations/{org}/audit: who changed what, as pages and as a CSV file. */
#include "control/api/api.h"
#include "control/csv.h"
#include "control/page.h"
#include "control/store/audit_store.h"

enum { EXPORT_MAX = 20000 };

struct audit_query {
    struct audit_filter f;
    struct uuid actor, target, project;
    bool by_actor, by_target, by_project;
};

static bool take_filter(struct call *c, struct audit_query *q)
{
    struct str action = q->f.action;
    for (size_t i = 0; i < action.len; i++)
        if ((action.p[i] < 'a' || action.p[i] > 'z') && action.p[i] != '_' && action.p[i] != '.')
            return input_refuse(c, "action", "give an action as api_key.create, or api_key alone.");
    q->f.organisation = c->org;
    q->f.actor = q->by_actor ? &q->actor : NULL;
    q->f.target = q->by_target ? &q->target : NULL;
    q->f.project = q->by_project ? &q->project : NULL;
    return true;
}

#define FILTER_INPUT(q)                                                                            \
    {.name = "action", .kind = INPUT_TEXT, .min = 1, .max = 63, .to = &(q)->f.action},             \
        {.name = "actor", .kind = INPUT_UUID, .to = &(q)->actor, .given = &(q)->by_actor},         \
        {.name = "target", .kind = INPUT_UUID, .to = &(q)->target, .given = &(q)->by_target},      \
        {.name = "project", .kind = INPUT_UUID, .to = &(q)->project, .given = &(q)->by_project},   \
        {.name = "from", .kind = INPUT_TIME, .to = &(q)->f.from_us},                               \
    {                                                                                              \
        .name = "to", .kind = INPUT_TIME, .to = &(q)->f.to_us                                      \
    }

void api_audit_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct audit_query q = {0};
    page_init(&page);
    const struct input_row rows[] = {FILTER_INPUT(&q), PAGE_INPUT(&page)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !take_filter(c, &q) ||
        !page_place(c, &page, &q.f.after))
        return;
    q.f.limit = page.limit + 1;
    enum pg_err e = audit_store_list(c->pg, &q.f, &r);
    page_answer(c, &page, e, r, 2);
}

static void write_csv(struct call *c, const struct pg_result *r)
{
    struct str cells[AUDIT_COLUMNS];
    struct buf *out = call_json(c, 200);
    c->reply.content_type = "text/csv; charset=utf-8";
    c->reply.attachment = "audit.csv";
    for (size_t i = 0; i < AUDIT_COLUMNS; i++)
        cells[i] = str_of(audit_columns[i]);
    csv_row(out, cells, AUDIT_COLUMNS);
    for (size_t row = 0; row < pg_rows(r); row++) {
        for (int i = 0; i < AUDIT_COLUMNS; i++)
            cells[i] = pg_str(r, row, i);
        csv_row(out, cells, AUDIT_COLUMNS);
    }
}

void api_audit_export(struct call *c)
{
    struct pg_result *r = NULL;
    struct audit_query q = {.f = {.limit = EXPORT_MAX + 1}};
    const struct input_row rows[] = {FILTER_INPUT(&q)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !take_filter(c, &q))
        return;
    enum pg_err e = audit_store_export(c->pg, &q.f, &r);
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (pg_rows(r) > EXPORT_MAX)
        (void)input_refuse(c, "from", "there are over %d entries; give a shorter time.",
                           EXPORT_MAX);
    else
        write_csv(c, r);
    pg_result_free(r);
}
