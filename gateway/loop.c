/* The epoll of one worker thread. Runs callbacks; never blocks but in epoll_wait; never frees a
 * source whose event may still be in the batch. */
#include "gateway/loop.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"

enum { BATCH = 256, GRAVES = 64 };

struct grave {
    bury_fn *fn;
    void *owner;
};

struct loop {
    int epfd;
    int64_t woke_us;
    int n, at; /* events of this batch, and the one in hand */
    struct epoll_event events[BATCH];
    struct grave *graves;
    size_t n_graves, cap_graves;
};

struct loop *loop_new(void)
{
    struct loop *l = xcalloc(1, sizeof *l);
    l->epfd = epoll_create1(EPOLL_CLOEXEC);
    ASSERT(l->epfd >= 0);
    return l;
}

static void empty_graves(struct loop *l)
{
    /* A burial may bury again: the list may grow while we walk it. */
    for (size_t i = 0; i < l->n_graves; i++)
        l->graves[i].fn(l->graves[i].owner);
    l->n_graves = 0;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    empty_graves(l);
    close(l->epfd);
    xfree(l->graves);
    xfree(l);
}

void loop_arm(struct loop *l, struct source *src, uint32_t events)
{
    if (events == src->armed)
        return;
    struct epoll_event ev = {.events = events, .data.ptr = src};
    int op = !src->armed ? EPOLL_CTL_ADD : events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    int rc = epoll_ctl(l->epfd, op, src->fd, &ev);
    /* The owner of the fd may have closed it behind our back (then the kernel forgot it), or a new
     * file may have its number. */
    if (rc < 0 && op == EPOLL_CTL_MOD && errno == ENOENT)
        rc = epoll_ctl(l->epfd, EPOLL_CTL_ADD, src->fd, &ev);
    if (rc < 0 && op == EPOLL_CTL_ADD && errno == EEXIST)
        rc = epoll_ctl(l->epfd, EPOLL_CTL_MOD, src->fd, &ev);
    ASSERT(rc == 0 || op == EPOLL_CTL_DEL);
    src->armed = events;
}

void loop_forget(struct loop *l, struct source *src)
{
    src->armed = 0;
    for (int i = l->at; i < l->n; i++)
        if (l->events[i].data.ptr == src)
            l->events[i].data.ptr = NULL;
}

void loop_remove(struct loop *l, struct source *src)
{
    if (src->armed)
        loop_arm(l, src, 0);
    loop_forget(l, src);
}

void loop_bury(struct loop *l, bury_fn *free_owner, void *owner)
{
    if (l->n_graves == l->cap_graves) {
        l->cap_graves = l->cap_graves ? l->cap_graves * 2 : GRAVES;
        l->graves = xrealloc(l->graves, l->cap_graves * sizeof *l->graves);
    }
    l->graves[l->n_graves++] = (struct grave){.fn = free_owner, .owner = owner};
}

int loop_turn(struct loop *l, int64_t timeout_us)
{
    int ms = timeout_us <= 0 ? 0 : (int)((timeout_us + 999) / 1000);
    int n = epoll_wait(l->epfd, l->events, BATCH, ms);
    l->n = n > 0 ? n : 0;
    l->woke_us = clock_mono_us();
    for (l->at = 0; l->at < l->n; l->at++) {
        struct source *src = l->events[l->at].data.ptr;
        if (src)
            src->fn(src, l->events[l->at].events);
    }
    l->n = l->at = 0;
    empty_graves(l);
    return n > 0 ? n : 0;
}

int64_t loop_woke_us(const struct loop *l)
{
    return l->woke_us;
}
