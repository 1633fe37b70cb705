/* Structured logs: one JSON object a line on stderr.
 *
 *   log_event(LOG_INFO, "upstream_retry", LOG_S("provider", p), LOG_I("status", s));
 *
 * The event name is a constant in snake_case; values are added as key and typed value. Strings are
 * escaped and cut at 512 bytes (NULL is null). Never pass a secret or a body: struct secret has no
 * log form. Order: time, level, program, event, then the fields as given.
 * Lines of a thread that called log_buffer_begin gather in memory: for LOG_WAIT_US at most, as long
 * as it calls log_flush_due in time, or until there are 64 KB, or a warning or an error comes.
 * Other threads write at once. A line stands in one write(2), so lines never mix. What waits on
 * a thread is written when an assertion fails there, and lost to SIGKILL and SIGSEGV. Programs
 * ignore SIGPIPE; lines that stderr does not take are counted, not waited for.
 */
#ifndef DOTEB_COMMON_LOG_H
#define DOTEB_COMMON_LOG_H

#include "common/defs.h"
#include "common/str.h"
#include "common/uuid.h"

enum { LOG_WAIT_US = 100 * 1000 };

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_kind { LOG_KIND_END, LOG_KIND_STR, LOG_KIND_I64, LOG_KIND_UUID, LOG_KIND_BOOL };

struct log_field {
    const char *key;
    enum log_kind kind;
    struct str s;
    int64_t i;
    struct uuid u;
};

#define LOG_S(k, z)   ((struct log_field){.key = (k), .kind = LOG_KIND_STR, .s = str_of(z)})
#define LOG_STR(k, v) ((struct log_field){.key = (k), .kind = LOG_KIND_STR, .s = (v)})
#define LOG_I(k, v)   ((struct log_field){.key = (k), .kind = LOG_KIND_I64, .i = (int64_t)(v)})
#define LOG_ID(k, v)  ((struct log_field){.key = (k), .kind = LOG_KIND_UUID, .u = (v)})
#define LOG_B(k, v)   ((struct log_field){.key = (k), .kind = LOG_KIND_BOOL, .i = (v)})

#define log_event(level, ...)                                                                      \
    do {                                                                                           \
        if ((level) >= log_level_now())                                                            \
            log_write((level),                                                                     \
                      (const struct log_field[]){LOG_NAME(__VA_ARGS__), {.kind = LOG_KIND_END}});  \
    } while (0)
/* The first argument is the event's name. */
#define LOG_NAME(name, ...) LOG_S("event", name), ##__VA_ARGS__

enum log_level log_level_now(void);
/* "debug", "info", "warn", "error"; false for anything else (level unchanged). */
MUST_USE bool log_set_level(struct str name);
/* Name of the program in every line; borrowed, set once before threads start. */
void log_set_program(const char *name);
void log_write(enum log_level level, const struct log_field *fields);
/* This thread's lines gather from now on. */
void log_buffer_begin(void);
/* When the thread's first waiting line has waited long enough (clock_mono_us); INT64_MAX: none. */
int64_t log_due_us(void);
/* Writes what waits, if it has waited long enough. */
void log_flush_due(int64_t now_us);
/* Writes what waits. */
void log_flush(void);
/* Flushes and frees this thread's buffer. */
void log_buffer_end(void);

#endif
