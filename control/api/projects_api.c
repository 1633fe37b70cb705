/* /organisations/{org}/projects: list with counts, make, change, archive and bring back. */
#include "common/clock.h"
#include "control/api/api.h"
#include "control/api/key_restrictions.h"
#include "control/audit.h"
#include "control/page.h"
#include "control/store/project_store.h"

static const char *const status_words[] = {"active", "archived", "all", NULL};

void api_projects_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    int status = PROJECT_ACTIVE;
    struct project_filter f = {.organisation = c->org};
    page_init(&page);
    const struct input_row rows[] = {
        {.name = "status", .kind = INPUT_WORD, .words = status_words, .to = &status},
        PAGE_INPUT(&page),
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_place(c, &page, &f.after))
        return;
    f.status = (enum project_status)status;
    f.limit = page.limit + 1;
    enum pg_err e = project_store_list(c->pg, &f, &r);
    page_answer(c, &page, e, r, 2);
}

/* The rows of the input table for what new API keys get. */
#define KEY_DEFAULTS_INPUT(keys, lists)                                                            \
    {.name = "key_expires_days",                                                                   \
     .kind = INPUT_INT,                                                                            \
     .nullable = true,                                                                             \
     .min = 1,                                                                                     \
     .max = 3650,                                                                                  \
     .to = &(keys)->days,                                                                          \
     .given = &(keys)->set_days},                                                                  \
        KEY_RESTRICTIONS_INPUT_AS("key_", lists)

/* The reply to a failed write. */
static void refuse(struct call *c, enum pg_err e)
{
    if (e == PG_CONFLICT)
        reply_problem(&c->reply, P_CONFLICT, "name", "name: there is a project of that name.");
    else
        (void)call_failed(c, e);
}

void api_projects_create(struct call *c)
{
    int mode = PROJECT_HYBRID;
    struct str item = STR_NULL;
    struct project_new p = {.organisation = c->org, .id = uuid_v7(clock_wall_us())};
    struct key_restrictions_input lists = {.lead = "key_"};
    const struct input_row rows[] = {
        {.name = "name", .kind = INPUT_TEXT, .required = true, .min = 1, .max = 100, .to = &p.name},
        {.name = "mode", .kind = INPUT_WORD, .words = project_modes, .to = &mode},
        KEY_DEFAULTS_INPUT(&p.keys, &lists),
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !key_restrictions_judge(c, &lists))
        return;
    p.mode = (enum project_mode)mode;
    p.keys.restrictions = key_restrictions_texts(c, &lists);
    enum pg_err e = project_store_add(c->pg, &p);
    if (e == PG_OK)
        e = call_item(c, project_store_get, p.id, &item);
    if (e != PG_OK) {
        refuse(c, e);
        return;
    }
    audit_note(c, p.id, STR_NULL, item);
    (void)buf_add_str(call_json(c, 201), item);
}

void api_projects_update(struct call *c)
{
    struct str before = STR_NULL, after = STR_NULL;
    struct project_patch p = {.mode = -1};
    struct key_restrictions_input lists = {.lead = "key_"};
    const struct input_row rows[] = {
        {.name = "name", .kind = INPUT_TEXT, .min = 1, .max = 100, .to = &p.name},
        {.name = "mode", .kind = INPUT_WORD, .words = project_modes, .to = &p.mode},
        {.name = "archived", .kind = INPUT_BOOL, .to = &p.archived, .given = &p.set_archived},
        KEY_DEFAULTS_INPUT(&p.keys, &lists),
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !key_restrictions_judge(c, &lists))
        return;
    if (!p.name.p && p.mode < 0 && !p.set_archived && !p.keys.set_days && !lists.models &&
        !lists.providers && !lists.ip_ranges) {
        reply_problem(&c->reply, P_INVALID, NULL,
                      "Give name, mode, archived, key_expires_days, key_models, key_providers or "
                      "key_ip_ranges.");
        return;
    }
    p.keys.restrictions = key_restrictions_texts(c, &lists);
    enum pg_err e = call_item(c, project_store_get, c->project, &before);
    if (e == PG_OK)
        e = project_store_patch(c->pg, c->org, c->project, &p);
    if (e == PG_OK)
        e = call_item(c, project_store_get, c->project, &after);
    if (e != PG_OK) {
        refuse(c, e);
        return;
    }
    audit_change(c, c->project, before, after);
    (void)buf_add_str(call_json(c, 200), after);
}
