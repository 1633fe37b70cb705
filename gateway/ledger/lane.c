/* What a worker does to write a record: encode, check the sum of lane.h, copy, publish. Runs on the
 * lane's worker (the last four functions: see lane.h); never allocates, locks or touches a file.
 */
#include "gateway/ledger/lane.h"

#include <unistd.h>

#include "common/metrics.h"

/* How many closes certainly fit into `bytes` of a segment. */
static size_t closes_in(size_t bytes)
{
    return bytes / RECORD_CLOSE_MAX_BYTES;
}

void lane_init(struct spool_lane *l, struct segment *first, struct lane_bell *bell)
{
    l->current = l->newest = l->reading = first;
    l->at = SEGMENT_HEAD_BYTES;
    l->capacity = first->bytes - SEGMENT_HEAD_BYTES;
    l->bell = bell;
    atomic_init(&l->shown_room, l->capacity);
}

/* How many closes fit when an open of `len` bytes was written with `spares` at hand; -1: the open
 * itself does not fit. */
static int64_t closes_after(size_t room, size_t len, size_t spares, size_t capacity)
{
    size_t per_segment = closes_in(capacity);
    if (len <= room)
        return (int64_t)(closes_in(room - len) + spares * per_segment);
    if (spares == 0)
        return -1;
    return (int64_t)(closes_in(capacity - len) + (spares - 1) * per_segment);
}

static void ring_bell(struct lane_bell *b)
{
    if (atomic_exchange_explicit(&b->rung, true, memory_order_relaxed))
        return;
    uint64_t one = 1;
    ssize_t n = write(b->fd, &one, sizeof one);
    (void)n; /* a full counter wakes as well */
}

static void show(struct spool_lane *l)
{
    atomic_store_explicit(&l->shown_in_flight, l->in_flight, memory_order_relaxed);
    atomic_store_explicit(&l->shown_room, l->current->bytes - l->at, memory_order_relaxed);
}

static void next_segment(struct spool_lane *l)
{
    size_t tail = atomic_load_explicit(&l->tail, memory_order_relaxed);
    ASSERT(atomic_load_explicit(&l->head, memory_order_acquire) != tail);
    struct segment *s = l->spare[tail % LANE_SPARES_MAX];
    atomic_store_explicit(&l->tail, tail + 1, memory_order_release);
    atomic_store_explicit(&l->current->sealed, true, memory_order_release);
    l->current = s;
    l->at = SEGMENT_HEAD_BYTES;
    ring_bell(l->bell);
}

static void append(struct spool_lane *l, size_t len)
{
    if (len > l->current->bytes - l->at)
        next_segment(l);
    memcpy(l->current->map + l->at, l->scratch, len);
    l->at += len;
    atomic_store_explicit(&l->current->committed, l->at, memory_order_release);
}

enum err spool_write_open(struct spool_lane *l, const struct ledger_open *o)
{
    size_t len = record_encode_open(o, l->scratch);
    size_t room = l->current->bytes - l->at;
    int64_t closes = closes_after(room, len, lane_spares(l), l->capacity);
    int64_t needed = (int64_t)l->in_flight + 1;
    if (closes < needed + (int64_t)closes_in(l->capacity) / 2)
        ring_bell(l->bell);
    if (closes < needed) {
        metrics_add(M_SPOOL_FULL, 1);
        return E_SPOOL_FULL;
    }
    append(l, len);
    l->in_flight++;
    show(l);
    return E_OK;
}

void spool_write_close(struct spool_lane *l, const struct ledger_close *c)
{
    ASSERT(l->in_flight > 0);
    size_t len = record_encode_close(c, l->scratch);
    append(l, len);
    l->in_flight--;
    show(l);
}

void lane_push_spare(struct spool_lane *l, struct segment *s)
{
    size_t head = atomic_load_explicit(&l->head, memory_order_relaxed);
    ASSERT(lane_spares(l) < LANE_SPARES_MAX);
    atomic_store_explicit(&l->newest->next, s, memory_order_release);
    l->newest = s;
    l->spare[head % LANE_SPARES_MAX] = s;
    atomic_store_explicit(&l->head, head + 1, memory_order_release);
}

size_t lane_spares(const struct spool_lane *l)
{
    size_t tail = atomic_load_explicit(&l->tail, memory_order_acquire);
    size_t head = atomic_load_explicit(&l->head, memory_order_acquire);
    return head - tail;
}

size_t lane_spares_wanted(const struct spool_lane *l)
{
    size_t in_flight = atomic_load_explicit(&l->shown_in_flight, memory_order_relaxed);
    size_t per_segment = closes_in(l->capacity);
    /* One ahead, and half as much again as the closes in flight need. */
    size_t wanted = 1 + (in_flight + in_flight / 2 + per_segment - 1) / per_segment;
    return wanted < LANE_SPARES_MAX ? wanted : LANE_SPARES_MAX;
}

bool lane_writable(const struct spool_lane *l)
{
    size_t in_flight = atomic_load_explicit(&l->shown_in_flight, memory_order_relaxed);
    size_t room = atomic_load_explicit(&l->shown_room, memory_order_relaxed);
    return closes_after(room, RECORD_OPEN_MAX_BYTES, lane_spares(l), l->capacity) >
           (int64_t)in_flight;
}
