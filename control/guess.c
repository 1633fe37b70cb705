/* Guess limits. A fixed table of counters found by a keyed hash; a new counter takes the place of
 * the one least recently used of its few places, so that a flood of made-up addresses costs no
 * memory. The network address of an IPv6 client is its /64. Thread-safe by one mutex.
 */
#include "control/guess.h"

#include <pthread.h>
#include <sodium.h>

#include "common/mem.h"

enum {
    SETS = 1024,
    WAYS = 8,
    FORGET_S = 3600, /* without a guess for so long, a count is forgotten */
};

static const struct {
    uint32_t free_guesses; /* of a name, without delay */
    uint32_t free_peer;    /* of a network address */
    int first_s, max_s;    /* the delay then; it doubles */
} kinds[GUESS_KINDS] = {
    [GUESS_PASSWORD] = {5, 20, 1, 300},  [GUESS_CODE] = {5, 20, 1, 300},
    [GUESS_PASSKEY] = {5, 20, 1, 300},   [GUESS_MAIL] = {3, 20, 60, 1800},
    [GUESS_INVITE] = {5, 100, 60, 1800},
};

struct counter {
    uint64_t key; /* 0: free */
    uint32_t count;
    int64_t last_us, blocked_until_us;
};

struct guesses {
    pthread_mutex_t lock;
    uint8_t seed[crypto_shorthash_KEYBYTES];
    struct counter counters[SETS][WAYS];
    struct counter asks[SETS][WAYS]; /* apart: asking is cheap, and pushes no guess out */
};

struct guesses *guesses_new(void)
{
    struct guesses *g = xcalloc(1, sizeof *g);
    randombytes_buf(g->seed, sizeof g->seed);
    ASSERT(pthread_mutex_init(&g->lock, NULL) == 0);
    return g;
}

void guesses_free(struct guesses *g)
{
    if (!g)
        return;
    (void)pthread_mutex_destroy(&g->lock);
    xfree(g);
}

static uint64_t hash(const struct guesses *g, const void *p, size_t len)
{
    uint64_t h;
    (void)crypto_shorthash((unsigned char *)&h, p, len, g->seed);
    return h ? h : 1;
}

static uint64_t name_key(const struct guesses *g, enum guess_kind kind, struct str name)
{
    unsigned char lower[256] = {(unsigned char)('a' + kind)};
    size_t n = name.len < sizeof lower - 1 ? name.len : sizeof lower - 1;
    for (size_t i = 0; i < n; i++) {
        char c = name.p[i];
        lower[i + 1] = (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return hash(g, lower, n + 1);
}

static uint64_t peer_key(const struct guesses *g, enum guess_kind kind, const uint8_t client[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    bool v4 = memcmp(client, mapped, sizeof mapped) == 0;
    unsigned char net[9] = {(unsigned char)('A' + kind)};
    memcpy(net + 1, client + (v4 ? 8 : 0), 8);
    return hash(g, net, sizeof net);
}

/* The counter of `key` in a table, perhaps a fresh one. */
static struct counter *counter_in(struct counter (*table)[WAYS], uint64_t key, int64_t now_us)
{
    struct counter *set = table[key % SETS], *oldest = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key) {
            if (now_us - set[i].last_us > FORGET_S * INT64_C(1000000))
                set[i] = (struct counter){.key = key};
            return &set[i];
        }
        if (set[i].last_us < oldest->last_us)
            oldest = &set[i];
    }
    *oldest = (struct counter){.key = key};
    return oldest;
}

static struct counter *counter_of(struct guesses *g, uint64_t key, int64_t now_us)
{
    return counter_in(g->counters, key, now_us);
}

static void count(struct counter *c, enum guess_kind kind, uint32_t free_guesses, int64_t now_us)
{
    c->count++;
    c->last_us = now_us;
    if (c->count < free_guesses)
        return;
    uint32_t over = c->count - free_guesses;
    int64_t delay_s = INT64_C(1) << (over < 16 ? over : 16);
    delay_s *= kinds[kind].first_s;
    c->blocked_until_us = now_us + (delay_s < kinds[kind].max_s ? delay_s : kinds[kind].max_s) *
                                       INT64_C(1000000);
}

int guess_take(struct guesses *g, enum guess_kind kind, struct str name, const uint8_t client[16],
               int64_t now_us)
{
    (void)pthread_mutex_lock(&g->lock);
    struct counter *e = counter_of(g, name_key(g, kind, name), now_us);
    e->last_us = now_us; /* so that the next look-up does not take its place */
    struct counter *p = counter_of(g, peer_key(g, kind, client), now_us);
    int64_t until = e->blocked_until_us > p->blocked_until_us ? e->blocked_until_us
                                                              : p->blocked_until_us;
    if (until <= now_us) {
        count(e, kind, kinds[kind].free_guesses, now_us);
        count(p, kind, kinds[kind].free_peer, now_us);
    }
    (void)pthread_mutex_unlock(&g->lock);
    return until <= now_us ? 0 : (int)((until - now_us + 999999) / 1000000);
}

int guess_ask(struct guesses *g, const uint8_t client[16], int64_t now_us)
{
    enum { EACH_US = 1000000 / GUESS_ASKS_A_SECOND };
    (void)pthread_mutex_lock(&g->lock);
    struct counter *p = counter_in(g->asks, peer_key(g, GUESS_KINDS, client), now_us);
    int64_t back = (now_us - p->last_us) / EACH_US;
    bool all = back >= p->count;
    p->count = all ? 0 : p->count - (uint32_t)back;
    p->last_us = all ? now_us : p->last_us + back * EACH_US;
    bool free = p->count < GUESS_ASKS;
    p->count += free;
    (void)pthread_mutex_unlock(&g->lock);
    return free ? 0 : 1;
}

void guess_right(struct guesses *g, enum guess_kind kind, struct str name, const uint8_t client[16])
{
    (void)pthread_mutex_lock(&g->lock);
    struct counter *e = counter_of(g, name_key(g, kind, name), 0);
    *e = (struct counter){0};
    struct counter *p = counter_of(g, peer_key(g, kind, client), 0);
    if (p->count > 0)
        p->count--;
    p->blocked_until_us = 0;
    (void)pthread_mutex_unlock(&g->lock);
}
