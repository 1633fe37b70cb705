/* The loop of loop.h: accepts in batches, waits with microsecond deadlines (epoll_pwait2). */
#include "tests/simulator/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/simulator/conn.h"

enum { EVENTS = 256, ACCEPTS = 64 };

uint64_t loop_now_us(void)
{
    return sim_clock_us(CLOCK_MONOTONIC);
}

static bool watch(struct loop *l, int fd, void *tag)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = tag};
    return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

bool loop_init(struct loop *l, struct sim *sim, int listen_fd, int stop_fd)
{
    memset(l, 0, sizeof(*l));
    l->sim = sim;
    l->listen_fd = listen_fd;
    l->stop_fd = stop_fd;
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return l->epoll_fd >= 0 && watch(l, listen_fd, &l->listen_fd) && watch(l, stop_fd, &l->stop_fd);
}

void loop_fini(struct loop *l)
{
    while (l->conns) {
        conn_free(l->conns);
    }
    xfree(l->deadlines);
    close(l->epoll_fd);
    close(l->listen_fd);
}

/* ---- deadlines: a binary heap that knows each connection's place ---- */

static void place(struct loop *l, size_t at, struct conn *c)
{
    l->deadlines[at] = c;
    c->heap_at = at;
}

static void sift_up(struct loop *l, size_t at)
{
    struct conn *c = l->deadlines[at];
    while (at > 0 && l->deadlines[(at - 1) / 2]->due_us > c->due_us) {
        place(l, at, l->deadlines[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(l, at, c);
}

static void sift_down(struct loop *l, size_t at)
{
    struct conn *c = l->deadlines[at];
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= l->n_deadlines) {
            break;
        }
        if (child + 1 < l->n_deadlines &&
            l->deadlines[child + 1]->due_us < l->deadlines[child]->due_us) {
            child++;
        }
        if (l->deadlines[child]->due_us >= c->due_us) {
            break;
        }
        place(l, at, l->deadlines[child]);
        at = child;
    }
    place(l, at, c);
}

void loop_set_deadline(struct loop *l, struct conn *c, uint64_t due_us)
{
    loop_clear_deadline(l, c);
    if (l->n_deadlines == l->cap_deadlines) {
        l->cap_deadlines = l->cap_deadlines ? l->cap_deadlines * 2 : 64;
        l->deadlines = xrealloc(l->deadlines, l->cap_deadlines * sizeof(struct conn *));
    }
    c->due_us = due_us;
    place(l, l->n_deadlines++, c);
    sift_up(l, c->heap_at);
}

void loop_clear_deadline(struct loop *l, struct conn *c)
{
    if (c->heap_at == SIZE_MAX) {
        return;
    }
    size_t at = c->heap_at;
    struct conn *last = l->deadlines[--l->n_deadlines];
    c->heap_at = SIZE_MAX;
    if (last != c) {
        place(l, at, last);
        sift_up(l, at);
        sift_down(l, last->heap_at);
    }
}

/* ---- the loop itself ---- */

static void accept_some(struct loop *l)
{
    for (int i = 0; i < ACCEPTS; i++) {
        int fd = accept4(l->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        struct conn *c = conn_new(l, fd);
        struct epoll_event ev = {.events = c->interest, .data.ptr = c};
        if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0) {
            conn_free(c);
        }
    }
}

static int wait_events(struct loop *l, struct epoll_event *events)
{
    if (l->n_deadlines == 0) {
        return epoll_wait(l->epoll_fd, events, EVENTS, -1);
    }
    uint64_t now = loop_now_us();
    uint64_t due = l->deadlines[0]->due_us;
    uint64_t us = due > now ? due - now : 0;
    struct timespec t = {.tv_sec = (time_t)(us / 1000000U),
                         .tv_nsec = (long)(us % 1000000U) * 1000L};
    int n = epoll_pwait2(l->epoll_fd, events, EVENTS, &t, NULL);
    if (n < 0 && errno == ENOSYS) {
        n = epoll_wait(l->epoll_fd, events, EVENTS, (int)(us + 999U) / 1000);
    }
    return n;
}

static void fire_deadlines(struct loop *l)
{
    if (l->n_deadlines == 0) {
        return;
    }
    uint64_t now = loop_now_us();
    while (l->n_deadlines > 0 && l->deadlines[0]->due_us <= now) {
        struct conn *c = l->deadlines[0];
        loop_clear_deadline(l, c);
        conn_on_deadline(c);
    }
}

void loop_run(struct loop *l)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int n = wait_events(l, events);
        for (int i = 0; i < n; i++) {
            void *tag = events[i].data.ptr;
            if (tag == &l->stop_fd) {
                return;
            }
            if (tag == &l->listen_fd) {
                accept_some(l);
            } else {
                conn_on_event(tag, events[i].events);
            }
        }
        fire_deadlines(l);
    }
}
