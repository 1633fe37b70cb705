/* What the ledger promises over crashes, against a real PostgreSQL: a process that writes requests
 * is killed at random moments and at chosen ones; every close it saw written is one row with those
 * numbers, every other open is one row too, and the sums are the log's sums.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/metrics.h"
#include "gateway/failpoint.h"
#include "gateway/ledger/segment.h"
#include "gateway/ledger/tally.h"
#include "tests/unit/ledger_db.h"
#include "tests/unit/ledger_samples.h"
#include "tests/unit/unit.h"

enum { KILLS = 200, WINDOW = 24 };

/* What the child says after each step that it has done. */
struct report {
    struct uuid id;
    int64_t input, output, cost_pico;
    int64_t closed; /* 0: the open was written */
};

struct known {
    struct uuid id;
    int64_t input, output, cost_pico;
    bool opened, closed;
    int rows;
};

static uint64_t random_state;

static unsigned roll(unsigned n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % n;
}

/* ---------------------------------------------------------------- the child */

struct request {
    struct uuid id;
    unsigned lane;
    bool open;
};

static void say(int fd, const struct report *r)
{
    if (write(fd, r, sizeof *r) != (ssize_t)sizeof *r)
        _exit(3);
}

static void child_step(struct spool *s, unsigned lanes, struct request *q, int fd)
{
    struct report r = {.id = q->id};
    if (!q->open) {
        q->lane = roll(lanes);
        q->id = r.id = uuid_v7(clock_wall_us());
        struct ledger_open o = sample_open(q->id);
        o.tags = roll(2) ? STR("t1,t2") : STR("");
        o.end_user = roll(2) ? STR("someone") : STR("");
        q->open = spool_write_open(spool_lane(s, q->lane), &o) == E_OK;
        if (q->open)
            say(fd, &r);
        return;
    }
    struct ledger_close c = sample_close(q->id);
    r.input = c.usage.input = roll(1000);
    r.output = c.usage.output = roll(1000);
    r.cost_pico = c.cost.total_pico = roll(1000000);
    r.closed = 1;
    spool_write_close(spool_lane(s, q->lane), &c);
    q->open = false;
    say(fd, &r);
}

/* Writes requests until it is killed, or for `ms`. */
static int child_main(char **argv)
{
    struct request window[WINDOW] = {{.lane = 0}};
    const char *url = argv[3];
    int fd = (int)strtol(argv[4], NULL, 10);
    random_state = strtoull(argv[5], NULL, 10) | 1;
    unsigned lanes = 1 + roll(3);
    char err[256];
    struct spool_options so = {
        .dir = argv[2], .segment_bytes = 65536, .sync_ms = 10, .lanes = lanes};
    struct spool *s = spool_new(&so, err);
    if (!s || !log_set_level(STR("error"))) {
        fprintf(stderr, "child: %s\n", err);
        return 4;
    }
    struct writer_options wo = {.database_url = url, .flush_ms = 4, .batch_rows = 40};
    struct writer *w = *url ? writer_new(s, &wo) : NULL;
    int64_t end_us = clock_mono_us() + strtol(argv[6], NULL, 10) * 1000;
    while (clock_mono_us() < end_us) {
        child_step(s, lanes, &window[roll(WINDOW)], fd);
        if (roll(4) == 0)
            usleep(300);
    }
    writer_free(w, 5000);
    spool_free(s);
    return 0;
}

/* ---------------------------------------------------------------- the parent */

static const char *dir;
static struct tally known;

static void hear(int fd)
{
    struct report r;
    while (read(fd, &r, sizeof r) == (ssize_t)sizeof r) {
        struct known *k = tally_at(&known, &r.id);
        k->opened = true;
        if (r.closed) {
            k->closed = true;
            k->input = r.input;
            k->output = r.output;
            k->cost_pico = r.cost_pico;
        }
    }
}

static pid_t start_child(const char *url, int64_t ms, int *fd)
{
    extern char **environ;
    int pipes[2];
    char fd_text[16], seed[24], ms_text[24], self[] = "/proc/self/exe", flag[] = "--child";
    pid_t pid;
    ck_assert_int_eq(pipe(pipes), 0);
    fcntl(pipes[0], F_SETFD, FD_CLOEXEC);
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    snprintf(fd_text, sizeof fd_text, "%d", pipes[1]);
    snprintf(seed, sizeof seed, "%u", roll(1u << 30));
    snprintf(ms_text, sizeof ms_text, "%lld", (long long)ms);
    char *argv[] = {self,    flag, (char *)(uintptr_t)dir, (char *)(uintptr_t)url, fd_text, seed,
                    ms_text, NULL};
    ck_assert_int_eq(posix_spawn(&pid, self, NULL, NULL, argv, environ), 0);
    close(pipes[1]);
    *fd = pipes[0];
    return pid;
}

/* Runs a child and kills it after `kill_ms`, unless it has ended. Returns its wait status. */
static int run_child(const char *url, int64_t run_ms, int64_t kill_ms)
{
    int fd;
    int status = 0;
    pid_t pid = start_child(url, run_ms, &fd);
    int64_t end_us = clock_mono_us() + kill_ms * 1000;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left_us = end_us - clock_mono_us();
        if (left_us <= 0 || poll(&p, 1, (int)(left_us / 1000 + 1)) < 0)
            break;
        hear(fd);
        if (p.revents & POLLHUP)
            break;
    }
    if (clock_mono_us() >= end_us)
        kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    hear(fd);
    close(fd);
    ck_assert_msg(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0,
                  "the child ended with status %d", status);
    return status;
}

static void drain(void)
{
    char err[256] = "";
    ck_assert_msg(writer_drain_dir(dir, ledger_db_url(), err) == 0, "%s", err);
}

/* Compares the log with what the children said. At most `unheard` rows may be of requests whose
 * report was lost with its child. */
static void compare(int unheard)
{
    struct pg_result *r;
    int unknown = 0;
    ck_assert_int_eq(pg_exec(ledger_db(),
                             "select request_id, outcome, input_tokens, output_tokens,"
                             " (cost * 1000000000000)::bigint, estimated from requests",
                             &r),
                     PG_OK);
    for (size_t i = 0; i < pg_rows(r); i++) {
        struct uuid id = pg_uuid(r, i, 0);
        bool interrupted = pg_i64(r, i, 1) == OUTCOME_INTERRUPTED;
        if (!tally_has(&known, &id)) {
            unknown++;
            ck_assert(interrupted);
            continue;
        }
        struct known *k = tally_at(&known, &id);
        k->rows++;
        if (interrupted) {
            ck_assert(!k->closed && pg_bool(r, i, 5));
            ck_assert_int_eq(pg_i64(r, i, 2), 100);
            ck_assert_int_eq(pg_i64(r, i, 3), 200);
            ck_assert_int_eq(pg_i64(r, i, 4), 5000000);
        } else if (k->closed) {
            ck_assert_int_eq(pg_i64(r, i, 2), k->input);
            ck_assert_int_eq(pg_i64(r, i, 3), k->output);
            ck_assert_int_eq(pg_i64(r, i, 4), k->cost_pico);
        }
    }
    pg_result_free(r);
    for (size_t i = 0; i < known.n; i++) {
        const struct known *k = (const struct known *)(const void *)known.entries + i;
        ck_assert_msg(k->rows == 1, "%d rows for a request (closed: %d)", k->rows, k->closed);
    }
    ck_assert_int_le(unknown, unheard);
}

static void begin(uint64_t seed)
{
    random_state = seed | 1;
    fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
    ledger_db_begin();
    dir = ledger_folder();
    tally_init(&known, sizeof(struct uuid), sizeof(struct known));
}

static void end(void)
{
    tally_fini(&known);
    ledger_folder_end();
    ledger_db_end();
}

static uint64_t seed_of_now(void)
{
    const char *given = getenv("DOTEB_TEST_SEED");
    return given ? strtoull(given, NULL, 10) : (uint64_t)clock_wall_us();
}

START_TEST(killed_at_random)
{
    begin(seed_of_now());
    for (int i = 0; i < KILLS; i++) {
        run_child(ledger_db_url(), 10000, 1 + roll(i % 4 ? 100 : 500));
        if (i % 50 == 49)
            drain();
    }
    ck_assert_uint_eq(ledger_folder_count(".seg"), 0);
    ck_assert_uint_eq(ledger_folder_count(".rec"), 0);
    ck_assert_uint_gt(known.n, 1000);
    compare(KILLS);
    ledger_check_sums();
    ck_assert_int_eq(ledger_number("select count(*) from ledger_watermarks"), 0);
    end();
}
END_TEST

#ifdef DOTEB_FAILPOINTS
START_TEST(killed_at_the_worst_moments)
{
    static const char *const points[] = {
        "ledger.before_commit=kill@1",    "ledger.before_commit=kill@2",
        "ledger.after_commit=kill@1",     "ledger.after_commit=kill@3",
        "ledger.recovery_read=kill@1",    "ledger.recovery_deleted=kill@1",
        "ledger.recovery_deleted=kill@2", "ledger.before_commit=kill@4",
        "ledger.before_commit=error@1",   "ledger.after_commit=kill@2",
    };
    begin(seed_of_now());
    int killed = 0;
    for (size_t i = 0; i < 3 * ARRAY_LEN(points); i++) {
        setenv("DOTEB_FAILPOINT", points[i % ARRAY_LEN(points)], 1);
        killed += WIFSIGNALED(run_child(ledger_db_url(), 2000, 600));
        unsetenv("DOTEB_FAILPOINT");
        if (i % 3 == 0) /* the next one finds much to recover */
            run_child("", 60, 20000);
    }
    ck_assert_int_ge(killed, 24);
    drain();
    compare(3 * ARRAY_LEN(points));
    ledger_check_sums();
    end();
}
END_TEST
#endif

/* Without watermarks everything is read again, and nothing is counted again. */
START_TEST(lost_watermarks_count_nothing_twice)
{
    begin(seed_of_now());
    for (int i = 0; i < 5; i++) {
        run_child(ledger_db_url(), 10000, 200);
        ledger_run("delete from ledger_watermarks");
    }
    drain();
    compare(5);
    ledger_check_sums();
    end();
}
END_TEST

static void flip_bits(unsigned bits)
{
    for (uint64_t seq = 1; seq < 1000; seq++) {
        char path[128], name[SEGMENT_NAME_BYTES];
        segment_name(seq, name);
        snprintf(path, sizeof path, "%s/%s", dir, name);
        int fd = open(path, O_RDWR);
        for (unsigned i = 0; fd >= 0 && i < bits; i++) {
            uint8_t byte;
            off_t at = roll(20000);
            ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
            byte ^= (uint8_t)(1u << roll(8));
            ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
        }
        if (fd >= 0)
            close(fd);
    }
}

/* Spoilt files: what is whole gets in, the rest is told of, nothing is invented. */
START_TEST(spoilt_segments)
{
    begin(seed_of_now());
    run_child("", 600, 20000);
    size_t all = known.n;
    size_t files = ledger_folder_count(".seg");
    ck_assert_uint_gt(all, 50);
    flip_bits(5);
    drain();
    ck_assert_uint_eq(ledger_folder_count(".seg"), 0);
    ck_assert_int_le(ledger_number("select count(*) from requests"), (int64_t)all);
    /* A flipped bit costs two records at most, each of another request. */
    ck_assert_int_ge(ledger_number("select count(*) from requests"),
                     (int64_t)all - (int64_t)files * 5 * 2);
    size_t wrong = 0;
    struct pg_result *r;
    ck_assert_int_eq(pg_exec(ledger_db(),
                             "select request_id, input_tokens from requests"
                             " where outcome = 0",
                             &r),
                     PG_OK);
    for (size_t i = 0; i < pg_rows(r); i++) {
        struct uuid id = pg_uuid(r, i, 0);
        ck_assert(tally_has(&known, &id));
        wrong += ((struct known *)tally_at(&known, &id))->input != pg_i64(r, i, 1);
    }
    pg_result_free(r);
    ck_assert_uint_eq(wrong, 0);
    ledger_check_sums();
    end();
}
END_TEST

START_TEST(drain_says_why_not)
{
    char err[256] = "";
    begin(seed_of_now());
    struct spool *s = ledger_spool(dir, 1);
    ck_assert_int_eq(writer_drain_dir(dir, ledger_db_url(), err), 1);
    ck_assert_ptr_nonnull(strstr(err, "in use"));
    spool_free(s);
    ck_assert_int_eq(writer_drain_dir("/nonexistent/x", ledger_db_url(), err), 1);
    ck_assert_ptr_nonnull(strstr(err, "/nonexistent/x"));
    run_child("", 50, 20000);
    size_t files = ledger_folder_count(".seg");
    ck_assert_uint_gt(files, 0);
    ck_assert_int_eq(writer_drain_dir(dir, "postgresql://127.0.0.1:1/none", err), 1);
    ck_assert_ptr_nonnull(strstr(err, "run drain again"));
    ck_assert_uint_eq(ledger_folder_count(".seg"), files);
    drain();
    drain(); /* nothing left: fine as well */
    compare(0);
    end();
}
END_TEST

/* A segment of another gateway is not ours to count or to delete. */
START_TEST(a_foreign_segment_is_left_alone)
{
    char path[128], err[256] = "";
    begin(seed_of_now());
    run_child("", 50, 20000);
    snprintf(path, sizeof path, "%s/gateway.id", dir);
    ck_assert_int_eq(unlink(path), 0);
    size_t files = ledger_folder_count(".seg");
    ck_assert_int_eq(writer_drain_dir(dir, ledger_db_url(), err), 1);
    ck_assert_ptr_nonnull(strstr(err, "could not be read"));
    ck_assert_uint_eq(ledger_folder_count(".seg"), files);
    ck_assert_int_eq(ledger_number("select count(*) from requests"), 0);
    end();
}
END_TEST

/* A gateway that is ahead of its schema goes on by itself once that is there. */
START_TEST(a_table_that_comes_later)
{
    begin(seed_of_now());
    int64_t failures = metrics_get(M_LEDGER_FAILURES);
    ledger_run("alter table rollup_sources rename to not_yet");
    struct spool *s = ledger_spool(dir, 1);
    struct writer *w = ledger_writer(s);
    struct uuid id = uuid_v7(clock_wall_us());
    struct ledger_open o = sample_open(id);
    struct ledger_close c = sample_close(id);
    ck_assert_int_eq(spool_write_open(spool_lane(s, 0), &o), E_OK);
    spool_write_close(spool_lane(s, 0), &c);
    for (int i = 0; i < 1000 && metrics_get(M_LEDGER_FAILURES) < failures + 2; i++)
        usleep(10000);
    ck_assert_int_ge(metrics_get(M_LEDGER_FAILURES), failures + 2);
    ledger_run("alter table not_yet rename to rollup_sources");
    for (int i = 0; i < 1000 && ledger_number("select count(*) from requests") == 0; i++)
        usleep(10000);
    ck_assert_int_eq(ledger_number("select count(*) from requests"), 1);
    writer_free(w, 10000);
    spool_free(s);
    ledger_check_sums();
    end();
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        killed_at_random,
#ifdef DOTEB_FAILPOINTS
        killed_at_the_worst_moments,
#endif
        lost_watermarks_count_nothing_twice,
        spoilt_segments,
        drain_says_why_not,
        a_foreign_segment_is_left_alone,
        a_table_that_comes_later,
    };
    if (argc == 7 && strcmp(argv[1], "--child") == 0)
        return child_main(argv);
    return unit_run("recovery", tests, ARRAY_LEN(tests));
}
