/* The queue and thread of slow jobs. Posting and finishing never block the worker. */
#include "gateway/pool.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/mem.h"

enum { POOL_MAGIC = 0x706f6f21 };

struct pool {
    uint32_t magic;
    pthread_t thread;
    int wake; /* eventfd */
    unsigned max;
    atomic_uint waiting;
    atomic_bool stop;
    _Atomic(struct pool_job *) posted; /* newest first */
    void (*begin)(void *arg);
    void (*end)(void *arg);
    void *arg;
};

static void push(_Atomic(struct pool_job *) *list, struct pool_job *j)
{
    struct pool_job *head = atomic_load_explicit(list, memory_order_relaxed);
    do
        j->next = head;
    while (!atomic_compare_exchange_weak_explicit(list, &head, j, memory_order_release,
                                                  memory_order_relaxed));
}

/* Takes the whole list, oldest first. */
static struct pool_job *take(_Atomic(struct pool_job *) *list)
{
    struct pool_job *j = atomic_exchange_explicit(list, NULL, memory_order_acquire);
    struct pool_job *ordered = NULL;
    while (j) {
        struct pool_job *next = j->next;
        j->next = ordered;
        ordered = j;
        j = next;
    }
    return ordered;
}

static void ring(int fd)
{
    uint64_t one = 1;
    ssize_t n = write(fd, &one, sizeof one);
    (void)n;
}

static void hush(int fd)
{
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof count);
    (void)n;
}

static void run_all(struct pool *p)
{
    struct pool_job *j = take(&p->posted);
    while (j) {
        struct pool_job *next = j->next;
        struct pool_port *port = j->port;
        j->run(j, p->arg);
        push(&port->finished, j);
        ring(port->source.fd);
        atomic_fetch_sub_explicit(&port->in_hand, 1, memory_order_release);
        atomic_fetch_sub_explicit(&p->waiting, 1, memory_order_release);
        j = next;
    }
}

static void *thread_main(void *arg)
{
    struct pool *p = arg;
    CHECK(p, POOL_MAGIC);
    if (p->begin)
        p->begin(p->arg);
    while (!atomic_load_explicit(&p->stop, memory_order_acquire)) {
        struct pollfd fd = {.fd = p->wake, .events = POLLIN};
        (void)poll(&fd, 1, -1);
        hush(p->wake);
        run_all(p);
    }
    run_all(p);
    if (p->end)
        p->end(p->arg);
    return NULL;
}

struct pool *pool_new(unsigned max, void (*begin)(void *arg), void (*end)(void *arg), void *arg)
{
    struct pool *p = xcalloc(1, sizeof *p);
    *p = (struct pool){.magic = POOL_MAGIC, .max = max, .begin = begin, .end = end, .arg = arg};
    p->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ASSERT(p->wake >= 0);
    ASSERT(pthread_create(&p->thread, NULL, thread_main, p) == 0);
    return p;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    CHECK(p, POOL_MAGIC);
    atomic_store_explicit(&p->stop, true, memory_order_release);
    ring(p->wake);
    pthread_join(p->thread, NULL);
    close(p->wake);
    p->magic = 0;
    xfree(p);
}

bool pool_post(struct pool *p, struct pool_port *port, struct pool_job *j)
{
    CHECK(p, POOL_MAGIC);
    if (atomic_fetch_add_explicit(&p->waiting, 1, memory_order_acquire) >= p->max) {
        atomic_fetch_sub_explicit(&p->waiting, 1, memory_order_release);
        return false;
    }
    j->port = port;
    port->out++;
    atomic_fetch_add_explicit(&port->in_hand, 1, memory_order_relaxed);
    push(&p->posted, j);
    ring(p->wake);
    return true;
}

static void take_back(struct pool_port *port)
{
    struct pool_job *j = take(&port->finished);
    while (j) {
        struct pool_job *next = j->next;
        port->out--;
        j->done(j);
        j = next;
    }
}

static void on_finished(struct source *src, uint32_t events)
{
    (void)events;
    hush(src->fd);
    take_back(container_of(src, struct pool_port, source));
}

void pool_port_init(struct pool_port *port, struct loop *l)
{
    *port = (struct pool_port){.source = {.fn = on_finished}};
    port->source.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ASSERT(port->source.fd >= 0);
    loop_arm(l, &port->source, EPOLLIN);
}

void pool_port_settle(struct pool_port *port)
{
    struct pollfd fd = {.fd = port->source.fd, .events = POLLIN};
    while (port->out > 0) {
        (void)poll(&fd, 1, -1);
        hush(port->source.fd);
        take_back(port);
    }
}

void pool_port_fini(struct pool_port *port, struct loop *l)
{
    pool_port_settle(port);
    /* The thread rings after it has handed the job back: a moment at most. */
    while (atomic_load_explicit(&port->in_hand, memory_order_acquire) > 0)
        (void)sched_yield();
    loop_remove(l, &port->source);
    close(port->source.fd);
}
