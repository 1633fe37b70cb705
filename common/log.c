/* Log lines: one JSON object a line, written to stderr with one write(2) a line, or a flush for
 * threads that gather theirs. Any thread. Never blocks on purpose and never fails visibly: what
 * cannot be written (full or closed pipe; the daemons ignore SIGPIPE) is counted in
 * doteb_log_lines_dropped_total.
 */
#include "common/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/metrics.h"

enum {
    VALUE_MAX = 512,         /* bytes of a string value, before escaping */
    LINE_MAX_BYTES = 16384,  /* a line; fields that do not fit are left out */
    TAIL_BYTES = 32,         /* kept free for `,"truncated":true}` and the newline */
    GATHER_BYTES = 64 << 10, /* a thread's gathered lines are written when they pass this */
};

static atomic_int level_now = LOG_INFO;
static const char *program_name = "doteb";
/* A write stopped inside a line: the next one starts on a fresh line. */
static atomic_bool torn;
/* A thread that gathers its lines: those waiting, and room to make one in. */
struct gathering {
    struct buf lines, line;
    int64_t due_us; /* of the first line, while there are lines */
};
static _Thread_local struct gathering *gathered;

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

enum log_level log_level_now(void)
{
    return (enum log_level)atomic_load_explicit(&level_now, memory_order_relaxed);
}

bool log_set_level(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
        if (str_eq(name, str_of(level_names[i]))) {
            atomic_store_explicit(&level_now, (int)i, memory_order_relaxed);
            return true;
        }
    }
    return false;
}

void log_set_program(const char *name)
{
    program_name = name;
}

/* At most VALUE_MAX bytes of `s`, not ending inside a UTF-8 sequence. */
static struct str cut(struct str s)
{
    if (s.len <= VALUE_MAX)
        return s;
    s.len = VALUE_MAX;
    for (int back = 0; back < 3 && ((unsigned char)s.p[s.len] & 0xC0) == 0x80; back++)
        s.len--;
    return s;
}

static void add_value(struct buf *b, const struct log_field *f)
{
    char text[UUID_TEXT_LEN + 1];
    switch (f->kind) {
    case LOG_KIND_STR:
        if (f->s.p)
            buf_add_json(b, cut(f->s));
        else
            buf_add_lit(b, "null");
        break;
    case LOG_KIND_I64:
        buf_add_i64(b, f->i);
        break;
    case LOG_KIND_UUID:
        uuid_format(f->u, text);
        buf_add_char(b, '"');
        buf_add(b, text, UUID_TEXT_LEN);
        buf_add_char(b, '"');
        break;
    case LOG_KIND_BOOL:
        buf_add_str(b, f->i ? STR("true") : STR("false"));
        break;
    case LOG_KIND_END:
        break;
    }
}

/* `b->max` leaves room for the tail. Fields after the first that does not fit are left out. */
static void add_line(struct buf *b, enum log_level level, const struct log_field *fields)
{
    char when[25];
    clock_format_iso(clock_wall_us(), when);
    buf_add_lit(b, "{\"time\":\"");
    buf_add_str(b, str_of(when));
    buf_add_lit(b, "\",\"level\":\"");
    buf_add_str(b, str_of(level_names[level]));
    buf_add_lit(b, "\",\"program\":");
    buf_add_json(b, str_of(program_name));
    bool whole = true;
    for (const struct log_field *f = fields; whole && f->kind != LOG_KIND_END; f++) {
        size_t before = b->len;
        buf_add_lit(b, ",\""); /* keys are our own constants: nothing in them to escape */
        buf_add_str(b, str_of(f->key));
        buf_add_lit(b, "\":");
        add_value(b, f);
        whole = !b->failed;
        if (!whole) {
            b->len = before;
            b->failed = false;
        }
    }
    b->max += TAIL_BYTES;
    if (!whole)
        buf_add_lit(b, ",\"truncated\":true");
    buf_add_lit(b, "}\n");
}

static int64_t count_lines(const char *p, size_t len)
{
    int64_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += p[i] == '\n';
    return n;
}

/* True if a line that a failed write cut off is ended now, or there is none. */
static bool mend(void)
{
    if (!atomic_load_explicit(&torn, memory_order_relaxed))
        return true;
    if (write(STDERR_FILENO, "\n", 1) != 1)
        return false;
    atomic_store_explicit(&torn, false, memory_order_relaxed);
    return true;
}

static void write_out(const char *p, size_t len)
{
    size_t done = 0;
    bool open = mend();
    while (open && done < len) {
        ssize_t n = write(STDERR_FILENO, p + done, len - done);
        if (n > 0)
            done += (size_t)n;
        else
            open = n < 0 && errno == EINTR;
    }
    if (done == len)
        return;
    metrics_add(M_LOG_DROPPED, count_lines(p + done, len - done));
    if (done && p[done - 1] != '\n')
        atomic_store_explicit(&torn, true, memory_order_relaxed);
}

static void write_now(enum log_level level, const struct log_field *fields)
{
    struct buf line;
    buf_init(&line, LINE_MAX_BYTES - TAIL_BYTES);
    add_line(&line, level, fields);
    write_out(line.p, line.len);
    buf_fini(&line);
}

static void gather(enum log_level level, const struct log_field *fields)
{
    struct buf *line = &gathered->line;
    buf_reset(line);
    line->max = LINE_MAX_BYTES - TAIL_BYTES;
    add_line(line, level, fields);
    if (gathered->lines.len + line->len > GATHER_BYTES)
        log_flush();
    if (gathered->lines.len == 0)
        gathered->due_us = clock_mono_us() + LOG_WAIT_US;
    buf_add(&gathered->lines, line->p, line->len);
    if (level >= LOG_WARN)
        log_flush();
}

void log_write(enum log_level level, const struct log_field *fields)
{
    ASSERT((unsigned)level < ARRAY_LEN(level_names));
    int saved = errno;
    if (gathered)
        gather(level, fields);
    else
        write_now(level, fields);
    errno = saved;
}

void log_buffer_begin(void)
{
    ASSERT(!gathered);
    gathered = xmalloc(sizeof *gathered);
    buf_init(&gathered->lines, GATHER_BYTES);
    buf_init(&gathered->line, LINE_MAX_BYTES);
    mem_set_last_words(log_flush);
}

int64_t log_due_us(void)
{
    return gathered && gathered->lines.len > 0 ? gathered->due_us : INT64_MAX;
}

void log_flush_due(int64_t now_us)
{
    if (log_due_us() <= now_us)
        log_flush();
}

void log_flush(void)
{
    if (!gathered || gathered->lines.len == 0)
        return;
    int saved = errno;
    write_out(gathered->lines.p, gathered->lines.len);
    buf_reset(&gathered->lines);
    errno = saved;
}

void log_buffer_end(void)
{
    if (!gathered)
        return;
    log_flush();
    buf_fini(&gathered->lines);
    buf_fini(&gathered->line);
    xfree(gathered);
    gathered = NULL;
}
