/* A worker's memory of derived signing keys: a key of one secret, day, region and service is four
 * HMACs away, and the same one all day.
 *
 * A slot is found by the keyed hash of all that the key is derived from, the secret included: it
 * cannot be another secret's, and needs no forgetting. Only keys of good signatures get a slot, so
 * that who has no secret cannot push others out. Guarded memory, wiped when freed.
 */
#ifndef DOTEB_SIGN_SIGV4_MEMO_H
#define DOTEB_SIGN_SIGV4_MEMO_H

#include "gateway/sign/sigv4.h"

enum { SIGV4_DERIVED_BYTES = 32, SIGV4_MEMO_TAG_BYTES = 16 };

struct sigv4_memo;
struct sigv4_memo_tag {
    uint8_t b[SIGV4_MEMO_TAG_BYTES];
};

/* Returns owned. After crypto_init. */
struct sigv4_memo *sigv4_memo_new(void);
/* Accepts NULL. */
void sigv4_memo_free(struct sigv4_memo *m);
struct sigv4_memo_tag sigv4_memo_tag(const struct sigv4_memo *m, struct str secret, struct str day,
                                     const struct sigv4_scope *scope);
MUST_USE bool sigv4_memo_get(const struct sigv4_memo *m, const struct sigv4_memo_tag *tag,
                             uint8_t key[SIGV4_DERIVED_BYTES]);
void sigv4_memo_put(struct sigv4_memo *m, const struct sigv4_memo_tag *tag,
                    const uint8_t key[SIGV4_DERIVED_BYTES]);

#endif
