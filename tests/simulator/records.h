/* What the simulator served: a ring of compact records (the newest million), the last 64 requests
 * in full, and counters. Shared by all threads behind one mutex; bounded; the ring grows lazily.
 * Never touches a socket.
 */
#ifndef DOTEB_SIM_RECORDS_H
#define DOTEB_SIM_RECORDS_H

#include <pthread.h>

#include "common/buf.h"
#include "common/defs.h"
#include "common/str.h"

enum {
    RECORDS_MAX = 1 << 20,
    RECORDS_SEGMENT = 1 << 14,
    RECORDS_LAST = 64,
    RECORDS_LAST_BODY = 4 << 20, /* bytes of a body kept in full */
    RECORDS_MODELS = 4096
};

enum record_state { RECORD_RECEIVED, RECORD_HEADERS_SENT, RECORD_COMPLETE, RECORD_ABORTED };

struct record {
    uint64_t seq;                /* from 1, never reused, also across a reset; 0: free */
    uint64_t received_us;        /* since 1970 */
    uint32_t headers_us, end_us; /* after received_us; 0: not yet */
    uint32_t prompt_tokens, completion_tokens; /* as reported (or planned, while not complete) */
    uint64_t body_bytes;                       /* of the answer's body, handed to the kernel */
    uint16_t model, status;
    uint8_t state; /* enum record_state */
    bool stream;
    const char *id_prefix; /* of the answer's id; a literal */
    char key_tail[5];
    char gateway_id[64];
};

struct last_request {
    uint64_t seq; /* of the record; 0 for requests that have none (models, bad HTTP) */
    uint64_t received_us;
    size_t head_len, body_len; /* body_len as received; kept: bytes.len - head_len */
    struct buf bytes;
};

struct counters {
    uint64_t requests, streams, complete, aborted, errors, bad_http;
    uint64_t prompt_tokens, completion_tokens; /* of complete answers */
    uint64_t connections, open_connections;
    uint64_t bytes_in, bytes_out;
    uint64_t status[6]; /* by class, 1xx..5xx at 1..5 */
};

struct records {
    pthread_mutex_t lock;
    uint64_t next_seq, first_seq; /* first_seq: oldest one not forgotten by a reset */
    struct record *segments[RECORDS_MAX / RECORDS_SEGMENT];
    struct last_request last[RECORDS_LAST];
    uint64_t n_last;
    char *models[RECORDS_MODELS];
    uint32_t n_models;
    uint32_t model_slots[RECORDS_MODELS * 2]; /* hash table: index into models + 1 */
    struct counters counters;
};

void records_init(struct records *r);
void records_fini(struct records *r);
/* Forgets everything but the sequence; answers under way are not counted any more. */
void records_reset(struct records *r);

/* Opens a record; returns its seq. `head`/`body` are the raw request, kept among the last 64. */
uint64_t records_open(struct records *r, uint64_t now_us, struct str head, struct str body,
                      struct str gateway_id, struct str key, const char *id_prefix);
/* Keeps a request among the last 64 without a record (GET /v1/models). */
void records_keep(struct records *r, uint64_t now_us, struct str head, struct str body);
/* What the answer will report; before headers or end. */
void records_plan(struct records *r, uint64_t seq, struct str model, bool stream,
                  uint32_t prompt_tokens, uint32_t completion_tokens);
void records_headers(struct records *r, uint64_t seq, uint64_t now_us, uint16_t status);
/* The answer's end: RECORD_COMPLETE or RECORD_ABORTED. `status` 0: no headers were sent. */
void records_end(struct records *r, uint64_t seq, uint64_t now_us, uint16_t status,
                 enum record_state state, uint64_t body_bytes);
/* A connection came (+1) or went (-1). */
void records_connection(struct records *r, int change);

/* With the lock held: the record, or NULL when it is forgotten. */
struct record *records_at(struct records *r, uint64_t seq);

#endif
