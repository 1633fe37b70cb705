/* The memory of keys judged lately. One worker's thread. Never holds a key's text. */
#include "gateway/key_memo.h"

#include <sodium.h>

#include "common/mem.h"

static_assert(crypto_shorthash_siphashx24_BYTES == KEY_MEMO_TAG_BYTES, "tag size");
static_assert(crypto_shorthash_siphashx24_KEYBYTES == sizeof(((struct key_memo *)0)->secret),
              "key");

struct key_memo *key_memo_new(void)
{
    struct key_memo *m = xcalloc(1, sizeof *m);
    randombytes_buf(m->secret, sizeof m->secret);
    return m;
}

void key_memo_free(struct key_memo *m)
{
    if (!m)
        return;
    sodium_memzero(m, sizeof *m);
    xfree(m);
}

static struct key_memo_slot *slot_of(const struct key_memo *m, struct str key,
                                     uint8_t tag[KEY_MEMO_TAG_BYTES])
{
    crypto_shorthash_siphashx24(tag, (const unsigned char *)key.p, key.len, m->secret);
    size_t at = ((size_t)tag[0] << 8 | tag[1]) % KEY_MEMO_SLOTS;
    return (struct key_memo_slot *)(uintptr_t)&m->slot[at];
}

bool key_memo_get(const struct key_memo *m, struct str key, struct apikey_hash *out)
{
    uint8_t tag[KEY_MEMO_TAG_BYTES];
    const struct key_memo_slot *s = slot_of(m, key, tag);
    if (!s->used || sodium_memcmp(s->tag, tag, sizeof tag) != 0)
        return false;
    *out = s->hash;
    return true;
}

void key_memo_put(struct key_memo *m, struct str key, const struct apikey_hash *hash)
{
    uint8_t tag[KEY_MEMO_TAG_BYTES];
    struct key_memo_slot *s = slot_of(m, key, tag);
    memcpy(s->tag, tag, sizeof tag);
    s->hash = *hash;
    s->used = true;
}
