/* One proxied request, and the engine that takes it through the steps.
 *
 * A request lives on one worker's thread. It is made by the listener when a request line arrives
 * and freed when the HTTP server has let go of it; the engine has seen to it by then that `account`
 * ran. Its fields are in groups: each has one writer, named here; everybody later only reads.
 *
 *   listener -> [auth -> receive -> resolve -> route -> translate -> upstream -> stream] -> account
 *                                     ^                                |          |
 *                                     +--- next attempt, no byte out --+----------+
 */
#ifndef DOTEB_GATEWAY_REQUEST_H
#define DOTEB_GATEWAY_REQUEST_H

#include <stdatomic.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/defs.h"
#include "common/err.h"
#include "common/str.h"
#include "common/uuid.h"
#include "gateway/dialect/dialect.h"
#include "gateway/ir/price.h"
#include "gateway/key_memo.h"
#include "gateway/ledger/spool.h"
#include "gateway/loop.h"
#include "gateway/options.h"
#include "gateway/pool.h"
#include "gateway/sign/sigv4.h"
#include "gateway/sign/sigv4_memo.h"
#include "gateway/snapshot/permit.h"
#include "gateway/snapshot/snapshot.h"
#include "gateway/timer.h"
#include "gateway/tokens.h"
#include "gateway/wire/framing.h"
#include "gateway/xfer/xfer.h"

enum step_id {
#define STEP(name) STEP_##name,
#include "gateway/steps.def"
#undef STEP
    STEP_COUNT,
    STEP_done = STEP_COUNT
};

enum step_rc {
    STEP_NEXT, /* go on with the next step */
    STEP_WAIT, /* parked: somebody holds the right to call req_wake */
    STEP_JUMP, /* go to r->run.jump, if the table of legal jumps has it */
    STEP_FAIL, /* req_fail was called: to account with an error answer */
};

enum header_id {
#define HEADER(id, name, flags) HEADER_##id,
#include "gateway/headers.def"
#undef HEADER
    HEADER_COUNT
};

/* What a path asks for. */
enum endpoint {
    ENDPOINT_NONE,
    ENDPOINT_DIALECT, /* a route of a dialect */
    ENDPOINT_MODELS,
    ENDPOINT_MODEL,
    ENDPOINT_KEY,
    ENDPOINT_STORED, /* an answer kept for the client: GET and DELETE; in.call.model is its id */
};

struct archive;
struct client_signature;
struct archive_job;
struct convert;
struct inliner;
struct req;

/* How the engine reaches the listener without knowing it. */
struct req_host {
    /* The answer's head may be sent (r->out is filled): whole, or as a stream that begins. */
    void (*answer)(struct req *r);
    /* A stream that had nothing to send has bytes now, or has ended. */
    void (*output)(struct req *r);
};

/* What a worker lends its requests. */
struct engine {
    uint32_t magic;
    struct loop *loop;
    struct timers timers;
    struct xfer_pool *xfers;
    struct spool_lane *lane;
    struct key_memo *memo;
    struct sigv4_memo *signers;
    struct snapshot *snap; /* adopted at loop top */
    const struct options *conf;
    const struct req_host *host;
    atomic_llong *body_bytes; /* of the whole process */
    struct archive *archive;  /* of the whole process */
    struct pool_port *port;   /* what its jobs come back through */
    struct pool *bulk;        /* its second thread, for work on large bodies */
    struct token_cache *tokens;
    const struct address_nets *proxies; /* whose X-Forwarded-For is believed */
    const struct guard *guard;          /* where tenants' base URLs may lead */
    const struct guard *inline_guard;   /* the same for URLs of images and files in requests */
    struct str hop;                     /* this gateway's id, for the loop header */
    struct req *ready, **ready_tail;
    struct arena *spare_arenas[64];
    unsigned n_spare_arenas;
    unsigned active; /* requests alive */
    bool leaving;    /* answers end their connections */
    bool draining;
};

enum { CANDIDATES_MAX = 32, DETAIL_MAX = 256 };

/* One way to serve the request. */
struct candidate {
    const struct snap_offer *offer;
    const struct snap_provider_key *key;
};

struct attempt {
    const struct candidate *candidate;
    int64_t start_us, first_byte_us, end_us; /* clock_mono_us; 0: not yet */
    int status;                              /* upstream's, 0: none came */
    enum err err;
};

struct req {
    uint32_t magic;
    struct engine *engine;
    struct arena *arena;
    struct arena *scratch; /* reset after each stream event */
    struct snapshot *snap;

    struct { /* by the engine */
        enum step_id step, jump;
        bool ready; /* in the engine's list */
        struct req *next_ready;
        int64_t step_began_us;
        uint32_t step_us[STEP_COUNT];
        bool accounted;
    } run;

    struct { /* by req_work */
        struct pool_job job;
        void (*fn)(struct req *r); /* on its way or come back; NULL: none */
        bool away;                 /* the request is the other thread's */
        bool orphan;               /* the HTTP server has let go of it meanwhile */
    } work;

    struct {              /* by the listener */
        void *connection; /* the listener's own */
        struct uuid id;   /* UUIDv7: the row's id */
        char id_text[UUID_TEXT_LEN + 1];
        int64_t start_us, created_us; /* monotonic, wall */
        struct str path, query;       /* raw, undecoded */
        bool post, delete;
        enum endpoint endpoint;
        const struct dialect *dialect;          /* the caller's; never NULL once the head is read */
        const struct dialect_route *route;      /* ENDPOINT_DIALECT */
        struct dialect_call call;               /* what the path and query say */
        struct str header[HEADER_COUNT];        /* .p NULL: not given */
        struct str passed[DIALECT_HEADERS_MAX]; /* by dialect_header_number */
        const struct sigv4_header *all;         /* every header, of requests that are signed */
        size_t n_all;
        struct sigv4_hash *body_hash; /* NULL unless signed */
        struct str extra_metadata;    /* members from X-LLMGateway-* headers, raw JSON, no braces */
        uint8_t client_ip[16];
        struct buf body;
        int64_t body_charged; /* bytes counted in engine->body_bytes */
        int64_t read_charged; /* bytes of the arena in which it was read, counted there, too */
        bool body_done, client_gone;
        int64_t body_done_us;
        enum err refused; /* what the listener found wrong with the HTTP itself */
        const char *refusal;
    } in;

    struct { /* by auth */
        struct snap_key key;
        const struct snap_project *project;
        const struct permit *permit;      /* what a restricted key may call; NULL: everything */
        bool known;                       /* the key is one of ours: the request gets a row */
        struct client_signature *claimed; /* who it says it is, until receive has the whole body
                                             that the signature is of; NULL: not signed */
    } who;

    struct { /* by receive */
        struct dialect_request scan;
        struct ir_chat *chat; /* the internal form; NULL until a translation needs it */
        bool metadata_wanted;
    } want;

    struct { /* by resolve */
        const struct snap_model *model;
        struct candidate candidate[CANDIDATES_MAX];
        size_t n;
    } target;

    struct { /* by route */
        const struct candidate *candidate;
        size_t next; /* first candidate not tried yet */
        unsigned n_attempts;
        struct attempt attempt[LEDGER_ATTEMPTS_MAX];
        const char *why; /* by whoever failed the last attempt: a sentence, arena or static */
    } route;

    struct {                           /* by translate */
        const struct dialect *dialect; /* what the provider speaks; NULL before the first attempt */
        bool translated;               /* else the body passes as it is */
        struct dialect_loss loss;      /* what the translation left out */
        struct token_waiter token_wait;
        const struct candidate *made_for; /* whom `body` is for */
        enum err made;
        struct inliner *inliner; /* steps/inline.c's: what URLs led to; NULL none was needed yet */
        int64_t fetched_charged; /* bytes of what they led to, counted in engine->body_bytes */
        int64_t fetch_us;        /* time spent waiting for them */
        const char *url;
        struct buf body;          /* written by a translation */
        const struct str *pieces; /* what is sent: of `body`, or of the client's own; arena */
        size_t n_pieces;
        char body_hash[SIGV4_HEX_BYTES]; /* of signers that want it */
        int64_t body_charged;
        const struct xfer_header *headers;
    } tx;

    struct {               /* by upstream */
        struct xfer *xfer; /* NULL when none is in flight */
        struct timer timer;
        bool opened;    /* the ledger has the open record */
        unsigned begun; /* attempts begun: differs from route.n_attempts when one is due */
        bool head_done, done, event_stream, too_large;
        int status;
        int64_t sent_us, head_us, last_us;
        int64_t retry_after_s; /* -1: not given */
        int64_t input_tokens;  /* by a header (dialect.input_tokens_header), -1 none */
        struct str content_type, request_id; /* arena */
        struct str retry_after;
        struct buf body; /* whole answer, or an error's body */
        int64_t body_charged;
        struct framing framing;
        struct xfer_result result;
        int64_t wait_us; /* time spent waiting for providers, all ended attempts */
    } up;

    struct { /* by stream (and by req_fail for error answers) */
        int status;
        const char *content_type;
        bool streaming;  /* the head is out or on its way as an event stream */
        bool begun;      /* host->answer was called */
        bool finished;   /* nothing more will be added */
        bool abort;      /* end by breaking the connection, not cleanly */
        struct buf buf;  /* bytes for the client */
        size_t sent;     /* of buf */
        struct buf tail; /* held back until account has run */
        struct buf held; /* events before the first content */
        struct buf last_event;
        struct dialect_answer answer; /* merged over events */
        bool got_content, got_error, got_done, got_last, usage_sent;
        struct convert *convert; /* stream_convert.c's, NULL until it has begun */
        int64_t content_bytes, first_content_us, overhead_us;
        struct cost cost;
        bool has_cost, paused;
        unsigned usage_events;
        bool ended; /* the last event was completed by us */
    } out;

    struct {                     /* by request_archive */
        struct archive_job *job; /* asked for, or answered and not taken yet */
        struct timer timer;
        bool answered;
        unsigned phase;      /* steps/chain.c: how far it is */
        struct str items;    /* of the request's own input, before others were put before it */
        struct str previous; /* the answer it goes on from; "" none */
    } archive;

    struct { /* by req_fail, once */
        enum err err;
        char message[DETAIL_MAX];
        struct str param;
        bool passed_through; /* the provider's own error body is the answer */
    } fail;
};

enum { REQ_MAGIC = 0x72657121, ENGINE_MAGIC = 0x656e6769 };

/* Returns a new request, owned by the caller until req_free. */
struct req *req_new(struct engine *e);
/* After the HTTP server has let go. Runs account first if it has not run. A request that is away is
 * freed when it is back. */
void req_free(struct req *r);
/* Runs steps until one waits or all are done. */
void req_run(struct req *r);
/* Puts the request into the ready list; engine_run_ready runs it. Safe to repeat. */
void req_wake(struct req *r);
/* Runs all ready requests, also those that become ready meanwhile. */
void engine_run_ready(struct engine *e);
/* Runs `fn(r)`: here, or, when it is about `bytes` that take long, on the engine's second thread.
 * STEP_NEXT: it has run. STEP_WAIT: the request is away and nobody may touch it; it is woken when
 * it is back, and the step asks again with the same `fn`. What `fn` uses must belong to the request
 * or be const. (request_work.c) */
enum step_rc req_work(struct req *r, size_t bytes, void (*fn)(struct req *r));
/* Says what went wrong; the first call counts. `param` is the field's name (arena or static),
 * STR_NULL none. The message is one sentence for the client; NULL takes the table's. */
void req_fail(struct req *r, enum err err, struct str param, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* The client left (listener). The request goes on to account by itself, at once or when it is back
 * from req_work. */
void req_client_gone(struct req *r);
/* A request whose client left while it was away is back. (request_run.c) */
void req_depart(struct req *r);
/* Adds bytes to the process's account of bodies in memory; false if there is no room. A few large
 * bodies cannot take it all: small ones have the last eighth to themselves. */
MUST_USE bool req_charge(struct req *r, int64_t *charged, size_t bytes);
/* Charges what the arena has grown to, if that is much; false if there is no room. */
MUST_USE bool req_charge_arena(struct req *r);
/* Takes some of them out again. */
void req_uncharge(struct req *r, int64_t *charged, size_t bytes);
/* Is it the platform's key, and the request another organisation's? */
bool req_is_lent(const struct req *r, const struct snap_provider_key *k);
const char *step_name(enum step_id s);
/* Microseconds of our own: since the start, less the waiting for providers, for URLs and for the
 * client's body. */
int64_t req_overhead_us(const struct req *r, int64_t now_us);

/* The steps, one file each in steps/. */
#define STEP(name) enum step_rc step_##name(struct req *r);
#include "gateway/steps.def"
#undef STEP
/* Stops fetching URLs, if that is under way. (steps/inline.c) */
void inline_cancel(struct req *r);
/* Stops the transfer in flight, if any; no callback arrives afterwards. (steps/upstream.c) */
void upstream_cancel(struct req *r);
/* What the attempt waits for has changed (head, first content): its deadline is set anew.
 * (steps/upstream.c) */
void upstream_watch(struct req *r);
/* The attempt in hand failed: on to the next one, or to the end. (steps/upstream.c) */
enum step_rc upstream_failed(struct req *r, enum err err, struct str detail);
/* The last attempt failed: fails the request with the provider's words, unless they are about its
 * account. (steps/upstream.c) */
void upstream_give_up(struct req *r, enum err err);
/* What an upstream status means; E_OK for 2xx. (steps/upstream.c) */
enum err upstream_judge_status(int status);

#endif
