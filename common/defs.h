/* The few words every file of doteb shares: attributes, assertions, object magics.
 *
 * Assertions stay on in release builds: they state our own invariants and end the process with
 * the place that broke. They never judge bytes from outside.
 */
#ifndef DOTEB_COMMON_DEFS_H
#define DOTEB_COMMON_DEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef static_assert
#define static_assert _Static_assert
#endif

#define MUST_USE             __attribute__((warn_unused_result))
#define NORETURN             __attribute__((noreturn))
#define PRINTF_LIKE(fmt, va) __attribute__((format(printf, fmt, va)))
#define ARRAY_LEN(a)         (sizeof(a) / sizeof((a)[0]))
#define LIKELY(x)            __builtin_expect(!!(x), 1)
#define UNLIKELY(x)          __builtin_expect(!!(x), 0)

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

NORETURN void assert_failed(const char *what, const char *file, int line);

#define ASSERT(cond) (LIKELY(cond) ? (void)0 : assert_failed(#cond, __FILE__, __LINE__))

/* Every object that crosses a `void *` border opens with `uint32_t magic`. */
#define CHECK(obj, m) ASSERT((obj) != NULL && (obj)->magic == (m))

#endif
