/* The per-thread root: builds and destroys everything below it, and turns the loop. Nothing is
 * shared between workers but const data, the snapshot and one counter. Never blocks but in the
 * loop. */
#include "gateway/worker.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/metrics.h"
#include "gateway/listener.h"
#include "gateway/pool.h"

enum { WORKER_MAGIC = 0x776f726b, IDLE_TURN_US = 1000 * 1000, BULK_JOBS_MAX = 1024, BULK_NICE = 5 };

struct worker {
    uint32_t magic;
    struct worker_shared *shared;
    struct engine engine;
    struct listener *listener;
    struct mailbox mailbox;
    struct pool_port port;
    pthread_t thread;
    atomic_uint active;
    atomic_bool drained;
};

static void adopt_snapshot(struct worker *w)
{
    struct snapshot *old = w->engine.snap;
    w->engine.snap = loader_current(w->shared->loader);
    snapshot_unref(old);
}

/* False: stop. */
static bool read_mail(struct worker *w)
{
    unsigned bits = mailbox_take(&w->mailbox);
    if (bits & MAIL_SNAPSHOT)
        adopt_snapshot(w);
    if (bits & (MAIL_LEAVE | MAIL_DRAIN | MAIL_STOP))
        w->engine.leaving = true;
    if (bits & (MAIL_DRAIN | MAIL_STOP)) {
        w->engine.draining = true;
        listener_quiesce(w->listener);
    }
    return !(bits & MAIL_STOP);
}

static int64_t next_wait_us(const struct worker *w)
{
    int64_t timers = timers_next_us(&w->engine.timers);
    int64_t log = log_due_us();
    int64_t next = timers < log ? timers : log;
    int64_t wait = listener_timeout_us(w->listener);
    if (next != INT64_MAX) {
        int64_t due = next - clock_mono_us();
        wait = due < wait ? due : wait;
    }
    return wait < IDLE_TURN_US ? wait : IDLE_TURN_US;
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct engine *e = &w->engine;
    metrics_thread_begin();
    log_buffer_begin();
    adopt_snapshot(w);
    for (bool run = true; run;) {
        int n = loop_turn(e->loop, e->ready ? 0 : next_wait_us(w));
        run = read_mail(w);
        engine_run_ready(e);
        listener_run(w->listener, n == 0);
        timers_run(&e->timers, clock_mono_us());
        engine_run_ready(e);
        if (listener_pending(w->listener))
            listener_run(w->listener, false);
        atomic_store_explicit(&w->active, e->active, memory_order_relaxed);
        if (e->draining && listener_connections(w->listener) == 0)
            atomic_store_explicit(&w->drained, true, memory_order_relaxed);
        metrics_set(M_REQ_ACTIVE, e->active);
        int64_t now = clock_mono_us();
        log_flush_due(now);
        metrics_observe_us(M_WORKER_TURN, now - loop_woke_us(e->loop));
    }
    listener_free(w->listener);
    w->listener = NULL;
    pool_port_settle(&w->port); /* requests that are away come back to be accounted for */
    log_buffer_end();
    metrics_thread_end();
    return NULL;
}

/* Where cores are few, the worker comes first. */
static void bulk_begin(void *arg)
{
    (void)arg;
    metrics_thread_begin();
    (void)pthread_setname_np(pthread_self(), "bulk");
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), BULK_NICE);
}

static void bulk_end(void *arg)
{
    (void)arg;
    metrics_thread_end();
}

static void engine_init(struct worker *w, unsigned index)
{
    struct worker_shared *s = w->shared;
    struct engine *e = &w->engine;
    e->magic = ENGINE_MAGIC;
    e->loop = loop_new();
    timers_init(&e->timers);
    e->conf = s->conf;
    e->memo = key_memo_new();
    e->signers = sigv4_memo_new();
    e->lane = spool_lane(s->spool, index);
    e->body_bytes = &s->body_bytes;
    e->hop = str_of(s->hop);
    e->proxies = &s->proxies;
    e->guard = &s->guard;
    e->inline_guard = &s->inline_guard;
    e->archive = s->archive;
    e->bulk = pool_new(BULK_JOBS_MAX, bulk_begin, bulk_end, NULL);
    e->port = &w->port;
    pool_port_init(&w->port, e->loop);
    e->tokens = token_cache_new(s->tokens, e->port);
    e->ready_tail = &e->ready;
    const struct xfer_options xo = {
        .loop = e->loop,
        .timers = &e->timers,
        .ca_file = s->conf->ca_file[0] ? s->conf->ca_file : NULL,
        .connect_ms = s->conf->connect_timeout_ms,
        .multis = (unsigned)s->conf->upstream_pools,
    };
    e->xfers = xfer_pool_new(&xo);
}

static void engine_fini(struct engine *e)
{
    pool_port_fini(e->port, e->loop);
    pool_free(e->bulk);
    token_cache_free(e->tokens);
    xfer_pool_free(e->xfers);
    snapshot_unref(e->snap);
    key_memo_free(e->memo);
    sigv4_memo_free(e->signers);
    for (unsigned i = 0; i < e->n_spare_arenas; i++)
        arena_free(e->spare_arenas[i]);
    timers_fini(&e->timers);
    loop_free(e->loop);
}

struct worker *worker_new(struct worker_shared *shared, unsigned index, int listen_fd,
                          char err[128])
{
    struct worker *w = xcalloc(1, sizeof *w);
    w->magic = WORKER_MAGIC;
    w->shared = shared;
    engine_init(w, index);
    mailbox_init(&w->mailbox, w->engine.loop);
    w->listener = listener_new(&w->engine, listen_fd, err);
    if (w->listener && pthread_create(&w->thread, NULL, worker_main, w) == 0)
        return w;
    if (w->listener)
        (void)snprintf(err, 128, "a worker thread did not start");
    listener_free(w->listener);
    mailbox_fini(&w->mailbox, w->engine.loop);
    engine_fini(&w->engine);
    xfree(w);
    return NULL;
}

void worker_post(struct worker *w, enum mail what)
{
    CHECK(w, WORKER_MAGIC);
    mailbox_post(&w->mailbox, what);
}

unsigned worker_active(const struct worker *w)
{
    return atomic_load_explicit(&w->active, memory_order_relaxed);
}

bool worker_drained(const struct worker *w)
{
    return atomic_load_explicit(&w->drained, memory_order_relaxed);
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    CHECK(w, WORKER_MAGIC);
    pthread_join(w->thread, NULL);
    mailbox_fini(&w->mailbox, w->engine.loop);
    engine_fini(&w->engine);
    w->magic = 0;
    xfree(w);
}
