/* /organisations/{org}/views: one's own saved views and those that are shared. */
#include "common/clock.h"
#include "control/api/api.h"
#include "control/audit.h"
#include "control/page.h"
#include "control/store/view_store.h"

enum { NAME_MAX_CHARS = 100, QUERY_MAX_CHARS = 4000 };

void views_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct view_filter f = {.organisation = c->org, .viewer = c->session.user};
    page_init(&page);
    const struct input_row rows[] = {PAGE_INPUT(&page)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_place(c, &page, &f.after))
        return;
    f.limit = page.limit + 1;
    enum pg_err e = view_store_list(c->pg, &f, &r);
    page_answer(c, &page, e, r, 2);
}

static bool may_share(struct call *c)
{
    if (c->role >= ROLE_DEVELOPER)
        return true;
    reply_problem(&c->reply, P_ROLE, "shared", "This needs the role %s; yours is %s.",
                  role_name(ROLE_DEVELOPER), role_name(c->role));
    return false;
}

/* The reply to a failed write. */
static void refuse(struct call *c, enum pg_err e)
{
    if (e == PG_CONFLICT)
        reply_problem(&c->reply, P_CONFLICT, "name", "name: there is a view of that name.");
    else
        (void)call_failed(c, e);
}

void views_create(struct call *c)
{
    bool added = false;
    struct str item = STR_NULL;
    struct view_new v = {.organisation = c->org,
                         .id = uuid_v7(clock_wall_us()),
                         .owner = c->session.user,
                         .query = STR("")};
    const struct input_row rows[] = {
        {.name = "name",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = NAME_MAX_CHARS,
         .to = &v.name},
        {.name = "page", .kind = INPUT_WORD, .required = true, .words = view_pages, .to = &v.page},
        {.name = "query", .kind = INPUT_TEXT, .max = QUERY_MAX_CHARS, .to = &v.query},
        {.name = "shared", .kind = INPUT_BOOL, .to = &v.shared},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || (v.shared && !may_share(c)))
        return;
    enum pg_err e = view_store_add(c->pg, &v, &added);
    if (e == PG_OK && added)
        e = call_item(c, view_store_get, v.id, &item);
    if (e != PG_OK) {
        refuse(c, e);
    } else if (!added) {
        reply_problem(&c->reply, P_CONFLICT, NULL, "You have %d views; delete some first.",
                      VIEWS_MAX);
    } else {
        audit_note(c, v.id, STR_NULL, item);
        (void)buf_add_str(call_json(c, 201), item);
    }
}

/* Does the caller see it, and may they change it? Reads it. */
static bool mine(struct call *c, struct str *item)
{
    struct uuid owner;
    bool found;
    enum pg_err e = view_store_owner(c->pg, c->org, c->session.user, c->id, &owner, &found);
    if (e == PG_OK && found && !call_may_change(c, owner))
        return false;
    if (e == PG_OK && found)
        e = call_item(c, view_store_get, c->id, item);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!found)
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such view.");
    return found;
}

void views_update(struct call *c)
{
    struct str before, after = STR_NULL;
    struct view_patch p = {0};
    const struct input_row rows[] = {
        {.name = "name", .kind = INPUT_TEXT, .min = 1, .max = NAME_MAX_CHARS, .to = &p.name},
        {.name = "query", .kind = INPUT_TEXT, .max = QUERY_MAX_CHARS, .to = &p.query},
        {.name = "shared", .kind = INPUT_BOOL, .to = &p.shared, .given = &p.set_shared},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !mine(c, &before) || (p.shared && !may_share(c)))
        return;
    if (!p.name.p && !p.query.p && !p.set_shared) {
        reply_problem(&c->reply, P_INVALID, NULL, "Give name, query or shared.");
        return;
    }
    enum pg_err e = view_store_patch(c->pg, c->org, c->id, &p);
    if (e == PG_OK)
        e = call_item(c, view_store_get, c->id, &after);
    if (e != PG_OK) {
        refuse(c, e);
        return;
    }
    audit_change(c, c->id, before, after);
    (void)buf_add_str(call_json(c, 200), after);
}

void views_delete(struct call *c)
{
    struct str before;
    if (!mine(c, &before))
        return;
    enum pg_err e = view_store_delete(c->pg, c->org, c->id);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_note(c, c->id, before, STR_NULL);
    call_no_content(c);
}
