/* Bump allocator with cleanups. One thread at a time. Never returns NULL. */
#include "common/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum {
    ARENA_MAGIC = 0x6172656e,
    ALIGN = alignof(max_align_t),
    RED_ZONE = 16,
    SMALL_TEXT_BYTES = 256
};

struct chunk {
    struct chunk *next;
    size_t size; /* usable bytes behind this header */
    size_t used;
    size_t pad; /* keeps the data aligned */
};

struct cleanup {
    struct cleanup *next;
    arena_cleanup_fn *fn;
    void *arg;
};

struct arena {
    uint32_t magic;
    struct chunk *chunks; /* newest first; the last one is the first chunk */
    struct chunk *first;
    struct cleanup *cleanups;
    size_t used_bytes;
    size_t most; /* 0 none */
};

static_assert(sizeof(struct chunk) % ALIGN == 0, "chunk data must be aligned");

static struct chunk *chunk_new(size_t size)
{
    struct chunk *c = xmalloc(sizeof *c + size);
    *c = (struct chunk){.size = size};
    ASAN_POISON_MEMORY_REGION(c + 1, size);
    return c;
}

static void chunk_free(struct chunk *c)
{
    ASAN_UNPOISON_MEMORY_REGION(c + 1, c->size);
    xfree(c);
}

struct arena *arena_new(size_t first_bytes)
{
    struct arena *a = xcalloc(1, sizeof *a);
    a->magic = ARENA_MAGIC;
    a->first = a->chunks = chunk_new(first_bytes);
    return a;
}

static void run_cleanups(struct arena *a)
{
    while (a->cleanups) {
        struct cleanup *c = a->cleanups;
        a->cleanups = c->next;
        c->fn(c->arg);
    }
}

void arena_reset(struct arena *a)
{
    CHECK(a, ARENA_MAGIC);
    run_cleanups(a);
    while (a->chunks != a->first) {
        struct chunk *c = a->chunks;
        a->chunks = c->next;
        chunk_free(c);
    }
    a->first->used = 0;
    a->used_bytes = 0;
    a->most = 0;
    ASAN_POISON_MEMORY_REGION(a->first + 1, a->first->size);
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    arena_reset(a);
    chunk_free(a->first);
    a->magic = 0;
    xfree(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
    ASSERT(size <= SIZE_MAX / 2);
#if defined(__SANITIZE_ADDRESS__)
    size_t need = (size + RED_ZONE + ALIGN - 1) / ALIGN * ALIGN;
#else
    size_t need = ((size ? size : 1) + ALIGN - 1) / ALIGN * ALIGN;
#endif
    struct chunk *c = a->chunks;
    if (UNLIKELY(need > c->size - c->used)) {
        size_t least = a->first->size > 4096 ? a->first->size : 4096;
        c = chunk_new(need > least ? need : least);
        c->next = a->chunks;
        a->chunks = c;
    }
    char *p = (char *)(c + 1) + c->used;
    c->used += need;
    a->used_bytes += size;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    return p;
}

void *arena_calloc(struct arena *a, size_t n, size_t size)
{
    size_t bytes;
    ASSERT(!__builtin_mul_overflow(n, size, &bytes));
    void *p = arena_alloc(a, bytes);
    memset(p, 0, bytes);
    return p;
}

char *arena_strdup(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.len + 1);
    if (s.len)
        memcpy(p, s.p, s.len);
    p[s.len] = '\0';
    return p;
}

struct str arena_str(struct arena *a, struct str s)
{
    return str_make(arena_strdup(a, s), s.len);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    va_list again;
    va_copy(again, ap);
    char small[SMALL_TEXT_BYTES];
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    ASSERT(n >= 0);
    char *p = arena_alloc(a, (size_t)n + 1);
    if ((size_t)n < sizeof small)
        memcpy(p, small, (size_t)n + 1);
    else
        (void)vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

void arena_defer(struct arena *a, arena_cleanup_fn *fn, void *arg)
{
    struct cleanup *c = arena_alloc(a, sizeof *c);
    *c = (struct cleanup){.next = a->cleanups, .fn = fn, .arg = arg};
    a->cleanups = c;
}

void arena_set_most(struct arena *a, size_t bytes)
{
    a->most = bytes;
}

bool arena_is_over(const struct arena *a)
{
    return a->most > 0 && a->used_bytes > a->most;
}

size_t arena_used_bytes(const struct arena *a)
{
    return a->used_bytes;
}
