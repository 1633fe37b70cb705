/* One client connection: reads requests, hands them to route.c, sends answers at the pace their
 * script wants. Lives on its loop's thread.
 */
#ifndef DOTEB_SIM_CONN_H
#define DOTEB_SIM_CONN_H

#include "tests/simulator/answer.h"
#include "tests/simulator/loop.h"

enum conn_state {
    CONN_READING,   /* waiting for a request or the rest of it */
    CONN_ANSWERING, /* an answer is being stepped */
    CONN_WAITING,   /* between two steps, until the deadline */
    CONN_HANGING,   /* silent until the client goes away */
    CONN_ENDING,    /* the last bytes of an answer are going out */
    CONN_LINGERING  /* all said; discarding until the client closes */
};

struct conn {
    struct loop *loop;
    struct conn *prev, *next;
    uint64_t due_us;
    size_t heap_at; /* SIZE_MAX: no deadline */
    int fd;
    uint32_t interest; /* as epoll knows it */
    enum conn_state state;
    struct buf in, out;
    size_t out_at;  /* bytes of `out` that are gone */
    size_t unpaced; /* bytes at the front of `out` that drip_us does not slow down (the head) */
    bool is_chat;   /* `answer` is in use, its record open */
    bool keep_alive, abort, told_headers, continued;
    struct http_request http;
    struct answer answer;
};

/* Takes `fd`. */
struct conn *conn_new(struct loop *l, int fd);
/* Ends its record as aborted, if one is open, and closes. */
void conn_free(struct conn *c);
/* May free the connection, as does conn_on_deadline. */
void conn_on_event(struct conn *c, uint32_t events);
void conn_on_deadline(struct conn *c);

#endif
