/* The metrics of metrics.def: a slot of numbers for each thread, summed by a scrape. Any thread.
 * Updates never lock; taking, releasing and summing slots do, so that a thread that ends is
 * counted once.
 */
#include "common/metrics.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

enum { SLOTS = 256, SHARED = SLOTS, CACHE_LINE = 64 };

/* 1-2-5 bounds from 100 us to 100 s; the last bucket has no bound. */
static const struct {
    int64_t us;
    const char *le;
} bounds[] = {{100, "0.0001"},  {200, "0.0002"},  {500, "0.0005"},   {1000, "0.001"},
              {2000, "0.002"},  {5000, "0.005"},  {10000, "0.01"},   {20000, "0.02"},
              {50000, "0.05"},  {100000, "0.1"},  {200000, "0.2"},   {500000, "0.5"},
              {1000000, "1"},   {2000000, "2"},   {5000000, "5"},    {10000000, "10"},
              {20000000, "20"}, {50000000, "50"}, {100000000, "100"}};
enum { BUCKETS = ARRAY_LEN(bounds) + 1 };

enum kind { COUNTER, GAUGE, HISTOGRAM };

/* Histograms among themselves. */
enum histogram {
#define METRIC_COUNTER(id, name, help)
#define METRIC_COUNTER_L(id, name, label, v, help)
#define METRIC_GAUGE(id, name, help)
#define METRIC_HISTOGRAM(id, name, help) H_##id,
#include "common/metrics.def"
#undef METRIC_COUNTER
#undef METRIC_COUNTER_L
#undef METRIC_GAUGE
#undef METRIC_HISTOGRAM
    H_COUNT
};

static const struct row {
    enum kind kind;
    int histogram; /* enum histogram; -1 for the others */
    const char *name, *label, *label_value, *help;
} rows[] = {
#define METRIC_COUNTER(id, n, h)          [M_##id] = {COUNTER, -1, n, NULL, NULL, h},
#define METRIC_COUNTER_L(id, n, la, v, h) [M_##id] = {COUNTER, -1, n, la, v, h},
#define METRIC_GAUGE(id, n, h)            [M_##id] = {GAUGE, -1, n, NULL, NULL, h},
#define METRIC_HISTOGRAM(id, n, h)        [M_##id] = {HISTOGRAM, H_##id, n, NULL, NULL, h},
#include "common/metrics.def"
#undef METRIC_COUNTER
#undef METRIC_COUNTER_L
#undef METRIC_GAUGE
#undef METRIC_HISTOGRAM
};
static_assert(ARRAY_LEN(rows) == M_COUNT, "one row per metric");

/* values[] of a histogram is the sum of its observations in microseconds. */
struct slot {
    alignas(CACHE_LINE) _Atomic int64_t values[M_COUNT];
    _Atomic int64_t buckets[H_COUNT][BUCKETS];
    bool taken;
};

static struct slot slots[SLOTS + 1];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local struct slot *mine;

static int64_t get(const _Atomic int64_t *cell)
{
    return atomic_load_explicit(cell, memory_order_relaxed);
}

/* A thread's own slot has one writer, so a load and a store are enough. */
static void bump(struct slot *s, _Atomic int64_t *cell, int64_t delta)
{
    if (s == &slots[SHARED])
        atomic_fetch_add_explicit(cell, delta, memory_order_relaxed);
    else
        atomic_store_explicit(cell, get(cell) + delta, memory_order_relaxed);
}

static struct slot *slot_now(void)
{
    return mine ? mine : &slots[SHARED];
}

void metrics_thread_begin(void)
{
    ASSERT(!mine);
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < SLOTS && !mine; i++)
        if (!slots[i].taken)
            mine = &slots[i];
    if (mine)
        mine->taken = true;
    pthread_mutex_unlock(&lock);
}

static void give(_Atomic int64_t *from, _Atomic int64_t *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        atomic_fetch_add_explicit(&to[i], get(&from[i]), memory_order_relaxed);
        atomic_store_explicit(&from[i], 0, memory_order_relaxed);
    }
}

void metrics_thread_end(void)
{
    if (!mine)
        return;
    struct slot *shared = &slots[SHARED];
    pthread_mutex_lock(&lock);
    give(mine->values, shared->values, M_COUNT);
    for (size_t h = 0; h < H_COUNT; h++)
        give(mine->buckets[h], shared->buckets[h], BUCKETS);
    mine->taken = false;
    mine = NULL;
    pthread_mutex_unlock(&lock);
}

void metrics_add(enum metric m, int64_t delta)
{
    ASSERT((unsigned)m < M_COUNT && rows[m].kind != HISTOGRAM);
    struct slot *s = slot_now();
    bump(s, &s->values[m], delta);
}

void metrics_set(enum metric m, int64_t value)
{
    ASSERT((unsigned)m < M_COUNT && rows[m].kind == GAUGE);
    atomic_store_explicit(&slot_now()->values[m], value, memory_order_relaxed);
}

void metrics_observe_us(enum metric m, int64_t us)
{
    ASSERT((unsigned)m < M_COUNT && rows[m].kind == HISTOGRAM);
    struct slot *s = slot_now();
    size_t b = 0;
    if (us < 0)
        us = 0;
    while (b < ARRAY_LEN(bounds) && us > bounds[b].us)
        b++;
    bump(s, &s->values[m], us);
    bump(s, &s->buckets[rows[m].histogram][b], 1);
}

/* Caller holds the lock. */
static int64_t sum_values(enum metric m)
{
    int64_t sum = 0;
    for (size_t i = 0; i <= SLOTS; i++)
        sum += get(&slots[i].values[m]);
    return sum;
}

/* Caller holds the lock. */
static int64_t sum_bucket(int histogram, size_t bucket)
{
    int64_t sum = 0;
    for (size_t i = 0; i <= SLOTS; i++)
        sum += get(&slots[i].buckets[histogram][bucket]);
    return sum;
}

int64_t metrics_get(enum metric m)
{
    ASSERT((unsigned)m < M_COUNT);
    pthread_mutex_lock(&lock);
    int64_t sum = 0;
    if (rows[m].kind == HISTOGRAM)
        for (size_t b = 0; b < BUCKETS; b++)
            sum += sum_bucket(rows[m].histogram, b);
    else
        sum = sum_values(m);
    pthread_mutex_unlock(&lock);
    return sum;
}

static void render_head(struct buf *out, const struct row *r)
{
    static const char *const types[] = {
        [COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", r->name, r->help, r->name, types[r->kind]);
}

static void render_histogram(struct buf *out, enum metric m)
{
    const struct row *r = &rows[m];
    int64_t count = 0;
    for (size_t b = 0; b < BUCKETS; b++) {
        count += sum_bucket(r->histogram, b);
        const char *le = b < ARRAY_LEN(bounds) ? bounds[b].le : "+Inf";
        buf_printf(out, "%s_bucket{le=\"%s\"} %lld\n", r->name, le, (long long)count);
    }
    long long us = sum_values(m);
    buf_printf(out, "%s_sum %lld.%06lld\n%s_count %lld\n", r->name, us / 1000000, us % 1000000,
               r->name, (long long)count);
}

static void render_value(struct buf *out, enum metric m)
{
    const struct row *r = &rows[m];
    long long v = sum_values(m);
    if (r->label)
        buf_printf(out, "%s{%s=\"%s\"} %lld\n", r->name, r->label, r->label_value, v);
    else
        buf_printf(out, "%s %lld\n", r->name, v);
}

void metrics_render(struct buf *out)
{
    const char *last = "";
    pthread_mutex_lock(&lock);
    for (int m = 0; m < M_COUNT; m++) {
        if (strcmp(rows[m].name, last) != 0)
            render_head(out, &rows[m]);
        last = rows[m].name;
        if (rows[m].kind == HISTOGRAM)
            render_histogram(out, (enum metric)m);
        else
            render_value(out, (enum metric)m);
    }
    pthread_mutex_unlock(&lock);
}
