/* What all threads share (sim.h): made once by main, the fail_first tags guarded by the records'
 * lock.
 */
#include "tests/simulator/sim.h"

#include <sys/random.h>

#include "common/mem.h"

struct sim *sim_new(const char *api_key)
{
    struct sim *sim = xcalloc(1, sizeof(*sim));
    sim->api_key = str_of(api_key);
    sim->started = (int64_t)(sim_now_us() / 1000000U);
    if (getrandom(&sim->nonce, sizeof(sim->nonce), 0) != (ssize_t)sizeof(sim->nonce)) {
        sim->nonce = sim_now_us();
    }
    records_init(&sim->records);
    return sim;
}

void sim_free(struct sim *sim)
{
    if (sim) {
        records_fini(&sim->records);
        xfree(sim);
    }
}

void sim_reset(struct sim *sim)
{
    records_reset(&sim->records);
    pthread_mutex_lock(&sim->records.lock);
    memset(sim->tags, 0, sizeof(sim->tags));
    sim->n_tags = 0;
    pthread_mutex_unlock(&sim->records.lock);
}

uint32_t sim_count_tag(struct sim *sim, struct str tag)
{
    uint64_t h = 14695981039346656037U;
    for (size_t i = 0; i < tag.len; i++) {
        h = (h ^ (unsigned char)tag.p[i]) * 1099511628211U;
    }
    h = h ? h : 1;
    pthread_mutex_lock(&sim->records.lock);
    if (sim->n_tags > SIM_TAGS / 2) {
        memset(sim->tags, 0, sizeof(sim->tags));
        sim->n_tags = 0;
    }
    size_t i = (size_t)(h % SIM_TAGS);
    while (sim->tags[i].hash && sim->tags[i].hash != h) {
        i = (i + 1) % SIM_TAGS;
    }
    sim->n_tags += sim->tags[i].hash == 0;
    sim->tags[i].hash = h;
    uint32_t seen = sim->tags[i].seen++;
    pthread_mutex_unlock(&sim->records.lock);
    return seen;
}
