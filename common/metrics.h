/* Counters, gauges and histograms of metrics.def, in Prometheus text.
 *
 * Each thread that counts owns a slot (metrics_thread_begin); it alone writes it, with relaxed
 * atomics; a scrape sums over slots. Label values are small closed sets given in the table, so
 * memory is fixed.
 */
#ifndef DOTEB_COMMON_METRICS_H
#define DOTEB_COMMON_METRICS_H

#include "common/buf.h"
#include "common/defs.h"

/* METRIC_COUNTER(id, "doteb_name_total", "help")
 * METRIC_COUNTER_L(id, "name", "label", "value", "help")  one row per label value, same name
 * METRIC_GAUGE(id, "name", "help")
 * METRIC_HISTOGRAM(id, "name_seconds", "help")  microseconds in, seconds out, 1-2-5 bounds 100
 * us..100 s */
enum metric {
#define METRIC_COUNTER(id, name, help)             M_##id,
#define METRIC_COUNTER_L(id, name, label, v, help) M_##id,
#define METRIC_GAUGE(id, name, help)               M_##id,
#define METRIC_HISTOGRAM(id, name, help)           M_##id,
#include "common/metrics.def"
#undef METRIC_COUNTER
#undef METRIC_COUNTER_L
#undef METRIC_GAUGE
#undef METRIC_HISTOGRAM
    M_COUNT
};

/* Takes a slot for this thread (at most 256 alive); without one, updates go to a shared slot. */
void metrics_thread_begin(void);
/* Gives the slot's values to the shared slot and releases it. */
void metrics_thread_end(void);
void metrics_add(enum metric m, int64_t delta);
/* Gauges: the value of this thread; a scrape sums threads. */
void metrics_set(enum metric m, int64_t value);
/* Histograms only. */
void metrics_observe_us(enum metric m, int64_t us);
/* Sum over threads, for tests and for readiness. */
int64_t metrics_get(enum metric m);
/* Appends the Prometheus text exposition (version 0.0.4) of all metrics. */
void metrics_render(struct buf *out);

#endif
