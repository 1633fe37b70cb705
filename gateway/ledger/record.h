/* The two records of a request in the spool: `open` before the upstream call, `close` before the
 * last byte of the answer is released. The decoder takes any bytes (torn writes, rubbish) and says
 * what they are. Pure; any thread.
 *
 * A record is 64-bit little-endian words: checksum of the rest; length in bytes (16 bits), kind,
 * version (8 bits each), zero (32 bits); then the fields in the order of record.c, padded with
 * zeros. The kind's byte occurs in no UTF-8 text, and all text in a record is UTF-8: a caller
 * cannot send text that looks like a record to a reader who searches on after damage.
 */
#ifndef DOTEB_LEDGER_RECORD_H
#define DOTEB_LEDGER_RECORD_H

#include "common/defs.h"
#include "common/str.h"
#include "common/uuid.h"
#include "gateway/ir/price.h"
#include "gateway/ir/usage.h"

enum { RECORD_OPEN_MAX_BYTES = 4096, RECORD_CLOSE_MAX_BYTES = 2048 };

/* requests.outcome */
enum outcome {
    OUTCOME_OK,
    OUTCOME_CLIENT_ERROR,
    OUTCOME_GATEWAY_ERROR,
    OUTCOME_UPSTREAM_ERROR,
    OUTCOME_CLIENT_GONE,
    OUTCOME_INTERRUPTED,
};

/* Who, what, when: all that a row needs if nothing more is ever heard. Strings are borrowed. The
 * encoder cuts each to its cap at a character's border (tags at a comma), replaces invalid UTF-8 by
 * U+FFFD and drops NULs: the record always fits and PostgreSQL takes its text. */
struct ledger_open {
    struct uuid request_id; /* UUIDv7; its time is created_at's millisecond */
    struct uuid organisation_id, project_id, api_key_id, user_id, provider_key_id;
    int64_t created_us; /* wall time */
    uint16_t retention_days;
    uint8_t endpoint; /* requests.endpoint: 1 chat completions */
    bool streamed;
    bool lent; /* the provider key is the platform's, lent to the organisation */
    int32_t provider_id, model_id, offer_id;              /* 0: none yet */
    int64_t estimated_input;                              /* tokens */
    int64_t estimated_output;                             /* tokens */
    int64_t estimated_pico;                               /* greatest cost */
    uint8_t client_ip[16];                                /* IPv6 or v4-mapped; zero: unknown */
    struct str requested_model;                           /* <= 256 */
    struct str client_request_id;                         /* <= 128 */
    struct str source, title, referer, end_user, session; /* <= 128 each */
    struct str user_agent;                                /* <= 256 */
    struct str tags;                                      /* comma separated, <= 512 */
    struct str metadata; /* JSON object, <= 1024; over that or no UTF-8: dropped whole */
    struct str params;   /* JSON object, <= 512; likewise */
};

enum { LEDGER_ATTEMPTS_MAX = 8, LEDGER_STEPS_MAX = 16 };

struct ledger_attempt {
    int32_t offer_id, provider_id;
    struct uuid provider_key_id;
    bool lent;                                    /* as in struct ledger_open */
    uint16_t status;                              /* upstream's HTTP status, 0: none came */
    char error[32];                               /* err_name, "" none */
    int64_t start_us, first_byte_us, duration_us; /* start since the request's start; first byte
                                                     since the attempt's start, -1: none */
};

struct ledger_close {
    struct uuid request_id;
    uint16_t status; /* to the client */
    uint8_t outcome; /* enum outcome */
    uint8_t finish_reason;
    char error[32]; /* err_name, "" none */
    int32_t provider_id, model_id, offer_id;
    struct uuid provider_key_id;
    int64_t duration_us, ttft_us, overhead_us; /* ttft -1: no content came */
    struct usage usage;
    struct cost cost;
    uint8_t n_attempts;
    struct ledger_attempt attempt[LEDGER_ATTEMPTS_MAX];
    uint8_t n_steps; /* microseconds per step, in the order of steps.def */
    uint32_t step_us[LEDGER_STEPS_MAX];
    struct str upstream_model;      /* <= 128 */
    struct str upstream_request_id; /* <= 128 */
    struct str error_detail;        /* <= 256 */
};

enum record_kind { RECORD_NONE, RECORD_OPEN, RECORD_CLOSE, RECORD_TORN };

/* Writes a record to `out` (at least the kind's maximum); returns its length, a multiple of 8. */
size_t record_encode_open(const struct ledger_open *o, uint8_t *out);
size_t record_encode_close(const struct ledger_close *c, uint8_t *out);
/* Looks at `bytes`: NONE (zeros: the segment's unwritten rest, or too few), TORN (no valid record),
 * else the kind and its whole length in `*len`. */
enum record_kind record_peek(struct str bytes, size_t *len);
/* Decode a record that record_peek accepted; strings point into `bytes`. False: malformed. */
MUST_USE bool record_decode_open(struct str bytes, struct ledger_open *out);
MUST_USE bool record_decode_close(struct str bytes, struct ledger_close *out);

#endif
