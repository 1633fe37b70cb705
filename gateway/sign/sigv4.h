/* AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request"), for every
 * service but S3: the path is encoded once more before it is signed. Pure: no clock, no socket.
 */
#ifndef DOTEB_SIGN_SIGV4_H
#define DOTEB_SIGN_SIGV4_H

#include "common/arena.h"
#include "common/defs.h"
#include "common/str.h"

/* The service that is signed for where a provider's row names none. */
#define SIGV4_SERVICE "bedrock"

enum {
    SIGV4_HEX_BYTES = 65,   /* 64 lower-case digits and a NUL */
    SIGV4_HEADERS_MAX = 96, /* headers, and signed names, of one request */
    SIGV4_QUERY_MAX = 64,   /* parameters of one request */
    SIGV4_PATH_MAX = 8192,
};

/* All borrowed. */
struct sigv4_request {
    struct str method;
    struct str path;  /* raw, as it stands in the request line, without query; "" is "/" */
    struct str query; /* raw, without the question mark; "" none */
    const struct sigv4_header *headers;
    size_t n_headers;
    struct str body_hash; /* sigv4_body_hash */
};

struct sigv4_header {
    struct str name, value; /* any case; repeated names are one header, in the order given */
};

struct sigv4_scope {
    struct str region, service; /* "us-east-1", "bedrock" */
};

struct sigv4_key {
    struct str access_key_id, secret_access_key;
    struct str session_token; /* "" none */
};

/* Header lines of a signed request, NUL-terminated, in the arena. They are wiped with it. */
struct sigv4_lines {
    char *authorization;
    char *date;           /* "x-amz-date: ..." */
    char *content_hash;   /* "x-amz-content-sha256: ...", NULL unless asked for */
    char *security_token; /* "x-amz-security-token: ...", NULL without one */
};

/* SHA-256 of a body, in hexadecimal. */
void sigv4_body_hash(struct str body, char out[SIGV4_HEX_BYTES]);

/* The same of a body that comes in pieces. Returns owned. */
struct sigv4_hash;
struct sigv4_hash *sigv4_hash_new(void);
/* Accepts NULL. */
void sigv4_hash_free(struct sigv4_hash *h);
void sigv4_hash_add(struct sigv4_hash *h, struct str piece);
/* Once, after the last piece. */
void sigv4_hash_end(struct sigv4_hash *h, char out[SIGV4_HEX_BYTES]);

/* Signs all of q->headers (`host` must be there; none of the three x-amz- headers above may) and
 * adds those. `wall_us` is the time of the signature. `with_content_hash`: send and sign
 * x-amz-content-sha256 too. False: the request breaks a limit above, or lacks `host`. */
MUST_USE bool sigv4_sign(const struct sigv4_request *q, const struct sigv4_key *key,
                         const struct sigv4_scope *scope, int64_t wall_us, bool with_content_hash,
                         struct arena *a, struct sigv4_lines *out);

#endif
