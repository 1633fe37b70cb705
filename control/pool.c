/* The job threads. Everything shared is under one mutex; a job belongs to the thread that took it.
 */
#include "control/pool.h"

#include <pthread.h>

#include "common/log.h"
#include "common/mem.h"

enum { STATEMENT_MS = 20 * 1000, SPECIAL_WAITING_MAX = 16 };

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct job *head, **tail;
    size_t waiting;
    struct {
        size_t waiting, running, most; /* most at a time */
    } kinds[JOB_KINDS];
    bool stop;
    size_t queue_max, n_threads;
    char *database_url;
    pthread_t threads[64];
};

/* Unlinks the first job that may run now; NULL: none. */
static struct job *take(struct pool *p)
{
    for (struct job **at = &p->head; *at; at = &(*at)->next) {
        struct job *job = *at;
        if (p->kinds[job->kind].running == p->kinds[job->kind].most)
            continue;
        *at = job->next;
        if (p->tail == &job->next)
            p->tail = at;
        p->waiting--;
        p->kinds[job->kind].waiting--;
        p->kinds[job->kind].running++;
        return job;
    }
    return NULL;
}

static struct job *wait_job(struct pool *p)
{
    struct job *job = NULL;
    (void)pthread_mutex_lock(&p->lock);
    while (!p->stop && !(job = take(p)))
        (void)pthread_cond_wait(&p->more, &p->lock);
    (void)pthread_mutex_unlock(&p->lock);
    return job;
}

static void job_done(struct pool *p, enum job_kind kind)
{
    (void)pthread_mutex_lock(&p->lock);
    if (p->kinds[kind].running-- == p->kinds[kind].most)
        (void)pthread_cond_broadcast(&p->more);
    (void)pthread_mutex_unlock(&p->lock);
}

static void ignore_notification(void *arg, struct str channel, struct str payload)
{
    (void)arg;
    (void)channel;
    (void)payload;
}

/* Looks at the socket, without a round trip: a connection that a restart of the server ended while
 * it was idle would cost somebody a 503. */
static bool usable(struct pg *pg)
{
    bool ok = pg && pg_alive(pg);
    for (int i = 0; i < 2 && ok; i++) /* the first may read the server's farewell, then the end */
        ok = pg_notifications(pg, ignore_notification, NULL) == PG_OK;
    return ok;
}

static void connect_again(struct pool *p, struct pg **pg, char err[256])
{
    pg_close(*pg);
    *pg = pg_connect(p->database_url, "doteb-control", STATEMENT_MS, err);
    if (!*pg)
        log_event(LOG_WARN, "database_unreachable", LOG_S("error", err));
}

static void *thread_main(void *arg)
{
    struct pool *p = arg;
    struct pg *pg = NULL;
    char err[256] = "";
    struct job *job;
    while ((job = wait_job(p))) {
        enum job_kind kind = job->kind;
        if (!usable(pg))
            connect_again(p, &pg, err);
        job->run(job, pg, err); /* the job may be gone after this */
        job_done(p, kind);
    }
    pg_close(pg);
    return NULL;
}

struct pool *pool_new(const struct pool_options *o)
{
    struct pool *p = xcalloc(1, sizeof *p);
    ASSERT(o->threads >= 1 && o->threads <= (int64_t)ARRAY_LEN(p->threads));
    ASSERT(pthread_mutex_init(&p->lock, NULL) == 0 && pthread_cond_init(&p->more, NULL) == 0);
    p->tail = &p->head;
    p->queue_max = (size_t)o->queue_max;
    p->n_threads = (size_t)o->threads;
    p->kinds[JOB_PLAIN].most = p->n_threads;
    p->kinds[JOB_HEAVY].most = 1;
    p->kinds[JOB_OUTSIDE].most = p->n_threads > 1 ? p->n_threads / 2 : 1;
    p->database_url = xstrdup(o->database_url);
    for (size_t i = 0; i < p->n_threads; i++)
        ASSERT(pthread_create(&p->threads[i], NULL, thread_main, p) == 0);
    return p;
}

bool pool_add(struct pool *p, struct job *job)
{
    (void)pthread_mutex_lock(&p->lock);
    bool room = p->waiting < p->queue_max &&
                (job->kind == JOB_PLAIN || p->kinds[job->kind].waiting < SPECIAL_WAITING_MAX);
    if (room) {
        job->next = NULL;
        *p->tail = job;
        p->tail = &job->next;
        p->waiting++;
        p->kinds[job->kind].waiting++;
        (void)pthread_cond_signal(&p->more);
    }
    (void)pthread_mutex_unlock(&p->lock);
    return room;
}

void pool_free(struct pool *p, void (*dropped)(struct job *job))
{
    if (!p)
        return;
    (void)pthread_mutex_lock(&p->lock);
    p->stop = true;
    (void)pthread_cond_broadcast(&p->more);
    (void)pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < p->n_threads; i++)
        (void)pthread_join(p->threads[i], NULL);
    for (struct job *job = p->head, *next; job; job = next) {
        next = job->next;
        dropped(job);
    }
    (void)pthread_cond_destroy(&p->more);
    (void)pthread_mutex_destroy(&p->lock);
    xfree(p->database_url);
    xfree(p);
}
