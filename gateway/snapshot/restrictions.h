/* What an API key is restricted to: networks, providers, models. Read from the text that the store
 * packs; whatever cannot be read closes the key rather than opening it.
 *
 * Keys with the same text share one object, and keys without restrictions have none: a table of
 * keys (keys.h) owns a pool, and each of its entries a number in it. One thread writes (the
 * loader); any number reads objects whose numbers it was handed.
 */
#ifndef DOTEB_SNAPSHOT_RESTRICTIONS_H
#define DOTEB_SNAPSHOT_RESTRICTIONS_H

#include "common/address.h"
#include "common/defs.h"
#include "common/str.h"

struct key_restrictions {
    struct str text;
    /* each list is a restriction if it is set, also if nothing in it could be read */
    bool by_address, by_provider, by_model;
    size_t n_networks, n_providers, n_models;
    const struct address_net *networks;
    const struct str *providers, *models; /* as given; borrowed from `text` */
};

/* Returns owned; copies. The text has a line for each element, which begins with what it is:
 * "i10.0.0.0/8", "popenai", "mclaude-*". A line of another kind closes the key. */
struct key_restrictions *restrictions_new(struct str text);
/* Accepts NULL. */
void restrictions_free(struct key_restrictions *k);
/* May a client with this address use the key? */
bool restrictions_address(const struct key_restrictions *k, const uint8_t address[16]);

struct restriction_pool;

/* Returns owned. */
struct restriction_pool *restriction_pool_new(void);
/* Accepts NULL. */
void restriction_pool_free(struct restriction_pool *p);
/* The number of the object for `text`; 0: the text is empty. Equal texts have equal numbers. */
uint32_t restriction_pool_put(struct restriction_pool *p, struct str text);
/* NULL for 0. Borrowed from the pool. */
const struct key_restrictions *restriction_pool_at(const struct restriction_pool *p, uint32_t n);

#endif
