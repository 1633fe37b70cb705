/* The spool: what a worker published is in the files, room is promised with the open and kept, a
 * full disk refuses before and recovers by itself, damage costs only what it touched.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "gateway/failpoint.h"
#include "gateway/ledger/keeper.h"
#include "gateway/ledger/spool_priv.h"
#include "tests/unit/ledger_samples.h"
#include "tests/unit/unit.h"

static char dir[64];

static void make_dir(void)
{
    snprintf(dir, sizeof dir, "/tmp/doteb-test-spool.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
    DIR *d = opendir(dir);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
    ck_assert_int_eq(rmdir(dir), 0);
}

static struct spool *open_spool(unsigned lanes)
{
    char err[256] = "";
    struct spool_options o = {.dir = dir, .segment_bytes = 65536, .sync_ms = 5, .lanes = lanes};
    struct spool *s = spool_new(&o, err);
    ck_assert_msg(s != NULL, "%s", err);
    return s;
}

static size_t count_files(const char *suffix)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += str_ends(str_of(e->d_name), str_of(suffix));
    closedir(d);
    return n;
}

static enum err write_open(struct spool_lane *l, struct uuid id)
{
    struct ledger_open o = sample_open(id);
    return spool_write_open(l, &o);
}

static void write_close(struct spool_lane *l, struct uuid id)
{
    struct ledger_close c = sample_close(id);
    spool_write_close(l, &c);
}

static struct uuid new_id(void)
{
    return uuid_v7(clock_wall_us());
}

/* Counts the records in all segment files. */
static void count_records(size_t *opens, size_t *closes, size_t *torn)
{
    static char file[1 << 20];
    *opens = *closes = *torn = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        uint64_t seq;
        if (!segment_parse_name(e->d_name, &seq))
            continue;
        int fd = openat(dirfd(d), e->d_name, O_RDONLY);
        ssize_t n = read(fd, file, sizeof file);
        close(fd);
        struct segment_id id;
        ck_assert(n == 65536 && segment_parse_head(str_make(file, (size_t)n), &id));
        ck_assert_uint_eq(id.seq, seq);
        size_t at = SEGMENT_HEAD_BYTES;
        size_t len;
        enum record_kind kind;
        while ((kind = segment_next(str_make(file, (size_t)n), &at, &len, torn)) != RECORD_NONE) {
            *opens += kind == RECORD_OPEN;
            *closes += kind == RECORD_CLOSE;
            at += len;
        }
    }
    closedir(d);
}

START_TEST(what_was_written_is_in_the_files)
{
    make_dir();
    struct spool *s = open_spool(2);
    size_t opens, closes, torn;
    for (int i = 0; i < 20; i++) {
        struct uuid id = new_id();
        struct spool_lane *l = spool_lane(s, (unsigned)i % 2);
        ck_assert_int_eq(write_open(l, id), E_OK);
        if (i < 15)
            write_close(l, id);
    }
    count_records(&opens, &closes, &torn);
    ck_assert_uint_eq(opens, 20);
    ck_assert_uint_eq(closes, 15);
    ck_assert_uint_eq(torn, 0);
    spool_free(s); /* nobody saved anything: the two segments with records stay */
    ck_assert_uint_eq(count_files(".seg"), 2);
    remove_dir();
}
END_TEST

START_TEST(one_gateway_a_folder_and_its_id_stays)
{
    make_dir();
    char err[256] = "";
    struct spool *s = open_spool(1);
    struct uuid id = spool_gateway_id(s);
    struct spool_options o = {.dir = dir, .lanes = 1};
    ck_assert_ptr_null(spool_new(&o, err));
    ck_assert_ptr_nonnull(strstr(err, "in use by another gateway"));
    spool_free(s);
    s = open_spool(1);
    ck_assert(uuid_eq(id, spool_gateway_id(s)));
    spool_free(s);
    o.dir = "/proc/doteb";
    ck_assert_ptr_null(spool_new(&o, err));
    ck_assert_ptr_nonnull(strstr(err, "/proc/doteb"));
    remove_dir();
}
END_TEST

START_TEST(numbers_go_on_after_a_restart)
{
    make_dir();
    struct spool *s = open_spool(1);
    ck_assert_int_eq(write_open(spool_lane(s, 0), new_id()), E_OK);
    spool_free(s);
    s = open_spool(1);
    ck_assert_uint_eq(s->folder.n_old, 1);
    ck_assert_uint_gt(s->lane[0].current->id.seq, s->folder.old[0]);
    spool_free(s);
    remove_dir();
}
END_TEST

/* Without a keeper there are two segments: opens are refused while every close still fits. */
START_TEST(closes_fit_whatever_was_opened)
{
    static struct uuid ids[1000];
    make_dir();
    for (size_t rounds = 1; rounds <= 40; rounds += 3) {
        struct spool *s = open_spool(1);
        struct spool_lane *l = spool_lane(s, 0);
        for (size_t i = 0; i < rounds; i++) { /* moves the offset */
            ck_assert_int_eq(write_open(l, ids[0]), E_OK);
            write_close(l, ids[0]);
        }
        size_t n = 0;
        while (n < ARRAY_LEN(ids) && write_open(l, ids[n] = new_id()) == E_OK)
            n++;
        ck_assert_uint_gt(n, 20);
        ck_assert_uint_lt(n, 64);
        ck_assert(!spool_writable(s));
        struct ledger_close c = sample_close(ids[0]);
        c.n_attempts = LEDGER_ATTEMPTS_MAX; /* the longest close there can be */
        c.cost.n = PRICE_KINDS;
        c.n_steps = LEDGER_STEPS_MAX;
        c.upstream_model = c.upstream_request_id = c.error_detail = sample_letters(256);
        memset(c.error, 'E', sizeof c.error);
        for (size_t i = 0; i < LEDGER_ATTEMPTS_MAX; i++)
            memset(c.attempt[i].error, 'E', sizeof c.error);
        for (size_t i = 0; i < n; i++)
            spool_write_close(l, &c);
        spool_free(s);
    }
    remove_dir();
}
END_TEST

static bool wait_writable(struct spool *s, int ms)
{
    for (int i = 0; i < ms && !spool_writable(s); i++)
        usleep(1000);
    return spool_writable(s);
}

START_TEST(ten_thousand_at_once)
{
    make_dir();
    char err[256];
    struct spool_options o = {.dir = dir, .segment_bytes = 1 << 20, .sync_ms = 5, .lanes = 1};
    struct spool *s = spool_new(&o, err);
    struct keeper *k = keeper_new(s, 0);
    struct uuid *ids = xcalloc(10000, sizeof *ids);
    for (size_t i = 0; i < 10000; i++) {
        ids[i] = new_id();
        while (write_open(spool_lane(s, 0), ids[i]) != E_OK)
            ck_assert(wait_writable(s, 5000));
    }
    for (size_t i = 0; i < 10000; i++)
        write_close(spool_lane(s, 0), ids[i]);
    keeper_free(k);
    spool_free(s);
    xfree(ids);
    remove_dir();
}
END_TEST

/* Opens and closes until the lane refuses; returns whether it did. */
static bool fill_up(struct spool *s)
{
    for (int i = 0; i < 5000; i++) {
        struct uuid id = new_id();
        if (write_open(spool_lane(s, 0), id) == E_SPOOL_FULL) {
            if (!wait_writable(s, 2000)) /* a busy keeper is not a full disk */
                return true;
            continue;
        }
        write_close(spool_lane(s, 0), id);
        if (i % 20 == 0)
            usleep(500);
    }
    return false;
}

START_TEST(the_cap_refuses)
{
    make_dir();
    struct spool *s = open_spool(1);
    struct keeper *k = keeper_new(s, 5 * 65536);
    ck_assert(fill_up(s));
    ck_assert(!spool_writable(s));
    keeper_free(k);
    ck_assert_uint_eq(count_files(".seg"), 5);
    spool_free(s);
    remove_dir();
}
END_TEST

#ifdef DOTEB_FAILPOINTS
START_TEST(a_full_disk_refuses_and_recovers)
{
    make_dir();
    struct spool *s = open_spool(1);
    failpoint_set("spool.fallocate=error");
    struct keeper *k = keeper_new(s, 0);
    ck_assert(fill_up(s));
    ck_assert(!wait_writable(s, 50));
    keeper_free(k);
    failpoint_set(NULL);
    k = keeper_new(s, 0);
    ck_assert(wait_writable(s, 5000));
    ck_assert_int_eq(write_open(spool_lane(s, 0), new_id()), E_OK);
    keeper_free(k);
    spool_free(s);
    remove_dir();
}
END_TEST
#endif

/* The real thing: a file system of 640 KiB. Needs the right to mount. */
START_TEST(a_really_full_disk_refuses_and_recovers)
{
    make_dir();
    if (mount("none", dir, "tmpfs", 0, "size=640k") != 0) {
        fprintf(stderr, "test_spool: no right to mount: the small disk is not tested\n");
        rmdir(dir);
        return;
    }
    struct spool *s = open_spool(1);
    struct keeper *k = keeper_new(s, 0);
    ck_assert(fill_up(s));
    ck_assert(!wait_writable(s, 50));
    /* The writer would free segments so. */
    atomic_store(&s->lane[0].reading->done, true);
    ck_assert(wait_writable(s, 5000));
    ck_assert_int_eq(write_open(spool_lane(s, 0), new_id()), E_OK);
    keeper_free(k);
    spool_free(s);
    ck_assert_int_eq(umount(dir), 0);
    rmdir(dir);
}
END_TEST

/* What of a segment is found again when a stretch of it is spoilt. */
START_TEST(damage_costs_what_it_touches)
{
    make_dir();
    struct spool *s = open_spool(1);
    struct spool_lane *l = spool_lane(s, 0);
    for (int i = 0; i < 40; i++)
        ck_assert(write_open(l, new_id()) == E_OK || i > 20);
    size_t bytes = atomic_load(&l->reading->committed);
    uint8_t *copy = xmalloc(bytes);
    memcpy(copy, l->reading->map, bytes);
    struct str text = str_make((char *)copy, bytes);
    size_t len;
    size_t all = 0;
    size_t torn = 0;
    for (size_t at = SEGMENT_HEAD_BYTES; segment_next(text, &at, &len, &torn); at += len)
        all++;
    ck_assert_uint_eq(torn, 0);
    for (size_t spoilt = SEGMENT_HEAD_BYTES; spoilt + 8 < bytes; spoilt += 97) {
        size_t found = 0;
        torn = 0;
        memcpy(copy, l->reading->map, bytes);
        memset(copy + spoilt, 0x5A, 8);
        for (size_t at = SEGMENT_HEAD_BYTES; segment_next(text, &at, &len, &torn); at += len)
            found++;
        ck_assert_uint_ge(found, all - 2);
        ck_assert_uint_lt(found, all);
        ck_assert_uint_eq(torn, 1);
    }
    xfree(copy);
    spool_free(s);
    remove_dir();
}
END_TEST

/* Text that is itself a record must not be found as one behind damage. */
START_TEST(a_caller_cannot_plant_a_record)
{
    static uint8_t forged[RECORD_OPEN_MAX_BYTES];
    static uint8_t out[RECORD_OPEN_MAX_BYTES];
    struct ledger_open small = {.request_id = sample_uuid(9)};
    size_t n = record_encode_open(&small, forged);
    for (size_t pad = 0; pad < 8; pad++) {
        struct ledger_open o = sample_open(sample_uuid(5));
        char text[512];
        memset(text, ' ', pad);
        memcpy(text + pad, forged, n);
        o.user_agent = str_make(text, pad + n);
        size_t len = record_encode_open(&o, out);
        out[0] ^= 1; /* the damage */
        size_t at = 0;
        size_t torn = 0;
        ck_assert_int_eq(segment_next(str_make((char *)out, len), &at, &len, &torn), RECORD_NONE);
    }
}
END_TEST

struct writer_job {
    struct spool_lane *lane;
    _Atomic bool stop;
    size_t written;
};

static void *write_much(void *arg)
{
    struct writer_job *j = arg;
    while (!atomic_load(&j->stop)) {
        struct uuid id = new_id();
        if (write_open(j->lane, id) != E_OK)
            continue;
        write_close(j->lane, id);
        j->written++;
    }
    return NULL;
}

/* Reads what the lane has published; returns how many closes, letting go of what is read. */
static size_t follow(struct spool_lane *l)
{
    size_t closes = 0;
    for (bool sealed = true; sealed;) {
        struct segment *g = l->reading;
        sealed = atomic_load_explicit(&g->sealed, memory_order_acquire);
        size_t end = atomic_load_explicit(&g->committed, memory_order_acquire);
        while (g->read < end) {
            size_t len;
            struct str rest = str_make((char *)g->map + g->read, end - g->read);
            enum record_kind kind = record_peek(rest, &len);
            ck_assert(kind == RECORD_OPEN || kind == RECORD_CLOSE);
            closes += kind == RECORD_CLOSE;
            g->read += len;
        }
        if (!sealed)
            break;
        l->reading = atomic_load_explicit(&g->next, memory_order_acquire);
        atomic_store_explicit(&g->done, true, memory_order_release);
    }
    return closes;
}

/* Workers, keeper and a reader at once (for ThreadSanitizer): the reader sees whole records, in
 * order, and lets go of segments while the keeper deletes them. */
START_TEST(a_reader_follows_the_workers)
{
    make_dir();
    struct spool *s = open_spool(2);
    struct keeper *k = keeper_new(s, 0);
    struct writer_job job[2] = {{.lane = spool_lane(s, 0)}, {.lane = spool_lane(s, 1)}};
    pthread_t thread[2];
    size_t closes = 0;
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, write_much, &job[i]);
    int64_t end_us = clock_mono_us() + 500000;
    while (clock_mono_us() < end_us)
        closes += follow(spool_lane(s, 0)) + follow(spool_lane(s, 1));
    for (int i = 0; i < 2; i++) {
        atomic_store(&job[i].stop, true);
        pthread_join(thread[i], NULL);
    }
    closes += follow(spool_lane(s, 0)) + follow(spool_lane(s, 1));
    ck_assert_uint_gt(closes, 100);
    ck_assert_uint_eq(closes, job[0].written + job[1].written);
    keeper_free(k);
    spool_free(s);
    remove_dir();
}
END_TEST

UNIT_MAIN("spool", what_was_written_is_in_the_files, one_gateway_a_folder_and_its_id_stays,
          numbers_go_on_after_a_restart, closes_fit_whatever_was_opened, ten_thousand_at_once,
          the_cap_refuses,
#ifdef DOTEB_FAILPOINTS
          a_full_disk_refuses_and_recovers,
#endif
          a_really_full_disk_refuses_and_recovers, damage_costs_what_it_touches,
          a_caller_cannot_plant_a_record, a_reader_follows_the_workers)
