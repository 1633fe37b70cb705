/* Segment files: making, mapping, syncing, reading. The keeper thread makes and syncs; recovery
 * reads. A worker never calls anything here.
 */
#include "gateway/ledger/segment.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/mem.h"
#include "gateway/failpoint.h"

enum { SEGMENT_VERSION = 1, PAGE_BYTES = 4096, PREFAULT_STEP_BYTES = 65536 };

static const char segment_magic[8] = {'D', 'O', 'T', 'E', 'B', 'S', 'E', 'G'};

/* On disk, little-endian. */
struct head {
    char magic[8];
    uint32_t version;
    uint32_t lane;
    struct uuid gateway_id;
    struct uuid run_id;
    uint64_t seq;
    uint64_t sum; /* of all before */
};
static_assert(sizeof(struct head) == SEGMENT_HEAD_BYTES, "no padding");

static uint64_t head_sum(const struct head *h)
{
    uint64_t sum = 0x7365676d656e74;
    for (size_t i = 0; i < offsetof(struct head, sum); i += 8) {
        uint64_t w;
        memcpy(&w, (const char *)h + i, 8);
        sum = (sum ^ le64toh(w)) * 0x9E3779B97F4A7C15;
        sum ^= sum >> 29;
    }
    return sum;
}

void segment_name(uint64_t seq, char out[SEGMENT_NAME_BYTES])
{
    snprintf(out, SEGMENT_NAME_BYTES, "%019" PRIu64 ".seg", seq);
}

bool segment_parse_name(const char *name, uint64_t *seq)
{
    struct str s = str_of(name);
    int64_t n;
    if (s.len != 23 || !str_ends(s, STR(".seg")) || !str_to_i64(str_make(s.p, 19), &n) || n <= 0)
        return false;
    *seq = (uint64_t)n;
    return true;
}

bool segment_parse_head(struct str file, struct segment_id *out)
{
    struct head h;
    if (file.len < sizeof h)
        return false;
    memcpy(&h, file.p, sizeof h);
    if (memcmp(h.magic, segment_magic, sizeof h.magic) != 0 || le64toh(h.sum) != head_sum(&h) ||
        le32toh(h.version) != SEGMENT_VERSION)
        return false;
    *out = (struct segment_id){.gateway_id = h.gateway_id,
                               .run_id = h.run_id,
                               .seq = le64toh(h.seq),
                               .lane = le32toh(h.lane)};
    return true;
}

/* Allocates the file's blocks and writes its head to disk. Returns 0 or errno's value. */
static int fill_file(int fd, int dir_fd, const struct segment_id *id, size_t bytes)
{
    struct head h = {.version = htole32(SEGMENT_VERSION),
                     .lane = htole32(id->lane),
                     .gateway_id = id->gateway_id,
                     .run_id = id->run_id,
                     .seq = htole64(id->seq)};
    memcpy(h.magic, segment_magic, sizeof h.magic);
    h.sum = htole64(head_sum(&h));
    if (failpoint_hit("spool.fallocate"))
        return ENOSPC;
    int error = posix_fallocate(fd, 0, (off_t)bytes);
    if (error != 0)
        return error;
    ssize_t n = pwrite(fd, &h, sizeof h, 0);
    if (n != (ssize_t)sizeof h)
        return n < 0 ? errno : EIO;
    return fdatasync(fd) == 0 && fsync(dir_fd) == 0 ? 0 : errno;
}

/* Takes the write faults of half a segment from `at` on now, so that a worker's copy does not; the
 * rest when it gets there, so that a gateway at rest does not hold all of it in memory. False: the
 * kernel cannot. It changes no byte, so that a worker may write meanwhile. */
static bool prefault(struct segment *s, size_t at)
{
    size_t upto = (at + s->bytes / 2) / PAGE_BYTES * PAGE_BYTES;
    size_t least = s->prefaulted > 0 && upto < s->bytes ? PREFAULT_STEP_BYTES : 1;
    if (upto > s->bytes)
        upto = s->bytes;
    if (upto < s->prefaulted + least)
        return true;
#ifdef MADV_POPULATE_WRITE
    bool done = madvise(s->map + s->prefaulted, upto - s->prefaulted, MADV_POPULATE_WRITE) == 0;
    s->prefaulted = done ? upto : s->bytes; /* what failed once is not tried again */
    return done;
#else
    return false;
#endif
}

/* The same by hand, of all of it: before a worker has the segment. */
static void touch(struct segment *s)
{
    for (size_t i = PAGE_BYTES; i < s->bytes; i += PAGE_BYTES)
        *(volatile uint8_t *)(s->map + i) = 0;
    s->prefaulted = s->bytes;
}

struct segment *segment_make(int dir_fd, const struct segment_id *id, size_t bytes, int *error)
{
    char name[SEGMENT_NAME_BYTES];
    segment_name(id->seq, name);
    int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        *error = errno;
        return NULL;
    }
    *error = fill_file(fd, dir_fd, id, bytes);
    void *map = MAP_FAILED;
    if (*error == 0) {
        map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        *error = map == MAP_FAILED ? errno : 0;
    }
    close(fd);
    if (*error != 0) {
        unlinkat(dir_fd, name, 0);
        return NULL;
    }
    struct segment *s = xcalloc(1, sizeof *s);
    s->id = *id;
    s->map = map;
    s->bytes = bytes;
    if (!prefault(s, 0))
        touch(s);
    s->read = s->synced = SEGMENT_HEAD_BYTES;
    atomic_init(&s->committed, SEGMENT_HEAD_BYTES);
    atomic_init(&s->saved, SEGMENT_HEAD_BYTES);
    return s;
}

void segment_free(struct segment *s, int dir_fd, bool remove)
{
    if (!s)
        return;
    char name[SEGMENT_NAME_BYTES];
    segment_name(s->id.seq, name);
    munmap(s->map, s->bytes);
    if (remove)
        unlinkat(dir_fd, name, 0);
    xfree(s);
}

bool segment_sync(struct segment *s)
{
    size_t committed = atomic_load_explicit(&s->committed, memory_order_acquire);
    if (committed == s->synced)
        return true;
    (void)prefault(s, committed);
    size_t from = s->synced / PAGE_BYTES * PAGE_BYTES;
    if (msync(s->map + from, committed - from, MS_SYNC) != 0)
        return false;
    s->synced = committed;
    return true;
}

enum record_kind segment_next(struct str bytes, size_t *at, size_t *len, size_t *torn)
{
    bool damaged = false;
    for (; *at + 8 <= bytes.len; *at += 8) {
        struct str rest = str_make(bytes.p + *at, bytes.len - *at);
        enum record_kind kind = record_peek(rest, len);
        if (kind == RECORD_OPEN || kind == RECORD_CLOSE) {
            *torn += damaged;
            return kind;
        }
        damaged |= kind == RECORD_TORN;
    }
    *torn += damaged;
    return RECORD_NONE;
}
