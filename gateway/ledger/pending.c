/* Open addressing with removal by shifting back. Ids are UUIDv7 of ours, whose last 8 bytes are
 * random.
 */
#include "gateway/ledger/pending.h"

#include "common/mem.h"

void pending_init(struct pending *p)
{
    *p = (struct pending){0};
}

void pending_fini(struct pending *p)
{
    pending_for_each(p, o)
    {
        if (o->owned)
            xfree((void *)(uintptr_t)o->bytes.p);
    }
    xfree(p->slots);
    pending_init(p);
}

static size_t home(const struct pending *p, struct uuid id)
{
    uint64_t w;
    memcpy(&w, id.b + 8, 8);
    w *= 0x9E3779B97F4A7C15;
    return (size_t)(w >> 32) & (p->n_slots - 1);
}

/* Where `id` is, or the free slot where it belongs. */
static struct pending_open *find(const struct pending *p, struct uuid id)
{
    size_t i = home(p, id);
    while (p->slots[i].bytes.p && !uuid_eq(p->slots[i].id, id))
        i = (i + 1) & (p->n_slots - 1);
    return &p->slots[i];
}

static void grow(struct pending *p)
{
    struct pending old = *p;
    p->n_slots = old.n_slots > 0 ? old.n_slots * 2 : 256;
    p->slots = xcalloc(p->n_slots, sizeof *p->slots);
    pending_for_each(&old, o)
    {
        *find(p, o->id) = *o;
    }
    xfree(old.slots);
}

bool pending_add(struct pending *p, struct uuid id, struct str bytes, struct segment *segment)
{
    ASSERT(bytes.p && bytes.len > 0);
    if (p->n * 2 >= p->n_slots)
        grow(p);
    struct pending_open *o = find(p, id);
    if (o->bytes.p)
        return false;
    if (!segment) {
        char *copy = xmalloc(bytes.len);
        memcpy(copy, bytes.p, bytes.len);
        bytes.p = copy;
    }
    *o = (struct pending_open){.id = id, .bytes = bytes, .segment = segment, .owned = !segment};
    p->n++;
    return true;
}

bool pending_take(struct pending *p, struct uuid id, struct pending_open *out)
{
    struct pending_open *o = p->n_slots > 0 ? find(p, id) : NULL;
    if (!o || !o->bytes.p)
        return false;
    *out = *o;
    size_t mask = p->n_slots - 1;
    size_t hole = (size_t)(o - p->slots);
    for (size_t i = (hole + 1) & mask; p->slots[i].bytes.p; i = (i + 1) & mask) {
        /* An entry may move back to the hole if that is not before its home. */
        if (((i - home(p, p->slots[i].id)) & mask) < ((i - hole) & mask))
            continue;
        p->slots[hole] = p->slots[i];
        hole = i;
    }
    p->slots[hole] = (struct pending_open){0};
    p->n--;
    return true;
}
