/* Connections of a worker, and the idle ones by where they lead. A connection is watched for bytes
 * as long as it lives, so that keeping one costs no system call. Only for this folder.
 */
#ifndef DOTEB_XFER_CONN_H
#define DOTEB_XFER_CONN_H

#include "common/uuid.h"
#include "gateway/xfer/dial.h"

struct conn;
struct conns;

/* The socket of a busy connection has events (of epoll). */
typedef void conn_fn(struct conn *c, uint32_t events);

enum { CONN_NOTHING = -1, CONN_BROKEN = -2 }; /* of conn_receive */

/* Returns owned; borrows loop and timers. */
struct conns *conns_new(struct loop *loop, struct timers *timers, conn_fn *fn);
/* No connection may be busy. Accepts NULL. */
void conns_free(struct conns *cs);

/* What connections are kept apart by. */
struct conn_key {
    struct str origin; /* "https://host:port"; bytes compared */
    const struct guard *guard;
    struct uuid tenant; /* with a guard, whose address it is */
};

/* An idle connection of this key, busy now; NULL: there is none. */
struct conn *conn_take(struct conns *cs, const struct conn_key *key, void *owner);
/* A fresh one, busy, from what a dial brought. */
struct conn *conn_new(struct conns *cs, const struct conn_key *key, const struct dialled *d,
                      void *owner);
/* It may serve again: keeps it for the next one. */
void conn_park(struct conn *c);
/* Ends it. No call of conn_fn follows. */
void conn_close(struct conn *c);

void *conn_owner(const struct conn *c);
bool conn_is_tls(const struct conn *c);
/* Watches for these events; 0: for none. */
void conn_watch(struct conn *c, uint32_t events);
/* Sends; `more` follows at once. How many bytes; 0: none now; -1: the connection broke. */
ptrdiff_t conn_send(struct conn *c, struct str bytes, bool more);
/* Receives: how many bytes; 0: the end; CONN_NOTHING, CONN_BROKEN. */
ptrdiff_t conn_receive(struct conn *c, char *out, size_t max);

#endif
