/* /organisations/{org}/members: list, change a role, remove or leave. The last owner stays, and
 * nobody touches a role above their own. Changes of who is a member wait for each other.
 */
#include "control/api/api.h"
#include "control/audit.h"
#include "control/page.h"
#include "control/store/member_store.h"
#include "control/store/organisation_store.h"

void api_members_list(struct call *c)
{
    struct page page;
    struct pg_result *r = NULL;
    struct member_filter f = {.organisation = c->org};
    page_init(&page);
    const struct input_row rows[] = {PAGE_INPUT(&page)};
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !page_place(c, &page, &f.after))
        return;
    f.limit = page.limit + 1;
    enum pg_err e = member_store_list(c->pg, &f, &r);
    page_answer(c, &page, e, r, 2);
}

static bool not_allowed(struct call *c, const char *why)
{
    reply_problem(&c->reply, P_ROLE, NULL, "%s", why);
    return false;
}

/* Takes the organisation's lock, then looks again at the caller and at the member of the path:
 * either may have changed since the route's checks. */
static bool hold(struct call *c, enum role *role)
{
    enum pg_err e = organisation_store_lock(c->pg, c->org);
    if (e == PG_OK)
        e = member_store_role(c->pg, c->org, c->id, role);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!call_read_role(c))
        return false;
    if (c->role < c->route->role)
        return not_allowed(c, "Your role has just been changed.");
    if (!call_may_change(c, c->id))
        return false;
    if (*role == ROLE_NONE) {
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such member.");
        return false;
    }
    if (*role > c->role)
        return not_allowed(c, "Their role is above yours.");
    return true;
}

/* An owner goes: is there another one? */
static bool not_the_last(struct call *c)
{
    int64_t owners;
    enum pg_err e = member_store_owners(c->pg, c->org, &owners);
    if (e != PG_OK)
        return call_failed(c, e);
    if (owners > 1)
        return true;
    reply_problem(&c->reply, P_CONFLICT, NULL,
                  "This is the last owner; make somebody else an owner first.");
    return false;
}

void api_members_update(struct call *c)
{
    int word = -1;
    enum role now;
    struct str before = STR_NULL, after = STR_NULL;
    const struct input_row rows[] = {
        {.name = "role", .kind = INPUT_WORD, .required = true, .words = ROLE_WORDS, .to = &word},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !hold(c, &now))
        return;
    enum role next = (enum role)(word + ROLE_VIEWER);
    if (!call_may_give(c, next))
        return;
    if (now == ROLE_OWNER && next != ROLE_OWNER && !not_the_last(c))
        return;
    enum pg_err e = call_item(c, member_store_get, c->id, &before);
    if (e == PG_OK)
        e = member_store_set_role(c->pg, c->org, c->id, next);
    if (e == PG_OK)
        e = call_item(c, member_store_get, c->id, &after);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    audit_change(c, c->id, before, after);
    (void)buf_add_str(call_json(c, 200), after);
}

void api_members_remove(struct call *c)
{
    enum { KEEP, REVOKE };
    static const char *const key_words[] = {"keep", "revoke", NULL};
    int keys = KEEP;
    enum role now;
    struct str before = STR_NULL;
    const struct input_row rows[] = {
        {.name = "api_keys", .kind = INPUT_WORD, .words = key_words, .to = &keys},
    };
    if (!input_query(c, rows, ARRAY_LEN(rows)) || !hold(c, &now))
        return;
    if (now == ROLE_OWNER && !not_the_last(c))
        return;
    enum pg_err e = call_item(c, member_store_get, c->id, &before);
    if (e == PG_OK && keys == REVOKE)
        e = member_store_revoke_keys(c->pg, c->org, c->id);
    if (e == PG_OK)
        e = member_store_remove(c->pg, c->org, c->id);
    if (e != PG_OK) {
        (void)call_failed(c, e);
        return;
    }
    char *what = arena_printf(c->arena, "{\"api_keys\":\"%s\"}",
                              keys == REVOKE ? "revoked" : "kept");
    audit_note(c, c->id, before, str_of(what));
    call_no_content(c);
}
