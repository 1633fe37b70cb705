/* Access tokens of service accounts: a service of the process with threads of its own, and what
 * each worker keeps of its answers.
 *
 * Making a token takes a signature (a millisecond) and a call over the network, so workers only
 * ask: a request that needs a token that is not here parks, and is woken when the answer has come.
 * A token is asked for anew some time before it expires, while the old one still serves; one
 * question a credential is under way at a time, whatever the number of workers and requests. A
 * failure is the answer for a few seconds.
 */
#ifndef DOTEB_GATEWAY_TOKENS_H
#define DOTEB_GATEWAY_TOKENS_H

#include "common/crypto.h"
#include "common/defs.h"
#include "common/err.h"
#include "common/str.h"
#include "common/uuid.h"
#include "gateway/pool.h"

struct tokens;      /* the service; one a process */
struct token_cache; /* a worker's; that thread's only */

struct tokens_options {
    const char *url;     /* of the token service; NULL or "": the issuer's own */
    const char *ca_file; /* NULL or "": the system's */
    int64_t connect_ms;
};

/* Returns owned; starts the threads. The options' strings are borrowed. */
struct tokens *tokens_new(const struct tokens_options *o);
/* Calls that are under way give up within a second. Before the workers' ports end. */
void tokens_stop(struct tokens *t);
/* After all caches. Accepts NULL. */
void tokens_free(struct tokens *t);

/* Returns owned; borrows both. Answers come back through `port`. */
struct token_cache *token_cache_new(struct tokens *t, struct pool_port *port);
/* After pool_port_fini, when nobody waits. Accepts NULL; wipes. */
void token_cache_free(struct token_cache *c);

struct token_entry;

/* Whoever waits for a token; embedded in its owner, zeroed before its first use. */
struct token_waiter {
    void (*wake)(struct token_waiter *w); /* from the worker's loop, once: ask again */
    struct token_waiter *next, **link;    /* private; link NULL: waits for nothing */
};

enum token_state {
    TOKEN_READY,
    TOKEN_WAIT,   /* the waiter will be woken */
    TOKEN_FAILED, /* `err` and `why` say how */
};

struct token_answer {
    struct str token; /* READY; borrowed until the next call for this cache */
    enum err err;     /* FAILED: E_CREDENTIAL if the credential is at fault */
    const char *why;  /* FAILED: a text for the log and the request, borrowed likewise */
};

/* The token of a provider key's credential (the service account's JSON), by now. */
MUST_USE enum token_state tokens_ask(struct token_cache *c, struct uuid organisation,
                                     struct uuid key, struct str credential, struct token_waiter *w,
                                     struct token_answer *out);
/* The waiter will not be woken any more. Safe for one that waits for nothing. */
void tokens_forget_waiter(struct token_waiter *w);

#endif
