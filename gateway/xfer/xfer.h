/* Upstream transfers: every libcurl call of the gateway is in this folder.
 *
 * One pool per worker, used by that thread only. A transfer calls back in order: header for each
 * field, head once the status and fields are complete, body for pieces, done exactly once unless
 * cancelled. Callbacks may pause, but must not start or cancel transfers, except `done`.
 */
#ifndef DOTEB_XFER_XFER_H
#define DOTEB_XFER_XFER_H

#include "common/defs.h"
#include "common/err.h"
#include "common/guard.h"
#include "common/str.h"
#include "common/uuid.h"
#include "gateway/loop.h"
#include "gateway/timer.h"

struct xfer_pool;
struct xfer;

/* A request header line "Name: value". Lists are borrowed until done or cancel; tails may be shared
 * between transfers. */
struct xfer_header {
    char *line;
    struct xfer_header *next;
};

struct xfer_request {
    const char *url;
    const struct xfer_header *headers;
    const struct str *body; /* POST: its pieces, one behind the other, none empty; borrowed with
                               their bytes until done or cancel */
    size_t n_body;
    const struct guard *guard; /* what a tenant's address is checked against at connect, on
                                  connections of this guard's and tenant's own; borrowed as long
                                  as the pool lives. NULL: the operator's own address */
    struct uuid tenant;        /* with a guard: whose address it is; else zero */
    bool get;                  /* GET instead, without a body */
    bool once;                 /* over a connection of its own, which serves nothing else, before or
                                  after; TLS sessions are not resumed either */
};

struct xfer_result {
    enum err err;       /* OK: a complete answer of whatever status */
    const char *detail; /* static text of what went wrong, "" if nothing */
    bool connected;     /* bytes may have reached the provider */
};

struct xfer_callbacks {
    void (*header)(void *arg, struct str name, struct str value);
    void (*head)(void *arg, int status);
    void (*body)(void *arg, struct str bytes);
    void (*done)(void *arg, const struct xfer_result *result);
};

struct xfer_options {
    struct loop *loop;
    struct timers *timers;
    const char *ca_file; /* NULL: the system's */
    int64_t connect_ms;  /* deadline of name, TCP and TLS together */
    unsigned multis;     /* >= 1: connections being made, and TLS ones, are spread over so many
                            multi handles, since libcurl walks a handle's at each send */
};

/* curl_global_init; once per process, before threads. */
MUST_USE bool xfer_global_init(void);
void xfer_global_fini(void);

/* Returns owned. */
struct xfer_pool *xfer_pool_new(const struct xfer_options *o);
/* All transfers must be done or cancelled. Accepts NULL. */
void xfer_pool_free(struct xfer_pool *p);
unsigned xfer_pool_active(const struct xfer_pool *p);

/* Starts; the handle is the pool's and dies with `done` or cancel. */
struct xfer *xfer_start(struct xfer_pool *p, const struct xfer_request *q,
                        const struct xfer_callbacks *cb, void *arg);
void xfer_pause(struct xfer *x);
void xfer_resume(struct xfer *x);
/* No callback arrives afterwards. Never from inside a callback of this folder but `done`. */
void xfer_cancel(struct xfer *x);

#endif
