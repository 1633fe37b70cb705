/* A worker's memory of keys that it has judged lately: from a key's text to its stored hash.
 *
 * The hash of a key (ARCHITECTURE, trust) is six rounds of SHA-256, a tenth of what a request
 * costs; most requests come with a key seen a moment ago. A slot holds the 128-bit SipHash of the
 * key's text under a random secret of this worker, and the hash that the snapshot is asked for: no
 * key in clear, and the snapshot still judges every request. Only keys that were found get a slot.
 */
#ifndef DOTEB_GATEWAY_KEY_MEMO_H
#define DOTEB_GATEWAY_KEY_MEMO_H

#include "common/apikey.h"
#include "common/defs.h"
#include "common/str.h"

enum { KEY_MEMO_SLOTS = 1024, KEY_MEMO_TAG_BYTES = 16 };

struct key_memo {
    uint8_t secret[16];
    struct key_memo_slot {
        uint8_t tag[KEY_MEMO_TAG_BYTES];
        struct apikey_hash hash;
        bool used;
    } slot[KEY_MEMO_SLOTS];
};

/* Returns owned. */
struct key_memo *key_memo_new(void);
/* Wipes. Accepts NULL. */
void key_memo_free(struct key_memo *m);
MUST_USE bool key_memo_get(const struct key_memo *m, struct str key, struct apikey_hash *out);
void key_memo_put(struct key_memo *m, struct str key, const struct apikey_hash *hash);

#endif
