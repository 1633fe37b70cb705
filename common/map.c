/* Insert-only string map. Built by one thread, read by many. Never frees keys or values. */
#include "common/map.h"

#include <sodium.h>

#include "common/mem.h"

static_assert(crypto_shorthash_KEYBYTES == sizeof(((struct map *)0)->seed), "seed size");

void map_init(struct map *m)
{
    *m = (struct map){0};
}

void map_fini(struct map *m)
{
    xfree(m->slots);
    m->slots = NULL;
    m->n_slots = m->len = 0;
}

static struct map_slot *find(const struct map *m, struct str key)
{
    uint64_t h;
    crypto_shorthash((unsigned char *)&h, (const unsigned char *)key.p, key.len, m->seed);
    for (size_t i = (size_t)h & (m->n_slots - 1);; i = (i + 1) & (m->n_slots - 1)) {
        struct map_slot *s = &m->slots[i];
        if (!s->key.p || str_eq(s->key, key))
            return s;
    }
}

static void grow(struct map *m)
{
    struct map old = *m;
    if (!old.n_slots) /* a system call, and most maps stay empty */
        randombytes_buf(m->seed, sizeof m->seed);
    m->n_slots = old.n_slots ? old.n_slots * 2 : 16;
    m->slots = xcalloc(m->n_slots, sizeof *m->slots);
    map_for_each (&old, slot)
        *find(m, slot->key) = *slot;
    xfree(old.slots);
}

void *map_put(struct map *m, struct str key, void *value)
{
    ASSERT(key.p != NULL);
    if ((m->len + 1) * 2 > m->n_slots)
        grow(m);
    struct map_slot *s = find(m, key);
    void *before = s->key.p ? s->value : NULL;
    if (!s->key.p)
        m->len++;
    *s = (struct map_slot){.key = key, .value = value};
    return before;
}

void *map_get(const struct map *m, struct str key)
{
    if (m->len == 0 || !key.p)
        return NULL;
    return find(m, key)->value;
}
