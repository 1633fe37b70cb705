/* The life of one request: making, failing, charging, freeing. The worker's thread. Never talks to
 * the HTTP server: that is the listener's part, reached through the engine's host. */
#include "gateway/request.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/mem.h"
#include "gateway/request_archive.h"

enum {
    ARENA_BYTES = 12 * 1024,
    SCRATCH_BYTES = 2 * 1024,
    STREAM_OUT_MAX = 64 * 1024 * 1024,
    SMALL_BODY_BYTES = 64 * 1024
};

static struct arena *take_arena(struct engine *e)
{
    if (e->n_spare_arenas)
        return e->spare_arenas[--e->n_spare_arenas];
    return arena_new(ARENA_BYTES);
}

static void give_arena(struct engine *e, struct arena *a)
{
    if (e->n_spare_arenas == ARRAY_LEN(e->spare_arenas)) {
        arena_free(a);
        return;
    }
    arena_reset(a);
    e->spare_arenas[e->n_spare_arenas++] = a;
}

struct req *req_new(struct engine *e)
{
    CHECK(e, ENGINE_MAGIC);
    struct arena *a = take_arena(e);
    struct req *r = ARENA_NEW(a, struct req);
    r->magic = REQ_MAGIC;
    r->engine = e;
    r->arena = a;
    r->snap = e->snap ? snapshot_ref(e->snap) : NULL;
    r->in.start_us = r->run.step_began_us = clock_mono_us();
    r->in.created_us = clock_wall_us();
    r->in.id = uuid_v7(r->in.created_us);
    uuid_format(r->in.id, r->in.id_text);
    r->up.retry_after_s = -1;
    r->in.dialect = dialect_find(STR("openai")); /* until the head says otherwise */
    size_t most = (size_t)e->conf->body_max;
    buf_init(&r->in.body, most);
    buf_init(&r->tx.body, most + 4096);
    buf_init(&r->up.body, most);
    buf_init(&r->out.buf, most + STREAM_OUT_MAX);
    buf_init(&r->out.tail, most);
    buf_init(&r->out.held, most);
    buf_init(&r->out.last_event, most);
    usage_clear(&r->out.answer.usage);
    e->active++;
    return r;
}

void req_free(struct req *r)
{
    CHECK(r, REQ_MAGIC);
    struct engine *e = r->engine;
    if (r->run.step != STEP_done)
        req_client_gone(r);
    if (r->work.away) {
        r->work.orphan = true; /* comes back to be freed */
        return;
    }
    ASSERT(r->run.step == STEP_done && !r->up.xfer);
    timer_cancel(&e->timers, &r->up.timer);
    archive_forget(r);
    tokens_forget_waiter(&r->tx.token_wait);
    int64_t charged = r->in.body_charged + r->in.read_charged + r->tx.body_charged +
                      r->tx.fetched_charged + r->up.body_charged;
    atomic_fetch_sub_explicit(e->body_bytes, charged, memory_order_relaxed);
    buf_fini(&r->in.body);
    buf_fini(&r->tx.body);
    buf_fini(&r->up.body);
    buf_fini(&r->out.buf);
    buf_fini(&r->out.tail);
    buf_fini(&r->out.held);
    buf_fini(&r->out.last_event);
    framing_fini(&r->up.framing);
    arena_free(r->scratch);
    snapshot_unref(r->snap);
    r->magic = 0;
    e->active--;
    give_arena(e, r->arena);
}

void req_fail(struct req *r, enum err err, struct str param, const char *fmt, ...)
{
    CHECK(r, REQ_MAGIC);
    if (r->fail.err)
        return;
    r->fail.err = err;
    r->fail.param = param;
    if (!fmt)
        return;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(r->fail.message, sizeof r->fail.message, fmt, ap);
    va_end(ap);
}

bool req_charge(struct req *r, int64_t *charged, size_t bytes)
{
    long long add = (long long)bytes;
    long long now = atomic_fetch_add_explicit(r->engine->body_bytes, add, memory_order_relaxed) +
                    add;
    int64_t max = r->engine->conf->bodies_max;
    if (*charged + add > SMALL_BODY_BYTES) /* large ones leave the last eighth to the small */
        max -= max / 8;
    if (now > max) {
        atomic_fetch_sub_explicit(r->engine->body_bytes, add, memory_order_relaxed);
        return false;
    }
    *charged += add;
    return true;
}

bool req_charge_arena(struct req *r)
{
    int64_t more = (int64_t)arena_used_bytes(r->arena) - r->in.read_charged;
    return more < SMALL_BODY_BYTES || req_charge(r, &r->in.read_charged, (size_t)more);
}

void req_uncharge(struct req *r, int64_t *charged, size_t bytes)
{
    ASSERT((int64_t)bytes <= *charged);
    atomic_fetch_sub_explicit(r->engine->body_bytes, (long long)bytes, memory_order_relaxed);
    *charged -= (int64_t)bytes;
}

bool req_is_lent(const struct req *r, const struct snap_provider_key *k)
{
    return !uuid_eq(k->organisation_id, r->who.key.organisation_id);
}

int64_t req_overhead_us(const struct req *r, int64_t now_us)
{
    int64_t body = r->in.body_done ? r->in.body_done_us - r->in.start_us : 0;
    int64_t own = now_us - r->in.start_us - body - r->tx.fetch_us - r->up.wait_us;
    return own > 0 ? own : 0;
}
