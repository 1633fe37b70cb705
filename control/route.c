/* Finds a call's route (loop thread), checks who calls and runs its handler (job thread). No
 * handler runs before every check of its row has passed.
 */
#include "control/route.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "control/api/api.h"
#include "control/audit.h"
#include "control/etag.h"
#include "control/idempotency.h"
#include "control/input.h"
#include "control/management_token.h"
#include "control/scope.h"
#include "control/session.h"
#include "control/store/idempotency_store.h"
#include "control/store/organisation_store.h"
#include "control/store/project_store.h"

static const struct route routes[] = {
#define ROUTE(m, p, handler, a, r, o, f, what)                                                     \
    {.method = METHOD_##m,                                                                         \
     .path = p,                                                                                    \
     .run = handler,                                                                               \
     .auth = AUTH_##a,                                                                             \
     .role = ROLE_##r,                                                                             \
     .others = ROLE_##o,                                                                           \
     .flags = f,                                                                                   \
     .action = what},
#include "control/routes.def"
#undef ROUTE
};

/* Does the raw path fit the template? */
static bool fits(const char *template, struct str path)
{
    struct str t = str_of(template), p = path;
    while (t.p && p.p) {
        struct str want = str_cut(&t, '/'), have = str_cut(&p, '/');
        bool wild = want.len && want.p[0] == '{';
        if (wild ? have.len == 0 : !str_eq(want, have))
            return false;
    }
    return !t.p && !p.p;
}

static struct str segment_of(const struct route *route, struct str path, struct str name)
{
    struct str t = str_of(route->path), p = path;
    while (t.p) {
        struct str want = str_cut(&t, '/'), have = str_cut(&p, '/');
        if (str_eq(want, name))
            return have;
    }
    return STR_NULL;
}

bool route_is_api(struct str path)
{
    return str_starts(path, STR("/api/")) || str_eq(path, STR("/api")) ||
           str_eq(path, STR("/readyz")) || str_eq(path, STR("/healthz"));
}

static int wild_segments(const char *template)
{
    int n = 0;
    for (; *template; template ++)
        n += *template == '{';
    return n;
}

/* The template that the path is of: a word goes before a placeholder, for every method. NULL: none.
 */
static const char *template_of(struct str path)
{
    const char *best = NULL;
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        if (fits(routes[i].path, path) &&
            (!best || wild_segments(routes[i].path) < wild_segments(best)))
            best = routes[i].path;
    return best;
}

const struct route *route_find(struct call *c)
{
    const char *template = template_of(c->req.path);
    struct buf allow;
    buf_init(&allow, 64);
    for (size_t i = 0; template && i < ARRAY_LEN(routes); i++) {
        if (strcmp(routes[i].path, template) != 0)
            continue;
        if (routes[i].method == c->req.method) {
            buf_fini(&allow);
            return &routes[i];
        }
        (void)buf_printf(&allow, "%s%s", allow.len ? ", " : "", method_name(routes[i].method));
    }
    if (allow.len) {
        reply_problem(&c->reply, P_METHOD, NULL, "This path takes %.*s.", STR_ARG(buf_str(&allow)));
        c->reply.allow = arena_strdup(c->arena, buf_str(&allow));
    } else {
        reply_problem(&c->reply, P_NO_ROUTE, NULL, "There is no such path in this API.");
    }
    buf_fini(&allow);
    return NULL;
}

void routes_print(void)
{
    (void)printf("GET /healthz none none none -\n"); /* the loop's own */
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        (void)printf("%s %s %s %s %s %s\n", method_name(routes[i].method), routes[i].path,
                     routes[i].auth == AUTH_NONE ? "none" : "user",
                     routes[i].auth == AUTH_OPERATOR ? "operator" : role_name(routes[i].role),
                     role_name(routes[i].others), routes[i].action ? routes[i].action : "-");
}

void routes_print_roles(void)
{
    (void)printf("| Call | Audit log | Token scope | viewer | developer | admin | owner |\n"
                 "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        const struct route *r = &routes[i];
        if (r->role == ROLE_NONE)
            continue;
        enum scope scope = scope_of(r->method, r->path);
        (void)printf("| `%s %s` | %s | %s |", method_name(r->method), r->path,
                     r->action ? r->action : "", scope < SCOPES ? scope_name(scope) : "");
        for (enum role role = ROLE_VIEWER; role <= ROLE_OWNER; role++)
            (void)printf(" %s |", role < r->role ? "no" : role < r->others ? "own" : "yes");
        (void)printf("\n");
    }
    (void)printf("\n## The operator's\n\nFor who is signed in and operates the instance "
                 "(`doteb-control admin create`), whatever their roles; anybody else gets 403, and "
                 "so does a token.\n\n| Call | Audit log |\n|---|---|\n");
    for (size_t i = 0; i < ARRAY_LEN(routes); i++)
        if (routes[i].auth == AUTH_OPERATOR)
            (void)printf("| `%s %s` | %s |\n", method_name(routes[i].method), routes[i].path,
                         routes[i].action ? routes[i].action : "");
}

/* Browsers say where a request comes from; other sites' pages may not change anything here, login
 * included. Scripts send neither header. */
static bool check_origin(struct call *c)
{
    struct str site = c->req.header[HEADER_SEC_FETCH_SITE], origin = c->req.header[HEADER_ORIGIN];
    bool ok = site.p     ? str_eq(site, STR("same-origin")) || str_eq(site, STR("none"))
              : origin.p ? str_eq(origin, str_of(c->app->origin))
                         : true;
    if (!ok)
        reply_problem(&c->reply, P_ORIGIN, NULL,
                      "The request comes from another site's page (DOTEB_PUBLIC_URL is %s).",
                      c->app->origin);
    return ok;
}

static bool check_csrf(struct call *c)
{
    uint8_t want[crypto_generichash_BYTES], have[crypto_generichash_BYTES];
    struct str given = c->req.header[HEADER_CSRF], token = str_of(c->session.csrf);
    /* Hashed first, so that neither length nor content shows in the time. */
    (void)crypto_generichash(want, sizeof want, (const uint8_t *)token.p, token.len, NULL, 0);
    (void)crypto_generichash(have, sizeof have, (const uint8_t *)given.p, given.len, NULL, 0);
    if (given.p && sodium_memcmp(want, have, sizeof want) == 0)
        return true;
    reply_problem(&c->reply, P_CSRF, "X-CSRF-Token",
                  "Send the session's csrf_token in the header X-CSRF-Token.");
    return false;
}

static bool parse_id(struct call *c, const char *name, struct uuid *out)
{
    struct str s = segment_of(c->route, c->req.path, str_of(arena_printf(c->arena, "{%s}", name)));
    if (!s.p || uuid_parse(s, out))
        return true;
    reply_problem(&c->reply, P_BAD_REQUEST, name, "%s: the path needs a UUID there.", name);
    return false;
}

static bool check_member(struct call *c)
{
    if (c->route->role == ROLE_NONE)
        return true;
    if (!call_read_role(c))
        return false;
    if (c->role == ROLE_NONE) {
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such organisation.");
        return false;
    }
    if (c->role >= c->route->role)
        return true;
    reply_problem(&c->reply, P_ROLE, NULL, "This needs the role %s; yours is %s.",
                  role_name(c->route->role), role_name(c->role));
    return false;
}

/* Reading stays, and so does taking away: a key that leaked must not work again with the rest. */
static bool check_suspended(struct call *c)
{
    return c->route->role == ROLE_NONE || c->req.method == METHOD_GET ||
           c->req.method == METHOD_DELETE || call_not_suspended(c, c->org);
}

static bool check_project(struct call *c)
{
    bool found;
    if (!segment_of(c->route, c->req.path, STR("{project}")).p)
        return true;
    enum pg_err e = project_store_exists(c->pg, c->org, c->project, &found);
    if (e != PG_OK)
        return call_failed(c, e);
    if (!found)
        reply_problem(&c->reply, P_NOT_FOUND, NULL, "There is no such project.");
    return found;
}

/* Somebody's browser, or a script with a token: no page of another site can make a browser send
 * that. */
static bool check_caller(struct call *c)
{
    bool changes = c->req.method != METHOD_GET;
    if (c->route->auth != AUTH_NONE && management_token_given(c))
        return management_token_open(c);
    if (changes && !check_origin(c))
        return false;
    return c->route->auth == AUTH_NONE || (session_open(c) && (!changes || check_csrf(c)));
}

/* Changes of the instance are in its operator's organisation's log. */
static bool check_operator(struct call *c)
{
    struct uuid organisation;
    bool found = false;
    if (c->route->auth != AUTH_OPERATOR)
        return true;
    if (!c->session.is_operator) {
        reply_problem(&c->reply, P_ROLE, NULL, "This is for who operates the instance.");
        return false;
    }
    enum pg_err e = organisation_store_operator(c->pg, &organisation, &found);
    if (e != PG_OK)
        return call_failed(c, e);
    if (found)
        audit_organisation(c, organisation);
    return true;
}

/* What would not be read is refused, lest somebody believes that it was. */
static bool check_query(struct call *c)
{
    return c->req.method == METHOD_GET || (c->route->flags & ROUTE_QUERY) ||
           input_query(c, NULL, 0);
}

static bool check_all(struct call *c)
{
    if (!check_caller(c) || !check_operator(c))
        return false;
    if (c->route->auth == AUTH_NONE)
        return true;
    return parse_id(c, "org", &c->org) && parse_id(c, "project", &c->project) &&
           parse_id(c, "id", &c->id) && check_member(c) && check_suspended(c) && check_project(c);
}

/* Does the path name what can be edited: the thing itself, the list of such things (one segment
 * less), or, with `verb`, something done to it (one segment more, or several words after {id})? */
static bool edited(const char *path, bool verb)
{
    struct str p = str_of(path);
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        struct str edit = str_of(routes[i].path);
        struct str longer = p.len > edit.len ? p : edit, shorter = p.len > edit.len ? edit : p;
        struct str more = str_make(longer.p + shorter.len, longer.len - shorter.len);
        if (routes[i].method != METHOD_PATCH || !str_starts(longer, shorter))
            continue;
        bool one = more.len > 1 && more.p[0] == '/' &&
                   (str_find(str_make(more.p + 1, more.len - 1), '/') < 0 ||
                    (verb && longer.p == p.p && str_ends(edit, STR("/{id}")) &&
                     str_find(more, '{') < 0));
        if (more.len == 0 || (one && (longer.p == p.p ? verb : more.p[1] == '{')))
            return true;
    }
    return false;
}

/* Changes of one thing wait for each other, so that each sees what the one before left. Not for
 * one that waits for somebody outside: that could keep every thread waiting. */
static enum pg_err hold_thing(struct call *c)
{
    const struct route *r = c->route;
    bool one = r->auth != AUTH_NONE && !(r->flags & ROUTE_OUTSIDE) &&
               (r->method == METHOD_PATCH || r->method == METHOD_DELETE || strstr(r->path, "{id}"));
    struct uuid thing = !uuid_is_zero(c->id)        ? c->id
                        : !uuid_is_zero(c->project) ? c->project
                        : !uuid_is_zero(c->org)     ? c->org
                                                    : c->session.user;
    return one ? change_store_lock(c->pg, thing) : PG_OK;
}

/* Do its objects carry their tag as a field, too? */
static bool with_field(const struct call *c)
{
    return !uuid_is_zero(c->org) || c->route->auth == AUTH_OPERATOR ||
           str_starts(str_of(c->route->path), STR("/api/v1/account/"));
}

/* What the handler did: still what the caller wanted to change? Then its row in the audit log, and
 * the answer is made whole and kept. */
static enum pg_err finish(struct call *c)
{
    const struct audit_note *n = &c->audit;
    if (!etag_check(c))
        return PG_OK;
    enum pg_err e = audit_write(c);
    if (e != PG_OK)
        return e;
    if (n->after.p && edited(c->route->path, n->before.p != NULL))
        etag_answer(c, n->after, with_field(c));
    return idempotency_keep(c);
}

/* Nothing of a refused change stays but what the handler kept. */
static void undo(struct call *c)
{
    if (!c->kept || change_store_back(c->pg) != PG_OK || pg_commit(c->pg) != PG_OK)
        pg_rollback(c->pg);
}

/* The change and its row in the audit log, both or neither. */
static void run_change(struct call *c)
{
    enum pg_err e = pg_begin(c->pg);
    if (e == PG_OK && !idempotency_begin(c)) {
        pg_rollback(c->pg);
        return;
    }
    if (e == PG_OK)
        e = hold_thing(c);
    if (e == PG_OK) {
        c->route->run(c);
        if (c->reply.status < 400)
            e = finish(c);
        if (e == PG_OK && c->reply.status >= 400) {
            undo(c);
            return;
        }
    }
    if (e == PG_OK)
        e = pg_commit(c->pg);
    if (e == PG_OK)
        return;
    (void)call_failed(c, e);
    pg_rollback(c->pg);
    c->reply.cookie[0] = '\0';
}

/* No GET, for its body is secret; that it changes nothing, PostgreSQL holds. */
static void run_read(struct call *c)
{
    enum pg_err e = pg_begin_read_only(c->pg);
    if (e == PG_OK)
        c->route->run(c);
    else
        (void)call_failed(c, e);
    pg_rollback(c->pg);
}

static void run_get(struct call *c)
{
    c->route->run(c);
    if (c->with_etags && c->reply.status == 200 && edited(c->route->path, false) &&
        str_starts(buf_str(&c->reply.body), STR("{\"id\"")))
        etag_answer(c, buf_str(&c->reply.body), with_field(c));
}

void route_admit(struct call *c)
{
    bool may = check_all(c);
    ASSERT(may == (c->reply.status == 0));
}

void route_run(struct call *c)
{
    const struct route *r = c->route;
    if (check_all(c) && check_query(c)) {
        ASSERT(r->action || r->method == METHOD_GET || (r->flags & ROUTE_READS));
        c->with_etags = r->method == METHOD_GET && edited(r->path, false);
        if (r->action)
            run_change(c);
        else if (r->flags & ROUTE_READS)
            run_read(c);
        else
            run_get(c);
    }
    ASSERT(c->reply.status != 0);
    if (c->reply.body.failed)
        reply_problem(&c->reply, P_INTERNAL, NULL, "The answer is too large.");
}
