/* Access tokens by the credential they belong to: what the service's threads and each worker keep.
 * One thread owns a table. Tokens are guarded memory, wiped when replaced, forgotten or freed.
 */
#ifndef DOTEB_GATEWAY_TOKEN_TABLE_H
#define DOTEB_GATEWAY_TOKEN_TABLE_H

#include "common/crypto.h"
#include "common/defs.h"
#include "common/err.h"
#include "common/uuid.h"

/* Whose token: a provider key, and what its credential was (a keyed hash: a row may get another
 * one). */
struct token_name {
    struct uuid organisation, key;
    uint8_t credential[8];
};

enum { TOKEN_WHY_MAX = 160 };

struct token_job;
struct token_waiter;

struct token_entry {
    struct token_entry *next;
    struct token_name name;
    struct secret *token; /* owned; NULL none */
    int64_t expires_us;   /* clock_mono_us: not to be used from here on */
    int64_t ask_us;       /* when to ask for another one; before it, what is here is the answer */
    enum err err;         /* how the last question ended */
    char why[TOKEN_WHY_MAX];
    struct token_job *job; /* a worker's: the question that is under way */
    struct token_waiter *waiters;
};

enum { TOKEN_BUCKETS = 256 };

struct token_table {
    struct token_entry *bucket[TOKEN_BUCKETS];
    size_t n;
    size_t sweep_at; /* when `n` reaches it, what is of no use any more is dropped */
};

void token_table_init(struct token_table *t);
/* No question may be under way. */
void token_table_fini(struct token_table *t);
/* The entry, made if there is none: empty, to be asked for at once. */
struct token_entry *token_table_get(struct token_table *t, const struct token_name *name,
                                    int64_t now_us);
/* Is there a token, and is it still good? */
bool token_entry_good(const struct token_entry *e, int64_t now_us);
/* Takes `token` (NULL: keeps the one there is). */
void token_entry_put(struct token_entry *e, struct secret *token, int64_t expires_us);

#endif
