/* The memory of derived signing keys. One thread's. Pure. */
#include "gateway/sign/sigv4_memo.h"

#include <sodium.h>

enum { SLOTS = 256, MEMO_MAGIC = 0x73696734 };

struct slot {
    struct sigv4_memo_tag tag;
    uint8_t key[SIGV4_DERIVED_BYTES];
    bool used;
};

struct sigv4_memo {
    uint32_t magic;
    uint8_t secret[crypto_generichash_KEYBYTES];
    struct slot slot[SLOTS];
};

struct sigv4_memo *sigv4_memo_new(void)
{
    struct sigv4_memo *m = sodium_malloc(sizeof *m);
    ASSERT(m);
    memset(m, 0, sizeof *m);
    m->magic = MEMO_MAGIC;
    randombytes_buf(m->secret, sizeof m->secret);
    return m;
}

void sigv4_memo_free(struct sigv4_memo *m)
{
    if (!m)
        return;
    CHECK(m, MEMO_MAGIC);
    sodium_free(m); /* wipes */
}

/* Each part with its length before it: no two lists of parts are the same bytes. */
struct sigv4_memo_tag sigv4_memo_tag(const struct sigv4_memo *m, struct str secret, struct str day,
                                     const struct sigv4_scope *scope)
{
    CHECK(m, MEMO_MAGIC);
    const struct str parts[] = {secret, day, scope->region, scope->service};
    crypto_generichash_state state;
    struct sigv4_memo_tag tag;
    (void)crypto_generichash_init(&state, m->secret, sizeof m->secret, sizeof tag.b);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        uint64_t len = parts[i].len;
        (void)crypto_generichash_update(&state, (const uint8_t *)&len, sizeof len);
        (void)crypto_generichash_update(&state, (const uint8_t *)parts[i].p, parts[i].len);
    }
    (void)crypto_generichash_final(&state, tag.b, sizeof tag.b);
    sodium_memzero(&state, sizeof state);
    return tag;
}

static const struct slot *slot_of(const struct sigv4_memo *m, const struct sigv4_memo_tag *tag)
{
    CHECK(m, MEMO_MAGIC);
    return &m->slot[tag->b[0] % SLOTS];
}

bool sigv4_memo_get(const struct sigv4_memo *m, const struct sigv4_memo_tag *tag,
                    uint8_t key[SIGV4_DERIVED_BYTES])
{
    const struct slot *s = slot_of(m, tag);
    if (!s->used || sodium_memcmp(s->tag.b, tag->b, sizeof tag->b) != 0)
        return false;
    memcpy(key, s->key, SIGV4_DERIVED_BYTES);
    return true;
}

void sigv4_memo_put(struct sigv4_memo *m, const struct sigv4_memo_tag *tag,
                    const uint8_t key[SIGV4_DERIVED_BYTES])
{
    struct slot *s = &m->slot[slot_of(m, tag) - m->slot];
    s->tag = *tag;
    memcpy(s->key, key, SIGV4_DERIVED_BYTES);
    s->used = true;
}
