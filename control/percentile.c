/* Percentiles from log histograms. */
#include "control/percentile.h"

#include <math.h>

static double bucket_start(int i)
{
    return exp2(i / 2.0);
}

double percentile_us(const int64_t counts[HISTOGRAM_BUCKETS], int percent)
{
    double total = 0, before = 0;
    ASSERT(percent >= 1 && percent <= 100);
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        total += (double)counts[i];
    if (total <= 0)
        return -1;
    double rank = total * percent / 100;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        double n = (double)counts[i];
        if (n > 0 && before + n >= rank) {
            double start = bucket_start(i), width = bucket_start(i + 1) - start;
            return start + width * (rank - before) / n;
        }
        before += n;
    }
    return bucket_start(HISTOGRAM_BUCKETS);
}
