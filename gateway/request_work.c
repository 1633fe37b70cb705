/* Work on large bodies: the part of a step that takes long is done by the worker's second thread,
 * so that no stream of the worker stands still meanwhile. The request is parked as it is for any
 * other wait; while it is away no field of it is the worker's, and what happens to it (its client
 * leaves, the server lets go) is made up for when it is back. */
#include "gateway/request.h"

enum { LARGE_BYTES = 256 * 1024 };

static struct req *req_of(struct pool_job *j)
{
    struct req *r = container_of(j, struct req, work.job);
    CHECK(r, REQ_MAGIC);
    return r;
}

/* On the second thread. */
static void run(struct pool_job *j, void *arg)
{
    (void)arg;
    struct req *r = req_of(j);
    r->work.fn(r);
}

static void done(struct pool_job *j)
{
    struct req *r = req_of(j);
    r->work.away = false;
    if (!r->in.client_gone) {
        req_wake(r);
        return;
    }
    r->work.fn = NULL;
    req_depart(r);
    if (r->work.orphan)
        req_free(r);
}

enum step_rc req_work(struct req *r, size_t bytes, void (*fn)(struct req *r))
{
    CHECK(r, REQ_MAGIC);
    ASSERT(!r->work.away);
    if (r->work.fn) {
        ASSERT(r->work.fn == fn);
        r->work.fn = NULL;
        return STEP_NEXT;
    }
    r->work.job.run = run;
    r->work.job.done = done;
    r->work.fn = fn;
    r->work.away = true;
    if (bytes > LARGE_BYTES && pool_post(r->engine->bulk, r->engine->port, &r->work.job))
        return STEP_WAIT;
    r->work.away = false; /* small, or the queue is full: then everybody waits */
    fn(r);
    r->work.fn = NULL;
    return STEP_NEXT;
}
