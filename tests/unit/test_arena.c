/* arena: alignment, sizes, cleanups, reset. */
#include "common/arena.h"
#include "tests/unit/unit.h"

#include <stdalign.h>

START_TEST(hands_out_aligned_memory)
{
    struct arena *a = arena_new(64);
    size_t total = 0;
    char *before = NULL;
    for (size_t size = 0; size < 3000; size++) {
        char *p = arena_alloc(a, size);
        ck_assert_uint_eq((uintptr_t)p % alignof(max_align_t), 0);
        ck_assert_ptr_ne(p, before);
        memset(p, 0xA5, size);
        before = p;
        total += size;
    }
    ck_assert_uint_eq(arena_used_bytes(a), total);
    arena_reset(a);
    ck_assert_uint_eq(arena_used_bytes(a), 0);
    char *zero = arena_calloc(a, 100, 100);
    for (size_t i = 0; i < 10000; i++)
        ck_assert_int_eq(zero[i], 0);
    arena_free(a);
    arena_free(NULL);
}
END_TEST

START_TEST(copies_strings)
{
    struct arena *a = arena_new(16);
    char raw[] = "model";
    struct str s = arena_str(a, str_of(raw));
    char *z = arena_strdup(a, str_make(raw, 3));
    raw[0] = 'X';
    ck_assert_text(s, "model");
    ck_assert_str_eq(z, "mod");
    ck_assert_str_eq(arena_strdup(a, STR_NULL), "");
    ck_assert_str_eq(arena_printf(a, "%s-%d", "x", 7), "x-7");
    arena_free(a);
}
END_TEST

struct mark {
    char *log;
    char name;
};

static void note(void *arg)
{
    struct mark *m = arg;
    size_t len = strlen(m->log);
    m->log[len] = m->name;
    m->log[len + 1] = '\0';
}

START_TEST(cleans_up_newest_first)
{
    char log[16] = "";
    struct mark marks[] = {{log, 'a'}, {log, 'b'}, {log, 'c'}};
    struct arena *a = arena_new(0);
    arena_defer(a, note, &marks[0]);
    arena_defer(a, note, &marks[1]);
    arena_reset(a);
    ck_assert_str_eq(log, "ba");
    arena_defer(a, note, &marks[2]);
    arena_free(a);
    ck_assert_str_eq(log, "bac");
}
END_TEST

UNIT_MAIN("arena", hands_out_aligned_memory, copies_strings, cleans_up_newest_first)
