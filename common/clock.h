/* Time. Monotonic for durations and deadlines, wall for records. */
#ifndef DOTEB_COMMON_CLOCK_H
#define DOTEB_COMMON_CLOCK_H

#include "common/defs.h"

/* Microseconds of CLOCK_MONOTONIC. */
int64_t clock_mono_us(void);
/* Microseconds since 1970, CLOCK_REALTIME. */
int64_t clock_wall_us(void);
/* "2026-11-23T01:02:03.456Z" of a wall time in us, cut to 1970..9999; `out` holds 25 bytes. */
void clock_format_iso(int64_t wall_us, char out[25]);
/* 1..31, of a wall time not before 1970, UTC. */
int clock_day_of_month(int64_t wall_us);

#endif
