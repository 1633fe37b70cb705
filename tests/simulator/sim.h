/* What all threads of one simulator share, and its clocks. */
#ifndef DOTEB_SIM_SIM_H
#define DOTEB_SIM_SIM_H

#include <time.h>

#include "tests/simulator/records.h"

enum { SIM_TAGS = 1 << 16 };

struct sim {
    struct str api_key; /* p NULL: any key will do */
    uint64_t nonce;     /* tells the ids of this run from those of others */
    int64_t started;    /* seconds since 1970 */
    struct records records;
    /* requests seen by hash of their `tag`, for fail_first; guarded by records.lock */
    struct {
        uint64_t hash;
        uint32_t seen;
    } tags[SIM_TAGS];
    uint32_t n_tags;
};

/* `api_key` (borrowed) may be NULL: any key will do. */
struct sim *sim_new(const char *api_key);
void sim_free(struct sim *sim);
/* Forgets all records, counters and tags. */
void sim_reset(struct sim *sim);
/* How many requests carried this tag before now; counts this one. Tags are bounded: beyond 32,768
 * all are forgotten. */
uint32_t sim_count_tag(struct sim *sim, struct str tag);

static inline uint64_t sim_clock_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000U + (uint64_t)t.tv_nsec / 1000U;
}

/* Microseconds since 1970. */
static inline uint64_t sim_now_us(void)
{
    return sim_clock_us(CLOCK_REALTIME);
}

#endif
