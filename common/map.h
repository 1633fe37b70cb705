/* String map, insert-only: built once, then read by any number of threads. Keys and values are
 * borrowed: whoever builds the map owns them (usually one arena). Open addressing, load <= 1/2.
 */
#ifndef DOTEB_COMMON_MAP_H
#define DOTEB_COMMON_MAP_H

#include "common/defs.h"
#include "common/str.h"

struct map_slot {
    struct str key; /* key.p == NULL: free */
    void *value;
};

struct map {
    struct map_slot *slots;
    size_t n_slots; /* power of two */
    size_t len;
    uint8_t seed[16]; /* SipHash key: outsiders choose some of the keys */
};

void map_init(struct map *m);
void map_fini(struct map *m);
/* Adds or replaces; returns the value that was there before, or NULL. */
void *map_put(struct map *m, struct str key, void *value);
/* The value, or NULL. */
void *map_get(const struct map *m, struct str key);

#define map_for_each(m, slot)                                                                      \
    for (struct map_slot *slot = (m)->slots; slot && slot < (m)->slots + (m)->n_slots; slot++)     \
        if (slot->key.p)

#endif
