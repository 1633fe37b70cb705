/* The table of API keys. The writer fills an entry, then releases it through the heads of its two
 * chains (by hash, by row); readers acquire a head and pass over entries beyond their mark. Nothing
 * that was released changes again, and nothing is freed before the last snapshot lets go.
 */
#include "gateway/snapshot/keys.h"

#include <stdatomic.h>
#include <string.h>

#include "common/mem.h"

enum { KEYS_MAGIC = 0x6b657973, BUCKET_BITS = 14, BUCKETS = 1 << BUCKET_BITS };
#define NO_ENTRY UINT32_MAX
static_assert((int)BUCKETS >= (int)KEY_OVERLAY_MAX, "chains of about one");

/* An overlay entry; links are index + 1 of an older entry, 0 ends a chain. */
struct change {
    struct key_entry e;
    uint32_t older_by_tag, older_by_id;
};

struct key_table {
    uint32_t magic;
    _Atomic uint32_t refs;
    /* the base: entries in any order, and an open-addressing index into them by tag */
    struct key_entry *base;
    size_t n_base;
    uint32_t *slots;
    size_t mask;
    /* the overlay */
    uint32_t n_changes; /* the writer's */
    size_t len;
    struct change *changes;
    struct restriction_pool *pool; /* of both */
    _Atomic uint32_t by_tag[BUCKETS], by_id[BUCKETS];
};

/* Tags are uniform: they come from a keyed hash. */
static uint64_t tag_number(const uint8_t tag[KEY_TAG_BYTES])
{
    uint64_t n;
    memcpy(&n, tag, sizeof n);
    return n;
}

/* Ids may be in sequence in any of their bytes: the product's upper bits depend on all of them. */
static size_t id_bucket(const struct uuid *id)
{
    uint64_t half[2];
    memcpy(half, id->b, sizeof half);
    uint64_t n = (half[0] ^ (half[1] >> 32) ^ (half[1] << 32)) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(n >> (64 - BUCKET_BITS));
}

static bool same_tag(const struct key_entry *e, const uint8_t tag[KEY_TAG_BYTES])
{
    return memcmp(e->tag, tag, KEY_TAG_BYTES) == 0;
}

static bool same_row(const struct key_entry *a, const struct key_entry *b)
{
    return uuid_eq(a->id, b->id) && uuid_eq(a->organisation_id, b->organisation_id) &&
           a->previous == b->previous;
}

static bool same_state(const struct key_entry *a, const struct key_entry *b)
{
    return same_row(a, b) && same_tag(a, b->tag) && uuid_eq(a->project_id, b->project_id) &&
           uuid_eq(a->owner_id, b->owner_id) && a->expires_at_us == b->expires_at_us &&
           a->restrictions == b->restrictions;
}

void key_rows_restrict(struct key_rows *rows, struct str text, struct key_entry *e)
{
    if (!rows->pool)
        rows->pool = restriction_pool_new();
    e->restrictions = restriction_pool_put(rows->pool, text);
}

void key_table_restrict(struct key_table *t, struct str text, struct key_entry *e)
{
    CHECK(t, KEYS_MAGIC);
    e->restrictions = restriction_pool_put(t->pool, text);
}

void key_rows_add(struct key_rows *rows, const struct key_entry *e)
{
    if (rows->n == rows->cap) {
        rows->cap = rows->cap ? rows->cap * 2 : 1024;
        rows->p = xrealloc(rows->p, rows->cap * sizeof *rows->p);
    }
    rows->p[rows->n++] = *e;
}

void key_rows_fini(struct key_rows *rows)
{
    xfree(rows->p);
    restriction_pool_free(rows->pool);
    *rows = (struct key_rows){0};
}

static void index_base(struct key_table *t)
{
    size_t n_slots = 16;
    while (n_slots < t->n_base * 2)
        n_slots *= 2;
    t->mask = n_slots - 1;
    t->slots = xmalloc(n_slots * sizeof *t->slots);
    memset(t->slots, 0xff, n_slots * sizeof *t->slots);
    for (size_t i = 0; i < t->n_base; i++) {
        size_t s = (size_t)tag_number(t->base[i].tag) & t->mask;
        while (t->slots[s] != NO_ENTRY)
            s = (s + 1) & t->mask;
        t->slots[s] = (uint32_t)i;
    }
}

struct key_table *key_table_new(struct key_rows *rows)
{
    ASSERT(rows->n < NO_ENTRY);
    struct key_table *t = xcalloc(1, sizeof *t);
    t->magic = KEYS_MAGIC;
    atomic_init(&t->refs, 1);
    t->n_base = t->len = rows->n;
    t->base = xrealloc(rows->p, rows->n * sizeof *rows->p); /* gives back what was to spare */
    t->changes = xcalloc(KEY_OVERLAY_MAX, sizeof *t->changes);
    t->pool = rows->pool ? rows->pool : restriction_pool_new();
    *rows = (struct key_rows){0};
    index_base(t);
    return t;
}

struct key_table *key_table_ref(struct key_table *t)
{
    CHECK(t, KEYS_MAGIC);
    ASSERT(atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed) > 0);
    return t;
}

void key_table_unref(struct key_table *t)
{
    if (!t)
        return;
    CHECK(t, KEYS_MAGIC);
    if (atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    xfree(t->base);
    xfree(t->slots);
    xfree(t->changes);
    restriction_pool_free(t->pool);
    t->magic = 0;
    xfree(t);
}

/* The newest state of `like`'s row in the overlay, as of `mark`; NULL: the overlay has none. */
static const struct key_entry *newest(const struct key_table *t, uint32_t mark,
                                      const struct key_entry *like)
{
    const _Atomic uint32_t *head = &t->by_id[id_bucket(&like->id)];
    for (uint32_t i = atomic_load_explicit(head, memory_order_acquire); i != 0;) {
        const struct change *c = &t->changes[i - 1];
        if (i <= mark && same_row(&c->e, like))
            return &c->e;
        i = c->older_by_id;
    }
    return NULL;
}

/* The row's state in the base; NULL also if its hash was another then. */
static const struct key_entry *in_base(const struct key_table *t, const struct key_entry *like)
{
    for (size_t s = (size_t)tag_number(like->tag) & t->mask; t->slots[s] != NO_ENTRY;
         s = (s + 1) & t->mask)
        if (same_row(&t->base[t->slots[s]], like))
            return &t->base[t->slots[s]];
    return NULL;
}

enum key_put key_table_put(struct key_table *t, const struct key_entry *e)
{
    CHECK(t, KEYS_MAGIC);
    const struct key_entry *before = newest(t, t->n_changes, e);
    if (!before)
        before = in_base(t, e);
    if (before && same_state(before, e))
        return KEY_SAME;
    if (t->n_changes == KEY_OVERLAY_MAX)
        return KEY_FULL;
    uint32_t at = t->n_changes++;
    _Atomic uint32_t *tag_head = &t->by_tag[tag_number(e->tag) & (BUCKETS - 1)];
    _Atomic uint32_t *id_head = &t->by_id[id_bucket(&e->id)];
    t->changes[at] = (struct change){
        .e = *e,
        .older_by_tag = atomic_load_explicit(tag_head, memory_order_relaxed),
        .older_by_id = atomic_load_explicit(id_head, memory_order_relaxed),
    };
    atomic_store_explicit(tag_head, at + 1, memory_order_release);
    atomic_store_explicit(id_head, at + 1, memory_order_release);
    t->len += before == NULL;
    return KEY_PUT;
}

uint32_t key_table_mark(const struct key_table *t)
{
    CHECK(t, KEYS_MAGIC);
    return t->n_changes;
}

size_t key_table_len(const struct key_table *t)
{
    CHECK(t, KEYS_MAGIC);
    return t->len;
}

/* Into the rows of a new table, whose pool has other numbers. */
static void carry(const struct key_table *t, const struct key_entry *from, struct key_rows *rows)
{
    struct key_entry e = *from;
    if (e.restrictions)
        key_rows_restrict(rows, restriction_pool_at(t->pool, e.restrictions)->text, &e);
    key_rows_add(rows, &e);
}

struct key_table *key_table_merge(const struct key_table *t)
{
    CHECK(t, KEYS_MAGIC);
    struct key_rows rows = {.cap = t->n_base + t->n_changes + 1};
    rows.p = xmalloc(rows.cap * sizeof *rows.p);
    for (size_t i = 0; i < t->n_base; i++)
        if (!newest(t, t->n_changes, &t->base[i]))
            carry(t, &t->base[i], &rows);
    for (size_t i = 0; i < t->n_changes; i++)
        if (newest(t, t->n_changes, &t->changes[i].e) == &t->changes[i].e)
            carry(t, &t->changes[i].e, &rows);
    return key_table_new(&rows);
}

/* Rows with one hash, as a reader sees them. */
struct found {
    const struct key_entry *e;
    unsigned n;
};

static void find_in_base(const struct key_table *t, uint32_t mark, const uint8_t *tag,
                         struct found *f)
{
    for (size_t s = (size_t)tag_number(tag) & t->mask; t->slots[s] != NO_ENTRY;
         s = (s + 1) & t->mask) {
        const struct key_entry *e = &t->base[t->slots[s]];
        if (same_tag(e, tag) && !newest(t, mark, e)) {
            f->e = e;
            f->n++;
        }
    }
}

static void find_in_overlay(const struct key_table *t, uint32_t mark, const uint8_t *tag,
                            struct found *f)
{
    const _Atomic uint32_t *head = &t->by_tag[tag_number(tag) & (BUCKETS - 1)];
    for (uint32_t i = atomic_load_explicit(head, memory_order_acquire); i != 0;) {
        const struct change *c = &t->changes[i - 1];
        if (i <= mark && same_tag(&c->e, tag) && newest(t, mark, &c->e) == &c->e) {
            f->e = &c->e;
            f->n++;
        }
        i = c->older_by_tag;
    }
}

bool key_table_find(const struct key_table *t, uint32_t mark, const struct apikey_hash *hash,
                    struct snap_key *out)
{
    CHECK(t, KEYS_MAGIC);
    struct found f = {0};
    find_in_base(t, mark, hash->b, &f);
    find_in_overlay(t, mark, hash->b, &f);
    if (f.n != 1)
        return false;
    bool revoked = f.e->expires_at_us == KEY_REVOKED;
    bool disabled = f.e->expires_at_us == KEY_DISABLED;
    *out = (struct snap_key){
        .id = f.e->id,
        .organisation_id = f.e->organisation_id,
        .project_id = f.e->project_id,
        .owner_id = f.e->owner_id,
        .expires_at_us = revoked || disabled ? INT64_MAX : f.e->expires_at_us,
        .revoked = revoked,
        .disabled = disabled,
        .restrictions = restriction_pool_at(t->pool, f.e->restrictions),
    };
    return true;
}
