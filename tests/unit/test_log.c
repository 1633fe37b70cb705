/* log: every line is JSON whatever its bytes; nothing blocks; lines of threads never mix. jansson
 * reads the lines, a parser that is not ours.
 */
#include "common/clock.h"
#include "common/log.h"
#include "common/metrics.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int stderr_kept = -1;
static int pipe_fds[2];

/* stderr goes into a pipe that never blocks. */
static void capture(void)
{
    fflush(stderr);
    stderr_kept = dup(STDERR_FILENO);
    ck_assert_int_eq(pipe2(pipe_fds, O_NONBLOCK), 0);
    ck_assert_int_ge(fcntl(pipe_fds[0], F_SETPIPE_SZ, 1 << 20), 1 << 20);
    ck_assert_int_ge(dup2(pipe_fds[1], STDERR_FILENO), 0);
    close(pipe_fds[1]);
}

static void release(void)
{
    ck_assert_int_ge(dup2(stderr_kept, STDERR_FILENO), 0);
    close(stderr_kept);
}

/* What was written since; the caller frees nothing. */
static struct str written(void)
{
    static char text[1 << 20];
    ssize_t n = read(pipe_fds[0], text, sizeof text);
    return str_make(text, n < 0 ? 0 : (size_t)n);
}

static json_t *parsed(struct str line)
{
    json_error_t why;
    json_t *o = json_loadb(line.p, line.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    ck_assert_msg(json_is_object(o), "%s: " STR_FMT, why.text, STR_ARG(line));
    return o;
}

static const char *member(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "(none)";
}

START_TEST(line_has_the_fields_in_order)
{
    struct uuid id = uuid_v4();
    char text[UUID_TEXT_LEN + 1], expected[400];
    uuid_format(id, text);
    log_set_program("doteb-test");
    capture();
    log_event(LOG_WARN, "upstream_retry", LOG_S("provider", "a\"b"), LOG_I("status", -503),
              LOG_ID("request", id), LOG_B("last", true), LOG_S("none", (const char *)NULL));
    release();
    struct str line = written();
    snprintf(expected, sizeof expected,
             "\",\"level\":\"warn\",\"program\":\"doteb-test\",\"event\":\"upstream_retry\","
             "\"provider\":\"a\\\"b\",\"status\":-503,\"request\":\"%s\",\"last\":true,"
             "\"none\":null}\n",
             text);
    ck_assert(str_starts(line, STR("{\"time\":\"20")));
    ck_assert_text(str_make(line.p + 9 + 24, line.len - 33), expected);
    close(pipe_fds[0]);
}
END_TEST

START_TEST(levels_filter)
{
    capture();
    ck_assert(log_set_level(STR("warn")));
    log_event(LOG_INFO, "no");
    log_event(LOG_ERROR, "yes");
    ck_assert(!log_set_level(STR("loud")) && log_level_now() == LOG_WARN);
    ck_assert(log_set_level(STR("debug")));
    log_event(LOG_DEBUG, "also");
    ck_assert(log_set_level(STR("info")));
    release();
    struct str text = written();
    json_t *a = parsed(str_cut(&text, '\n')), *b = parsed(str_cut(&text, '\n'));
    ck_assert_str_eq(member(a, "event"), "yes");
    ck_assert_str_eq(member(b, "event"), "also");
    ck_assert_uint_eq(text.len, 0);
    json_decref(a);
    json_decref(b);
    close(pipe_fds[0]);
}
END_TEST

START_TEST(any_bytes_make_json)
{
    for (unsigned v = 0; v < 65536; v += 7) {
        char raw[6] = {'<', (char)(v >> 8), (char)v, (char)(v * 31), (char)(v >> 3), '>'};
        if (v % 1400 == 0)
            capture();
        log_event(LOG_INFO, "bytes", LOG_STR("v", str_make(raw, sizeof raw)));
        if (v % 1400 == 1393 || v + 7 >= 65536) {
            release();
            struct str text = written();
            while (text.len)
                json_decref(parsed(str_cut(&text, '\n')));
            close(pipe_fds[0]);
        }
    }
}
END_TEST

START_TEST(long_values_are_cut)
{
    static char big[2000];
    struct log_field many[64];
    memset(big, 'x', sizeof big);
    for (size_t at = 505; at < 520; at++) { /* a 3-byte character across the cut */
        memset(big, 'x', sizeof big);
        memcpy(big + at, "\xE2\x82\xAC", 3);
        capture();
        log_event(LOG_INFO, "cut", LOG_STR("v", str_make(big, sizeof big)));
        release();
        json_t *o = parsed(written());
        size_t len = strlen(member(o, "v"));
        ck_assert_msg(len <= 512 && len >= 510, "%zu", len);
        ck_assert_ptr_null(strstr(member(o, "v"), "\xEF\xBF\xBD"));
        json_decref(o);
        close(pipe_fds[0]);
    }
    /* too many fields: the rest is left out and the line says so */
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (size_t i = 0; i < 8; i++)
        many[i] = LOG_STR(keys[i], str_make("\x01\x02\x03\x04\x05\x06\x07\x01\x02\x03\x04", 11));
    memset(big, 1, sizeof big);
    for (size_t i = 0; i < 8; i++)
        many[i].s = str_make(big, sizeof big);
    many[8].kind = LOG_KIND_END;
    capture();
    log_write(LOG_INFO, many);
    release();
    struct str line = written();
    json_t *o = parsed(line);
    ck_assert(json_is_true(json_object_get(o, "truncated")));
    ck_assert_ptr_nonnull(json_object_get(o, "e"));
    ck_assert_ptr_null(json_object_get(o, "h"));
    ck_assert_uint_le(line.len, 16384);
    json_decref(o);
    close(pipe_fds[0]);
}
END_TEST

START_TEST(gathered_lines_wait)
{
    capture();
    log_buffer_begin();
    log_event(LOG_INFO, "one");
    log_event(LOG_INFO, "two");
    ck_assert_uint_eq(written().len, 0);
    log_flush();
    struct str text = written();
    ck_assert_int_gt(str_find_str(text, STR("\"one\"")), 0);
    ck_assert_int_gt(str_find_str(text, STR("\"two\"")), 0);
    for (int i = 0; i < 2000; i++) /* past the buffer's size: written before it is full */
        log_event(LOG_INFO, "many", LOG_I("i", i));
    log_buffer_end();
    release();
    text = written();
    for (int i = 0; i < 2000; i++) {
        json_t *o = parsed(str_cut(&text, '\n'));
        ck_assert_int_eq(json_integer_value(json_object_get(o, "i")), i);
        json_decref(o);
    }
    ck_assert_uint_eq(text.len, 0);
    close(pipe_fds[0]);
}
END_TEST

START_TEST(gathered_lines_wait_not_long)
{
    capture();
    log_buffer_begin();
    ck_assert_int_eq(log_due_us(), INT64_MAX);
    int64_t before = clock_mono_us();
    log_event(LOG_INFO, "one");
    int64_t due = log_due_us();
    ck_assert_int_ge(due, before + LOG_WAIT_US);
    ck_assert_int_le(due, clock_mono_us() + LOG_WAIT_US);
    log_event(LOG_INFO, "two");
    ck_assert_int_eq(log_due_us(), due); /* the first line's time counts */
    log_flush_due(due - 1);
    ck_assert_uint_eq(written().len, 0);
    log_flush_due(due);
    ck_assert_int_gt(str_find_str(written(), STR("\"two\"")), 0);
    ck_assert_int_eq(log_due_us(), INT64_MAX);
    log_event(LOG_INFO, "before");
    log_event(LOG_WARN, "at_once");
    struct str text = written();
    ck_assert_int_gt(str_find_str(text, STR("\"at_once\"")), str_find_str(text, STR("\"before\"")));
    log_buffer_end();
    release();
    close(pipe_fds[0]);
}
END_TEST

/* A failed assertion loses no line: in a child, since it ends there. */
START_TEST(assertion_writes_what_waits)
{
    capture();
    pid_t child = fork();
    if (child == 0) {
        log_buffer_begin();
        log_event(LOG_INFO, "the_last_one");
        assert_failed("nothing", __FILE__, __LINE__);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    release();
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    struct str text = written();
    ck_assert_int_gt(str_find_str(text, STR("the_last_one")), 0);
    ck_assert_int_gt(str_find_str(text, STR("assertion failed")), 0);
    close(pipe_fds[0]);
}
END_TEST

/* Lines that came through; a last one without its end was torn. */
static int64_t whole_lines(struct str text)
{
    int64_t n = 0;
    while (text.len) {
        struct str line = str_cut(&text, '\n');
        if (!text.p)
            break;
        json_decref(parsed(line));
        n++;
    }
    return n;
}

/* Nobody reads while 20,000 lines come; then a line must come through whole. */
static void flood(bool gather)
{
    int64_t before = metrics_get(M_LOG_DROPPED);
    capture();
    log_event(LOG_INFO, "flood"); /* so that big writes do not fill the pipe evenly */
    if (gather)
        log_buffer_begin();
    for (int i = 1; i < 20000; i++)
        log_event(LOG_INFO, "flood", LOG_I("i", i));
    log_flush();
    int64_t dropped = metrics_get(M_LOG_DROPPED) - before;
    struct str text = written();
    ck_assert_int_gt(dropped, 0);
    ck_assert_int_eq(whole_lines(text) + dropped, 20000);
    ck_assert_int_eq(text.p[text.len - 1] == '\n', !gather); /* a big write stops anywhere */
    log_event(LOG_INFO, "after");
    log_buffer_end();
    release();
    text = written();
    ck_assert_int_eq(text.p[0] == '\n', gather);
    json_t *o = parsed(str_trim(text));
    ck_assert_str_eq(member(o, "event"), "after");
    json_decref(o);
    close(pipe_fds[0]);
}

START_TEST(full_pipe_is_counted)
{
    flood(false);
    flood(true);
}
END_TEST

START_TEST(closed_pipe_is_counted)
{
    int64_t before = metrics_get(M_LOG_DROPPED);
    capture();
    close(pipe_fds[0]);
    log_event(LOG_INFO, "nobody_reads");
    release();
    ck_assert_int_eq(metrics_get(M_LOG_DROPPED) - before, 1);
}
END_TEST

enum { THREADS = 4, LINES = 700 };

static void *talk(void *arg)
{
    int64_t thread = *(const int64_t *)arg;
    if (thread % 2)
        log_buffer_begin();
    for (int i = 0; i < LINES; i++) {
        log_event(LOG_INFO, "talk", LOG_I("thread", thread), LOG_I("i", i));
        if (i % 50 == 49)
            log_flush();
    }
    log_buffer_end();
    return NULL;
}

START_TEST(threads_do_not_mix_lines)
{
    pthread_t threads[THREADS];
    int64_t ids[THREADS], next[THREADS] = {0};
    capture();
    for (int64_t i = 0; i < THREADS; i++) {
        ids[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, talk, &ids[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    release();
    struct str text = written();
    int lines = 0;
    while (text.len) {
        json_t *o = parsed(str_cut(&text, '\n'));
        json_int_t thread = json_integer_value(json_object_get(o, "thread"));
        ck_assert_int_eq(json_integer_value(json_object_get(o, "i")), next[thread]++);
        json_decref(o);
        lines++;
    }
    ck_assert_int_eq(lines, THREADS * LINES);
    close(pipe_fds[0]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {line_has_the_fields_in_order, levels_filter,
                                  any_bytes_make_json,          long_values_are_cut,
                                  gathered_lines_wait,          gathered_lines_wait_not_long,
                                  assertion_writes_what_waits,  full_pipe_is_counted,
                                  closed_pipe_is_counted,       threads_do_not_mix_lines};
    signal(SIGPIPE, SIG_IGN);
    return unit_run("log", tests, ARRAY_LEN(tests));
}
