/* What handlers share to write their answers. Job threads. */
#include "control/call.h"

#include "common/clock.h"
#include "common/log.h"
#include "control/store/idempotency_store.h"
#include "control/store/member_store.h"
#include "control/store/organisation_store.h"

bool call_failed(struct call *c, enum pg_err e)
{
    ASSERT(e != PG_OK);
    bool later = e == PG_LOST || e == PG_RETRY;
    log_event(later ? LOG_WARN : LOG_ERROR, "database_failed", LOG_STR("path", c->req.path),
              LOG_S("error", pg_error(c->pg)));
    if (later) {
        reply_problem(&c->reply, P_UNAVAILABLE, NULL, "The database does not answer; try again.");
        c->reply.retry_after_s = 1;
    } else {
        reply_problem(&c->reply, P_INTERNAL, NULL,
                      "Something is wrong in the control daemon; its log says what.");
    }
    return false;
}

struct buf *call_json(struct call *c, int status)
{
    c->reply.status = status;
    return &c->reply.body;
}

void call_no_content(struct call *c)
{
    c->reply.status = 204;
    c->reply.content_type = NULL;
}

bool call_keep(struct call *c)
{
    enum pg_err e = change_store_keep(c->pg);
    c->kept = e == PG_OK;
    return c->kept || call_failed(c, e);
}

bool call_read_role(struct call *c)
{
    enum pg_err e = member_store_role(c->pg, c->org, c->session.user, &c->role);
    if (c->by_token && !uuid_eq(c->org, c->token.organisation))
        c->role = ROLE_NONE;
    if (c->by_token && c->role > c->token.role)
        c->role = c->token.role;
    return e == PG_OK || call_failed(c, e);
}

bool call_may_change(struct call *c, struct uuid owner)
{
    if (c->role >= c->route->others || uuid_eq(owner, c->session.user))
        return true;
    reply_problem(&c->reply, P_ROLE, NULL,
                  "A %s may change their own only; this one is somebody else's.",
                  role_name(c->role));
    return false;
}

bool call_may_give(struct call *c, enum role role)
{
    if (role <= c->role)
        return true;
    reply_problem(&c->reply, P_ROLE, "role", "Nobody gives a role above their own.");
    return false;
}

bool call_not_suspended(struct call *c, struct uuid organisation)
{
    struct pg_result *r = NULL;
    enum pg_err e = organisation_store_suspended(c->pg, organisation, &r);
    bool free = e == PG_OK && pg_rows(r) == 0;
    if (e != PG_OK)
        (void)call_failed(c, e);
    else if (!free)
        reply_problem(&c->reply, P_SUSPENDED, NULL,
                      "The operator has suspended this organisation: " STR_FMT
                      " Until it may go on, nothing is made or changed in it; it can be looked at, "
                      "and what gives access can be taken away.",
                      STR_ARG(pg_str(r, 0, 0)));
    pg_result_free(r);
    return free;
}

enum pg_err call_item(struct call *c, item_fn *get, struct uuid id, struct str *item)
{
    struct pg_result *r = NULL;
    enum pg_err e = get(c->pg, c->org, id, &r);
    *item = e == PG_OK && pg_rows(r) > 0 ? arena_str(c->arena, pg_str(r, 0, 0)) : STR_NULL;
    pg_result_free(r);
    return e;
}

void call_item_with(struct call *c, int status, struct str item, const char *name,
                    const char *value)
{
    struct buf *out = call_json(c, status);
    ASSERT(item.len > 2 && item.p[item.len - 1] == '}');
    (void)buf_add(out, item.p, item.len - 1);
    (void)buf_printf(out, ",\"%s\":", name);
    (void)buf_add_json(out, str_of(value));
    (void)buf_add_lit(out, "}\n");
}

struct str call_user_agent(const struct call *c)
{
    struct str s = c->req.header[HEADER_USER_AGENT];
    for (s.len = s.len < 256 ? s.len : 256; s.len && !str_is_utf8(s); s.len--)
        ;
    return s.p ? s : STR("");
}

void json_time(struct buf *out, int64_t wall_us)
{
    char text[25];
    clock_format_iso(wall_us, text);
    (void)buf_printf(out, "\"%s\"", text);
}
