/* Bump allocation with a list of cleanups: everything a request needs dies at once.
 *
 * An arena belongs to one thread at a time. Memory is aligned for any type. What a long stream
 * needs again and again goes into its own arena, reset each time.
 */
#ifndef DOTEB_COMMON_ARENA_H
#define DOTEB_COMMON_ARENA_H

#include "common/defs.h"
#include "common/str.h"

struct arena;
typedef void arena_cleanup_fn(void *arg);

/* Returns owned. `first_bytes` is the size of the first chunk (kept over arena_reset). */
struct arena *arena_new(size_t first_bytes);
/* Runs cleanups newest first, frees all. Accepts NULL. */
void arena_free(struct arena *a);
/* Runs cleanups, forgets all allocations, keeps the first chunk. */
void arena_reset(struct arena *a);
/* Borrowed until reset or free. `size` 0 gives a unique pointer. Contents undefined. */
void *arena_alloc(struct arena *a, size_t size);
/* Zeroed; aborts on overflow of n * size. */
void *arena_calloc(struct arena *a, size_t n, size_t size);
struct str arena_str(struct arena *a, struct str s);
/* NUL-terminated copy. */
char *arena_strdup(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Runs `fn(arg)` at reset or free, newest first. */
void arena_defer(struct arena *a, arena_cleanup_fn *fn, void *arg);
/* Bytes handed out since the last reset. */
size_t arena_used_bytes(const struct arena *a);
/* A number of bytes in use beyond which arena_is_over: whoever fills the arena stops by itself
 * then. 0: none, as after a reset. */
void arena_set_most(struct arena *a, size_t bytes);
bool arena_is_over(const struct arena *a);

#define ARENA_NEW(a, type) ((type *)arena_calloc((a), 1, sizeof(type)))

#endif
