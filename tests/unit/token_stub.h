/* A token service for tests: one thread, one connection at a time, on a free port of loopback. What
 * it answers is set by the test, at any time.
 */
#ifndef DOTEB_TESTS_TOKEN_STUB_H
#define DOTEB_TESTS_TOKEN_STUB_H

#include <stdatomic.h>

#include "common/defs.h"

struct token_stub {
    int listen_fd;
    char url[64];
    atomic_int requests;        /* so far */
    atomic_int status;          /* 200 */
    atomic_int lifetime_s;      /* of tokens "token-1", "token-2", ... */
    atomic_int delay_ms;        /* before an answer */
    _Atomic(const char *) body; /* NULL: a token */
    char last[16384];           /* the last request; read when nothing is under way */
};

void token_stub_start(struct token_stub *s);
void token_stub_stop(struct token_stub *s);
/* A service account with a key made for this process; PEM and all. Static. */
const char *token_stub_account(void);
/* The same with another e-mail address, in `out`. */
void token_stub_account_of(int n, char out[8192]);

#endif
