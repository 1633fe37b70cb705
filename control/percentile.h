/* Percentiles from the rollups' histograms. Pure. */
#ifndef DOTEB_CONTROL_PERCENTILE_H
#define DOTEB_CONTROL_PERCENTILE_H

#include "common/defs.h"

enum { HISTOGRAM_BUCKETS = 64 };

/* The value in microseconds below which `percent` (1..100) of the counts lie, or -1 if there are
 * none. Bucket i counts values in [2^(i/2), 2^((i+1)/2)) microseconds; within one the counts are
 * taken as evenly spread, so that the answer is off by less than a bucket's width (41 %). */
double percentile_us(const int64_t counts[HISTOGRAM_BUCKETS], int percent);

#endif
