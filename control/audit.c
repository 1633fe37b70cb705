/* Notes of changes, and the row they become. Job threads. */
#include "control/audit.h"

#include "control/store/audit_store.h"

void audit_note(struct call *c, struct uuid target, struct str before, struct str after)
{
    ASSERT(!c->audit.said);
    c->audit.said = c->audit.changed = true;
    c->audit.target = target;
    c->audit.before = before.p ? arena_str(c->arena, before) : STR_NULL;
    c->audit.after = after.p ? arena_str(c->arena, after) : STR_NULL;
}

void audit_nothing(struct call *c)
{
    ASSERT(!c->audit.said);
    c->audit.said = true;
}

void audit_change(struct call *c, struct uuid target, struct str before, struct str after)
{
    audit_note(c, target, before, after);
    c->audit.changed = !str_eq(before, after);
}

void audit_organisation(struct call *c, struct uuid organisation)
{
    c->audit.organisation = organisation;
}

enum pg_err audit_now(struct call *c)
{
    enum pg_err e = audit_write(c);
    c->audit.changed = false;
    return e;
}

enum pg_err audit_concerns(struct call *c, struct uuid organisation, struct str before,
                           struct str after)
{
    const struct audit_entry entry = {
        .organisation = &organisation,
        .action = c->route->action,
        .by_operator = true,
        .actor_name = "the operator",
        .target = &organisation,
        .before = before,
        .after = after,
    };
    ASSERT(c->route->auth == AUTH_OPERATOR);
    return str_eq(before, after) ? PG_OK : audit_store_add(c->pg, &entry);
}

enum pg_err audit_write(struct call *c)
{
    char ip[ADDRESS_TEXT_MAX];
    const struct audit_note *n = &c->audit;
    const struct uuid *org = !uuid_is_zero(n->organisation) ? &n->organisation
                             : !uuid_is_zero(c->org)        ? &c->org
                                                            : NULL;
    ASSERT(n->said);
    if (!n->changed)
        return PG_OK;
    address_print(c->req.client_ip, ip);
    const struct audit_entry entry = {
        .organisation = org,
        .action = c->route->action,
        .actor = &c->session.user,
        .actor_name = c->by_token ? c->token.name : NULL,
        .project = uuid_is_zero(c->project) ? NULL : &c->project,
        .target = uuid_is_zero(n->target) ? NULL : &n->target,
        .before = n->before,
        .after = n->after,
        .ip = *ip ? ip : NULL,
        .user_agent = call_user_agent(c),
    };
    return audit_store_add(c->pg, &entry);
}
