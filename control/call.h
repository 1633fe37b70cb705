/* One API call: what a handler gets. Made by server.c, handed to one job thread, handed back. */
#ifndef DOTEB_CONTROL_CALL_H
#define DOTEB_CONTROL_CALL_H

#include "common/pg.h"
#include "control/app.h"
#include "control/guess.h"
#include "control/http.h"
#include "control/role.h"
#include "control/store/management_token_store.h"
#include "control/store/session_store.h"

struct call;
struct live;
struct live_viewer;

/* A row of routes.def. */
enum auth {
    AUTH_NONE,
    AUTH_USER,     /* somebody is signed in; with {org} in the path a member of it */
    AUTH_OPERATOR, /* who is signed in operates this instance; no token opens it */
};

enum {
    ROUTE_BODY = 1,    /* takes a JSON body */
    ROUTE_HEAVY = 2,   /* few at a time (Argon2) */
    ROUTE_READS = 4,   /* changes nothing though it is no GET: what it asks with is secret */
    ROUTE_OUTSIDE = 8, /* waits for somebody outside (guarded_fetch.h, own_url.h): its handler holds
                          what it changes itself, after that */
    ROUTE_LARGE = 16,  /* its body may have BODY_LARGE_BYTES; few at a time */
    ROUTE_QUERY = 32,  /* its handler reads the query string though it is no GET, which all do */
};

typedef void route_fn(struct call *c);

struct route {
    enum method method;
    const char *path; /* template: {org}, {project}, {id} stand for one segment each */
    route_fn *run;
    enum auth auth;
    enum role role;   /* least role in {org} */
    enum role others; /* least role for what is somebody else's; ROLE_NONE: it is nobody's */
    unsigned flags;
    const char *action; /* of the audit log; NULL: it changes nothing */
};

/* What the call changed (audit.h). */
struct audit_note {
    bool said;    /* the handler has spoken */
    bool changed; /* there is something to write */
    struct uuid organisation, target;
    struct str before, after; /* the same if nothing changed; NULL p: not there, or not said */
};

struct call {
    const struct app *app;
    struct guesses *guesses;
    struct live *live;
    struct pg *pg; /* the job thread's connection */
    struct arena *arena;
    const struct route *route;
    struct http_request req;
    struct reply reply;
    struct live_viewer *viewer; /* owned; the answer is its stream, if there is one */
    struct session session;     /* AUTH_USER only */
    bool by_token;              /* a script: no session, `session.user` is the token's maker */
    struct management_token token;
    enum role role;               /* in `org` */
    struct uuid org, project, id; /* of the path, where its template has them */
    struct audit_note audit;
    bool kept;       /* call_keep */
    bool with_etags; /* what it lists can be edited */
    bool etag_held;  /* the handler has held If-Match against the thing itself (etag.h) */
};

/* The reply to a store function's failure: 503 for a lost database, 500 and a log line else. Always
 * false, for `return call_failed(c, e)`. */
bool call_failed(struct call *c, enum pg_err e);
/* Sets status and returns the buffer to write JSON to. */
struct buf *call_json(struct call *c, int status);
/* 204, no body. */
void call_no_content(struct call *c);
/* What the handler has changed so far stays, even if the call is refused after all: what a wrong
 * answer uses up. False after writing the database's failure. */
MUST_USE bool call_keep(struct call *c);
/* May the caller change what belongs to `owner`, by the route's two roles? False after writing 403.
 */
bool call_may_change(struct call *c, struct uuid owner);
/* Is the role at most the caller's? False after writing the problem. */
bool call_may_give(struct call *c, enum role role);
/* Reads `role`: that of the caller in `org` now, and no more than their token's. False after
 * writing the database's failure. */
MUST_USE bool call_read_role(struct call *c);
/* Nothing is made or changed in a suspended organisation; is `organisation` none? False after
 * writing the problem. */
MUST_USE bool call_not_suspended(struct call *c, struct uuid organisation);
/* A store's "get": column 0 of the one row is the API's object as JSON. */
typedef enum pg_err item_fn(struct pg *pg, struct uuid organisation, struct uuid id,
                            struct pg_result **out);
/* That object, in the call's arena; STR_NULL: there is none. */
MUST_USE enum pg_err call_item(struct call *c, item_fn *get, struct uuid id, struct str *item);
/* The object, with one more field put in, as the answer. */
void call_item_with(struct call *c, int status, struct str item, const char *name,
                    const char *value);
/* The part of the user agent that fits and is text. */
struct str call_user_agent(const struct call *c);
/* Appends a time as a JSON string. */
void json_time(struct buf *out, int64_t wall_us);

#endif
