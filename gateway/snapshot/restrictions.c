/* Restrictions of API keys, and the pool in which equal ones are one. The loader writes; workers
 * read objects that never change or move until the pool goes.
 */
#include "gateway/snapshot/restrictions.h"

#include <string.h>

#include "common/map.h"
#include "common/mem.h"

enum {
    POOL_MAGIC = 0x72706f6c,
    FIRST_CHUNK_BITS = 6,
    CHUNKS = 32 - FIRST_CHUNK_BITS, /* each twice the one before: nothing moves */
};

struct restriction_pool {
    uint32_t magic;
    uint32_t n;
    const struct key_restrictions **chunk[CHUNKS];
    struct map by_text; /* text -> its slot's address; the writer's */
};

static size_t count_lines(struct str text)
{
    size_t n = 0;
    while (text.p) {
        (void)str_cut(&text, '\n');
        n++;
    }
    return n;
}

static void close_all(struct key_restrictions *k)
{
    k->by_address = k->by_provider = k->by_model = true;
    k->n_networks = k->n_providers = k->n_models = 0;
}

struct key_restrictions *restrictions_new(struct str text)
{
    struct key_restrictions *k = xcalloc(1, sizeof *k);
    char *copy = xstrndup(text.p ? text.p : "", text.len);
    k->text = str_make(copy, text.len);
    size_t lines = text.len ? count_lines(k->text) : 0;
    struct address_net *networks = xcalloc(lines + 1, sizeof *networks);
    struct str *words = xcalloc(2 * lines + 1, sizeof *words); /* providers, then models */
    struct str *models = words + lines;
    k->networks = networks;
    k->providers = words;
    k->models = models;
    struct str rest = lines ? k->text : STR_NULL;
    while (rest.p) {
        struct str line = str_cut(&rest, '\n');
        char kind = '\0';
        if (line.len)
            kind = line.p[0];
        struct str word = line.len ? str_make(line.p + 1, line.len - 1) : STR("");
        if (kind == 'i') {
            k->by_address = true;
            k->n_networks += address_net_parse(word, &networks[k->n_networks]);
        } else if (kind == 'p') {
            k->by_provider = true;
            words[k->n_providers++] = word;
        } else if (kind == 'm') {
            k->by_model = true;
            models[k->n_models++] = word;
        } else {
            close_all(k);
            break;
        }
    }
    return k;
}

void restrictions_free(struct key_restrictions *k)
{
    if (!k)
        return;
    xfree((void *)(uintptr_t)k->text.p);
    xfree((void *)(uintptr_t)k->networks);
    xfree((void *)(uintptr_t)k->providers);
    xfree(k);
}

bool restrictions_address(const struct key_restrictions *k, const uint8_t address[16])
{
    for (size_t i = 0; i < k->n_networks; i++)
        if (address_in(address, k->networks[i].addr, k->networks[i].bits))
            return true;
    return !k->by_address;
}

/* Where number n (from 1) lies. */
static const struct key_restrictions *const *slot_of(const struct restriction_pool *p, uint32_t n,
                                                     unsigned *chunk, size_t *at)
{
    uint64_t wide = (uint64_t)n - 1 + (1u << FIRST_CHUNK_BITS);
    unsigned top = 63u - (unsigned)__builtin_clzll(wide);
    *chunk = top - FIRST_CHUNK_BITS;
    *at = (size_t)(wide - (UINT64_C(1) << top));
    return p->chunk[*chunk] ? &p->chunk[*chunk][*at] : NULL;
}

struct restriction_pool *restriction_pool_new(void)
{
    struct restriction_pool *p = xcalloc(1, sizeof *p);
    p->magic = POOL_MAGIC;
    map_init(&p->by_text);
    return p;
}

void restriction_pool_free(struct restriction_pool *p)
{
    unsigned chunk;
    size_t at;
    if (!p)
        return;
    CHECK(p, POOL_MAGIC);
    for (uint32_t n = 1; n <= p->n; n++)
        restrictions_free((struct key_restrictions *)(uintptr_t)*slot_of(p, n, &chunk, &at));
    for (size_t i = 0; i < CHUNKS; i++)
        xfree(p->chunk[i]);
    map_fini(&p->by_text);
    p->magic = 0;
    xfree(p);
}

uint32_t restriction_pool_put(struct restriction_pool *p, struct str text)
{
    unsigned chunk;
    size_t at;
    CHECK(p, POOL_MAGIC);
    if (!text.len)
        return 0;
    /* a number, as the pointer that the map can hold */
    uintptr_t known = (uintptr_t)map_get(&p->by_text, text);
    if (known)
        return (uint32_t)known;
    ASSERT(p->n < INT32_MAX);
    uint32_t n = ++p->n;
    if (!slot_of(p, n, &chunk, &at))
        p->chunk[chunk] = xcalloc((size_t)1 << (chunk + FIRST_CHUNK_BITS), sizeof *p->chunk[chunk]);
    struct key_restrictions *k = restrictions_new(text);
    p->chunk[chunk][at] = k;
    (void)map_put(&p->by_text, k->text, (void *)(uintptr_t)n);
    return n;
}

const struct key_restrictions *restriction_pool_at(const struct restriction_pool *p, uint32_t n)
{
    unsigned chunk;
    size_t at;
    CHECK(p, POOL_MAGIC);
    return n ? *slot_of(p, n, &chunk, &at) : NULL;
}
