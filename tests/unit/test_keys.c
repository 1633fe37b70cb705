/* keys: base and overlay against a plain list that does the same slowly; readers beside a writer.
 */
#include "gateway/snapshot/keys.h"

#include <pthread.h>
#include <stdatomic.h>

#include "common/mem.h"
#include "tests/unit/unit.h"

/* Hashes and ids that are equal for equal numbers; by fours, hashes want the same index slot. */
static struct apikey_hash hash_of(uint32_t n)
{
    struct apikey_hash h = {{0}};
    uint32_t slot = n / 4 * 16;
    memcpy(h.b, &slot, sizeof slot);
    memcpy(h.b + 8, &n, sizeof n);
    return h;
}

static struct uuid uuid_of(uint32_t n)
{
    struct uuid u = {{0}};
    memcpy(u.b + 10, &n, sizeof n);
    return u;
}

static struct key_entry entry(uint32_t row, uint32_t hash, int64_t expires_at_us)
{
    struct key_entry e = {.organisation_id = uuid_of(row % 3),
                          .id = uuid_of(row),
                          .project_id = uuid_of(1000),
                          .owner_id = uuid_of(2000),
                          .expires_at_us = expires_at_us};
    struct apikey_hash h = hash_of(hash);
    memcpy(e.tag, h.b, sizeof e.tag);
    return e;
}

static struct key_table *table_of(uint32_t n)
{
    struct key_rows rows = {0};
    for (uint32_t i = 0; i < n; i++) {
        struct key_entry e = entry(i, i, INT64_MAX);
        key_rows_add(&rows, &e);
    }
    return key_table_new(&rows);
}

static bool find(const struct key_table *t, uint32_t mark, uint32_t hash, struct snap_key *out)
{
    struct apikey_hash h = hash_of(hash);
    return key_table_find(t, mark, &h, out);
}

/* The secret that a row had before. */
static struct key_entry previous(uint32_t row, uint32_t hash, int64_t expires_at_us)
{
    struct key_entry e = entry(row, hash, expires_at_us);
    e.previous = true;
    return e;
}

static void put(struct key_table *t, struct key_entry e)
{
    ck_assert_int_eq(key_table_put(t, &e), KEY_PUT);
}

START_TEST(finds_rows_of_the_base)
{
    static const uint32_t sizes[] = {0, 1, 7, 1000};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct key_table *t = table_of(sizes[i]);
        struct snap_key k;
        ck_assert_uint_eq(key_table_len(t), sizes[i]);
        for (uint32_t n = 0; n < sizes[i]; n++) {
            ck_assert(find(t, 0, n, &k));
            ck_assert(uuid_eq(k.id, uuid_of(n)));
            ck_assert(uuid_eq(k.organisation_id, uuid_of(n % 3)));
            ck_assert(uuid_eq(k.project_id, uuid_of(1000)));
            ck_assert(uuid_eq(k.owner_id, uuid_of(2000)));
            ck_assert(!k.revoked);
            ck_assert_int_eq(k.expires_at_us, INT64_MAX);
        }
        ck_assert(!find(t, 0, sizes[i], &k));
        key_table_unref(t);
    }
    key_table_unref(NULL);
}
END_TEST

START_TEST(a_mark_does_not_see_what_came_later)
{
    struct key_table *t = table_of(10);
    struct snap_key k;
    uint32_t before = key_table_mark(t);
    put(t, entry(3, 3, 5000)); /* expiry set */
    uint32_t expiring = key_table_mark(t);
    put(t, entry(3, 3, KEY_REVOKED));
    put(t, entry(10, 10, INT64_MAX)); /* new */
    uint32_t now = key_table_mark(t);
    ck_assert(find(t, before, 3, &k) && !k.revoked && k.expires_at_us == INT64_MAX);
    ck_assert(find(t, expiring, 3, &k) && !k.revoked && k.expires_at_us == 5000);
    ck_assert(find(t, now, 3, &k) && k.revoked);
    ck_assert(!find(t, before, 10, &k) && !find(t, expiring, 10, &k));
    ck_assert(find(t, now, 10, &k));
    ck_assert_uint_eq(key_table_len(t), 11);
    key_table_unref(t);
}
END_TEST

START_TEST(the_same_state_again_costs_nothing)
{
    struct key_table *t = table_of(10);
    struct key_entry same = entry(4, 4, INT64_MAX), revoked = entry(4, 4, KEY_REVOKED);
    ck_assert_int_eq(key_table_put(t, &same), KEY_SAME);
    ck_assert_int_eq(key_table_put(t, &revoked), KEY_PUT);
    ck_assert_int_eq(key_table_put(t, &revoked), KEY_SAME);
    ck_assert_int_eq(key_table_put(t, &same), KEY_PUT); /* back again is a change */
    ck_assert_uint_eq(key_table_mark(t), 2);
    ck_assert_uint_eq(key_table_len(t), 10);
    key_table_unref(t);
}
END_TEST

START_TEST(a_rotated_row_has_two_secrets)
{
    struct key_table *t = table_of(10);
    struct snap_key k;
    uint32_t before = key_table_mark(t);
    put(t, entry(4, 104, INT64_MAX)); /* the new secret */
    put(t, previous(4, 4, 5000));     /* the one that the base has */
    uint32_t rotated = key_table_mark(t);
    ck_assert(find(t, before, 4, &k) && !find(t, before, 104, &k));
    ck_assert(find(t, rotated, 104, &k) && uuid_eq(k.id, uuid_of(4)) &&
              k.expires_at_us == INT64_MAX);
    ck_assert(find(t, rotated, 4, &k) && uuid_eq(k.id, uuid_of(4)) && k.expires_at_us == 5000);
    put(t, entry(4, 204, INT64_MAX)); /* once more: the first one ends */
    put(t, previous(4, 104, 6000));
    struct key_table *merged = key_table_merge(t);
    const struct key_table *both[] = {t, merged};
    for (int i = 0; i < 2; i++) {
        uint32_t mark = key_table_mark(both[i]);
        ck_assert(!find(both[i], mark, 4, &k));
        ck_assert(find(both[i], mark, 104, &k) && k.expires_at_us == 6000);
        ck_assert(find(both[i], mark, 204, &k) && k.expires_at_us == INT64_MAX);
    }
    put(t, entry(4, 204, KEY_DISABLED));
    put(t, previous(4, 104, KEY_DISABLED));
    ck_assert(find(t, key_table_mark(t), 104, &k) && k.disabled && !k.revoked);
    ck_assert(find(t, key_table_mark(t), 204, &k) && k.disabled && !k.revoked);
    key_table_unref(merged);
    key_table_unref(t);
}
END_TEST

START_TEST(one_hash_of_two_rows_finds_none)
{
    struct key_rows rows = {0};
    struct key_entry twins[] = {entry(1, 50, INT64_MAX), entry(2, 50, INT64_MAX)};
    key_rows_add(&rows, &twins[0]);
    key_rows_add(&rows, &twins[1]);
    struct key_table *t = key_table_new(&rows);
    struct snap_key k;
    ck_assert(!find(t, 0, 50, &k));
    put(t, entry(2, 51, INT64_MAX)); /* one of them gets another hash */
    ck_assert(find(t, key_table_mark(t), 50, &k) && uuid_eq(k.id, uuid_of(1)));
    ck_assert(find(t, key_table_mark(t), 51, &k) && uuid_eq(k.id, uuid_of(2)));
    put(t, entry(3, 50, INT64_MAX)); /* a twin in the overlay */
    ck_assert(!find(t, key_table_mark(t), 50, &k));
    put(t, entry(4, 60, INT64_MAX));
    put(t, entry(5, 60, INT64_MAX)); /* two in the overlay */
    ck_assert(!find(t, key_table_mark(t), 60, &k));
    struct key_table *merged = key_table_merge(t);
    ck_assert(!find(merged, 0, 50, &k) && !find(merged, 0, 60, &k));
    ck_assert(find(merged, 0, 51, &k));
    key_table_unref(t);
    key_table_unref(merged);
}
END_TEST

START_TEST(rows_of_one_id_in_two_organisations_are_two)
{
    struct key_table *t = table_of(0);
    struct key_entry a = entry(1, 1, INT64_MAX), b = entry(1, 2, INT64_MAX);
    struct snap_key k;
    b.organisation_id = uuid_of(77);
    put(t, a);
    put(t, b);
    ck_assert(find(t, 2, 1, &k) && uuid_eq(k.organisation_id, a.organisation_id));
    ck_assert(find(t, 2, 2, &k) && uuid_eq(k.organisation_id, b.organisation_id));
    key_table_unref(t);
}
END_TEST

START_TEST(a_full_overlay_says_so_and_merges)
{
    struct key_table *t = table_of(100);
    struct snap_key k;
    for (uint32_t i = 0; i < KEY_OVERLAY_MAX; i++)
        put(t, entry(50 + i, 50 + i, (int64_t)i + 1));
    struct key_entry one_more = entry(1, 1, KEY_REVOKED);
    ck_assert_int_eq(key_table_put(t, &one_more), KEY_FULL);
    struct key_table *merged = key_table_merge(t);
    ck_assert_uint_eq(key_table_len(merged), 50 + KEY_OVERLAY_MAX);
    ck_assert_uint_eq(key_table_mark(merged), 0);
    put(merged, one_more);
    for (uint32_t i = 2; i < 50 + KEY_OVERLAY_MAX; i++) {
        ck_assert(find(merged, 1, i, &k));
        ck_assert_int_eq(k.expires_at_us, i < 50 ? INT64_MAX : (int64_t)i - 49);
    }
    ck_assert(find(merged, 1, 1, &k) && k.revoked);
    ck_assert(find(t, KEY_OVERLAY_MAX, 1, &k) && !k.revoked); /* the old one is as it was */
    key_table_unref(t);
    key_table_unref(merged);
}
END_TEST

/* The same by hand: the state of each row. */
enum { ROWS = 120, STEPS = 12000 };
struct plain {
    struct key_entry e[ROWS];
    bool there[ROWS];
};

static void agrees(const struct key_table *t, uint32_t mark, const struct plain *p, uint32_t hash)
{
    const struct key_entry *want = NULL;
    unsigned n = 0;
    struct apikey_hash h = hash_of(hash);
    for (size_t i = 0; i < ROWS; i++)
        if (p->there[i] && memcmp(p->e[i].tag, h.b, KEY_TAG_BYTES) == 0) {
            want = &p->e[i];
            n++;
        }
    struct snap_key k;
    ck_assert_int_eq(find(t, mark, hash, &k), n == 1);
    if (n == 1) {
        ck_assert(uuid_eq(k.id, want->id));
        ck_assert_int_eq(k.revoked, want->expires_at_us == KEY_REVOKED);
        ck_assert(k.revoked || k.expires_at_us == want->expires_at_us);
    }
}

START_TEST(agrees_with_a_plain_list)
{
    struct plain now = {.there = {false}}, old = now;
    struct key_table *t = table_of(0);
    uint32_t old_mark = 0, seed = 12345;
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t row = (seed >> 8) % ROWS, hash = (seed >> 20) % 4 ? row : (seed >> 16) % ROWS;
        struct key_entry e = entry(row, hash, seed & 64 ? KEY_REVOKED : (int64_t)(seed >> 28) + 1);
        now.e[row] = e;
        now.there[row] = true;
        ck_assert_int_ne(key_table_put(t, &e), KEY_FULL);
        agrees(t, key_table_mark(t), &now, hash);
        agrees(t, key_table_mark(t), &now, (seed >> 12) % ROWS);
        agrees(t, old_mark, &old, (seed >> 4) % ROWS);
        if (step % 4000 == 3999) {
            struct key_table *merged = key_table_merge(t);
            key_table_unref(t);
            t = merged;
            old = now;
            old_mark = 0;
        } else if (step % 1000 == 999) {
            old = now;
            old_mark = key_table_mark(t);
        }
    }
    key_table_unref(t);
}
END_TEST

/* Four readers look at marks that a writer hands out, each seeing what holds at its mark: row 0
 * expires at the number of the change. */
struct shared {
    struct key_table *t;
    _Atomic uint32_t mark;
    atomic_bool done;
};

static void *reader(void *arg)
{
    struct shared *s = arg;
    uintptr_t wrong = 0;
    while (!atomic_load(&s->done)) {
        uint32_t mark = atomic_load_explicit(&s->mark, memory_order_acquire);
        struct snap_key k;
        wrong += !find(s->t, mark, 0, &k) || k.expires_at_us != (mark ? (int64_t)mark : INT64_MAX);
        wrong += !find(s->t, mark, 5, &k);
    }
    return (void *)wrong;
}

/* As a change and after a merge, whose pool has other numbers. */
START_TEST(restrictions_change_and_survive_a_merge)
{
    struct key_table *t = table_of(3);
    struct key_entry e = entry(1, 1, INT64_MAX), other = entry(2, 2, INT64_MAX);
    struct snap_key k;
    key_table_restrict(t, STR("mgone"), &e);
    put(t, e);
    key_table_restrict(t, STR("ma"), &e);
    put(t, e);
    key_table_restrict(t, STR("mb"), &other);
    put(t, other);
    ck_assert_int_eq(key_table_put(t, &other), KEY_SAME);
    ck_assert(find(t, 1, 1, &k) && str_eq(k.restrictions->text, STR("mgone")));
    for (int merged = 0; merged < 2; merged++) {
        uint32_t mark = key_table_mark(t);
        ck_assert(find(t, mark, 0, &k) && !k.restrictions);
        ck_assert(find(t, mark, 1, &k) && str_eq(k.restrictions->text, STR("ma")));
        ck_assert(find(t, mark, 2, &k) && str_eq(k.restrictions->text, STR("mb")));
        struct key_table *next = key_table_merge(t);
        key_table_unref(t);
        t = next;
    }
    e.restrictions = 0;
    put(t, e);
    ck_assert(find(t, key_table_mark(t), 1, &k) && !k.restrictions);
    key_table_unref(t);
}
END_TEST

START_TEST(readers_do_not_disturb_the_writer_nor_it_them)
{
    enum { CHANGES = 3000, READERS = 4 };
    struct shared s = {.t = table_of(10)};
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reader, &s), 0);
    for (int64_t i = 1; i <= CHANGES; i++) {
        put(s.t, entry(0, 0, i));
        atomic_store_explicit(&s.mark, key_table_mark(s.t), memory_order_release);
    }
    atomic_store(&s.done, true);
    for (int i = 0; i < READERS; i++) {
        void *wrong;
        ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
    key_table_unref(s.t);
}
END_TEST

UNIT_MAIN("keys", finds_rows_of_the_base, a_mark_does_not_see_what_came_later,
          the_same_state_again_costs_nothing, a_rotated_row_has_two_secrets,
          one_hash_of_two_rows_finds_none, rows_of_one_id_in_two_organisations_are_two,
          a_full_overlay_says_so_and_merges, agrees_with_a_plain_list,
          restrictions_change_and_survive_a_merge, readers_do_not_disturb_the_writer_nor_it_them)
