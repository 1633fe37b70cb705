/* /organisations: make one, look at it, rename it, archive it for good. */
#include "control/api/api.h"
#include "control/audit.h"
#include "control/input.h"
#include "control/organisation.h"
#include "control/store/member_store.h"
#include "control/store/organisation_store.h"

#define NAME_INPUT(out)                                                                            \
    {                                                                                              \
        .name = "name", .kind = INPUT_TEXT, .required = true, .min = 1, .max = 100, .to = (out)    \
    }

void api_organisations_create(struct call *c)
{
    struct str name, item = STR_NULL;
    const struct input_row rows[] = {NAME_INPUT(&name)};
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return;
    enum pg_err e = organisation_make(c->app, c->pg, name, false, &c->org);
    if (e == PG_OK)
        e = member_store_add(c->pg, c->org, c->session.user, ROLE_OWNER);
    if (e == PG_OK)
        e = call_item(c, organisation_store_get, c->org, &item);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_note(c, c->org, STR_NULL, item);
    (void)buf_add_str(call_json(c, 201), item);
}

void api_organisations_get(struct call *c)
{
    struct str item = STR_NULL;
    if (!input_query(c, NULL, 0))
        return;
    enum pg_err e = call_item(c, organisation_store_get, c->org, &item);
    if (e == PG_OK)
        (void)buf_add_str(call_json(c, 200), item);
    else
        (void)call_failed(c, e);
}

void api_organisations_update(struct call *c)
{
    struct str name, before = STR_NULL, after = STR_NULL;
    const struct input_row rows[] = {NAME_INPUT(&name)};
    if (!input_body(c, rows, ARRAY_LEN(rows)))
        return;
    enum pg_err e = call_item(c, organisation_store_get, c->org, &before);
    if (e == PG_OK)
        e = organisation_store_rename(c->pg, c->org, name);
    if (e == PG_OK)
        e = call_item(c, organisation_store_get, c->org, &after);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_change(c, c->org, before, after);
    (void)buf_add_str(call_json(c, 200), after);
}

/* Is it the one whose name was typed, and may it go? */
static bool may_archive(struct call *c, struct str typed, struct str *before)
{
    struct pg_result *r = NULL;
    enum pg_err e = organisation_store_get(c->pg, c->org, c->org, &r);
    bool ok = false;
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (pg_bool(r, 0, 2))
        reply_problem(&c->reply, P_CONFLICT, NULL,
                      "The operator's organisation cannot be archived: this instance is its.");
    else if (!str_eq(pg_str(r, 0, 1), typed))
        (void)input_refuse(c, "name", "type the organisation's name as it is.");
    else
        ok = true;
    if (ok)
        *before = arena_str(c->arena, pg_str(r, 0, 0));
    pg_result_free(r);
    return ok;
}

void api_organisations_archive(struct call *c)
{
    struct str name, before = STR_NULL, after = STR_NULL;
    const struct input_row rows[] = {NAME_INPUT(&name)};
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !may_archive(c, name, &before))
        return;
    enum pg_err e = organisation_store_archive(c->pg, c->org);
    if (e == PG_OK)
        e = call_item(c, organisation_store_get, c->org, &after);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_note(c, c->org, before, after);
    call_no_content(c);
}
