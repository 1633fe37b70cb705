/* Heap allocation that never fails visibly. Any thread. Never logs: it may run out of memory. */
#include "common/mem.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/defs.h"

static void (*_Atomic last_words)(void);

void mem_set_last_words(void (*fn)(void))
{
    atomic_store(&last_words, fn);
}

/* Once: what is called may fail itself. */
static void say_last_words(void)
{
    void (*fn)(void) = atomic_exchange(&last_words, NULL);
    if (fn)
        fn();
}

void assert_failed(const char *what, const char *file, int line)
{
    say_last_words();
    fprintf(stderr, "doteb: assertion failed: %s at %s:%d\n", what, file, line);
    fflush(stderr);
    abort();
}

static NORETURN void out_of_memory(void)
{
    static const char msg[] = "doteb: out of memory\n";
    say_last_words();
    fwrite(msg, 1, sizeof msg - 1, stderr);
    abort();
}

void *xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p)
        out_of_memory();
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p)
        out_of_memory();
    return p;
}

void *xrealloc(void *p, size_t size)
{
    void *q = realloc(p, size ? size : 1);
    if (!q)
        out_of_memory();
    return q;
}

char *xstrndup(const char *s, size_t len)
{
    char *p = xmalloc(len + 1);
    memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

void xfree(void *p)
{
    free(p);
}
