/* Open addressing over an array of entries. Keys are ids of ours and labels' numbers: nobody
 * outside chooses them, so the hash needs no secret.
 */
#include "gateway/ledger/tally.h"

#include <string.h>

#include "common/mem.h"

void tally_init(struct tally *t, size_t key_bytes, size_t entry_bytes)
{
    ASSERT(key_bytes % 8 == 0 && entry_bytes >= key_bytes);
    *t = (struct tally){.key_bytes = key_bytes, .entry_bytes = entry_bytes};
}

void tally_fini(struct tally *t)
{
    xfree(t->entries);
    xfree(t->slots);
    tally_init(t, t->key_bytes, t->entry_bytes);
}

void tally_reset(struct tally *t)
{
    t->n = 0;
    if (t->slots)
        memset(t->slots, 0, t->n_slots * sizeof *t->slots);
}

static size_t hash(const void *key, size_t len)
{
    uint64_t h = 0;
    for (size_t i = 0; i < len; i += 8) {
        uint64_t w;
        memcpy(&w, (const char *)key + i, 8);
        h = (h ^ w) * 0x9E3779B97F4A7C15;
        h ^= h >> 32;
    }
    return (size_t)h;
}

static void *entry(const struct tally *t, size_t i)
{
    return t->entries + i * t->entry_bytes;
}

/* The slot that holds `key`, or the free one where it belongs. */
static uint32_t *find(const struct tally *t, const void *key)
{
    size_t i = hash(key, t->key_bytes) & (t->n_slots - 1);
    while (t->slots[i] != 0 && memcmp(entry(t, t->slots[i] - 1), key, t->key_bytes) != 0)
        i = (i + 1) & (t->n_slots - 1);
    return &t->slots[i];
}

static void grow(struct tally *t)
{
    t->cap = t->cap > 0 ? t->cap * 2 : 64;
    t->entries = xrealloc(t->entries, t->cap * t->entry_bytes);
    xfree(t->slots);
    t->n_slots = t->cap * 2;
    t->slots = xcalloc(t->n_slots, sizeof *t->slots);
    for (size_t i = 0; i < t->n; i++)
        *find(t, entry(t, i)) = (uint32_t)(i + 1);
}

void *tally_at(struct tally *t, const void *key)
{
    if (t->n == t->cap)
        grow(t);
    uint32_t *slot = find(t, key);
    if (*slot == 0) {
        void *e = entry(t, t->n);
        memset(e, 0, t->entry_bytes);
        memcpy(e, key, t->key_bytes);
        *slot = (uint32_t)++t->n;
    }
    return entry(t, *slot - 1);
}

bool tally_has(const struct tally *t, const void *key)
{
    return t->n > 0 && *find(t, key) != 0;
}
