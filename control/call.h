/* One API call: what a handler gets. Made by server.c, handed to one job thread, handed back. */
#ifndef DOTEB_CONTROL_CALL_H
#define DOTEB_CONTROL_CALL_H

#include "common/pg.h"
#include "control/app.h"
#include "control/guess.h"
#include "control/http.h"
#include "control/role.h"
#include "control/store/session_store.h"

struct route;

struct call {
    const struct app *app;
    struct guesses *guesses;
    struct pg *pg; /* the job thread's connection */
    struct arena *arena;
    const struct route *route;
    struct http_request req;
    struct reply reply;
    struct session session;       /* AUTH_USER only */
    enum role role;               /* in `org` */
    struct uuid org, project, id; /* of the path, where its template has them */
};

/* The reply to a store function's failure: 503 for a lost database, 500 and a log line else. Always
 * false, for `return call_failed(c, e)`. */
bool call_failed(struct call *c, enum pg_err e);
/* Sets status and returns the buffer to write JSON to. */
struct buf *call_json(struct call *c, int status);
/* 204, no body. */
void call_no_content(struct call *c);
/* Appends a time as a JSON string. */
void json_time(struct buf *out, int64_t wall_us);

#endif
