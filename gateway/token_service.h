/* The service behind tokens.h as workers' caches see it: questions as jobs of a pool. Only for
 * token*.c.
 */
#ifndef DOTEB_GATEWAY_TOKEN_SERVICE_H
#define DOTEB_GATEWAY_TOKEN_SERVICE_H

#include "gateway/token_table.h"
#include "gateway/tokens.h"

/* A question on its way to a thread, and the answer on its way back. */
struct token_job {
    struct pool_job job;
    struct token_entry *asker; /* the worker's; the thread does not touch it */
    struct token_name name;
    struct secret *credential; /* owned */
    struct secret *token;      /* owned; NULL: none that is good */
    int64_t expires_us, ask_us;
    enum err err;
    char why[TOKEN_WHY_MAX];
};

/* Returns owned, with a copy of the credential. `job.done` and `asker` are the caller's to set. */
struct token_job *token_job_new(const struct token_name *name, struct str credential);
/* Accepts NULL; wipes. */
void token_job_free(struct token_job *j);
/* The hash of a credential, under a key of this process. */
void tokens_hash(const struct tokens *t, struct str credential, uint8_t out[8]);
/* To the thread that answers for this credential. False: too many wait; the job is the caller's. */
MUST_USE bool tokens_post(struct tokens *t, struct pool_port *port, struct token_job *j);

#endif
