/* Shared by the listener's files only: the connection, the head reader, the reply writer. */
#ifndef DOTEB_GATEWAY_LISTENER_PRIV_H
#define DOTEB_GATEWAY_LISTENER_PRIV_H

#include <microhttpd.h>

#include "gateway/listener.h"

enum { LISTENER_MAGIC = 0x6c73746e, CONN_MAGIC = 0x636f6e6e };
/* Head of a request, and buffer of its connection. The server zeroes it with every request, and
 * reads half of it at once: with 32 KB small requests and bad keys are dearer, with 16 KB large
 * bodies (docs/performance.md). */
enum { CONNECTION_MEMORY = 24 * 1024 };

/* One client connection, from accept to close. */
struct conn {
    uint32_t magic;
    struct listener *listener;
    struct MHD_Connection *mhd;
    struct source watch; /* its socket, while the server does not look at it */
    struct conn *prev, *next;
    struct req *req;       /* the one in hand, NULL between requests */
    int64_t idle_since_us; /* accept, or the end of the last request */
    uint8_t client_ip[16];
    bool served;    /* at least one request was answered */
    bool head_seen; /* of the request in hand */
    bool queued, suspended;
    int64_t discarded;
    int64_t waiting_since_us;
    struct conn *next_waiting, **waiting_link; /* while waiting_since_us is set */
};

/* listener_head.c: fills r->in from the request's head; faults go to r->in.refused. */
void listener_read_head(struct conn *c, struct req *r, const char *method);
/* Splits the raw request target into path and query (request's memory). */
void listener_read_target(struct req *r, const char *uri);
/* Does the client still owe a body? */
bool listener_expects_body(const struct req *r);

/* Charges for `more` bytes of body; false: there is no room. */
MUST_USE bool listener_charge(struct req *r, size_t more);
/* Makes room for a large body in few steps, lest it be moved whenever it has doubled. */
void listener_make_room(struct req *r, size_t more);

/* listener_cors.c: what an answer tells browsers; answers a preflight (`*queued`), false if it is
 * none that may pass. */
void listener_cors_headers(struct MHD_Response *m, const struct req *r);
bool listener_preflight(struct conn *c, const struct req *r, const char *method,
                        enum MHD_Result *queued);

/* listener_reply.c: hands the answer to the server. */
enum MHD_Result listener_reply(struct conn *c, struct req *r, bool close);
/* Content reader of streams (listener.c). */
ssize_t listener_read_stream(void *cls, uint64_t pos, char *buf, size_t max);

#endif
