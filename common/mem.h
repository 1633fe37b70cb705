/* Heap allocation that never returns NULL: out of memory ends the process, since every size that
 * an outsider controls was capped before it got here (ARCHITECTURE, memory).
 */
#ifndef DOTEB_COMMON_MEM_H
#define DOTEB_COMMON_MEM_H

#include <stddef.h>

/* Called, on the thread that ends the process, before a failed assertion or a lack of memory does.
 * NULL: nothing is. It must not allocate. */
void mem_set_last_words(void (*fn)(void));
/* Returns owned memory of `size` bytes (0 is treated as 1), contents undefined. */
void *xmalloc(size_t size);
/* Returns owned zeroed memory for `n` elements; aborts on overflow of n * size. */
void *xcalloc(size_t n, size_t size);
/* Resizes; takes `p`, returns owned. */
void *xrealloc(void *p, size_t size);
/* Returns an owned copy of a NUL-terminated string. */
char *xstrdup(const char *s);
/* Returns an owned NUL-terminated copy of `len` bytes. */
char *xstrndup(const char *s, size_t len);
/* Accepts NULL. */
void xfree(void *p);

#endif
