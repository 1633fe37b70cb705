/* map: what is put is got, over many growths. */
#include "common/arena.h"
#include "common/map.h"
#include "tests/unit/unit.h"

enum { N = 5000 };

START_TEST(keeps_what_is_put)
{
    struct map m;
    struct arena *a = arena_new(4096);
    map_init(&m);
    ck_assert_ptr_null(map_get(&m, STR("k0")));
    for (uintptr_t i = 0; i < N; i++)
        ck_assert_ptr_null(
            map_put(&m, str_of(arena_printf(a, "k%u", (unsigned)i)), (void *)(i + 1)));
    ck_assert_uint_eq(m.len, N);
    ck_assert_uint_ge(m.n_slots, 2 * m.len);
    for (uintptr_t i = 0; i < N; i++)
        ck_assert_ptr_eq(map_get(&m, str_of(arena_printf(a, "k%u", (unsigned)i))), (void *)(i + 1));
    ck_assert_ptr_null(map_get(&m, STR("k5000")));
    ck_assert_ptr_null(map_get(&m, STR_NULL));
    arena_free(a);
    map_fini(&m);
    map_fini(&m);
}
END_TEST

START_TEST(replaces)
{
    static char one, two;
    struct map m;
    map_init(&m);
    ck_assert_ptr_null(map_put(&m, STR(""), &one)); /* the empty key is a key */
    ck_assert_ptr_eq(map_put(&m, STR(""), &two), &one);
    ck_assert_uint_eq(m.len, 1);
    ck_assert_ptr_eq(map_get(&m, STR("")), &two);
    map_fini(&m);
}
END_TEST

START_TEST(visits_each_once)
{
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    unsigned seen = 0;
    struct map m;
    map_init(&m);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        (void)map_put(&m, str_of(keys[i]), &m);
    map_for_each (&m, slot)
        seen ^= 1u << (slot->key.p[0] - 'a');
    ck_assert_uint_eq(seen, 0x3FF);
    map_fini(&m);
}
END_TEST

UNIT_MAIN("map", keeps_what_is_put, replaces, visits_each_once)
