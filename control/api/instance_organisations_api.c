/* /instance/organisations: the tenants as the operator sees them: how many use what, who is
 * suspended, and who may use the platform's provider keys. The gateways refuse a suspended
 * organisation's keys; its members can still look and take away (route.c). What is done to an
 * organisation is in the operator's log and in its own.
 */
#include "control/api/api.h"
#include "control/audit.h"
#include "control/page.h"
#include "control/store/instance_organisation_store.h"

static const char *const state_words[] = {"active", "suspended", "archived", "all", NULL};

void api_instance_organisations_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    int state = (int)ARRAY_LEN(state_words) - 2;
    struct instance_organisation_filter f = {0};
    page_init(&page);
    const struct input_row rows[] = {
        {.name = "q", .kind = INPUT_TEXT, .max = 100, .to = &f.q},
        {.name = "state", .kind = INPUT_WORD, .words = state_words, .to = &state},
        PAGE_INPUT(&page),
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_place(c, &page, &f.after))
        return;
    f.state = state_words[state];
    f.limit = page.limit + 1;
    enum pg_err e = instance_organisation_store_list(c->pg, &f, &r);
    page_answer(c, &page, e, r, 2);
}

/* One organisation, as the operator sees it and as its own log has it. */
struct tenant {
    struct str item, own;
};

/* Is it there, and can it be suspended or lent to? `own` says why not the operator's. */
static bool find(struct call *c, const char *own, struct tenant *before)
{
    struct pg_result *r = NULL;
    enum pg_err e = instance_organisation_store_get(c->pg, c->org, c->id, &r);
    bool ok = false;
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (pg_rows(r) == 0)
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such organisation.");
    else if (pg_bool(r, 0, 1))
        reply_problem(&c->reply, P_CONFLICT, NULL, "%s", own);
    else if (pg_bool(r, 0, 2))
        reply_problem(&c->reply, P_CONFLICT, NULL, "It is archived: its keys are refused anyway.");
    else
        ok = true;
    if (ok)
        *before = (struct tenant){.item = arena_str(c->arena, pg_str(r, 0, 0)),
                                  .own = arena_str(c->arena, pg_str(r, 0, 3))};
    pg_result_free(r);
    return ok;
}

static void changed(struct call *c, enum pg_err e, const struct tenant *before)
{
    struct tenant after;
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    if (!find(c, "", &after))
        return;
    e = audit_concerns(c, c->id, before->own, after.own);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_change(c, c->id, before->item, after.item);
    (void)buf_add_str(call_json(c, 200), after.item);
}

static void set(struct call *c, struct str reason)
{
    struct tenant before;
    if (find(c, "The operator's organisation cannot be suspended: this instance is its.", &before))
        changed(c, instance_organisation_store_suspend(c->pg, c->id, reason), &before);
}

static void lend(struct call *c, bool may)
{
    struct tenant before;
    if (find(c, "The operator's organisation has these keys: it needs no loan of them.", &before))
        changed(c, instance_organisation_store_lend(c->pg, c->id, may), &before);
}

void api_instance_organisations_lend(struct call *c)
{
    lend(c, true);
}

void api_instance_organisations_withdraw(struct call *c)
{
    lend(c, false);
}

void api_instance_organisations_suspend(struct call *c)
{
    struct str reason = STR_NULL;
    const struct input_row rows[] = {
        {.name = "reason",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = 500,
         .to = &reason},
    };
    if (input_body(c, rows, ARRAY_LEN(rows)))
        set(c, reason);
}

void api_instance_organisations_resume(struct call *c)
{
    set(c, STR_NULL);
}
