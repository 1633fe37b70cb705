/* Sums by key: a growing array of entries, each beginning with its key, found through a hash table.
 * One thread.
 */
#ifndef DOTEB_LEDGER_TALLY_H
#define DOTEB_LEDGER_TALLY_H

#include "common/defs.h"

struct tally {
    size_t key_bytes, entry_bytes;
    char *entries;
    size_t n, cap;
    uint32_t *slots; /* index + 1; 0: free */
    size_t n_slots;  /* a power of two */
};

void tally_init(struct tally *t, size_t key_bytes, size_t entry_bytes);
void tally_fini(struct tally *t);
/* Forgets the entries, keeps the memory. */
void tally_reset(struct tally *t);
/* The entry of `key` (compared as bytes; no padding), made zeroed but for the key if it is new.
 * Borrowed until the next call. */
void *tally_at(struct tally *t, const void *key);
/* Is there an entry of `key`? */
bool tally_has(const struct tally *t, const void *key);

#endif
