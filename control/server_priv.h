/* What server.c (the loop) and exchange.c (one request and its answer) share. */
#ifndef DOTEB_CONTROL_SERVER_PRIV_H
#define DOTEB_CONTROL_SERVER_PRIV_H

#include <microhttpd.h>
#include <pthread.h>

#include "control/call.h"
#include "control/pool.h"
#include "control/static.h"

enum {
    HEAD_S = 15,  /* a new connection must have sent its first head */
    BODY_S = 30,  /* a body must have arrived */
    SEND_S = 120, /* an answer must have been taken */
    IDLE_S = 75,  /* the next request of a kept connection must have come */
};

struct exchange;

struct server {
    const struct app *app;
    struct guesses *guesses;
    struct pool *pool;
    struct live *live;
    struct MHD_Daemon *daemon;
    struct static_set *files;
    struct conn *conns; /* all open connections */
    size_t running;     /* exchanges at the pool */
    size_t large;       /* exchanges with a large body (ROUTE_LARGE) */
    int wake_fd;        /* eventfd: something is in what follows */
    pthread_mutex_t lock;
    struct exchange *done;    /* under lock */
    struct static_set *fresh; /* under lock; NULL: none */
};

/* One TCP connection, for its deadlines. */
struct conn {
    uint32_t magic;
    int fd;
    int64_t deadline_us; /* monotonic; 0: none */
    struct conn *next, **at;
    struct exchange *exchange; /* in hand; NULL between them */
};

enum exchange_state {
    EXCHANGE_HEAD,
    EXCHANGE_ADMITTED, /* or refused: who asks was looked at before a large body */
    EXCHANGE_BODY,
    EXCHANGE_RUNNING,
    EXCHANGE_DONE
};

/* One request from its request line to the end of its answer. */
struct exchange {
    uint32_t magic;
    enum exchange_state state;
    struct job job;
    struct call call;
    struct server *server;
    struct MHD_Connection *mhd;
    struct conn *conn;
    struct exchange *next_done;
    int64_t start_us;
    size_t received; /* bytes of body */
    bool large;      /* counted in the server's `large` */
    bool admitting;  /* at the pool for its head alone */
};

enum { CONN_MAGIC = 0x646f6e6e, EXCHANGE_MAGIC = 0x64657863 };

/* MHD's callbacks for one request. */
void *exchange_uri(void *server, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result exchange_run(void *server, struct MHD_Connection *mhd, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_size, void **exchange);
void exchange_completed(void *server, struct MHD_Connection *mhd, void **exchange,
                        enum MHD_RequestTerminationCode how);
/* Back from the pool: marks it done and resumes its connection. */
void exchange_resume(struct exchange *x);
/* For a job that the pool never ran. */
void exchange_dropped(struct job *job);
/* Hands a finished exchange to the loop. Job threads. */
void server_done(struct server *s, struct exchange *x);

/* answer.c: queue the reply of a call, or a file. */
enum MHD_Result answer_reply(struct exchange *x);
enum MHD_Result answer_file(struct exchange *x, const struct static_file *file);
/* Takes the response; adds the headers that every answer carries. */
enum MHD_Result answer_queue(struct exchange *x, int status, struct MHD_Response *r);
/* answer_live.c: queues the stream of the call's viewer; resumes those with something to send. */
enum MHD_Result answer_live(struct exchange *x);
void answer_wake_live(struct server *s);

#endif
