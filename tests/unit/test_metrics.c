/* metrics: sums over threads, histograms, and the exposition's text. */
#include "common/metrics.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>

static struct buf page;

static bool page_has(const char *text)
{
    buf_reset(&page);
    metrics_render(&page);
    ck_assert(!page.failed);
    return str_find_str(buf_str(&page), str_of(text)) >= 0;
}

START_TEST(counters_and_gauges)
{
    metrics_add(M_REQ_2XX, 2);
    metrics_thread_begin();
    metrics_add(M_REQ_2XX, 3);
    metrics_set(M_SNAPSHOT_KEYS, 7);
    metrics_set(M_SNAPSHOT_KEYS, 5);
    ck_assert_int_eq(metrics_get(M_REQ_2XX), 5);
    ck_assert(page_has("\ndoteb_requests_total{status=\"2xx\"} 5\n"));
    ck_assert(page_has("\ndoteb_requests_total{status=\"4xx\"} 0\n"));
    ck_assert(page_has("\n# TYPE doteb_snapshot_api_keys gauge\ndoteb_snapshot_api_keys 5\n"));
    metrics_thread_end();
    metrics_thread_end();
    ck_assert_int_eq(metrics_get(M_REQ_2XX), 5);
    ck_assert_int_eq(metrics_get(M_SNAPSHOT_KEYS), 5);
}
END_TEST

START_TEST(histograms_are_cumulative)
{
    static const int64_t us[] = {-5, 0, 100, 101, 200, 1000000, 100000000, 100000001, 500000000};
    for (size_t i = 0; i < ARRAY_LEN(us); i++)
        metrics_observe_us(M_REQ_TTFB, us[i]);
    ck_assert_int_eq(metrics_get(M_REQ_TTFB), ARRAY_LEN(us));
#define NAME "doteb_upstream_first_byte_seconds"
    ck_assert(page_has("\n# TYPE " NAME " histogram\n" NAME "_bucket{le=\"0.0001\"} 3\n" NAME
                       "_bucket{le=\"0.0002\"} 5\n" NAME "_bucket{le=\"0.0005\"} 5\n"));
    ck_assert(page_has(NAME "_bucket{le=\"0.5\"} 5\n" NAME "_bucket{le=\"1\"} 6\n"));
    ck_assert(page_has(NAME "_bucket{le=\"100\"} 7\n" NAME "_bucket{le=\"+Inf\"} 9\n" NAME
                            "_sum 701.000402\n" NAME "_count 9\n"));
#undef NAME
}
END_TEST

/* Version 0.0.4: HELP and TYPE once a name and before its samples, every sample a number. */
START_TEST(text_is_well_formed)
{
    ck_assert(page_has("# HELP"));
    struct str text = buf_str(&page), name = STR_NULL;
    ck_assert(str_ends(text, STR("\n")));
    size_t samples = 0, families = 0;
    while (text.len) {
        struct str line = str_cut(&text, '\n');
        if (str_starts(line, STR("# HELP "))) {
            line = str_make(line.p + 7, line.len - 7);
            struct str type = str_cut(&text, '\n'), before = name;
            name = str_cut(&line, ' ');
            ck_assert(line.len > 0 && !str_eq(name, before));
            ck_assert(str_starts(type, STR("# TYPE ")));
            ck_assert(str_starts(str_make(type.p + 7, type.len - 7), name));
            families++;
            continue;
        }
        ck_assert_msg(str_starts(line, name), STR_FMT, STR_ARG(line));
        ptrdiff_t space = str_find(line, ' ');
        char *end;
        ck_assert_int_gt(space, 0);
        (void)strtod(line.p + space + 1, &end);
        ck_assert_ptr_eq(end, line.p + line.len);
        samples++;
    }
    ck_assert_uint_gt(families, 15);
    ck_assert_uint_gt(samples, M_COUNT);
}
END_TEST

enum { THREADS = 6, ROUNDS = 40, ADDS = 500 };
static atomic_bool stop;

static void *count(void *arg)
{
    (void)arg;
    for (int round = 0; round < ROUNDS; round++) {
        bool slot = round % 3 != 0; /* sometimes the shared slot */
        if (slot)
            metrics_thread_begin();
        for (int i = 0; i < ADDS; i++) {
            metrics_add(M_TOKENS_IN, 1);
            metrics_observe_us(M_REQ_DURATION, i);
        }
        metrics_add(M_REQ_ACTIVE, 1);
        metrics_add(M_REQ_ACTIVE, -1);
        if (slot)
            metrics_thread_end();
    }
    return NULL;
}

static void *scrape(void *arg)
{
    int64_t last = 0;
    struct buf b;
    buf_init(&b, 1 << 20);
    while (!atomic_load(&stop)) {
        int64_t now = metrics_get(M_TOKENS_IN);
        if (now < last)
            *(bool *)arg = true;
        last = now;
        buf_reset(&b);
        metrics_render(&b);
    }
    buf_fini(&b);
    return NULL;
}

/* Counters never go back, even while threads end, and nothing is lost. */
START_TEST(threads_add_up)
{
    pthread_t threads[THREADS], reader;
    bool went_back = false;
    ck_assert_int_eq(pthread_create(&reader, NULL, scrape, &went_back), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&stop, true);
    pthread_join(reader, NULL);
    ck_assert(!went_back);
    ck_assert_int_eq(metrics_get(M_TOKENS_IN), THREADS * ROUNDS * ADDS);
    ck_assert_int_eq(metrics_get(M_REQ_DURATION), THREADS * ROUNDS * ADDS);
    ck_assert_int_eq(metrics_get(M_REQ_ACTIVE), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {counters_and_gauges, histograms_are_cumulative,
                                  text_is_well_formed, threads_add_up};
    buf_init(&page, 1 << 20);
    int status = unit_run("metrics", tests, ARRAY_LEN(tests));
    buf_fini(&page);
    return status;
}
