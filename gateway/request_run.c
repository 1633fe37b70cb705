/* The engine: takes a request from step to step. The worker's thread.
 *
 * A step says NEXT, WAIT, JUMP or FAIL. Whoever ends a wait calls req_wake; woken requests run from
 * the worker's loop, never inside a callback of a library. `account` runs exactly once for every
 * request whose key was known, and before the last byte of its answer is released. */
#include "gateway/request.h"

#include "common/clock.h"
#include "gateway/request_error.h"

struct step {
    const char *name;
    enum step_rc (*fn)(struct req *r);
};

#define STEP(n) [STEP_##n] = {.name = #n, .fn = step_##n},
static const struct step steps[] = {
#include "gateway/steps.def"
};
#undef STEP

static_assert(ARRAY_LEN(steps) == STEP_COUNT, "one row per step");
static_assert((int)STEP_COUNT <= (int)LEDGER_STEPS_MAX, "the ledger keeps a time per step");

/* The only jumps there are: the next attempt, while no byte of the answer is out, and the small
 * questions that the snapshot answers at once. */
static const struct {
    enum step_id from, to;
} legal_jumps[] = {
    {STEP_auth, STEP_done},      {STEP_receive, STEP_done}, {STEP_translate, STEP_route},
    {STEP_upstream, STEP_route}, {STEP_stream, STEP_route},
};

const char *step_name(enum step_id s)
{
    ASSERT((unsigned)s < STEP_COUNT);
    return steps[s].name;
}

static void check_jump(const struct req *r)
{
    bool legal = false;
    for (size_t i = 0; i < ARRAY_LEN(legal_jumps); i++)
        legal = legal || (legal_jumps[i].from == r->run.step && legal_jumps[i].to == r->run.jump);
    ASSERT(legal && !r->out.begun);
}

/* All steps are done: let the client have the rest. */
static void release(struct req *r)
{
    if (r->out.buf.len == 0) { /* a whole answer: hand it over without a copy */
        struct buf swap = r->out.buf;
        r->out.buf = r->out.tail;
        r->out.tail = swap;
    } else {
        buf_add(&r->out.buf, r->out.tail.p, r->out.tail.len);
    }
    r->out.finished = true;
    if (r->in.client_gone)
        return;
    if (r->out.begun) {
        r->engine->host->output(r);
    } else {
        r->out.begun = true;
        r->engine->host->answer(r);
    }
}

static enum step_id after_failure(struct req *r)
{
    ASSERT(r->fail.err != E_OK);
    if (!r->out.begun)
        request_error_answer(r);
    bool row = r->who.known && r->in.route && r->in.route->ask == ASK_CHAT && !r->run.accounted;
    return row ? STEP_account : STEP_done;
}

void req_run(struct req *r)
{
    CHECK(r, REQ_MAGIC);
    ASSERT(!r->work.away);
    while (r->run.step != STEP_done) {
        enum step_id at = r->run.step;
        enum step_rc rc = steps[at].fn(r);
        int64_t now = clock_mono_us();
        r->run.step_us[at] += (uint32_t)(now - r->run.step_began_us);
        r->run.step_began_us = now;
        switch (rc) {
        case STEP_WAIT:
            return;
        case STEP_NEXT:
            r->run.step = at + 1;
            break;
        case STEP_JUMP:
            check_jump(r);
            r->run.step = r->run.jump;
            break;
        case STEP_FAIL:
            ASSERT(at != STEP_account);
            r->run.step = after_failure(r);
            break;
        }
        if (r->run.step == STEP_done)
            release(r);
    }
}

void req_wake(struct req *r)
{
    CHECK(r, REQ_MAGIC);
    if (r->run.ready || r->run.step == STEP_done)
        return;
    r->run.ready = true;
    r->run.next_ready = NULL;
    *r->engine->ready_tail = r;
    r->engine->ready_tail = &r->run.next_ready;
}

static void unready(struct req *r)
{
    struct req **link = &r->engine->ready;
    while (*link && *link != r)
        link = &(*link)->run.next_ready;
    ASSERT(*link == r);
    *link = r->run.next_ready;
    if (!*link)
        r->engine->ready_tail = link;
    r->run.ready = false;
}

void engine_run_ready(struct engine *e)
{
    CHECK(e, ENGINE_MAGIC);
    while (e->ready) {
        struct req *r = e->ready;
        e->ready = r->run.next_ready;
        if (!e->ready)
            e->ready_tail = &e->ready;
        r->run.ready = false;
        req_run(r);
    }
}

void req_client_gone(struct req *r)
{
    CHECK(r, REQ_MAGIC);
    if (r->in.client_gone)
        return;
    r->in.client_gone = true;
    if (r->run.ready)
        unready(r);
    if (r->run.step != STEP_done && !r->work.away)
        req_depart(r);
}

void req_depart(struct req *r)
{
    ASSERT(r->in.client_gone && !r->work.away);
    inline_cancel(r);
    upstream_cancel(r);
    req_fail(r, E_CLIENT_GONE, STR_NULL, NULL);
    r->run.step = after_failure(r);
    if (r->run.step == STEP_done)
        release(r);
    else
        req_run(r);
}
